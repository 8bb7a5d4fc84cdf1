// Rows of a tensor by integers, from generated code: values, launches, and what a wrong index leaves behind.
#include <cmath>

#include "array/access.h"
#include "croton/device.h"
#include "croton/gradient.h"
#include "message.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu(),
                            on_gpu() + ",emulator_check=True"};
const std::string generated[] = {"mode=FAST_RUN", "device=queued", on_gpu() + ",emulator_check=True"};

Array counting(const Extents& shape, DType dtype = float32, double times = 1) {
  Array a = Array::zeros(shape, float64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, times * (static_cast<double>(i % 997) - 300));
  return a.astype(dtype);
}

Array indices(const Extents& shape, Index rows, DType dtype = int64) {
  Array a = Array::zeros(shape, int64);
  for (Index i = 0; i < a.size(); ++i) set(a, i, static_cast<double>((i * 7 + i / 3) % (2 * rows) - rows));
  return a.astype(dtype);
}

/// What the reference gives, and every other way.
template <class Make>
void same_everywhere(Make&& make, const std::vector<Array>& arguments) {
  const auto result = [&](const std::string& way) {
    const ScopedConfig scope{way};
    auto [inputs, out] = make();
    const Function f = function(inputs, out);
    Array r[1];
    f.run(std::vector<Argument>(arguments.begin(), arguments.end()), r);
    return r[0].copy();
  };
  const Array want = result("mode=FAST_COMPILE");
  for (const std::string& way : generated) {
    INFO(way);
    REQUIRE(array_equal(result(way), want));
  }
}

using Graph = std::pair<std::vector<Tensor>, Tensor>;

}  // namespace

TEST_CASE("rows and elements by integers are the same in every mode, for every dtype of either") {
  for (const DType of : {float32, float64, int8, int64, boolean})
    for (const DType by : {int64, int32, int8}) {
      INFO(name_of(of) << " by " << name_of(by));
      for (const Index d : {1, 3, 70}) {
        const auto make = [&]() -> Graph {
          const Tensor x = tensor("x", of, {any_extent, any_extent}), i = tensor("i", by, {any_extent});
          return {{x, i}, x[i]};
        };
        same_everywhere(make, {counting({11, d}, of), indices({37}, 11, by)});
      }
      const auto make = [&]() -> Graph {
        const Tensor x = tensor("x", of, {any_extent}), i = tensor("i", by, {any_extent, any_extent});
        return {{x, i}, x[i]};
      };
      same_everywhere(make, {counting({50}, of), indices({9, 31}, 50, by)});
    }
}

TEST_CASE("an index may be a scalar, a column, computed where it is used, or have no elements") {
  const auto rows = [](auto&& pick) {
    return [pick]() -> Graph {
      const Tensor x = fmatrix("x"), i = lvector("i");
      return {{x, i}, pick(x, i)};
    };
  };
  const Array x = counting({12, 40}), i = indices({12}, 12);
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a[b(3)] + a[b(4)]; }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a[argmax(a, 0)] + 0 * sum(b); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return sum(a[b % 5], 1); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return sum(a[b], 0); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a.T()[b * 2] * 2; }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a(b, slice(none, none, -3)); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a(all, b) + a(all, b + 12); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a(arange(b.shape(0)), b); }), {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return (a * 2 + 1)(arange(12), argmax(a, 1)) + 0 * b; }),
                  {x, i});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a[b]; }), {x, indices({0}, 1)});
  same_everywhere(rows([](const Tensor& a, const Tensor& b) { return a[b]; }), {counting({5, 0}), indices({7}, 5)});
}

TEST_CASE("a bag of embeddings, and a lookup followed by a product, are kernels alone") {
  const auto bag = []() -> Graph {
    const Tensor e = fmatrix("E"), ids = tensor("ids", int64, {any_extent, any_extent});
    return {{e, ids}, mean(e[ids], 1)};
  };
  same_everywhere(bag, {counting({30, 20}), indices({17, 5}, 30)});
  const auto [inputs, mean_of_bags] = bag();
  CHECK(says(function(inputs, mean_of_bags).explain(), "parallel rows [a0]\n"));  // vectors are parts of E's rows
  for (const std::string& way : std::vector<std::string>{"mode=FAST_RUN", on_gpu()}) {
    const ScopedConfig scope{way};
    const Tensor e = fmatrix("E"), ids = lvector("ids"), w = tensor("W", float32, {any_extent, 4});
    const Function f = function({e, ids, w}, dot(e[ids], w));
    const std::uint64_t before = device_counters().launches;
    REQUIRE(f(counting({50, 16}), indices({9}, 50), counting({16, 4})).shape() == Extents{9, 4});
    REQUIRE_FALSE(says(f.explain(), "host"));
    REQUIRE(device_counters().launches == before + 1);
  }
}

TEST_CASE("cross-entropy with integer targets is kernels alone, and its gradient finite") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor z = fmatrix("z"), t = lvector("t");
    const Tensor loss = -mean(log(softmax(z))(arange(z.shape(0)), t));
    const Function f = function({z, t}, loss);
    const Array logits = counting({23, 12}, float32, 0.01);
    const float a = f(logits, indices({23}, 12)).item<float>();
    const Function g = function({z, t}, mean(categorical_crossentropy(softmax(z), t)));
    REQUIRE(std::abs(a - g(logits, indices({23}, 12)).item<float>()) < 1e-5);
    if (says(way, "COMPILE")) continue;
    for (const Function* each : {&f, &g}) {
      CAPTURE(each->explain());
      REQUIRE_FALSE(says(each->explain(), "host"));
    }
    const std::uint64_t before = device_counters().launches;
    static_cast<void>(f(logits, indices({23}, 12)));
    REQUIRE(device_counters().launches - before <= 3);
  }
}

TEST_CASE("a wrong index changes no variable, whichever kernel finds it, and the next call is well") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor ids = lvector("ids");
    const Shared e = shared(counting({40, 24}), "E"), n = shared(Array::zeros({}, float32), "n"),
                 last = shared(Array::zeros({24}, float32), "last"), w = shared(counting({24}), "w");
    const Tensor rows = e[ids];
    const Function f = function(ids, sum(rows, 1), {{n, n + 1}, {last, mean(rows, 0)}, {w, w * 2}});
    Array good = indices({300}, 40), bad = good.copy();
    set(bad, 217, 40);
    set(bad, 260, -41);
    static_cast<void>(f(good));
    const Array was[] = {n.get_value(), last.get_value(), w.get_value()};
    REQUIRE(was[0].item<float>() == 1);
    for (int again = 0; again < 2; ++again)
      REQUIRE(message<IndexError>([&] { static_cast<void>(f(bad)); }) ==
              "HERE: index 40 is out of range for axis 0 of E float32[40, 24] (valid: -40 .. 39), at element [217] of "
              "ids int64[300]");
    REQUIRE(array_equal(n.get_value(), was[0]));
    REQUIRE(array_equal(last.get_value(), was[1]));
    REQUIRE(array_equal(w.get_value(), was[2]));
    static_cast<void>(f(good));
    REQUIRE(n.get_value().item<float>() == 2);
    REQUIRE(array_equal(w.get_value(), counting({24}, float32, 4)));
  }
}

TEST_CASE("of several wrong elements the first is named, with the value it was computed to") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor x = fvector("x"), i = tensor("i", int32, {any_extent, any_extent});
    const Function f = function({x, i}, sum(x[i * 2 + 1]));
    Array at = Array::zeros({50, 70}, int32);
    for (const Index wrong : {Index{3499}, Index{71}, Index{140}}) set(at, wrong, 5);
    REQUIRE(
        message<IndexError>([&] { static_cast<void>(f(counting({10}), at)); }) ==
        "HERE: index 11 is out of range for axis 0 of x float32[10] (valid: -10 .. 9), at element [1, 1] of i * 2 + "
        "1 int32[50, 70]");
    const Tensor z = fmatrix("z"), t = lvector("t");
    const Function loss = function({z, t}, -sum(log(softmax(z))(arange(z.shape(0)), t)));
    Array targets = Array::zeros({23}, int64);
    set(targets, 9, 12);
    REQUIRE(says(
        message<IndexError>([&] {
          static_cast<void>(loss(counting({23, 12}), targets));
        }),
        "indexing: index 12 is out of range for axis 1 of log(softmax(z)) (valid: -12 .. 11), at element [9] of t "));
    const Function crossentropy = function({z, t}, sum(categorical_crossentropy(softmax(z), t)));
    CHECK(message<IndexError>([&] {
            static_cast<void>(crossentropy(counting({23, 12}), targets));
          }) ==
          "HERE: categorical_crossentropy: index 12 is out of range for axis 1 of softmax(z) (valid: -12 .. 11), at "
          "element [9] of t int64[23]");
  }
}

TEST_CASE("rows of nothing are an IndexError, and so is an index that no loop comes to") {
  for (const std::string& way : ways) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor x = fmatrix("x"), i = lvector("i");
    const Function f = function({x, i}, x[i]), g = function({x, i}, x(slice(none, none, -1), all).T()(all, i));
    for (const Function* each : {&f, &g}) {
      REQUIRE(says(message<IndexError>([&] {
                     static_cast<void>((*each)(counting({0, 9}), indices({5}, 4)));
                   }),
                   "index -4 is out of range"));
      REQUIRE((*each)(counting({0, 9}), indices({0}, 1)).size() == 0);
      REQUIRE(says(message<IndexError>([&] {
                     static_cast<void>((*each)(counting({3, 0}), Array::full({1}, 7, int64)));
                   }),
                   "is out of range"));
    }
  }
}

TEST_CASE("an index that is computed from data is the one that the data give") {
  const Tensor x = vector("x"), k = iscalar("k");
  const Array in{std::vector<double>{3, 1, 4, 1, 5, 9, 2, 6}};
  for (const std::string& way : std::vector<std::string>{"device=cpu", "mode=FAST_COMPILE", on_gpu()}) {
    const ScopedConfig scope{way};
    INFO(way);
    const auto f =
        function({x, k}, {x(argmax(x)), x(cast(any(x > 8), int64)), x(cast(x(2), int64) - 7), x(k), x(k + 1)});
    const std::vector<double> want{9, 1, 9, 4, 1};
    const auto got = f(in, Array(std::int32_t{2}));
    for (std::size_t i = 0; i < want.size(); ++i) CHECK(got[i].item<double>() == want[i]);
    CHECK_THROWS_AS(function(x, x(cast(x(5), int64)))(in), IndexError);
  }
}

}  // namespace croton
