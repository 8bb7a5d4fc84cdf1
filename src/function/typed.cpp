#include "function/typed.h"

#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "tile/program.h"

namespace croton {
namespace {

// Fewer elements take no time worth another compilation; of points of few coordinates, whose text is short, fewer
// still: they are compared with each other.
constexpr Index fewest_elements = 1024, fewest_of_points = 64, most_coordinates = 4;
// Statements, if each node is one for each index of the short axes; beyond that the text is long to compile, and no
// faster (measured on the 100 operations of an equation of state whose last axis has 16 elements).
constexpr Index most_statements = 1000;
// Of the short axes together: as often a statement is written out (tile/build).
constexpr Index most_together = 64;
// Rows so few and so long are cut along them, for a phase of a few rows occupies as many threads.
constexpr Index most_long_rows = 4, shortest_long_row = 1 << 17;
// A block of a GPU keeps rows of floats in registers where it knows their extent (docs/gpu-kernels.md).
constexpr Index longest_row_of_a_block = 2048;

Shape opened(const Shape& type, const Extents& now) {
  Shape s = type;
  for (std::size_t axis = 0; axis < s.size(); ++axis)
    if (s[axis] != now[axis]) s[axis] = any_extent;
  return s;
}

}  // namespace

ShortAxes::ShortAxes(DeviceClass device_class, std::size_t nodes)
    : device_class_(device_class),
      most_together_(std::clamp<Index>(most_statements / static_cast<Index>(nodes + 1), 1, most_together)) {}

bool ShortAxes::is_short(DType dtype, const Extents& shape, std::size_t axis) const {
  const bool is_row = axis + 1 == shape.size() && is_float(dtype);
  if (device_class_ == DeviceClass::gpu && is_row && shape[axis] <= longest_row_of_a_block) return true;
  Index together = 1;
  for (std::size_t a = shape.size(); a-- > axis;) {
    together *= shape[a];
    if (shape[a] > tile::largest_constant_axis || together > most_together_) return false;
  }
  return true;
}

Index ShortAxes::extent(const Type& type, const Extents& shape, std::size_t axis) const {
  if (type.shape[axis] != any_extent || shape[axis] < least_) return type.shape[axis];
  Index elements = 1;
  for (const Index n : shape) elements *= n;
  Index rows = 1;
  for (std::size_t a = 0; a <= axis; ++a) rows *= shape[a];
  const bool are_few = axis + 1 < shape.size() && rows <= most_long_rows && elements >= rows * shortest_long_row;
  if (are_few || axis == 0) return are_few ? shape[axis] : any_extent;
  Index together = 1;
  for (std::size_t a = axis; a < shape.size(); ++a) together *= shape[a];
  const Index fewest = together <= most_coordinates ? fewest_of_points : fewest_elements;
  return elements >= fewest && is_short(type.dtype, shape, axis) ? shape[axis] : any_extent;
}

TypedGraph typed(std::span<const Tensor> results, std::span<const SharedUse> uses,
                 const std::vector<Extents>& shared_shapes, std::span<const Tensor> inputs,
                 const std::vector<Shape>& input_shapes) {
  TypedGraph out{{results.begin(), results.end()}, {}, {}, {}};
  Replacements replacements;
  const auto leaf = [&](const Tensor& old, Shape shape, std::string_view why, const auto& make) {
    if (shape == type(old).shape) return old;
    Tensor made = make(Type{old.dtype(), std::move(shape)});
    replacements.emplace(old.node(), made);
    out.note += fmt::format("made again for {} {}: {}\n", describe(made), text(type(made)), why);
    return made;
  };
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const Node& n = node(uses[i].leaf);
    out.shared.push_back(leaf(uses[i].leaf, opened(n.type.shape, shared_shapes[i]),
                              "set_value or an update changed the shape",
                              [&](Type t) { return make_shared(std::move(t), n.shared, n.name, n.where); }));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node& n = node(inputs[i]);
    out.inputs.push_back(leaf(inputs[i], input_shapes[i], "an argument has so short an axis",
                              [&](Type t) { return make_input(std::move(t), n.name, n.where); }));
  }
  if (!replacements.empty()) out.results = rebuild(out.results, replacements);
  return out;
}

}  // namespace croton
