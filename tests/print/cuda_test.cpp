// The text of kernels for a GPU, whole: what NVRTC and the emulator compile after the prelude. CROTON_GOLDEN=write
// writes the files again.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "print/printer.h"
#include "tile/graphs.h"

namespace croton::print {
namespace {

Target gpu() {
  Target t = tile::graphs::gpu();
  t.gemm = true;
  return t;
}

std::vector<tile::Nest> nests(const std::vector<Tensor>& outputs, const Target& target) {
  const tile::Program p = tile::build(outputs);
  std::vector<tile::Nest> r;
  for (const tile::Step& s : p.steps)
    if (const auto* phase = std::get_if<tile::Phase>(&s)) r.push_back(tile::lower(p, *phase, target));
  return r;
}

std::string kernels(const std::vector<Tensor>& outputs) {
  std::string r;
  std::size_t number = 0;
  for (const tile::Nest& n : nests(outputs, gpu())) r += kernel({&n, 1}, entry_name(number++), cuda_dialect()) + "\n";
  return r;
}

void golden(const std::string& name, const std::vector<Tensor>& outputs) {
  const std::string path = CROTON_SOURCE_DIR "/tests/print/golden/" + name + ".cu", text = kernels(outputs);
  const char* mode = std::getenv("CROTON_GOLDEN");
  if (mode && std::string(mode) == "write") std::ofstream(path) << text;
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  REQUIRE(text == written.str());
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("an elementwise chain goes from thread to thread") { golden("chain", tile::graphs::chain()); }

TEST_CASE("a kernel that would hold more than 64 copies of large functions calls one of each") {
  const auto tanhs = [](int count) {
    const Tensor x = tensor("x", float32, {any_extent});
    std::vector<Tensor> outputs;
    outputs.reserve(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) outputs.push_back(tanh(x * static_cast<float>(k + 3)));
    return kernels(outputs);
  };
  CHECK(has(tanhs(64), " tanh(r"));
  CHECK_FALSE(has(tanhs(64), "_called"));
  CHECK(has(tanhs(65), " tanh_called(r"));
  CHECK_FALSE(has(tanhs(65), " tanh(r"));
}

TEST_CASE("a kernel in float64 may take the registers that it needs") {
  const Tensor x = fmatrix("x"), y = dmatrix("y");
  CHECK(has(kernels({sum(exp(x), 1)}), ", 256) {"));
  CHECK(has(kernels({sum(exp(y), 1)}), ", 256, 1) {"));
  CHECK(has(kernels({x * static_cast<float>(2.5)}), ", 256) {"));
}

TEST_CASE("a row of softmax is dealt out to a team; what threads hand to themselves needs no barrier") {
  golden("softmax_rows", tile::graphs::softmax_rows());
}

TEST_CASE("a sum over rows of one number a row is folded across the teams of a block") {
  const Tensor x = fmatrix("x");
  golden("sum_of_rows", {sum(log(sum(exp(x), 1)))});
}

TEST_CASE("a reduced column is folded by blocks, then by the next kernel") {
  golden("column_variance", tile::graphs::column_variance());
}

TEST_CASE("the tutorial's step folds all of a tile between two barriers") {
  golden("tutorial_step", tile::graphs::tutorial_step());
}

TEST_CASE("the neighbours of a product are kernels of their own") {
  golden("gemm_with_neighbours", tile::graphs::gemm_with_neighbours());
}

TEST_CASE("a skinny product is unrolled in its thread") {
  golden("skinny_contraction", tile::graphs::skinny_contraction());
}

TEST_CASE("every thread reads its columns of the row that an index names") {
  golden("embedding_product", tile::graphs::embedding_product());
}

TEST_CASE("a thread goes through the steps of an elementwise loop by itself") {
  golden("moving_average", tile::graphs::moving_average());
}

TEST_CASE("shared variables that change places are copied by threads") { golden("swap", tile::graphs::swap()); }

TEST_CASE("what follows the prelude names no compiler, no machine and no operator with an edge") {
  const std::vector<tile::Nest> all = nests(tile::graphs::tutorial_step(), gpu());
  const std::string text = translation_unit(all, gpu());
  CHECK(text.find("#include") == std::string::npos);
  const std::string own = kernels(tile::graphs::tutorial_step()) + kernels(tile::graphs::softmax_rows());
  for (const char* never : {"asm", "__", "#", " / ", " % ", "fmaxf", "fminf", "(int)", "V<", "splat"})
    CHECK(!has(own, never));
}

TEST_CASE("a fold inside a loop over threads, or scratch that changes hands, is refused") {
  tile::Nest nest = nests(tile::graphs::softmax_rows(), gpu())[0];
  tile::check_threads(nest);
  const auto loop_over_threads = [](tile::Body& body) -> tile::Statement& {
    tile::Body& rows = body.back().body;
    for (tile::Statement& s : rows)
      if (s.kind == tile::Statement::Kind::lane_loop && s.body.size() > 3) return s;
    throw std::logic_error("no loop");
  };
  tile::Nest inside = nest;
  tile::Statement barrier;
  barrier.kind = tile::Statement::Kind::barrier;
  loop_over_threads(inside.body).body.push_back(barrier);
  CHECK_THROWS_WITH(tile::check_threads(inside), "loop nest: threads of one block part");
  tile::Nest outside = nest;
  barrier.across = tile::Across::team;
  outside.body.push_back(barrier);
  CHECK_THROWS_WITH(tile::check_threads(outside), "loop nest: teams of one block part");
  tile::Nest shifted = nest;
  for (tile::Statement& s : loop_over_threads(shifted.body).body)
    if (s.kind == tile::Statement::Kind::store && s.word < 0) s.address[0].factors.push_back({2, -1});
  CHECK_THROWS_WITH(tile::check_threads(shifted), "loop nest: one thread reads what another one wrote");
}

}  // namespace croton::print
