// grad and what is made of it: Lop, Rop, products with the Hessian.
#include "croton/gradient.h"

#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "base/log.h"
#include "croton/numpy.h"
#include "gradient/flow.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/nested.h"
#include "ops/pointwise.h"
#include "rewrite/batched.h"
#include "rewrite/passes.h"

namespace croton {

Cost::Cost(const Tensor& t, Where w) : tensor_(t), where_(w) {}
Cost::Cost(const Shared& t, Where w) : tensor_(t), where_(w) {}
Cost::Cost(const Cost&) = default;
Cost::~Cost() = default;

namespace {

using Seeds = std::unordered_map<const Node*, Tensor>;

void check_wrt(std::span<const Tensor> wrt, Where w) {
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    if (!wrt[i].node())
      fail_at<GraphError>(w, "grad: wrt number {} is an empty Tensor (declared, never assigned)", i + 1);
    if (!is_float(wrt[i].dtype()))
      fail_at<DTypeError>(
          w, "grad: {} is {}; only floating tensors have a gradient. Convert it before use: x.astype(floatX())",
          describe(wrt[i]), text(type(wrt[i])));
  }
}

/// A known gradient in the shape and dtype of its variable.
Tensor known_gradient(const Given& given, Where w) {
  const auto& [x, g] = given;
  if (!x.node() || !g.node())
    fail_at<GraphError>(w, "grad: known_grads holds an empty Tensor (declared, never assigned)");
  if (!is_float(x.dtype()))
    fail_at<DTypeError>(w, "grad: known_grads: {} is {}; only floating tensors have a gradient", describe(x),
                        text(type(x)));
  if (g.ndim() > x.ndim())
    fail_at<ShapeError>(w, "grad: known_grads: {} is {}, its gradient {} is {}", describe(x), text(type(x)),
                        describe(g), text(type(g)));
  return ops::converted(ops::broadcast_like(ops::with_rank(g, x.ndim(), w), x, w), x.dtype(), w);
}

void check_cost(const Cost& cost) {
  const Tensor& c = cost.tensor();
  if (c.ndim() != 0)
    fail_at<GraphError>(
        cost.where(),
        "grad: the cost must be a scalar, but {} is {}. Reduce it (sum or mean), or pass known_grads for a "
        "vector-Jacobian product",
        describe(c), text(type(c)));
  if (!is_float(c.dtype()))
    fail_at<DTypeError>(cost.where(), "grad: the cost must be floating, but {} is {}. Convert it: astype(floatX())",
                        describe(c), text(type(c)));
}

/// What the gradients start from, and the nodes that they are known at.
Seeds seeds_of(const Cost& cost, const GradOptions& o, std::vector<Tensor>& roots) {
  Seeds seeds;
  for (const Given& g : o.known_grads.list()) {
    const Tensor known = known_gradient(g, cost.where());
    seeds[g.variable.node()] = known;
    roots.push_back(g.variable);
  }
  const Tensor& c = cost.tensor();
  if (!c.node()) {
    if (seeds.empty())
      fail_at<GraphError>(cost.where(), "grad: the cost is an empty Tensor (declared, never assigned)");
    return seeds;
  }
  if (seeds.contains(c.node())) return seeds;
  check_cost(cost);
  seeds[c.node()] = make_constant(Array::full({}, 1, c.dtype()), "", cost.where());
  roots.push_back(c);
  return seeds;
}

/// Gradients are taken of the stabilized cost: that of log(softmax(x)) is finite where its parts' are not. What the
/// user named stays as it is: wrt, constants, and variables with known gradients beside a cost.
void stabilize(Seeds& seeds, std::vector<Tensor>& roots, std::span<const Tensor> wrt, const GradOptions& o) {
  std::unordered_set<const Node*> keep;
  for (const Tensor& x : wrt) keep.insert(x.node());
  for (const Tensor& x : o.consider_constant.list()) keep.insert(x.node());
  if (roots.size() > 1)
    for (const Given& g : o.known_grads.list()) keep.insert(g.variable.node());
  const std::vector<Tensor> stable = rewrite::stabilize(roots, keep);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    auto seed = seeds.extract(roots[i].node());
    if (seed.empty()) continue;  // a root named twice
    seed.key() = stable[i].node();
    seeds.insert(std::move(seed));
  }
  roots = stable;
}

/// "x, W1": the inputs and shared variables under a cost.
std::string dependencies(std::span<const Tensor> roots) {
  std::vector<std::string> names;
  for (const NodeKind kind : {NodeKind::input, NodeKind::shared})
    for (const Tensor& t : leaves(roots, kind)) names.push_back(t.name().empty() ? describe(t) : t.name());
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

/// What a wrt is computed from that the cost was computed from as well: the last such value; empty where there is none.
Tensor made_from(const Tensor& x, const std::vector<Tensor>& below) {
  NodeSet of_cost;
  for (const Tensor& t : below) of_cost.insert(t.node());
  Tensor last;
  for (const Tensor& t : topological({&x, 1}))
    if (of_cost.contains(t.node()) && node(t).kind != NodeKind::constant) last = t;
  return last;
}

/// Whether it is a part of another tensor, taken by an index.
bool selects(const Tensor& x) { return is_op(x, ops::slice) || meaning<Gather>(x); }

std::string disconnected_text(const Cost& cost, const Tensor& x, std::span<const Tensor> roots) {
  const Tensor& c = cost.tensor().node() ? cost.tensor() : roots.front();
  std::string at = place(node(c).where);
  if (!at.empty()) at = " at " + at;
  const std::vector<Tensor> below = topological(roots);
  if (std::any_of(below.begin(), below.end(), [&](const Tensor& t) { return same(t, x); }))
    return fmt::format(
        "grad: the cost{} depends on {} by what hands on no gradient alone: its shape, integers, disconnected_grad or "
        "consider_constant. To get zeros: {{.disconnected_inputs = Disconnected::ignore}}",
        at, describe(x));
  if (const Tensor from = made_from(x, below); from.node())
    return fmt::format(
        "grad: the cost{} does not depend on {}: {} is a new value made from {}, which the cost was made from without "
        "it. Take the gradient with respect to {}{}, or make the cost from that value. To get zeros: "
        "{{.disconnected_inputs = Disconnected::ignore}}",
        at, describe(x), formula(x), formula(from), formula(from), selects(x) ? " and index it" : "");
  return fmt::format(
      "grad: the cost does not depend on {}. The cost{} depends on: {}. Did you forget to add {}? To get zeros: "
      "{{.disconnected_inputs = Disconnected::ignore}}",
      describe(x), at, dependencies(roots), formula(x));
}

/// The gradients of inputs that the cost does not depend on are zeros, if that is not an error.
void report_disconnected(const Cost& cost, const Tensor& x, std::span<const Tensor> roots, Disconnected action) {
  if (action == Disconnected::ignore) return;
  const std::string what = disconnected_text(cost, x, roots);
  if (action == Disconnected::raise) fail_at<GraphError>(cost.where(), "{}", what);
  const std::string at = place(cost.where());
  warn(at.empty() ? what : at + ": " + what);
}

}  // namespace

std::vector<Tensor> detail::grad_list(const Cost& cost, std::span<const Tensor> wrt, const GradOptions& o) {
  const Where w = ambient(cost.where());
  check_wrt(wrt, w);
  std::vector<Tensor> roots;
  Seeds seeds = seeds_of(cost, o, roots);
  std::vector<Tensor> named(wrt.begin(), wrt.end());
  named.insert(named.end(), o.consider_constant.list().begin(), o.consider_constant.list().end());
  ops::refuse_hidden("grad", named, roots, w);
  stabilize(seeds, roots, wrt, o);
  const gradient::Flow flow(seeds, roots, wrt, o.consider_constant.list());
  std::vector<Tensor> result;
  for (const Tensor& x : wrt) {
    if (!flow.reaches(x)) report_disconnected(cost, x, roots, o.disconnected_inputs);
    const Tensor g = flow.of(x);
    result.push_back(g.node() ? g : ops::zeros_of(x, w));
  }
  return result;
}

namespace {
/// v has the shape of `like`: nothing broadcasts in a product with a matrix of derivatives.
void check_direction(std::string_view verb, const Tensor& v, const Tensor& like, Where w) {
  const Shape &has = type(v).shape, &needs = type(like).shape;
  bool fits = has.size() == needs.size();
  for (std::size_t d = 0; fits && d < has.size(); ++d) fits = has[d] < 0 || needs[d] < 0 || has[d] == needs[d];
  if (!fits)
    fail_at<ShapeError>(w, "{}: v is {}, {}; it needs the shape of {}, {}", verb, formula(v), text(type(v)),
                        describe(like), text(type(like)));
}
}  // namespace

Tensor Lop(const Tensor& f, const Tensor& wrt, const Tensor& v, Where w) {
  refuse_empty("Lop", std::array{f, wrt, v}, w);
  check_direction("Lop", v, f, w);
  GradOptions o;
  o.known_grads = Givens({{f, v}});
  return grad(Cost(f, w), wrt, o);
}

// The vector-Jacobian product is linear in its vector u: its derivative with respect to u, applied to v, is the
// Jacobian times v.
Tensor Rop(const Tensor& f, const Tensor& wrt, const Tensor& v, Where w) {
  refuse_empty("Rop", std::array{f, wrt, v}, w);
  check_direction("Rop", v, wrt, w);
  const Tensor u = apply(ops::zero_grad, {}, {ops::zeros_of(f, w)}, w);
  const Tensor product = Lop(f, wrt, u, w);
  GradOptions o;
  o.known_grads = Givens({{product, v}});
  o.disconnected_inputs = Disconnected::ignore;
  return grad(Cost(product, w), u, o);
}

namespace {
/// The gradients of all elements of a vector at once: of its products with unit vectors.
Tensor all_rows(std::string_view verb, const Tensor& f, const Tensor& wrt, Where w) {
  const Tensor direction = make_input(type(f), "direction", w);
  GradOptions o;
  o.known_grads = Givens({{f, direction}});
  o.disconnected_inputs = Disconnected::ignore;
  const Tensor product = grad(Cost(f, w), wrt, o);
  return rewrite::batched({&product, 1}, {{direction, eye({f.shape(0, w)}, 0, f.dtype(), w)}}, verb, w)[0];
}

/// A gradient for each, which repeats the graph: for a short vector, or where nothing else goes.
Tensor row_by_row(const Tensor& f, const Tensor& wrt, Index n, Where w) {
  GradOptions o;
  o.disconnected_inputs = Disconnected::ignore;  // a row of zeros
  if (n == 0) return zeros_like(expand_dims(wrt, 0, w), w)(slice(0, 0));
  std::vector<Tensor> rows;
  for (Index i = 0; i < n; ++i) rows.push_back(grad(Cost(f(IndexItem(i, w)), w), wrt, o));
  return stack(rows, 0, w);
}

Tensor rows_of(std::string_view verb, const Tensor& given, const Tensor& wrt, Where w) {
  constexpr Index most_rows = 16;  // as many as scan repeats
  const Index n = type(given).shape[0];
  if (n < 0) return all_rows(verb, given, wrt, w);
  const Tensor f = reshape(given, {n}, w);  // refuses what has another length than its type says by now
  if (n <= most_rows) return row_by_row(f, wrt, n, w);
  try {
    return all_rows(verb, f, wrt, w);
  } catch (const GraphError&) {  // an op for one direction at a time
    return row_by_row(f, wrt, n, w);
  }
}
}  // namespace

Tensor jacobian(const Tensor& f, const Tensor& wrt, Where w) {
  check_wrt({&wrt, 1}, w);
  if (!f.node()) fail_at<GraphError>(w, "jacobian: the function is an empty Tensor (declared, never assigned)");
  if (f.ndim() > 1)
    fail_at<ShapeError>(w, "jacobian: {} is {}; the derivatives of a vector are taken, so flatten it first",
                        describe(f), text(type(f)));
  const WhereScope place(w, "");
  if (f.ndim() == 0) return grad(Cost(f, w), wrt);
  (void)grad(Cost(sum(f, w), w), wrt);  // refuses what f does not depend on
  return rows_of("jacobian", f, wrt, w);
}

Tensor hessian(const Tensor& cost, const Tensor& wrt, Where w) {
  check_wrt({&wrt, 1}, w);
  const std::string what = fmt::format("hessian: {} is {}", describe(wrt), text(type(wrt)));
  if (wrt.ndim() != 1) fail_at<ShapeError>(w, "{}; the second derivatives are taken with respect to a vector", what);
  const WhereScope place(w, "");
  return rows_of("hessian", grad(Cost(cost, w), wrt), wrt, w);
}

Tensor hessian_vector_product(const Tensor& cost, const Tensor& wrt, const Tensor& v, Where w) {
  refuse_empty("hessian_vector_product", std::array{cost, wrt, v}, w);
  check_direction("hessian_vector_product", v, wrt, w);
  const Tensor slope = grad(Cost(cost, w), wrt);
  GradOptions o;
  o.known_grads = Givens({{slope, v}});
  o.disconnected_inputs = Disconnected::ignore;
  return grad(Cost(slope, w), wrt, o);
}

}  // namespace croton
