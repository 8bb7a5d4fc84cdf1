#include "runtime/views.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "base/dtype.h"
#include "tile/regions.h"

namespace croton::runtime {
namespace {

// That a workspace remembers, some 200 bytes each: an epoch of single examples comes again too.
constexpr std::size_t most_found = 65536;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Whose rule says where the buffer lies in its base.
const Tensor& mapped_by(const tile::Buffer& b) { return tile::is_region(b) ? b.whole : b.node; }
bool is_mapped_by_its_rule(const tile::Buffer& b) {
  return !tile::is_part(b) && !tile::is_rows(b) && !meaning<Reshape>(mapped_by(b));
}

std::vector<AxisMap> whole_axes(const tile::Buffer& b) {
  std::vector<AxisMap> maps(at(b.node.ndim()));
  for (std::size_t d = 0; d < maps.size(); ++d) maps[d].axis = static_cast<int>(d);
  return maps;
}

std::vector<AxisMap> map_of_part(const tile::Buffer& b, const Shapes& shapes) {
  const Node& whole = node(b.whole);
  const auto axis = static_cast<int>(whole.params.integer("axis"));
  std::vector<AxisMap> maps = whole_axes(b);
  for (int k = 0; k < b.part; ++k) maps[at(axis)].start += shapes.at(whole.inputs[at(k)].node())[at(axis)];
  return maps;
}

std::vector<AxisMap> maps_of(const tile::Buffer& b, const Shape& shape, const Shapes& shapes,
                             const Integers& integers) {
  if (tile::is_part(b)) return map_of_part(b, shapes);
  if (tile::is_rows(b)) return whole_axes(b);
  const Tensor& by = mapped_by(b);
  const Node& n = node(by);
  const ops::TrueInputs in(n, shapes, integers);
  const TypeAt at{*n.op, n.params, n.inputs, in.shapes, in.values, n.where};
  if (const auto* write = meaning<Write>(by)) return write->map(at, shape);
  return meaning<View>(by)->map(at, shape);
}

}  // namespace

ViewPlace view_place(const tile::Buffer& b, std::span<const Index> base_strides, const Shape& shape,
                     const Shapes& shapes, const Integers& integers) {
  const std::vector<AxisMap> maps = maps_of(b, shape, shapes, integers);
  ViewPlace place{.strides = std::vector<Index>(shape.size(), 0)};
  Index offset = 0;
  for (std::size_t d = 0; d < maps.size(); ++d) {
    offset += maps[d].start * base_strides[d];
    if (maps[d].axis >= 0) place.strides[at(maps[d].axis)] = maps[d].step * base_strides[d];
    if (maps[d].inner >= 0) place.strides[at(maps[d].inner)] = maps[d].inner_step * base_strides[d];
  }
  place.offset = static_cast<std::size_t>(offset) * size_of(b.node.dtype());
  return place;
}

MovingViews::MovingViews(const tile::Program& program, std::span<const Tensor> leaves) : program_(program) {
  if (leaves.empty()) return;
  std::unordered_set<const Node*> deciding, moved;
  for (const Tensor& t : shape_deciding(program)) deciding.insert(t.node());
  for (const Tensor& t : leaves) moved.insert(t.node());
  const auto takes_one = [&](const Tensor& t) {
    const std::vector<Tensor>& inputs = node(t).inputs;
    return std::any_of(inputs.begin(), inputs.end(), [&](const Tensor& x) { return moved.contains(x.node()); });
  };
  for (const Tensor& t : mentioned(program)) {
    if (!takes_one(t)) continue;
    const bool is_integer = deciding.contains(t.node()) && !meaning<ShapeOf>(t);
    nodes_.push_back(t);
    is_integer_.push_back(is_integer);
    if (is_integer) moved.insert(t.node());
  }
  for (std::size_t b = 0; b < program.buffers.size(); ++b) {
    const tile::Buffer& buffer = program.buffers[b];
    if (buffer.kind == tile::Buffer::Kind::alias && is_mapped_by_its_rule(buffer) && takes_one(mapped_by(buffer)))
      views_.push_back(static_cast<int>(b));
  }
}

bool MovingViews::moves(int buffer) const { return std::binary_search(views_.begin(), views_.end(), buffer); }

void MovingViews::remember(Plan& plan, const Shapes& shapes, const Integers& integers) const {
  const auto see = [&](const Tensor& t) {
    plan.shapes[t.node()] = shapes.at(t.node());
    if (const auto known = integers.find(t.node()); known != integers.end()) plan.known[t.node()] = known->second;
  };
  for (const Tensor& t : nodes_) {
    see(t);
    for (const Tensor& x : node(t).inputs) see(x);
  }
}

std::optional<std::vector<std::size_t>> MovingViews::starts(const Plan& plan, const Integers& of_leaves) const {
  Integers integers = plan.known;
  for (const auto& [leaf, values] : of_leaves) integers[leaf] = values;
  for (std::size_t k = 0; k < nodes_.size(); ++k) {
    const Tensor& t = nodes_[k];
    const ops::TrueInputs in(node(t), plan.shapes, integers);
    if (ops::true_shape(t, in.shapes, in.values) != plan.shapes.at(t.node())) return std::nullopt;
    if (is_integer_[k]) integers[t.node()] = ops::true_integers(t, plan.shapes, integers);
  }
  std::vector<std::size_t> starts;
  for (const int b : plan.views) {
    const Place& place = plan.places[at(b)];
    starts.push_back(place.offset);
    if (!moves(b) || place.bytes == 0) continue;
    const ViewPlace now =
        view_place(program_.buffers[at(b)], plan.places[at(place.base)].strides, place.shape, plan.shapes, integers);
    if (now.strides != place.strides) return std::nullopt;
    starts.back() = now.offset;
  }
  return starts;
}

ViewStarts::ViewStarts(const Plan& plan) : signature_(plan.signature) {
  for (const int b : plan.views) starts_.push_back(plan.places[at(b)].offset);
}

std::size_t ViewStarts::Hash::operator()(const std::vector<Index>& signature) const {
  const auto* const bytes = reinterpret_cast<const char*>(signature.data());
  return std::hash<std::string_view>()({bytes, signature.size() * sizeof(Index)});
}

bool ViewStarts::move_to(const Plan& plan, const MovingViews& moving, const Signatures& signatures,
                         std::span<const Array> values) {
  if (signatures.matches(signature_, values)) return true;
  if (!moving.any()) return false;
  std::vector<Index> signature = signatures.of(values);
  if (!signatures.same_shapes(signature, signature_)) return false;
  auto found = found_.find(signature);
  if (found == found_.end()) {
    auto starts = moving.starts(plan, signatures.integers(values));
    if (!starts) return false;
    if (found_.size() == most_found) found_.clear();
    found = found_.emplace(signature, std::move(*starts)).first;
  }
  starts_ = found->second, signature_ = std::move(signature);
  return true;
}

}  // namespace croton::runtime
