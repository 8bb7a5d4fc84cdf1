// Normal numbers from uniform ones, by Box and Muller.
namespace {

/// sin(2 pi x) / x, |x| <= 1/4.
CROTON_PART X sine_of_turn_by_turn(X x) {
  constexpr Element<X> high = single<X> ? 0x1.921fb6p+2 : 0x1.921fb54442d18p+2;  // 2 pi in two parts
  const X z = x * x;
  X rest;
  if constexpr (single<X>)
    rest = polynomial(z, -0x1.777a5cp-23, -0x1.4abbcep+5, 0x1.466bc6p+6, -0x1.32d214p+6, 0x1.503704p+5, -0x1.d04ap+3);
  else
    rest = polynomial(z, 0x1.1a62633145c07p-52, -0x1.4abbce625be53p+5, 0x1.466bc6775aad6p+6, -0x1.32d2cce62adb9p+6, 0x1.50783486f190cp+5, -0x1.e3074ee5f4a61p+3,
                      0x1.e8f3b0121aafdp+1, -0x1.6f866b70b27bdp-1, 0x1.9ec5cdbeecd34p-4);
  return high + rest;
}
/// sqrt(-2 log(share)) sin(2 pi turn), for share in [2^-126, 1] and turn in [-1/4, 1/4]; NaN elsewhere.
CROTON_MATH(box_muller)(X share, X turn) {
  const X radius = sqrt(log_of(split_normal(share)) * (Element<X>)-2), normal = turn * (radius * sine_of_turn_by_turn(turn));
  const auto here = (share >= (Element<X>)0x1p-126) & (share <= 1) & (abs(turn) <= (Element<X>)0.25);
  return here ? normal : all<X>(not_a_number);
}
CROTON_SCALAR_OF_2(box_muller)

}  // namespace
