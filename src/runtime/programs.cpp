#include "runtime/programs.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "array/access.h"
#include "base/dtype.h"
#include "ops/evaluate.h"
#include "ops/extents.h"
#include "ops/nested.h"
#include "ops/registry.h"
#include "runtime/host.h"
#include "tile/recurrence.h"

namespace croton::runtime {
namespace {

using Nodes = std::unordered_set<const Node*>;

/// Nodes whose integers follow from shapes, constants and the integers of leaves: a plan knows them.
Nodes known_to_plans(std::span<const Tensor> nodes) {
  Nodes known;
  for (const Tensor& t : nodes) {
    const auto& inputs = node(t).inputs;
    const bool follows = node(t).kind != NodeKind::apply ||
                         (!ops::runs_graphs(t) && std::all_of(inputs.begin(), inputs.end(), [&](const Tensor& x) {
                           return known.contains(x.node());
                         }));
    if (meaning<ShapeOf>(t) || (follows && is_int(t.dtype()) && t.ndim() <= 1)) known.insert(t.node());
  }
  return known;
}

/// What has to be computed before anything that depends on it can be planned, and depends on no such node itself.
std::vector<Tensor> next_to_ask(std::span<const Tensor> results) {
  const std::vector<Tensor> nodes = topological(results);
  const Nodes known = known_to_plans(nodes);
  Nodes unknown, of_phases;  // loops that are one phase
  for (const tile::Recurrence& r : tile::recurrences(nodes))
    for (const Tensor& t : r.results) of_phases.insert(t.node());
  for (const Tensor& t : nodes) {
    if (ops::sizes_itself(t) || (ops::runs_graphs(t) && !of_phases.contains(t.node()))) unknown.insert(t.node());
    for (const Tensor& x : ops::deciding(t))
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

}  // namespace

Programs::Question Programs::question(std::vector<Tensor> nodes, Device& device, const std::string& name) const {
  const Tensor& t = nodes[0];
  if (ops::runs_graphs(t)) {
    std::unique_ptr<NestedProgram> nested = make_nested_program(nodes, device, name);
    std::vector<Tensor> wanted = nested->wanted();
    return {std::move(nodes), std::move(wanted), std::move(nested)};
  }
  // only the host can say how large it is: then its arguments are wanted
  std::vector<Tensor> wanted = ops::sizes_itself(t) ? node(t).inputs : std::vector<Tensor>{t};
  return {std::move(nodes), std::move(wanted)};
}

Programs::Part Programs::part(std::vector<Question> questions, const std::vector<Tensor>& given, Device& device,
                              const std::string& name) const {
  Part p;
  std::vector<Tensor> computed;
  const auto number = [&](const Tensor& t) {
    const auto there = std::find_if(given.begin(), given.end(), [&](const Tensor& g) { return same(g, t); });
    return there == given.end() ? -1 : static_cast<int>(there - given.begin());
  };
  for (const Question& q : questions)
    for (const Tensor& t : q.wanted) {
      if (const int g = number(t); g >= 0) {
        p.sources.push_back({.given = g});
      } else if (const int of = meaning<ShapeOf>(t) ? number(node(t).inputs[0]) : -1; of >= 0) {
        p.sources.push_back({.given = of, .extent = static_cast<int>(node(t).params.integer("axis"))});
      } else if (node(t).kind == NodeKind::constant) {
        p.sources.push_back({.constant = node(t).value});
      } else {
        p.sources.push_back({.result = static_cast<int>(computed.size())});
        computed.push_back(t);
      }
    }
  p.questions = std::move(questions);
  p.results = computed.size();
  if (!computed.empty())
    p.program = std::make_unique<Executable>(std::move(computed), given, std::vector<UpdateTarget>(), device, name);
  return p;
}

Programs::Programs(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs,
                   const std::vector<UpdateTarget>& updates, Device& device, const std::string& name) {
  std::vector<Tensor> rest = results, given = inputs;
  for (std::vector<Tensor> asked; !(asked = next_to_ask(rest)).empty();) {
    std::vector<Question> questions;
    for (std::vector<Tensor>& nodes : ops::by_run(asked)) questions.push_back(question(std::move(nodes), device, name));
    parts_.push_back(part(std::move(questions), given, device, name));
    Replacements replaced;
    for (const Question& q : parts_.back().questions)
      for (const Tensor& t : q.nodes) {
        given.push_back(make_input(type(t), formula(t), node(t).where));
        replaced.emplace(t.node(), given.back());
      }
    rest = rebuild(rest, replaced);
  }
  Part last;
  last.results = rest.size() - updates.size();
  last.program = std::make_unique<Executable>(std::move(rest), std::move(given), updates, device, name);
  parts_.push_back(std::move(last));
}

Array Programs::value(const Source& s, std::span<const Array> given, std::span<const Array> made) {
  if (s.result >= 0) return made[static_cast<std::size_t>(s.result)];
  if (s.given < 0) return s.constant;
  const Array& a = given[static_cast<std::size_t>(s.given)];
  return s.extent < 0 ? a : Array::scalar(a.shape(s.extent));
}

std::vector<Array> Programs::answers(const Question& q, std::span<const Array> values) {
  if (q.nested) return q.nested->run(values);
  return {ops::sizes_itself(q.nodes[0]) ? ops::evaluate_node(q.nodes[0], values, host()) : values[0]};
}

void Programs::run(std::span<const Array> inputs, std::span<Array> outputs) {
  if (parts_.size() == 1) return parts_[0].program->run(inputs, outputs);
  std::vector<Array> given(inputs.begin(), inputs.end());
  for (const Part& p : parts_) {
    if (p.questions.empty()) return p.program->run(given, outputs);
    std::vector<Array> made(p.results), values;
    if (p.program) p.program->run(given, made);
    for (const Source& s : p.sources) values.push_back(value(s, given, made));
    std::span<const Array> next = values;
    for (const Question& q : p.questions) {
      for (Array& a : answers(q, next.first(q.wanted.size()))) given.push_back(std::move(a));
      next = next.subspan(q.wanted.size());
    }
  }
}

void Programs::prepare(std::span<const Array> inputs) {
  if (parts_[0].program) parts_[0].program->prepare(inputs);
}

/// f(Executable or Programs) for each program, in the order of a call; graphs inside nodes are Programs.
template <class F>
void Programs::for_each_program(F&& f) const {
  for (const Part& p : parts_) {
    if (p.program) f(*p.program);
    for (const Question& q : p.questions)
      if (q.nested)
        for (Programs* const program : q.nested->programs()) f(*program);
  }
}

/// The lists (or texts) of all programs, one after another.
template <class F>
auto Programs::joined(F&& f) const {
  decltype(f(*parts_[0].program)) all;
  for_each_program([&](const auto& program) {
    auto more = f(program);
    all.insert(all.end(), more.begin(), more.end());
  });
  return all;
}

void Programs::load() {
  for_each_program([](auto& program) { program.load(); });
}

bool Programs::decides_shapes(const Tensor& input) const {
  bool any = false;
  for_each_program([&](const auto& program) { any |= program.decides_shapes(input); });
  return any;
}

std::vector<SharedStorage*> Programs::shared_variables() const {
  return joined([](const auto& e) { return e.shared_variables(); });
}

std::string Programs::source() const {
  return joined([](const auto& e) { return e.source(); });
}

std::string Programs::explain() const {
  std::string all;
  for (const Part& p : parts_) {
    std::vector<std::string> asked;
    for (const Question& q : p.questions)
      if (!q.nested) asked.push_back(formula(q.nodes[0]));
    if (!asked.empty())
      all += fmt::format("first, because shapes depend on it: {}\n", fmt::join(asked, ", "));
    else if (p.questions.empty() && parts_.size() > 1)
      all += "then\n";
    if (p.program) all += p.program->explain();
    for (const Question& q : p.questions)
      if (q.nested) all += q.nested->explain();
  }
  return all;
}

std::vector<std::string> Programs::kernels_to_read() const {
  return joined([](const auto& e) { return e.kernels_to_read(); });
}

std::vector<std::string> Programs::nests() const {
  return joined([](const auto& e) { return e.nests(); });
}

void Programs::set_profiling(bool on) {
  for_each_program([&](auto& program) { program.set_profiling(on); });
}

std::vector<Executable::StepTime> Programs::step_times() const {
  return joined([](const auto& e) { return e.step_times(); });
}

}  // namespace croton::runtime
