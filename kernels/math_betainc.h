// betainc: the regularized incomplete beta function I_x(a, b) = 1 - I_(1-x)(b, a), taken at whichever side of the mean x lies below.
// It is x^a (1-x)^b / (a B(a, b)) times the continued fraction of Didonato and Morris (ACM TOMS 708; the even part of NIST DLMF
// 8.17.22), or, where a and b are at least 360, an integral by Gauss and Legendre's rule. What stands before them is three weights of
// math_gammainc.h. Where 1 - I would cancel because a is small it is a series. Single precision is computed in double.
namespace {

/// a, b and x after perhaps exchanging; x + y = 1, n = a + b, slope = a - n x.
template <class X> struct BetaPoint {
  X a, b;
  Pair<X> x, y, n, nx, ny;
  X slope;
};
CROTON_PART Pair<X> pair_product(Pair<X> a, Pair<X> b) {
  const auto p = product(a.high, b.high);
  return {p.high, p.low + fma(a.high, b.low, a.low * b.high)};
}
template <class M, class X> CROTON_FN Pair<X> pair_of(M first, Pair<X> a, Pair<X> b) { return {first ? a.high : b.high, first ? a.low : b.low}; }
/// I over x^a y^b / (a B(a, b)), with slope + 1 >= 0 in the first denominator: the others are a sum of steps (Steed's).
template <class X, class M> CROTON_FN X beta_fraction(const BetaPoint<X>& at, M wanted) {
  const X a = at.a, x = at.x.high, first = at.slope + 1, twice = 1 + at.y.high;
  X n = all<X>(1), inverse = 1 / (a + 1), below = 1 / (a + 3);
  const X head = first * inverse, scale = at.n.high * x * inverse * (at.b - 1) * x * inverse;
  X b = fma((at.b - 1) * x, inverse, fma((a + 1) * below, first + twice, all<X>(1))), d = 1 / b, step = d, sum = d;
  M going = wanted;
  for (int i = 0; i < 160 && any_lane(going); ++i) {
    n = n + 1;
    inverse = below;
    below = 1 / fma(n, all<X>(2), a + 1);
    const X rest = n * (at.b - n) * x * inverse, before = n - 1;
    const X numerator = rest * ((a + before) * inverse) * ((at.n.high + before) * x);
    b = fma((a + n) * below, fma(n, twice, first), n + rest);
    d = 1 / fma(numerator, d, b);
    step = fma(b, d, all<X>(-1)) * step;
    sum = going ? sum + step : sum;
    going = going & (abs(step) > 0x1p-55 * abs(sum));
  }
  return 1 / fma(scale, sum, head);
}
/// n (log(x e^-(y u) + y e^(x u))): with r the lesser of x and y, and e^v - 1 times it, the terms lose one digit at most.
template <class X> struct BetaBend {
  X n, r, sign;
  CROTON_FN X operator()(X u) const {
    const X v = sign * u, less = expm1_less(v);
    return n * fma(r, less, log1p_rest(r * (v + less), all<X>(0)));
  }
};
/// With t / (1 - t) = x / y e^-u under the integral of t^(a-1) (1-t)^(b-1), over x^a y^b.
CROTON_PART X beta_integral(const BetaPoint<X>& at) {
  const auto low = at.x.high < at.y.high;
  const BetaBend<X> bend = {at.n.high, low ? at.x.high : at.y.high, low ? all<X>(-1) : all<X>(1)};
  return tail_integral(at.slope, at.nx.high * at.y.high, bend);
}
CROTON_TABLE f64 stirling_terms[8] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400};
/// log(x^a Gamma(c + a) / Gamma(c)) for c > 0 and 0 <= a <= 3/2, exact near a = 0 too: c raised to at least 8, then Stirling's series.
CROTON_PART X log_beta_lead(X c, X a, X x) {
  X grown = all<X>(0);  // (1 + a / c) (1 + a / (c + 1)) ... - 1
  for (int i = 0; i < 8; ++i) {
    const auto low = c < 8;
    const X share = a / c;
    grown = low ? grown + fma(grown, share, share) : grown;
    c = low ? c + 1 : c;
  }
  const X v = 1 / c, w = v * v, loss = -a / (c + a), ratio = 1 + loss, twice = loss * (ratio + 1);
  X sum = all<X>(0), power = v, change = loss;
  for (int k = 0; k < 8; ++k) {
    sum = fma(power * change, all<X>(stirling_terms[k]), sum);
    power = power * w;
    change = fma(change, ratio * ratio, twice);
  }
  return ((c - 0.5) * log1p(a / c) - a) + fma(a, log(x * (c + a)), sum) - log1p(grown);
}
/// 1 - I = 1 - e^l (1 + a s) with e^l = x^a / (a B(a, b)), s = sum of (1-b) (2-b) ... (k-b) x^k / (k! (a + k)) from k = 1 on (NIST DLMF
/// 8.17.7), for a < 3/2.
template <class X, class M> CROTON_FN X beta_complement(const BetaPoint<X>& at, X l, M wanted) {
  X sum = all<X>(0), power = all<X>(1), k = sum;
  M going = wanted;
  for (int i = 0; i < 160 && any_lane(going); ++i) {
    k = k + 1;
    power = power * ((k - at.b) * at.x.high / k);
    const X term = power / (at.a + k);
    sum = going ? sum + term : sum;
    going = going & (abs(term) > 0x1p-56 * abs(sum));
  }
  return -fma(exp(l) * at.a, sum, expm1(l));
}
/// x^a y^b / (a B(a, b)) times `sum`: with w(a, x) = x^a e^-x / Gamma(1 + a) it is w(a, n x) w(b, n y) / w(n, n) b / n.
CROTON_PART X times_beta_weight(const BetaPoint<X>& at, X sum) {
  // n x may be subnormal, or 0 where a is so small that nothing depends on it
  const auto tiny = (at.x.high < 0x1p-700) & (at.n.high < 0x1p100);
  const X grown = tiny ? all<X>(0x1p200) : all<X>(1), least = all<X>(0x1p-1000);
  const auto nx = pair_product(at.n, Pair<X>{at.x.high * grown, at.x.low * grown});
  const auto of_a = gamma_weight(at.a, Pair<X>{greater(nx.high, least), nx.low});
  const auto of_b = gamma_weight(at.b, Pair<X>{greater(at.ny.high, least), at.ny.low}), of_n = gamma_weight(at.n.high, at.n);
  auto e = pair_sum(of_a.exponent, of_b.exponent);
  e = pair_sum(e, Pair<X>{-of_n.exponent.high, -of_n.exponent.low});
  if (any_lane(tiny)) {
    const auto shift = product(at.a, all<X>(138.62943611198906));  // 200 log 2
    const auto shifted = pair_sum(e, Pair<X>{-shift.high, -fma(at.a, all<X>(-3.355512149608528e-15), shift.low)});
    e.high = tiny ? shifted.high : e.high;
    e.low = tiny ? shifted.low : e.low;
  }
  return times_weight(Weight<X>{of_a.factor * of_b.factor / of_n.factor, e}, at.b / at.n.high * sum);
}
template <class X> CROTON_SLOW X betainc_in_double(X a0, X b0, X x0) {
  const X inf = all<X>(infinite), zero = all<X>(0), one = all<X>(1);
  const auto inside = (a0 > 0) & (b0 > 0) & (x0 > 0) & (x0 < 1) & (a0 < inf) & (b0 < inf);
  // Huge a and b: a step where x is their mean, but for a gamma function of b x where x is small.
  const auto narrow = (b0 > 0x1p900) & (x0 < 0x1p-200);
  X a = inside ? lesser(a0, all<X>(0x1p1000)) : one, b = inside ? (narrow ? b0 * 0x1p-200 : lesser(b0, all<X>(0x1p1000))) : one;
  const X x = inside ? (narrow ? x0 * 0x1p200 : x0) : all<X>(0.5);
  const auto huge = greater(a, b) > 0x1p900;
  a = huge ? greater(a * 0x1p-200, all<X>(0x1p-1000)) : a;
  b = huge ? greater(b * 0x1p-200, all<X>(0x1p-1000)) : b;
  BetaPoint<X> at;
  at.n = any_sum(a, b);
  const Pair<X> direct = {x, zero}, other = any_sum(one, -x);
  const auto nx = pair_product(at.n, direct);
  const auto swapped = ((a - nx.high) - nx.low) + 1 < 2 * x;
  at.a = swapped ? b : a;
  at.b = swapped ? a : b;
  at.x = pair_of(swapped, other, direct);
  at.y = pair_of(swapped, direct, other);
  at.nx = pair_product(at.n, at.x);
  at.ny = pair_product(at.n, at.y);
  const auto slope = any_sum(at.a, -at.nx.high);
  at.slope = slope.high + (slope.low - at.nx.low);
  const auto broad = lesser(a, b) >= 360;
  X sum = one;
  if (any_lane(broad == 0)) sum = beta_fraction(at, broad == 0);
  if (any_lane(broad)) sum = broad ? at.a * beta_integral(at) : sum;
  const X r = times_beta_weight(at, sum);
  X rest = 1 - r;
  const auto small = swapped & (at.a < 1.5);
  if (any_lane(small)) {
    const X c = lesser(at.a, all<X>(1.5)), l = log_beta_lead(at.b, c, at.x.high) - log_factorial(c);
    const auto close = small & (l > -0.7) & ((at.a < 0.75) | (at.nx.high < 1.5));
    rest = close ? beta_complement(at, l, close) : rest;
  }
  const X nan = all<X>(not_a_number);
  const auto valid = (a0 >= 0) & (b0 >= 0) & (x0 >= 0) & (x0 <= 1) & ((a0 != b0) | ((a0 > 0) & (a0 < inf)));
  const X edge = x0 == 0 ? zero : (x0 == 1) | (a0 == 0) | (b0 == inf) ? one : zero;
  return inside ? (swapped ? rest : r) : valid ? edge : nan;
}
struct BetaincInDouble {
  template <class X> CROTON_FN X operator()(X a, X b, X x) const { return betainc_in_double(a, b, x); }
};
CROTON_MATH(betainc)(X a, X b, X x) {
  if constexpr (single<X>) return in_double(BetaincInDouble{}, a, b, x);
  else return betainc_in_double(a, b, x);
}
CROTON_SCALAR_OF_3(betainc)

}  // namespace
