// The file format: lines of [section], key = value, and comments.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/config_entries.h"
#include "base/config_table.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace croton {
namespace {

constexpr std::size_t largest_file = 1 << 20;

struct FileReader {
  const std::string& path;
  std::vector<ConfigEntry> entries;
  std::vector<std::string> sections;  // of each entry
  std::string section;
  std::string_view line;
  std::size_t number = 0;

  ConfigSpot spot(std::size_t column) const { return {fmt::format("{}:{}:{}", path, number, column + 1), {}}; }
  ConfigSpot spot(std::string_view part) const { return spot(static_cast<std::size_t>(part.data() - line.data())); }

  // The part of a line before a trailing comment: # or ; after a blank, outside quotes.
  std::string_view without_comment(std::string_view text) const {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool after_blank = i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t';
      if (after_blank && (text[i] == '#' || text[i] == ';')) return text.substr(0, i);
      if (!opens_quote(text, i)) continue;
      const std::size_t close = text.find(text[i], i + 1);
      if (close == std::string_view::npos) refuse(spot(text.substr(i)), "this quote is not closed");
      i = close;
    }
    return text;
  }

  void read_section(std::string_view text) {
    const std::string_view whole = trim(without_comment(text));
    if (whole.back() != ']') refuse(spot(text), fmt::format("'{}': a section is written [name]", whole));
    section = trim(whole.substr(1, whole.size() - 2));
    if (is_config_section(section)) return;
    std::vector<std::string> names;
    for (const ConfigRow& row : config_table) {
      const std::string name(section_of(row.name));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    std::vector<std::string> hints;
    for (const std::string& name : names)
      if (edit_distance(name, section) <= 2) hints = {fmt::format("did you mean [{}]?", name)};
    hints.push_back(fmt::format("sections: [{}]", fmt::join(names, "], [")));
    refuse(spot(text), fmt::format("unknown section [{}]", section), hints);
  }

  void read_key(std::string_view text) {
    const std::size_t between = text.find_first_of("=:");
    if (between == std::string_view::npos) {
      const std::string_view key = trim(without_comment(text));
      refuse(spot(text), fmt::format("'{}' has no value; write {} = value", key, key),
             {"a value stands on one line; further lines are not joined to it"});
    }
    const std::string_view key = trim(text.substr(0, between));
    if (key.empty()) refuse(spot(text), fmt::format("there is no key before '{}'", text[between]));
    if (section.empty())
      refuse(spot(text), fmt::format("'{}' stands before any section", key), {"put [global] on a line before it"});
    const std::string_view value = trim(without_comment(text.substr(between + 1)));
    const std::string name = config_key(key);
    entries.push_back({same_ignoring_case(section, "global") ? name : section + "." + name, std::string(unquote(value)),
                       fmt::format("{}:{}", path, number), spot(key), spot(value)});
    sections.push_back(lower(section));
  }

  void read_line(std::string_view text) {
    line = text;
    ++number;
    const std::string_view content = trim(text);
    if (content.empty() || content[0] == '#' || content[0] == ';') return;
    for (const char& c : content)
      if (static_cast<unsigned char>(c) < ' ' && c != '\t')
        refuse(spot(std::string_view(&c, 1)), fmt::format("byte {:#04x} in a text", static_cast<unsigned>(c)));
    content[0] == '[' ? read_section(content) : read_key(content);
  }
};

// %(name)s as Python's ConfigParser has it: the section's own keys, then names from the environment.
struct Interpolation {
  const FileReader& file;
  const std::map<std::string, std::string>& names;
  std::vector<std::size_t> open;  // entries being expanded, the innermost last
  int steps = 0;

  std::string expand(std::size_t entry) {
    constexpr std::size_t deepest = 10;  // as in Python
    const ConfigEntry& e = file.entries[entry];
    const bool loop = std::find(open.begin(), open.end(), entry) != open.end();
    if (loop || open.size() == deepest || ++steps > 10000) refuse_depth(entry, loop);
    open.push_back(entry);
    std::string out;
    for (std::size_t at = 0; at < e.value.size();) at += piece(entry, at, out);
    open.pop_back();
    if (out.size() > largest_file) refuse(e.value_spot, fmt::format("{} grows beyond 1 MB", e.key));
    return out;
  }

  // Appends what stands at this place, and says how many letters that took.
  std::size_t piece(std::size_t entry, std::size_t at, std::string& out) {
    const ConfigEntry& e = file.entries[entry];
    const std::string_view rest = std::string_view(e.value).substr(at);
    const std::size_t close = rest.substr(0, 2) == "%(" ? rest.find(")s") : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += rest[0];
      return rest.substr(0, 2) == "%%" ? 2 : 1;
    }
    const std::string name = lower(rest.substr(2, close - 2));
    if (const auto own = entry_of(file.sections[entry], name)) {
      out += expand(*own);
    } else if (const auto known = names.find(name); known != names.end()) {
      out += known->second;
    } else {
      warn(fmt::format("{}: {} is kept as it is: there is no key '{}' in [{}]", e.value_spot.place,
                       rest.substr(0, close + 2), name, file.sections[entry]));
      out += rest.substr(0, close + 2);
    }
    return close + 2;
  }

  std::optional<std::size_t> entry_of(std::string_view section, std::string_view name) const {
    for (std::size_t i = 0; i < file.entries.size(); ++i)
      if (file.sections[i] == section && same_ignoring_case(option_of(file.entries[i].key), name)) return i;
    return std::nullopt;
  }

  [[noreturn]] void refuse_depth(std::size_t entry, bool loop) const {
    std::string chain;
    for (const std::size_t i : open) chain += file.entries[i].key + " -> ";
    const std::size_t first = open.empty() ? entry : open.front();
    refuse(file.entries[first].value_spot,
           fmt::format("{}{}: the values {}", chain, file.entries[entry].key,
                       loop ? "refer to each other in a circle" : "refer to each other too often"));
  }
};

}  // namespace

std::vector<ConfigEntry> parse_config_text(std::string_view text, const std::string& path,
                                           const std::map<std::string, std::string>& names) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // Windows' editors begin UTF-8 so
  FileReader reader{path, {}, {}, {}, {}};
  for (const std::string_view line : split(text, '\n')) reader.read_line(line);
  Interpolation interpolation{reader, names, {}};
  std::vector<ConfigEntry> out = reader.entries;
  for (std::size_t i = 0; i < out.size(); ++i) out[i].value = interpolation.expand(i);
  return out;
}

namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

std::string read_all(int fd, const std::string& path) {
  std::string text;
  char block[1 << 14];
  for (;;) {
    const ssize_t n = ::read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail<ConfigError>("{}: cannot be read: {}", path, std::strerror(errno));
    if (n == 0) return text;
    text.append(block, static_cast<std::size_t>(n));
    if (text.size() > largest_file) fail<ConfigError>("{}: larger than 1 MB, so it is no configuration file", path);
  }
}

void check_is_text(const std::string& text, const std::string& path) {
  const std::size_t nul = text.find('\0');
  if (nul == std::string::npos) return;
  const bool utf16 = text.substr(0, 2) == "\xFF\xFE" || text.substr(0, 2) == "\xFE\xFF";
  fail<ConfigError>("{}: byte {} is 0, so it is no text{}", path, nul,
                    utf16 ? "\n  it looks like UTF-16 (\"Unicode\" in Windows' Notepad); save it as UTF-8" : "");
}

}  // namespace

std::optional<std::string> read_config_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};  // a pipe must not wait for a writer
  if (file.fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  struct stat facts {};
  if (file.fd < 0 || ::fstat(file.fd, &facts) != 0)
    fail<ConfigError>("{}: cannot be read: {}", path, std::strerror(errno));
  if (S_ISDIR(facts.st_mode)) fail<ConfigError>("{}: is a folder, not a configuration file", path);
  if (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode))
    fail<ConfigError>("{}: is a {}, not a configuration file", path, S_ISFIFO(facts.st_mode) ? "pipe" : "socket");
  if (S_ISREG(facts.st_mode) && (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    warn_once("mode of " + path,
              fmt::format("{}: others may write it (mode {:04o}), and it holds flags for a compiler; chmod go-w {}",
                          path, facts.st_mode & 07777U, path));
  if (S_ISREG(facts.st_mode) && facts.st_uid != ::geteuid() && facts.st_uid != 0)
    warn_once("owner of " + path,
              fmt::format("{}: belongs to another user (uid {}, you are {}), and it holds flags for "
                          "a compiler; copy it, or chown it",
                          path, facts.st_uid, ::geteuid()));
  std::string text = read_all(file.fd, path);
  check_is_text(text, path);
  return text;
}

}  // namespace croton
