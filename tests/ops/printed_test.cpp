// What formulas and debugprint say of an op's parameters: the indices, axes and extents that a program wrote.
#include "catch.h"
#include "croton/numpy.h"
#include "croton/ops.h"
#include "graph/node.h"
#include "graph/parse.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton {
namespace {

std::string first_line(const Tensor& t) {
  const std::string tree = debugprint(t);
  return tree.substr(0, tree.find(" : "));
}

}  // namespace

TEST_CASE("a formula says the indices of slices and gathers") {
  const Tensor x = dmatrix("x"), v = dvector("v"), i = lvector("i"), k = lscalar("k");
  CHECK(formula(x(slice(1, 5, 2), slice(none, none, -1))) == "x[1:5:2, ::-1]");
  CHECK(formula(x(0)) == "x[0]");
  CHECK(formula(x(all, -1)) == "x[:, -1]");
  CHECK(formula(x(slice(none, -1))) == "x[:-1]");
  CHECK(formula(x[k]) == "x[k]");
  CHECK(formula(x(slice(k, k + 2), k)) == "x[k:k + 2, k]");
  CHECK(formula(x[i]) == "x[i]");
  CHECK(formula((v + 1)[i]) == "(v + 1.0)[i]");
  CHECK(formula(set_subtensor(v[slice(2)], 0)) == "set_subtensor(v[:2], 0.0)");
  CHECK(formula(inc_subtensor(v[slice(k, none)], v[slice(k, none)])) == "inc_subtensor(v[k:], v[k:])");
  CHECK(formula(inc_subtensor(v[i], 1)) == "inc_subtensor(v[i], 1.0)");
  CHECK(formula(set_subtensor(v[i], v[i])) == "set_subtensor(v[i], v[i])");
}

TEST_CASE("a formula says axes and extents") {
  const Tensor x = dmatrix("x"), t = tensor3("t"), k = lscalar("k");
  CHECK(formula(sum(x, 0)) == "sum(x, 0)");
  CHECK(formula(max(t, {0, -1})) == "max(t, {0, 2})");
  CHECK(formula(sum(x, {0, 1})) == "sum(x)");
  CHECK(formula(argmax(x, 1)) == "argmax(x, 1)");
  CHECK(formula(cumsum(x, 1)) == "cumsum(x, 1)");
  CHECK(formula(softmax(x)) == "softmax(x)");
  CHECK(formula(softmax(x, 0)) == "softmax(x, 0)");
  CHECK(formula(x.T()) == "x.T()");
  CHECK(formula(t.T()) == "t.T()");
  CHECK(formula(transpose(t, {1, 0, 2})) == "t.transpose({1, 0, 2})");
  CHECK(formula(reshape(x, {2, -1})) == "reshape(x, {2, -1})");
  CHECK(formula(reshape(x, {k, 3})) == "reshape(x, {k, 3})");
  CHECK(formula(x.shape(1)) == "x.shape[1]");
  CHECK(formula(concatenate({x, x + 1}, 1)) == "concatenate({x, x + 1.0}, 1)");
}

TEST_CASE("a formula says which axes a contraction sums over unless it is a product of matrices") {
  const Tensor x = dmatrix("x"), y = dmatrix("y"), v = dvector("v"), t = tensor3("t"), u = tensor3("u");
  CHECK(formula(dot(x, y)) == "dot(x, y)");
  CHECK(formula(dot(x, v)) == "dot(x, v)");
  CHECK(formula(dot(v, v)) == "dot(v, v)");
  CHECK(formula(dot(x, y.T())) == "dot(x, y.T())");
  CHECK(formula(matmul(t, u)) == "matmul(t, u)");
  CHECK(formula(einsum("ij,jk->ik", {x, y})) == "dot(x, y)");
  CHECK(formula(einsum("ab,cb->ac", {x, y})) == "dot(x, y.T())");
  CHECK(formula(einsum("ji,kj->ik", {x + 1, y})) == "dot((x + 1.0).T(), y.T())");
  CHECK(formula(einsum("ij,jk->ki", {x, y})) == "dot(x, y).T()");
  CHECK(formula(einsum("bij,bjk->bik", {t, u})) == "matmul(t, u)");
  CHECK(formula(einsum("ijk,ilk->jl", {t, u})) == "einsum(\"ijk,ilk->jl\", {t, u})");
  CHECK(first_line(dot(x, y)) == "dot");
  CHECK(first_line(einsum("ij,kj->ik", {x, y})) == "einsum{ij,kj->ik}");
}

TEST_CASE("numbers in a row are an arange") {
  const Tensor k = lscalar("k");
  CHECK(formula(arange(5)) == "arange(5)");
  CHECK(formula(arange(k)) == "arange(k)");
  CHECK(first_line(arange(5)) == "arange{dims=[5], axes=[0]}");
}

TEST_CASE("a graph's text has words for the bounds of slices and is read again") {
  const Tensor x = dmatrix("x"), k = lscalar("k"), y = x(slice(1, k), slice(none, none, -1));
  const std::string text = print_graph({&y, 1}, false);
  CHECK_THAT(text, Catch::Contains("{start=[1, none], stop=[held 0, none], step=[1, -1]}"));
  CHECK(print_graph(parse_graph(text, ops::find), false) == text);
}

TEST_CASE("debugprint says indices and extents in the same words") {
  const Tensor x = dmatrix("x"), k = lscalar("k");
  CHECK(first_line(x(slice(1, 5, 2), slice(none, none, -1))) == "slice{index=[1:5:2, ::-1]}");
  CHECK(first_line(x(slice(k + 1, none))) == "slice{index=[k + 1:]}");
  CHECK(first_line(set_subtensor(x[0], x[1])) == "write{index=[0], set=True}");
  CHECK(first_line(reshape(x, {2, -1})) == "reshape{dims=[2, -1]}");
  CHECK(first_line(reshape(x, {k, 3})) == "reshape{dims=[k, 3]}");
  CHECK(first_line(sum(x, 0)) == "sum{axes=[0]}");
  CHECK(first_line(cast(x, int32)) == "convert{dtype=int32}");
}

}  // namespace croton
