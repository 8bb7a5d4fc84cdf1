#include "function/opened.h"

#include "base/error.h"
#include "graph/walk.h"

namespace croton {
namespace {

Shape opened_shape(const Shape& type, const Extents& now) {
  Shape s = type;
  for (std::size_t axis = 0; axis < s.size(); ++axis)
    if (s[axis] != now[axis]) s[axis] = any_extent;
  return s;
}

}  // namespace

Opened opened(std::span<const Tensor> results, std::span<const SharedUse> uses, const std::vector<Extents>& shapes) {
  Opened out{{results.begin(), results.end()}, {}, {}};
  Replacements replacements;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Node& n = node(uses[i].leaf);
    Shape shape = opened_shape(n.type.shape, shapes[i]);
    if (shape == n.type.shape) {
      out.leaves.push_back(uses[i].leaf);
      continue;
    }
    const Tensor leaf = make_shared({n.type.dtype, std::move(shape)}, n.shared, n.name, n.where);
    replacements.emplace(&n, leaf);
    out.note += fmt::format("{}{} {}", out.note.empty() ? "" : ", ", describe(leaf), text(type(leaf)));
    out.leaves.push_back(leaf);
  }
  if (!replacements.empty()) out.results = rebuild(out.results, replacements);
  return out;
}

}  // namespace croton
