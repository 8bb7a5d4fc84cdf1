// sin, cos, tan. x = k pi/2 + r with r in two parts (Cody and Waite; Payne and Hanek lane by lane where x is huge), then
// polynomials on [-pi/4, pi/4]. Right for every finite x; NaN for the infinite.
namespace {

/// 64 zeros, then the first 1280 binary digits of 2/pi.
CROTON_TABLE u64 two_over_pi[21] = {
    0,
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d};

/// 64 of them, from digit 64 word + shift on; shift is 0 to 63.
CROTON_FN u64 digits_of_two_over_pi(int word, int shift) {
  return two_over_pi[word] << shift | (two_over_pi[word + 1] >> 1) >> (63 - shift);
}

template <class T> struct Angle { T k, high, low; };
/// Payne and Hanek: x 2/pi modulo 4 from the 192 digits that matter, for |x| >= 2^15.
template <class T> CROTON_SLOW Angle<T> reduce_huge(T value) {
  const f64 x = (f64)value;
  const u64 b = bits_as<u64>(x), m = (b & 0xfffffffffffffUL) | 0x10000000000000UL;
  const int e = (int)(b >> 52 & 0x7ff) - 1075;  // |x| = m 2^e
  if (e > 971) return {0, (T)(value - value), 0};
  const int word = (e + 62) >> 6, shift = (e + 62) & 63;  // digits before give multiples of 4
  const u64 w0 = digits_of_two_over_pi(word, shift), w1 = digits_of_two_over_pi(word + 1, shift),
            w2 = digits_of_two_over_pi(word + 2, shift);
  const u64 last = m * w2, carried = high_product(m, w2), next = m * w1 + carried;
  const u64 high = m * w0 + high_product(m, w1) + (next < carried ? 1 : 0);
  u64 whole = high >> 62, f1 = high << 2 | next >> 62, f0 = next << 2 | last >> 62;
  const b8 above = f1 >> 63;  // the fraction is over a half: count from the next quarter
  if (above) whole += 1, f1 = ~f1, f0 = ~f0;
  const int zeros = f1 ? leading_zeros(f1) : 64;
  const u64 top = zeros == 0 ? f1 : zeros == 64 ? f0 : f1 << zeros | f0 >> (64 - zeros);
  // top 2^(-64 - zeros) pi/2, all in two parts
  const f64 scale = bits_as<f64>((u64)(1023 - 64 - zeros) << 52);
  const f64 t = (f64)(top & ~(u64)0x7ff) * scale, t_low = (f64)(top & 0x7ff) * scale;
  const Pair<f64> p = product(t, 1.5707963267948966);
  const f64 p_low = p.low + (t * 6.123233995736766e-17 + t_low * 1.5707963267948966);
  const T nearest = (T)(p.high + p_low), rest = (T)((p.high - (f64)nearest) + p_low);
  const b8 negative = above != (x < 0);
  return {(T)(i64)(x < 0 ? 4 - whole : whole), negative ? -nearest : nearest, negative ? -rest : rest};
}

/// k (a whole number, right modulo 4) and r = high + low = x - k pi/2.
CROTON_PART Angle<X> reduce_moderate(X x) {
  typedef Element<X> T;
  constexpr T magic = single<X> ? 0x1.8p23 : 0x1.8p52;
  const X k = fma(x, all<X>(0x1.45f306dc9c883p-1), all<X>(magic)) - magic;
#ifndef CROTON_FMA
  if constexpr (single<X>) {  // no FMA: in double, in halves of a vector
    const X high = in_double([](auto y, auto n) { return (y - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34; }, x, k);
    return {k, high, in_double([](auto y, auto n, auto r) { return ((y - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34) - r; }, x, k, high)};
  }
#endif
  constexpr T p1 = single<X> ? 0x1.921fb6p+0 : 0x1.921fb544p+0, p2 = single<X> ? -0x1.777a5cp-25 : 0x1.0b4611a6p-34, p3 = single<X> ? -0x1.ee59d9cceba4p-50 : 0x1.3198a2e037073p-69;
  const X r1 = fma(k, all<X>(-p1), x), p = k * p2, r2 = r1 - p;  // r1 is exact; in double p is too
  X low = (r1 - r2) - p;
  if constexpr (single<X>) low -= fma(k, all<X>(p2), -p);
  low = fma(k, all<X>(-p3), low);
  const X high = r2 + low;
  return {k, high, (r2 - high) + low};
}
CROTON_PART Angle<X> reduce_angle(X x) {
  typedef Element<X> T;
  Angle<X> a = reduce_moderate(x);
  constexpr T moderate = single<X> ? 0x1p16 : 0x1p19;
  if constexpr (is_scalar<X>) {
    if (!(abs(x) <= moderate)) a = reduce_huge<X>(x);
  } else if (any_lane(is_beyond(abs(x), all<X>(moderate)))) {
    for (int i = 0; i < lanes<X>; ++i)
      if (!(abs(x[i]) <= moderate)) {
        const Angle<T> exact = reduce_huge<T>(x[i]);
        a.k[i] = exact.k;
        a.high[i] = exact.high;
        a.low[i] = exact.low;
      }
  }
  return a;
}

CROTON_PART X sin_part(X r, X low) {
  const X z = r * r;
  X s;
  if constexpr (single<X>)
    s = polynomial(z, -0x1.555556p-3, 0x1.111166p-7, -0x1.a04a68p-13, 0x1.785ed6p-19);
  else
    s = polynomial(z, -0x1.5555555555555p-3, 0x1.1111111111089p-7, -0x1.a01a01a0066cdp-13, 0x1.71de3a3f900ap-19,
                      -0x1.ae643c9caec14p-26, 0x1.6114442b11953p-33, -0x1.a53078f938d22p-41);
  return r + fma(r * z, s, fma(z * (Element<X>)-0.5, low, low));
}
CROTON_PART X cos_part(X r, X low) {
  const X z = r * r;
  X c;
  if constexpr (single<X>)
    c = polynomial(z, 0x1.555556p-5, -0x1.6c1752p-10, 0x1.a065fep-16, -0x1.33475p-22);
  else
    c = polynomial(z, 0x1.5555555555555p-5, -0x1.6c16c16c16b49p-10, 0x1.a01a01a001f7p-16, -0x1.27e4fb60d0451p-22,
                      0x1.1eed77ac1db64p-29, -0x1.937df6b2b9129p-37, 0x1.a2190fb39ff61p-45);
  const X half = (Element<X>)0.5 * z, w = 1 - half;
  return w + (((1 - w) - half) + fma(z * z, c, -r * low));
}
/// sin(x + quarters pi/2).
CROTON_PART X sine(X x, int quarters) {
  const auto a = reduce_angle(x);
  const IntsOf<X> q = whole(a.k) + quarters;
  const X s = (q & 1) != 0 ? cos_part(a.high, a.low) : sin_part(a.high, a.low);
  return (q & 2) != 0 ? -s : s;
}
CROTON_MATH(sin)(X x) { return x == 0 ? x : sine(x, 0); }
CROTON_SCALAR_OF(sin)
CROTON_MATH(cos)(X x) { return sine(x, 1); }
CROTON_SCALAR_OF(cos)
CROTON_MATH(tan)(X x) {
  const auto a = reduce_angle(x);
  const auto odd = (whole(a.k) & 1) != 0;
  const X s = sin_part(a.high, a.low), c = cos_part(a.high, a.low);
  return x == 0 ? x : (odd ? -c : s) / (odd ? s : c);
}
CROTON_SCALAR_OF(tan)

}  // namespace
