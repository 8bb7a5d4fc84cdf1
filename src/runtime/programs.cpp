#include "runtime/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "array/access.h"
#include "base/dtype.h"
#include "ops/evaluate.h"
#include "ops/registry.h"

namespace croton::runtime {
namespace {

using Nodes = std::unordered_set<const Node*>;

bool sizes_itself(const Tensor& t) {
  const auto* host = meaning<HostCall>(t);
  return host && host->sizes_itself;
}

/// Whether a slice's result is as long as input k says: bounds of an axis that stays.
bool decides_slice(const Tensor& slice, std::size_t k) {
  const Params& p = node(slice).params;
  const auto code = ops::absent_bound + static_cast<Index>(k);
  for (std::size_t axis = 0; axis < p.list("step").size(); ++axis)
    if (p.list("step")[axis] != 0)
      for (const char* of : {"start", "stop", "step"})
        if (p.list(of)[axis] == code) return true;
  return false;
}

/// The inputs of a node that its shape follows from.
std::vector<Tensor> deciding(const Tensor& t) {
  const auto& inputs = node(t).inputs;
  if (is_op(t, ops::slice)) {
    std::vector<Tensor> r;
    for (std::size_t k = 1; k < inputs.size(); ++k)
      if (decides_slice(t, k)) r.push_back(inputs[k]);
    return r;
  }
  const auto* host = meaning<HostCall>(t);
  const std::size_t first = meaning<Iota>(t)                          ? 0
                            : host && !host->sizes_itself             ? host->extents_from
                            : meaning<View>(t) || meaning<Reshape>(t) ? 1
                                                                      : inputs.size();
  return {inputs.begin() + static_cast<std::ptrdiff_t>(std::min(first, inputs.size())), inputs.end()};
}

/// Nodes whose integers follow from shapes, constants and the integers of leaves: a plan knows them.
Nodes known_to_plans(std::span<const Tensor> nodes) {
  Nodes known;
  for (const Tensor& t : nodes) {
    const auto& inputs = node(t).inputs;
    const bool follows =
        node(t).kind != NodeKind::apply ||
        std::all_of(inputs.begin(), inputs.end(), [&](const Tensor& x) { return known.contains(x.node()); });
    if (meaning<ShapeOf>(t) || (follows && is_int(t.dtype()) && t.ndim() <= 1)) known.insert(t.node());
  }
  return known;
}

/// What has to be computed before anything that depends on it can be planned, and depends on no such node itself.
std::vector<Tensor> next_to_ask(std::span<const Tensor> results) {
  const std::vector<Tensor> nodes = topological(results);
  const Nodes known = known_to_plans(nodes);
  Nodes unknown;
  for (const Tensor& t : nodes) {
    if (sizes_itself(t)) unknown.insert(t.node());
    for (const Tensor& x : deciding(t))
      if (!known.contains(x.node())) unknown.insert(x.node());
  }
  std::vector<Tensor> asked;
  Nodes after;
  for (const Tensor& t : nodes) {
    const auto& inputs = node(t).inputs;
    const bool waits = std::any_of(inputs.begin(), inputs.end(), [&](const Tensor& x) {
      return after.contains(x.node()) || unknown.contains(x.node());
    });
    if (waits) after.insert(t.node());
    if (!waits && unknown.contains(t.node())) asked.push_back(t);
  }
  return asked;
}

/// What the program before has to compute for a node: the node, or its arguments where only the host can say how large
/// it is.
std::vector<Tensor> wanted(const Tensor& asked) {
  return sizes_itself(asked) ? node(asked).inputs : std::vector<Tensor>{asked};
}

}  // namespace

Programs::Programs(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
                   const std::vector<UpdateTarget>& updates, Device& device, const std::string& name) {
  std::vector<Tensor> rest = results, given = inputs;
  for (std::vector<Tensor> asked; !(asked = next_to_ask(rest)).empty();) {
    std::vector<Tensor> all;
    Replacements replaced;
    const std::size_t before = given.size();
    for (const Tensor& t : asked) {
      const std::vector<Tensor> w = wanted(t);
      all.insert(all.end(), w.begin(), w.end());
      given.push_back(make_input(type(t), formula(t), node(t).where));
      replaced.emplace(t.node(), given.back());
    }
    rest = rebuild(rest, replaced);
    parts_.push_back(
        {std::move(asked),
         std::make_unique<Executable>(
             std::move(all), std::vector<Tensor>(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(before)),
             std::vector<UpdateTarget>(), device, name)});
  }
  parts_.push_back({{}, std::make_unique<Executable>(std::move(rest), std::move(given), updates, device, name)});
}

void Programs::run(std::span<const Array> inputs, std::span<Array> outputs) {
  if (parts_.size() == 1) return parts_[0].program->run(inputs, outputs);
  std::vector<Array> given(inputs.begin(), inputs.end());
  for (const Part& s : parts_) {
    if (s.asked.empty()) return s.program->run(given, outputs);
    std::size_t count = 0;
    for (const Tensor& t : s.asked) count += wanted(t).size();
    std::vector<Array> made(count);
    s.program->run(given, made);
    std::span<const Array> next = made;
    for (const Tensor& t : s.asked) {
      const std::size_t n = wanted(t).size();
      given.push_back(sizes_itself(t) ? ops::evaluate_node(t, next.first(n)) : next[0]);
      next = next.subspan(n);
    }
  }
}

void Programs::prepare(std::span<const Extents> shapes) { parts_[0].program->prepare(shapes); }

bool Programs::needs_exclusive() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const Part& s) { return s.program->needs_exclusive(); });
}

/// The lists (or texts) of all programs, one after another.
template <class F>
auto Programs::joined(F&& f) const {
  auto all = f(*parts_[0].program);
  for (std::size_t k = 1; k < parts_.size(); ++k) {
    auto more = f(*parts_[k].program);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string Programs::source() const {
  return joined([](const Executable& e) { return e.source(); });
}

std::string Programs::explain() const {
  std::string all;
  for (const Part& s : parts_) {
    std::vector<std::string> asked;
    for (const Tensor& t : s.asked) asked.push_back(formula(t));
    if (!asked.empty())
      all += fmt::format("first, because shapes depend on it: {}\n", fmt::join(asked, ", "));
    else if (parts_.size() > 1)
      all += "then\n";
    all += s.program->explain();
  }
  return all;
}

std::vector<std::string> Programs::kernels_to_read() const {
  return joined([](const Executable& e) { return e.kernels_to_read(); });
}

std::vector<std::string> Programs::nests() const {
  return joined([](const Executable& e) { return e.nests(); });
}

void Programs::set_profiling(bool on) {
  for (const Part& s : parts_) s.program->set_profiling(on);
}

std::vector<Executable::StepTime> Programs::step_times() const {
  return joined([](const Executable& e) { return e.step_times(); });
}

}  // namespace croton::runtime
