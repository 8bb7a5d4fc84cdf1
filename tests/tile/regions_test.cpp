// Concatenations and writes of regions as phases: what is written where, by whom, and what may run beside it.
#include "tile/regions.h"

#include <algorithm>

#include "catch.h"
#include "tile/beside.h"
#include "tile/epilogue.h"
#include "tile/graphs.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

Program program(const std::vector<Tensor>& outputs, NamedRows rows = NamedRows::by_phases) {
  Program p = build(rewrite::run(outputs, {}), {.named_rows = rows});
  INFO(text(p));
  verify(p);
  return p;
}

std::size_t count(const Program& p, bool (*is)(const Buffer&)) {
  return static_cast<std::size_t>(std::count_if(p.buffers.begin(), p.buffers.end(), is));
}
std::size_t values(const Program& p) {
  return count(p, [](const Buffer& b) { return b.kind == Buffer::Kind::value; });
}
std::size_t host_steps(const Program& p) {
  return static_cast<std::size_t>(
      std::count_if(p.steps.begin(), p.steps.end(), [](const Step& s) { return std::holds_alternative<HostStep>(s); }));
}

}  // namespace

TEST_CASE("parts are written where they lie by the phase that computes them") {
  const Tensor x = fmatrix("x"), y = fmatrix("y");
  const Program p = program({concatenate({tanh(x), x * y}, 1)});
  CHECK(p.steps.size() == 1);
  CHECK(count(p, is_region) == 2);
  CHECK(values(p) == 1);
}

TEST_CASE("a concatenation of concatenations is one piece of memory, unless somebody reads them") {
  const Tensor x = fmatrix("x"), inner = concatenate({x, x * 2.0f}, 1);
  CHECK(values(program({concatenate({inner, inner * 3.0f}, 0)})) == 2);
  CHECK(values(program({concatenate({concatenate({x, x}, 1), concatenate({x + 1.0f, x}, 1)}, 0)})) == 1);
}

TEST_CASE("writes go on in the memory of what nobody else reads, and in a copy of the rest") {
  const Tensor x = fmatrix("x"), y = tanh(x);
  const Tensor once = set_subtensor(y[0], 1.0f), twice = inc_subtensor(once(all, 2), 3.0f);
  CHECK(values(program({twice})) == 1);
  CHECK(values(program({twice, y})) == 2);
  CHECK(values(program({set_subtensor(x[0], 1.0f)})) == 1);
  CHECK(program({set_subtensor(x[0], 1.0f)}).steps.size() == 2);
}

TEST_CASE("writes one after another are one phase where they go along the same axes and lie apart") {
  const Tensor x = tensor("x", float32, Extents{any_extent, any_extent, any_extent}), y = fmatrix("y");
  const auto phases = [](const Tensor& t) { return program({t}).steps.size(); };
  const auto set = [](const Tensor& part, const Tensor& value) { return set_subtensor(part, value); };
  const Tensor base = exp(x), a = set(base(all, all, 0), tanh(y)), b = set(a(all, all, 1), 2.0f * y),
               c = set(b(all, all, 2), y / (1.0f + y));
  CHECK(phases(c) == 2);  // with base
  CHECK(phases(set(set(base(all, all, -1), y)(all, all, -2), exp(y))) == 2);
  CHECK(phases(set(a(all, slice(0, none), 0), exp(y))) == 2);                // the first is gone
  CHECK(phases(set(set(base(all, all, 0), y)(all, all, -1), exp(y))) == 3);  // may be the same
  CHECK(phases(set(set(base(0), y)(all, 0), exp(y))) == 3);                  // they cross
  const Tensor known = exp(tensor("x", float32, {any_extent, any_extent, 4})), first = set(known(all, all, 0), y);
  CHECK(phases(set(first(all, all, -1), exp(y))) == 2);
  CHECK(phases(set(first(all, all, 1), 2.0f * first(all, all, 0))) == 2);  // which is y
  CHECK(phases(set(first(all, all, 1), sum(first, 2))) > 3);               // all of it is read
  CHECK(phases(set(set(a(0), y)(all, all, 1), exp(y))) == 4);              // what crosses both comes between them
  const Tensor top = set(base(all, slice(none, 4)), tensor("u", float32, Extents{any_extent, 4, any_extent}));
  CHECK(phases(set(top(all, slice(4, none)), tensor("v", float32, Extents{any_extent, any_extent, any_extent}))) == 3);
}

TEST_CASE("a product is done before a part of it is replaced, and is not one with what follows that") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), b = fvector("b");
  Program p = program({set_subtensor(dot(x, w)[0], 1.0f) + b});
  REQUIRE(p.steps.size() == 3);
  CHECK(std::holds_alternative<LibraryCall>(p.steps[0]));
  CHECK(writes_regions(p, std::get<Phase>(p.steps[1])));
  Target target = graphs::gpu();
  target.product_bias = true;
  take_epilogues(p, target);
  CHECK(p.steps.size() == 3);
  Program part = program({concatenate({dot(x, w) + b, x}, 1)});
  take_epilogues(part, target);
  CHECK(std::any_of(part.steps.begin(), part.steps.end(), [](const Step& s) {
    return std::holds_alternative<LibraryCall>(s) && std::get<LibraryCall>(s).bias < 0;
  }));
}

TEST_CASE("parts of one concatenation may share a kernel, and nobody who reads it, or writes it otherwise, theirs") {
  const Tensor x = fvector("x"), y = fvector("y"), joined = concatenate({x, y * 2.0f});
  const auto together = [](const Program& p) {
    std::size_t most = 1;
    for (const Beside& b : side_by_side(p, {}, graphs::gpu())) most = std::max(most, b.end - b.first);
    return most;
  };
  CHECK(together(program({joined})) == 2);
  CHECK(together(program({joined, exp(joined)})) == 2);
  CHECK(together(program({set_subtensor(exp(x)[slice(0, 2)], y)})) == 1);
}

TEST_CASE("phases write regions wherever integers say that are known before kernels run, and any one row") {
  const Tensor x = fmatrix("x"), i = lscalar("i"), at = set_subtensor(x[i], 1.0f);
  for (const NamedRows s : {NamedRows::by_phases, NamedRows::by_host}) {
    CHECK(host_steps(program({at}, s)) == 0);
    CHECK(host_steps(program({set_subtensor(x[slice(i, i + 2)], 1.0f)}, s)) == 0);
    CHECK(host_steps(program({set_subtensor(x[x.shape(0) - 2], 1.0f)}, s)) == 0);
  }
  const Tensor last = argmax(x(all, 0), 0), row = set_subtensor(x[last], 1.0f),
               rows = set_subtensor(x[slice(last, none)], 1.0f);
  CHECK(host_steps(program({row})) == 0);
  CHECK(host_steps(program({row}, NamedRows::by_host)) == 1);
  CHECK(host_steps(program({rows})) == 1);
}

TEST_CASE("rows are written where integers say - by phases, and by the host where those lie on it") {
  const Tensor x = fmatrix("x"), v = fmatrix("v"), i = lvector("i"), t = lscalar("t");
  for (const Tensor& y : {set_subtensor(x[i], v), inc_subtensor(x[i], v)}) {
    CHECK(host_steps(program({y}, NamedRows::by_host)) == 1);
    const Program p = program({y});
    CHECK(host_steps(p) == 0);
    CHECK(count(p, is_rows) == 1);
    CHECK(p.steps.size() == 4);  // the rows, which of them are written, the copy of x, the write
    CHECK(p.checks.size() == 1);
  }
  CHECK(program({inc_subtensor(tanh(x)[t], v[0])}).steps.size() == 3);
  CHECK(program({inc_subtensor(x(all, t), v[0])}).steps.size() == 3);
}

TEST_CASE("a store at rows that the program does not name so is found out") {
  const Tensor x = fmatrix("x"), v = fmatrix("v"), i = lvector("i");
  const std::vector<Tensor> graph = rewrite::run(std::vector<Tensor>{inc_subtensor(x[i], v)}, {});
  const auto store = [](Program& p) -> Store& { return std::get<Phase>(p.steps.back()).stores[0]; };
  Program other = build(graph), nowhere = build(graph), listless = build(graph);
  REQUIRE(store(other).row >= 0);
  store(other).row_dim = 1;
  CHECK_THROWS_AS(verify(other), std::logic_error);
  store(nowhere).row_dim = 2;
  CHECK_THROWS_AS(verify(nowhere), std::logic_error);
  for (Value& value : std::get<Phase>(listless.steps.back()).values)
    if (value.kind == Value::Kind::add_rows) value.list = -1;
  CHECK_THROWS_AS(verify(listless), std::logic_error);
}

TEST_CASE("threads store at rows that differ and go through lists of their own where vectors of lanes do not") {
  const Tensor x = fmatrix("x"), v = fmatrix("v"), y = fvector("y"), w = fvector("w"), i = lvector("i");
  for (const Tensor& t : {inc_subtensor(x[i], v), inc_subtensor(y[i], w)}) {
    const Program p = program({t});
    const auto& phase = std::get<Phase>(p.steps.back());
    Nest nest = lower(p, phase, graphs::gpu());  // which checks the threads
    INFO(text(nest));
    CHECK_NOTHROW(verify(nest, graphs::gpu()));
    CHECK(text(nest).find("if any") != std::string::npos);
    CHECK_THROWS_AS(verify(lower(p, phase, Target{}), Target{}), std::logic_error);
    for (Statement& s : nest.body.back().body)
      if (s.kind == Statement::Kind::store) s.row = -1;
    for (Statement& lanes : nest.body.back().body)
      for (Statement& s : lanes.body)
        if (s.kind == Statement::Kind::store) s.row = -1;
    CHECK_THROWS_AS(check_threads(nest), std::logic_error);
  }
}

TEST_CASE("what is one run of memory is known as that") {
  const Tensor x = tensor("x", float32, {1, any_extent, any_extent});
  const auto dense = [](const Tensor& part) { return is_dense_part(set_subtensor(part, 0.0f)); };
  CHECK(parts_are_dense(concatenate({x, x}, 1)));
  CHECK_FALSE(parts_are_dense(concatenate({x, x}, 2)));
  const Tensor m = fmatrix("m");
  CHECK(dense(m[2]));
  CHECK(dense(m[slice(1, 4)]));
  CHECK(dense(m(3, slice(1, 4))));
  CHECK_FALSE(dense(m(all, slice(1, 4))));
  CHECK_FALSE(dense(m(all, 1)));
  CHECK_FALSE(dense(m[slice(none, none, 2)]));
  CHECK(axis_along(set_subtensor(m(3, slice(1, 4)), 0.0f), 1) == 0);
  CHECK(axis_along(set_subtensor(m(all, slice(none, none, -1)), 0.0f), 1) == -1);
  CHECK(axis_along(set_subtensor(m(all, 1), 0.0f), 1) == -1);
}

TEST_CASE("a program that leaves out a part, or writes one twice, is found out") {
  const Tensor x = fvector("x"), y = fvector("y");
  Program left_out = build(rewrite::run(std::vector<Tensor>{concatenate({x, y})}, {}));
  left_out.steps.pop_back();
  CHECK_THROWS_AS(verify(left_out), std::logic_error);
  Program twice = build(rewrite::run(std::vector<Tensor>{concatenate({x, y})}, {}));
  twice.steps.push_back(twice.steps.back());
  CHECK_THROWS_AS(verify(twice), std::logic_error);
  Program early = build(rewrite::run(std::vector<Tensor>{set_subtensor(exp(x)[0], 1.0f)}, {}));
  std::swap(early.steps[0], early.steps[1]);
  CHECK_THROWS_AS(verify(early), std::logic_error);
}

}  // namespace croton::tile
