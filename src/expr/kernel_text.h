// The device code of kernels/, embedded at build time: generated code includes it and never reads the disk.
#pragma once
#include <string_view>

namespace croton::expr {
/// The text of kernels/FILE, or "" if there is no such file.
std::string_view kernel_text(std::string_view file);
}  // namespace croton::expr
