// How an element is written or added to, of any dtype.
#pragma once
#include <concepts>
#include <type_traits>

#include "base/dtype.h"
#include "ops/evaluate/loops.h"

namespace croton::ops {

inline bool added(bool a, bool b) { return a || b; }
template <std::floating_point T>
T added(T a, T b) {
  return a + b;
}
template <std::integral T>
T added(T a, T b) {
  using U = std::make_unsigned_t<T>;  // sums of integers wrap
  return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
}
template <class T>
requires std::same_as<T, Float16> || std::same_as<T, BFloat16> T added(T a, T b) {
  return narrowed<T>(widened<double>(a) + widened<double>(b));
}

template <class T>
void put_element(T& target, const T& v, bool set) {
  target = set ? v : added(target, v);
}

}  // namespace croton::ops
