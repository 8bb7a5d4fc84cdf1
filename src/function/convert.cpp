#include "function/convert.h"

#include <fmt/format.h>

#include "array/body.h"
#include "base/dtype.h"

namespace croton {
namespace {

bool wider(DType from, DType to) { return is_float(from) && is_float(to) && size_of(from) < size_of(to); }

std::optional<Array> exactly(const Array& a, DType to) {
  const Array from = contiguous(a);
  Array out = empty(a.shape(), to);
  const std::byte* in = data(from);
  std::byte* result = mutable_data(out);
  for (Index i = 0; i < a.size(); ++i, in += size_of(a.dtype()), result += size_of(to))
    if (!convert_exactly(in, a.dtype(), result, to)) return {};
  return out;
}

}  // namespace

std::optional<Array> converted(const Array& a, DType to) {
  if (a.dtype() == to) return a;
  if (is_float(a.dtype())) return wider(a.dtype(), to) ? std::optional(a.astype(to)) : std::nullopt;
  return exactly(a, to);
}

bool write_number(const Weak& w, DType to, std::byte* element) {
  if (w.is_float) return convert_exactly(reinterpret_cast<const std::byte*>(&w.f), float64, element, to);
  return convert_exactly(reinterpret_cast<const std::byte*>(&w.i), w.dtype(), element, to);
}

std::optional<Array> number(const Weak& w, DType to) {
  Array a = empty({}, to);
  if (!write_number(w, to, mutable_data(a))) return {};
  return a;
}

std::optional<Array> converted_as_number(const Array& a, DType to) {
  if (auto done = converted(a, to)) return done;
  return a.ndim() == 0 && is_float(a.dtype()) ? exactly(a, to) : std::nullopt;
}

std::string text(const Weak& w) {
  return w.is_float            ? fmt::format("{}", w.f)
         : w.dtype() == uint64 ? fmt::format("{}", static_cast<std::uint64_t>(w.i))
                               : fmt::format("{}", w.i);
}

std::string axes_text(const Extents& shape) {
  if (shape.empty()) return "no axes";
  return fmt::format("{} {} {}", shape.size(), shape.size() == 1 ? "axis" : "axes", shape_text(shape));
}

}  // namespace croton
