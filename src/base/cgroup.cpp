#include "base/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>
#include <optional>

#include "base/text.h"

namespace croton {

std::string read_small_file(const std::string& path) {
  std::string text;
  if (std::FILE* f = std::fopen(path.c_str(), "re")) {
    char part[4096];
    for (std::size_t n; text.size() < 1 << 20 && (n = std::fread(part, 1, sizeof part, f)) > 0;) text.append(part, n);
    std::fclose(f);
  }
  return text;
}

namespace {

void add_with_parents(std::vector<CgroupFolder>& folders, const std::string& root, std::string group, int version) {
  for (;;) {
    folders.push_back({root + group, version});
    if (group.empty() || group == "/") return;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  text = trim(text);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;  // "max"
  return value;
}

// The number after a name at the beginning of a line: "inactive_file 4096".
std::uint64_t entry(std::string_view text, std::string_view name) {
  for (std::string_view line : split(text, '\n')) {
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (line.starts_with(' ')) return number(line).value_or(0);
  }
  return 0;
}

// The limit less what is in use; pages of files that nobody has touched lately are given back when asked for.
std::optional<std::uint64_t> left_in(const CgroupFolder& group) {
  const bool second = group.version == 2;
  const auto limit = number(read_small_file(group.path + (second ? "/memory.max" : "/memory.limit_in_bytes")));
  const auto used = number(read_small_file(group.path + (second ? "/memory.current" : "/memory.usage_in_bytes")));
  if (!limit || !used) return std::nullopt;
  const std::uint64_t spare =
      entry(read_small_file(group.path + "/memory.stat"), second ? "inactive_file" : "total_inactive_file");
  const std::uint64_t held = *used - std::min(*used, spare);
  return *limit - std::min(*limit, held);
}

}  // namespace

std::vector<CgroupFolder> cgroup_folders(std::string_view membership, const std::string& root,
                                         std::string_view controller) {
  std::vector<CgroupFolder> folders;
  for (const std::string_view line : split(membership, '\n')) {  // "4:cpu,cpuacct:/group" or "0::/group"
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string controllers(line.substr(first + 1, second - first - 1)), group(line.substr(second + 1));
    if (controllers.empty()) {
      add_with_parents(folders, root, group, 2);
      continue;
    }
    const auto names = split(controllers, ',');
    if (std::find(names.begin(), names.end(), controller) == names.end()) continue;
    add_with_parents(folders, fmt::format("{}/{}", root, controllers), group, 1);
    if (controllers != controller) add_with_parents(folders, fmt::format("{}/{}", root, controller), group, 1);
  }
  return folders;
}

std::uint64_t available_bytes(std::string_view meminfo, std::string_view membership, const std::string& root) {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (std::string_view line : split(meminfo, '\n')) {
    if (!line.starts_with("MemAvailable:")) continue;
    line = trim(line.substr(line.find(':') + 1));
    least = number(line.substr(0, line.find(' '))).value_or(least >> 10) << 10;
    break;
  }
  for (const CgroupFolder& group : cgroup_folders(membership, root, "memory"))
    if (const auto left = left_in(group)) least = std::min(least, *left);
  return least;
}

std::uint64_t available_bytes() {
  return available_bytes(read_small_file("/proc/meminfo"), read_small_file("/proc/self/cgroup"), "/sys/fs/cgroup");
}

}  // namespace croton
