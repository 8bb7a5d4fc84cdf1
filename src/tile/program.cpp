#include "tile/program.h"

#include <algorithm>
#include <limits>

#include "tile/scatter.h"

namespace croton::tile {

Index extent_by_shape(const Axis& a, const Shape& shape) {
  Index n = 1;
  for (int axis = a.witness_axis; axis < a.witness_axis + a.joined; ++axis) {
    const Index one = shape[static_cast<std::size_t>(axis)];
    if (one < 0) return -1;
    n *= one;
  }
  return n;
}

bool fit_32_bits(std::span<const Index> extents) {
  Index n = 1;
  for (const Index extent : extents) {
    if (extent > std::numeric_limits<std::int32_t>::max() / std::max<Index>(n, 1)) return false;
    n *= extent;
  }
  return true;
}

bool positions_fit(const Program& program, const std::function<Index(AxisId)>& extent) {
  for (const Step& s : program.steps) {
    const auto* phase = std::get_if<Phase>(&s);
    if (phase == nullptr) continue;
    for (const Value& v : phase->values) {
      if (v.kind != Value::Kind::iota) continue;
      std::vector<Index> extents;
      for (const AxisId a : v.index)
        if (a != no_axis) extents.push_back(extent(a));
      if (!fit_32_bits(extents)) return false;
    }
  }
  return true;
}

std::vector<AxisId> inner_axes(const Program& program, const Phase& phase, const std::vector<AxisId>& axes) {
  const auto has = [](const std::vector<AxisId>& list, AxisId a) {
    return std::find(list.begin(), list.end(), a) != list.end();
  };
  std::vector<AxisId> r;
  for (const AxisId a : axes)
    if (a != no_axis && a != phase.serial && !has(phase.parallel, a) &&
        program.axes[static_cast<std::size_t>(a)].constant < 0 && !has(r, a))
      r.push_back(a);
  return r;
}

std::vector<int> buffers_read(const Value& v) {
  if (v.buffer < 0) return {};
  if (v.list < 0) return {v.buffer};
  return {v.buffer, v.list};
}

std::vector<int> buffers_read(const Step& step) {
  if (const auto* call = std::get_if<LibraryCall>(&step)) {
    if (call->bias < 0) return {call->a, call->b};
    return {call->a, call->b, call->bias};
  }
  if (const auto* product = std::get_if<StridedProduct>(&step)) {
    if (product->bias < 0) return {product->a, product->b};
    return {product->a, product->b, product->bias};
  }
  if (const auto* host = std::get_if<HostStep>(&step)) return host->arguments;
  std::vector<int> r;
  for (const Value& v : std::get<Phase>(step).values)
    for (const int b : buffers_read(v)) r.push_back(b);
  return r;
}

std::vector<int> buffers_written(const Step& step) {
  if (const auto* call = std::get_if<LibraryCall>(&step)) return {call->out};
  if (const auto* product = std::get_if<StridedProduct>(&step)) return {product->out};
  if (const auto* host = std::get_if<HostStep>(&step)) return {host->out};
  std::vector<int> r;
  for (const Store& s : std::get<Phase>(step).stores) r.push_back(s.buffer);
  return r;
}

int root_of(const Program& p, int buffer) {
  for (;; buffer = p.buffers[static_cast<std::size_t>(buffer)].base)
    if (p.buffers[static_cast<std::size_t>(buffer)].kind != Buffer::Kind::alias) return buffer;
}

bool fills_lines(const Program& p, int partials) {
  const Buffer& b = p.buffers[static_cast<std::size_t>(partials)];
  const auto constant = [&](AxisId a) { return p.axes[static_cast<std::size_t>(a)].constant >= 0; };
  const auto constants = std::count_if(b.axes.begin(), b.axes.end(), constant);
  if (static_cast<std::size_t>(constants) + 1 != b.axes.size()) return false;
  return std::none_of(p.steps.begin(), p.steps.end(), [&](const Step& s) {
    const auto* phase = std::get_if<Phase>(&s);
    return phase && phase->flat && phase->parallel.size() > 1 &&
           std::any_of(phase->values.begin(), phase->values.end(),
                       [&](const Value& v) { return v.buffer == partials; });
  });
}

bool is_region(const Buffer& b) { return b.whole.node() != nullptr; }

bool is_part(const Buffer& b) { return is_region(b) && meaning<Concatenate>(b.whole) != nullptr; }

bool is_rows(const Buffer& b) { return is_region(b) && is_op(b.whole, written_rows); }

bool writes_regions(const Program& p, const Phase& phase) {
  return std::any_of(phase.stores.begin(), phase.stores.end(),
                     [&](const Store& s) { return is_region(p.buffers[static_cast<std::size_t>(s.buffer)]); });
}

std::optional<WholeCopy> whole_copy(const Program& p, const Step& step) {
  const auto* phase = std::get_if<Phase>(&step);
  if (phase == nullptr || phase->values.size() != 1 || phase->stores.size() != 1) return {};
  const Value& v = phase->values[0];
  const Store& s = phase->stores[0];
  const auto is_alias = [&](int b) { return p.buffers[static_cast<std::size_t>(b)].kind == Buffer::Kind::alias; };
  if (v.kind != Value::Kind::load || v.row_dim >= 0 || v.index != s.index || is_alias(v.buffer) || is_alias(s.buffer))
    return {};
  return WholeCopy{v.buffer, s.buffer};
}

bool checks(const Step& step) {
  const auto* phase = std::get_if<Phase>(&step);
  return phase && std::any_of(phase->values.begin(), phase->values.end(),
                              [](const Value& v) { return v.kind == Value::Kind::row; });
}

}  // namespace croton::tile
