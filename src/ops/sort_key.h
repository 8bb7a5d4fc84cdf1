// An element as an unsigned integer of its own width that stands in the same order: NaN after every number, all NaN
// equal, -0 and 0 equal.
#pragma once
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/dtype.h"

namespace croton::ops {

template <std::size_t bytes>
using Unsigned = std::conditional_t<
    bytes == 1, std::uint8_t,
    std::conditional_t<bytes == 2, std::uint16_t, std::conditional_t<bytes == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
using SortKey = Unsigned<sizeof(T)>;

template <class T>
constexpr bool is_float_element = !std::is_integral_v<T>;

/// The bits of infinity.
template <class T>
constexpr SortKey<T> infinity_bits() {
  if constexpr (std::is_same_v<T, Float16>)
    return 0x7c00;
  else if constexpr (std::is_same_v<T, BFloat16>)
    return 0x7f80;
  else
    return std::bit_cast<SortKey<T>>(std::numeric_limits<T>::infinity());
}

template <class T>
constexpr SortKey<T> sign_bit = static_cast<SortKey<T>>(SortKey<T>{1} << (8 * sizeof(T) - 1));

/// Keys that are the elements' bits.
template <class T>
inline constexpr bool key_is_bits = std::is_unsigned_v<T>;

/// The key of NaN.
template <class T>
constexpr SortKey<T> last_key = static_cast<SortKey<T>>(~SortKey<T>{0});

template <class T>
constexpr SortKey<T> sort_key(T v) {
  using K = SortKey<T>;
  const K bits = std::bit_cast<K>(v);
  if constexpr (is_float_element<T>) {
    const K size = static_cast<K>(bits & ~sign_bit<T>);
    const K below = static_cast<K>(sign_bit<T> - size), above = static_cast<K>(sign_bit<T> + size);
    const K key = bits == size ? above : below;
    return size > infinity_bits<T>() ? last_key<T> : key;
  } else {
    return std::is_signed_v<T> ? static_cast<K>(bits ^ sign_bit<T>) : bits;
  }
}

/// The element of that key: a NaN of all, and 0 of both zeros.
template <class T>
constexpr T element_of(SortKey<T> key) {
  using K = SortKey<T>;
  if constexpr (is_float_element<T>)
    return std::bit_cast<T>(key >= sign_bit<T> ? static_cast<K>(key - sign_bit<T>)
                                               : static_cast<K>(sign_bit<T> + (sign_bit<T> - key)));
  else
    return std::bit_cast<T>(std::is_signed_v<T> ? static_cast<K>(key ^ sign_bit<T>) : key);
}

}  // namespace croton::ops
