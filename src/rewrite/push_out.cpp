// Products that a loop need not wait for: what a step multiplies of rows alone is multiplied before the loop, for all
// rows at once; what it multiplies for its ys alone, after it; and what another loop over the same rows has multiplied
// already is taken from there.
#include <algorithm>
#include <functional>

#include "ops/nested.h"
#include "ops/registry.h"
#include "rewrite/batched.h"
#include "rewrite/step.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

/// Products, and what is computed by element of them alone without being larger: the last ones of each chain.
class Chains {
 public:
  /// `starts`: whether a product is one of them; `goes_on`: whether a node by element may follow.
  template <class Starts, class GoesOn>
  Chains(const Step& step, Starts&& starts, GoesOn&& goes_on) {
    NodeSet in, followed;
    for (const Tensor& t : step.nodes()) {
      if (starts(t)) {
        in.insert(t.node());
      } else if ((meaning<Pointwise>(t) || meaning<Convert>(t)) && goes_on(t)) {
        double before = 0;
        for (const Tensor& x : node(t).inputs)
          if (in.contains(x.node()) && step.uses(x) == 1) before = std::max(before, elements(x));
        if (elements(t) > before) continue;
        in.insert(t.node());
        for (const Tensor& x : node(t).inputs)
          if (step.uses(x) == 1) followed.insert(x.node());
      }
    }
    for (const Tensor& t : step.nodes())
      if (in.contains(t.node()) && !followed.contains(t.node())) ends.push_back(t);
  }
  std::vector<Tensor> ends;
};

/// The outer graph's values in place of what the step captures.
Replacements outside(const OpenLoop& loop) {
  Replacements r;
  for (const Bound& b : loop.captured) r.emplace(b.inner.node(), b.outer);
  return r;
}

// ---- before the loop

void push_before(OpenLoop& loop) {
  if (loop.until() || loop.rows.empty()) return;  // until: most rows may never be run
  const Step step(loop);
  const NodeSet for_many = step.of_rows(most_growth * loop.kept());
  const auto goes = [&](const Tensor& t) { return for_many.contains(t.node()); };
  const Chains chains(
      step, [&](const Tensor& t) { return goes(t) && step.changing_operand(t); },
      [&](const Tensor& t) {
        const auto& x = node(t).inputs;
        return goes(t) && std::all_of(x.begin(), x.end(),
                                      [&](const Tensor& from) { return !step.changes(from) || step.uses(from) == 1; });
      });
  if (chains.ends.empty()) return;
  Replacements rows;
  for (const Tensor& t : chains.ends) rows.emplace(t.node(), make_input(type(t), t.name(), node(t).where));
  const std::vector<Tensor> outputs = rebuild(loop.outputs(), rows);
  std::vector<Tensor> moved, inner;
  const std::vector<Tensor> read = leaves(outputs, NodeKind::input);
  for (const Tensor& t : chains.ends) {
    const Tensor& row = rows.at(t.node());
    if (std::none_of(read.begin(), read.end(), [&](const Tensor& leaf) { return same(leaf, row); })) continue;
    moved.push_back(t);
    inner.push_back(row);
  }
  std::vector<Many> given;
  for (const Bound& b : loop.rows) given.push_back({b.inner, b.outer});
  const std::vector<Tensor> all = rebuild(batched(moved, given, "scan", loop.where()), outside(loop));
  loop.set_outputs(outputs);
  for (std::size_t k = 0; k < all.size(); ++k) loop.add_row({inner[k], all[k]});
}

// ---- from another loop

/// A row of a loop that is a y of another one, which it was not before.
struct Taken {
  Tensor stand_in;
  std::size_t loop, y;
};

/// The inner input that stands for the same as this outer one; else a new input.
Tensor input_for(const Bound& b, const std::vector<Bound>& among, const std::function<bool(const Tensor&)>& is_same) {
  const auto there = std::find_if(among.begin(), among.end(), [&](const Bound& a) { return is_same(a.outer); });
  return there == among.end() ? make_input(type(b.inner), {}, node(b.inner).where) : there->inner;
}

/// Nodes of an earlier loop's step on the rows that a loop has of it.
std::vector<Tensor> step_on_rows(const OpenLoop& earlier, const std::vector<Tensor>& nodes, const OpenLoop& loop) {
  std::vector<Tensor> inputs;
  for (std::size_t k = 0; k < earlier.carries.size(); ++k)
    inputs.push_back(
        input_for(earlier.carries[k], loop.rows, [&](const Tensor& outer) { return earlier.is_before(outer, k); }));
  for (const auto list : {&OpenLoop::rows, &OpenLoop::captured})
    for (const Bound& b : earlier.*list)
      inputs.push_back(input_for(b, loop.*list, [&](const Tensor& outer) { return same(outer, b.outer); }));
  return applied({earlier.inner_inputs(), nodes}, inputs);
}

/// The step of a loop that goes back computes again what the step forward has computed: its products become ys there.
void take_from(OpenLoop& earlier, std::size_t number, OpenLoop& loop, std::vector<Taken>& taken) {
  const auto is_its = [&](const Bound& row) {
    for (std::size_t k = 0; k < earlier.carries.size(); ++k)
      if (earlier.is_before(row.outer, k)) return true;
    return false;
  };
  if (earlier.until() || !same(earlier.steps(), loop.steps()) ||
      std::none_of(loop.rows.begin(), loop.rows.end(), is_its))
    return;
  const Step made(earlier);
  std::vector<Tensor> both = loop.outputs();
  const std::size_t own = both.size();
  for (const Tensor& t : step_on_rows(earlier, made.nodes(), loop)) both.push_back(t);
  both = merge(both);
  std::unordered_map<const Node*, const Tensor*> there;  // a node of the loop's step: the same in the earlier one's
  for (std::size_t k = own; k < both.size(); ++k) there.emplace(both[k].node(), &made.nodes()[k - own]);
  loop.set_outputs(std::span(both).first(own));
  const Step step(loop);
  const double most = most_growth * earlier.kept();
  const auto is_there = [&](const Tensor& t) {
    const auto found = there.find(t.node());
    return found != there.end() && made.on_carries(*found->second) && elements(t) <= most;
  };
  const Chains chains(
      step, [&](const Tensor& t) { return is_there(t) && step.changing_operand(t); }, is_there);
  Replacements rows;
  for (const Tensor& t : chains.ends) {
    const Tensor stand_in = make_input(type(t), t.name(), node(t).where);
    taken.push_back({stand_in, number, earlier.y_of(*there.at(t.node()))});
    loop.add_row({make_input(type(t), t.name(), node(t).where), stand_in});
    rows.emplace(t.node(), loop.rows.back().inner);
  }
  loop.set_outputs(rebuild(loop.outputs(), rows));
}

// ---- after the loop

/// A y that is made of products which nothing else in the step waits for, or is nothing but rows arranged otherwise:
/// what of the step has to be stacked instead, so that it is made after the loop.
class After {
 public:
  After(const OpenLoop& loop, const Step& step, std::size_t y) : loop_(loop), step_(step), y_(loop.ys()[y]) {
    if (!step.varies(y_) || (step.uses(y_) > 1 && node(y_).kind == NodeKind::apply)) return;
    find_own();
    const double most = most_growth * loop.kept();
    for (const Tensor& t : step.nodes()) {
      const auto& x = node(t).inputs;
      const bool is_made = own_.contains(t.node()) && step.goes_for_many(t) && elements(t) <= most &&
                           (step.changing_operand(t) || std::all_of(x.begin(), x.end(), [&](const Tensor& from) {
                              return later_.contains(from.node());
                            }));
      if (!step.changes(t) || is_stacked(t) || is_made) later_.insert(t.node());
    }
    if (later_.contains(y_.node())) find_cuts();
    double bought = 0;
    for (const Tensor& t : cuts)
      if (!is_stacked(t)) bought += elements(t);
    const bool is_worth_it = has_product_ || (!computes_ && !step.on_carries(y_));
    if (!is_worth_it || bought > std::max(loop.kept(), most_growth * elements(y_))) cuts.clear();
  }

  /// Where the step is cut; empty where the y stays in it.
  std::vector<Tensor> cuts;

 private:
  /// What only this y needs.
  void find_own() {
    own_.insert(y_.node());
    for (auto t = step_.nodes().rbegin(); t != step_.nodes().rend(); ++t) {
      const auto& by = step_.users(*t);
      if (by.empty() || step_.is_output(*t) || node(*t).inputs.empty()) continue;
      if (std::all_of(by.begin(), by.end(), [&](const Node* u) { return own_.contains(u); })) own_.insert(t->node());
    }
  }
  /// Whether there are all rows of it anyway.
  bool is_stacked(const Tensor& t) const {
    const auto is_it = [&](const Bound& b) { return same(b.inner, t); };
    if (!loop_.until() && std::any_of(loop_.rows.begin(), loop_.rows.end(), is_it)) return true;
    const auto carry = std::find_if(loop_.carries.begin(), loop_.carries.end(), is_it);
    if (carry != loop_.carries.end())
      return loop_.keeps_before(static_cast<std::size_t>(carry - loop_.carries.begin()));
    for (std::size_t k = 0; k < loop_.ys().size(); ++k)
      if (same(loop_.ys()[k], t) && !same(t, y_) && !loop_.has_moved(k)) return true;
    return false;
  }
  void find_cuts() {
    NodeSet seen;
    for (std::vector<Tensor> open{y_}; !open.empty();) {
      const Tensor t = open.back();
      open.pop_back();
      if (!step_.changes(t) || !seen.insert(t.node()).second) continue;
      const Tensor* operand = step_.changing_operand(t);
      if (is_stacked(t) || !later_.contains(t.node())) {
        cuts.push_back(t);
      } else if (operand) {
        has_product_ = true;
        open.push_back(*operand);
      } else {
        computes_ |= !meaning<Concatenate>(t) && !meaning<View>(t) && !meaning<Reshape>(t);
        open.insert(open.end(), node(t).inputs.begin(), node(t).inputs.end());
      }
    }
  }

  const OpenLoop& loop_;
  const Step& step_;
  Tensor y_;
  NodeSet own_, later_;
  bool has_product_ = false, computes_ = false;
};

/// All rows of what a step's values become, of which those of results of the loop are not there yet.
class Later {
 public:
  explicit Later(OpenLoop& loop) : loop_(loop) {}

  void add(const Tensor& t) {
    Bound cut{make_input(type(t), t.name(), node(t).where), {}};
    const auto is_it = [&](const Bound& b) { return same(b.inner, t); };
    const auto row = std::find_if(loop_.rows.begin(), loop_.rows.end(), is_it);
    const auto carry = std::find_if(loop_.carries.begin(), loop_.carries.end(), is_it);
    if (row != loop_.rows.end() && !loop_.until())
      cut.outer = row->outer;
    else if (carry != loop_.carries.end())
      cut.outer = part(t, true, static_cast<std::size_t>(carry - loop_.carries.begin()));
    else
      cut.outer = part(t, false, loop_.y_of(t));
    cuts_.emplace(t.node(), cut.inner);
    given_.push_back({cut.inner, cut.outer});
  }
  void move(std::size_t y) {
    const Tensor t = rebuild({&loop_.ys()[y], 1}, cuts_)[0];
    loop_.move_y(y, rebuild(batched({&t, 1}, given_, "scan", loop_.where()), outside(loop_))[0], parts_);
  }

 private:
  Tensor part(const Tensor& t, bool before, std::size_t number) {
    Type rows = type(t);
    rows.shape.insert(rows.shape.begin(), any_extent);
    parts_.push_back({make_input(std::move(rows), t.name(), node(t).where), before, number});
    return parts_.back().stand_in;
  }

  OpenLoop& loop_;
  Replacements cuts_;
  std::vector<Many> given_;
  std::vector<OpenLoop::Part> parts_;
};

void push_after(OpenLoop& loop) {
  const std::size_t ys = loop.ys().size();
  const Step step(loop);
  for (std::size_t y = 0; y < ys; ++y) {
    const After after(loop, step, y);
    if (after.cuts.empty()) continue;
    Later later(loop);
    for (const Tensor& t : after.cuts) later.add(t);
    later.move(y);
  }
}

}  // namespace

std::vector<Tensor> push_out(std::span<const Tensor> outputs) {
  const std::vector<Tensor> nodes = topological(outputs);
  std::vector<Tensor> results;
  std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(results),
               [](const Tensor& t) { return meaning<Loop>(t); });
  if (results.empty()) return {outputs.begin(), outputs.end()};
  std::vector<OpenLoop> loops;
  std::unordered_map<const Node*, std::size_t> loop_of;
  for (const std::vector<Tensor>& run : ops::by_run(results)) {
    for (const Tensor& t : run) loop_of.emplace(t.node(), loops.size());
    loops.emplace_back(run);
  }
  std::vector<Taken> taken;
  for (std::size_t later = 1; later < loops.size(); ++later)
    for (std::size_t earlier = 0; earlier < later; ++earlier) take_from(loops[earlier], earlier, loops[later], taken);
  std::vector<bool> closed(loops.size(), false);
  Replacements now;
  const auto close = [&](std::size_t number) {
    OpenLoop& loop = loops[number];
    loop.rebind(now);
    split_products(loop);
    push_before(loop);
    push_after(loop);
    loop.close();
    for (const Taken& t : taken)
      if (t.loop == number) now.emplace(t.stand_in.node(), loop.y(t.y));
    closed[number] = true;
  };
  for (const Tensor& t : nodes) {
    const auto of = loop_of.find(t.node());
    if (of != loop_of.end() && !closed[of->second]) close(of->second);
    if (of != loop_of.end() && loops[of->second].changed()) {
      Tensor made = loops[of->second].result(ops::result_of(t));
      now.emplace(t.node(), made.named(node(t).name));
      continue;
    }
    std::vector<Tensor> inputs;
    for (const Tensor& x : node(t).inputs) inputs.push_back(now.at(x.node()));
    now.emplace(t.node(), inputs.empty() ? t : with_inputs(t, std::move(inputs)));
  }
  std::vector<Tensor> out;
  for (const Tensor& t : outputs) out.push_back(now.at(t.node()));
  return out;
}

}  // namespace croton::rewrite
