// docs/architecture.md follows one Tensor from its line to the text of its kernel: its listings are what the program
// prints.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include "catch.h"

namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string page() {
  const std::string text = content(fs::path(CROTON_SOURCE_DIR) / "docs/architecture.md");
  const std::size_t begin = text.find("## From `tanh(...)` to its kernel");
  REQUIRE(begin != std::string::npos);
  return text.substr(begin, text.find("\n## ", begin) - begin);
}

// The indented lines that follow a mention of `file`, without their indent.
std::string listing(const std::string& file) {
  std::istringstream lines(page().substr(page().find("`" + file + "`")));
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("    "))
      out += line.substr(4) + "\n";
    else if (!out.empty())
      break;
  }
  return out;
}

// Compiles and runs the page's program as a.cpp, with its first line as line 4; the folder of what it dumped.
const fs::path& dumped() {
  static const fs::path folder = [] {
    const std::string text = page();
    const std::size_t begin = text.find("```cpp\n") + 7;
    const std::string program = text.substr(begin, text.find("```", begin) - begin);
    const fs::path work = fs::path(CROTON_BINARY_DIR) / "house" / "architecture";
    fs::remove_all(work);
    fs::create_directories(work);
    std::ofstream(work / "a.cpp") << "#include <croton.h>\nusing namespace croton;\nint main() {\n"
                                  << program << "f.compile({{5000, 2}});\n}\n";
    const std::string compile = fmt::format(
        "cd '{0}' && '{1}' -std=c++20 -O0 a.cpp -I '{2}/include' '{3}' -Wl,-rpath,'{4}' -o a", work.string(),
        CROTON_CXX, CROTON_SOURCE_DIR, CROTON_LIBRARY, fs::path(CROTON_LIBRARY).parent_path().string());
    REQUIRE(std::system(compile.c_str()) == 0);
    const std::string run = fmt::format("cd '{}' && CROTON_FLAGS=dump=dump ./a", work.string());
    REQUIRE(std::system(run.c_str()) == 0);
    return work / "dump" / "000_activity";
  }();
  return folder;
}

// The widths of vectors are the machine's: the page shows those of AVX-512.
std::string any_width(const std::string& text) {
  return std::regex_replace(std::regex_replace(text, std::regex("<f32, [0-9]+>"), "<f32, N>"), std::regex("<[0-9]+>"),
                            "<N>");
}

}  // namespace

TEST_CASE("docs/architecture.md shows what its program dumps: graph, tile program, lines of a kernel, names of files") {
  for (const char* file : {"00_asked_for.graph.txt", "10_tile_program.txt"}) {
    INFO(file);
    CHECK(listing(file) == content(dumped() / file));
  }

  const std::string lines = listing("11_kernels.cpp"), kernel = content(dumped() / "11_kernels.cpp");
  REQUIRE_FALSE(lines.empty());
  std::string bare;  // without indents
  std::istringstream in(kernel);
  for (std::string line; std::getline(in, line);)
    bare += line.substr(std::min(line.size(), line.find_first_not_of(' '))) + "\n";
  INFO(kernel.substr(kernel.find("kernel_0")));
  CHECK(any_width(bare).find(any_width(lines)) != std::string::npos);

  for (const auto& entry : fs::directory_iterator(dumped())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("0") || name.find("_merge") != std::string::npos || name == "10_tile_program.txt") {
      INFO(name);
      CHECK(page().find(name) != std::string::npos);
    }
  }
}
