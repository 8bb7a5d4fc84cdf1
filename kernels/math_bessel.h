// i0, i1, i0e, i1e: the modified Bessel functions of the first kind, I of order 0 and 1, and e^-|x| I. Up to 3 by I(x) / x^order as
// a polynomial of x^2 with positive coefficients, up to 8 by e^-x I(x), beyond by sqrt(x) e^-x I(x) as a function of 1 / x: all
// Chebyshev interpolants (relative error 2e-9 for f32, 4e-17 for f64).
namespace {

/// I(a) / a^order for 0 <= a < 3, z = a^2.
template <int order, class X> CROTON_FN X bessel_near(X z) {
  if constexpr (order == 0 && single<X>) return
      polynomial(z, 0x1p+0, 0x1.fffffep-3, 0x1.00002p-6, 0x1.c716fcp-12, 0x1.c78acp-18, 0x1.1ed402p-24, 0x1.2fc6aap-31);
  else if constexpr (order == 0) return
      polynomial(z, 0x1p+0, 0x1.ffffffffffffep-3, 0x1.0000000000054p-6, 0x1.c71c71c71a2bbp-12, 0x1.c71c71c79dac6p-18,
                 0x1.23456778f1389p-24, 0x1.02e85ebb59ccep-31, 0x1.5229b5014655bp-39, 0x1.523d3d34ddab1p-47, 0x1.09a236f63ec23p-55,
                 0x1.7abf06ccdb2dp-64);
  else if constexpr (single<X>) return
      polynomial(z, 0x1p-1, 0x1p-4, 0x1.555566p-9, 0x1.c719cp-15, 0x1.6c4d3cp-21, 0x1.7ff798p-28, 0x1.54631cp-35);
  else return
      polynomial(z, 0x1p-1, 0x1p-4, 0x1.5555555555571p-9, 0x1.c71c71c71bb1p-15, 0x1.6c16c16c418e5p-21,
                 0x1.845c8a01d004cp-28, 0x1.27e4fd413511bp-35, 0x1.5229e5390c6b9p-43, 0x1.2ca3ececb31cep-51, 0x1.a97098df854fdp-60,
                 0x1.1121dd7ce7932p-68);
}
/// e^-a I(a) for 3 <= a < 8, s = (2 a - 11) / 5.
template <int order, class X> CROTON_FN X bessel_middle(X s) {
  if constexpr (order == 0 && single<X>) return
      polynomial(s, 0x1.65577ap-3, -0x1.57b34cp-5, 0x1.f4e5eep-7, -0x1.9af7e4p-8, 0x1.66efa4p-9, -0x1.44dc2ap-10,
                 0x1.2a8606p-11, -0x1.13a93ap-12, 0x1.e81906p-14, -0x1.7290dap-15, 0x1.34a1d8p-16, -0x1.815a2ep-17, 0x1.0be2a2p-18);
  else if constexpr (order == 0) return
      polynomial(s, 0x1.65577a3ee1391p-3, -0x1.57b34f1ef1b34p-5, 0x1.f4e5f08a4d3f4p-7, -0x1.9af5eed9fcbc8p-8,
                 0x1.66ee6a9863e35p-9, -0x1.451a3dff139d2p-10, 0x1.2aaceda9e8763p-11, -0x1.1062fb6929e11p-12, 0x1.e3fcc2851fef9p-14,
                 -0x1.9cfb161c819fap-15, 0x1.4f54593576223p-16, -0x1.01bc4727ef5d8p-17, 0x1.762358a6a34c5p-19, -0x1.0050afb63b936p-20,
                 0x1.4bb05c03e8f7dp-22, -0x1.95d293e635c7p-24, 0x1.d69212f2ae4e5p-26, -0x1.040197d138dfdp-27, 0x1.0fd6562219018p-29,
                 -0x1.02e1b7f8e4bfep-31, 0x1.f063cbc50f8aep-34, -0x1.2fdc2ddbf92e2p-35, 0x1.03a15b7b5967cp-37);
  else if constexpr (single<X>) return
      polynomial(s, 0x1.42f8cp-3, -0x1.e70aa8p-6, 0x1.fca4c8p-8, -0x1.ef3cbep-10, 0x1.0e991cp-12, 0x1.08dd8p-13,
                 -0x1.4a2644p-13, 0x1.d600fp-14, -0x1.06d99ap-14, 0x1.bd8f6ep-16, -0x1.a2521cp-17, 0x1.27eca6p-17, -0x1.ac60e6p-19);
  else return
      polynomial(s, 0x1.42f8bf222f73fp-3, -0x1.e70aa46cf7b36p-6, 0x1.fca4c2756af68p-8, -0x1.ef433319e7d52p-10,
                 0x1.0ea164cb2e7a3p-12, 0x1.0a76f99aad5a3p-13, -0x1.4aa9c9558c67ep-13, 0x1.cb3680bd5f04ap-14, -0x1.0360ca28df2eep-14,
                 0x1.01ad9d40fd8aep-15, -0x1.cf60c355c7746p-17, 0x1.7e75c59130af9p-18, -0x1.24451a94ff33cp-19, 0x1.a01b09e4216afp-21,
                 -0x1.153a0196f32bdp-22, 0x1.5b0353585344bp-24, -0x1.99c3cd4dc3715p-26, 0x1.cba3ecf469c11p-28, -0x1.e661132c66c09p-30,
                 0x1.d33cd05437a8dp-32, -0x1.c3f5d3bb9a0a8p-34, 0x1.17c72a4897e13p-35, -0x1.e0d926d13071ep-38);
}
/// sqrt(a) e^-a I(a) for a >= 8, s = 16 / a - 1.
template <int order, class X> CROTON_FN X bessel_far(X s) {
  if constexpr (order == 0 && single<X>) return
      polynomial(s, 0x1.9bd428p-2, 0x1.b8798ap-9, 0x1.1daadcp-13, 0x1.74d746p-17, 0x1.8c6c62p-20, 0x1.85f3b2p-22,
                 0x1.d123fep-24);
  else if constexpr (order == 0) return
      polynomial(s, 0x1.9bd428ad249a5p-2, 0x1.b87969bb93a48p-9, 0x1.1daa72b5e2366p-13, 0x1.75e5ee7822f78p-17,
                 0x1.8e513accc76a3p-20, 0x1.3f49933733f9p-22, 0x1.7d0e5f25bc841p-24, 0x1.51d5f84cd03f6p-25, 0x1.7257db9ed6674p-26,
                 0x1.02cf9254e767p-27, -0x1.d3b411548af05p-28, -0x1.c9aa2ffce2ca1p-27, -0x1.62c3f99ada19fp-28, 0x1.f7410b7f70fdp-28,
                 0x1.d29741886cb2dp-28, -0x1.ac9afa081a33ep-29, -0x1.4d2b550bd6e76p-28, 0x1.2c4a86bc0bfefp-30, 0x1.499ae7b4d59c2p-29,
                 -0x1.2e287745e1a2ep-32, -0x1.9ae1031554e04p-31, 0x1.36172c123f453p-35, 0x1.de985e80c26e1p-34);
  else if constexpr (single<X>) return
      polynomial(s, 0x1.8ebe78p-2, -0x1.3f796ap-7, -0x1.cbc5cap-13, -0x1.f76d9p-17, -0x1.ea5adep-20, -0x1.c4a446p-22,
                 -0x1.0642ecp-23);
  else return
      polynomial(s, 0x1.8ebe783a8403p-2, -0x1.3f796198ee63dp-7, -0x1.cbc54df1d28edp-13, -0x1.f89c2304c35d3p-17,
                 -0x1.ec8e127b73a3fp-20, -0x1.761383996deap-22, -0x1.ad8afba84040bp-24, -0x1.727891f52aef6p-25, -0x1.91e870dc073a7p-26,
                 -0x1.21ba2485afab4p-27, 0x1.d68fdf13b4f0fp-28, 0x1.e2d0791db759ap-27, 0x1.7ee7fbfb39f9p-28, -0x1.0821c71098c2bp-27,
                 -0x1.dd37812c1dd72p-28, 0x1.e14768d6db225p-29, 0x1.475d4e2f2acfep-28, -0x1.a250a944e85b4p-30, -0x1.36f288e187d2ep-29,
                 0x1.42be4263f9ec5p-31, 0x1.7455f3bd09231p-31, -0x1.6612a100e112cp-33, -0x1.a1752f6235857p-34, 0x1.8a72ab2fc6959p-36);
}
/// I(a) = c e^(a - power) for a >= 0; `power` is 0 or a.
template <class X> struct Bessel { X c, power; };
template <int order, class X> CROTON_FN Bessel<X> bessel(X a) {
  const X near = bessel_near<order>(a * a), middle = bessel_middle<order>(fma(a, all<X>(0.4), all<X>(-2.2)));
  const X far = bessel_far<order>(16 / a - 1) / sqrt(a);
  return {a < 3 ? (order == 0 ? near : a * near) : a < 8 ? middle : far, a < 3 ? a : all<X>(0)};
}
/// c e^x, for x up to where that is infinite.
CROTON_PART X grown_by(X c, X x) {
  const auto s = reduce_exponent(x);
  const X r = rest_of(s);
  return scaled(fma(c, r * expm1_over(r), c), s.n);
}
/// |x|, or where I has just overflowed; NaN stays.
CROTON_PART X bessel_argument(X x) { return lesser(all<X>(single<X> ? 96.0 : 720.0), abs(x)); }
template <int order, class X> CROTON_FN X bessel_whole(X x) {
  const X a = bessel_argument(x);
  const auto b = bessel<order>(a);
  return grown_by(b.c, a - b.power);
}
template <int order, class X> CROTON_FN X bessel_scaled(X x) {
  const auto b = bessel<order>(abs(x));
  return grown_by(b.c, -b.power);
}
CROTON_MATH(i0)(X x) { return bessel_whole<0>(x); }
CROTON_SCALAR_OF(i0)
CROTON_MATH(i1)(X x) { return copysign(bessel_whole<1>(x), x); }
CROTON_SCALAR_OF(i1)
CROTON_MATH(i0e)(X x) { return bessel_scaled<0>(x); }
CROTON_SCALAR_OF(i0e)
CROTON_MATH(i1e)(X x) { return copysign(bessel_scaled<1>(x), x); }
CROTON_SCALAR_OF(i1e)

}  // namespace
