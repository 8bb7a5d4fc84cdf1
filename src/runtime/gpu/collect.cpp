#include "runtime/gpu/collect.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/log.h"
#include "runtime/cache.h"
#include "runtime/temporary.h"

namespace croton::runtime::gpu {

void collect(const Source& source) {
  const char* const folder = std::getenv("CROTON_GPU_KERNELS");
  if (folder == nullptr || *folder == 0) return;
  try {
    collect(source, folder);
  } catch (const std::exception& e) {
    warn_once("CROTON_GPU_KERNELS", fmt::format("CROTON_GPU_KERNELS={}: {}", folder, e.what()));
  }
}

std::string collect(const Source& source, const std::string& folder) {
  std::string title = source.name;
  for (char& letter : title) {
    if (letter == '\n') letter = ' ';
  }
  const std::string text = fmt::format("// kernels: {}; {}\n{}", fmt::join(source.entries, " "), title, source.text);
  const std::string_view parts[] = {source.text};
  const std::string path = fmt::format("{}/{}.cu", folder, cache_key(parts).text());
  std::filesystem::create_directories(folder);
  if (std::filesystem::exists(path)) return path;
  // complete at once, whoever else writes the same
  static std::atomic<unsigned> number{0};
  const std::string temporary = fmt::format("{}.{}.{}", path, getpid(), ++number);
  write_file(temporary, std::as_bytes(std::span(text)));
  std::filesystem::rename(temporary, path);
  return path;
}

}  // namespace croton::runtime::gpu
