#include "base/cgroup.h"

#include <filesystem>
#include <fstream>
#include <limits>

#include "catch.h"

using namespace croton;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max(), gib = std::uint64_t{1} << 30;

// Stands in for /sys/fs/cgroup.
struct Groups {
  fs::path root = fs::path(CROTON_BINARY_DIR) / "cgroup_test";
  Groups() { fs::remove_all(root); }
  ~Groups() { fs::remove_all(root); }
  Groups(const Groups&) = delete;
  void put(const std::string& group, const std::string& file, const std::string& text) const {
    fs::create_directories(root / group);
    std::ofstream(root / group / file) << text;
  }
};

}  // namespace

TEST_CASE("the memory to be had is what the machine has, or less where a group or its parent is full") {
  const Groups groups;
  const std::string info = "MemTotal:  16777216 kB\nMemAvailable:   8388608 kB\nSwapFree: 0 kB\n";
  const auto available = [&](const std::string& membership) {
    return available_bytes(info, membership, groups.root.string());
  };
  CHECK(available("") == 8 * gib);
  groups.put("a", "memory.max", "max\n");
  groups.put("a", "memory.current", "1024\n");
  CHECK(available("0::/a\n") == 8 * gib);
  groups.put("a/b", "memory.max", "3221225472\n");
  groups.put("a/b", "memory.current", "1073741824\n");
  CHECK(available("0::/a/b\n") == 2 * gib);
  groups.put("a/b", "memory.stat", "anon 5\ninactive_file 536870912\nactive_file 7\n");
  CHECK(available("0::/a/b\n") == 2 * gib + gib / 2);
  groups.put("a", "memory.max", "1073741824\n");
  groups.put("a", "memory.current", "2147483648\n");  // beyond its limit: nothing is left
  CHECK(available("0::/a/b\n") == 0);

  groups.put("memory/c", "memory.limit_in_bytes", "2147483648\n");
  groups.put("memory/c", "memory.usage_in_bytes", "1073741824\n");
  groups.put("memory/c", "memory.stat", "total_inactive_file 1073741824\n");
  CHECK(available("4:memory:/c\n3:cpu:/x\n") == 2 * gib);
}

TEST_CASE("a machine that does not say how much memory it has is asked for as much as is wanted") {
  CHECK(available_bytes("", "", "/nowhere") == unlimited);
  CHECK(available_bytes("MemAvailable: lots\n", "nonsense", "/nowhere") >= unlimited >> 10 << 10);
  CHECK(available_bytes() > 0);
}
