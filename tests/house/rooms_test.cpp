// The house itself: which way the doors open, what public headers may bring in.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "catch.h"

namespace fs = std::filesystem;

namespace {

const fs::path source_dir = CROTON_SOURCE_DIR;

struct Include {
  std::string path;
  bool is_quoted = false;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex line_form(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"])re");
  std::vector<Include> includes;
  std::ifstream in(file);
  REQUIRE(in);
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (std::regex_search(line, match, line_form)) includes.push_back({match[2], match[1] == "\""});
  }
  return includes;
}

std::vector<fs::path> files_under(const fs::path& folder, const std::set<std::string>& extensions) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && extensions.count(entry.path().extension().string()) > 0)
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What each room may open besides itself. A door that is missing here is a door upwards.
const std::map<std::string, std::set<std::string>>& doors() {
  static const auto made = [] {
    std::map<std::string, std::set<std::string>> open{{"base", {}}, {"array", {"base"}}, {"expr", {"base"}}};
    std::set<std::string> below{"base", "array", "expr"};
    for (const char* room :
         {"graph", "ops", "rewrite", "gradient", "tile", "print", "runtime", "function", "interop"}) {
      open[room] = below;
      below.insert(room);
    }
    return open;
  }();
  return made;
}

std::string room_of(const std::string& path) { return path.substr(0, path.find('/')); }

}  // namespace

TEST_CASE("doors open downwards only: no file includes a room above its own") {
  std::size_t seen = 0;
  for (const fs::path& file : files_under(source_dir / "src", {".h", ".cpp"})) {
    const std::string inside = fs::relative(file, source_dir / "src").generic_string();
    const std::string room = room_of(inside);
    INFO(inside);
    REQUIRE(doors().count(room) == 1);  // a folder of src/ that is no room, or a room that this test does not know
    for (const Include& include : includes_of(file)) {
      if (include.path.find('/') == std::string::npos) continue;  // <array> is no room
      const std::string other = room_of(include.path);
      if (doors().count(other) == 0 || other == room) continue;
      INFO("includes " << include.path);
      CHECK(doors().at(room).count(other) == 1);
      ++seen;
    }
  }
  CHECK(seen > 50);
}

TEST_CASE("includes of our own are written with the room's name, so that the direction can be read") {
  for (const fs::path& file : files_under(source_dir / "src", {".h", ".cpp"})) {
    INFO(fs::relative(file, source_dir).generic_string());
    for (const Include& include : includes_of(file)) {
      if (!include.is_quoted) continue;
      INFO("includes " << include.path);
      const std::string first = room_of(include.path);
      CHECK((first == "croton" || doors().count(first) == 1));
    }
  }
}

TEST_CASE("public headers include the standard library and each other only, and nothing heavy of it") {
  const std::set<std::string> heavy{"memory",  "functional",      "iostream", "filesystem", "ranges",
                                    "format",  "source_location", "regex",    "map",        "unordered_map",
                                    "sstream", "fstream",         "thread",   "mutex"};
  for (const fs::path& file : files_under(source_dir / "include", {".h"})) {
    if (file.filename() == "fmt.h") continue;  // croton/fmt.h is the one door to fmt, and croton.h does not open it
    INFO(fs::relative(file, source_dir).generic_string());
    for (const Include& include : includes_of(file)) {
      INFO("includes " << include.path);
      if (include.is_quoted) {
        CHECK(include.path.rfind("croton/", 0) == 0);
        CHECK(include.path != "croton/fmt.h");
      } else {
        CHECK(include.path.find_first_of("./") == std::string::npos);
        CHECK(heavy.count(include.path) == 0);
      }
    }
  }
}

TEST_CASE("croton.h pulls in every public header but the door to fmt") {
  std::set<std::string> pulled;
  for (const Include& include : includes_of(source_dir / "include" / "croton.h")) pulled.insert(include.path);
  for (const fs::path& file : files_under(source_dir / "include" / "croton", {".h"})) {
    const std::string name = "croton/" + file.filename().string();
    INFO(name);
    CHECK(pulled.count(name) == (file.filename() == "fmt.h" ? 0 : 1));
  }
}

TEST_CASE("every header opens with a comment on what it is for, and with pragma once") {
  for (const char* folder : {"src", "include", "docs/examples"}) {
    for (const fs::path& file : files_under(source_dir / folder, {".h"})) {
      INFO(fs::relative(file, source_dir).generic_string());
      std::ifstream in(file);
      std::string first;
      std::getline(in, first);
      CHECK(first.rfind("//", 0) == 0);
      bool has_pragma = false;
      for (std::string line; std::getline(in, line);) has_pragma = has_pragma || line == "#pragma once";
      CHECK(has_pragma);
    }
  }
}

TEST_CASE("no source of ours uses what Debian 12's clang-tidy cannot read") {
  static const std::regex banned(
      R"(#\s*include\s*<(ranges|format|source_location)>|\b_Float16\b|std::(views|ranges::views)::)");
  for (const char* folder : {"src", "include", "docs/examples", "tools"}) {
    for (const fs::path& file : files_under(source_dir / folder, {".h", ".cpp"})) {
      INFO(fs::relative(file, source_dir).generic_string());
      std::ifstream in(file);
      for (std::string line; std::getline(in, line);) {
        const std::string code = line.substr(0, line.find("//"));
        INFO(line);
        CHECK_FALSE(std::regex_search(code, banned));
      }
    }
  }
}

TEST_CASE("every configuration key is read by something, or is known to be waiting for it") {
  // it says itself, where it is set, that it does nothing yet
  const std::set<std::string> waiting{"gcc.fastmath"};
  const auto text_of = [](const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  std::string sources;
  for (const fs::path& file : files_under(source_dir / "src", {".h", ".cpp"}))
    if (file.filename() != "config_table.h" && file.filename() != "config_table.cpp") sources += text_of(file);
  const std::string table = text_of(source_dir / "src/base/config_table.h");
  const std::regex row(R"re(config_rows::(?:text|choice|flag|number)\("([a-zA-Z_.]+)")re");
  int keys = 0;
  for (std::sregex_iterator it(table.begin(), table.end(), row), end; it != end; ++it, ++keys) {
    const std::string key = (*it)[1];
    INFO(key);
    CHECK((waiting.count(key) == 1 || sources.find("\"" + key + "\")") != std::string::npos));
  }
  CHECK(keys > 20);
}
