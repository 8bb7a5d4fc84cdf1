#include "gradient/loop.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "base/dtype.h"
#include "croton/ops.h"
#include "gradient/flow.h"
#include "graph/walk.h"
#include "ops/closure.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "rewrite/passes.h"

namespace croton::gradient {
namespace {

// Let (c', y) = f(c, x, w) be a step. Of the cost's gradients c'_bar and y_bar with respect to what a step gives, its
// own pullback makes c_bar, x_bar and w_bar. So the loop the other way carries c_bar, starting from the gradient of the
// last carry, and the sum of w_bar; its rows are the carries before each step, the xs, and y_bar; its ys are x_bar.
// Where w_bar is a product of what is small, as that of a weight is, its factors are ys instead, and the sum is one
// product; where it is a sum of such a factor, as that of a bias is, it is summed from these ys. Where it is a sum over
// elements that go with those of a carry, these are carried, and the sum is made after the loop.
class Backward {
 public:
  Backward(const Tensor& result, const std::vector<Tensor>& bars, const std::vector<bool>& needed)
      : form_(ops::form_of(result)),
        x_(node(result).inputs),
        w_(node(result).where),
        bars_(bars),
        needed_(needed),
        outputs_(rewrite::stabilize(form_.step->outputs)),
        carry_bars_(form_.carries) {}

  InputGradients run() {
    for (std::size_t k = 0; k < form_.carries; ++k)
      if (bars_[k].node() || bars_[form_.before(k)].node()) start_carry(k);
    for (std::size_t k = 0; k < form_.ys(); ++k)
      if (const Tensor& bar = bars_[form_.y(k)]; bar.node()) {
        rows_.push_back({make_input(ops::row_type(type(bar)), "", w_), bar});
        seed(form_.y(k), rows_.back().inner);
      }
    // a carry that a gradient comes to hands it on to the step before
    for (bool more = true; more;) {
      more = false;
      const Flow flow = flow_now();
      for (std::size_t k = 0; k < form_.carries; ++k)
        if (!carry_bars_[k].node() && flow.of(form_.step->inputs[k]).node()) {
          start_carry(k);
          more = true;
        }
    }
    return made(flow_now());
  }

 private:
  /// An input of the step that goes back, and what it is in the graph around.
  struct Bound {
    Tensor inner, outer;
  };

  void seed(std::size_t output, const Tensor& bar) { seeds_.add(outputs_[output], bar, w_); }

  void start_carry(std::size_t k) {
    const Tensor start = bars_[k].node() ? bars_[k] : ops::zeros_of(x_[k + 1], w_);
    carry_bars_[k] = make_input(type(start), "", w_);
    carries_.push_back({carry_bars_[k], start});
    seed(k, carry_bars_[k]);
  }

  Flow flow_now() const {
    std::vector<Tensor> wanted;
    for (std::size_t k = 0; k < form_.step->inputs.size(); ++k)
      if (k < form_.carries || needed_[k + 1]) wanted.push_back(form_.step->inputs[k]);
    return Flow(seeds_.gradients, seeds_.roots, wanted, {});
  }

  /// A gradient that is a sum of products of rows: of one factor's rows with the other's, and then perhaps permuted.
  struct Product {
    std::size_t input;
    Tensor contract, permuted;  // permuted: empty where it is not
  };
  /// A gradient that is added up over the steps: itself, or the elements that it is a sum of; a carry's, or of a y.
  struct Sum {
    std::size_t input;
    Tensor bar, added;
    std::optional<std::size_t> carry = {};
  };
  /// All rows of a factor: there already, or a y of the loop that goes back.
  struct Factor {
    Tensor outer;
    std::size_t y = 0;
  };

  bool depends_on_row(const Tensor& t) const {
    const auto captured = form_.step->inputs.begin() + static_cast<std::ptrdiff_t>(form_.capture(0));
    const auto is_row = [&](const Tensor& leaf) {
      return std::none_of(captured, form_.step->inputs.end(), [&](const Tensor& c) { return same(c, leaf); });
    };
    const std::vector<Tensor> all = leaves({&t, 1}, NodeKind::input);
    return std::any_of(all.begin(), all.end(), is_row);
  }

  std::optional<Product> product(std::size_t input, const Tensor& bar) const {
    Product p{input, bar, {}};
    if (is_op(bar, ops::permute)) {
      p.permuted = bar;
      p.contract = node(bar).inputs[0];
    }
    if (!meaning<Contract>(p.contract)) return {};
    const auto& factors = node(p.contract).inputs;
    if (!depends_on_row(factors[0]) || !depends_on_row(factors[1])) return {};
    return p;
  }

  /// The rows that input k of the step has in the loop that goes forward.
  Tensor rows_of(std::size_t k) const {
    return k < form_.carries ? ops::loop_result(form_, form_.before(k), x_, w_) : gone_over(x_[k + 1]);
  }
  /// How many steps there were.
  Tensor steps() const { return form_.until ? ops::loop_result(form_, form_.count(), x_, w_) : x_[0]; }
  /// The rows of xs, or their gradient, that the loop came to.
  Tensor gone_over(const Tensor& xs) const {
    if (!form_.until) return xs;
    return form_.reverse ? xs[slice(xs.shape(0, w_) - steps(), none)] : xs[slice(steps())];
  }
  /// The gradient of all rows of xs, from that of those that the loop came to.
  Tensor of_all_rows(const Tensor& bar, const Tensor& xs) const {
    return form_.until ? set_subtensor(gone_over(ops::zeros_of(xs, w_)), bar, w_) : bar;
  }

  Factor factor(const Tensor& t, std::vector<Tensor>& ys) const {
    for (std::size_t k = 0; k < form_.capture(0); ++k)
      if (same(t, form_.step->inputs[k])) return {rows_of(k)};
    const auto there = std::find_if(ys.begin(), ys.end(), [&](const Tensor& y) { return same(y, t); });
    const auto number = static_cast<std::size_t>(there - ys.begin());
    if (there == ys.end()) ys.push_back(t);
    return {{}, number};
  }

  /// What a gradient is a sum over axes of, or the gradient itself.
  static const Tensor& summand(const Tensor& bar) {
    const Tensor* t = &bar;
    while (is_op(*t, ops::sum) || is_op(*t, ops::permute)) t = &node(*t).inputs[0];
    return *t;
  }

  /// A carry of the shape of a value of the step, which pointwise operations make of it.
  std::optional<std::size_t> carry_like(const Tensor& value) const {
    std::vector<Tensor> todo{value};
    std::unordered_set<const Node*> seen;
    while (!todo.empty()) {
      const Tensor t = todo.back();
      todo.pop_back();
      if (!seen.insert(t.node()).second) continue;
      for (std::size_t k = 0; k < form_.carries; ++k)
        if (same(t, form_.step->inputs[k]) || (carry_bars_[k].node() && same(t, carry_bars_[k]))) return k;
      if (!meaning<Pointwise>(t) && !meaning<Convert>(t)) continue;
      for (const Tensor& x : node(t).inputs) {
        bool widened = false;
        for (int d = 0; d < t.ndim(); ++d) widened = widened || (type(x).broadcasts(d) && !type(t).broadcasts(d));
        if (!widened) todo.push_back(x);
      }
    }
    return {};
  }

  /// The sum of a product over all rows: the rows are one axis more that is summed over.
  Tensor summed(const Product& p, const Tensor& left, const Tensor& right) const {
    const Params& labels = node(p.contract).params;
    std::vector<Index> a = labels.list("a"), b = labels.list("b");
    Index label = 0;
    for (const std::vector<Index>* list : {&a, &b})
      for (const Index l : *list) label = std::max(label, l + 1);
    a.insert(a.begin(), label);
    b.insert(b.begin(), label);
    Tensor sum = apply(ops::contract, {{"a", a}, {"b", b}, {"out", labels.list("out")}}, {left, right}, w_);
    if (p.permuted.node()) sum = apply(ops::permute, node(p.permuted).params, {sum}, w_);
    return sum;
  }

  InputGradients made(const Flow& flow) {
    InputGradients g{std::vector<Tensor>(x_.size()), std::vector<bool>(x_.size(), false)};
    for (std::size_t k = 0; k < form_.step->inputs.size(); ++k) g.reached[k + 1] = flow.reaches(form_.step->inputs[k]);
    // what the step gives, and which input's gradient that is
    std::vector<Tensor> next, ys;
    std::vector<std::size_t> of_next, of_y;
    std::vector<Product> products;
    std::vector<Sum> sums;
    for (const Bound& c : std::vector<Bound>(carries_)) {
      const std::size_t k = carry_of(c.inner);
      next.push_back(carry_bar(flow, k));
      of_next.push_back(k + 1);
      g.reached[k + 1] = true;
    }
    for (std::size_t k = form_.carries; k < form_.step->inputs.size(); ++k) {
      const Tensor bar = needed_[k + 1] ? flow.of(form_.step->inputs[k]) : Tensor();
      if (!bar.node()) continue;
      if (k < form_.capture(0)) {
        ys.push_back(bar);
        of_y.push_back(k + 1);
        continue;
      }
      if (const auto p = product(k + 1, bar)) {
        products.push_back(*p);
        continue;
      }
      sums.push_back({k + 1, bar, summand(bar)});
    }
    std::vector<std::array<Factor, 2>> factors;
    for (const Product& p : products) {
      const auto& [left, right] = std::pair{node(p.contract).inputs[0], node(p.contract).inputs[1]};
      const Factor first = factor(left, ys);
      factors.push_back({first, factor(right, ys)});
    }
    for (Sum& s : sums) {
      if (std::any_of(ys.begin(), ys.end(), [&](const Tensor& y) { return same(y, s.added); })) continue;
      const std::optional<std::size_t> like = same(s.added, s.bar) ? std::nullopt : carry_like(s.added);
      if (!like) s.added = s.bar;
      const Tensor start =
          like ? ops::converted(ops::zeros_of(x_[*like + 1], w_), s.added.dtype(), w_) : ops::zeros_of(x_[s.input], w_);
      carries_.push_back({make_input(type(start), "", w_), start});
      s.carry = next.size();
      next.push_back(carries_.back().inner + s.added);
    }
    if (next.empty() && ys.empty() && products.empty()) return g;
    const std::size_t carries = next.size();
    next.insert(next.end(), ys.begin(), ys.end());
    const auto [form, inputs] = backward(next, carries);
    for (std::size_t k = 0; k < of_next.size(); ++k) g.of[of_next[k]] = ops::loop_result(form, k, inputs, w_);
    for (std::size_t k = 0; k < of_y.size(); ++k)
      g.of[of_y[k]] = of_all_rows(ops::loop_result(form, form.y(k), inputs, w_), x_[of_y[k]]);
    const auto rows = [&, &form = form, &inputs = inputs](const Factor& f) {
      return f.outer.node() ? f.outer : ops::loop_result(form, form.y(f.y), inputs, w_);
    };
    for (std::size_t k = 0; k < products.size(); ++k)
      g.of[products[k].input] = summed(products[k], rows(factors[k][0]), rows(factors[k][1]));
    for (const Sum& s : sums) {
      const Tensor total = s.carry ? ops::loop_result(form, *s.carry, inputs, w_) : sum(rows(factor(s.added, ys)), 0);
      g.of[s.input] = rebuild({&s.bar, 1}, {{s.added.node(), total}})[0];
    }
    return g;
  }

  std::size_t carry_of(const Tensor& bar) const {
    std::size_t k = 0;
    while (!same(carry_bars_[k], bar)) ++k;
    return k;
  }

  /// The gradient of a carry before the step.
  Tensor carry_bar(const Flow& flow, std::size_t k) {
    const Tensor through = flow.of(form_.step->inputs[k]);
    const Tensor& own = bars_[form_.before(k)];
    if (!own.node()) return through.node() ? through : ops::zeros_of(form_.step->inputs[k], w_);
    rows_.push_back({make_input(ops::row_type(type(own)), "", w_), own});
    return through.node() ? through + rows_.back().inner : rows_.back().inner;
  }

  /// The loop that goes back, and its inputs.
  std::pair<ops::LoopForm, std::vector<Tensor>> backward(const std::vector<Tensor>& outputs, std::size_t carries) {
    std::unordered_set<const Node*> read;
    for (const Tensor& t : leaves(outputs, NodeKind::input)) read.insert(t.node());
    std::vector<Tensor> inner, inputs{steps()};
    const auto bind = [&](const Bound& b) {
      inner.push_back(b.inner);
      inputs.push_back(b.outer);
    };
    for (const Bound& b : carries_) bind(b);
    for (std::size_t k = 0; k < form_.capture(0); ++k) {
      const Tensor& t = form_.step->inputs[k];
      if (!read.contains(t.node())) continue;
      bind({t, rows_of(k)});
    }
    for (const Bound& b : rows_)
      if (read.contains(b.inner.node())) bind(b);
    ops::Closure closure = ops::closed(outputs, inner);
    Replacements captured;
    for (std::size_t k = 0; k < form_.captured(); ++k)
      captured.emplace(form_.step->inputs[form_.capture(k)].node(), x_[form_.capture(k) + 1]);
    for (Tensor& t : rebuild(closure.captured, captured)) inputs.push_back(std::move(t));
    ops::LoopForm form{std::make_shared<const Subgraph>(std::move(closure.graph)), carries, inner.size() - carries,
                       !form_.reverse};
    return {std::move(form), std::move(inputs)};
  }

  ops::LoopForm form_;
  std::vector<Tensor> x_;
  Where w_;
  const std::vector<Tensor>& bars_;
  const std::vector<bool>& needed_;
  std::vector<Tensor> outputs_;
  std::vector<Tensor> carry_bars_;  // by carry: the gradient of what the step makes of it; empty where it has none
  std::vector<Bound> carries_, rows_;
  Seeds seeds_;
};

}  // namespace

InputGradients loop_gradients(const Tensor& result, const std::vector<Tensor>& bars, const std::vector<bool>& needed) {
  return Backward(result, bars, needed).run();
}

}  // namespace croton::gradient
