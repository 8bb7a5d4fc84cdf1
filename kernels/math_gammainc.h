// gammainc, gammaincc: the regularized incomplete gamma functions P and Q = 1 - P. Whichever of them is the smaller one, or nearly
// so, is x^a e^-x / Gamma(1 + a), its exponent in two parts, times: the power series for x <= a, the continued fraction for x > a
// (NIST DLMF 8.7.1, 8.9.2), from a = 180 on an integral by Gauss and Legendre's rule. Where a and x are small, Q = 1 - P is
// written without what would cancel. Single precision is computed in double.
namespace {

/// a + b = high + low exactly, whichever is larger.
CROTON_PART Pair<X> any_sum(X a, X b) {
  const X s = a + b, t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}
CROTON_PART Pair<X> pair_sum(Pair<X> a, Pair<X> b) {
  const auto s = any_sum(a.high, b.high);
  return sum_of(s.high, s.low + (a.low + b.low));
}
/// a (u - log(1 + u)) with u = d / a in [-1/3, 1/3]: with t = d / (2 a + d) it is d t - a (2 arctanh t - 2 t).
CROTON_PART Pair<X> near_deviance(X a, Pair<X> d) {
  const auto s = sum_of(2 * a, d.high);
  const X s_low = s.low + d.low, t = d.high / s.high;
  const auto back = product(t, s.high);
  const X t_low = (((d.high - back.high) - back.low) + (d.low - t * s_low)) / s.high;
  const auto rest = arctanh_rest(t, t_low);
  const auto dt = product(d.high, t), ar = product(a, rest.high);
  const auto r = sum_of(dt.high, -ar.high);
  return {r.high, r.low + ((dt.low + fma(d.high, t_low, d.low * t)) - fma(a, rest.low, ar.low))};
}
/// 1 / Gamma(1 + a) for 0 <= a < 8: brought to [-1/2, 1/2), and a Chebyshev interpolant there (relative error 2e-17).
CROTON_PART X reciprocal_factorial(X a) {
  X y = a, product = all<X>(1);
  for (int i = 0; i < 8; ++i) {
    const auto high = y >= 0.5;
    product = high ? product * y : product;
    y = high ? y - 1 : y;
  }
  return polynomial(y, 1, 0x1.2788cfc6fb619p-1, -0x1.4fcf4026afa2ep-1, -0x1.5815e8fa270c8p-5, 0x1.5512320b43fc1p-3,
                    -0x1.59af103c32479p-5, -0x1.3b4af284847c2p-7, 0x1.d919c52694c10p-8, -0x1.317112cdc107cp-10,
                    -0x1.c364fc221f12cp-13, 0x1.0c8a789b15a59p-13, -0x1.51cf163869d1cp-16, -0x1.4fac8273dcaf8p-20,
                    0x1.304a8f2a6abe9p-20, -0x1.b9b247305bb0bp-23, 0x1.4e6939c4fb456p-28, 0x1.5f2f4a66138f5p-28) / product;
}
/// factor e^exponent.
template <class X> struct Weight { X factor; Pair<X> exponent; };
/// x^a e^-x / Gamma(1 + a) for 0 < a, x < 2^912. From a = 8 on by Stirling's series: e^-(a (u - log(1 + u))) / sqrt(2 pi a) / (1 + ...)
/// with u = x / a - 1.
template <class X> CROTON_SLOW Weight<X> gamma_weight(X a, Pair<X> x) {
  const auto large = a >= 8;
  auto d = any_sum(x.high, -a);
  d.low = d.low + x.low;
  const X q = large ? greater(x.high / a, all<X>(0x1p-1000)) : x.high;
  const auto back = product(q, a);
  const X q_low = large ? (((x.high - back.high) - back.low) + x.low) / a : x.low;
  const auto l = long_log(q);
  const auto al = product(a, l.high);
  auto e = any_sum(al.high, large ? -d.high : -x.high);
  e.low = e.low + (fma(a, l.low + q_low / q, al.low) - (large ? d.low : x.low));
  const auto near = large & (abs(d.high) <= a * (1.0 / 3));
  if (any_lane(near)) {
    const auto deviance = near_deviance(a, d);
    e.high = near ? -deviance.high : e.high;
    e.low = near ? -deviance.low : e.low;
  }
  const X v = 1 / a, stirling = v * stirling_series(v * v);
  const X factor = large ? 0.39894228040143267794 / sqrt(a) : reciprocal_factorial(large ? all<X>(1) : a);
  return {factor, any_sum(e.high, e.low - (large ? stirling : all<X>(0)))};
}
CROTON_PART X times_weight(Weight<X> w, X sum) { return times_exp(w.factor * sum, w.exponent.high, w.exponent.low); }

/// 1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ..., in the wanted lanes.
template <class X, class M> CROTON_FN X gamma_series(X a, X x, M wanted) {
  X sum = all<X>(1), term = sum, below = a;
  M going = wanted;
  for (int n = 0; n < 160 && any_lane(going); ++n) {
    below = below + 1;
    term = term * (x / below);
    sum = going ? sum + term : sum;
    going = going & (term > 0x1p-55 * sum);
  }
  return sum;
}
/// 1 / (x + 1 - a + (a - 1) / (x + 3 - a + 2 (a - 2) / (x + 5 - a + ...))), a sum of its convergents' steps (Steed's).
template <class X, class M> CROTON_FN X gamma_fraction(X a, X x, M wanted) {
  X b = (x - a) + 1, d = 1 / b, step = d, sum = d, n = all<X>(0);
  M going = wanted;
  for (int i = 0; i < 128 && any_lane(going); ++i) {
    n = n + 1;
    b = b + 2;
    d = 1 / fma(n * (a - n), d, b);
    step = fma(b, d, all<X>(-1)) * step;
    sum = going ? sum + step : sum;
    going = going & (abs(step) > 0x1p-55 * abs(sum));
  }
  return sum;
}
/// e^v - 1 - v for |v| <= 0.69, by e^(2 w) = (e^w)^2.
CROTON_PART X expm1_less(X v) {
  const X w = 0.5 * v, rest = w * w * expm1_tail(w), m = w + rest;
  return fma(m, m, 2 * rest);
}
/// Gauss and Legendre's rule of 24 points on [0, 1]; the weights of the other half are the same backwards.
CROTON_TABLE f64 rule_points[24] = {
  0.00240639000148931991, 0.012635722014345250901, 0.030862723998633620738, 0.056792236497799482893, 0.089999007013048539023, 0.12993790421072281788,
  0.17595317403151221537, 0.22728926430558023217, 0.28310324618697743076, 0.34247866015191831281, 0.40444056626319184542, 0.46797155356869718696,
  0.53202844643130281304, 0.59555943373680815458, 0.65752133984808168719, 0.71689675381302256924, 0.77271073569441976783, 0.82404682596848778463,
  0.87006209578927718212, 0.91000099298695146098, 0.94320776350220051711, 0.96913727600136637926, 0.9873642779856547491, 0.99759360999851068009};
CROTON_TABLE f64 rule_weights[12] = {
  0.0061706148999935997734, 0.014265694314466831591, 0.022138719408709903084, 0.029649292457718390373, 0.036673240705540152867, 0.043095080765976637959,
  0.048809326052056944135, 0.053722135057982817391, 0.057752834026862800677, 0.060835236463901695602, 0.062918728173414148061, 0.063969097673376078487};
/// The integral of e^-(slope u + bend(u)) from 0 to infinity, where bend(u) is about curvature u^2 / 2: cut where the exponent
/// is -42.
template <class X, class Bend> CROTON_FN X tail_integral(X slope, X curvature, Bend bend) {
  const X end = 84 / (slope + sqrt(fma(slope, slope, 84 * curvature)));
  X sum = all<X>(0);
  for (int i = 0; i < 24; ++i) {
    const X u = end * rule_points[i];
    sum = fma(all<X>(rule_weights[i < 12 ? i : 23 - i]), exp(-fma(slope, u, bend(u))), sum);
  }
  return end * sum;
}
/// With t = x e^u above, x e^-u below, under the integral of t^(a-1) e^-t, over x^a e^-x.
template <class X> struct GammaBend {
  X x, sign;
  CROTON_FN X operator()(X u) const { return x * expm1_less(sign * u); }
};
CROTON_PART X gamma_integral(X a, X x) {
  return tail_integral(abs(x - a), x, GammaBend<X>{x, x > a ? all<X>(1) : all<X>(-1)});
}
/// log Gamma(1 + a) for 0 <= a < 3/2, exact near a = 0 too.
CROTON_PART X log_factorial(X a) {
  const auto tiny = a < 0.5;
  return lgamma_near_two(tiny ? a : a - 1) - (tiny ? log1p(a) : all<X>(0));
}
/// Q = 1 - e^l (1 + a s) with l = a log x - log Gamma(1 + a), s = sum of (-x)^k / (k! (a + k)) from k = 1 on, for small a and x.
CROTON_PART X gamma_complement(X a, X x, X l) {
  X sum = all<X>(0), power = all<X>(1), k = sum;
  for (int i = 0; i < 20; ++i) {
    k = k + 1;
    power = power * (x / -k);
    sum = sum + power / (a + k);
  }
  return -fma(exp(l) * a, sum, expm1(l));
}
/// P, or Q.
template <b8 upper, class X> CROTON_SLOW X gammainc_in_double(X a0, X x0) {
  const X inf = all<X>(infinite), zero = all<X>(0), one = all<X>(1);
  const auto inside = (a0 > 0) & (x0 > 0) & (a0 < inf) & (x0 < inf);
  const auto huge = a0 > 0x1p900;  // there a step where x = a
  const X scale = huge ? all<X>(0x1p-200) : one, a = inside ? a0 * scale : one;
  const X x = inside ? lesser(huge ? greater(x0 * scale, all<X>(0x1p-1000)) : x0, all<X>(0x1p911)) : one;
  const auto broad = a >= 180;
  const X l = fma(a, log(x), -log_factorial(lesser(a, all<X>(1.5))));
  const auto small = (a < 1.5) & (x < 1.1) & (l > -0.7), above = (x > a) & (broad | (x > 1.1));
  const auto fraction = above & (broad == 0) & (small == 0), series = (above == 0) & (broad == 0) & (small == 0);
  X sum = one;
  if (any_lane(series)) sum = gamma_series(a, x, series);
  if (any_lane(fraction)) sum = fraction ? a * gamma_fraction(a, x, fraction) : sum;
  if (any_lane(broad)) sum = broad ? a * gamma_integral(broad ? a : all<X>(180), broad ? x : all<X>(180)) : sum;
  X r = times_weight(gamma_weight(a, Pair<X>{x, zero}), sum);
  if (any_lane(small)) r = small ? gamma_complement(a, x, l) : r;
  r = upper == 0 ? (above | small ? 1 - r : r) : (above | small ? r : 1 - r);
  const X low = upper ? one : zero, high = upper ? zero : one, nan = all<X>(not_a_number);
  const X edge = a0 == x0 ? nan : (a0 == 0) | (x0 == inf) ? high : low;
  return inside ? r : (a0 >= 0) & (x0 >= 0) ? edge : nan;
}
struct GammaincInDouble {
  template <class X> CROTON_FN X operator()(X a, X x) const { return gammainc_in_double<false>(a, x); }
};
struct GammainccInDouble {
  template <class X> CROTON_FN X operator()(X a, X x) const { return gammainc_in_double<true>(a, x); }
};
CROTON_MATH(gammainc)(X a, X x) {
  if constexpr (single<X>) return in_double(GammaincInDouble{}, a, x);
  else return gammainc_in_double<false>(a, x);
}
CROTON_SCALAR_OF_2(gammainc)
CROTON_MATH(gammaincc)(X a, X x) {
  if constexpr (single<X>) return in_double(GammainccInDouble{}, a, x);
  else return gammainc_in_double<true>(a, x);
}
CROTON_SCALAR_OF_2(gammaincc)

}  // namespace
