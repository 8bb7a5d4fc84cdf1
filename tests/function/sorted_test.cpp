// Sorting in compiled functions against std::stable_sort: every dtype, lengths around those at which the way changes,
// elements that are equal without being the same, and any number of threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

#include "array/access.h"
#include "base/dtype.h"
#include "catch.h"
#include "croton.h"
#include "ops/lines.h"
#include "ops/network.h"
#include "ops/order.h"
#include "runtime/cpu/parallel.h"

using namespace croton;

namespace {

template <class T>
double number(T v) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<double>(to_float(v));
  else
    return static_cast<double>(v);
}

/// Elements of which many are equal, and a third have any bits: among floats there are both zeros, infinities and
/// several NaN, among integers the least and the greatest.
Array drawn(DType d, const Extents& shape) {
  std::mt19937_64 draw(static_cast<std::uint64_t>(shape[0]));
  const Array few =
      (is_float(d) ? Array{0., -0., 1., -1., 5., -5., HUGE_VAL, -HUGE_VAL} : Array{0., 1., 1., 2., 3., 5., 8., 100.})
          .astype(d);
  Array a = empty(shape, d);
  visit_dtype(d, [&]<class T>(T) {
    const T* const from = data_as<T>(few);
    T* const p = mutable_data_as<T>(a);
    for (Index i = 0; i < a.size(); ++i) {
      const std::uint64_t bits = draw();
      p[i] = from[bits % 8];
      if (bits / 8 % 3 == 0 && d != boolean) std::memcpy(static_cast<void*>(p + i), &bits, sizeof(T));
    }
  });
  return a;
}

/// The stable order of each line, from std::stable_sort. Integers of 64 bits are compared as they are.
Array order_of(const Array& x, Index axis, bool falling = false) {
  Array order = empty(x.shape(), int64);
  const ops::Lines lines = ops::lines_of(x.shape(), axis);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    const T* const p = data_as<T>(x);
    for (Index l = 0; l < lines.count; ++l) {
      const auto before = [&](Index a, Index b) {
        const T u = p[lines.start(l) + (falling ? b : a) * lines.step],
                v = p[lines.start(l) + (falling ? a : b) * lines.step];
        if constexpr (std::is_integral_v<T>)
          return u < v;
        else
          return number(u) < number(v) || (std::isnan(number(v)) && !std::isnan(number(u)));
      };
      std::vector<Index> line(static_cast<std::size_t>(lines.length));
      std::iota(line.begin(), line.end(), Index{0});
      std::stable_sort(line.begin(), line.end(), before);
      for (Index i = 0; i < lines.length; ++i)
        mutable_data_as<Index>(order)[lines.start(l) + i * lines.step] = line[static_cast<std::size_t>(i)];
    }
  });
  return order;
}

/// The elements at those places of each line.
Array taken(const Array& x, const Array& places, Index axis) {
  Array r = empty(places.shape(), x.dtype());
  const ops::Lines from = ops::lines_of(x.shape(), axis), to = ops::lines_of(places.shape(), axis);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    for (Index l = 0; l < to.count; ++l)
      for (Index i = 0; i < to.length; ++i) {
        const Index at = to.start(l) + i * to.step;
        mutable_data_as<T>(r)[at] = data_as<T>(x)[from.start(l) + data_as<Index>(places)[at] * from.step];
      }
  });
  return r;
}

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(data(a), data(b), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

struct Threads {
  explicit Threads(int n) { runtime::set_threads(n); }
  ~Threads() { runtime::set_threads(0); }
};

}  // namespace

TEST_CASE("sort and argsort are std::stable_sort to the bit for every dtype and length on any number of threads") {
  for (const DType d : all_dtypes) {
    const Tensor x = tensor("x", d, {any_extent});
    const auto f = function({x}, {sort(x), argsort(x)});
    for (const Index n : {0, 1, 2, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 1000, 65536, 65537, 150000}) {
      const Array a = drawn(d, {n}), order = order_of(a, 0);
      for (const int threads : {1, 2, 5}) {
        INFO(name_of(d) << ", " << n << " elements, " << threads << " threads");
        const Threads scope(threads);
        const auto [sorted, places] = f(a);
        CHECK(same_bits(places, order));
        CHECK(same_bits(sorted, taken(a, order, 0)));
      }
    }
  }
}

TEST_CASE("lines are sorted along either axis whether they are many short ones or a few long ones") {
  for (const DType d : {float32, float64, int64, uint8}) {
    const Tensor x = tensor("x", d, {any_extent, any_extent});
    for (const int axis : {0, 1}) {
      const auto f = function({x}, {sort(x, axis), argsort(x, axis)});
      for (const Extents& shape : {Extents{300, 10}, {10, 300}, {3, 70000}, {70000, 3}, {200, 200}, {0, 5}, {1, 40}}) {
        const Array a = drawn(d, shape), order = order_of(a, axis);
        for (const int threads : {1, 2}) {
          INFO(name_of(d) << " " << shape << " along axis " << axis << ", " << threads << " threads");
          const Threads scope(threads);
          const auto [sorted, places] = f(a);
          CHECK(same_bits(places, order));
          CHECK(same_bits(sorted, taken(a, order, axis)));
        }
      }
    }
  }
}

TEST_CASE("many short lines are put in order side by side for every dtype with ties and NaN included") {
  for (const DType d : all_dtypes) {
    const Tensor x = tensor("x", d, {any_extent, any_extent});
    for (const int axis : {0, 1}) {
      const Tensor first = topk(x, 2, axis, false)[1];
      const Tensor middle = apply(ops::argmedian, {{"axis", Index{axis}}}, {x}, Where::here());
      const auto f = function({x}, {sort(x, axis), argsort(x, axis), first, middle});
      for (const Index n : {2, 3, 7, 17, 64, 100, 1025, 2047, 2048, 2049}) {
        const Array a = drawn(d, axis == 0 ? Extents{n, 75} : Extents{75, n}), order = order_of(a, axis);
        INFO(name_of(d) << ", lines of " << n << " elements along axis " << axis);
        const auto found = f(a);
        CHECK(same_bits(found[1], order));
        CHECK(same_bits(found[0], taken(a, order, axis)));
        const auto of_order = [&](Index from) {
          const Extents shape = axis == 0 ? Extents{2, 75} : Extents{75, 2};
          return contiguous(view(order, shape, strides(order), from * strides(order)[static_cast<std::size_t>(axis)]));
        };
        CHECK(same_bits(found[2], of_order(0)));
        const Array sorted = taken(a, order, axis).astype(float64);
        const ops::Lines lines = ops::lines_of(a.shape(), axis), two = ops::lines_of(found[3].shape(), axis);
        for (Index l = 0; l < lines.count; ++l)
          for (const Index k : {0, 1}) {
            const bool nan = std::isnan(get(sorted, lines.start(l) + (n - 1) * lines.step));
            const Index wanted = lines.start(l) + (nan ? n - 1 : (n - 1 + k) / 2) * lines.step;
            CHECK(get_index(found[3], two.start(l) + k * two.step) == get_index(order, wanted));
          }
      }
    }
  }
}

TEST_CASE("lines are put in order by several threads as by one", "[threads]") {
  for (const DType d : {float32, int64}) {
    const Tensor x = tensor("x", d, {any_extent, any_extent});
    const auto f = function({x}, {sort(x, 1), argsort(x, 1)});
    for (const Extents& shape : {Extents{1, 70000}, {5, 3000}, {900, 30}}) {
      const Array a = drawn(d, shape);
      const auto on = [&](int threads) {
        const Threads scope(threads);
        return f(a);
      };
      const auto one = on(1), several = on(5);
      INFO(name_of(d) << " " << shape);
      CHECK(same_bits(one[0], several[0]));
      CHECK(same_bits(one[1], several[1]));
    }
  }
}

TEST_CASE("lines side by side are sorted by vectors of any size") {
  std::mt19937_64 draw(7);
  const auto check = [&]<class W>(W) {
    constexpr std::size_t lines = ops::lines_abreast<W>;
    const std::array sorts{ops::network::sort<16, W>, ops::network::sort<32, W>, ops::network::sort<64, W>,
                           ops::sort_abreast<W>};
    for (const auto sort_words : sorts)
      for (std::size_t n = 1; n < 70; ++n) {
        Array room = empty(Extents{64 * n}, uint8);
        W* const words = reinterpret_cast<W*>(mutable_data(room));
        std::vector<std::vector<W>> wanted(lines);
        for (std::size_t i = 0; i < n * lines; ++i) {
          words[i] = static_cast<W>(draw());
          wanted[i % lines].push_back(words[i]);
        }
        sort_words(words, n);
        bool same = true;
        for (std::size_t l = 0; l < lines; ++l) {
          std::sort(wanted[l].begin(), wanted[l].end());
          for (std::size_t i = 0; i < n; ++i) same = same && words[i * lines + l] == wanted[l][i];
        }
        CHECK(same);
      }
  };
  check(std::uint8_t{});
  check(std::uint16_t{});
  check(std::uint32_t{});
  check(std::uint64_t{});
}

TEST_CASE("topk is the beginning of the stable order with ties and NaN included") {
  for (const DType d : {float32, float64, float16, int64, uint8}) {
    const Tensor x = tensor("x", d, {any_extent, any_extent});
    for (const bool largest : {false, true})
      for (const Index k : {0, 1, 5, 40}) {
        const auto top = topk(x, k, 0, largest);
        const auto f = function({x}, {top[0], top[1]});
        for (const Extents& shape : {Extents{40, 3}, {3000, 2}, {70000, 1}}) {
          INFO(name_of(d) << " " << shape << ", the " << k << (largest ? " largest" : " smallest"));
          const Array a = drawn(d, shape), order = order_of(a, 0, largest);
          const Array first = contiguous(view(order, {k, shape[1]}, {shape[1], 1}));
          const auto [values, places] = f(a);
          CHECK(same_bits(places, first));
          CHECK(same_bits(values, taken(a, first, 0)));
        }
      }
  }
}

TEST_CASE("unique elements are the first of each run of the stable order") {
  for (const DType d : {float32, float64, bfloat16, int64, uint8, boolean}) {
    const Tensor x = tensor("x", d, {any_extent});
    const Unique u = unique(x);
    const auto f = function({x}, {u.values, u.index, u.inverse, u.counts});
    const Function values_alone = function(x, u.values);
    for (const Index n : {0, 1, 2, 40, 1000, 70000}) {
      INFO(name_of(d) << ", " << n << " elements");
      const Array a = drawn(d, {n}), order = order_of(a, 0);
      const auto [values, index, inverse, counts] = f(a);
      std::vector<Index> first, number(static_cast<std::size_t>(n)), count;
      for (Index i = 0; i < n; ++i) {
        const Index at = get_index(order, i), before = i > 0 ? get_index(order, i - 1) : at;
        const bool equal = get(a, at) == get(a, before) || (std::isnan(get(a, at)) && std::isnan(get(a, before)));
        const bool same = d == int64 ? get_index(a, at) == get_index(a, before) : equal;
        if (i == 0 || !same) first.push_back(at), count.push_back(0);
        ++count.back();
        number[static_cast<std::size_t>(at)] = static_cast<Index>(first.size()) - 1;
      }
      CHECK(same_bits(index, Array(first)));
      CHECK(same_bits(inverse, Array(number)));
      CHECK(same_bits(counts, Array(count)));
      CHECK(same_bits(values, taken(a, Array(first), 0)));
      CHECK(same_bits(values_alone(a), values));
    }
  }
}

TEST_CASE("the median is the mean of the two elements in the middle of the order and one NaN makes it NaN") {
  const Tensor x = dmatrix("x");
  const Function f = function(x, median(x, 0));
  for (const Index n : {1, 2, 3, 4, 1024, 1025, 70000, 70001}) {
    Array a = drawn(int16, {n, 2}).astype(float64);
    const Array sorted = taken(a, order_of(a, 0), 0);
    for (int column = 0; column < 2; ++column) {
      const auto at = [&](Index i) { return get(sorted, 2 * i + column); };
      CHECK(get(f(a), column) == 0.5 * at((n - 1) / 2) + 0.5 * at(n / 2));
    }
    set(a, 2 * (n / 2) + 1, std::nan(""));
    CHECK(std::isnan(get(f(a), 1)));
    CHECK_FALSE(std::isnan(get(f(a), 0)));
  }
}

TEST_CASE("topk of more elements than an axis has is an error that says how many there are") {
  const Tensor x = dvector("x");
  CHECK_THROWS_WITH(topk(tensor("y", float64, {3}), 4),
                    Catch::Contains("topk: the first 4 elements are out of range: axis 0 of y float64[3] has 3"));
  const Function f = function(x, topk(x, 4)[0]);
  CHECK_THROWS_AS(f(Array{1., 2., 3.}), IndexError);
}
