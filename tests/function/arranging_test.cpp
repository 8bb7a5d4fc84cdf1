// What turns, searches and counts, compiled: in the ways that only functions go.
#include <algorithm>
#include <array>
#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"

using namespace croton;

TEST_CASE("elements move round an axis, dense in memory or not, of a known extent or of another") {
  const ScopedConfig scope(GENERATE(std::string("device=cpu"), on_gpu()));
  for (const int by : {0, 1, 4, 5, -1, -9, 17}) {  // of known extents and of others, along axes that lie dense or not
    const auto moved = [by](Index i) { return ((i - by) % 5 + 5) % 5; };
    const Array a = eval(reshape(arange(50), {5, 2, 5}));
    const Tensor open = ltensor3("open"), known = tensor("known", int64, {5, 2, 5});
    const auto f = function({open, known}, {roll(open, by, 0), roll(open, by, 2), roll(known, by, -1)});
    const std::array<Array, 3> rolled = f(a, a);
    const Array &first = rolled[0], &last = rolled[1], &also = rolled[2];
    bool right = array_equal(last, also);
    for (Index i = 0; i < 5; ++i)
      for (Index j = 0; j < 5; ++j)
        right = right && first.at<Index>(i, 1, j) == a.at<Index>(moved(i), 1, j) &&
                last.at<Index>(i, 1, j) == a.at<Index>(i, 1, moved(j));
    INFO(by);
    CHECK(right);
  }
}

TEST_CASE("the gradient of roll moves back, and scatters nothing") {
  const Tensor x = dmatrix("x");
  for (const int axis : {0, 1}) {
    const Function f = function(x, grad(sum(square(roll(x, 1, axis) - x)), x));
    CHECK(f.explain().find("scatter") == std::string::npos);
    const Array a{{0.0, 1.0, 5.0}, {2.0, -1.0, 3.0}, {1.0, 1.0, 4.0}};
    const Tensor c = constant(a);
    CHECK(array_equal(f(a), eval(2 * (2 * c - roll(c, 1, axis) - roll(c, -1, axis)))));
  }
}

TEST_CASE("many values are searched and counted in chunks, as one after another") {
  std::vector<double> sorted, values;
  std::vector<Index> numbers_of(100000);
  for (int i = 0; i < 777; ++i) sorted.push_back(std::floor(i / 3.0));  // each three times
  sorted.push_back(NAN);
  for (int i = 0; i < 20003; ++i) values.push_back((i * 37 % 2000) * 0.5 - 100);
  values[19999] = NAN, values[5] = -0.0;
  std::uint32_t state = 1;
  for (Index& n : numbers_of) n = (state = state * 1664525 + 1013904223) >> 22;
  const Tensor s = dvector("s"), v = dvector("v"), i = lvector("i");
  const auto f = function({s, v, i}, {searchsorted(s, v), searchsorted(s, v, true), bincount(i), bincount(i, 2000)});
  const auto [left, right, counts, more] = f(Array(sorted), Array(values), Array(numbers_of));
  const auto before = [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; };
  bool as_std = true;
  for (std::size_t k = 0; k < values.size(); ++k)
    as_std =
        as_std &&
        left.values<Index>()[k] == std::lower_bound(sorted.begin(), sorted.end(), values[k], before) - sorted.begin() &&
        right.values<Index>()[k] == std::upper_bound(sorted.begin(), sorted.end(), values[k], before) - sorted.begin();
  CHECK(as_std);
  std::vector<Index> wanted(1024);
  for (const Index n : numbers_of) ++wanted[static_cast<std::size_t>(n)];
  CHECK(array_equal(counts, Array(wanted)));
  wanted.resize(2000);
  CHECK(array_equal(more, Array(wanted)));
  numbers_of[70000] = -3;
  CHECK_THROWS_WITH(f(Array(sorted), Array(values), Array(numbers_of)), Catch::Contains("element 70000 of i is -3"));
}

TEST_CASE("many numbers added to few are added in pieces, to -0 too") {
  const Tensor x = dvector("x"), v = dvector("v"), i = lvector("i");
  const Function f = function({x, i, v}, x[i].inc(v));
  std::vector<Index> rows(100000);
  std::vector<double> values(rows.size());
  std::array<double, 7> wanted{1, 2, 3, 4, 5, -0.0, 7};
  const Array begin(wanted.data(), {7});
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const std::size_t row = k * k % 5;
    rows[k] = static_cast<Index>(row) - (k % 2 ? 7 : 0);
    wanted[row] += values[k] = static_cast<double>(k % 11);  // sums of whole numbers: exact in any order
  }
  const Array sums = f(begin, Array(rows), Array(values));
  CHECK(array_equal(sums, Array(wanted.data(), {7})));
  CHECK(std::signbit(sums.at<double>(5)));
  rows[90000] = 7;
  CHECK_THROWS_WITH(f(begin, Array(rows), Array(values)),
                    Catch::Contains("index 7 is out of range") && Catch::Contains("at element [90000]"));
}
