// log, log2, log10, log1p. x = 2^k m, m in [3/4, 3/2); log m by a polynomial in m - 1, summed with k ln 2 in two parts.
// Within 1 ulp; log(0) = -inf, log(x < 0) = NaN.
namespace {

template <class X> struct Split { X k, m; };
template <class X> constexpr Element<X> least_normal = single<X> ? 0x1p-126 : 0x1p-1022;
template <class X> constexpr Element<X> greatest_finite = single<X> ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
/// x = 2^k m with m in [3/4, 3/2), for normal x > 0; anything elsewhere.
CROTON_PART Split<X> split_normal(X x) {
  typedef IntsOf<X> I;
  constexpr Element<I> three_quarters = single<X> ? (Element<I>)0x3f400000 : (Element<I>)0x3fe8000000000000;
  const I raised = (int_bits(x) - three_quarters) >> digits<X>;
  return {bits_as<X>((I)(raised + int_bits(all<X>(magic<X>)))) - magic<X>, bits_as<X>((I)(int_bits(x) - (raised << digits<X>)))};
}
/// The same for subnormals too; anything elsewhere (see log_edges).
CROTON_PART Split<X> split_exponent(X x) {
  typedef Element<X> T;
#ifdef CROTON_AVX512
  if constexpr (sizeof(X) == 64 && single<X>) {
    const X m = __builtin_ia32_getmantps512_mask(x, 3, x, (u16)-1, 4);
    return {__builtin_ia32_getexpps512_mask(x, x, (u16)-1, 4) - __builtin_ia32_getexpps512_mask(m, m, (u16)-1, 4), m};
  } else if constexpr (sizeof(X) == 64) {
    const X m = __builtin_ia32_getmantpd512_mask(x, 3, x, (u8)-1, 4);
    return {__builtin_ia32_getexppd512_mask(x, x, (u8)-1, 4) - __builtin_ia32_getexppd512_mask(m, m, (u8)-1, 4), m};
  } else
#endif
  {
    const auto tiny = x < least_normal<X>;
    const auto s = split_normal(tiny ? x * (T)(single<X> ? 0x1p24 : 0x1p53) : x);
    return {s.k - (tiny ? all<X>(single<X> ? 24 : 53) : all<X>(0)), s.m};
  }
}
/// (log(1 + f) - f) / f^2 on [-1/4, 1/2].
CROTON_PART X log1p_tail(X f) {
  if constexpr (single<X>)
    return polynomial(f, -.5, 0x1.5555a4p-2, -0x1.000044p-2, 0x1.99697ep-3, -0x1.54eeaap-3, 0x1.288412p-3, -0x1.0d95p-3, 0x1.acc60ap-4,
                      -0x1.7191bap-5);
  else return 0;
}
/// log(1 + f + low) - f for |low| below an ulp of 1 + f.
CROTON_PART X log1p_rest(X f, X low) {
  if constexpr (single<X>) return fma(f * f, log1p_tail(f), low);
  else {  // with s = f / (2 + f): log(1 + f) = f - f^2/2 + s (f^2/2 + s^2 R(s^2))
    const X s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    const X R = polynomial(z, 0x1.555555555554fp-1, 0x1.999999999c141p-2, 0x1.24924921e9124p-2, 0x1.c71c748ad1379p-3, 0x1.745c4c1db2b44p-3,
                           0x1.3b35956e3a2c8p-3, 0x1.0dce89b2452fcp-3, 0x1.1b6d0ff964089p-3);
    return fma(s, fma(z, R, half), low) - half;
  }
}
/// k ln 2 + f + rest, where |f| < |k ln 2| or k = 0.
CROTON_PART X log_sum(X k, X f, X rest) {
  typedef Element<X> T;
  const T high = single<X> ? 0x1.62e4p-1 : 0x1.62e42feep-1, low = single<X> ? 0x1.7f7d1cp-20 : 0x1.a39ef35793c76p-33;
  const X big = k * high, sum = big + f;
  return sum + (((big - sum) + f) + fma(k, all<X>(low), rest));
}
/// r, and what x = 0, x < 0, inf and NaN give.
CROTON_PART X log_edges(X x, X r) {
  const X inf = all<X>(infinite);
  r = x < inf ? r : x;
  return x > 0 ? r : (x == 0 ? -inf : all<X>(not_a_number));
}

CROTON_PART X log_of(const Split<X>& s) {
  const X f = s.m - 1;
  return log_sum(s.k, f, log1p_rest(f, all<X>(0)));
}
CROTON_PART X log_anywhere(X x) { return log_edges(x, log_of(split_exponent(x))); }
#if defined(CROTON_AVX512) || defined(CROTON_LANES_ARE_THREADS)
CROTON_MATH(log)(X x) { return log_anywhere(x); }
#else
/// Lanes that are no positive normal numbers are seldom.
template <class X> CROTON_SELDOM X log_far(X x) { return log_anywhere(x); }
CROTON_MATH(log)(X x) {
  return __builtin_expect(any_lane(is_beyond(all<X>(least_normal<X>), x) | is_beyond(x, all<X>(greatest_finite<X>))), 0) ? log_far(x) : log_of(split_normal(x));
}
#endif
CROTON_SCALAR_OF(log)

/// About low / (1 + f).
CROTON_PART X over_one_plus(X low, X f) { return low * fma(f, f - 1, all<X>(1)); }
/// log(u + lost) for u in (0, inf), |lost| within half an ulp of u.
CROTON_PART X log_of_sum(X u, X lost) {
  const auto s = split_exponent(u);
  const X f = s.m - 1;
  return log_sum(s.k, f, log1p_rest(f, over_one_plus(scaled(lost, -s.k), f)));
}
CROTON_MATH(log1p)(X x) {
  const X u = 1 + x, big = greater(x, all<X>(1)), small = lesser(x, all<X>(1));
  const X lost = (big - u) + small;  // exact
  const X r = log_of_sum(u, lost);
  return x == 0 ? x : log_edges(u, (x < (Element<X>)1e-30 ? (x > (Element<X>)-1e-30 ? x : r) : r));
}
CROTON_SCALAR_OF(log1p)

/// log(x) * c for c = high + low, where high has 12 (double: 26) digits, plus k * unit for x = 2^k m: about 0.6 ulp.
CROTON_PART X scaled_log(X x, double unit, double unit_low, double c_high, double c_low) {
  typedef Element<X> T;
  const auto s = split_exponent(x);
  const X f = s.m - 1, rest = log1p_rest(f, all<X>(0)), y = f + rest, y_rest = (f - y) + rest;
  const X top = bits_as<X>((IntsOf<X>)(int_bits(y) & (single<X> ? ~(Element<IntsOf<X>>)0xfff : ~(Element<IntsOf<X>>)0x7ffffff)));
  const X p = top * (T)c_high, p_low = fma(top, all<X>(c_low), ((y - top) + y_rest) * (T)(c_high + c_low));
  const X big = s.k * (T)unit, sum = big + p;
  return log_edges(x, sum + (((big - sum) + p) + fma(s.k, all<X>(unit_low), p_low)));
}
CROTON_MATH(log2)(X x) {
  return single<X> ? scaled_log(x, 1, 0, 0x1.714p+0, 0x1.47652b82fe177p-12)
                   : scaled_log(x, 1, 0, 0x1.715476p+0, 0x1.4ae0bf85ddf44p-26);
}
CROTON_SCALAR_OF(log2)
CROTON_MATH(log10)(X x) {
  return single<X> ? scaled_log(x, 0x1.344p-2, 0x1.3509f79fef312p-18, 0x1.bcap-2, 0x1.7b1526e50e32ap-14) : scaled_log(x, 0x1.34413509f6p-2, 0x1.9fef311f12b36p-42, 0x1.bcb7b1p-2, 0x1.49b9438ca9aaep-28);
}
CROTON_SCALAR_OF(log10)

}  // namespace
