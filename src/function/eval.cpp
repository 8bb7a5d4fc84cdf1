// Values of expressions without compiling: the stabilizing rules, then the reference evaluator.
#include "array/access.h"
#include "base/error.h"
#include "base/float_control.h"
#include "function/recipe.h"
#include "function/typed.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"

namespace croton {

Array eval(const Tensor& x, const Givens& givens, Where where) {
  const FloatControl control;
  if (!x.node()) fail_at<GraphError>(where, "eval: the expression is an empty Tensor (declared, never assigned)");
  std::vector<Tensor> graph = with_givens({&x, 1}, givens, "eval", where);
  for (const Tensor& t : leaves(graph, NodeKind::input))
    fail_at<GraphError>(where, "eval: {} has no value; give it one: eval(y, {{{{{}, value}}}})", describe(t),
                        t.name().empty() ? "it" : t.name());
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
