// The inverse of erf: Winitzki's closed form as a start, then Halley's steps on erf (near 0) or on erfc.
namespace {

CROTON_MATH(erfinv)(X y) {
  typedef Element<X> T;
  const X a = abs(y), safe = a < 1 ? a : all<X>(0.5), w = -(log1p(-safe) + log1p(safe));
  constexpr T c = 0.147, two_over_pi_c = 0.63661977236758134308 / 0.147;
  const X u = two_over_pi_c - (T)0.5 * w, v = w / c;
  X x = sqrt(v / (sqrt(fma(u, u, v)) + u));
  for (int i = 0; i < (single<X> ? 2 : 3); ++i) {
    const X error = safe < (T)0.5 ? erf(x) - safe : (1 - safe) - erfc(x);
    const X step = error * (T)0.88622692545275801365 * exp(x * x);
    x -= step / fma(x, step, all<X>(1));
  }
  x = a < (T)1e-8 ? a * (T)0.88622692545275801365 : x;
  return a < 1 ? (a == 0 ? y : copysign(x, y)) : a == 1 ? copysign(all<X>(__builtin_inf()), y) : all<X>(__builtin_nan(""));
}
CROTON_SCALAR_OF(erfinv)

}  // namespace
