// cast<To>(x) between all element types, scalar and lanes alike: integers wrap, float to integer saturates (NaN to 0),
// to f16/bf16 rounds to nearest even, to b8 is x != 0.
namespace {

#ifndef CROTON_AVX512  // which alone converts between lanes of 64 bits; here by their halves, in the mantissas of large numbers
/// Rounded once: what is subtracted first leaves a multiple of 2^32, exactly.
template <class X> CROTON_FN With<X, f64> f64_of_halves(X x) {
  typedef With<X, f64> F;
  typedef With<X, u64> U;
  constexpr bool has_sign = is_signed<Element<X>>;
  const U low = ((U)x & 0xffffffffu) | 0x4330000000000000u;                                // 2^52 and the low half
  const U high = ((U)x >> 32) ^ (has_sign ? 0x4530000080000000u : 0x4530000000000000u);  // 2^84 (2^63) and the high one
  return (bits_as<F>(high) - (has_sign ? 0x1p84 + 0x1p63 + 0x1p52 : 0x1p84 + 0x1p52)) + bits_as<F>(low);
}
/// Towards 0; x is in the integers' range.
template <class To, class X> CROTON_FN To halves_of_f64(X x) {
  typedef With<X, u64> U;
  const X whole = trunc(x), high = floor(whole * 0x1p-32), low = whole - high * 0x1p32;
  return (To)((bits_as<U>(high + 0x1.8p52) << 32) | (bits_as<U>(low + 0x1p52) ^ 0x4330000000000000u));
}
#endif

/// Lanes converted in steps of at most a factor of two (GCC 12 goes lane by lane otherwise).
template <class To, class X> CROTON_FN To widened(X x) {
  typedef Element<X> E;
  typedef Element<To> T;
  if constexpr (same<X, To>) return x;
  else if constexpr (is_scalar<X>) return (To)x;
  else if constexpr (sizeof(T) > 2 * sizeof(E) && !is_floating<E>) {
    if constexpr (is_signed<E>) return widened<To>(converted<With<X, Int<2 * sizeof(E)>>>(x));
    else return widened<To>(converted<With<X, Nat<2 * sizeof(E)>>>(x));
  } else if constexpr (is_floating<T> && !is_floating<E> && sizeof(E) < sizeof(i32)) return widened<To>(widened<With<X, i32>>(x));
#ifndef CROTON_AVX512
  else if constexpr (same<T, f64> && !is_floating<E> && sizeof(E) == 8) return f64_of_halves(x);
  else if constexpr (!is_floating<T> && !is_floating<E> && sizeof(E) > 2 * sizeof(T))
    return widened<To>(converted<With<X, Int<sizeof(E) / 2>>>(x));
  else if constexpr (is_floating<T> && same<E, u32>) {  // u32 as 2^31 + i32, exactly, in f64
    const With<X, f64> wide = converted<With<X, f64>>((With<X, i32>)(x ^ 0x80000000u)) + 0x1p31;
    return widened<To>(wide);
  }
#endif
  else return converted<To>(x);
}

template <class I> constexpr I lowest_of = is_signed<I> ? (I)((u64)1 << (8 * sizeof(I) - 1)) : (I)0;
template <class I> constexpr I highest_of = (I)~lowest_of<I>;

/// Float to integer: saturates, NaN gives 0.
template <class To, class X> CROTON_FN To saturated(X x) {
  typedef Element<X> E;
  typedef Element<To> I;
  constexpr E low = (E)lowest_of<I>, beyond = (E)(highest_of<I> / 2 + 1) * 2;  // 2^n exactly; the highest may round up
  if constexpr (is_scalar<X>) {
    if (!(x == x)) return 0;
    return x <= low ? lowest_of<I> : x >= beyond ? highest_of<I> : (I)x;
  } else {
    const X inside = select(gt(x, all<X>(low)), x, all<X>(low));  // NaN becomes low, and 0 below
    const X safe = select(lt(inside, all<X>(beyond)), inside, all<X>(0));
    To r;
    if constexpr (sizeof(I) < sizeof(i32)) r = converted<To>(converted<With<X, i32>>(safe));
#ifndef CROTON_AVX512
    else if constexpr (sizeof(I) == 8) r = halves_of_f64<To>(widened<With<X, f64>>(safe));
#endif
    else r = converted<To>(safe);
    r = select(ge(x, all<X>(beyond)), all<To>(highest_of<I>), r);
    return select(isnan(x), all<To>(0), r);
  }
}

// f16 <-> f32 in integer arithmetic, exact on every target.
template <class X> CROTON_FN With<X, f32> f32_of_f16(X h) {  // X: u32 bits
  typedef With<X, f32> F;
  const X magnitude = (h & 0x7fffu) << 13, sign = (h & 0x8000u) << 16;
  const F scaled = bits_as<F>(magnitude) * 0x1p112f;  // exact, also for subnormals
  const X special = bits_as<X>(scaled) | 0x7f800000u;
  const X r = select(ge(h & 0x7fffu, all<X>(0x7c00u)), special, bits_as<X>(scaled));
  return bits_as<F>((X)(r | sign));
}
template <class X> CROTON_FN With<X, u32> f16_of_f32(X x) {  // X: f32; gives u32 bits
  typedef With<X, u32> U;
  const U all_bits = bits_as<U>(x), sign = (all_bits >> 16) & 0x8000u, a = all_bits & 0x7fffffffu;
  const U normal = (a - 0x38000000u + 0xfffu + ((a >> 13) & 1u)) >> 13;  // overflow carries into infinity
  const U tiny = bits_as<U>(bits_as<X>(a) + 0.5f) - 0x3f000000u;  // the addition rounds at 2^-24
  U r = select(lt(a, all<U>(0x38800000u)), tiny, normal);
  r = select(ge(a, all<U>(0x47800000u)), all<U>(0x7c00u), r);
  r = select(gt(a, all<U>(0x7f800000u)), all<U>(0x7e00u), r);
  return r | sign;
}
template <class X> CROTON_FN With<X, u32> bf16_of_f32(X x) {
  typedef With<X, u32> U;
  const U b = bits_as<U>(x);
  return select(isnan(x), (U)((b >> 16) | 0x40u), (U)((b + 0x7fffu + ((b >> 16) & 1u)) >> 16));
}

template <class To> struct cast_to {
  template <class X> static CROTON_FN With<X, To> from(X x) {
    typedef Element<X> E;
    typedef With<X, To> R;
    if constexpr (same<E, To>) return x;
    else if constexpr (same<E, b8>) {
      if constexpr (is_scalar<X>) return cast_to<To>::from((u8)x);
      else if constexpr (sizeof(To) == 2 && !same<To, i16> && !same<To, u16>) return cast_to<To>::from(cast_to<f32>::from(x));
      else return select(x, all<R>(1), all<R>(0));
    } else if constexpr (same<E, f16>) {
      if constexpr (is_scalar<X>) return cast_to<To>::from(f32_of_f16((u32)x.bits));
      else return cast_to<To>::from(f32_of_f16(widened<With<X, u32>>(x.bits)));
    } else if constexpr (same<E, bf16>) {
      if constexpr (is_scalar<X>) return cast_to<To>::from(bits_as<f32>((u32)x.bits << 16));
      else return cast_to<To>::from(bits_as<With<X, f32>>((With<X, u32>)(widened<With<X, u32>>(x.bits) << 16)));
    } else if constexpr (same<To, b8>) return ne(x, all<X>(0));
    else if constexpr (same<To, f16>) {
      if constexpr (is_scalar<X>) return {(u16)f16_of_f32(odd_f32(x))};
      else return {converted<With<X, u16>>(f16_of_f32(odd_f32(x)))};
    } else if constexpr (same<To, bf16>) {
      if constexpr (is_scalar<X>) return {(u16)bf16_of_f32(odd_f32(x))};
      else return {converted<With<X, u16>>(bf16_of_f32(odd_f32(x)))};
    } else if constexpr (is_floating<E> && !is_floating<To>) return saturated<R>(x);
    else return widened<R>(x);
  }
  /// f32 with the last bit sticky, so that rounding it again to 16 bits equals rounding x once.
  template <class X> static CROTON_FN With<X, f32> odd_f32(X x) {
    typedef Element<X> E;
    if constexpr (same<E, f32>) return x;
    else if constexpr (!is_floating<E> && sizeof(E) <= 2) return widened<With<X, f32>>(x);  // exact; and NVRTC 13.0 miscompiles
    else if constexpr (!is_floating<E>) return odd_f32(widened<With<X, f64>>(x));           // a bool's way through f64
    else {
      typedef With<X, f32> F;
      const F r = widened<F>(x);
      const X back = widened<X>(r);
      const With<X, i64> away = select(gt(abs(back), abs(x)), all<With<X, i64>>(1), all<With<X, i64>>(0));
      const With<X, i64> inexact = select(eq(back, x), all<With<X, i64>>(0), all<With<X, i64>>(1));
      const auto b = int_bits(r) - widened<With<X, i32>>(away);
      return select(isnan(x), r, bits_as<F>((With<X, i32>)(b | widened<With<X, i32>>(inexact))));
    }
  }
};
template <class To, class X> CROTON_FN With<X, To> cast(X x) { return cast_to<To>::from(x); }

}  // namespace
