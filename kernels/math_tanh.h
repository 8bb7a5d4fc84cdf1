// tanh. Single precision with AVX-512: |x| falls into an interval with a breakpoint B whose tanh is almost exactly a float,
// and a polynomial in |x| - B whose coefficients are looked up by lane: no division. With AVX2, and in double with FMA, a polynomial near 0, and
// 1 - 2 / (e^2|x| + 1) elsewhere (11 lookups of 8 lanes take 1.3 times as long); on a GPU the same two. Else with all of its low parts.
// Tables and polynomial: least squares at Chebyshev nodes, weighted relative, each coefficient rounded before the next was fitted.
namespace {

#ifdef CROTON_AVX512
// Four intervals an octave from 3/64, at (bits(|x|) >> 21) mod 32. Rows: B, then c0, c1, ... of |x| - B.
alignas(64) const f32 tanh_table[7][32] = {
    {0x1.1fea62p+1f, 0x1.5fefc4p+1f, 0x1.9fea9ep+1f, 0x1.dff9f8p+1f, 0x1.1fe926p+2f, 0x1.5fe8b8p+2f, 0x1.9feef2p+2f,
     0x1.e0176ep+2f, 0x1.17e89p+3f, 10, 0, 0x1.dfeacp-5f, 0x1.1fe95p-4f, 0x1.5fe892p-4f, 0x1.9fe94ep-4f, 0x1.dfff9cp-4f,
     0x1.1fe8d8p-3f, 0x1.5feb62p-3f, 0x1.9fe99cp-3f, 0x1.dfe95cp-3f, 0x1.1fe9fp-2f, 0x1.5fe8d8p-2f, 0x1.9fe89cp-2f,
     0x1.dfe934p-2f, 0x1.1fe8e6p-1f, 0x1.5ff35ep-1f, 0x1.9feb3cp-1f, 0x1.dfeaa6p-1f, 0x1.1fe8dep+0f, 0x1.5fe8d8p+0f,
     0x1.9febaap+0f, 0x1.dfe98p+0f},
    {0x1.f4bc14p-1f, 0x1.fbd3fcp-1f, 0x1.fe75f6p-1f, 0x1.ff6f0ap-1f, 0x1.ffdf9p-1f, 0x1.fffb9cp-1f, 0x1.ffff68p-1f,
     0x1.ffffecp-1f, 0x1.fffffep-1f, 1, 0, 0x1.df5e64p-5f, 0x1.1f702ap-4f, 0x1.5f0b9p-4f, 0x1.9e7cep-4f, 0x1.ddd03p-4f,
     0x1.1e071cp-3f, 0x1.5c7f02p-3f, 0x1.9a499ep-3f, 0x1.d750ecp-3f, 0x1.188f32p-2f, 0x1.52ae26p-2f, 0x1.8a73f6p-2f,
     0x1.bf9bfap-2f, 0x1.04f756p-1f, 0x1.314fbcp-1f, 0x1.577d94p-1f, 0x1.77ce6p-1f, 0x1.9e4cbep-1f, 0x1.c26e2ep-1f,
     0x1.d9c122p-1f, 0x1.e87494p-1f},
    {0x1.64863cp-5f, 0x1.09ea88p-6f, 0x1.897268p-8f, 0x1.21c2fcp-9f, 0x1.037972p-11f, 0x1.1900ccp-14f, 0x1.300386p-17f,
     0x1.47859p-20f, 0x1.b1dc64p-24f, 0, 1, 0x1.fe3f2ep-1f, 0x1.fd7a86p-1f, 0x1.fc3d3ep-1f, 0x1.fac1dp-1f,
     0x1.f9085ep-1f, 0x1.f6036p-1f, 0x1.f12cb4p-1f, 0x1.eb738p-1f, 0x1.e4e22ap-1f, 0x1.d990cep-1f, 0x1.c7fdf6p-1f,
     0x1.b406dcp-1f, 0x1.9e2bbep-1f, 0x1.7afc56p-1f, 0x1.49f074p-1f, 0x1.198f2p-1f, 0x1.d851bcp-2f, 0x1.6183b2p-2f,
     0x1.cef0eep-3f, 0x1.26897ep-3f, 0x1.700d5ap-4f},
    {-0x1.5cab82p-5f, -0x1.07bbf2p-6f, -0x1.883cd4p-8f, -0x1.216b52p-9f, -0x1.031642p-11f, -0x1.18a61ep-14f,
     -0x1.2fb47ep-17f, -0x1.b87ad4p-20f, 0x1.74abc2p-26f, 0, 0x1.5bcac2p-28f, -0x1.ddb8ep-5f, -0x1.1e0726p-4f,
     -0x1.5c7946p-4f, -0x1.9a4014p-4f, -0x1.d74dc8p-4f, -0x1.1872eep-3f, -0x1.5267f8p-3f, -0x1.89d2p-3f,
     -0x1.be5aeap-3f, -0x1.037f9ep-2f, -0x1.2da1ap-2f, -0x1.4fec08p-2f, -0x1.6a1542p-2f, -0x1.825664p-2f,
     -0x1.897e2ep-2f, -0x1.79c8ep-2f, -0x1.5aae46p-2f, -0x1.1e0efap-2f, -0x1.9745f8p-3f, -0x1.108956p-3f,
     -0x1.5f209ap-4f},
    {0x1.bc574p-6f, 0x1.59e934p-7f, 0x1.03ebfp-8f, 0x1.8109f6p-10f, 0x1.594d0ap-12f, 0x1.76307ap-15f, 0x1.94e14p-18f,
     0x1.b1d0e8p-21f, 0x1.1b134ap-24f, 0, -0x1.55558cp-2f, -0x1.4bb5a2p-2f, -0x1.4db0cap-2f, -0x1.4a7d0cp-2f,
     -0x1.47dd0cp-2f, -0x1.446728p-2f, -0x1.3abf5p-2f, -0x1.2ece5cp-2f, -0x1.1fd848p-2f, -0x1.103ff6p-2f,
     -0x1.e926f4p-3f, -0x1.98880cp-3f, -0x1.42b2dcp-3f, -0x1.d77642p-4f, -0x1.be18a6p-5f, 0x1.d67486p-7f,
     0x1.06f57cp-4f, 0x1.841bf2p-4f, 0x1.c68a02p-4f, 0x1.97f6d6p-4f, 0x1.33fe98p-4f, 0x1.a89914p-5f},
    {-0x1.964716p-7f, -0x1.51a928p-8f, -0x1.038f18p-9f, -0x1.83c0ap-11f, -0x1.699bc2p-13f, -0x1.8831ccp-16f,
     -0x1.a7871ap-19f, 0x1.4cdcap-20f, -0x1.0e1b6p-22f, 0, 0x1.4af3e8p-15f, 0x1.9ded76p-11f, 0x1.13c296p-4f,
     0x1.58dabap-4f, 0x1.7c73c6p-4f, 0x1.7c06d8p-5f, 0x1.6d5f2p-4f, 0x1.b78a5ep-4f, 0x1.e8af78p-4f, 0x1.156854p-3f,
     0x1.32c172p-3f, 0x1.4f08aep-3f, 0x1.5c113ap-3f, 0x1.57786p-3f, 0x1.39ffbap-3f, 0x1.e931bp-4f, 0x1.4762bp-4f,
     0x1.638594p-5f, 0x1.e8147p-9f, -0x1.59abc8p-6f, -0x1.9bc152p-6f, -0x1.55bc84p-6f},
    {0x1.04ab2p-8f, 0x1.f65814p-10f, 0x1.946504p-11f, 0x1.333c7p-12f, 0x1.1fb17ep-14f, 0x1.38a8ecp-17f, 0x1.52629ap-20f,
     0x1.bc709cp-23f, 0x1.44aa82p-26f, 0, 0x1.0fc17cp-3f, -0x1.af3284p+7f, -0x1.41b75ap+3f, -0x1.28963ap+3f,
     0x1.245482p+2f, 0x1.fccab8p+3f, -0x1.a401e8p-1f, 0x1.0428fcp-1f, -0x1.acb432p-1f, 0x1.0b44a6p+0f, 0x1.0add7ap-5f,
     0x1.c01148p-5f, 0x1.92486cp-5f, -0x1.7a1bf4p-13f, -0x1.45992ep-5f, -0x1.091bccp-4f, -0x1.fe6e2p-5f,
     -0x1.b9d06ep-5f, -0x1.0741d2p-5f, -0x1.3740fp-7f, 0x1.7b43d2p-10f, 0x1.2c2bep-8f},
};

template <int... K, class X> CROTON_FN X tanh_by_table(X x, indices<K...>) {
  constexpr int rows = sizeof(tanh_table) / sizeof(tanh_table[0]);
  const X a = lesser(all<X>(9.5), abs(x));
  const IntsOf<X> at = int_bits(greater(a, all<X>(0x1.8p-5))) >> 21;
  const X t = a - lookup(tanh_table[0], at);
  X r = lookup(tanh_table[rows - 1], at);
  ((r = fma(r, t, lookup(tanh_table[rows - 2 - K], at))), ...);
  return bits_as<X>((IntsOf<X>)(int_bits(r) | sign_bit(x)));
}
CROTON_PART X tanh_single(X x) {
  return relaned<lanes<X>>(tanh_by_table(relaned<16>(x), upto<sizeof(tanh_table) / sizeof(tanh_table[0]) - 2>()));
}
#elif defined(CROTON_LANES_ARE_THREADS) && !defined(CROTON_EXACT)
// From 1.25 on an error of e^2|x| in its last three digits counts a seventh, so that the machine's own ex2 and rcp (2^-22.5
// and an ulp) are exact enough; below, a polynomial that costs less than a better e^x would.
CROTON_FN f32 tanh_single(f32 x) {
  const f32 z = x * x, a = abs(x);
  const f32 near = fma(x * z, polynomial(z, -0x1.555528p-2, 0x1.110982p-3, -0x1.b93b90p-5, 0x1.5fe4a4p-6, -0x1.07791cp-7, 0x1.4a89bap-9, -0x1.1f43dap-11, 0x1.e79f3ep-15), x);
  const f32 far = 1 - rough_reciprocal_normal(fma(rough_exp2_normal(a * 0x1.715476p+1f), 0.5f, 0.5f));
  return copysign(a < 1.25f ? near : far, x);  // of -0 near is 0
}
#endif

#if defined(CROTON_FMA) && !defined(CROTON_EXACT)
/// e^2a + 1, rounded once.
CROTON_PART X exp_of_twice_and_1(X a) {
#if defined(CROTON_AVX2) && !defined(CROTON_AVX512)  // single precision comes here with eighths of an exponent alone
  if constexpr (single<X>) {
    const X shifted = fma(a, all<X>(0x1.715476p+4), all<X>(magic<X>)), r = fma(shifted - magic<X>, all<X>(-0x1.62e43p-5), a);
    return fma(polynomial(r, 1, 2, 0x1.00088cp+1, 0x1.555c84p+0), power_by_parts(shifted), all<X>(1));
  } else
#endif
  {  // a = n ln 2 / 2 + r, and the last bits of `shifted` are the exponent of 2^n
    const X scale = all<X>(magic<X> + bias<X>), shifted = fma(a, all<X>(0x1.71547652b82fep+1), scale);
    const X r = fma(shifted - scale, all<X>(-0x1.62e42fefa39efp-2), a);
    const X growth = polynomial(r, 1, 2, 0x1.000000000000cp+1, 0x1.5555555555515p+0, 0x1.555555554fe3fp-1, 0x1.111111112119bp-2,
                                0x1.6c16c185f7b8fp-4, 0x1.a01a014dbcf99p-6, 0x1.a01995e337015p-8, 0x1.71ded71ec5edap-10,
                                0x1.28b0d592d540ep-12, 0x1.adfa4bcd0bd89p-15);
    return fma(growth, bits_as<X>((IntsOf<X>)(int_bits(shifted) << digits<X>)), all<X>(1));
  }
}
CROTON_PART X tanh_by_exp(X x) {
  typedef Element<X> T;
  const X a = lesser(all<X>(single<X> ? 9.5 : 20), abs(x)), z = a * a;
  X near;  // (tanh a - a) / a^3
  if constexpr (single<X>)
    near = polynomial(z, -0x1.555528p-2, 0x1.110758p-3, -0x1.b8b34p-5, 0x1.5a0b9ep-6, -0x1.d4194ap-8, 0x1.79822ap-10);
  else
    near = polynomial(z, -0x1.555555555552dp-2, 0x1.111111110df2ap-3, -0x1.ba1ba1b766198p-5, 0x1.664f47eba00ddp-6,
                      -0x1.226e222268f6ep-7, 0x1.d6d0b84ca805ep-9, -0x1.7d794cd8e72ddp-10, 0x1.33d77e2369a68p-11,
                      -0x1.e30ffaed161a3p-13, 0x1.4c66e824023dcp-14, -0x1.1faea78e6b4d8p-16);
  const X far = 1 - 2 / exp_of_twice_and_1(a);
  const X y = a >= (T)(single<X> ? 0.85 : 0.6) ? far : fma(a * z, near, a);  // NaN stays near
  return bits_as<X>((IntsOf<X>)(int_bits(y) | sign_bit(x)));
}
#endif

/// With u = 1 - e^(-2|x|): u / (2 - u).
CROTON_PART X tanh_exact_form(X x) {
  const auto p = half_expm1(greater(all<X>(single<X> ? -20.0 : -40.0), -2 * abs(x)));
  const X u = -p.high, d = 1 - u, d_low = ((1 - d) - u) + p.low;
  return copysign(quotient(u, -p.low, d, d_low), x);
}

CROTON_MATH(tanh)(X x) {
#if defined(CROTON_EXACT) || !defined(CROTON_FMA)
  return tanh_exact_form(x);
#else
#if defined(CROTON_AVX512) || defined(CROTON_LANES_ARE_THREADS)
  if constexpr (single<X>) return tanh_single(x);
  else
#endif
    return tanh_by_exp(x);
#endif
}
CROTON_SCALAR_OF(tanh)

}  // namespace
