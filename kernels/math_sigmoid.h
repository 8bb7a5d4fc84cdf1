// sigmoid, softplus, silu, all from z = e^-|x| in two parts, so that neither tail loses digits.
namespace {

/// e^-|x| = 2^n (high + low), with high in [0.7, 1.42].
template <class X> struct Decay { X n, high, low; };
CROTON_PART Decay<X> decay(X x) {
  const auto s = reduce_exponent(greater(all<X>(single<X> ? -110.0 : -760.0), -abs(x)));
  const X r = rest_of(s), p = r * expm1_over(r), high = 1 + p;
  return {s.n, high, (1 - high) + p};
}

/// 1 / (1 + z) for x >= 0, z / (1 + z) for x < 0, as 2^n value.
template <class X> struct Scaled { X value, n; };
CROTON_PART Scaled<X> sigmoid_parts(X x) {
  const auto z = decay(x);
  const X zero = all<X>(0), one = all<X>(1);
  const X z_high = scaled(z.high, z.n), d = 1 + z_high, d_low = ((1 - d) + z_high) + scaled(z.low, z.n);
  const auto negative = x < 0;
  return {quotient(negative ? z.high : one, negative ? z.low : zero, d, d_low), negative ? z.n : zero};
}
CROTON_PART X sigmoid_anywhere(X x) {
  const auto s = sigmoid_parts(x);
  return scaled(s.value, s.n);
}
/// x sigmoid(x), scaled last: sigmoid(x) may be subnormal where the product is not. NaN at -infinity, as the product is.
CROTON_PART X silu_anywhere(X x) {
  const auto s = sigmoid_parts(x);
  const X y = scaled(greater(all<X>(single<X> ? -120.0 : -800.0), x) * s.value, s.n);
  return x > all<X>(-infinite) ? y : all<X>(not_a_number);
}

/// max(x, 0) + log(1 + z).
CROTON_PART X softplus_anywhere(X x) {
  typedef Element<X> T;
  const auto z = decay(x);
  const X high = scaled(z.high, z.n), low = scaled(z.low, z.n);
  // 1 + z = m or 2 m with m in [3/4, 3/2); m - 1 is exact.
  const auto upper = high > (T)0.5;
  const X f = upper ? (high - 1) * (T)0.5 : high, f_low = upper ? low * (T)0.5 : low;
  const X rest = log1p_rest(f, over_one_plus(f_low, f));
  const X k = upper ? all<X>(1) : all<X>(0), positive = x > 0 ? x : all<X>(0);
  const X r = log_sum(k, f, rest) + positive;
  return x == x ? (x == all<X>(infinite) ? x : r) : x;
}

#if !defined(CROTON_FMA) || defined(CROTON_EXACT)
CROTON_MATH(sigmoid)(X x) { return sigmoid_anywhere(x); }
CROTON_MATH(silu)(X x) { return silu_anywhere(x); }
CROTON_MATH(softplus)(X x) { return softplus_anywhere(x); }
#else
/// e^x = high + low where that is a normal number.
CROTON_PART Parts<X> exp_parts(X x) {
  const auto s = reduce_exponent(x);
  const X r = rest_of(s), p = r * expm1_over(r), power = times_power(all<X>(1), s.shifted), high = fma(p, power, power);
  return {high, fma(p, power, power - high)};
}
/// Where e^|x| is a normal number: q = 1 / (1 + e^|x|), which of x < 0 is the result, and 1 - q of others.
CROTON_PART X sigmoid_near(X x) {
  const X one = all<X>(1);
  const auto e = exp_parts(abs(x));
  const X d = 1 + e.high, d_low = e.low + (1 - (d - e.high)), y = near_reciprocal_normal(d);
  const X q = fma(fma(-y, d_low, fma(-y, d, one)), y, y);
  return x < 0 ? q : 1 - q;
}
/// Single precision, where z = e^-|x| is a normal number: log(1 + z) = z + z^2 Q(z), and of the low part about z's half less.
CROTON_PART X softplus_near(X x) {
  const auto z = exp_parts(-abs(x));
  const X Q = polynomial(z.high - 0x1.fp-2f, -0x1.861b24p-2, 0x1.7518d2p-3, -0x1.87dcccp-4, 0x1.b1a8dep-5, -0x1.ef8b4ep-6, 0x1.2129cp-6,
                         -0x1.66f924p-7, 0x1.e0faa6p-8, -0x1.b2e1bap-9);
  return z.high + (fma(z.high * z.high, Q, z.low * fma(z.high, all<X>(-0.5), all<X>(1))) + greater(all<X>(0), x));
}
/// Lanes with results below the normal numbers, or NaN, are seldom; the others of their vector keep their bits.
template <class X> CROTON_SELDOM X sigmoid_far(X x) {
  const X y = sigmoid_near(brought_near(x));
  if (is_some_between(x)) return is_near(x) ? y : sigmoid_anywhere(x);
  return x <= nothing<X> ? all<X>(0) : x >= too_much<X> ? all<X>(1) : y;
}
template <class X> CROTON_SELDOM X silu_far(X x) {
  const X y = x * sigmoid_near(brought_near(x));
  constexpr Element<X> lowest = single<X> ? -120 : -800;  // x e^x is 0 a little later
  if (is_some_between(x, lowest)) return is_near(x) ? y : silu_anywhere(x);
  return is_near(x) ? y : x > 0 ? x : x > all<X>(-infinite) ? all<X>(-0.0) : all<X>(not_a_number);
}
template <class X> CROTON_SELDOM X softplus_far(X x) {
  const X y = softplus_near(brought_near(x));
  if (is_some_between(x)) return is_near(x) ? y : softplus_anywhere(x);
  return x <= nothing<X> ? all<X>(0) : x >= too_much<X> ? x : y;
}
CROTON_MATH(sigmoid)(X x) { return is_some_far(x) ? sigmoid_far(x) : sigmoid_near(x); }
CROTON_MATH(silu)(X x) { return is_some_far(x) ? silu_far(x) : x * sigmoid_near(x); }
CROTON_MATH(softplus)(X x) {
  if constexpr (single<X>) return is_some_far(x) ? softplus_far(x) : softplus_near(x);
  else return softplus_anywhere(x);
}
#endif
CROTON_SCALAR_OF(sigmoid)
CROTON_SCALAR_OF(silu)
CROTON_SCALAR_OF(softplus)

}  // namespace
