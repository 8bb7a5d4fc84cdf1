// Rows written where integers say: on a GPU kernels, with the bits of the host's own loop; rings and embeddings that
// stay where they are.
#include <cmath>
#include <limits>

#include "array/access.h"
#include "croton/device.h"
#include "croton/gradient.h"
#include "message.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "device=queued", on_gpu(), on_gpu() + ",emulator_check=True"};

bool is_gpu(const std::string& way) { return way.find(gpu_name()) != std::string::npos; }
bool has_host_step(const FunctionBase& f) { return f.explain().find(": host ") != std::string::npos; }

/// Numbers whose sums are rounded.
Array numbers(const Extents& shape, DType dtype, double first = 0) {
  Array a = sines(shape, first);
  for (Index i = 0; i < a.size(); ++i) set(a, i, 9 * get(a, i));
  return a.astype(dtype);
}

/// Some of them negative, many of them more than once.
Array indices(const Extents& shape, Index rows, DType dtype = int64) {
  Array a = Array::zeros(shape, int64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, static_cast<double>((i * 7 + i * i / 3) % (2 * rows) - rows));
  return a.astype(dtype);
}

const FunctionOptions unused{.on_unused_input = Report::ignore};

Array call(const Function& f, const std::vector<Array>& values) {
  Array out[1];
  f.run(std::vector<Argument>(values.begin(), values.end()), out);
  return out[0].copy();
}

/// The bits that the reference's loop over the indices gives, on every device; no host step on a GPU.
void check(const std::vector<Tensor>& inputs, const Tensor& y, const std::vector<Array>& values) {
  const auto result = [&](const std::string& way) {
    const ScopedConfig scope(way);
    return call(function(inputs, Out(y), unused), values);
  };
  const Array want = result("mode=FAST_COMPILE");
  for (const std::string& way : ways) {
    const ScopedConfig scope(way + ",check_ir=True");
    const Function f = function(inputs, Out(y), unused);
    INFO(way << "\n" << f.explain());
    if (is_gpu(way)) CHECK_FALSE(has_host_step(f));
    REQUIRE(array_equal(call(f, values), want));
  }
}

constexpr DType dtypes[] = {boolean, int8, uint8, int32, uint32, int64, float16, bfloat16, float32, float64};

}  // namespace

TEST_CASE("rows of every dtype are replaced or added to where integers say") {
  for (const DType of : dtypes) {
    INFO(name_of(of));
    const Tensor x = tensor("x", of, {any_extent, any_extent}), v = tensor("v", of, {any_extent, any_extent}),
                 i = tensor("i", of == int8 ? int8 : int64, {any_extent});
    for (auto* const write : {&set_subtensor, &inc_subtensor})
      check({x, v, i}, write(x[i], v, Where::here()),
            {numbers({11, 37}, of), numbers({23, 37}, of, 1), indices({23}, 11, i.dtype())});
  }
}

TEST_CASE("elements and rows of any rank and length are written by indices of any rank") {
  const Tensor x = tensor("x", float32, {any_extent}), m = fmatrix("m"), i = lvector("i"), j = lmatrix("j"),
               s = lscalar("s"), c = tensor("c", float32, {any_extent, any_extent, any_extent});
  const std::vector<Tensor> inputs{x, m, c, i, j, s};
  for (const Index n : {1, 5, 16, 300}) {
    const std::vector<Array> values{numbers({9}, float32), numbers({9, n}, float32, 1), numbers({9, 3, 4}, float32, 2),
                                    indices({n}, 9),       indices({5, n}, 9),          Array(Index{-2})};
    for (auto* const write : {&set_subtensor, &inc_subtensor}) {
      const auto put = [&](const Tensor& part, const Tensor& value) {
        check(inputs, write(part, value, Where::here()), values);
      };
      put(x[i], m[0]);
      put(x[j], m[slice(0, 5)]);
      put(x[s], x[0]);
      put(m[s], m[3]);
      put(m(all, i[0] * 0), x);
      put(m(i, arange(i.shape(0))), m[2]);
      put(c[i], c[0]);
      put(c[s], c[1]);
      put(c(all, i[slice(0, 1)] % 3), c(all, slice(0, 1)));
      put(c(all, s), c(all, 0));
      put(c(all, all, s), c(all, all, 2));
      put(m[i], constant(Array(0.7f)));
      put(m[j], m[0] * 2.0f);
    }
  }
}

TEST_CASE("extents that types give are constants of the kernels, be they one or zero") {
  for (const Index n : {1, 2, 3, 20})
    for (const Index d : {1, 3, 20, 300}) {
      const Tensor x = tensor("x", float64, {7, d}), v = tensor("v", float64, {n, d}), i = tensor("i", int32, {n});
      const std::vector<Array> values{numbers({7, d}, float64), numbers({n, d}, float64, 1), indices({n}, 7, int32)};
      for (auto* const write : {&set_subtensor, &inc_subtensor})
        check({x, v, i}, write(x[i], v, Where::here()), values);
    }
  const Tensor one = tensor("one", float64, {1, 20}), column = tensor("column", float64, {any_extent, 1}),
               x = dmatrix("x"), v = dmatrix("v"), i = lvector("i");
  check({one, x, i}, inc_subtensor(one[i], x[slice(0, 6)]),
        {numbers({1, 20}, float64), numbers({6, 20}, float64), Array::zeros({6}, int64)});
  check({column, x, i}, set_subtensor(column[i], x(slice(0, 6), slice(0, 1))),
        {numbers({9, 1}, float64), numbers({6, 20}, float64), indices({6}, 9)});
  const Tensor y = inc_subtensor(x[i], v), z = set_subtensor(x[i], v);
  for (const Tensor& t : {y, z}) {
    check({x, v, i}, t, {numbers({4, 5}, float64), numbers({0, 5}, float64), indices({0}, 4)});
    check({x, v, i}, t, {numbers({4, 0}, float64), numbers({6, 0}, float64), indices({6}, 4)});
    check({x, v, i}, t, {numbers({0, 5}, float64), numbers({0, 5}, float64), indices({0}, 1)});
  }
}

TEST_CASE("the last write wins, and sums take the indices in their order") {
  const Tensor x = tensor("x", float32, {any_extent}), v = tensor("v", float32, {any_extent}), i = lvector("i");
  const Array at{Index{2}, Index{0}, Index{-1}, Index{2}, Index{2}};
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Array set =
        function({x, v, i}, set_subtensor(x[i], v))(Array::zeros({3}, float32), numbers({5}, float32), at);
    CHECK(get(set, 2) == get(numbers({5}, float32), 4));
    const float large = 0x1p24f;
    const Array sum = function({x, v, i}, inc_subtensor(x[i], v))(Array{-0.0f, -0.0f, 1.0f},
                                                                  Array{large, -0.0f, 1.0f, -large, 1.0f}, at);
    CHECK(get(sum, 2) == ((((1.0f + large) + 1.0f) - large) + 1.0f));
    CHECK(std::signbit(get(sum, 0)));
    CHECK(std::signbit(get(sum, 1)));
  }
  const Tensor m = fmatrix("m"), w = fmatrix("w");
  check({m, w, i}, inc_subtensor(m[i], w),
        {numbers({3, 130}, float32), numbers({700, 130}, float32, 1), Array::full({700}, 1, int64)});
}

TEST_CASE("writes at rows follow each other and those of regions, and others read what lay there") {
  const Tensor x = dmatrix("x"), v = dmatrix("v"), i = lvector("i"), y = x * 2;
  const std::vector<Array> values{numbers({6, 9}, float64), numbers({8, 9}, float64, 1), indices({8}, 6)};
  const auto same = [&](const Tensor& t) { check({x, v, i}, t, values); };
  const Tensor once = inc_subtensor(y[i], v), region = set_subtensor(once[slice(1, 3)], v[slice(0, 2)]);
  same(set_subtensor(region[i[slice(none, none, 2)]], v[slice(none, none, 2)]));
  same(once + y);
  same(inc_subtensor(once[i], once[i]) * once);
  same(inc_subtensor(zeros({6, 9})[i], v)[slice(1, 4)] + x[slice(1, 4)]);
  same(concatenate({inc_subtensor(x[i], v), x}, 0));
  same(inc_subtensor(x.T()(all, i), v.T()));
  same(inc_subtensor(x[argmax(x, 0)], 1.0));
}

TEST_CASE("integers that a scatter gives may say how large something is") {
  const Tensor x = dvector("x"), n = lvector("n"), i = lvector("i"), t = lscalar("t");
  const Tensor many = set_subtensor(n[i], 3), few = inc_subtensor(n[t], 1);
  const std::vector<Array> values{sines({5}), Array{Index{1}, Index{2}}, Array{Index{0}, Index{0}}, Array(Index{-1})};
  check({x, n, i, t}, x[slice(0, many[0])] * 2.0, values);
  check({x, n, i, t}, x[slice(few[1], none)] * zeros({Dim(few[0] + 1)}), values);
  check({x, n, i, t}, cast(many, float64) * x[slice(many[1], few[1] + 1)], values);
}

TEST_CASE("an index out of range is the reference's IndexError, and changes no variable") {
  const Array good = indices({300}, 40);
  Array bad = good.copy();
  set(bad, 217, 40);
  const auto refusal = [](const std::string& way, auto&& run) {
    const ScopedConfig scope(way);
    return message<IndexError>([&] { run(); });
  };
  const auto run = [&](bool row, bool adds) {
    return [&, row, adds] {
      const Shared e = shared(numbers({40, 24}, float32), "E"), n = shared(Array::zeros({}, float32), "n");
      const Tensor ids = lvector("ids"), t = lscalar("t");
      const Tensor part = row ? Tensor(e)(all, t) : Tensor(e)[ids];
      const Procedure f = function(
          {ids, t}, {}, {{e, adds ? inc_subtensor(part, 1.0f) : set_subtensor(part, 1.0f)}, {n, n + 1.0f}}, unused);
      const auto untouched = [&] {
        CHECK(array_equal(e.get_value(), numbers({40, 24}, float32)));
        CHECK(n.get_value().item<float>() == 0);
      };
      try {
        f(row ? good : bad, Index{row ? -25 : 0});
      } catch (const IndexError&) {
        untouched();
        f(good, Index{3});
        CHECK(n.get_value().item<float>() == 1);
        throw;
      }
    };
  };
  for (const bool row : {false, true})
    for (const bool adds : {false, true}) {
      const std::string want = refusal("mode=FAST_COMPILE", run(row, adds));
      for (const std::string& way : ways) CHECK(refusal(way, run(row, adds)) == want);
    }
  const Tensor x = dmatrix("x"), i = lvector("i");
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Function f = function({x, i}, inc_subtensor(x[i], 1.0));
    CHECK_THROWS_AS(f(Array::zeros({0, 5}), Array::zeros({3}, int64)), IndexError);
    CHECK_THROWS_AS(f(Array::zeros({5, 0}), Array::full({3}, 5, int64)), IndexError);
  }
}

TEST_CASE("only the rows that are named are touched where a variable is updated in place") {
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Shared e = shared(numbers({50, 33}, float32), "E");
    const Tensor ids = lvector("ids"), rows = tensor("rows", float32, {any_extent, any_extent});
    const Procedure f = function({ids, rows}, {}, {{e, inc_subtensor(Tensor(e)[ids], rows)}});
    INFO(way << "\n" << f.explain());
    CHECK(f.explain().find("update of E: in place") != std::string::npos);
    Array want = numbers({50, 33}, float32);
    for (int k = 0; k < 3; ++k) {
      const Array at = indices({20}, 50), v = numbers({20, 33}, float32, k);
      f(at, v);
      const Tensor x = fmatrix("x");
      const ScopedConfig reference("mode=FAST_COMPILE,device=cpu");
      want = function({x, ids, rows}, inc_subtensor(x[ids], rows))(want, at, v);
    }
    CHECK(array_equal(e.get_value(), want));
  }
}

TEST_CASE("a ring of rows has one plan, whichever row a call writes") {
  for (const std::string& way : ways) {
    const ScopedConfig scope(way);
    const Shared ring = shared(Array::zeros({5, 40}, float32), "ring"), t = shared(Array(Index{0}), "t"),
                 sums = shared(Array::zeros({5}, float32), "sums");
    const Tensor row = fvector("row");
    const Procedure add = function(row, {}, {{sums, inc_subtensor(Tensor(sums)[t], sum(row))}}),
                    push = function(row, {}, {{ring, set_subtensor(Tensor(ring)[t], row)}, {t, (t + 1) % 5}});
    INFO(way << "\n" << push.explain());
    CHECK(push.explain().find("update of ring: in place") != std::string::npos);
    if (is_gpu(way)) CHECK_FALSE(has_host_step(push));
    const std::uint64_t before = device_counters().graph_launches;
    for (Index k = 0; k < 13; ++k) {
      const Array pushed = Array::full({40}, static_cast<double>(k), float32);
      add(pushed);
      push(pushed);
    }
    if (way == on_gpu()) CHECK(device_counters().graph_launches > before);  // the plan of one call is that of the next
    for (Index k = 0; k < 5; ++k)
      CHECK(get(ring.get_value(), 40 * k + 7) == static_cast<double>(k < 3 ? k + 10 : k + 5));
    CHECK(get(sums.get_value(), 1) == 40 * (1 + 6 + 11));
  }
}

TEST_CASE("what is written at one row may say which row is written next") {
  const Tensor n = iscalar("n"), x = dmatrix("x");
  const Tensor one = expand_dims(n, 0);
  const Tensor written = set_subtensor(one[(cast(one, int64) % 1)[0]], Tensor(3).astype(int32));
  const Tensor row = (cast(written, int64) % x.shape(0))[0];
  const Tensor changed = inc_subtensor(x[row], x[row] * 2 - 1);
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const auto f = function({n, x}, {written, changed});
    const Array v = sines({5, 4});
    const auto r = f(7, v);
    CHECK(r[0].item<int>() == 3);
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < 4; ++j)
        CHECK(r[1].at<double>(i, j) == Approx(i == 3 ? 3 * v.at<double>(i, j) - 1 : v.at<double>(i, j)));
  }
}

TEST_CASE("an embedding trains on a GPU as on the CPU, and nothing is copied between its calls") {
  struct Trained {
    std::vector<double> losses;
    Array e;
  };
  const auto train = [](const std::string& way) {
    const ScopedConfig scope(way + ",check_ir=True");
    const Shared e = shared(numbers({30, 16}, float32), "E"), w = shared(numbers({16, 3}, float32, 1), "W"),
                 ids = shared(indices({64}, 30), "ids"), kinds = shared(indices({64}, 3), "kinds");
    const Tensor loss = mean(categorical_crossentropy(softmax(0.1f * dot(Tensor(e)[ids], w)), Tensor(kinds) % 3));
    const auto [de, dw] = grad(loss, {e, w});
    const Function step = function({}, loss, {{e, e - 0.5f * de}, {w, w - 0.5f * dw}});
    INFO(way << "\n" << step.explain());
    if (is_gpu(way)) CHECK_FALSE(has_host_step(step));
    std::vector<Array> losses{step(), step()};  // the data have gone to the device
    const DeviceCounters before = device_counters();
    for (int k = 0; k < 10; ++k) losses.push_back(step());
    const DeviceCounters after = device_counters();
    if (is_gpu(way)) {
      CHECK(after.transfers_in == before.transfers_in);
      CHECK(after.transfers_out - before.transfers_out == 10);  // whether an index was out of range, 8 bytes a call
    }
    Trained r{{}, e.get_value().copy()};
    for (const Array& a : losses) r.losses.push_back(a.item<double>());
    return r;
  };
  const Trained cpu = train("mode=FAST_RUN"), gpu = train(on_gpu()), again = train(on_gpu());
  CHECK(cpu.losses.back() < 0.7 * cpu.losses.front());
  for (std::size_t k = 0; k < cpu.losses.size(); ++k) CHECK(gpu.losses[k] == Approx(cpu.losses[k]).epsilon(1e-4));
  CHECK(gpu.losses == again.losses);
  CHECK(array_equal(gpu.e, again.e));
}

}  // namespace croton
