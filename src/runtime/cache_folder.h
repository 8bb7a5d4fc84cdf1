// The folder of the compile cache: opened once, checked on the handle, and used by that handle from then on.
#pragma once
#include <string>

namespace croton::runtime {

/// A handle of the folder, which is made (0700, and its parents) where it is missing; -1, with the reason in `why`,
/// where it cannot be had. Throws ConfigError that names owner and mode, and the key to set, where another user owns it
/// or may write to it, and where it is a symbolic link.
int open_cache_folder(const std::string& path, std::string& why);

}  // namespace croton::runtime
