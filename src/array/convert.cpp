// From one element type to another: astype, item, single elements.
#include <cmath>
#include <cstring>

#include "array/body.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/float_control.h"

namespace croton {

namespace {
template <class T>
constexpr bool is_half = std::same_as<T, Float16> || std::same_as<T, BFloat16>;

// The type that a stored value is computed in.
template <class T>
auto opened(T v) {
  if constexpr (is_half<T>)
    return to_float(v);
  else
    return v;
}

template <class To, class From>
To cast_to(From v) {
  if constexpr (is_half<From>)
    return cast_to<To>(to_float(v));
  else if constexpr (std::same_as<To, From>)
    return v;
  else if constexpr (std::same_as<To, Float16>)
    return to_float16(static_cast<double>(v));
  else if constexpr (std::same_as<To, BFloat16>)
    return to_bfloat16(static_cast<double>(v));
  else if constexpr (std::same_as<To, bool>)
    return v != From{};
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return saturate<To>(v);
  else
    return static_cast<To>(v);
}

template <class T>
T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// Whether `to` is `from`, allowing a float to round into a narrower one (but not into infinity).
template <class To, class From>
bool kept(To to, From from) {
  if constexpr (std::is_floating_point_v<From> && std::is_floating_point_v<To>) {
    return !std::isfinite(from) || std::isfinite(to);
  } else if constexpr (std::is_floating_point_v<From>) {
    using Limits = std::numeric_limits<To>;
    return from == std::trunc(from) && from >= static_cast<From>(Limits::min()) &&
           from < std::ldexp(From{1}, Limits::digits);
  } else if constexpr (std::is_floating_point_v<To>) {
    return static_cast<long double>(to) == static_cast<long double>(from);  // it holds every 64-bit integer
  } else {
    if constexpr (std::same_as<From, bool>)
      return true;
    else if constexpr (std::same_as<To, bool>)
      return from == From{0} || from == From{1};
    else
      return std::in_range<To>(from);
  }
}
}  // namespace

void convert(const std::byte* from, DType from_type, std::byte* to, DType to_type, Index n) {
  const FloatControl control;
  visit_dtype(from_type, [&]<class From>(From) {
    visit_dtype(to_type, [&]<class To>(To) {
      const From* source = reinterpret_cast<const From*>(from);
      To* target = reinterpret_cast<To*>(to);
      for (Index i = 0; i < n; ++i) target[i] = cast_to<To>(source[i]);
    });
  });
}

bool convert_exactly(const std::byte* from, DType from_type, std::byte* to, DType to_type) {
  const FloatControl control;
  return visit_dtype(from_type, [&]<class From>(From) {
    return visit_dtype(to_type, [&]<class To>(To) {
      const auto value = opened(load<From>(from));
      const To converted = cast_to<To>(value);
      std::memcpy(to, &converted, sizeof converted);
      return kept(opened(converted), value);
    });
  });
}

namespace {
const std::byte* element(const Array& a, Index linear) {
  Index offset = linear;
  if (!is_contiguous(a)) {
    offset = 0;
    for (std::size_t k = a.shape().size(); k-- > 0;) {
      offset += linear % a.shape()[k] * strides(a)[k];
      linear /= a.shape()[k];
    }
  }
  return data(a) + offset * static_cast<Index>(size_of(a.dtype()));
}
}  // namespace

double get(const Array& a, Index linear) {
  return visit_dtype(a.dtype(), [&]<class T>(T) { return static_cast<double>(opened(load<T>(element(a, linear)))); });
}

Index get_index(const Array& a, Index linear) {
  return visit_dtype(a.dtype(), [&]<class T>(T) { return cast_to<Index>(load<T>(element(a, linear))); });
}

void set(Array& a, Index linear, double value) {
  std::byte* to = mutable_data(a) + linear * static_cast<Index>(size_of(a.dtype()));
  visit_dtype(a.dtype(), [&]<class T>(T) {
    const T v = cast_to<T>(value);
    std::memcpy(to, &v, sizeof v);
  });
}

bool bits_equal(const Array& a, const Array& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const Array x = contiguous(a), y = contiguous(b);
  return std::memcmp(data(x), data(y), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

bool array_equal(const Array& a, const Array& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const Array x = contiguous(a), y = contiguous(b);
  return visit_dtype(a.dtype(), [&]<class T>(T) {
    const T *p = data_as<T>(x), *q = data_as<T>(y);
    for (Index i = 0; i < a.size(); ++i)
      if (!(opened(p[i]) == opened(q[i]))) return false;
    return true;
  });
}

}  // namespace croton
