#include "base/error.h"

namespace croton {

Error::~Error() = default;

std::string place(const Where& w) {
  std::string_view file = w.file;
  if (file.empty()) return {};
  if (const auto slash = file.rfind('/'); slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return fmt::format("{}:{}", file, w.line);
}

}  // namespace croton
