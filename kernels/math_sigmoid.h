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
CROTON_MATH(sigmoid)(X x) {
  const auto s = sigmoid_parts(x);
  return scaled(s.value, s.n);
}
CROTON_SCALAR_OF(sigmoid)

/// x sigmoid(x), scaled last: sigmoid(x) may be subnormal where the product is not. NaN at -infinity, as the product is.
CROTON_MATH(silu)(X x) {
  const auto s = sigmoid_parts(x);
  const X y = scaled(greater(all<X>(single<X> ? -120.0 : -800.0), x) * s.value, s.n);
  return x > all<X>(-infinite) ? y : all<X>(not_a_number);
}
CROTON_SCALAR_OF(silu)

/// max(x, 0) + log(1 + z).
CROTON_MATH(softplus)(X x) {
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
CROTON_SCALAR_OF(softplus)

}  // namespace
