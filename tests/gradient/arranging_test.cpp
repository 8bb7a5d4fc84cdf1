// Padding, joining, turning and multiplying: gradients against differences, and what NumPy's golden cases do not ask.
#include <fmt/format.h>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

TEST_CASE("what arranges and multiplies has the gradients that differences give") {
  const Tensor x = dvector("x"), y = dvector("y"), m = dmatrix("m"), n = dmatrix("n");
  const std::vector<differences::Leaf> leaves{{x, numbers({3}, -2, 2)},
                                              {y, numbers({3}, 0.5, 3, 2)},
                                              {m, numbers({3, 4}, -1, 1, 3)},
                                              {n, numbers({4, 3}, -1, 1, 4)}};
  std::vector<std::pair<std::string, Tensor>> all_of = {
      {"array_split", array_split(m, 3, 1)[0]},
      {"block", block({{m, x(all, newaxis)}, {n.T(), x(all, newaxis)}})},
      {"swapaxes", swapaxes(m, 0, -1)},
      {"moveaxis", moveaxis(m(all, newaxis), -1, 0)},
      {"roll", roll(m, 3)},
      {"roll along an axis", roll(m, -1, 1)},
      {"rot90", rot90(m)},
      {"rot90 by three", rot90(m, -1)},
      {"meshgrid", meshgrid({x, y})[1]},
      {"vander", vander(x, 4)},
      {"vander, increasing", vander(x, 3, true)},
      {"logspace", logspace(x[0], y[0], 4)},
      {"geomspace", geomspace(y[0], y[1], 4)},
      {"kron", kron(m, x)},
      {"cross", cross(x, y)},
      {"cross along axis 0", cross(m, n.T(), 0)},
      {"einsum of a product", einsum("ij,jk", {m, n})},
      {"einsum of three", einsum("i,ij,jk->k", {x, m, n})},
      {"einsum of a diagonal", einsum("ii->i", {dot(m, n)})},
      {"einsum of a trace", einsum("ii", {dot(m, n)})},
      {"einsum of elements", einsum("ij,ji->ji", {m, n})},
      {"einsum with dots", einsum("...j,jk->...k", {m, n})},
  };
  for (int mode = 0; mode <= static_cast<int>(PadMode::wrap); ++mode)
    all_of.emplace_back(fmt::format("pad, mode {}", mode),
                        pad(m, {{{2, 5}}, {{0, 3}}}, static_cast<PadMode>(mode), 1.5));
  for (const auto& [name, t] : all_of) {
    INFO(name);
    const Tensor weights = cast(arange(t.size()), float64) + 1;
    CHECK(disagreement(sum(flatten(t) * weights), leaves, 2e-5) == "");
  }
}

TEST_CASE("one width pads every axis, and a count of axes is a tensordot of the last with the first") {
  const Tensor x = dmatrix("x"), y = dtensor3("y");
  const std::vector<differences::Leaf> leaves{{x, numbers({3, 4}, -1, 1)}, {y, numbers({3, 4, 2}, -1, 1)}};
  CHECK(array_equal(value(pad(x, 2), leaves), value(pad(x, {{2, 2}, {2, 2}}), leaves)));
  CHECK(array_equal(value(pad(x, 1, PadMode::edge), leaves), value(pad(x, {{1, 1}, {1, 1}}, PadMode::edge), leaves)));
  CHECK_THROWS_AS(pad(x, -1), ShapeError);
  CHECK(array_equal(value(tensordot(x, y, 2), leaves), value(tensordot(x, y, {0, 1}, {0, 1}), leaves)));
  CHECK(array_equal(value(tensordot(x.T(), y, 1), leaves), value(tensordot(x.T(), y, {1}, {0}), leaves)));
  CHECK(value(tensordot(x, y, 0), leaves).shape() == Extents{3, 4, 3, 4, 2});
  CHECK_THROWS_WITH(tensordot(x, y, 3), Catch::Contains("tensordot: 3 axes of x, which is float64[?, ?], and of y"));
  CHECK_THROWS_AS(tensordot(x, y, -1), ShapeError);
}

TEST_CASE("axes change places, and elements move round, as NumPy has it") {
  const Tensor x = tensor("x", int64, {any_extent, any_extent, any_extent}), k = lscalar("k");
  const Array at = value(arange(24), {}).reshape({2, 3, 4});
  const std::vector<differences::Leaf> leaves{{x, at}, {k, Array::scalar(Index{5})}};
  CHECK(value(swapaxes(x, 0, 2), leaves).shape() == Extents{4, 3, 2});
  CHECK(array_equal(value(swapaxes(x, 0, 2), leaves), value(transpose(x, {2, 1, 0}), leaves)));
  CHECK(array_equal(value(moveaxis(x, 0, -1), leaves), value(transpose(x, {1, 2, 0}), leaves)));
  CHECK(array_equal(value(moveaxis(x, 2, 0), leaves), value(transpose(x, {2, 0, 1}), leaves)));
  CHECK(array_equal(value(moveaxis(x, 1, 1), leaves), at));
  const Tensor v = arange(5), none = arange(0);
  const auto numbers_of = [](const Array& a) {
    return std::vector<Index>(a.values<Index>().begin(), a.values<Index>().end());
  };
  CHECK(numbers_of(value(roll(v, 2), {})) == std::vector<Index>{3, 4, 0, 1, 2});
  CHECK(numbers_of(value(roll(v, -7), {})) == std::vector<Index>{2, 3, 4, 0, 1});
  CHECK(value(roll(none, 3), {}).size() == 0);
  CHECK(array_equal(value(roll(x, k, 1), leaves), value(x(all, Tensor(Array{1, 2, 0})), leaves)));
  CHECK(numbers_of(value(flatten(roll(x, 1)), leaves))[0] == 23);
  CHECK_THROWS_AS(roll(x, 1.5, 0), DTypeError);
  CHECK_THROWS_AS(roll(x, v, 0), DTypeError);
  CHECK_THROWS_AS(swapaxes(x, 0, 3), IndexError);
  CHECK_THROWS_AS(moveaxis(x, -4, 0), IndexError);
}

TEST_CASE("einsum without a result has the letters that occur once, in order, after the dots") {
  const Tensor a = dmatrix("a"), b = dmatrix("b");
  const std::vector<differences::Leaf> leaves{{a, numbers({2, 3})}, {b, numbers({3, 4})}};
  CHECK(value(einsum("kj,ji", {a, b}), leaves).shape() == Extents{4, 2});
  CHECK(array_equal(value(einsum("ba", {a}), leaves), value(a.T(), leaves)));
}

TEST_CASE("padding past the end again and again mirrors each time") {
  const Tensor x = dvector("x");
  const Array at{1., 2., 4.};
  const auto of = [&](PadMode mode) { return value(pad(x, {{{3, 4}}}, mode), {{x, at}}); };
  CHECK(array_equal(of(PadMode::reflect), Array{2., 4., 2., 1., 2., 4., 2., 1., 2., 4.}));
  CHECK(array_equal(of(PadMode::symmetric), Array{4., 2., 1., 1., 2., 4., 4., 2., 1., 1.}));
  CHECK(array_equal(of(PadMode::wrap), Array{1., 2., 4., 1., 2., 4., 1., 2., 4., 1.}));
  // twice the end less what is mirrored: the slope goes on
  CHECK(array_equal(of(PadMode::reflect_odd), Array{-4., -2., 0., 1., 2., 4., 6., 7., 8., 10.}));
  CHECK(array_equal(value(pad(x, {{{1, 2}}}), {{x, Array::zeros({0})}}), Array::zeros({3})));
}

TEST_CASE("pad mirrors at the nearer end, whatever the other one is, and integers too") {
  const double inf = std::numeric_limits<double>::infinity();
  const auto ends = [](const Array& a) { return value(pad(constant(a), {{{1, 1}}}, PadMode::reflect_odd), {}); };
  CHECK(array_equal(ends(Array{inf, 1., 2.}), Array{inf, inf, 1., 2., 3.}));
  const Array last = ends(Array{1., 2., inf});
  CHECK(array_equal(last, Array{0., 1., 2., inf, inf}));
  CHECK(array_equal(ends(Array{1, 3, 7}), Array{-1, 1, 3, 7, 11}));
}

TEST_CASE("parts of what is empty, and weights that are fewer") {
  const Tensor m = dmatrix("m");
  CHECK(value(split(m, 2, 1)[1], {{m, Array::zeros({0, 4})}}).shape() == Extents{0, 2});
  CHECK(value(linalg::pinv(m), {{m, Array::zeros({3, 0})}}).shape() == Extents{0, 3});
  CHECK_THROWS_WITH(split(tensor("three", float64, {3, 3}), 2),
                    Catch::Contains("the 3 elements of axis 0 do not make 2 equal sections"));
  CHECK_THROWS_AS(value(bincount(constant(Array{0, 1, 1}), constant(Array{5.})), {}), ShapeError);
  CHECK_THROWS_WITH(linalg::matrix_power(tensor("wide", float64, {2, 3}), 0),
                    Catch::Contains("a square matrix is needed"));
}

TEST_CASE("arranging names what it cannot do") {
  const Tensor x = dvector("x"), m = dmatrix("m"), i = lmatrix("i"), two = tensor("two", float64, {2, 2});
  CHECK_THROWS_AS(pad(m, {{{1, 1}}}), ShapeError);
  CHECK_THROWS_AS(pad(i, {{{1, 1}}, {{0, 0}}}, PadMode::mean), DTypeError);
  CHECK_THROWS_AS(pad(i, {{{1, 1}}, {{0, 0}}}, PadMode::constant, 0.5), DTypeError);
  CHECK_THROWS_AS(pad(x, {{{1, 1}}}, PadMode::constant, x), ShapeError);
  CHECK_THROWS_AS(rot90(x), IndexError);
  CHECK_THROWS_AS(rot90(m, 1, {0, -2}), ShapeError);
  CHECK_THROWS_AS(array_split(x, 0), ShapeError);
  CHECK_THROWS_AS(meshgrid({m}), ShapeError);
  CHECK_THROWS_AS(vander(m, 2), ShapeError);
  CHECK_THROWS_AS(vander(x, 0), ShapeError);
  CHECK_THROWS_AS(cross(two, two), ShapeError);
  CHECK_THROWS_AS(value(cross(x, x), {{x, Array{1., 2.}}}), ShapeError);
  CHECK_THROWS_AS(kron(Tensor(), x), GraphError);
  CHECK_THROWS_WITH(einsum("ij->k", {m}), Catch::Contains("einsum(\"ij->k\"): the result's k is in no operand"));
  CHECK_THROWS_WITH(einsum("ij->ii", {m}), Catch::Contains("the result has i twice"));
  CHECK_THROWS_WITH(einsum("ij,j", {m}), Catch::Contains("it names 2 operands, 1 are given"));
  CHECK_THROWS_WITH(einsum("i.j", {m}), Catch::Contains("\".\" is no letter"));
  CHECK_THROWS_WITH(einsum("...i->i", {m}), Catch::Contains("the operands have \"...\", the result has not"));
  CHECK_THROWS_WITH(einsum("ijk", {m}), Catch::Contains("m, is float64[?, ?], with 2 axes; 3 are named"));
  CHECK_THROWS_WITH(einsum("ij,j", {two, tensor("three", float64, {3})}),
                    Catch::Contains("j is 2 in operand 0 and 3 in operand 1"));
  CHECK_THROWS_WITH(value(einsum("ii", {m}), {{m, Array::zeros({2, 3})}}), Catch::Contains("they have to be equal"));
}
