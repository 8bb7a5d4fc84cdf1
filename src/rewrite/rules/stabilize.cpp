// Specific equations stand before general ones: log(1 + exp(x)) is also a log(1 + x).
#include "croton/numpy.h"
#include "ops/elementwise.h"
#include "ops/registry.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {
namespace {

constexpr double sqrt_pi = 1.77245385090551602730;

/// The operands in what log1mexp and log_erfc are made of, from which these rules would make the same again.
bool is_clipped(const Tensor& x) { return is_op(x, ops::maximum) || is_op(x, ops::minimum); }
bool is_not_clipped(const Tensor& x) { return !is_clipped(x); }

/// log(exp(a) - exp(b)) for a > b.
Tensor log_sub_exp(const Tensor& a, const Tensor& b) { return a + log1mexp(where(a == b, 0, b - a)); }

/// log(erfc(x)): from where erfc loses bits, by the asymptotic series (Abramowitz and Stegun 7.1.23), whose first term
/// left out is below 1e-15 (float64) or 1e-7 of the result. Operands are clipped beyond that border, so that none on it
/// shares its gradient.
Tensor log_erfc(const Tensor& x) {
  const double far = x.dtype() == float64 ? 20 : 8;
  const Tensor z = maximum(x, far - 1), u = 1 / (2 * square(z));
  const Tensor series = u * (-1 + u * (3 + u * (-15 + u * (105 + u * (-945 + u * 10395)))));
  return where(x > far, -square(z) - log(z * sqrt_pi) + log1p(series), log(erfc(minimum(x, far + 1))));
}

bool is_positive(const Tensor& x) {
  for (const Op* op : {&ops::exp, &ops::softmax, &ops::sigmoid, &ops::softplus})
    if (is_op(x, *op)) return true;
  return false;
}

// ---- logarithms of parts

/// What a part is taken from, if `t` only moves its first input's elements.
bool moves(const Tensor& t) { return meaning<View>(t) || meaning<Reshape>(t) || meaning<Gather>(t); }

/// log(part of f(x)) is that part of log(f(x)), which another rule makes stable: -log(softmax(z)[arange(n), t]).
Tensor log_of_part(const Tensor& t, const NodeSet& keep) {
  std::vector<Tensor> chain{node(t).inputs[0]};
  while (moves(chain.back()) && !keep.contains(chain.back().node()))
    chain.push_back(Tensor(node(chain.back()).inputs[0]));
  const Tensor& source = chain.back();
  const bool is_kept_fold = is_op(source, ops::sum) && is_op(node(source).inputs[0], ops::exp);
  if (chain.size() == 1 || keep.contains(source.node()) ||
      !(is_op(source, ops::softmax) || is_op(source, ops::sigmoid) || is_kept_fold))
    return {};
  Tensor made = log(source);
  for (std::size_t i = chain.size() - 1; i-- > 0;) {
    std::vector<Tensor> inputs = node(chain[i]).inputs;
    inputs[0] = made;
    made = with_inputs(chain[i], std::move(inputs));
  }
  return made;
}

RuleBook made() {
  RuleBook b;
  b += rule("sigmoid", [](const Tensor& x) { return Equation{1 / (1 + exp(-x)), sigmoid(x)}; });
  b += rule("sigmoid_of_neg", [](const Tensor& x) { return Equation{1 / (1 + exp(x)), sigmoid(-x)}; });
  b += rule("sigmoid_of_reciprocal", [](const Tensor& x) { return Equation{reciprocal(1 + exp(x)), sigmoid(-x)}; });
  b += rule("sigmoid_of_quotient", [](const Tensor& x) { return Equation{exp(x) / (1 + exp(x)), sigmoid(x)}; });
  b += rule("tanh", [](const Tensor& x) { return Equation{(exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)}; });
  b += rule("tanh_of_half", [](const Tensor& x) { return Equation{expm1(x) / (1 + exp(x)), tanh(x / 2)}; });
  b += rule("softplus", [](const Tensor& x) { return Equation{log(1 + exp(x)), softplus(x)}; });
  b += rule("softplus_of_log1p", [](const Tensor& x) { return Equation{log1p(exp(x)), softplus(x)}; });
  b += rule("log_sigmoid", [](const Tensor& x) { return Equation{log(sigmoid(x)), -softplus(-x)}; });
  b += rule("log_one_minus_sigmoid", [](const Tensor& x) { return Equation{log(1 - sigmoid(x)), -softplus(x)}; });
  b += rule("log1p_minus_sigmoid", [](const Tensor& x) { return Equation{log1p(-sigmoid(x)), -softplus(x)}; });
  b += rule("logit_of_sigmoid", [](const Tensor& x) { return Equation{log(sigmoid(x) / (1 - sigmoid(x))), x}; });
  b += rule("log_one_minus_exp",
            [](const Tensor& x) {
              return Equation{log(1 - exp(x)), log1mexp(x)};
            })
           .when(is_not_clipped)
           .over({-4, -0.01});
  b += rule("log1p_minus_exp",
            [](const Tensor& x) {
              return Equation{log1p(-exp(x)), log1mexp(x)};
            })
           .when(is_not_clipped)
           .over({-4, -0.01});
  b += rule("log_minus_expm1",
            [](const Tensor& x) {
              return Equation{log(-expm1(x)), log1mexp(x)};
            })
           .when(is_not_clipped)
           .over({-4, -0.01});
  b += rule("log_expm1", [](const Tensor& x) { return Equation{log(expm1(x)), x + log1mexp(-x)}; }).over({0.01, 4});
  b += rule("log_exp", [](const Tensor& x) { return Equation{log(exp(x)), x}; });
  b += rule("log_softmax", [](const Tensor& x, Axis a) { return Equation{log(softmax(x, a)), log_softmax(x, a)}; });
  b += rule("exp_log_softmax", [](const Tensor& x, Axis a) { return Equation{exp(log_softmax(x, a)), softmax(x, a)}; });
  b += rule("softmax", [](const Tensor& x, Axis a) {
    return Equation{exp(x) / sum(exp(x), Axes(a), keepdims), softmax(x, a)};
  });
  b += rule("logsumexp", [](const Tensor& x, const Along& a) {
    return Equation{log(sum(exp(x), Axes(a))), logsumexp(x, Axes(a))};
  });
  b += rule("log_sum_of_logs",
            [](const Tensor& x, const Along& a) {
              return Equation{log(prod(x, Axes(a))), sum(log(x), Axes(a))};
            })
           .when(is_positive)
           .over({0.1, 4});
  b += rule("logaddexp", [](const Tensor& x, const Tensor& y) {
    return Equation{log(exp(x) + exp(y)), logaddexp(x, y)};
  });
  b += rule("logsubexp", [](const Tensor& x, const Tensor& y) {
    return Equation{log(exp(x) - exp(y)), log_sub_exp(x, y)};
  });
  b += rule("log_erfc", [](const Tensor& x) { return Equation{log(erfc(x)), log_erfc(x)}; }).when(is_not_clipped);
  b += rule("log_of_part", ops::log, log_of_part);
  b += rule("binary_crossentropy_of_sigmoid", [](const Tensor& x, const Tensor& y) {
    return Equation{binary_crossentropy(sigmoid(x), y), y * softplus(-x) + (1 - y) * softplus(x)};
  });
  b += rule("log1p", [](const Tensor& x) { return Equation{log(1 + x), log1p(x)}; }).over({-0.9, 4});
  b += rule("log1p_of_neg", [](const Tensor& x) { return Equation{log(1 - x), log1p(-x)}; }).over({-4, 0.9});
  b += rule("expm1", [](const Tensor& x) { return Equation{exp(x) - 1, expm1(x)}; });
  b += rule("minus_expm1", [](const Tensor& x) { return Equation{1 - exp(x), -expm1(x)}; });
  b += rule("one_minus_erf", [](const Tensor& x) { return Equation{1 - erf(x), erfc(x)}; });
  b += rule("one_plus_erf", [](const Tensor& x) { return Equation{1 + erf(x), erfc(-x)}; });
  b += rule("erf_minus_one", [](const Tensor& x) { return Equation{erf(x) - 1, -erfc(x)}; });
  b += rule("one_minus_erfc", [](const Tensor& x) { return Equation{1 - erfc(x), erf(x)}; });
  return b;
}

}  // namespace

const RuleBook& stabilizing_rules() {
  static const RuleBook& book = *new RuleBook(made());
  return book;
}

}  // namespace croton::rewrite
