#include "compare.h"

#include <fmt/format.h>

#include <cmath>

#include "array/access.h"
#include "base/dtype.h"

using croton::Array;
using croton::DType;
using croton::Index;
using nlohmann::json;

namespace golden {
namespace {

/// The distance between neighbouring numbers of the dtype at v.
double ulp(double v, DType d) {
  const int digits = d == croton::float64 ? 53 : d == croton::float32 ? 24 : 11;
  const int lowest = d == croton::float64 ? -1074 : d == croton::float32 ? -149 : -24;
  int exponent = 0;
  std::frexp(v, &exponent);
  return std::ldexp(1.0, v == 0 ? lowest : std::max(exponent - digits, lowest));
}

bool close(double got, double want, DType d, const json& tol) {
  if (std::isnan(want)) return std::isnan(got);
  if (got == want) return !tol.value("zero_sign", false) || std::signbit(got) == std::signbit(want);
  if (std::isinf(want) || std::isinf(got) || std::isnan(got)) return false;
  const std::string kind = tol.at("kind");
  const double off = std::abs(got - want), absolute = tol.value("abs", 0.0);
  if (kind == "ulp") return off <= tol.at("n").get<double>() * ulp(want, d) + absolute;
  if (kind == "rel") return off <= tol.at("rel").get<double>() * std::abs(want) + absolute;
  return false;
}

bool same_element(const Array& got, const Array& want, Index i, const json& tol) {
  if (!croton::is_float(want.dtype())) return croton::get_index(got, i) == croton::get_index(want, i);
  return close(croton::get(got, i), croton::get(want, i), want.dtype(), tol);
}

}  // namespace

std::string difference(const Array& got, const Array& want, const json& tol) {
  if (got.dtype() != want.dtype() || got.shape() != want.shape())
    return fmt::format("got {}, expected {}", croton::type_text(got), croton::type_text(want));
  Index count = 0, first = -1;
  for (Index i = 0; i < want.size(); ++i) {
    if (same_element(got, want, i, tol)) continue;
    if (count++ == 0) first = i;
  }
  if (count == 0) return "";
  return fmt::format("{} of {} elements differ, first element {}: got {:.17g}, expected {:.17g}", count, want.size(),
                     first, croton::get(got, first), croton::get(want, first));
}

}  // namespace golden
