// What is read from a tensor that was written to, and what is written over.
#include <algorithm>

#include "array/access.h"
#include "base/error.h"
#include "catch.h"
#include "rewriting.h"

using namespace croton;
using namespace croton::rewrite;

namespace {

Array counting(Index n, double first) {
  Array a = Array::zeros({n}, float64);
  for (double& d : a.mutable_values<double>()) d = first++;
  return a;
}

bool writes(const Tensor& t) {
  for (const Tensor& n : topological({&t, 1}))
    if (is_op(n, ops::write)) return true;
  return false;
}

const std::vector<Bound> bounds{none, -2, -1, 0, 1, 2, 3};

/// f(item, text) for ranges and integers.
template <class F>
void each_item(F&& f) {
  for (const Bound& start : bounds)
    for (const Bound& stop : bounds) f(IndexItem(slice(start, stop)));
  for (const Index i : {-2, -1, 0, 1, 2}) f(IndexItem(i));
}

}  // namespace

TEST_CASE("a slice of what was written is that of the parts, for all bounds, of known extent or not") {
  Index without_a_write = 0;
  for (const bool set : {true, false})
    for (const Index known : {any_extent, Index{4}})
      each_item([&](const IndexItem& to) {
        each_item([&](const IndexItem& from) {
          const Tensor x = tensor("x", float64, {known}), part = x(to);
          const Tensor v = tensor("v", float64, Extents(type(part).shape));
          const Tensor y = (set ? set_subtensor(part, v) : inc_subtensor(part, v))(from), made = canonical(y);
          without_a_write += !writes(made);
          for (const Index n : {0, 1, 2, 3, 4, 7}) {
            if (known >= 0 && n != known) continue;
            const Array a = counting(n, 1);
            Array expected;
            try {
              const Array b = counting(std::max<Index>(1, evaluate(part, {{x, a}}).size()), 10);
              const Array value = part.ndim() == 0                       ? b.reshape({})
                                  : evaluate(part, {{x, a}}).size() == 0 ? Array::zeros({0}, float64)
                                                                         : b;
              expected = evaluate(y, {{x, a}, {v, value}});
              CHECK(array_equal(evaluate(made, {{x, a}, {v, value}}), expected));
            } catch (const IndexError&) {}
          }
        });
      });
  CHECK(without_a_write > 3000);
}

TEST_CASE("of what is written over, all of it, nothing is left, for all bounds, of known extent or not") {
  Index left_out = 0;
  for (const Index known : {any_extent, Index{4}})
    each_item([&](const IndexItem& first) {
      each_item([&](const IndexItem& then) {
        const Tensor x = tensor("x", float64, {known}), once = set_subtensor(x(first), x(first) * 3 + 1),
                     y = set_subtensor(once(then), -x(then)), made = canonical(y);
        const std::vector<Tensor> nodes = topological({&made, 1});
        const auto count =
            std::count_if(nodes.begin(), nodes.end(), [](const Tensor& n) { return is_op(n, ops::write); });
        left_out += count < 2;
        for (const Index n : {0, 1, 2, 3, 4, 7}) {
          if (known >= 0 && n != known) continue;
          const Array a = counting(n, 1);
          try {
            const Array expected = evaluate(y, {{x, a}});
            CHECK(array_equal(evaluate(made, {{x, a}}), expected));
          } catch (const IndexError&) {}
        }
      });
    });
  CHECK(left_out > 1000);
}

TEST_CASE("what is written everywhere is the result, and what is added to it stays added") {
  const Tensor x = tensor("x", float64, {2, 3}), v = tensor("v", float64, {2, 3}), r = row("r", float64);
  for (const Tensor& whole : {x(all), x(slice(0, none), all), x(slice(none, none, 1)), x(ellipsis)}) {
    CHECK(spelled(canonical(set_subtensor(whole, v))) == spelled(v));
    CHECK(spelled(canonical(inc_subtensor(whole, v))) != spelled(v));
  }
  CHECK(array_equal(
      evaluate(canonical(set_subtensor(x(all), r)), {{x, Array::zeros({2, 3})}, {r, Array{{1.0, 2.0, 3.0}}}}),
      Array{{1.0, 2.0, 3.0}, {1.0, 2.0, 3.0}}));
  CHECK(writes(canonical(set_subtensor(x(slice(none, none, -1)), v))));
}

TEST_CASE("columns that were set one after another are read from where they came from") {
  const Tensor x = tensor("x", float64, {4, 3}), v = tensor("v", float64, {4}), u = tensor("u", float64, {4});
  const Tensor twice = set_subtensor(set_subtensor(x(all, 1), v)(all, 2), u);
  CHECK(spelled(canonical(twice(all, 2))) == spelled(u));
  CHECK(spelled(canonical(twice(all, 1))) == spelled(v));
  CHECK(spelled(canonical(twice(all, 0))) == spelled(x(all, 0)));
  CHECK(spelled(canonical(inc_subtensor(x(all, 1), v)(all, 1))) == spelled(canonical(x(all, 1) + v)));
}

TEST_CASE("a column that was set broadcasts as one, whatever is known of the value") {
  const Tensor x = tensor("x", float64, {-1, 3}), v = dmatrix("v"), z = dmatrix("z"), c = col("c", float64);
  const Tensor column = set_subtensor(x(all, slice(1, 2)), v)(all, slice(1, 2)), y = column + z;
  const Array a = Array::zeros({2, 3}), of_v{{1.0}, {2.0}}, of_z{{1.0, 2.0}, {3.0, 4.0}};
  CHECK(array_equal(evaluate(canonical(y), {{x, a}, {v, of_v}, {z, of_z}}), Array{{2.0, 3.0}, {5.0, 6.0}}));
  CHECK_FALSE(writes(canonical(set_subtensor(x(all, slice(1, 2)), c)(all, slice(1, 2)) + z)));
}

TEST_CASE("the middle of a frame is what was written there, and an index out of range stays an error") {
  const auto framed = [](const Tensor& x, const Tensor& v) { return set_subtensor(x(slice(1, -1), slice(1, -1)), v); };
  const Tensor known = tensor("x", float64, {6, 7}), fits = tensor("v", float64, {4, 5});
  CHECK(spelled(canonical(framed(known, fits)(slice(1, -1), slice(1, -1)))) == spelled(fits));
  CHECK(spelled(canonical(framed(known, fits)(slice(2, -2), slice(1, -1)))) == spelled(fits(slice(1, 3))));
  const Tensor x = dmatrix("x"), v = dmatrix("v");
  CHECK_FALSE(writes(canonical(framed(x, v)(slice(1, -1), slice(1, -1)))));
  CHECK_FALSE(writes(canonical(framed(x, v)(slice(2, -2), slice(1, -1)))));
  CHECK(spelled(canonical(framed(x, v)(0))) == spelled(x(0)));
  const Tensor y = dvector("y"), s = dscalar("s");
  CHECK(writes(canonical(set_subtensor(y(5), s)(0))));
}
