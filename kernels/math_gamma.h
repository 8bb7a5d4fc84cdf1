// lgamma: by its series near 2, to which the recurrence leads without cancelling, and Stirling's from 8 on. digamma: raised to
// at least 8 by the recurrence, then Stirling's series. Below 0 by reflection; there, and near digamma's root, the error is
// absolute, not relative. Single precision is computed in double.
namespace {

template <class X> struct Raised { X y, sum; };
/// y = x + m >= 8, and 1/x + 1/(x+1) + ... + 1/(x+m-1); for x > 0.
CROTON_PART Raised<X> raised(X x) {
  Raised<X> r = {x, all<X>(0)};
  for (int i = 0; i < 8; ++i) {
    const auto low = r.y < 8;
    r.sum = low ? r.sum + 1 / r.y : r.sum;
    r.y = low ? r.y + 1 : r.y;
  }
  return r;
}
template <class X> struct SineCosine { X sine, cosine; };
/// Of pi a, for a >= 0: the fraction is exact.
CROTON_PART SineCosine<X> of_half_turns(X a) {
  const X r = abs(a - rint(a)), zero = all<X>(0);
  const auto steep = r > 0.25;
  const X t = (steep ? 0.5 - r : r) * 3.14159265358979323846, s = sin_part(t, zero), c = cos_part(t, zero);
  return {steep ? c : s, (a < rint(a) ? -1.0 : all<X>(1)) * (steep ? s : c)};
}
/// lgamma(2 + z) for |z| <= 1/2, to the last places at its root too: the coefficients are (zeta(k) - 1) / k.
CROTON_PART X lgamma_near_two(X z) {
  return z * polynomial(z, 0.42278433509846713939, 0.32246703342411321824, -0.067352301053198095133, 0.020580808427784547879, -0.0073855510286739852663, 0.0028905103307415232858, -0.0011927539117032609771, 0.00050966952474304242234, -0.00022315475845357937976, 0.000099457512781808533715, -0.0000449262367381331417, 0.000020507212775670691553, -9.439488275268395904e-6, 4.3748667899074878042e-6, -2.0392157538013662368e-6, 9.5514121304074198329e-7, -4.4924691987645660433e-7, 2.1207184805554665869e-7, -1.0043224823968099609e-7, 4.7698101693639805658e-8, -2.271109460894316491e-8, 1.0838659214896954091e-8, -5.1834750419700466551e-9, 2.4836745438024783172e-9, -1.1921401405860912074e-9, 5.7313672416788620133e-10);
}
/// log Gamma(a) less (a - 1/2) log a - a + log(2 pi) / 2, times a, for a >= 8, w = 1 / a^2: Stirling's series.
CROTON_PART X stirling_series(X w) {
  return polynomial(w, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156, -3617.0 / 122400);
}
CROTON_PART X lgamma_of_positive(X a) {
  X y = a, product = all<X>(1);
  for (int i = 0; i < 6; ++i) {
    const auto high = y >= 2.5;
    y = high ? y - 1 : y;
    product = high ? product * y : product;
  }
  const auto tiny = y < 0.5, under = y < 1.5, far = a >= 8;
  const X z = tiny ? y : under ? y - 1 : y - 2;
  const X l = log(far ? a : tiny ? y : product);
  const X near = (lgamma_near_two(z) - (under ? log1p(z) : all<X>(0))) + (tiny ? -l : l);
  const X v = 1 / a;
  return far ? fma(a - 0.5, l - 1, fma(v, stirling_series(v * v), all<X>(0.41893853320467274178))) : near;
}
/// lgamma(-a), given lgamma(a).
CROTON_PART X lgamma_reflected(X a, X g) {
  const X s = of_half_turns(a).sine;
  return a < 1e-20 ? -log(a) : s == 0 ? all<X>(infinite) : 1.1447298858494001741 - log(a) - log(s) - g;
}
CROTON_PART X lgamma_in_double(X x) {
  const X a = abs(x), inf = all<X>(infinite), safe = a < inf ? a : all<X>(1);
  X g = lgamma_of_positive(safe);
  if (any_lane(x < 0)) g = x < 0 ? lgamma_reflected(safe, g) : g;
  return x != x ? x : a == inf ? inf : g;
}
CROTON_PART X digamma_in_double(X x) {
  const X a = abs(x), inf = all<X>(infinite);
  const X safe = a < inf ? a : all<X>(1);
  const auto r = raised(safe);
  const X v = 1 / r.y, z = v * v;
  const X series = polynomial(z, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12, -3617.0 / 8160);
  const X g = (log(r.y) - fma(z, series, 0.5 * v)) - r.sum;
  const auto half = of_half_turns(safe);
  const X reflected = g + (1 / safe + 3.14159265358979323846 * half.cosine / half.sine);
  const X below = (half.sine == 0) | (a == inf) ? all<X>(not_a_number) : reflected;
  return a < 1e-20 ? -1 / x : x < 0 ? below : x < inf ? g : x;
}
struct LgammaInDouble {
  template <class X> CROTON_FN X operator()(X x) const { return lgamma_in_double(x); }
};
struct DigammaInDouble {
  template <class X> CROTON_FN X operator()(X x) const { return digamma_in_double(x); }
};
CROTON_MATH(lgamma)(X x) {
  if constexpr (single<X>) return in_double(LgammaInDouble{}, x);
  else return lgamma_in_double(x);
}
CROTON_SCALAR_OF(lgamma)
CROTON_MATH(digamma)(X x) {
  if constexpr (single<X>) return in_double(DigammaInDouble{}, x);
  else return digamma_in_double(x);
}
CROTON_SCALAR_OF(digamma)

}  // namespace
