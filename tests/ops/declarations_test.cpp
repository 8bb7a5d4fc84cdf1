// The sources of ops/ against the registry: an op is declared once, and every declaration is in a family.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "catch.h"
#include "ops/registry.h"

namespace {

/// What stands between quotes after `.name =` of each `const Op`, in the sources of ops/.
std::multiset<std::string> declared() {
  std::multiset<std::string> names;
  const std::regex declaration(R"(const Op \w+\s*\{\s*\.name\s*=\s*"(\w+)\")");
  for (const auto& file : std::filesystem::directory_iterator(CROTON_SOURCE_DIR "/src/ops")) {
    if (file.path().extension() != ".cpp") continue;
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const std::string s = text.str();
    for (std::sregex_iterator i(s.begin(), s.end(), declaration), end; i != end; ++i) names.insert((*i)[1]);
  }
  return names;
}

}  // namespace

TEST_CASE("every op that a source declares is in a family, once, and the reverse") {
  std::multiset<std::string> listed;
  for (const croton::Op* op : croton::ops::all()) listed.insert(std::string(op->name));
  CHECK(declared() == listed);
}
