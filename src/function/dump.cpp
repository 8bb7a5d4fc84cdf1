#include "function/dump.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::string safe(std::string_view name) {
  std::string s(name);
  for (char& c : s) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return s;
}

}  // namespace

Dump::Dump(const std::string& folder, std::string_view function) {
  if (folder.empty()) return;
  static std::atomic<int> functions{0};
  path_ = fmt::format("{}/{:03}_{}", folder, functions.fetch_add(1), safe(function));
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  if (error) fail<FileError>("dump: cannot make the folder {}: {}", path_, error.message());
}

void Dump::graph(std::string_view pass, std::span<const Tensor> outputs) {
  text(fmt::format("{}.graph.txt", pass), [&] { return print_graph(outputs); });
}

void Dump::text(std::string_view file, const std::function<std::string()>& what) {
  if (!on()) return;
  const std::string path = fmt::format("{}/{:02}_{}", path_, next_++, file);
  std::ofstream out(path, std::ios::binary);
  out << what();
  if (!out.flush()) fail<FileError>("dump: cannot write {}", path);
}

}  // namespace croton
