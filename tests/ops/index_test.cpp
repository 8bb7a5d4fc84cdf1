// Indexing: types, errors, what set() writes to. (Values against NumPy: tests/conformance.)
#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "graph/node.h"
#include "graph/type.h"
#include "ops/evaluate.h"

using namespace croton;

namespace {

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return "";
}

std::string line(int n) { return "index_test.cpp:" + std::to_string(n) + ": "; }

Array value(const Tensor& t, const ops::Values& leaves) { return ops::evaluate({&t, 1}, leaves)[0]; }

const Array six({0., 1., 2., 3., 4., 5.});

}  // namespace

TEST_CASE("an integer index that a known extent refuses is an error where it is written") {
  const Tensor x = tensor("x", float64, {5, 6});
  const int at = __LINE__ + 1;
  CHECK(error_of([&] { x(0, 7); }) ==
        line(at) + "index 7 is out of range for axis 1 of x float64[5, 6] (valid: -6 .. 5)");
  CHECK(x(-5, -6).ndim() == 0);
  CHECK_THROWS_AS(x(0, 0, 0), IndexError);
  CHECK_THROWS_AS(x(ellipsis, ellipsis), IndexError);
  CHECK_THROWS_AS(x[slice(0, 5, 0)], IndexError);
}

TEST_CASE("the lowest numbers of int64 are bounds and indices like any others") {
  const Index lowest = std::numeric_limits<Index>::min();
  const Tensor x = dvector("x");
  const auto of = [&](const Tensor& t) { return value(t, {{x.node(), six}}); };
  for (const Index n : {lowest, lowest + 1, lowest + 2, -std::numeric_limits<Index>::max() / 2}) {
    CHECK(of(x[slice(n, none)]).size() == 6);
    CHECK(of(x[slice(none, n)]).size() == 0);
    CHECK(of(x[slice(none, none, n)]).size() == 1);
    CHECK_THROWS_AS(of(x[n]), IndexError);
    CHECK_THROWS_AS(of(x[constant(Array::scalar(n))]), IndexError);
    CHECK(of(x[slice(constant(Array::scalar(n)), none)]).size() == 6);
  }
}

TEST_CASE("an integer index out of range of an unknown extent is the same error when it runs") {
  const Tensor x = dvector("x");
  const int at = __LINE__ + 1;
  const Tensor y = x[6];
  CHECK(error_of([&] {
          value(y, {{x.node(), six}});
        }) == line(at) + "index 6 is out of range for axis 0 of x float64[6] (valid: -6 .. 5)");
}

TEST_CASE("an index vector out of range is an IndexError that names tensor, axis and index") {
  const Tensor x = dvector("x"), i = lvector("i");
  const Tensor y = x[i];
  const std::string text = error_of([&] { value(y, {{x.node(), six}, {i.node(), Array(std::vector<Index>{0, 9})}}); });
  CHECK(text.find("index 9 is out of range for axis 0 of x float64[6] (valid: -6 .. 5)") != std::string::npos);
}

TEST_CASE("types follow from what the graph knows") {
  const Tensor x = tensor("x", float64, {5, any_extent, 7}), n = lscalar("n");
  CHECK(text(type(x(slice(1, 4), all, slice(none, none, -2)))) == "float64[3, ?, 4]");
  CHECK(text(type(x(slice(n), newaxis, n))) == "float64[?, 1, 7]");
  CHECK(text(type(x(0, slice(3)))) == "float64[?, 7]");
  CHECK(text(type(x(all, lvector("i"), 0))) == "float64[5, ?]");
  CHECK(text(type(reshape(x, {-1, 7}))) == "float64[?, 7]");
  CHECK(text(type(reshape(tensor("y", float64, {4, 6}), {3, -1}))) == "float64[3, 8]");
  CHECK(text(type(zeros({x.shape(0), n}))) == "float64[5, ?]");
}

TEST_CASE("set() replaces in the tensor that was indexed, not in what that is a part of") {
  const Tensor x = dvector("x"), half = x[slice(2, 5)];
  const ops::Values leaves{{x.node(), six}};
  CHECK(array_equal(value(half[0].set(9), leaves), Array{9., 3., 4.}));
  CHECK(array_equal(value(half(all).inc(1), leaves), Array{3., 4., 5.}));
  CHECK(array_equal(value(half(newaxis, slice(1, none)).set(9), leaves), Array{2., 9., 9.}));
  CHECK(array_equal(value(x[slice(none, none, -2)].set(constant(Array{1., 2., 3.})), leaves),
                    Array{0., 3., 2., 2., 4., 1.}));
}

TEST_CASE("inc_subtensor accumulates where an index is repeated") {
  const Tensor x = dvector("x");
  CHECK(array_equal(value(inc_subtensor(x[std::vector<int>{1, 1, -1}], 1), {{x.node(), six}}),
                    Array{0., 3., 2., 3., 4., 6.}));
}

TEST_CASE("rows are written in the order of their indices, however they lie and however many there are") {
  const Index rows = 3000, columns = 130, count = 5000;
  Array x = Array::zeros({rows, columns}), lying = Array::zeros({columns, count}),
        at = Array::zeros({count}, DType::int32);
  double k = 0;
  for (double& v : x.mutable_values<double>()) v = k++;
  for (double& v : lying.mutable_values<double>()) v = std::sin(k++);  // sums of which depend on the order
  std::int32_t row = 0;
  for (std::int32_t& i : at.mutable_values<std::int32_t>()) {
    row = (row * 7919 + 13) % 3000;
    i = row % 2 == 0 ? row : row - 3000;
  }
  const Tensor of_x = dmatrix("x"), of_at = ivector("at"), of_v = dmatrix("v");
  const std::vector<Array> begins{x, broadcast_view(Array(2.5), {rows, columns})},
      values{lying.T(), lying.T().copy(), broadcast_view(Array(0.1), {count, columns}),
             broadcast_view(lying.T().copy(), {count, columns})};
  for (const bool set : {true, false})
    for (const Array& begin : begins)
      for (const Array& v : values) {
        Array wanted = begin.copy();
        const std::span<double> to = wanted.mutable_values<double>();
        for (Index n = 0; n < count; ++n)
          for (Index c = 0; c < columns; ++c) {
            const Index named = (at.at<std::int32_t>(n) + rows) % rows;
            double& e = to[static_cast<std::size_t>(named * columns + c)];
            e = set ? v.at<double>(n, c) : e + v.at<double>(n, c);
          }
        const Tensor y = set ? set_subtensor(of_x[of_at], of_v) : inc_subtensor(of_x[of_at], of_v);
        CHECK(bits_equal(value(y, {{of_x.node(), begin}, {of_at.node(), at}, {of_v.node(), v}}), wanted));
      }
}

TEST_CASE("only parts can be set, by values that fit") {
  const Tensor x = dmatrix("x");
  CHECK(error_of([&] { set_subtensor(exp(x), 0); }).find("is not an indexed tensor") != std::string::npos);
  CHECK_THROWS_AS(set_subtensor(x.T(), 0), GraphError);
  CHECK_THROWS_AS(set_subtensor(lvector("i")[0], 0.5), DTypeError);
  CHECK_THROWS_AS(set_subtensor(x[0], dmatrix("y")), ShapeError);
}

TEST_CASE("a mask names what it selects; the type leaves open how much that is") {
  const Tensor x = dvector("x"), m = dmatrix("m");
  CHECK(text(type(x[x > 0])) == "float64[?]");
  CHECK(text(type(m[x > 0])) == "float64[?, ?]");
  CHECK(text(type(m[m > 0])) == "float64[?]");
  CHECK(array_equal(value(x[x > 2], {{x.node(), six}}), Array{3., 4., 5.}));
  CHECK(array_equal(value(constant(six)[Array{true, false, false, true, false, false}], {}), Array{0., 3.}));
  CHECK(error_of([&] { x[m]; }).find("an integer or a mask of booleans") != std::string::npos);
}

TEST_CASE("an axis widens only where its extent is 1 in the type") {
  const Tensor x = dmatrix("x");
  const Tensor wide = broadcast_to(x, {3, 4}), fixed = broadcast_to(broadcastable(x, 0), {3, 4});
  const ops::Values one{{x.node(), Array::zeros({1, 4})}}, two{{x.node(), Array::zeros({2, 4})}};
  CHECK(error_of([&] { value(wide, one); }).find("broadcastable(x, 0)") != std::string::npos);
  CHECK(value(fixed, one).shape() == Extents{3, 4});
  CHECK_THROWS_AS(value(fixed, two), ShapeError);
}

TEST_CASE("shapes are known without the elements, and reshape by a shape takes its scalars") {
  const Tensor x = dmatrix("x"), y = dvector("y");
  const ops::Values leaves{{x.node(), Array::zeros({2, 3})}, {y.node(), six}};
  CHECK(array_equal(value(x.shape(), leaves), Array(std::vector<Index>{2, 3})));
  CHECK(value(x.size(), leaves).item<Index>() == 6);
  CHECK(value(reshape(y, x.shape()), leaves).shape() == Extents{2, 3});
  CHECK(value(zeros_like(x), leaves).shape() == Extents{2, 3});
  CHECK_THROWS_AS(reshape(x, {-1, -1}), ShapeError);
  CHECK_THROWS_AS(x.shape(2), IndexError);
}

TEST_CASE("arange from start to stop by step has the operands' dtype, and a known length where they are numbers") {
  const Tensor n = lscalar("n");
  CHECK(text(type(arange(2, 9))) == "int64[7]");
  CHECK(text(type(arange(0, 1, 0.25))) == "float64[4]");
  CHECK(text(type(arange(9, 2, -3))) == "int64[3]");
  CHECK(text(type(arange(1, 0))) == "int64[0]");
  CHECK(text(type(arange(0, n))) == "int64[?]");
  CHECK(text(type(arange(0, cast(n, uint8), 2))) == "uint8[?]");
  const ops::Values seven{{n.node(), Array(Index{7})}};
  CHECK(array_equal(value(arange(-1, n, 3), seven), Array(std::vector<Index>{-1, 2, 5})));
  CHECK(array_equal(value(arange(n, 0, -3), seven), Array(std::vector<Index>{7, 4, 1})));
  CHECK(array_equal(value(arange(cast(n, uint8), 3), seven), Array::zeros({0}, uint8)));
  CHECK(error_of([&] { arange(0, n, 0); }).find("arange: the step is 0") != std::string::npos);
  CHECK_THROWS_AS(arange(0, lvector("v")), ShapeError);
}
