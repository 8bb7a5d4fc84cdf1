// Numbers at their edges: rounding that must agree between two copies of an expression, long sums and products,
// accumulators that overflow, integers that wrap.
#include <cmath>

#include "array/access.h"
#include "message.h"

namespace croton {
namespace {

constexpr const char* ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE"};

Array numbers(const Extents& shape, DType dtype, std::uint64_t seed) {
  Array a = Array::zeros(shape, dtype);
  for (Index i = 0; i < a.size(); ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    set(a, i, std::ldexp(static_cast<double>(seed >> 11), -53) - 0.5);
  }
  return a;
}

bool finite(const Array& a) {
  for (Index i = 0; i < a.size(); ++i)
    if (!std::isfinite(get(a, i))) return false;
  return true;
}

}  // namespace

TEST_CASE("sqrt(max(a * b) - a * b) has no NaN, whole, by rows and by columns") {
  for (const DType dtype : {float32, float64}) {
    const Tensor a = tensor("a", dtype, {-1, -1}), b = tensor("b", dtype, {-1, -1}), p = a * b;
    const auto f = function(
        {a, b}, {sqrt(max(p) - p), sqrt(max(p, 1, keepdims) - p), sqrt(max(p, 0, keepdims) - p), sqrt(p - min(p))});
    for (const Extents& shape : {Extents{1000, 37}, Extents{37, 1000}, Extents{1, 5}, Extents{64, 64}}) {
      const auto [whole, rows, columns, below] = f(numbers(shape, dtype, 3), numbers(shape, dtype, 4));
      CHECK(finite(whole));
      CHECK(finite(rows));
      CHECK(finite(columns));
      CHECK(finite(below));
    }
  }
}

TEST_CASE("sums, means and variances down a million rows keep their digits") {
  constexpr Index rows = 1'000'000;
  const Tensor x = fmatrix("x");
  const Array in = numbers({rows, 3}, float32, 5);
  const Array shifted = [&] {
    Array s = in.copy();
    for (Index i = 0; i < s.size(); ++i) set(s, i, get(in, i) + 1e4);
    return s;
  }();
  const auto f = function(x, {sum(x, 0), mean(x, 0), var(x, 0)});
  for (const Array& values : {in, shifted}) {
    long double total[3] = {}, size[3] = {}, square[3] = {};
    for (Index i = 0; i < values.size(); ++i) {
      const long double v = get(values, i);
      total[i % 3] += v;
      size[i % 3] += std::fabs(v);
    }
    for (Index i = 0; i < values.size(); ++i) {
      const long double d = get(values, i) - total[i % 3] / rows;
      square[i % 3] += d * d;
    }
    const auto [s, m, v] = f(values);
    // at most 4104 rows one after another, then a tree of the chunks
    constexpr double unit = 0x1p-24, depth = 4104 + 8;
    for (Index c = 0; c < 3; ++c) {
      CHECK(std::fabs(get(s, c) - static_cast<double>(total[c])) <= depth * unit * static_cast<double>(size[c]));
      CHECK(std::fabs(get(m, c) * rows - static_cast<double>(total[c])) <=
            (depth + 2) * unit * static_cast<double>(size[c]));
      CHECK(std::fabs(get(v, c) / static_cast<double>(square[c] / rows) - 1) < depth * unit);
    }
  }
}

TEST_CASE("the variance of columns, one pass over them, has the digits of two") {
  for (const std::string& way :
       std::vector<std::string>{"device=cpu", "device=cpu,threads=3", "mode=FAST_COMPILE", on_gpu()})
    for (const DType dtype : {float32, float64}) {
      const ScopedConfig scope{way};
      const double unit = dtype == float32 ? 0x1p-23 : 0x1p-52;
      const Tensor x = tensor("x", dtype, {-1, -1});
      const auto f = function(x, {var(x, 0), sum(square(x - mean(x, 0)), 0)});
      for (const Extents& shape : {Extents{1, 40}, Extents{2, 1}, Extents{7, 5}, Extents{8, 17}, Extents{9, 300},
                                   Extents{27, 33}, Extents{2049, 33}, Extents{5000, 3}})
        for (const double shift : {0.0, 1e4}) {
          Array in = numbers(shape, dtype, 11);
          // the first row lies apart, as where a measurement begins; each column has a size of its own
          const Index columns = shape[1];
          const double digits =
              unit * static_cast<double>(shape[0] + 10);  // a chunk's rows are added one after another
          for (Index i = 0; i < in.size(); ++i)
            set(in, i, shift + (1.0 + static_cast<double>(i % columns)) * (get(in, i) + (i < columns ? 3 : 0)));
          const auto [v, squares] = f(in);
          for (Index c = 0; c < columns; ++c) {
            long double total = 0, square = 0;
            for (Index r = 0; r < shape[0]; ++r) total += get(in, r * columns + c);
            for (Index r = 0; r < shape[0]; ++r) {
              const long double d = get(in, r * columns + c) - total / shape[0];
              square += d * d;
            }
            INFO(way << " " << static_cast<int>(dtype) << " " << shape[0] << " x " << columns << ", column " << c
                     << ", " << shift);
            // numbers near 10^4 with steps of their own last digit are all that there is to work with
            CHECK(std::fabs(get(squares, c) - static_cast<double>(square)) <=
                  digits * static_cast<double>(square) + unit * shift);
            CHECK(std::fabs(get(v, c) * static_cast<double>(shape[0]) - static_cast<double>(square)) <=
                  digits * static_cast<double>(square) + unit * shift);
          }
        }
    }
}

TEST_CASE("the gradients of normalized rows have the digits of their dtype, wherever the rows lie") {
  for (const char* way : ways)
    for (const double shift : {0.0, 100.0}) {
      const ScopedConfig scope{way};
      Array x = numbers({9, 700}, float32, 14);
      const Array g = numbers({9, 700}, float32, 15), gain = numbers({700}, float32, 16);
      for (Index i = 0; i < x.size(); ++i) set(x, i, shift + get(x, i));
      const auto gradients = [&](DType dtype) {
        const Tensor t = tensor("x", dtype, {-1, -1}), u = tensor("g", dtype, {-1, -1}), v = tensor("v", dtype, {-1});
        const Tensor centred = t - mean(t, 1, keepdims);
        const Tensor norm = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5) * v;
        const Tensor cost = sum(norm * u);
        return function({t, u, v}, {grad(cost, t), grad(cost, v)})(x.astype(dtype), g.astype(dtype),
                                                                   gain.astype(dtype));
      };
      const auto [dx, dgain] = gradients(float32);
      const auto [want_dx, want_dgain] = gradients(float64);
      const double unit = 0x1p-23 * (10 + shift);
      for (Index i = 0; i < x.size(); ++i) CHECK(std::fabs(get(dx, i) - get(want_dx, i)) <= 4 * unit);
      for (Index i = 0; i < 700; ++i) CHECK(std::fabs(get(dgain, i) - get(want_dgain, i)) <= 9 * unit);
    }
}

TEST_CASE("the variance of columns that have been centred before is the same") {
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = fmatrix("x"), y = x - mean(x, 0), z = y - mean(y, 0);
    const Array in = numbers({50, 20}, float32, 13);
    const auto [once, twice, thrice] = function(x, {var(x, 0), var(y, 0), var(z, 0)})(in);
    for (Index c = 0; c < 20; ++c) {
      CHECK(get(twice, c) == Approx(get(once, c)).epsilon(1e-5));
      CHECK(get(thrice, c) == Approx(get(once, c)).epsilon(1e-5));
    }
  }
}

TEST_CASE("the variance of columns with NaN or infinity in them is NaN, and of no rows too") {
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = fmatrix("x");
    const Function f = function(x, var(x, 0));
    Array in = numbers({100, 40}, float32, 12);
    set(in, 40 * 50 + 3, std::nan(""));
    set(in, 7, INFINITY);
    const Array v = f(in);
    for (Index c = 0; c < 40; ++c) CHECK(std::isnan(get(v, c)) == (c == 3 || c == 7));
    const Array none = f(Array::zeros({0, 40}, float32));
    for (Index c = 0; c < 40; ++c) CHECK(std::isnan(get(none, c)));
  }
}

TEST_CASE("a product of 10^5 numbers near 1 keeps its digits, and one zero among them makes it zero") {
  const Tensor x = dvector("x");
  const Function f = function(x, prod(x));
  Array in = numbers({100'000}, float64, 6);
  long double log = 0;
  for (Index i = 0; i < in.size(); ++i) {
    set(in, i, 1 + 1e-3 * get(in, i));
    log += std::log(static_cast<long double>(get(in, i)));
  }
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    CHECK(std::fabs(static_cast<double>(f(in).item<double>() / std::exp(log)) - 1) < 1e5 * 0x1p-53);
  }
  set(in, 777, 0);
  CHECK(f(in).item<double>() == 0);
}

TEST_CASE("a number above the largest int64 keeps its value wherever it goes") {
  const std::uint64_t large = (std::uint64_t{1} << 63) + 1;
  const Tensor x = dscalar("x"), i = scalar("i", int64);
  CHECK(function(x, x, {.allow_input_downcast = true})(large).item<double>() == 0x1p63);
  CHECK(says(message<DTypeError>([&] { function(i, i)(large); }), "argument 1 'i' is 9223372036854775809,"));
  const Shared w = shared(std::int64_t{0}, "w");
  CHECK(says(message<DTypeError>([&] { w.set_value(large); }), "cannot hold 9223372036854775809 exactly"));
  CHECK(shared(large).dtype() == uint64);
}

TEST_CASE("halves are computed by kernels, in float32, each value rounded once") {
  for (const DType dtype : {float16, bfloat16}) {
    const Tensor x = tensor("x", dtype, {-1, -1}), w = tensor("w", dtype, {-1, 5});
    const Tensor h = tanh(dot(x, w)) * 0.5 + exp(-x(all, slice(0, 5)));
    const std::vector<Tensor> asked = {h,        softmax(h),       sum(h, 0), max(h, 1), argmax(h, 1),
                                       h > 0.25, cast(h, float32), x.T()};
    const Array a = numbers({37, 19}, float64, 7).astype(dtype), b = numbers({19, 5}, float64, 8).astype(dtype);
    const auto results = [&](const std::string& way) {
      const ScopedConfig scope{way};
      const auto f = function({x, w}, asked);
      if (std::string_view(way).starts_with("device")) {
        INFO(f.explain());
        CHECK(f.explain().find("host") == std::string::npos);
      }
      return f(a, b);
    };
    const std::vector<Array> want = results("mode=FAST_COMPILE");
    for (const std::string& way : std::vector<std::string>{"device=cpu", on_gpu()}) {
      const std::vector<Array> got = results(way);
      for (std::size_t k = 0; k < want.size(); ++k) {
        REQUIRE(got[k].dtype() == want[k].dtype());
        for (Index i = 0; i < want[k].size(); ++i) {
          INFO(way << ", result " << k << ", element " << i);
          CHECK(std::fabs(get(got[k], i) - get(want[k], i)) <=
                (dtype == float16 ? 0x1p-9 : 0x1p-6) * std::fabs(get(want[k], i)));
        }
      }
    }
  }
}

TEST_CASE("constants of halves are numbers, not their bits") {
  for (const DType dtype : {float16, bfloat16}) {
    const Tensor x = vector("x", dtype);
    const Array two = Array{1., 2., 3.}.astype(dtype);
    CHECK(array_equal(function({}, full({3}, Operand(1.5).get().astype(dtype)))(), Array{1.5, 1.5, 1.5}.astype(dtype)));
    CHECK(array_equal(function({x}, ones_like(x))(two), Array{1., 1., 1.}.astype(dtype)));
    CHECK(array_equal(function({x}, x + ones({3}, dtype))(two), Array{2., 3., 4.}.astype(dtype)));
  }
}

TEST_CASE("the mean of halves whose sum overflows is finite") {
  for (const DType dtype : {float16, bfloat16})
    for (const char* way : ways) {
      const ScopedConfig scope{way};
      const double large = dtype == float16 ? 60000 : 1e34;
      const Tensor x = tensor("x", dtype, {-1, -1});
      const auto f = function(x, {mean(x), mean(x, 0), mean(x, 1)});
      const auto [whole, columns, rows] = f(Array::full({70, 50}, large, dtype));
      const double want = get(Array::full({}, large, dtype), 0);
      CHECK(get(whole, 0) == want);
      CHECK(array_equal(columns, Array::full({50}, large, dtype)));
      CHECK(array_equal(rows, Array::full({70}, large, dtype)));
    }
}

TEST_CASE("adding to elements of integers wraps, in every mode") {
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = tensor("x", int32, {-1}), small = tensor("small", int8, {-1});
    const auto f = function({x, small}, {inc_subtensor(x(slice(0, 2)), cast(1, int32)),
                                         inc_subtensor(small(slice(0, 1)), small(slice(1, 2)))});
    const auto [y, s] = f(Array{2147483647, -1, 5}, Array(std::vector<std::int8_t>{127, 100}));
    CHECK(array_equal(y, Array{-2147483647 - 1, 0, 5}));
    CHECK(get(s, 0) == -29);
  }
}

TEST_CASE("var and stddev divide by n less ddof, as NumPy does") {
  for (const std::string way : {"mode=FAST_RUN", "mode=FAST_COMPILE"}) {
    INFO(way);
    const ScopedConfig scope{way};
    const Tensor x = tensor("x", float64, {any_extent, 2});
    const auto f = function(x, {var(x, 0, {.ddof = 1}), stddev(x, 0, {.ddof = 1}), var(x, {}, {.ddof = 2}),
                                var(x, -1, keepdims, {.ddof = 1}), stddev(x, {0, 1}, keepdims, {.ddof = 1})});
    const auto r = f(Array{{1., 2.}, {3., 6.}, {8., 4.}});
    CHECK(r[0].at<double>(0) == Approx(13));
    CHECK(r[0].at<double>(1) == Approx(4));
    CHECK(r[1].at<double>(1) == Approx(2));
    CHECK(r[2].item<double>() == Approx(34. / 4));  // the mean is 4
    CHECK(r[3].shape() == Extents{3, 1});
    CHECK(r[3].at<double>(2, 0) == Approx(8));
    CHECK(r[4].shape() == Extents{1, 1});
    CHECK(r[4].at<double>(0, 0) == Approx(std::sqrt(34. / 5)));
    // by 0: NaN of nothing and of equal elements, else infinite, also where ddof is larger than n
    const auto g = function(x, {var(x, 0, {.ddof = 1}), stddev(x, 0, {.ddof = 2}), var(x, 0, {.ddof = 3})});
    const auto one = g(Array{{1., 2.}}), two = g(Array{{1., 2.}, {2., 2.}}), none = g(Array::zeros({0, 2}));
    CHECK(std::isnan(one[0].at<double>(0)));
    CHECK(std::isnan(none[0].at<double>(0)));
    CHECK(two[0].at<double>(0) == Approx(0.5));
    CHECK(std::isinf(two[1].at<double>(0)));
    CHECK(std::isnan(two[1].at<double>(1)));
    CHECK(std::isinf(two[2].at<double>(0)));
  }
  const Tensor x = dmatrix("x"), w = dvector("w"), h = matrix("h", float16), n = imatrix("n");
  verify_grad(sum(var(x, 0, {.ddof = 1}) * w) + sum(stddev(x, 1, {.ddof = 1})), {x, w},
              {Array{{1., 2.}, {3., 6.}, {8., 4.}}, Array{0.5, -1.}});
  CHECK(var(h, 0, {.ddof = 1}).dtype() == float16);
  CHECK(var(n, 0, {.ddof = 1}).dtype() == floatX());
  const Array counts{{1, 2}, {3, 6}, {8, 4}};
  CHECK(var(n, 0, {.ddof = 1}).eval({{n, counts.astype(int32)}}).astype(float64).at<double>(0) == Approx(13));
  // without a ddof it is var itself
  CHECK(debugprint(var(x, 0, {.ddof = 0})) == debugprint(var(x, 0)));
  CHECK_THROWS_AS(var(x, {0, 0}, {.ddof = 1}), ShapeError);
}

TEST_CASE("argmax along more than 2^31 elements: a call so long has a program of its own") {
  const Tensor n = lscalar("n"), wanted = lscalar("wanted");
  const auto f = function({n, wanted}, argmax(arange(n) >= wanted));
  const std::string is_longer = "more than 32 bits";
  const auto position = [&](Index elements, Index place) {
    return f(Array(elements), Array(place)).item<std::int64_t>();
  };
  CHECK(position(100, 98) == 98);
  CHECK(f.explain().find(is_longer) == std::string::npos);
  constexpr Index long_axis = (Index{1} << 31) + 5;
  CHECK(position(long_axis, long_axis - 2) == long_axis - 2);
  CHECK(f.explain().find(is_longer) != std::string::npos);
  CHECK(position(100, 97) == 97);
}

}  // namespace croton
