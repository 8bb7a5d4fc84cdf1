#include "graph/integers.h"

#include "array/access.h"
#include "base/dtype.h"
#include "expr/functions.h"
#include "graph/walk.h"

namespace croton {
namespace {

constexpr std::size_t most = 32;  // a shape has no more axes
using Found = std::optional<std::vector<Index>>;

bool holds_integers(const Type& t) {
  if (!is_int(t.dtype) || t.rank() > 1) return false;
  return t.rank() == 0 || (t.shape[0] >= 0 && t.shape[0] <= static_cast<Index>(most));
}

std::size_t count_in(const Type& t) { return t.rank() == 0 ? 1 : static_cast<std::size_t>(t.shape[0]); }

Found of_pointwise(const Node& n, std::string_view name) {
  const expr::ScalarFunction* f = expr::find_function(name);
  // other widths wrap; extents and bounds are int64
  if (!f || !f->integer || n.type.dtype != DType::int64 || n.inputs.size() > 3) return {};
  for (const Tensor& x : n.inputs)
    if (!node(x).integers || type(x).dtype != DType::int64) return {};
  std::vector<Index> out(count_in(n.type));
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::int64_t operands[3] = {};
    for (std::size_t k = 0; k < n.inputs.size(); ++k) {
      const std::vector<Index>& v = *node(n.inputs[k]).integers;
      operands[k] = v[v.size() == 1 ? 0 : i];
    }
    out[i] = f->integer(operands);
  }
  return out;
}

Found of_view(const Node& n, const View& view) {
  if (!node(n.inputs[0]).integers) return {};
  const std::vector<Index>& from = *node(n.inputs[0]).integers;
  std::vector<Shape> shapes;
  std::vector<Found> values;
  for (const Tensor& x : n.inputs) {
    shapes.push_back(type(x).shape);
    values.push_back(static_integers(x));
    if (is_int(type(x).dtype) && !values.back()) return {};
  }
  const std::vector<AxisMap> map = view.map({*n.op, n.params, n.inputs, shapes, values, n.where}, n.type.shape);
  std::vector<Index> out(count_in(n.type));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Index at = map.empty() ? 0 : map[0].start + (map[0].axis < 0 ? 0 : map[0].step * static_cast<Index>(i));
    if (at < 0 || at >= static_cast<Index>(from.size())) return {};
    out[i] = from[static_cast<std::size_t>(at)];
  }
  return out;
}

Found of_concatenation(const Node& n) {
  std::vector<Index> out;
  for (const Tensor& x : n.inputs) {
    if (!node(x).integers) return {};
    out.insert(out.end(), node(x).integers->begin(), node(x).integers->end());
  }
  return out;
}

Found of_extent(const Node& n) {
  const Index extent = type(n.inputs[0]).shape[static_cast<std::size_t>(n.params.integer("axis"))];
  if (extent < 0) return {};
  return std::vector<Index>{extent};
}

Found of_conversion(const Node& n) {
  // narrower types wrap and floats round: shapes are never computed that way
  if (n.type.dtype != DType::int64 || !is_signed_int(type(n.inputs[0]).dtype)) return {};
  return static_integers(n.inputs[0]);
}

Found of_reduction(const Node& n, Monoid monoid) {
  if (n.type.dtype != DType::int64 || n.type.rank() != 0 || !node(n.inputs[0]).integers) return {};
  const std::vector<Index>& v = *node(n.inputs[0]).integers;
  std::uint64_t total = monoid == Monoid::prod ? 1 : 0;  // unsigned: overflow wraps
  for (const Index i : v) {
    if (monoid == Monoid::prod)
      total *= static_cast<std::uint64_t>(i);
    else
      total += static_cast<std::uint64_t>(i);
  }
  return std::vector<Index>{static_cast<Index>(total)};
}

Found found(const Node& n) {
  if (const auto* p = meaning<Pointwise>(*n.op)) return of_pointwise(n, p->function);
  if (meaning<ShapeOf>(*n.op)) return of_extent(n);
  if (const auto* v = meaning<View>(*n.op)) return of_view(n, *v);
  if (meaning<Concatenate>(*n.op)) return of_concatenation(n);
  if (meaning<Convert>(*n.op)) return of_conversion(n);
  if (meaning<Reshape>(*n.op)) return static_integers(n.inputs[0]);
  if (const auto* r = meaning<Reduce>(*n.op); r && (r->monoid == Monoid::prod || r->monoid == Monoid::sum))
    return of_reduction(n, r->monoid);
  return {};
}

}  // namespace

Integers integers_of(const Array& a) {
  if (!is_int(a.dtype()) || a.ndim() > 1 || a.size() > static_cast<Index>(most)) return nullptr;
  std::vector<Index> v(static_cast<std::size_t>(a.size()));
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = get_index(a, static_cast<Index>(i));
  return std::make_unique<const std::vector<Index>>(std::move(v));
}

Integers integers_of(const Node& n) {
  if (!holds_integers(n.type)) return nullptr;
  Found v = found(n);
  if (!v || v->size() != count_in(n.type)) return nullptr;
  return std::make_unique<const std::vector<Index>>(std::move(*v));
}

std::optional<std::vector<Index>> static_integers(const Tensor& t) {
  const Integers& v = node(t).integers;
  if (!v) return {};
  return *v;
}

}  // namespace croton
