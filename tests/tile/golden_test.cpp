// The text of tile programs, whole: what the fuser makes of a few graphs. CROTON_GOLDEN=write writes the files again.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "tile/graphs.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

std::string file(const std::string& name) { return CROTON_SOURCE_DIR "/tests/tile/golden/" + name + ".txt"; }

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void golden(const std::string& name, const std::vector<Tensor>& outputs) {
  const Program p = build(outputs);
  verify(p);
  REQUIRE(text(build(outputs)) == text(p));
  const char* mode = std::getenv("CROTON_GOLDEN");
  if (mode && std::string(mode) == "write") std::ofstream(file(name)) << text(p);
  REQUIRE(text(p) == read(file(name)));
}

std::size_t phases(const std::vector<Tensor>& outputs) { return build(outputs).steps.size(); }

}  // namespace

TEST_CASE("an elementwise chain is one flat phase") { golden("chain", graphs::chain()); }

TEST_CASE("softmax by rows is one phase of three stages") { golden("softmax_rows", graphs::softmax_rows()); }

TEST_CASE("the variance of columns is used again by its columns") {
  golden("column_variance", graphs::column_variance());
}

TEST_CASE("the variance of columns is one pass over the matrix, and one over its chunks") {
  golden("variance_of_columns", graphs::variance_of_columns());
  REQUIRE(phases(graphs::variance_of_columns()) == 2);
}

TEST_CASE("the tutorial's step is one pass over the examples and two small phases") {
  golden("tutorial_step", graphs::tutorial_step());
  REQUIRE(phases(graphs::tutorial_step()) <= 3);
}

TEST_CASE("a large product is a library call between its neighbours") {
  golden("gemm_with_neighbours", graphs::gemm_with_neighbours());
}

TEST_CASE("products of short rows are library calls where there is a stack of them") {
  const auto is_call = [](const Tensor& y) {
    return std::holds_alternative<LibraryCall>(build(std::vector<Tensor>{y}).steps.back());
  };
  const auto stack = [](Index columns) { return tensor("x", float32, {any_extent, any_extent, columns}); };
  const Tensor q = stack(16), k = stack(16), weights = stack(any_extent), few = stack(4);
  CHECK(is_call(matmul(q, transpose(k, {0, 2, 1}))));
  CHECK(is_call(matmul(weights, k)));
  CHECK_FALSE(is_call(matmul(few, transpose(few, {0, 2, 1}))));
  CHECK_FALSE(is_call(dot(fmatrix("x"), tensor("w", float32, {any_extent, 16}))));
}

TEST_CASE("a skinny product is unrolled inside its phase") {
  golden("skinny_contraction", graphs::skinny_contraction());
}

TEST_CASE("rows of an embedding are read where they are multiplied") {
  golden("embedding_product", graphs::embedding_product());
}

TEST_CASE("the cost of integer targets is three phases and no host step") {
  golden("integer_targets", graphs::integer_targets());
  REQUIRE(phases(graphs::integer_targets()) <= 3);
}

TEST_CASE("all steps of an elementwise loop are one phase") {
  golden("moving_average", graphs::moving_average());
  REQUIRE(phases(graphs::moving_average()) == 1);
}

TEST_CASE("two shared variables that change places are copied") { golden("swap", graphs::swap()); }

}  // namespace croton::tile
