// What CROTON_FLAGS=dump=DIR leaves behind, and what a function says of itself.
#include <filesystem>
#include <fstream>
#include <map>

#include "message.h"

namespace croton {
namespace {

namespace fs = std::filesystem;

/// A folder for one test, empty at its start.
fs::path folder(const std::string& name) {
  const fs::path path = fs::path(CROTON_BINARY_DIR) / "test_home" / name;
  fs::remove_all(path);
  return path;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// The files of the only function that was dumped there, by name without their number.
std::map<std::string, std::string> dumped(const fs::path& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) files[entry.path().filename().string().substr(3)] = read(entry.path());
  return files;
}

}  // namespace

TEST_CASE("a dump holds the graph after each pass, the program, and for each kernel its nest and a text to read") {
  const fs::path path = folder("dump");
  const ScopedConfig scope{"device=cpu,floatX=float32,dump=" + path.string()};
  const Tensor x = matrix("x");
  const Shared w = shared(Array::zeros({3}, float32), "weights");
  const Function f = function(x, sum(tanh(x * w), 0), {.name = "activity"});
  auto files = dumped(path);
  REQUIRE(files.contains("asked_for.graph.txt"));
  REQUIRE(files.contains("canonicalize.graph.txt"));
  REQUIRE(says(files["tile_program.txt"], "phase 0: "));
  REQUIRE(files["kernels.cpp"] == f.source());
  for (const char* kernel : {"kernel_0", "kernel_1"}) {
    INFO(kernel);
    REQUIRE(says(files[std::string(kernel) + ".nest.txt"], "lanes; chunk v2 has the points v0 to v1\n"));
    const std::string text = files[std::string(kernel) + ".to_read.cpp"];
    REQUIRE(says(text, std::string(kernel) + "("));
    REQUIRE(says(text, "  // "));
  }
  const std::string first = without_lines(files["kernel_0.to_read.cpp"]);
  REQUIRE(says(first, " = tanh(x * weights), HERE\n"));
  REQUIRE(says(first, "  // weights, HERE\n"));
  REQUIRE_FALSE(says(f.source(), "weights"));
}

TEST_CASE("T5: a user's names stand on one line of a dump, whatever they hold, and never in compiled text") {
  const fs::path path = folder("dump_names");
  const ScopedConfig scope{"dump=" + path.string()};
  const std::string evil = "a\n#error \"name\" */ \\";
  const Tensor x = vector(evil);
  const Shared w = shared(std::vector{1.0, 2.0}, "w\\\r\n#error w ?\?/");
  const Function f = function(x, exp(x * w).named("r*/\n#error r\\"), {.name = "../f\n\"*/"});
  REQUIRE(f(std::vector{0.0, 0.0}).at<double>(1) == 1);
  REQUIRE_FALSE(says(f.source(), "#error"));
  const auto files = dumped(path);
  REQUIRE(files.size() > 8);
  for (const auto& [name, text] : files) {
    INFO(name << "\n" << text);
    REQUIRE_FALSE(says(text, "\n#error"));
    REQUIRE_FALSE(says(text, "\r"));
  }
  for (const auto& entry : fs::directory_iterator(path))
    REQUIRE(entry.path().filename().string().substr(3) == "____f____");
  const std::string to_read = files.at("kernel_0.to_read.cpp");
  REQUIRE(says(to_read, "// a\\x0a#error \"name\" */ \\x5c, "));
  REQUIRE_FALSE(says(to_read, "\\\n"));
}

TEST_CASE("explain says what was fused, how updates are written, and what each step moves and computes") {
  const Tensor x = vector("x");
  const Shared w = shared(Array::zeros({1000}), "w");
  const Function f = function(x, exp(x) * 2, {{w, w + x}});
  REQUIRE_FALSE(says(f.explain(), "bytes moved"));
  f.compile({{1000}});
  const std::string text = f.explain();
  INFO(text);
  REQUIRE(says(text, "update of w: in place\n"));
  // x, w and the result are moved once, the new w as well; exp, * and + of 1000 elements
  REQUIRE(says(text, "at least, with w[1000], x[1000]:\n  phase 0: 32000 bytes moved, 3000 operations\n"));
  (void)f(Array::zeros({1000}));
  const Tensor a = matrix("a"), b = matrix("b");
  const Function product = function({a, b}, dot(a, b));
  product.compile({{100, 200}, {200, 300}});
  INFO(product.explain());
  REQUIRE(says(product.explain(), "step 0: 880000 bytes moved, 1.2e+07 operations\n"));
}

TEST_CASE("check_ir verifies what it says, in every function that is made under it") {
  const ScopedConfig scope{"check_ir=True"};
  const Tensor x = matrix("x"), w = matrix("w");
  const Tensor loss = mean(sqr(tanh(dot(x, w))) + logsumexp(x, 1, keepdims));
  const auto f = function({x, w}, {loss, grad(loss, w)});
  REQUIRE(f(Array{{1.0, 2.0}}, Array{{0.0}, {0.0}})[0].item<double>() == Approx(std::log(std::exp(1) + std::exp(2))));
}

}  // namespace croton
