// What this machine's CPU is: the Target that kernels are made for, and the flags that let the compiler use it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "expr/target.h"

namespace croton::runtime {

/// "avx512", "avx2", "sse2": the widest that processor and system support; "generic" where neither is an x86's.
std::string_view detected_isa();
/// By CPUID and the operating system's cache sizes.
Target cpu_target();
/// A target of that instruction set ("avx512", "avx2", "sse2", "generic") with the machine's caches.
Target cpu_target(std::string_view isa);
/// "-march=x86-64-v4": what the compiler may use for a target of that name; no flag for "generic".
std::vector<std::string> isa_flags(const Target&);
/// "AMD EPYC 9R14", or "unknown CPU".
std::string cpu_model();

}  // namespace croton::runtime
