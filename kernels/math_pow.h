// pow. Single precision: exp2(y log2 x) in double. Double: log x in two parts (to about 2^-64), times y in two parts.
namespace {

CROTON_PART X pow_in_double(X x, X y) {  // x > 0 finite or inf; f64 lanes holding floats
  const auto s = split_exponent(x);
  const X f = s.m - 1, t = f / (s.m + 1), z = t * t;
  const X R = polynomial(z, 0x1.5555555549ab7p-1, 0x1.999999c5743ccp-2, 0x1.24922db6e1a35p-2, 0x1.c72c3159886ep-3,
                            0x1.721689ce18d39p-3, 0x1.63fb9825ec89cp-3);
  const X log2_x = fma(fma(z, R, all<X>(2)) * t, all<X>(0x1.71547652b82fep+0), s.k);
  const X e = greater(all<X>(-200.0), lesser(all<X>(200.0), y * log2_x));
  const X n = rint(e), r = (e - n) * 0x1.62e42fefa39efp-1;
  const X q = polynomial(r, 0x1p+0, 0x1.0000003a0f8cap-1, 0x1.55555442c255p-3, 0x1.55548de657af5p-5, 0x1.1112743329bd4p-7,
                            0x1.6d8ce6f348527p-10, 0x1.9f01a350649f3p-13);
  return fma(r, q, all<X>(1)) * power_of_two<X>(whole(n));
}
struct PowInDouble {
  template <class X> CROTON_FN X operator()(X x, X y) const { return pow_in_double(x, y); }
};

/// 2 (arctanh t - t) for t + t_low in [-1/5, 1/5].
CROTON_PART Pair<X> arctanh_rest(X t, X t_low) {
  const auto zz = product(t, t);
  const X z = zz.high, z_low = fma(2 * t, t_low, zz.low);
  // t z (2/3 + z P(z))
  const X zp = z * polynomial(z, 0x1.999999999999ap-2, 0x1.2492492492359p-2, 0x1.c71c71c747d1ep-3, 0x1.745d172d5fc2dp-3,
                            0x1.3b13b93bd5f4cp-3, 0x1.110f7441c4355p-3, 0x1.e249a32215e23p-4, 0x1.a742cec7bf12ap-4,
                            0x1.da637df917cc8p-4);
  const auto c = sum_of(all<X>(0x1.5555555555555p-1), zp);
  const X c_low = c.low + 0x1.5555555555555p-55;
  const auto tz = product(t, z);
  const X tz_low = tz.low + fma(t, z_low, t_low * z);
  const auto cubic = product(tz.high, c.high);
  return {cubic.high, cubic.low + fma(tz.high, c_low, tz_low * c.high)};
}
/// log x = high + low.
CROTON_PART Pair<X> long_log(X x) {
  typedef Element<X> T;
  const auto s = split_exponent(x);
  const X f = s.m - 1, d = 2 + f, d_low = f - (d - 2);
  const X t = f / d;
  const auto td = product(t, d);
  const X t_low = (((f - td.high) - td.low) - t * d_low) / d;
  const auto rest = arctanh_rest(t, t_low);
  const auto m = sum_of(2 * t, rest.high);
  const X m_low = m.low + (rest.low + 2 * t_low);
  const auto k = sum_of(s.k * (T)0x1.62e42feep-1, m.high);
  return sum_of(k.high, fma(s.k, all<X>(0x1.a39ef35793c76p-33), k.low + m_low));
}
/// p e^(e + e_low), rounded once where p is.
CROTON_PART X times_exp(X p, X e, X e_low) {
  const auto out = !(abs(e) < 800);
  e_low = out ? all<X>(0) : e_low;
  const auto s = reduce_exponent(greater(all<X>(-800.0), lesser(all<X>(800.0), e)));
  const X r = s.high - s.low, rest = ((s.high - r) - s.low) + e_low;
  const X v = r * expm1_over(r);
  return scaled(fma(p, v + fma(rest, v, rest), p), s.n);
}
CROTON_PART X pow_of_positive(X x, X y) {
  const auto l = long_log(x);
  y = greater(all<X>(-0x1p64), lesser(all<X>(0x1p64), y));  // far beyond over- and underflow for every x but 1
  const auto p = product(y, l.high);
  return times_exp(all<X>(1), p.high, fma(y, l.low, p.low));
}

/// IEEE 754's: pow(x, 0) = pow(1, y) = 1, NaN for x < 0 and a y that is not whole.
CROTON_MATH_IF(is_floating<Element<X>>, pow)(X x, X y) {
  typedef Element<X> T;
  const X a = abs(x), inf = all<X>(infinite), zero = all<X>(0);
  const auto finite = (a > 0) & (a < inf);
  const X safe = finite ? a : all<X>(1);
  X r;
  if constexpr (single<X>) r = in_double(PowInDouble{}, safe, y);
  else r = pow_of_positive(safe, y);
  const auto grows = (a > 1) == (y > 0);  // 0 and inf to a power that is not 0
  r = finite ? (a == 1 ? all<X>(1) : r) : (grows ? inf : zero);
  const X half = y * (T)0.5;
  const auto is_whole = rint(y) == y;
  const auto odd = is_whole & (rint(half) != half);
  const X negated = bits_as<X>((IntsOf<X>)(int_bits(r) ^ sign_bit(x)));
  r = odd ? negated : r;
  r = (x < 0) & (a < inf) & (is_whole == 0) ? all<X>(not_a_number) : r;
  r = (x != x) | (y != y) ? x + y : r;
  return (y == 0) | (x == 1) ? all<X>(1) : r;
}
CROTON_SCALAR_OF_2(pow)

}  // namespace
