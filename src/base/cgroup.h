// What the kernel and the container say about this process, in small files.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace croton {

/// The whole of a small file, "" where it cannot be read.
std::string read_small_file(const std::string& path);

/// A control group's folder.
struct CgroupFolder {
  std::string path;
  int version = 2;
};
/// The folders of the groups named in /proc/self/cgroup (its text is `membership`) that hold this controller's files,
/// and of their parents, whose limits hold too, below `root` (/sys/fs/cgroup).
std::vector<CgroupFolder> cgroup_folders(std::string_view membership, const std::string& root,
                                         std::string_view controller);

/// How many bytes of memory there are to have: MemAvailable of `meminfo` (the text of /proc/meminfo), or less where a
/// group's limit leaves less; the largest number where nothing is said.
std::uint64_t available_bytes(std::string_view meminfo, std::string_view membership, const std::string& root);
/// Of this process, now.
std::uint64_t available_bytes();

}  // namespace croton
