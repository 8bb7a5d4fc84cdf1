// erf, erfc, erfcx, gelu. Near 0 erf by an odd polynomial; elsewhere erfc(a) = e^(-a^2) P((a - K) / (a + K)) / (1 + 2a), with the
// square in two parts, so that the tail keeps its digits down to the subnormals.
namespace {

template <class X> constexpr Element<X> erfc_middle = single<X> ? 2 : 3;
/// (1 + 2a) erfc(a) / e^(-a^2) for a from 0.4 up to where erfc(a) is 0, q = (a - K) / (a + K) with K = erfc_middle.
CROTON_PART X erfc_scaled_numerator(X q) {
  if constexpr (single<X>)
    return polynomial(q, 0x1.46e80ep+0, -0x1.7bf5e6p-4, -0x1.54079p-3, 0x1.4ff99ap-3, -0x1.bc346ep-5, -0x1.06dadep-7,
                      0x1.1e7f64p-7, 0x1.3c5ffep-10, -0x1.88f83cp-10, -0x1.3b6008p-12, 0x1.eadcp-13);
  else
    return polynomial(q, 0x1.40c522d7e4987p+0, -0x1.15c084bb9e8f7p-3, -0x1.85a15c58aa142p-5, 0x1.098366a5b48b2p-3,
                      -0x1.e88b803a50549p-4, 0x1.17ca2877e8428p-4, -0x1.8574c409544e6p-6, 0x1.4b884e5665e99p-9,
                      0x1.ef1bdb6a5a7dap-10, -0x1.98db53ad7fcf9p-11, -0x1.b9119c71f5953p-14, 0x1.065a6f8ad6a2ep-13,
                      0x1.4be698e38ce87p-18, -0x1.51412dc87e696p-16, -0x1.827d27b8e7114p-21, 0x1.d266e24513807p-19,
                      0x1.660992254c82cp-22, -0x1.4c4fc423bb4fap-21, -0x1.df887a99e21e8p-24, 0x1.b599464b8064dp-24,
                      0x1.48e066f728f95p-26, -0x1.8e8b0b2645334p-27);
}
/// erfc(a) / e^(-a^2) for such a.
CROTON_PART X erfc_scaled(X a) {
  constexpr Element<X> K = erfc_middle<X>;
  return erfc_scaled_numerator((a - K) / (a + K)) / fma(a, all<X>(2), all<X>(1));
}
/// factor e^(-square) erfc_scaled(a), square = high + low; scaled last, as the rest may be subnormal.
CROTON_PART X erfc_tail(X factor, X a, X high, X low) {
  const auto s = reduce_exponent(greater(all<X>(single<X> ? -110.0 : -760.0), -high));
  const X r = s.high - s.low, rest = ((s.high - r) - s.low) - low, v = r * expm1_over(r);
  const X c = factor * erfc_scaled(a);
  return scaled(fma(c, v + fma(rest, v, rest), c), s.n);
}
/// (erf(x) - x) / x for |x| < 0.87, z = x^2.
CROTON_PART X erf_over(X z) {
  if constexpr (single<X>)
    return polynomial(z, 0x1.06eba8p-3, -0x1.812742p-2, 0x1.ce2ep-4, -0x1.b80fd4p-6, 0x1.54e216p-8, -0x1.ab88e2p-11,
                      0x1.622decp-14);
  else
    return polynomial(z, 0x1.06eba8214db69p-3, -0x1.812746b0379ffp-2, 0x1.ce2f21a043784p-4, -0x1.b82ce312b071cp-6,
                      0x1.565bcd12dd0d5p-8, -0x1.c02db48ae2709p-11, 0x1.f9a32ebdcf07cp-14, -0x1.f4d2397e2490cp-17,
                      0x1.b9d956fcab2cp-20, -0x1.5e7f0196e8d04p-23, 0x1.eae8cc3adc179p-27, -0x1.f0ab258c81145p-31);
}

/// erfc(|x|), for |x| >= 0.4.
CROTON_PART X erfc_far(X a) {
  a = lesser(all<X>(single<X> ? 11.0 : 28.0), a);
  const auto square = product(a, a);
  return erfc_tail(all<X>(1), a, square.high, square.low);
}
#if defined(CROTON_FMA) && !defined(CROTON_EXACT)
#define CROTON_QUICK_ERF
/// Single precision: erfc(a) = 2^-Q(a) for a in [0.85, 3.95], exact enough for 1 - erfc(a).
CROTON_PART X erf_quickly(X x) {
  typedef IntsOf<X> I;
  const X a = lesser(all<X>(3.95), abs(x)), scale = all<X>(magic<X> + bias<X>);
  const X log = -polynomial(a, 0x1.1c2532p-13, 0x1.a0a514p+0, 0x1.d61a46p-1, 0x1.351ab4p-3, -0x1.0ab7c6p-5, 0x1.2811f4p-8, -0x1.366ecap-12);
  const X shifted = log + scale, f = log - (shifted - scale);
  const X growth = polynomial(f, 1, 0x1.62e43p-1, 0x1.ebfbd8p-3, 0x1.c6af78p-5, 0x1.3b30bp-7, 0x1.5f0a66p-10, 0x1.3f906cp-13);
  const X power = bits_as<X>((I)(int_bits(shifted) << digits<X>)), far = fma(-growth, power, all<X>(1));
  const X y = a >= all<X>(0.85) ? far : fma(a, erf_over(a * a), a);  // NaN stays near
  return bits_as<X>((I)(int_bits(y) | sign_bit(x)));
}
/// Single precision, for |x| <= 12.5: x P or x (1 - P), where P = erfc(|x| / sqrt 2) / 2 = e^(-x^2 / 2) G(q) / (|x| + 2.5) with
/// q = |x| / (|x| + 2.5).
CROTON_PART X gelu_quickly(X x) {
  const X a = abs(x), d = a + 2.5f, y = near_reciprocal_normal(d), q = a * y;
  const auto square = product(a, a);
  const auto s = reduce_exponent(square.high * -0.5f);
  const X r = fma(square.low, all<X>(-0.5), rest_of(s)), p = r * expm1_over(r);  // e^r - 1
  const X G = polynomial(q, 1.25, -0x1.3e4ef8p+0, 0x1.5b5f0cp-3, 0x1.2ac8b8p-2, 0x1.cee776p-5, -0x1.35a554p-3, 0x1.1ff5bp-3, -0x1.43acfcp-2,
                         0x1.2004cp-2, -0x1.48551cp-4);
  const X near = G * y, c = fma(fma(-near, d, G), y, near), P = times_power(fma(c, p, c), s.shifted);
  return x * (x < 0 ? P : 1 - P);
}
#endif
CROTON_MATH(erf)(X x) {
  typedef Element<X> T;
#ifdef CROTON_QUICK_ERF
  if constexpr (single<X>) return erf_quickly(x);
#endif
  const X a = abs(x), near = fma(x, erf_over(x * x), x), far = 1 - erfc_far(a);
  return a < (T)0.85 ? (x == 0 ? x : near) : copysign(far, x);
}
CROTON_SCALAR_OF(erf)
CROTON_MATH(erfc)(X x) {
  typedef Element<X> T;
  const X far = erfc_far(abs(x));
  return abs(x) < (T)0.42 ? 1 - fma(x, erf_over(x * x), x) : x < 0 ? 2 - far : far;
}
CROTON_SCALAR_OF(erfc)

/// (erfcx(x) - 1) / x for |x| < 0.42, a Chebyshev interpolant.
CROTON_PART X erfcx_over(X x) {
  if constexpr (single<X>)
    return polynomial(x, -0x1.20dd76p+0, 0x1p+0, -0x1.81273ap-1, 0x1.fffff6p-2, -0x1.342396p-2,
                      0x1.5558a6p-3, -0x1.5f1d0ap-4, 0x1.5484p-5, -0x1.53411cp-6, 0x1.25fbe4p-7);
  else
    return polynomial(x, -0x1.20dd750429b6dp+0, 0x1.ffffffffffff9p-1, -0x1.812746b0379e5p-1,
                      0x1.00000000006eap-1, -0x1.341f6bc02cc55p-2, 0x1.55555554cc424p-3, -0x1.6023e8db49172p-4,
                      0x1.555555a18904fp-5, -0x1.390379d769849p-6, 0x1.1110fa9f7c857p-7, -0x1.c74ac2d7a80afp-9,
                      0x1.6c1e3e64b15cbp-10, -0x1.1832db2c81325p-11, 0x1.9eaed5b54a746p-13, -0x1.29f3e39e1e03bp-14,
                      0x1.c456fa8e7520ap-16, -0x1.306fc051f1062p-17);
}
/// 2 e^(a^2), for a up to where that is infinite.
CROTON_PART X twice_grown_square(X a) {
  const auto square = product(a, a);
  const auto s = reduce_exponent(square.high);
  const X r = s.high - s.low, rest = ((s.high - r) - s.low) + square.low, v = r * expm1_over(r);
  return scaled(2 * (1 + (v + fma(rest, v, rest))), s.n);
}
/// sqrt(pi) a erfc(a) / e^(-a^2) beyond 10 (27), u = 1 / (2 a^2): Abramowitz and Stegun 7.1.23.
CROTON_PART X erfcx_series(X u) {
  if constexpr (single<X>) return polynomial(u, 1, -1, 3, -15, 105);
  else return polynomial(u, 1, -1, 3, -15, 105, -945, 10395);
}
/// Below 0 by erfcx(x) = 2 e^(x^2) - erfcx(-x).
CROTON_MATH(erfcx)(X x) {
  typedef Element<X> T;
  constexpr T K = erfc_middle<X>, border = single<X> ? 10 : 27;
  const X a = abs(x);
  const auto far = a > border;
  const X q = (far ? all<X>(0.5) : a - K) / (far ? a * a : a + K);
  const X above = (far ? (T)0.56418958354775628695 * erfcx_series(q) : erfc_scaled_numerator(q)) / (far ? a : fma(a, all<X>(2), all<X>(1)));
  X y = a < (T)0.42 ? fma(x, erfcx_over(x), all<X>(1)) : above;
  if (any_lane(x <= (T)-0.42)) y = x <= (T)-0.42 ? twice_grown_square(lesser(all<X>(border + (T)0.5), a)) - above : y;
  return y;
}
CROTON_SCALAR_OF(erfcx)

/// x / 2 erfc(-x / sqrt 2), and so NaN at -infinity.
CROTON_PART X gelu_anywhere(X x) {
  typedef Element<X> T;
  const T far = single<X> ? 16 : 40, root = 0.70710678118654752440;
  const X c = greater(all<X>(-far), x), a = lesser(all<X>(far), abs(c)), y = c * root;
  const auto square = product(a, a);
  const X tail = erfc_tail((T)0.5 * a, a * root, (T)0.5 * square.high, (T)0.5 * square.low);
  const X near = (T)0.5 * c * (1 + fma(y, erf_over(y * y), y));
  const X value = a < (T)0.7 ? near : x > 0 ? c - tail : -tail;
  return x > all<X>(-infinite) ? value : all<X>(not_a_number);
}
#ifdef CROTON_QUICK_ERF
/// Lanes further out, where the result may be subnormal, or NaN, are seldom; the others of their vector keep their bits.
constexpr f32 gelu_near = 12.5;
template <class X> CROTON_SELDOM X gelu_far(X x) { return abs(x) <= gelu_near ? gelu_quickly(x) : gelu_anywhere(x); }
#endif
CROTON_MATH(gelu)(X x) {
#ifdef CROTON_QUICK_ERF
  if constexpr (single<X>) return __builtin_expect(any_lane(is_beyond(abs(x), all<X>(gelu_near))), 0) ? gelu_far(x) : gelu_quickly(x);
#endif
  return gelu_anywhere(x);
}
CROTON_SCALAR_OF(gelu)

}  // namespace
