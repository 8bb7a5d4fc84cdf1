// asin, acos, atan, atan2.
namespace {

template <class T> constexpr T quarter_turn = 1.5707963267948966;
/// pi/2 - its rounding to T.
template <class T> constexpr T quarter_turn_rest = same<T, f32> ? -4.37113882867379e-08 : 6.123233995736766e-17;

/// (asin(x) - x) / x^3 for x^2 <= 1/4.
CROTON_PART X asin_over(X z) {
  if constexpr (single<X>)
    return polynomial(z, 0x1.55554cp-3, 0x1.3338aap-4, 0x1.6ca7ecp-5, 0x1.04cc38p-5, 0x1.d5973p-7, 0x1.349a58p-5);
  else
    return polynomial(z, 0x1.5555555555579p-3, 0x1.333333332dcbcp-4, 0x1.6db6db724ab85p-5, 0x1.f1c71a7eaae1ap-6,
                      0x1.6e8be172e8d5fp-6, 0x1.1c49c022061bap-6, 0x1.ca243ee12b49fp-7, 0x1.755dc7e7e53c8p-7,
                      0x1.62229bacf95c3p-7, 0x1.d7f92cbd2171dp-9, 0x1.67fbe87a25877p-6, -0x1.5e5778982d466p-6,
                      0x1.0d4fd42855226p-5);
}
/// For a > 1/2: asin(a) = pi/2 - 2 asin(s), s = sqrt((1 - a) / 2) = high + low; this is asin(s) = high + rest.
template <class X> struct HalfAngle { X high, rest; };
CROTON_PART HalfAngle<X> half_angle(X a) {
  const X z = (1 - a) * (Element<X>)0.5, s = sqrt(z);
  const auto ss = product(s, s);
  const X low = s > 0 ? ((z - ss.high) - ss.low) / (2 * s) : all<X>(0);
  return {s, fma(s * z, asin_over(z), low)};
}
CROTON_MATH(asin)(X x) {
  typedef Element<X> T;
  const X a = abs(x), z = a * a, near = fma(a * z, asin_over(z), a);
  const auto h = half_angle(a);
  const auto top = sum_of(all<X>(quarter_turn<T>), -2 * h.high);
  const X far = top.high + (top.low + (quarter_turn_rest<T> - 2 * h.rest));
  return copysign(a < (T)0.5 ? near : far, x);
}
CROTON_SCALAR_OF(asin)
CROTON_MATH(acos)(X x) {
  typedef Element<X> T;
  const X a = abs(x), z = x * x, y = x * z * asin_over(z);
  const auto h = half_angle(a);
  const auto top = sum_of(all<X>(quarter_turn<T>), -x);
  const X near = top.high + (top.low + (quarter_turn_rest<T> - y)), right = 2 * (h.high + h.rest);
  const auto left = sum_of(all<X>(2 * quarter_turn<T>), -2 * h.high);
  return a < (T)0.5 ? near : x > 0 ? right : left.high + (left.low + (2 * quarter_turn_rest<T> - 2 * h.rest));
}
CROTON_SCALAR_OF(acos)

/// (atan(x) - x) / x^3 for |x| <= 1.
CROTON_PART X atan_over(X z) {
  if constexpr (single<X>)
    return polynomial(z, -0x1.555552p-2, 0x1.99981ep-3, -0x1.247646p-3, 0x1.c513a8p-4, -0x1.695c84p-4, 0x1.151e74p-4,
                      -0x1.70bac2p-5, 0x1.7592f2p-6, -0x1.e759fep-8, 0x1.29fba6p-10);
  else
    return polynomial(z, -0x1.555555555554dp-2, 0x1.9999999998c6p-3, -0x1.2492492457563p-3, 0x1.c71c71b64cdd5p-4,
                      -0x1.745d15d28ea45p-4, 0x1.3b139be9bdebap-4, -0x1.11103346d2295p-4, 0x1.e1d4919d0f04ap-5,
                      -0x1.aeda825eecbe5p-5, 0x1.84b4fc1c19b9fp-5, -0x1.5f2602539dca2p-5, 0x1.3908720b5f7f9p-5,
                      -0x1.0c9b3bd31d908p-5, 0x1.ac8be65018b8fp-6, -0x1.310f1a0221f64p-6, 0x1.72ff69f8fc546p-7,
                      -0x1.6ffe3921f610ap-8, 0x1.1a2e4d14664dfp-9, -0x1.3710554828f02p-11, 0x1.b4043bc18d0abp-14,
                      -0x1.22a4d64584aa6p-17);
}
/// atan(n / d) for 0 <= n, 0 <= d, not both 0 or infinite: in (0, pi/2), as high + low.
CROTON_PART Pair<X> atan_of_quotient(X n, X d) {
  typedef Element<X> T;
  const auto steep = n > d;
  const X u = steep ? d : n, v = steep ? n : d, q = u / v;
  const auto back = product(q, v);
  const X rest = ((u - back.high) - back.low) / v, q_low = u > (T)(single<X> ? 0x1p-90 : 0x1p-950) ? rest : all<X>(0);  // not where a product underflows
  const X z = q * q, y = fma(q * z, atan_over(z), q_low - q_low * z);
  const auto top = sum_of(all<X>(quarter_turn<T>), -q);
  const auto flat = sum_of(q, y);
  const auto up = sum_of(top.high, top.low + (quarter_turn_rest<T> - y));
  return {steep ? up.high : flat.high, steep ? up.low : flat.low};
}
CROTON_MATH(atan)(X x) {
  const X a = lesser(all<X>(0x1p60), abs(x));  // pi/2 beyond
  return x == x ? copysign(a < (Element<X>)(single<X> ? 0x1p-13 : 0x1p-28) ? a : atan_of_quotient(a, all<X>(1)).high, x) : x;
}
CROTON_SCALAR_OF(atan)

/// The angle of the point (x, y), by IEEE 754's rules for zeros and infinities.
CROTON_MATH(atan2)(X y, X x) {
  typedef Element<X> T;
  const X inf = all<X>(__builtin_inf()), a = abs(y), b = abs(x), high = greater(a, b);
  const auto both = (a == b) & ((a == inf) | (a == 0));
  const auto large = high > (T)(single<X> ? 0x1p90 : 0x1p900), small = high < (T)(single<X> ? 0x1p-60 : 0x1p-900);
  const X scale = large ? all<X>(single<X> ? 0x1p-60 : 0x1p-200) : small ? all<X>(single<X> ? 0x1p60 : 0x1p200) : all<X>(1);
  const X n = both ? (a == 0 ? all<X>(0) : all<X>(1)) : a * scale, d = both ? all<X>(1) : b * scale;
  const auto p = atan_of_quotient(n == inf ? all<X>(1) : d == inf ? all<X>(0) : n, n == inf ? all<X>(0) : d == inf ? all<X>(1) : d);
  const auto left = sum_of(all<X>(2 * quarter_turn<T>), -p.high);
  const X turned = left.high + (left.low + (2 * quarter_turn_rest<T> - p.low));
  const X r = int_bits(x) < 0 ? turned : p.high;
  return (x != x) | (y != y) ? x + y : copysign(r, y);
}
CROTON_SCALAR_OF_2(atan2)

}  // namespace
