#include "function/recipe.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "array/access.h"
#include "base/config.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/log.h"
#include "croton/ops.h"
#include "function/convert.h"

namespace croton {

std::string Recipe::signature() const {
  std::vector<std::string> parts;
  for (const InputSlot& s : inputs) {
    std::string part = text(type(s.variable));
    if (!s.variable.name().empty()) part = s.variable.name() + " " + part;
    parts.push_back(s.has_default ? part + " with a default" : part);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string Recipe::call() const {
  std::vector<std::string> names;
  for (const InputSlot& s : inputs) names.push_back(s.variable.name().empty() ? "?" : s.variable.name());
  return fmt::format("{}({})", title(), fmt::join(names, ", "));
}

std::size_t Recipe::required_inputs() const {
  return static_cast<std::size_t>(
      std::count_if(inputs.begin(), inputs.end(), [](const InputSlot& s) { return !s.has_default; }));
}

namespace {

Array default_value(const In& in, std::size_t number, Where where) {
  const Type& t = type(in.variable);
  const std::string what = fmt::format("function: input {}, {}, is {}", number, describe(in.variable), text(t));
  if (in.value.ndim() != t.rank())
    fail_at<ShapeError>(where, "{}; its default has {}", what, axes_text(in.value.shape()));
  for (int axis = 0; axis < t.rank(); ++axis)
    if (const Index n = t.shape[static_cast<std::size_t>(axis)]; n >= 0 && n != in.value.shape(axis))
      fail_at<ShapeError>(where, "{}; its default is {}", what, type_text(in.value));
  if (const auto done = converted_as_number(in.value, t.dtype)) return *done;
  fail_at<DTypeError>(where, "{}; its default is {}, and converting it would lose digits", what, type_text(in.value));
}

std::vector<InputSlot> slots(const Inputs& inputs, Where where) {
  std::vector<InputSlot> out;
  std::unordered_set<const Node*> seen;
  for (const In& in : inputs.list()) {
    const std::size_t number = out.size() + 1;
    if (!in.variable.node())
      fail_at<GraphError>(where, "function: input {} is an empty Tensor (declared, never assigned)", number);
    const Node& n = node(in.variable);
    if (n.kind == NodeKind::shared)
      fail_at<GraphError>(where,
                          "function: input {}, {}, is a shared variable: the function knows it already; to replace it, "
                          "write {{.givens = {{{{{}, value}}}}}}",
                          number, describe(in.variable), n.name.empty() ? "it" : n.name);
    if (n.kind != NodeKind::input)
      fail_at<GraphError>(where,
                          "function: input {}, {}, is computed from other tensors; an input is made by scalar, vector, "
                          "matrix, tensor. To give a value to an expression, use givens",
                          number, describe(in.variable));
    if (!seen.insert(&n).second) fail_at<GraphError>(where, "function: {} is an input twice", describe(in.variable));
    if (!in.has_default && !out.empty() && out.back().has_default)
      fail_at<GraphError>(where,
                          "function: input {}, {}, has no default, but input {} has: inputs with defaults come last",
                          number, describe(in.variable), number - 1);
    out.push_back({in.variable, in.has_default, in.has_default ? default_value(in, number, where) : Array()});
  }
  return out;
}

/// A bare number fills the variable, as set_value does.
Tensor filled(const Update& u, std::string_view verb, Where where) {
  const Type& t = type(u.target);
  const auto exact = converted_as_number(node(u.value).value, t.dtype);
  if (!exact)
    fail_at<DTypeError>(where, "{}: {} is {} and cannot hold {} exactly", verb, describe(u.target), text(t),
                        formula(u.value));
  const Tensor value(*exact, where);
  return t.rank() == 0 ? value : broadcast_to(value, u.target.shape(where), where);
}

}  // namespace

Tensor fitted(const Update& u, std::string_view verb, Where where) {
  const Type& wanted = type(u.target);
  if (node(u.value).weak) return filled(u, verb, where);
  const Type& t = type(u.value);
  const std::string both = fmt::format("{}: {} is {}, its new value {} is {}", verb, describe(u.target), text(wanted),
                                       describe(u.value), text(t));
  if (t.rank() != wanted.rank()) fail_at<ShapeError>(where, "{}: they need the same number of axes", both);
  for (std::size_t axis = 0; axis < t.shape.size(); ++axis)
    if (t.shape[axis] >= 0 && wanted.shape[axis] >= 0 && t.shape[axis] != wanted.shape[axis])
      fail_at<ShapeError>(where, "{}: axis {} would become {} from {}", both, axis, t.shape[axis], wanted.shape[axis]);
  if (t.dtype == wanted.dtype) return u.value;
  if (promote(t.dtype, wanted.dtype) == wanted.dtype) return u.value.astype(wanted.dtype, where);
  fail_at<DTypeError>(where, "{}. Converting would lose digits: write .astype({})", both, name_of(wanted.dtype));
}

namespace {

std::vector<Update> all_updates(const FunctionOptions& options, std::span<const Update> more, Where where) {
  std::vector<Update> all(options.updates.begin(), options.updates.end());
  all.insert(all.end(), more.begin(), more.end());
  std::unordered_set<const SharedValue*> seen;
  for (const Update& u : all) {
    if (!u.target.node())
      fail_at<GraphError>(where, "function: updates: a target is an empty Shared (declared, never assigned)");
    if (!u.value.node())
      fail_at<GraphError>(where, "function: updates: the new value of {} is an empty Tensor (declared, never assigned)",
                          describe(u.target));
    if (!seen.insert(node(u.target).shared.get()).second)
      fail_at<GraphError>(where, "function: updates: {} is updated twice", describe(u.target));
  }
  return all;
}

/// What the shared variables in use do by themselves, where no update says otherwise.
void add_default_updates(std::vector<Update>& updates, std::vector<Tensor>& results) {
  std::unordered_set<const SharedValue*> told;
  for (const Update& u : updates) told.insert(node(u.target).shared.get());
  for (const Tensor& leaf : leaves(results, NodeKind::shared)) {
    const SharedUse use{leaf, &storage_of(leaf), false};
    const SharedValue* value = use.storage;
    if (told.contains(value)) continue;
    Tensor old, next;
    {
      const Words words({&use, 1});
      old = value->old, next = value->next;
    }
    if (!next.node()) continue;
    updates.push_back({SharedAccess::of(leaf), rebuild({&next, 1}, {{old.node(), leaf}})[0]});
    results.push_back(updates.back().value);
    told.insert(value);
  }
}

/// "{x, y}": the inputs, and more of them.
std::string list_of_inputs(const Recipe& r, std::span<const Tensor> more) {
  std::vector<std::string> names;
  const auto add = [&](const Tensor& t) { names.push_back(t.name().empty() ? "?" : t.name()); };
  for (const InputSlot& s : r.inputs) add(s.variable);
  for (const Tensor& t : more) add(t);
  return fmt::format("{{{}}}", fmt::join(names, ", "));
}

bool same_place(const Where& a, const Where& b) { return a.line == b.line && std::string_view(a.file) == b.file; }

/// The first node that needs it and that the user wrote: broadcasting and conversion put views of their own between.
/// Empty where none does.
Tensor user_of(const Tensor& leaf, std::span<const Tensor> results) {
  Tensor seen = leaf, user;
  for (const Tensor& t : topological(results)) {
    const auto& in = node(t).inputs;
    if (std::none_of(in.begin(), in.end(), [&](const Tensor& x) { return same(x, seen); })) continue;
    if (user.node() && !same_place(node(t).where, node(user).where)) break;
    user = seen = t;
    if (!meaning<View>(t) && !meaning<Convert>(t)) break;
  }
  return user;
}

[[noreturn]] void refuse_missing(const Recipe& r, std::span<const Tensor> missing, std::span<const Tensor> results) {
  std::string what;
  for (const Tensor& t : missing) {
    const Tensor user = user_of(t, results);
    what += fmt::format("{}{} is {}", what.empty() ? "" : "; ", describe(t),
                        user.node() ? "needed by " + describe(user) : "an output,");
  }
  const bool one = missing.size() == 1;
  fail_at<GraphError>(r.where,
                      "function: {} but {} neither {}, {}shared, nor in givens. inputs: {}. Add {}: "
                      "function({}, ...)",
                      what, one ? "is" : "they are", one ? "an input" : "inputs", one ? "a " : "",
                      list_of_inputs(r, {}), one ? "it" : "them", list_of_inputs(r, missing));
}

Report report_unused(const FunctionOptions& options) {
  if (options.on_unused_input != Report::from_config) return options.on_unused_input;
  const std::string word = config_snapshot()->text("on_unused_input");
  return word == "ignore" ? Report::ignore : word == "warn" ? Report::warn : Report::raise;
}

void check_leaves(const Recipe& r, std::span<const Tensor> results, Report unused) {
  std::unordered_set<const Node*> given, needed;
  for (const InputSlot& s : r.inputs) given.insert(s.variable.node());
  std::vector<Tensor> missing;
  for (const Tensor& t : leaves(results, NodeKind::input)) {
    if (!given.contains(t.node())) missing.push_back(t);
    needed.insert(t.node());
  }
  if (!missing.empty()) refuse_missing(r, missing, results);
  if (unused == Report::ignore) return;
  for (std::size_t i = 0; i < r.inputs.size(); ++i) {
    const Tensor& t = r.inputs[i].variable;
    if (needed.contains(t.node())) continue;
    const std::string what = fmt::format(
        "function: input {}, {}, is not needed by any output or update. Leave it out, or "
        "pass {{.on_unused_input = Report::ignore}}",
        i + 1, describe(t));
    if (unused == Report::raise) fail_at<GraphError>(r.where, "{}", what);
    const std::string at = place(r.where);
    warn(at.empty() ? what : at + ": " + what);
  }
}

}  // namespace

Recipe make_recipe(const Inputs& inputs, std::span<const Out> outputs, const FunctionOptions& options,
                   std::span<const Update> updates, Where where) {
  Recipe r;
  r.name = options.name;
  r.where = where;
  r.downcast = options.allow_input_downcast || config_snapshot()->flag("allow_input_downcast");
  r.inputs = slots(inputs, where);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].variable.node())
      fail_at<GraphError>(where, "function: output {} is an empty Tensor (declared, never assigned)", i + 1);
  r.updates = all_updates(options, updates, where);
  std::vector<Tensor> results;
  for (const Out& o : outputs) {
    results.push_back(o.variable);
    r.borrow.push_back(o.borrow);
  }
  for (const Update& u : r.updates) results.push_back(u.value);
  results = with_givens(results, options.givens, "function", where);
  if (!options.no_default_updates) add_default_updates(r.updates, results);
  check_leaves(r, results, report_unused(options));

  r.outputs.assign(results.begin(), results.begin() + static_cast<std::ptrdiff_t>(outputs.size()));
  std::vector<Tensor> targets;
  for (std::size_t i = 0; i < r.updates.size(); ++i) {
    r.updates[i].value = results[outputs.size() + i];
    results[outputs.size() + i] = r.updates[i].value = fitted(r.updates[i], "function: updates", where);
    targets.push_back(r.updates[i].target);
  }
  r.shared = shared_uses(leaves(results, NodeKind::shared), targets);
  r.nodes = topological(results).size();
  return r;
}

}  // namespace croton
