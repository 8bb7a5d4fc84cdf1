// Gradients of tensors of which slices were taken.
#include "catch.h"
#include "croton/ops.h"
#include "differences.h"
#include "graph/walk.h"
#include "ops/registry.h"

namespace croton {
namespace {

using namespace differences;

bool is_put_together(const Tensor& gradient) {
  for (const Tensor& t : topological({&gradient, 1}))
    if (meaning<FoldWindows>(t) || meaning<Write>(t)) return false;
  return true;
}
Tensor columns(const Tensor& x, Index from, Index to) { return x(all, slice(from, to)); }

}  // namespace

TEST_CASE("the gradient of what is cut into slices is theirs one after another") {
  const Tensor x = dmatrix("x");
  const auto cost = [&](const std::vector<Tensor>& parts) {
    Tensor total = Tensor(0.0);
    for (std::size_t k = 0; k < parts.size(); ++k) total = total + sum(sin(parts[k] * static_cast<double>(k + 1)));
    return total;
  };
  const Tensor all_of_it = cost({columns(x, 4, 6), columns(x, 0, 2), columns(x, 2, 4)});
  const Tensor gaps = cost({columns(x, 1, 2), columns(x, 3, 5)});
  const Tensor equal = cost({columns(x, 0, 3), columns(x, 3, 6), columns(x, 0, 3)});
  const Tensor open = cost({x(all, slice(none, 2)), x(all, slice(2, none)), square(x)});
  for (const Tensor& c : {all_of_it, gaps, equal, open}) {
    CHECK(is_put_together(grad(c, x)));
    // also where there are more columns than the slices take, and fewer
    for (const Index n : {6, 8, 3, 1, 0}) CHECK(disagreement(c, {{x, numbers({2, n})}}) == "");
  }
}

TEST_CASE("slices that overlap or are of several axes or go another way add up their gradients") {
  const Tensor x = dmatrix("x");
  const auto cost = [&](const Tensor& a, const Tensor& b) { return sum(sin(a)) + sum(exp(b)); };
  for (const Tensor& c :
       {cost(columns(x, 0, 3), columns(x, 2, 5)), cost(columns(x, 0, 2), x(slice(1, 2))),
        cost(columns(x, 0, 2), x(all, slice(none, none, -1))), cost(columns(x, 0, 2), x(all, slice(2, none, 2))),
        cost(columns(x, 0, 2), x(all, slice(-2, none))), cost(x(all, slice(2, none)), columns(x, 3, 4)),
        cost(columns(x, 3, 2), columns(x, 2, 3)), cost(x(slice(1, none)), x(all, slice(1, none))),
        cost(x(slice(0, 1), slice(0, 2)), columns(x, 2, 3))}) {
    INFO(c);
    for (const Index n : {5, 2}) CHECK(disagreement(c, {{x, numbers({2, n})}}) == "");
  }
}

}  // namespace croton
