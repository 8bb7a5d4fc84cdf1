// Products that sum over axes: one general contraction, and dot, matmul, outer, tensordot made of it.
#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/contract.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/origin.h"
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

using Labels = std::vector<Index>;

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
std::size_t find_label(const Labels& labels, Index label) {
  const auto at = std::find(labels.begin(), labels.end(), label);
  return at == labels.end() ? nowhere : static_cast<std::size_t>(at - labels.begin());
}

/// An operand as its user wrote it: without the conversion that promotion put before it.
const Tensor& written(const Tensor& x) { return is_op(x, convert) && node(x).name.empty() ? node(x).inputs[0] : x; }

/// "shared, moons.cpp:15", or "" where it adds nothing.
std::string made_at(const Tensor& x) {
  std::string all = describe(x);
  if (x.name().empty()) return all;
  const std::string before = x.name() + " (";
  return all.starts_with(before) ? all.substr(before.size(), all.size() - before.size() - 1) : "";
}

/// "did you mean" for two matrices, where turning one of them round fits.
std::string suggestion(const TypeAt& t, const std::string& a, const std::string& b) {
  const Shape &x = t.shapes[0], &y = t.shapes[1];
  if (x.size() != 2 || y.size() != 2) return "";
  const auto fits = [](Index m, Index n) { return m >= 0 && m == n; };
  if (fits(x[1], y[1])) return fmt::format("\n  did you mean dot({}, {}.T())?", a, b);
  if (fits(x[0], y[0])) return fmt::format("\n  did you mean dot({}.T(), {})?", a, b);
  if (fits(x[0], y[1])) return fmt::format("\n  did you mean dot({}, {})?", b, a);
  return "";
}

[[noreturn]] void refuse_sizes(const TypeAt& t, std::size_t i, std::size_t j) {
  if (t.name() != "dot" && t.name() != "matmul") refuse_unequal(t, 0, static_cast<Index>(i), 1, static_cast<Index>(j));
  const Tensor &a = written(t.x[0]), &b = written(t.x[1]);
  const std::string an = formula(a), bn = formula(b);
  const std::size_t width = std::max(an.size(), bn.size());
  const bool summed = find_label(t.params.list("out"), t.params.list("a")[i]) == nowhere;
  fail_at<ShapeError>(t.where,
                      "{}({}, {}): {} sizes differ: {} is {}, {} is {}; axis {} of {} has {}, axis {} of {} has {}\n"
                      "  {:<{}}  {}\n  {:<{}}  {}{}",
                      t.name(), an, bn, summed ? "inner" : "batch", an, text(Type{a.dtype(), t.shapes[0]}), bn,
                      text(Type{b.dtype(), t.shapes[1]}), i, an, t.shapes[0][i], j, bn, t.shapes[1][j], an, width,
                      made_at(a), bn, width, made_at(b), summed ? suggestion(t, an, bn) : "");
}

Type contract_type(const TypeAt& t) {
  const Labels &a = t.params.list("a"), &b = t.params.list("b"), &out = t.params.list("out");
  if (t.dtype(0) != t.dtype(1))
    fail_at<DTypeError>(t.where, "{}: the operands are {} and {}", t.name(), name_of(t.dtype(0)), name_of(t.dtype(1)));
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t j = find_label(b, a[i]);
    if (j == nowhere) continue;
    const Index m = t.shapes[0][i], n = t.shapes[1][j];
    if (m != n && m != -1 && n != -1) refuse_sizes(t, i, j);
  }
  Type y{t.dtype(0), {}};
  for (const Index label : out) {
    const std::size_t i = find_label(a, label), j = find_label(b, label);
    const Index n = i == nowhere ? -1 : t.shapes[0][i];
    y.shape.push_back(n == -1 && j != nowhere ? t.shapes[1][j] : n);
  }
  return y;
}

Gradients contract_pullback(const At& at) {
  const Where w = Where::here();
  const Labels &a = at.params.list("a"), &b = at.params.list("b"), &out = at.params.list("out");
  return {contracted(at.y_bar, at.x[1], out, b, a, w), contracted(at.x[0], at.y_bar, a, out, b, w)};
}

std::vector<Sample> contract_samples() {
  const auto sample = [](DType d, Shape a, Shape b, Labels la, Labels lb, Labels out) {
    return Sample{{{d, std::move(a)}, {d, std::move(b)}},
                  {{"a", std::move(la)}, {"b", std::move(lb)}, {"out", std::move(out)}}};
  };
  return {sample(float64, {3, 4}, {4, 5}, {0, 1}, {1, 2}, {0, 2}),
          sample(float32, {3, 4}, {4, 5}, {0, 1}, {1, 2}, {0, 2}),
          sample(float64, {7}, {7}, {0}, {0}, {}),
          sample(float32, {2, 3, 4}, {2, 4, 2}, {0, 1, 2}, {0, 2, 3}, {0, 1, 3}),
          sample(float64, {4, 3}, {5, 4}, {1, 0}, {2, 1}, {2, 0}),
          sample(int64, {2, 3}, {3, 2}, {0, 1}, {1, 2}, {0, 2}),
          sample(float64, {2, 0}, {0, 3}, {0, 1}, {1, 2}, {0, 2}),
          sample(float64, {2}, {3}, {0}, {1}, {0, 1})};
}

Tensor promoted(std::string_view op, const Tensor& a, const Tensor& b, const Tensor& x, Where w) {
  const Tensor both[] = {a, b};
  return converted(x, common_dtype(op, both, w), w);
}

/// Both operands in one dtype, contracted.
Tensor product(std::string_view op, const Tensor& a, const Tensor& b, const Labels& la, const Labels& lb,
               const Labels& out, Where w) {
  return contracted(promoted(op, a, b, a, w), promoted(op, a, b, b, w), la, lb, out, w);
}

void refuse_empty_operands(std::string_view op, const Tensor& a, const Tensor& b, Where w) {
  const char* side = !a.node() ? "first" : !b.node() ? "second" : nullptr;
  if (side)
    fail_at<GraphError>(ambient(w), "{}: the {} operand is an empty Tensor (declared, never assigned)", ambient(op),
                        side);
}

}  // namespace

Tensor contracted(const Tensor& a, const Tensor& b, Labels la, Labels lb, Labels out, Where w) {
  const auto of = [&](const Tensor& x, const Tensor& y) {
    return apply(contract, {{"a", std::move(la)}, {"b", std::move(lb)}, {"out", std::move(out)}}, {x, y}, w);
  };
  if (type(a).dtype != boolean) return of(a, b);
  return converted(of(converted(a, int64, w), converted(b, int64, w)), boolean, w);  // true products are counted
}

constinit const Op contract{
    .name = "contract",
    .doc =
        "Products summed over the axes that two operands share; NumPy's dot, matmul, tensordot and "
        "einsum of two.",
    .arity = 2,
    .type = contract_type,
    .meaning = Contract{},
    .pullback = contract_pullback,
    .samples = contract_samples};

Family contract_ops() {
  static constexpr const Op* list[] = {&contract};
  return list;
}

}  // namespace croton::ops

namespace croton {

using ops::counting;

Tensor dot(const Tensor& a, const Tensor& b, Where w) {
  ops::refuse_empty_operands("dot", a, b, w);
  const WhereScope scope(w);
  if (a.ndim() == 0 || b.ndim() == 0) return a * b;
  const std::vector<Index> la = counting(a.ndim());
  const Index inner = la.back();
  std::vector<Index> lb, out(la.begin(), la.end() - 1);
  const int summed = b.ndim() == 1 ? 0 : b.ndim() - 2;
  for (int i = 0; i < b.ndim(); ++i) {
    lb.push_back(i == summed ? inner : inner + 1 + i);
    if (i != summed) out.push_back(lb.back());
  }
  return ops::product("dot", a, b, la, lb, out, w);
}
Tensor Expr::dot(const Tensor& b, Where w) const { return croton::dot(*this, b, w); }

Tensor matmul(const Tensor& a, const Tensor& b, Where w) {
  ops::refuse_empty_operands("matmul", a, b, w);
  const WhereScope scope(w);
  for (const Tensor& x : {a, b})
    if (x.ndim() == 0)
      fail_at<ShapeError>(ambient(w), "{}: {} is a scalar; write a * b", ambient("matmul"), formula(x));
  if (a.ndim() == 1 || b.ndim() == 1) {
    if (b.ndim() <= 2) return dot(a, b, w);
    std::vector<Index> lb = counting(b.ndim()),
                       out(lb.begin(), lb.end() - 2);  // a is a vector before a stack of matrices
    out.push_back(lb.back());
    if (a.ndim() == 1) return ops::product("matmul", a, b, {lb[lb.size() - 2]}, lb, out, w);
  }
  const int batch = std::max(a.ndim(), b.ndim()) - 2;
  const Tensor x = ops::with_batch(a, b, batch, w), y = ops::with_batch(b, a, batch, w);
  std::vector<Index> la = counting(batch + 2), lb = counting(batch), out = counting(batch + 1);
  lb.insert(lb.end(), {Index{batch} + 1, Index{batch} + 2});
  out.push_back(Index{batch} + 2);
  return ops::product("matmul", x, y, la, lb, out, w);
}

Tensor outer(const Operand& left, const Operand& right, Where w) {
  const Tensor a = left.get(), b = right.get();
  ops::refuse_empty_operands("outer", a, b, w);
  const WhereScope scope(w);
  const Tensor x = a.ndim() == 1 ? a : flatten(a, w), y = b.ndim() == 1 ? b : flatten(b, w);
  return ops::permuted(x, {0, -1}, w) * ops::permuted(y, {-1, 0}, w);
}

Tensor inner(const Operand& left, const Operand& right, Where w) {
  const Tensor a = left.get(), b = right.get();
  ops::refuse_empty_operands("inner", a, b, w);
  const WhereScope scope(w);
  return a.ndim() == 0 || b.ndim() == 0 ? a * b : tensordot(a, b, std::vector{-1}, std::vector{-1}, w);
}

Tensor vdot(const Operand& left, const Operand& right, Where w) {
  const Tensor a = left.get(), b = right.get();
  ops::refuse_empty_operands("vdot", a, b, w);
  const WhereScope scope(w);
  return dot(flatten(a, w), flatten(b, w), w);
}

Tensor tensordot(const Operand& left, const Operand& right, const std::vector<int>& axes_a,
                 const std::vector<int>& axes_b, Where w) {
  const Tensor a = left.get(), b = right.get();
  ops::refuse_empty_operands("tensordot", a, b, w);
  const WhereScope scope(w);
  if (axes_a.size() != axes_b.size())
    fail_at<ShapeError>(ambient(w), "tensordot: {} axes of {} against {} of {}", axes_a.size(), formula(a),
                        axes_b.size(), formula(b));
  const std::vector<Index> la = counting(a.ndim());
  std::vector<Index> lb(static_cast<std::size_t>(b.ndim()), -1);
  std::vector<bool> summed(la.size());
  for (std::size_t i = 0; i < axes_a.size(); ++i) {
    const auto x = static_cast<std::size_t>(ops::axis_of("tensordot", axes_a[i], a, w));
    const auto y = static_cast<std::size_t>(ops::axis_of("tensordot", axes_b[i], b, w));
    if (summed[x] || lb[y] != -1) fail_at<ShapeError>(ambient(w), "tensordot: an axis is named twice");
    summed[x] = true;
    lb[y] = la[x];
  }
  std::vector<Index> out;
  for (std::size_t i = 0; i < la.size(); ++i)
    if (!summed[i]) out.push_back(la[i]);
  for (std::size_t i = 0; i < lb.size(); ++i)
    if (lb[i] == -1) out.push_back(lb[i] = static_cast<Index>(la.size() + i));
  return ops::product("tensordot", a, b, la, lb, out, w);
}

Tensor detail::tensordot(const Operand& left, const Operand& right, int axes, Where w) {
  const Tensor a = left.get(), b = right.get();
  ops::refuse_empty_operands("tensordot", a, b, w);
  if (axes < 0 || axes > std::min(a.ndim(), b.ndim()))
    fail_at<ShapeError>(w, "tensordot: {} axes of {}, which is {}, and of {}, which is {}", axes, formula(a),
                        text(type(a)), formula(b), text(type(b)));
  std::vector<int> last, first;
  for (int i = 0; i < axes; ++i) last.push_back(a.ndim() - axes + i), first.push_back(i);
  return croton::tensordot(a, b, last, first, w);
}

}  // namespace croton
