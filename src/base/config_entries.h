// From text to "this key has this value, written here": the file format and the format of CROTON_FLAGS. What the keys
// mean is not known here.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace croton {

/// A place in a file or in a line of flags, ready for an error text.
struct ConfigSpot {
  std::string place;     ///< "/home/me/.crotonrc:3:10" or "CROTON_FLAGS"
  std::string evidence;  ///< for flags: "\n  the text\n      ^", else ""
};

/// Throws ConfigError: "place: what", the evidence, then the hints on lines of their own.
[[noreturn]] void refuse(const ConfigSpot&, std::string_view what, const std::vector<std::string>& hints = {});

struct ConfigEntry {
  std::string key;     ///< "gcc.cxxflags": section and option, `__` read as a dot, the letters as written
  std::string value;   ///< without comment and outer quotes
  std::string source;  ///< "/home/me/.crotonrc:3" or "CROTON_FLAGS"
  ConfigSpot key_spot, value_spot;
};

/// The INI dialect of Theano's files, kinder: case, trailing comments, blanks, quotes. `names` are what %(name)s stands
/// for besides the section's own keys. Throws ConfigError with "path:line:column".
std::vector<ConfigEntry> parse_config_text(std::string_view text, const std::string& path,
                                           const std::map<std::string, std::string>& names);
/// "device=cuda0, floatX=float32": commas separate, quotes protect them. `title` is "CROTON_FLAGS" or what else the
/// text came from. Throws ConfigError that shows the text with a caret.
std::vector<ConfigEntry> parse_config_flags(std::string_view text, const std::string& title);

/// "gcc__cxxflags" and " gcc.cxxflags " are one key.
std::string config_key(std::string_view written);

/// The whole of a file, or std::nullopt where there is none. Throws ConfigError for a folder, an unreadable file, more
/// than 1 MB, and bytes that are no text; warns when others may write the file (flags are commands to a compiler).
std::optional<std::string> read_config_file(const std::string& path);

}  // namespace croton
