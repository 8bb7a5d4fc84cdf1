// The text of loop nests, whole, for one target; and what their verifier rejects. CROTON_GOLDEN=write writes the files
// again.
#include "tile/nest.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

Target avx2() {
  Target t;
  t.isa = "avx2";
  t.vector_bytes = 32;
  t.vector_registers = 16;
  t.fma = true;
  return t;
}

std::vector<Nest> nests(const std::vector<Tensor>& outputs) {
  const Program p = build(outputs);
  std::vector<Nest> all;
  for (const Step& s : p.steps)
    if (const auto* phase = std::get_if<Phase>(&s)) all.push_back(lower(p, *phase, avx2()));
  return all;
}

void golden(const std::string& name, const std::vector<Tensor>& outputs) {
  std::string text;
  for (const Nest& n : nests(outputs)) {
    verify(n, avx2());
    text += tile::text(n);
  }
  const std::string path = CROTON_SOURCE_DIR "/tests/tile/golden/" + name + ".nest.txt";
  const char* mode = std::getenv("CROTON_GOLDEN");
  if (mode && std::string(mode) == "write") std::ofstream(path) << text;
  std::ostringstream wanted;
  wanted << std::ifstream(path).rdbuf();
  REQUIRE(text == wanted.str());
}

std::string complaint(const Nest& n) {
  try {
    verify(n, avx2());
  } catch (const std::logic_error& e) { return e.what(); }
  return "";
}

void rejects(const Nest& n, const std::string& text) {
  INFO(complaint(n) << "\n" << tile::text(n));
  CHECK(complaint(n).find(text) != std::string::npos);
}

/// The first statement of that kind, wherever it stands.
Statement* find(Body& body, Statement::Kind kind) {
  for (Statement& s : body) {
    if (s.kind == kind) return &s;
    for (Body* inside : {&s.body, &s.tail})
      if (Statement* found = find(*inside, kind)) return found;
  }
  return nullptr;
}
Statement& first(Nest& n, Statement::Kind kind) {
  Statement* s = find(n.body, kind);
  REQUIRE(s);
  return *s;
}

Nest chain() { return nests(graphs::chain())[0]; }
Nest softmax() { return nests(graphs::softmax_rows())[0]; }

// Of the loops over a chunk's rows, the first phase's.
std::vector<Index> steps_of_rows(const std::vector<Tensor>& graph, const Target& t) {
  const Program p = build(graph);
  const Nest n = lower(p, std::get<Phase>(p.steps[0]), t);
  verify(n, t);
  std::vector<Index> r;
  for (const Statement& s : n.body)
    if (s.kind == Statement::Kind::loop) r.push_back(s.step);
  return r;
}

}  // namespace

TEST_CASE("rows that add into partials lie in registers of 256 threads up to 1024 elements and of 512 up to 2048") {
  const auto first = [](DType dtype, Index columns) {
    const Tensor x = tensor("x", dtype, {any_extent, 2}), w = tensor("w", dtype, {2, columns});
    const Program p = build(rewrite::run(std::vector<Tensor>{sum(tanh(dot(x, w)), 0)}, {}));
    const Target gpu = graphs::gpu();
    Nest n = lower(p, std::get<Phase>(p.steps[0]), gpu);
    verify(n, gpu);
    return n;
  };
  const auto owns = [](const Nest& n) {
    return std::count_if(n.body.begin(), n.body.end(),
                         [](const Statement& s) { return s.kind == Statement::Kind::let_own; });
  };
  for (const auto& [columns, threads, elements] :
       {std::tuple{1000, 256, 4}, {1024, 256, 4}, {1025, 512, 3}, {2048, 512, 4}, {2049, 256, 0}}) {
    CAPTURE(columns);
    const Nest n = first(float32, columns);
    CHECK(n.lanes == threads);
    CHECK(owns(n) == elements);
  }
  CHECK(first(float64, 1024).lanes == 256);
  CHECK(owns(first(float64, 1025)) == 0);
}

TEST_CASE("the nest of an elementwise chain is one loop over lanes") { golden("chain", graphs::chain()); }

TEST_CASE("the nest of a variance of columns carries three numbers a column") {
  golden("variance_of_columns", graphs::variance_of_columns());
}

TEST_CASE("a variance of columns goes by sixteen rows where there are registers for them, then by eight") {
  const auto steps = [](const Target& t) { return steps_of_rows(graphs::variance_of_columns(), t); };
  Target avx512 = avx2();
  avx512.isa = "avx512", avx512.vector_bytes = 64, avx512.vector_registers = 32;
  CHECK(steps(avx512) == std::vector<Index>{16, 8, 1});
  CHECK(steps(avx2()) == std::vector<Index>{8, 1});
  CHECK(steps(graphs::gpu()) == std::vector<Index>{8, 1});
}

TEST_CASE("what is read across its rows goes by as many rows as a line of memory has elements, or fewer") {
  const auto steps = [](const Tensor& t, const Target& target = avx2()) { return steps_of_rows({t}, target); };
  const std::vector<Index> one{1}, sixteen{16, 8, 1}, eight{8, 1};
  const Tensor x = fmatrix("x"), y = tensor("y", float32, Extents{any_extent, any_extent, any_extent});
  CHECK(steps(x.T() * 2) == sixteen);
  CHECK(steps(x + x.T()) == sixteen);
  CHECK(steps(matrix("d", float64).T() * 2) == eight);
  CHECK(steps(tensor("b", int8, {any_extent, any_extent}).T() * 2) == sixteen);
  CHECK(steps(transpose(y, {0, 2, 1}) * 2) == sixteen);
  CHECK(steps(transpose(y, {1, 0, 2}) * 2) == one);  // whole rows
  CHECK(steps(x.T() * 2, graphs::gpu()) == one);
  Tensor much = x.T();
  for (int k = 1; k < 16; ++k) much = much * much + k;
  CHECK(steps(much).front() < 8);
}

TEST_CASE("a contraction with eight columns runs in blocks that stay in registers, after the loop of its function") {
  const std::vector<Nest> all = nests(graphs::wide_network());
  // the loops over lanes of the tile of several rows: function, blocks of folds, what the gradient takes
  const auto tile = std::find_if(all[0].body.begin(), all[0].body.end(),
                                 [](const Statement& s) { return s.kind == Statement::Kind::loop && s.whole_steps; });
  REQUIRE(tile != all[0].body.end());
  const auto holds = [](const Body& body, Statement::Kind kind, auto&& wanted) {
    return std::count_if(body.begin(), body.end(), [&](const Statement& s) { return s.kind == kind && wanted(s); });
  };
  std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> loops;  // calls of tanh, additions to folds
  for (const Statement* s : graphs::lane_loops(tile->body))
    loops.emplace_back(
        holds(s->body, Statement::Kind::let_call, [](const Statement& c) { return c.function == "tanh"; }),
        holds(s->body, Statement::Kind::update, [](const Statement&) { return true; }));
  REQUIRE(loops.size() >= 4);
  CHECK(loops.front().first == tile->step);
  for (std::size_t k = 1; k + 1 < loops.size(); ++k) {
    CHECK(loops[k].first == 0);
    CHECK(loops[k].second <= avx2().vector_registers - 8);
  }
}

TEST_CASE("the nest of an elementwise loop has the loop over its steps inside that over lanes") {
  golden("moving_average", graphs::moving_average());
}

TEST_CASE("what a step leaves to the next one is of its kind") {
  Nest n = nests(graphs::moving_average())[0];
  Statement& next = first(n, Statement::Kind::assign);
  next.args.push_back(next.args[0]);
  rejects(n, "becomes what it cannot be");
  next.args = {};
  rejects(n, "becomes what it cannot be");
}

TEST_CASE("the nest of a softmax by rows has a loop for each stage") { golden("softmax_rows", graphs::softmax_rows()); }

TEST_CASE("the nest of a skinny product has its fold unrolled") {
  golden("skinny_contraction", graphs::skinny_contraction());
}

TEST_CASE("the nest of a lookup checks each index once, before the loop that reads its row") {
  golden("embedding_product", graphs::embedding_product());
}

TEST_CASE("the nest of integer targets reads one element for each lane") {
  golden("integer_targets", graphs::integer_targets());
}

TEST_CASE("what a tile's rows compute between its loops is computed once for eight rows") {
  Nest n = nests(graphs::tutorial_step())[0];
  const auto tile = std::find_if(n.body.begin(), n.body.end(),
                                 [](const Statement& s) { return s.kind == Statement::Kind::loop && s.whole_steps; });
  REQUIRE(tile != n.body.end());
  const auto count = [&](Statement::Kind kind, std::string_view function = {}) {
    return std::count_if(tile->body.begin(), tile->body.end(),
                         [&](const Statement& s) { return s.kind == kind && s.function == function; });
  };
  CHECK(count(Statement::Kind::let_call, "exp") == 2);  // of two classes
  CHECK(count(Statement::Kind::let_fold) == 2);
  Statement& lane = first(n, Statement::Kind::let_lane);
  lane.integer = 8;
  rejects(n, "is no lane");
  lane.integer = 0;
  first(n, Statement::Kind::let_pack).args.resize(9);
  rejects(n, "9 values do not fit");
}

TEST_CASE("an unrolled sum begins with what is added to it") {
  const Nest n = nests(graphs::tutorial_step())[0];
  const auto tile = std::find_if(n.body.begin(), n.body.end(),
                                 [](const Statement& s) { return s.kind == Statement::Kind::loop && s.whole_steps; });
  REQUIRE(tile != n.body.end());
  const Statement* hidden = graphs::lane_loops(tile->body).at(0);
  const auto count = [&](Statement::Kind kind, std::string_view function) {
    return std::count_if(hidden->body.begin(), hidden->body.end(),
                         [&](const Statement& s) { return s.kind == kind && s.function == function; });
  };
  CHECK(count(Statement::Kind::let_call, "tanh") == tile->step);
  CHECK(count(Statement::Kind::let_call, "add") == 0);  // the bias
}

TEST_CASE("rows whose scalars are wider than the lanes of the loops stay scalars") {
  const Tensor gate = vector("gate", float64), x = vector("x", float32);
  const std::vector<Nest> all = nests({x * sigmoid(gate)(slice(none), newaxis).astype(float32)});
  for (const Nest& n : all) {
    verify(n, avx2());
    CHECK(n.lanes == 8);
  }
  Nest n = nests(graphs::tutorial_step())[0];
  const auto lanes = std::find_if(n.registers.begin(), n.registers.end(), [](const Register& r) { return r.lanes; });
  lanes->dtype = float64;
  rejects(n, "8 lanes of float64 do not fit a vector of 32 bytes");
}

TEST_CASE("loops over scratch and partials need no rest; rows that a tile leaves over have one text") {
  const Nest n = nests(graphs::tutorial_step())[0];
  std::vector<const Statement*> tiles;
  for (const Statement& s : n.body)
    if (s.kind == Statement::Kind::loop && s.step > 0 && (s.whole_steps || s.resume)) tiles.push_back(&s);
  REQUIRE(tiles.size() == 2);
  std::vector<std::pair<bool, bool>> parts;  // body, rest
  for (const Statement* t : tiles)
    for (const Statement* s : graphs::lane_loops(t->body)) parts.emplace_back(!s->body.empty(), !s->tail.empty());
  const std::vector<std::pair<bool, bool>> wanted{{true, true}, {true, false}, {false, true}, {true, false}};
  CHECK(parts == wanted);
}

TEST_CASE("more than four rows that may go past the caches are stored by whole lines") {
  const Tensor x = fmatrix("x"), w = fvector("w"), five = tensor("x", float32, {5, any_extent});
  const auto vectors = [](const Tensor& t, int bytes) {
    Target cpu;
    cpu.vector_bytes = bytes;
    const std::vector<Tensor> outputs{t};
    const Program p = build(outputs);
    const Nest n = lower(p, std::get<Phase>(p.steps.back()), cpu);
    verify(n, cpu);
    Index most = 0;
    const std::vector<const Statement*> loops = graphs::lane_loops(n.body);
    for (const Statement* loop : loops) {
      most = std::max(most, loop->vectors);
      std::vector<Linear> rows;  // that are stored, one after another, without what says which vector of them
      for (const Statement& s : loop->several) {
        if (s.kind != Statement::Kind::store) continue;
        rows.push_back(s.address);
        std::erase_if(rows.back(), [&](const Term& t) {
          return t.variable == loop->variable ||
                 std::any_of(loop->several.begin(), loop->several.end(), [&](const Statement& a) {
                   return a.kind == Statement::Kind::ahead && a.variable == t.variable;
                 });
        });
      }
      const auto vectors = static_cast<std::size_t>(loop->vectors);
      for (std::size_t k = 0; k < rows.size(); ++k) CHECK(rows[k] == rows[k / vectors * vectors]);
      CHECK((rows.size() < 2 * vectors || rows[0] != rows[vectors]));
    }
    return most;
  };
  CHECK(vectors(x * w, 32) == 2);
  CHECK(vectors(x * w, 16) == 4);
  CHECK(vectors(x * w, 64) == 1);
  CHECK(vectors(five - sum(five, 0), 32) == 2);
  CHECK(vectors(tanh(x) * w, 32) == 1);  // which takes longer than the stores
}

TEST_CASE("what a chunk of a piece of rows lays out anew along another axis is all of it") {
  const Tensor x = tensor("x", float32, {10, any_extent, 10}), y = tensor("y", float32, {10, 10});
  const Program p = build(rewrite::run(std::vector<Tensor>{dot(dot(x, y), sum(y, 0))}, {}));
  std::size_t found = 0;
  for (const Step& step : p.steps) {
    const Nest n = lower(p, std::get<Phase>(step), Target{});
    verify(n, Target{});
    for (const Statement* loop : graphs::lane_loops(n.body)) {
      const Body& all = loop->body;
      if (std::none_of(all.begin(), all.end(), [](const Statement& s) { return s.scratch >= 0; })) continue;
      if (std::none_of(all.begin(), all.end(), [](const Statement& s) { return s.kind == Statement::Kind::store; }))
        continue;
      CHECK(loop->from.empty());
      ++found;
    }
  }
  CHECK(found > 0);
}

TEST_CASE("threads keep no columns of a phase whose stores run along two axes") {
  const Tensor x = tensor("x", float32, {any_extent, 100}), b = fvector("b"), column = expand_dims(b, 1);
  const std::vector<Tensor> outputs{x / sum(x, 1, keepdims) + column,
                                    broadcast_to(column, Dims{x.shape(0), Index{50}})};
  const Program p = build(outputs);
  REQUIRE(p.steps.size() == 1);
  const Nest n = lower(p, std::get<Phase>(p.steps[0]), graphs::gpu());
  verify(n, graphs::gpu());
  check_threads(n);
  CHECK(graphs::lane_loops(n.body).size() > 1);
}

TEST_CASE("the verifier accepts every nest that is made") {
  for (const auto& g : {graphs::chain(), graphs::softmax_rows(), graphs::column_variance(), graphs::tutorial_step(),
                        graphs::gemm_with_neighbours(), graphs::skinny_contraction(), graphs::swap(),
                        graphs::embedding_product(), graphs::integer_targets()})
    for (const Nest& n : nests(g)) CHECK(complaint(n) == "");
}

TEST_CASE("registers of a nest are defined before they are used, once, and end with their loop") {
  Nest n = chain();
  first(n, Statement::Kind::let_call).args[0] = static_cast<int>(n.registers.size()) - 1;
  rejects(n, "is used before it is defined");
  n = chain();
  first(n, Statement::Kind::let_call).args[0] = 1000;
  rejects(n, "r1000 is no register of the nest");
  n = chain();
  first(n, Statement::Kind::let_call).result = first(n, Statement::Kind::let_load).result;
  rejects(n, "is defined twice");
  n = chain();
  Statement outside = first(n, Statement::Kind::store);
  n.body.push_back(outside);
  rejects(n, "is used before");
}

TEST_CASE("words of a nest are there and hold what they are used for") {
  Nest n = chain();
  first(n, Statement::Kind::store).word = 99;
  rejects(n, "w99 is no word of the nest");
  n = chain();
  first(n, Statement::Kind::let_load).word = 0;
  rejects(n, "w0 holds no address");
  n = chain();
  const int pointer = first(n, Statement::Kind::store).word;
  first(n, Statement::Kind::store).address = {{-1, {{1, pointer}}}};
  rejects(n, "is no number of elements, yet an address multiplies by it");
}

TEST_CASE("memory has the dtype and the width of its register") {
  Nest n = chain();
  first(n, Statement::Kind::store).dtype = int16;
  rejects(n, "memory of int16 meets a register of float32");
  n = chain();
  first(n, Statement::Kind::store).reach = Reach::scalar;
  rejects(n, "a register of lanes meets memory of one element");
  n = chain();
  first(n, Statement::Kind::store).partial = true;
  rejects(n, "outside the rest of a loop over lanes");
  n = softmax();
  Statement& fold = first(n, Statement::Kind::let_fold);
  n.registers[static_cast<std::size_t>(fold.result)].lanes = true;
  rejects(n, "folds no lanes");
}

TEST_CASE("index variables are set before they are used") {
  Nest n = chain();
  first(n, Statement::Kind::let_load).address = {{n.variables - 1 + 5, {}}};
  rejects(n, "is no index variable of the nest");
  n = chain();
  ++n.variables;
  first(n, Statement::Kind::let_load).address = {{n.variables - 1, {}}};
  rejects(n, "is used before it is set");
}

TEST_CASE("what a fold reads in a loop inside the lanes' is not fetched for the next row") {
  const Tensor x = tensor("x", float64, {any_extent, any_extent, any_extent});
  const std::vector<Tensor> out{logsumexp(var(min(x, 0), Axes(1)), Axes(0))};
  for (const Nest& n : nests(rewrite::run(out, {}))) CHECK(complaint(n) == "");
}

TEST_CASE("rows of a nest are checked, of 64 bits, and reported where reports go") {
  const auto lookup = [] { return nests(graphs::embedding_product())[0]; };
  Nest n = lookup();
  first(n, Statement::Kind::let_row).word = first(n, Statement::Kind::let_load).word;
  rejects(n, "takes no reports");
  n = lookup();
  n.registers[static_cast<std::size_t>(first(n, Statement::Kind::let_row).result)].dtype = int32;
  rejects(n, "is no row");
  n = nests(graphs::integer_targets())[1];
  Statement* listed = nullptr;
  for (Statement& s : n.body)
    if (s.kind == Statement::Kind::loop)
      for (Statement& t : s.body)
        for (Statement& l : t.body)
          if (l.reach == Reach::listed) listed = &l;
  REQUIRE(listed);
  listed->args.clear();
  rejects(n, "by a list that is no register of rows");
}

}  // namespace croton::tile
