// rsqrt, cbrt, hypot.
namespace {

/// The square root's reciprocal, mended by one Newton step on the root's own rounding error.
CROTON_MATH(rsqrt)(X x) {
  const X s = sqrt(x), y = 1 / s;
#ifdef __FMA__
  const X error = fma(-s, s, x), mended = fma(y * (Element<X>)-0.5, error * y * y, y);
  return (x > 0) & (x < all<X>(__builtin_inf())) ? mended : y;
#else
  return y;
#endif
}
CROTON_SCALAR_OF(rsqrt)

/// A guess from a third of the exponent's bits, then Halley's steps; the last with the cube in two parts.
CROTON_MATH(cbrt)(X x) {
  typedef Element<X> T;
  typedef IntsOf<X> I;
  const X a = abs(x);
  const auto tiny = a < (T)(single<X> ? 0x1p-60 : 0x1p-500), large = a > (T)(single<X> ? 0x1p60 : 0x1p500);
  const X m = tiny ? a * (T)(single<X> ? 0x1p72 : 0x1p600) : large ? a * (T)(single<X> ? 0x1p-72 : 0x1p-600) : a;
  I b;
  if constexpr (single<X>) b = __builtin_convertvector(__builtin_convertvector(int_bits(m), X) * (1.0f / 3), I) + 0x2a5137a0;
  else b = __builtin_convertvector(__builtin_convertvector(int_bits(m) >> 20, X) * (1.0 / 3), I) + 0x2a9f78943de;
  X y = bits_as<X>((I)(b << (single<X> ? 0 : 20)));
  for (int i = 0; i < (single<X> ? 2 : 3); ++i) {
    const X c = y * y * y;
    y = y - y * (c - m) / (2 * c + m);
  }
  const auto s = product(y, y);
  const auto c = product(s.high, y);
  const X error = (c.high - m) + fma(s.low, y, c.low);
  y = y - error / (3 * s.high);
  y = tiny ? y * (T)(single<X> ? 0x1p-24 : 0x1p-200) : large ? y * (T)(single<X> ? 0x1p24 : 0x1p200) : y;
  return (a > 0) & (a < all<X>(__builtin_inf())) ? copysign(y, x) : x;
}
CROTON_SCALAR_OF(cbrt)

/// sqrt(x^2 + y^2), scaled so that no square over- or underflows; inf beats NaN.
CROTON_MATH(hypot)(X x, X y) {
  typedef Element<X> T;
  const X a = abs(x), b = abs(y), high = a > b ? a : b, low = a > b ? b : a;
  const T up = single<X> ? 0x1p60 : 0x1p500, down = single<X> ? 0x1p-60 : 0x1p-500;
  const auto big = high > up, small = high < down;
  const T far = single<X> ? 0x1p80 : 0x1p600, near = single<X> ? 0x1p-80 : 0x1p-600;
  const X scale = big ? all<X>(near) : small ? all<X>(far) : all<X>(1), back = big ? all<X>(far) : small ? all<X>(near) : all<X>(1);
  const X h = high * scale, l = low * scale;
  const auto hh = product(h, h);
  const auto sum = sum_of(hh.high, l * l);
  const X s = sqrt(sum.high), r = s + (s > 0 ? (sum.low + hh.low) / (2 * s) : all<X>(0));
  const X inf = all<X>(__builtin_inf());
  return (a == inf) | (b == inf) ? inf : (x != x) | (y != y) ? x + y : (low == 0 ? high : r * back);
}
CROTON_SCALAR_OF_2(hypot)

}  // namespace
