#include "agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/config.h"
#include "rewrite/passes.h"
#include "runtime/storage.h"

namespace croton::property {
namespace {

runtime::SharedStorage& storage(const Tensor& t) { return static_cast<runtime::SharedStorage&>(*node(t).shared); }

// A bound beyond this share of the value is no first-order bound any more: the sine of a large sum, say.
constexpr double widest_bound = 0.02;

std::optional<std::string> difference(const Array& got, const ops::Bounded& want, Counts& counts) {
  if (got.dtype() != want.value.dtype() || got.shape() != want.value.shape())
    return fmt::format("{} instead of {}", type_text(got), type_text(want.value));
  for (Index i = 0; i < got.size(); ++i) {
    ++counts.elements;
    const double bound = get(want.bound, i);
    if (get(want.doubtful, i) != 0) {
      ++counts.doubtful;
      continue;
    }
    const double x = get(got, i), y = get(want.value, i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!(bound <= widest_bound * std::max(1.0, std::abs(y)))) {
      ++counts.wide;
      continue;
    }
    if (!(std::abs(x - y) <= bound))
      return fmt::format("element {} of {}: {} instead of {}, bound {}", i, type_text(got), x, y, bound);
  }
  return {};
}

// A leaf's extents may change where no type anywhere fixes this number.
std::set<Index> free_extents(const Case& c) {
  std::set<Index> open, fixed;
  const auto look = [&](const Tensor& t, const Array& value) {
    for (int d = 0; d < t.ndim(); ++d)
      (type(t).shape[static_cast<std::size_t>(d)] < 0 ? open : fixed).insert(value.shape(d));
  };
  for (std::size_t k = 0; k < c.inputs.size(); ++k) look(c.inputs[k], c.values[k]);
  for (std::size_t k = 0; k < c.shared.size(); ++k) look(c.shared[k], c.initial[k]);
  for (const Index n : fixed) open.erase(n);
  return open;
}

// The elements again from the first where there are too few.
Array resized(const Array& a, const Extents& shape) {
  if (a.size() == 0) return Array::zeros(shape, a.dtype());
  Array r = empty(shape, a.dtype());
  for (Index i = 0; i < r.size(); ++i) set(r, i, get(a, i % a.size()));
  return r;
}

// A sum that keeps its axis, say, fits its variable where that has extent 1 alone: a second run would not.
bool updates_keep_extents(const Case& c, const std::vector<Array>& results) {
  for (std::size_t k = 0; k < c.updates.size(); ++k)
    if (results[c.outputs.size() + k].shape() != c.initial[c.updates[k].shared].shape()) return false;
  return true;
}

Case with_other_extents(Case c) {
  const std::set<Index> open = free_extents(c);
  const auto change = [&](Array& a) {
    Extents shape = a.shape();
    for (Index& n : shape)
      if (open.count(n) > 0) n = n < 100 ? n + 3 : n / 2;
    a = resized(a, shape);
  };
  for (Array& a : c.values) change(a);
  for (Array& a : c.initial) change(a);
  return c;
}

Case with_other_places(Case c) {
  for (Array& a : c.values)
    if (is_place(a)) a = Array(a.item<Index>() > 0 ? a.item<Index>() - 1 : a.item<Index>() + 1);
  return c;
}

}  // namespace

Together::Together(std::vector<Case> cases, bool optimized, runtime::Device& device) : cases_(std::move(cases)) {
  std::vector<Tensor> all;
  for (const Case& c : cases_)
    for (const Tensor& t : c.results()) all.push_back(t);
  if (optimized) {
    const std::vector<Tensor> plain = rewrite::run(all, {.stabilize_only = true});
    auto next = plain.begin();
    for (const Case& c : cases_) {
      const auto end = next + static_cast<std::ptrdiff_t>(c.outputs.size() + c.updates.size());
      plain_.emplace_back(next, end);
      next = end;
    }
  }
  all = rewrite::run(all, {.stabilize_only = !optimized});
  std::vector<Tensor> results, news, inputs;
  std::vector<runtime::UpdateTarget> updates;
  std::size_t next = 0;
  for (const Case& c : cases_) {
    auto& mine = rewritten_.emplace_back();
    for (std::size_t k = 0; k < c.outputs.size(); ++k) mine.push_back(all[next]), results.push_back(all[next++]);
    for (const Case::Update& u : c.updates) {
      mine.push_back(all[next]), news.push_back(all[next++]);
      updates.push_back({c.shared[u.shared], news.size() - 1});
    }
    inputs.insert(inputs.end(), c.inputs.begin(), c.inputs.end());
  }
  for (runtime::UpdateTarget& u : updates) u.result += results.size();
  results.insert(results.end(), news.begin(), news.end());
  const ScopedConfig checked("check_ir=True");
  program_ = std::make_unique<runtime::Programs>(results, inputs, updates, device, "property");
}

Results Together::run() {
  for (const Case& c : cases_)
    for (std::size_t k = 0; k < c.shared.size(); ++k) storage(c.shared[k]).set(c.initial[k]);
  return run_on();
}

Results Together::run_on() {
  std::size_t many = 0;
  for (const Case& c : cases_) many += c.outputs.size();
  std::vector<Array> out(many), in;
  for (const Case& c : cases_) in.insert(in.end(), c.values.begin(), c.values.end());
  program_->run(in, out);
  Results r;
  std::size_t next = 0;
  for (const Case& c : cases_) {
    auto& mine = r.emplace_back();
    for (std::size_t k = 0; k < c.outputs.size(); ++k) mine.push_back(out[next++]);
    for (const Case::Update& u : c.updates) mine.push_back(storage(c.shared[u.shared]).get());
  }
  return r;
}

std::optional<Disagreement> Together::compare(const Results& got, const std::vector<ops::Values>& leaves,
                                              Counts& counts) const {
  for (std::size_t c = 0; c < cases_.size(); ++c) {
    const auto want = ops::evaluate_bounded(rewritten_[c], leaves[c]);
    for (std::size_t k = 0; k < want.size(); ++k)
      if (const auto d = difference(got[c][k], want[k], counts)) {
        const std::size_t outputs = cases_[c].outputs.size();
        const std::string which = k < outputs ? fmt::format("output {}", k)
                                              : "new " + cases_[c].shared[cases_[c].updates[k - outputs].shared].name();
        return Disagreement{c, which + ", " + *d};
      }
  }
  return {};
}

// Where the graph as written has NaN or infinity, rules may do better.
std::optional<Disagreement> Together::check_rewriting(Counts& counts) const {
  for (std::size_t c = 0; c < plain_.size(); ++c) {
    std::vector<ops::Bounded> want = ops::evaluate_bounded(plain_[c], cases_[c].leaves());
    const std::vector<ops::Bounded> got = ops::evaluate_bounded(rewritten_[c], cases_[c].leaves());
    for (std::size_t k = 0; k < want.size(); ++k) {
      for (Index i = 0; want[k].value.shape() == got[k].value.shape() && i < want[k].value.size(); ++i) {
        set(want[k].bound, i, get(want[k].bound, i) + get(got[k].bound, i));
        if (get(got[k].doubtful, i) != 0 || !std::isfinite(get(want[k].value, i))) set(want[k].doubtful, i, 1);
      }
      if (const auto d = difference(got[k].value, want[k], counts))
        return Disagreement{c, fmt::format("rewritten, result {}, {}", k, *d)};
    }
  }
  return {};
}

std::optional<Disagreement> Together::check_runs(const std::string& when, Counts& counts) {
  std::vector<ops::Values> leaves;
  for (const Case& c : cases_) leaves.push_back(c.leaves());
  const Results first = run();
  if (auto d = compare(first, leaves, counts)) return Disagreement{d->at, when + d->what};
  for (std::size_t c = 0; c < cases_.size(); ++c)
    for (const Case::Update& u : cases_[c].updates)
      leaves[c][cases_[c].shared[u.shared].node()] = storage(cases_[c].shared[u.shared]).get().copy();
  const Results second = run_on();
  if (auto d = compare(second, leaves, counts)) return Disagreement{d->at, when + "second run: " + d->what};
  return {};
}

bool Together::change(const std::function<Case(Case)>& to) {
  bool changed = false;
  for (std::size_t c = 0; c < cases_.size(); ++c) {
    Case next = to(cases_[c]);
    try {
      if (!updates_keep_extents(next, ops::evaluate(rewritten_[c], next.leaves()))) continue;
    } catch (const Error&) { continue; }
    changed = changed || text(next) != text(cases_[c]);
    cases_[c] = std::move(next);
  }
  return changed;
}

bool Together::change_places() { return change(with_other_places); }
bool Together::change_extents() { return change(with_other_extents); }

std::optional<Disagreement> Together::disagreement(Counts& counts) {
  counts.graphs += cases_.size();
  if (auto d = check_rewriting(counts)) return d;
  if (auto d = check_runs("", counts)) return d;
  if (change_places())
    if (auto d = check_runs("other places: ", counts)) return d;
  if (!change_extents()) return {};
  ++counts.replanned;
  return check_runs("other extents: ", counts);
}

std::optional<Disagreement> disagreement(const std::vector<Case>& cases, bool optimized, runtime::Device& device,
                                         Counts& counts) {
  try {
    return Together(cases, optimized, device).disagreement(counts);
  } catch (const std::exception& e) { return Disagreement{cases.size(), std::string("throws ") + e.what()}; }
}

}  // namespace croton::property
