// Givens: substitutions before anything is compiled, each value fitted to what it replaces.
#include "base/dtype.h"
#include "base/error.h"
#include "croton/ops.h"
#include "function/convert.h"
#include "function/recipe.h"
#include "ops/nested.h"

namespace croton {
namespace {

/// The name by which the text goes on after describe() has said everything.
std::string short_name(const Tensor& t) { return t.name().empty() ? formula(t) : t.name(); }

void check_rank(const Tensor& variable, const Tensor& value, std::string_view verb, Where where) {
  if (type(variable).rank() == type(value).rank()) return;
  fail_at<ShapeError>(where, "{}: givens: {} is {} and its value {} is {}: they need the same number of axes", verb,
                      describe(variable), text(type(variable)), describe(value), text(type(value)));
}

void check_ones(const Tensor& variable, const Tensor& value, std::string_view verb, Where where) {
  for (int axis = 0; axis < type(variable).rank(); ++axis) {
    if (!type(variable).broadcasts(axis) || type(value).broadcasts(axis)) continue;
    fail_at<ShapeError>(where,
                        "{}: givens: {} is {} and broadcasts along axis {}; its value {} is {}. If its extent is 1, "
                        "say so: broadcastable({}, {})",
                        verb, describe(variable), text(type(variable)), axis, describe(value), text(type(value)),
                        short_name(value), axis);
  }
}

Tensor fitted(const Tensor& variable, const Tensor& value, std::string_view verb, Where where) {
  check_rank(variable, value, verb, where);
  check_ones(variable, value, verb, where);
  const DType wanted = type(variable).dtype;
  if (type(value).dtype == wanted) return value;
  if (node(value).weak) {
    if (const auto exact = converted_as_number(node(value).value, wanted)) return Tensor(*exact, where);
  } else if (promote(type(value).dtype, wanted) == wanted) {
    return value.astype(wanted, where);
  }
  fail_at<DTypeError>(
      where, "{}: givens: {} is {}, its value {} is {}. Converting would lose digits: write {}.astype({})", verb,
      describe(variable), text(type(variable)), describe(value), text(type(value)), short_name(value), name_of(wanted));
}

}  // namespace

std::vector<Tensor> with_givens(std::span<const Tensor> outputs, const Givens& givens, std::string_view verb,
                                Where where) {
  if (givens.list().empty()) return {outputs.begin(), outputs.end()};
  Replacements replacements;
  std::vector<Tensor> variables;
  for (const Given& g : givens.list()) {
    if (!g.variable.node() || !g.value.node())
      fail_at<GraphError>(where, "{}: givens: {} is an empty Tensor (declared, never assigned)", verb,
                          g.variable.node() ? "the value of " + describe(g.variable) : "a variable");
    if (!replacements.emplace(g.variable.node(), fitted(g.variable, g.value, verb, where)).second)
      fail_at<GraphError>(where, "{}: givens: {} is given twice", verb, describe(g.variable));
    variables.push_back(g.variable);
  }
  ops::refuse_hidden(fmt::format("{}: givens", verb), variables, outputs, where);
  return rebuild(outputs, replacements);
}

}  // namespace croton
