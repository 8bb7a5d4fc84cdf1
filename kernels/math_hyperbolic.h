// sinh, cosh, asinh, acosh, atanh.
namespace {

/// e^a = 2^n (high + low), a >= 0.
template <class X> struct Growth { X n, high, low; };
CROTON_PART Growth<X> growth(X a) {
  const auto s = reduce_exponent(lesser(all<X>(single<X> ? 91.0 : 712.0), a));
  const X r = s.high - s.low, rest = (s.high - r) - s.low, p = fma(r * r, expm1_tail(r), rest);
  const auto one = sum_of(all<X>(1), r);
  const auto both = sum_of(one.high, one.low + p);
  return {s.n, both.high, both.low};
}
/// e^-a / 2^n, or next to nothing.
template <class X> CROTON_FN X decayed(Growth<X> e) { return scaled(1 / e.high, greater(all<X>(single<X> ? -250.0 : -2000.0), -2 * e.n)); }
/// (sinh(x) - x) / x^3.
CROTON_PART X sinh_over(X z) {
  if constexpr (single<X>)
    return polynomial(z, 0x1.555556p-3, 0x1.1110eap-7, 0x1.a01c2p-13, 0x1.7677a8p-19);
  else
    return polynomial(z, 0x1.5555555555555p-3, 0x1.111111111117ep-7, 0x1.a01a01a00d55ap-13, 0x1.71de3a6115681p-19,
                      0x1.ae644ab7480a8p-26, 0x1.612b0a916d2edp-33, 0x1.aa898b0a8ae42p-41, 0x1.46ae63bb6605cp-48);
}
CROTON_MATH(sinh)(X x) {
  const X a = abs(x), z = x * x, near = fma(x * z, sinh_over(z), x);
  const auto e = growth(a);
  const X far = scaled(e.high + (e.low - decayed(e)), e.n - 1);
  return a < 1 ? (x == 0 ? x : near) : copysign(far, x);
}
CROTON_SCALAR_OF(sinh)
CROTON_MATH(cosh)(X x) {
  const auto e = growth(abs(x));
  return scaled(e.high + (e.low + decayed(e)), e.n - 1);
}
CROTON_SCALAR_OF(cosh)

/// (asinh(x) - x) / x^3.
CROTON_PART X asinh_over(X z) {
  if constexpr (single<X>)
    return polynomial(z, -0x1.555554p-3, 0x1.333228p-4, -0x1.6d7a44p-5, 0x1.ebb158p-6, -0x1.46cf5cp-6, 0x1.2a02bp-7);
  else
    return polynomial(z, -0x1.5555555555555p-3, 0x1.333333333327fp-4, -0x1.6db6db6dadc42p-5, 0x1.f1c71c6de14cp-6,
                      -0x1.6e8ba265bc367p-6, 0x1.1c4eb98773c92p-6, -0x1.c99838e9b94p-7, 0x1.7a7843d76e1ap-7,
                      -0x1.3f632a9a297afp-7, 0x1.10169bec05064p-7, -0x1.c6928ab16319cp-8, 0x1.590e8eea77f8ap-8,
                      -0x1.9556f668f3b4ep-9, 0x1.0472be0eb6f57p-10);
}
/// log(2^k (u + lost)).
CROTON_PART X log_of_parts(X u, X lost, X k) {
  const auto s = split_exponent(u);
  const X f = s.m - 1;
  return log_sum(s.k + k, f, log1p_rest(f, over_one_plus(scaled(lost, -s.k), f)));
}
CROTON_MATH(asinh)(X x) {
  typedef Element<X> T;
  const X a = abs(x), z = x * x, near = fma(x * z, asinh_over(z), x);
  const auto big = a > (T)(single<X> ? 0x1p13 : 0x1p30);
  const X c = big ? all<X>(1) : a;
  const auto square = product(c, c);  // a + sqrt(a^2 + 1), with what the root loses
  const X m = square.high > 1 ? square.high : all<X>(1), n = square.high > 1 ? all<X>(1) : square.high;
  const auto sum = sum_of(m, n);
  const X s = sqrt(sum.high);
  const auto ss = product(s, s);
  const X s_low = (((sum.high - ss.high) - ss.low) + (sum.low + square.low)) / (2 * s);
  const auto u = sum_of(s, c);
  const X r = log_of_parts(big ? a : u.high, big ? all<X>(0) : u.low + s_low, big ? all<X>(1) : all<X>(0));
  return a < (T)0.5 ? (x == 0 ? x : near) : a < all<X>(__builtin_inf()) ? copysign(r, x) : x;
}
CROTON_SCALAR_OF(asinh)

/// log(1 + w) for w = high + low > -1.
CROTON_PART X log1p_of_parts(X high, X low) {
  const X u = 1 + high, big = greater(high, all<X>(1)), small = lesser(high, all<X>(1));
  return log_of_parts(u, ((big - u) + small) + low, all<X>(0));
}
/// log(1 + t + sqrt(t (t + 2))), t = x - 1.
CROTON_MATH(acosh)(X x) {
  typedef Element<X> T;
  const auto big = x > (T)(single<X> ? 0x1p13 : 0x1p30);
  const X t = big ? all<X>(1) : x - 1;
  const X d = t + 2, d_low = t > 2 ? (t - d) + 2 : (2 - d) + t;
  const auto m = product(t, d);
  const X s = sqrt(m.high);
  const auto ss = product(s, s);
  const X s_low = s > 0 ? (((m.high - ss.high) - ss.low) + fma(t, d_low, m.low)) / (2 * s) : all<X>(0);
  const auto w = sum_of(greater(s, t), lesser(s, t));
  const X r = big ? log_of_parts(x, all<X>(0), all<X>(1)) : log1p_of_parts(w.high, w.low + s_low);
  return x < 1 ? all<X>(__builtin_nan("")) : x < all<X>(__builtin_inf()) ? (x == 1 ? all<X>(0) : r) : x;
}
CROTON_SCALAR_OF(acosh)

/// log(1 + 2a / (1 - a)) / 2.
CROTON_MATH(atanh)(X x) {
  typedef Element<X> T;
  const X a = abs(x), d = 1 - a, d_low = (1 - d) - a, q = 2 * a / d;
  const auto back = product(q, d);
  const X q_low = (((2 * a - back.high) - back.low) - q * d_low) / d;
  const X r = (T)0.5 * log1p_of_parts(q, q_low);
  const X tiny = fma(x * x * x, all<X>(1.0 / 3), x);
  return a < (T)(single<X> ? 0x1p-8 : 0x1p-16) ? (x == 0 ? x : tiny)
       : a < 1 ? copysign(r, x) : a == 1 ? copysign(all<X>(__builtin_inf()), x) : all<X>(__builtin_nan(""));
}
CROTON_SCALAR_OF(atanh)

}  // namespace
