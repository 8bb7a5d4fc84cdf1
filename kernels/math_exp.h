// exp, exp2, expm1. x = n ln 2 + r, |r| <= ln 2 / 2; e^r - 1 by a polynomial; scaled by 2^n. Within 1 ulp, subnormals kept.
namespace {

/// n = round(x / ln 2) and r = high - low, the rest of x; high is exact. The last bits of `shifted` = n + magic are n's.
template <class X> struct Reduced { X shifted, n, high, low; };
template <class X> constexpr Element<X> ln2_low = single<X> ? 0x1.7f7d1cp-20 : 0x1.a39ef35793c76p-33;
CROTON_PART Reduced<X> reduce_exponent(X x) {
  typedef Element<X> T;
  constexpr T ln2_high = single<X> ? 0x1.62e4p-1 : 0x1.62e42feep-1;
  const X shifted = fma(x, all<X>((T)0x1.71547652b82fep+0), all<X>(magic<X>)), n = shifted - magic<X>;
  return {shifted, n, fma(n, all<X>(-ln2_high), x), n * ln2_low<X>};
}
/// r in one rounding.
CROTON_PART X rest_of(const Reduced<X>& s) { return fma(s.n, all<X>(-ln2_low<X>), s.high); }
/// (e^r - 1) / r.
CROTON_PART X expm1_over(X r) {
  if constexpr (single<X>)
    return polynomial(r, 1, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558a6p-5, 0x1.123978p-7, 0x1.6a58e6p-10);
  else
    return fma(polynomial(r, .5, 0x1.5555555555559p-3, 0x1.555555555554ep-5, 0x1.111111110f65ep-7, 0x1.6c16c16c1a311p-10,
                      0x1.a01a01affe228p-13, 0x1.a01a01909bdfdp-16, 0x1.71ddf81fbf81cp-19, 0x1.27e50dd232da6p-22,
                      0x1.af5f0bceaa622p-26, 0x1.1f225fda5ba59p-29), r, all<X>(1));
}
/// (e^r - 1 - r) / r^2.
CROTON_PART X expm1_tail(X r) {
  if constexpr (single<X>)
    return polynomial(r, .5, 0x1.555554p-3, 0x1.5554f2p-5, 0x1.11130cp-7, 0x1.6d4116p-10, 0x1.9dfe7ap-13);
  else
    return polynomial(r, .5, 0x1.5555555555559p-3, 0x1.555555555554ep-5, 0x1.111111110f65ep-7, 0x1.6c16c16c1a311p-10,
                      0x1.a01a01affe228p-13, 0x1.a01a01909bdfdp-16, 0x1.71ddf81fbf81cp-19, 0x1.27e50dd232da6p-22,
                      0x1.af5f0bceaa622p-26, 0x1.1f225fda5ba59p-29);
}
/// x, brought to where e^x has just over- or underflowed; NaN stays.
CROTON_PART X clamp_exponent(X x) {
  return greater(all<X>(single<X> ? -104.0 : -746.0), lesser(all<X>(single<X> ? 89.0 : 710.0), x));
}

/// e^x = value 2^n.
template <class X> struct Grown { X value; Reduced<X> s; };
CROTON_PART Grown<X> grown(X x) {
  const auto s = reduce_exponent(x);
  const X r = rest_of(s);
  return {fma(r, expm1_over(r), all<X>(1)), s};
}
/// p * 2^n where that is a normal number: n is in the last bits of `shifted`.
CROTON_PART X times_power(X p, X shifted) { return bits_as<X>((IntsOf<X>)(int_bits(p) + (int_bits(shifted) << digits<X>))); }
/// e^x wherever it lies.
CROTON_PART X exp_anywhere(X x) {
  const auto g = grown(clamp_exponent(x));
  return scaled(g.value, g.s.n);
}
#ifdef CROTON_AVX2
/// The bits of 2^(j / parts), less j parts of an exponent: those of 2^(n + j / parts) are parts n + j parts more.
#ifdef CROTON_AVX512
alignas(64) const i32 power_bits[16] = {0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532, 0x3f75fed7, 0x3f75583f,
                                        0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c, 0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d};
#else
alignas(32) const i32 power_bits[8] = {0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7, 0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7};
#endif
/// Into how many parts an exponent is cut: one for each lane of a lookup.
constexpr int parts = sizeof(power_bits) / 4;
/// 2^(k / parts), single, where that is a normal number: k is in the last bits of `shifted`.
CROTON_PART X power_by_parts(X shifted) {
  const IntsOf<X> k = int_bits(shifted);
  return bits_as<X>((IntsOf<X>)(relaned<lanes<X>>(lookup(power_bits, relaned<parts>(k))) + (k << (digits<X> - (parts == 16 ? 4 : 3)))));
}
/// x = k ln 2 / parts + r, and so a short polynomial.
CROTON_PART X exp_by_parts(X x) {
  constexpr f32 part = 8.f / parts, ln2_high = 0x1.62e4p-4f * part, ln2_rest = 0x1.7f7d1cp-23f * part;
  const X shifted = fma(x, all<X>(0x1.715476p+3f / part), all<X>(magic<X>)), k = shifted - magic<X>;
  const X r = fma(k, all<X>(-ln2_rest), fma(k, all<X>(-ln2_high), x)), power = power_by_parts(shifted);
  const X growth = parts == 16 ? polynomial(r, 1, 0x1.000224p-1, 0x1.555720p-3) : polynomial(r, 1, 0x1.00088cp-1, 0x1.555c84p-3);
  return fma(power, r * growth, power);
}
#endif

/// Where e^x and e^-x are normal numbers; whether some lane is elsewhere, or NaN, which is seldom.
template <class X> constexpr Element<X> near = single<X> ? 87 : 708;
CROTON_PART auto is_near(X x) { return abs(x) <= all<X>(near<X>); }
CROTON_PART b8 is_some_far(X x) { return __builtin_expect(any_lane(is_beyond(abs(x), all<X>(near<X>))), 0); }
/// Where e^x is 0, and where it is infinite: masks, mostly. Whether some lane that is not near is not there either.
template <class X> constexpr Element<X> nothing = single<X> ? -104 : -746;
template <class X> constexpr Element<X> too_much = single<X> ? 89 : 710;
CROTON_PART b8 is_some_between(X x, Element<X> lowest = nothing<X>) {
  return any_lane(is_beyond(abs(x), all<X>(near<X>)) & is_beyond(x, all<X>(lowest)) & is_beyond(-x, all<X>(-too_much<X>)));
}
CROTON_PART X brought_near(X x) { return greater(all<X>(-near<X>), lesser(all<X>(near<X>), x)); }
#ifdef CROTON_LANES_ARE_THREADS
CROTON_MATH(exp)(X x) { return exp_anywhere(x); }
#else
CROTON_PART X exp_near(X x) {
#ifdef CROTON_AVX2
  if constexpr (single<X>) return exp_by_parts(x);
#endif
  const auto g = grown(x);
  return times_power(g.value, g.s.shifted);
}
/// Lanes that over- or underflow, or are NaN, are seldom; the others of their vector keep their bits.
template <class X> CROTON_SELDOM X exp_far(X x) {
  const X y = exp_near(brought_near(x));
  if (is_some_between(x)) return is_near(x) ? y : exp_anywhere(x);
  return x <= nothing<X> ? all<X>(0) : x >= too_much<X> ? all<X>(infinite) : y;
}
CROTON_MATH(exp)(X x) {
#ifdef CROTON_AVX512
  if constexpr (!single<X>) return exp_anywhere(x);  // scaling is an instruction
  else
#endif
    return is_some_far(x) ? exp_far(x) : exp_near(x);
}
#endif
CROTON_SCALAR_OF(exp)

CROTON_MATH(exp2)(X x) {
  x = greater(all<X>(single<X> ? -151.0 : -1077.0), lesser(all<X>(single<X> ? 129.0 : 1025.0), x));
  const X n = rint(x), r = (x - n) * (Element<X>)0x1.62e42fefa39efp-1;
  return scaled(fma(r, expm1_over(r), all<X>(1)), n);
}
CROTON_SCALAR_OF(exp2)

template <class X> struct Parts { X high, low; };
/// e^x - 1 for x in [-40, 710] (single: [-20, 89]), halved (it may overflow): 2^n e^r - 1 = (2^n - 1) + 2^n r + 2^n tail,
/// where the first sum is taken with its rounding error.
CROTON_PART Parts<X> half_expm1(X x) {
  const auto s = reduce_exponent(x);
  const X r = s.high - s.low, tail = fma(r * r, expm1_tail(r), (s.high - r) - s.low);
  const X half = power_of_two<X>(whole(s.n) - 1), base = half - (Element<X>)0.5;
  const X sum = fma(half, r, base), error = fma(half, r, base - sum);
  const X first = s.n == 0 ? half * r : sum, second = fma(half, tail, s.n == 0 ? all<X>(0) : error), high = first + second;
  return {high, (first - high) + second};
}
CROTON_MATH(expm1)(X x) {
  const auto p = half_expm1(greater(all<X>(single<X> ? -20.0 : -40.0), lesser(all<X>(single<X> ? 89.0 : 710.0), x)));
  return abs(x) < (Element<X>)(single<X> ? 0x1p-30 : 0x1p-60) ? x : 2 * p.high;
}
CROTON_SCALAR_OF(expm1)

}  // namespace
