// Values of expressions without compiling: the stabilizing rules, then the reference evaluator.
#include "array/access.h"
#include "base/error.h"
#include "base/float_control.h"
#include "function/recipe.h"
#include "function/typed.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"

namespace croton {

namespace {
[[noreturn]] void refuse_missing(std::span<const Tensor> missing, Where where) {
  std::vector<std::string> what, pairs;
  for (const Tensor& t : missing) {
    what.push_back(describe(t));
    pairs.push_back(fmt::format("{{{}, value}}", t.name().empty() ? "it" : t.name()));
  }
  fail_at<GraphError>(where, "eval: {} {}: eval(y, {{{}}})", fmt::join(what, ", "),
                      missing.size() == 1 ? "has no value; give it one" : "have no values; give them some",
                      fmt::join(pairs, ", "));
}
}  // namespace

Array eval(const Tensor& x, const Givens& givens, Where where) {
  const FloatControl control;
  if (!x.node()) fail_at<GraphError>(where, "eval: the expression is an empty Tensor (declared, never assigned)");
  std::vector<Tensor> graph = with_givens({&x, 1}, givens, "eval", where);
  if (const std::vector<Tensor> missing = leaves(graph, NodeKind::input); !missing.empty())
    refuse_missing(missing, where);
  const std::vector<SharedUse> uses = shared_uses(leaves(graph, NodeKind::shared), {});
  std::vector<Array> held;
  std::vector<Extents> shapes;
  shapes.reserve(uses.size());
  {
    const Words words(uses);
    for (const SharedUse& u : uses) held.push_back(u.storage->get());
  }
  for (const Array& a : held) shapes.push_back(a.shape());
  const TypedGraph now = typed(graph, uses, shapes);
  ops::Values values;
  for (std::size_t i = 0; i < held.size(); ++i) values.emplace(now.shared[i].node(), held[i]);
  graph = rewrite::run(now.results, {.stabilize_only = true});
  return owned(ops::evaluate(graph, values)[0]);  // a variable may hold memory of the caller's
}

Array Expr::eval(const Givens& givens, Where where) const { return croton::eval(*this, givens, where); }

Array Expr::eval() const { return croton::eval(*this, {}, node_ ? croton::node(*this).where : Where{}); }

}  // namespace croton
