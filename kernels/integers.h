// Integer operations whose edges the machine leaves open: division and modulo by 0 and of the lowest by -1, shifts, powers;
// and their float namesakes. All give NumPy's values and never trap.
namespace {

template <class X, class F> CROTON_FN X each_lane(X a, X b, F f) {
  X r{};
  for (int i = 0; i < lanes<X>; ++i) r[i] = f(a[i], b[i]);
  return r;
}
/// Rounded towards minus infinity; x // 0 is 0; lowest // -1 wraps.
template <class T> CROTON_FN T whole_quotient(T a, T b) {
  if (b == 0) return 0;
  if constexpr (is_signed<T>) {
    if (b == (T)-1) return (T)(0 - (u64)a);
    const T q = (T)(a / b);
    return (T)(q - ((q * b != a) & ((a < 0) != (b < 0))));
  } else return (T)(a / b);
}
/// a - b * (a // b), with b's sign; x % 0 is 0.
template <class T> CROTON_FN T whole_remainder(T a, T b) {
  if (b == 0) return 0;
  if constexpr (is_signed<T>) {
    if (b == (T)-1) return 0;
    const T r = (T)(a % b);
    return (T)(r != 0 && (r < 0) != (b < 0) ? r + b : r);
  } else return (T)(a % b);
}
/// The truncated remainder of finite a and b > 0, exact for any exponents: one bit of the quotient a step.
template <class F> CROTON_SLOW F remainder_of(F a, F b) {
  typedef NatsOf<F> U;
  constexpr int digits = sizeof(F) == 4 ? 23 : 52;
  U x = bits_as<U>(a), y = bits_as<U>(b);
  int ex = (int)(x >> digits), ey = (int)(y >> digits);
  constexpr U one = (U)1 << digits;
  x &= one - 1; y &= one - 1;
  if (ex) x |= one; else for (ex = 1; x < one; --ex) x <<= 1;
  if (ey) y |= one; else for (ey = 1; y < one; --ey) y <<= 1;
  for (; ex > ey; --ex) {
    if (x >= y) x -= y;
    x <<= 1;
  }
  if (x >= y) x -= y;
  if (x == 0) return 0;
  for (; x < one; --ex) x <<= 1;
  return bits_as<F>(ex > 0 ? (U)((x & (one - 1)) | ((U)ex << digits)) : (U)(x >> (1 - ex)));
}
#ifdef CROTON_FMA
/// x = q * y + r with 0 <= r < y and a whole q, exactly, where x / y is small: its whole part is at most one off, and
/// x - q * y is a float.
template <class X> struct Division { X q, r; };
template <class X> constexpr Element<X> small_quotient = sizeof(Element<X>) == 4 ? 0x1p22 : 0x1p51;
template <class X> CROTON_FN Division<X> divided(X x, X y) {
  const X one = all<X>(1), q = trunc(x / y), r = fma(-q, y, x);
  const auto above = lt(r, all<X>(0)), below = ge(r, y);
  return {select(above, q - one, select(below, q + one, q)), select(above, r + y, select(below, r - y, r))};
}
#ifndef CROTON_LANES_ARE_THREADS
template <class X> CROTON_FN b8 all_divide_quickly(X x, X y) {
  return hall(and_(lt(x / y, all<X>(small_quotient<X>)), lt(y, all<X>(infinite))));
}
#endif
#endif
/// C's fmod: a's sign; NaN for b = 0 or infinite a.
template <class T> CROTON_FN T truncated_remainder(T a, T b) {
  const T x = abs(a), y = abs(b);
  if (!(x < (T)infinite) || !(y > 0)) return (a - a) / (b - b + 0);
  if (y == (T)infinite || x < y) return a;
#ifdef CROTON_FMA
  if (x / y < small_quotient<T>) return copysign(divided(x, y).r, a);
#endif
  return copysign(remainder_of(x, y), a);
}
/// Python's: b's sign, a zero too.
template <class T> CROTON_FN T float_remainder(T a, T b) {
  if (isnan(a) || isnan(b)) return a + b;
  T r = truncated_remainder(a, b);
  if (r != 0) return (r < 0) != (b < 0) ? r + b : r;
  return b == 0 ? r : copysign((T)0, b);
}
template <class T> CROTON_FN T float_quotient(T a, T b) {
  if (b == 0 || isnan(a) || isnan(b)) return a / b;
  const T r = truncated_remainder(a, b);
  T q = (a - r) / b;
  if (r != 0 && (r < 0) != (b < 0)) q = q - 1;
  if (q == 0) return copysign((T)0, a / b);
  const T f = floor(q);
  return q - f > (T)0.5 ? f + 1 : f;
}

template <class X> CROTON_FN X floor_div(X a, X b) {
  if constexpr (!is_scalar<X>) {
#ifdef CROTON_FMA
    if constexpr (is_floating<Element<X>>)
      if (const X x = abs(a), y = abs(b); all_divide_quickly(x, y)) {
        const Division<X> d = divided(x, y);
        const X zero = all<X>(0), more = select(eq(d.r, zero), zero, all<X>(1));
        const X q = select(xor_(lt(a, zero), lt(b, zero)), -d.q - more, d.q);
        return select(eq(q, zero), copysign(zero, a / b), q);
      }
#endif
    return each_lane(a, b, [](Element<X> x, Element<X> y) { return floor_div(x, y); });
  } else if constexpr (same<X, f32>) return (f32)float_quotient((f64)a, (f64)b);  // exact up to 2^28
  else if constexpr (is_floating<X>) return float_quotient(a, b);
  else return whole_quotient(a, b);
}
template <class X> CROTON_FN X mod(X a, X b) {
  if constexpr (!is_scalar<X>) {
#ifdef CROTON_FMA
    if constexpr (is_floating<Element<X>>)
      if (const X x = abs(a), y = abs(b); all_divide_quickly(x, y)) {
        const X r = copysign(divided(x, y).r, a), zero = all<X>(0);
        return select(eq(r, zero), copysign(zero, b), select(xor_(lt(r, zero), lt(b, zero)), r + b, r));
      }
#endif
    return each_lane(a, b, [](Element<X> x, Element<X> y) { return mod(x, y); });
  } else if constexpr (is_floating<X>) return float_remainder(a, b);
  else return whole_remainder(a, b);
}
#ifdef CROTON_LANES_ARE_THREADS
CROTON_CALL_OF_2(floor_div)
CROTON_CALL_OF_2(mod)
#endif

/// A count that is negative or not below the width: 0, or the sign for a signed shift to the right.
template <class X> CROTON_FN X shl(X a, X n) {
  typedef NatsOf<X> U;
  constexpr int width = 8 * sizeof(Element<X>);
  const BoolsOf<X> inside = lt((U)n, all<U>(width));
  if constexpr (is_scalar<X>) return inside ? (X)((u64)a << n) : (X)0;
  else return select(inside, (X)((U)a << (U)select(inside, n, all<X>(0))), all<X>(0));
}
template <class X> CROTON_FN X shr(X a, X n) {
  typedef NatsOf<X> U;
  constexpr int width = 8 * sizeof(Element<X>);
  const X count = select(lt((U)n, all<U>(width)), n, all<X>(width - 1));
  if constexpr (is_signed<Element<X>>) return (X)(a >> count);
  else return select(lt(n, all<X>(width)), (X)(a >> count), all<X>(0));
}
/// By squaring, wrapping. A negative exponent: the whole part of the true value (0 to it gives 0).
template <class T> CROTON_SLOW T whole_power(T a, T n) {
  if constexpr (is_signed<T>)
    if (n < 0) return a == 1 ? 1 : a == (T)-1 ? (n & 1 ? -1 : 1) : 0;
  T r = 1;
  for (; n; n >>= 1, a = (T)((u64)a * (u64)a))
    if (n & 1) r = (T)((u64)r * (u64)a);
  return r;
}
template <class X> requires(!is_floating<Element<X>>) CROTON_FN X pow(X a, X n) {
  if constexpr (!is_scalar<X>) return each_lane(a, n, [](Element<X> x, Element<X> y) { return whole_power(x, y); });
  else return whole_power(a, n);
}

}  // namespace
