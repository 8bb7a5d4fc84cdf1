// What the elementary functions share: polynomials, scaling by powers of two, table lookups by lane. Scalars take the
// vector's path (one lane of it), so that a value has the same bits wherever it is computed.
namespace {

/// c0 + c1 x + c2 x^2 + ...
template <class X> CROTON_FN X polynomial(X, double c) { return all<X>(c); }
template <class X, class... C> CROTON_FN X polynomial(X x, double c, C... more) { return fma(polynomial(x, more...), x, all<X>(c)); }

/// CROTON_MATH(name)(X x) { ... } is the body of name(x) for lanes, to be inlined where a loop spends its time;
/// CROTON_SCALAR_OF(name) makes of it name(x): a function of its own, and for scalars lane 0 of that. Where a lane is a thread
/// every value is a scalar: the one definition is all of them, and NAME_called(x) a function of its own. f16, bf16 and integers are cast by the caller.
#ifdef CROTON_LANES_ARE_THREADS
#define CROTON_MATH_IF(WHERE, NAME) template <class X> requires(WHERE) CROTON_SLOW X NAME
#define CROTON_SCALAR_OF(NAME) CROTON_CALL_OF(NAME)
#define CROTON_SCALAR_OF_2(NAME) CROTON_CALL_OF_2(NAME)
#define CROTON_SCALAR_OF_3(NAME) CROTON_CALL_OF_3(NAME)
#else
#define CROTON_MATH_IF(WHERE, NAME) template <class X> requires(!is_scalar<X> && (WHERE)) CROTON_FN X NAME##_here
#define CROTON_SCALAR_OF(NAME)                                                                                           \
  template <class X> requires(!is_scalar<X>) CROTON_SLOW X NAME(X x) { return NAME##_here(x); }                           \
  template <class X> requires(is_scalar<X>) X NAME(X x) { return NAME(splat<CROTON_VECTOR_BYTES / sizeof(X)>(x))[0]; }
#define CROTON_SCALAR_OF_2(NAME)                                                                                         \
  template <class X> requires(!is_scalar<X> && is_floating<Element<X>>) CROTON_SLOW X NAME(X x, X y) { return NAME##_here(x, y); } \
  template <class X> requires(is_floating<X>) X NAME(X x, X y) {                                                          \
    constexpr int L = CROTON_VECTOR_BYTES / sizeof(X);                                                                    \
    return NAME(splat<L>(x), splat<L>(y))[0];                                                                             \
  }
#define CROTON_SCALAR_OF_3(NAME)                                                                                         \
  template <class X> requires(!is_scalar<X>) CROTON_SLOW X NAME(X x, X y, X z) { return NAME##_here(x, y, z); }           \
  template <class X> requires(is_scalar<X>) X NAME(X x, X y, X z) {                                                       \
    constexpr int L = CROTON_VECTOR_BYTES / sizeof(X);                                                                    \
    return NAME(splat<L>(x), splat<L>(y), splat<L>(z))[0];                                                                \
  }
#endif
#define CROTON_MATH(NAME) CROTON_MATH_IF(true, NAME)
#define CROTON_PART template <class X> CROTON_FN

template <class X> constexpr bool single = same<Element<X>, f32>;
template <class X> constexpr int digits = single<X> ? 23 : 52;
template <class X> constexpr int bias = single<X> ? 127 : 1023;

/// 2^n for whole n within the normal exponents.
CROTON_PART X power_of_two(IntsOf<X> n) { return bits_as<X>((IntsOf<X>)((n + bias<X>) << digits<X>)); }
/// What moves a whole number into the last digits.
template <class X> constexpr Element<X> magic = single<X> ? 0x1.8p23 : 0x1.8p52;
/// A whole float |n| < 2^22 as an integer of the same width.
CROTON_PART IntsOf<X> whole(X n) { return int_bits(n + magic<X>) - int_bits(all<X>(magic<X>)); }
/// p * 2^n for whole n, rounded once; |n| up to twice the exponents' range.
CROTON_PART X scaled(X p, X n) {
#ifdef CROTON_AVX512
  if constexpr (sizeof(X) == 64 && single<X>) return __builtin_ia32_scalefps512_mask(p, n, p, (u16)-1, 4);
  else if constexpr (sizeof(X) == 64) return __builtin_ia32_scalefpd512_mask(p, n, p, (u8)-1, 4);
  else if constexpr (sizeof(X) == 32 && single<X>) return __builtin_ia32_scalefps256_mask(p, n, p, (u8)-1);
  else if constexpr (sizeof(X) == 32) return __builtin_ia32_scalefpd256_mask(p, n, p, (u8)-1);
  else
#endif
  {
    const IntsOf<X> k = whole(n), half = k >> 1;
    return p * power_of_two<X>(half) * power_of_two<X>(k - half);
  }
}
/// 1 / d to within a few units of the 28th (52nd) digit, for a Newton correction by the caller.
CROTON_PART X near_reciprocal(X d) {
#ifdef CROTON_AVX512
  if constexpr (single<X> && sizeof(X) >= 16) {
    X y;
    if constexpr (sizeof(X) == 64) y = __builtin_ia32_rcp14ps512_mask(d, d, (u16)-1);
    else if constexpr (sizeof(X) == 32) y = __builtin_ia32_rcp14ps256_mask(d, d, (u8)-1);
    else y = __builtin_ia32_rcp14ps128_mask(d, d, (u8)-1);
    return fma(y, fma(-d, y, all<X>(1)), y);
  } else
#endif
    return 1 / d;
}
/// The same where both d and 1 / d are normal numbers.
CROTON_PART X near_reciprocal_normal(X d) {
#if defined(CROTON_LANES_ARE_THREADS) && !defined(CROTON_EXACT)
  if constexpr (single<X>) {
    const X y = rough_reciprocal_normal(d);
    return fma(fma(-y, d, all<X>(1)), y, y);
  } else
#endif
    return near_reciprocal(d);
}
/// (n + n_low) / (d + d_low), where the low parts are below an ulp of the high ones: within 0.6 ulp (1.1 without FMA).
CROTON_PART X quotient(X n, X n_low, X d, X d_low) {
  const X y = near_reciprocal(d), q = n * y;
#ifdef CROTON_FMA
  return fma(fma(-q, d, n) + fma(-q, d_low, n_low), y, q);
#else
  return n / d + (n_low - q * d_low) * y;
#endif
}

#ifdef CROTON_AVX2
/// X's lanes over and over, in L lanes; or its first L.
template <int L, class X, int... I> CROTON_FN V<Element<X>, L> relaned(X x, indices<I...>) { return __builtin_shufflevector(x, x, (I % lanes<X>)...); }
template <int L, class X> CROTON_FN V<Element<X>, L> relaned(X x) { return relaned<L>(x, upto<L>()); }
#endif
#ifdef CROTON_AVX512
/// t[at[i] mod 32] for each lane.
CROTON_FN V<f32, 16> lookup(const f32 (&t)[32], V<i32, 16> at) {
  const V<f32, 16>* half = (const V<f32, 16>*)t;
  return __builtin_ia32_vpermt2varps512_mask(at, half[0], half[1], (u16)-1);
}
/// t[at[i] mod 16] for each lane.
CROTON_FN V<i32, 16> lookup(const i32 (&t)[16], V<i32, 16> at) {
  const V<i32, 16> x = *(const V<i32, 16>*)t;
  return __builtin_ia32_permvarsi512_mask(x, at, x, (u16)-1);
}
#elif defined(CROTON_AVX2)
/// t[at[i] mod 8] for each lane.
CROTON_FN V<i32, 8> lookup(const i32 (&t)[8], V<i32, 8> at) { return __builtin_ia32_permvarsi256(*(const V<i32, 8>*)t, at); }
#endif

/// a * b = high + low exactly, with FMA or by Veltkamp's splitting.
template <class X> struct Pair { X high, low; };
CROTON_PART Pair<X> product(X a, X b) {
  const X p = a * b;
#ifdef CROTON_FMA
  return {p, fma(a, b, -p)};
#else
  constexpr Element<X> c = single<X> ? 0x1.001p12 : 0x1.0000002p27;
  const X ta = c * a, ah = ta - (ta - a), al = a - ah, tb = c * b, bh = tb - (tb - b), bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}
/// a + b = high + low exactly, for |a| >= |b| or a = 0.
CROTON_PART Pair<X> sum_of(X a, X b) {
  const X s = a + b;
  return {s, (a - s) + b};
}

/// Whether any lane of a comparison holds, or of is_beyond.
#ifdef CROTON_LANES_ARE_THREADS
CROTON_FN b8 any_lane(b8 m) { return m; }
#else
template <class I> CROTON_FN b8 any_lane(I m) {
  if constexpr (is_scalar<I>) return m != 0;
#ifdef CROTON_AVX512
  else if constexpr (sizeof(I) == 64 && sizeof(Element<I>) == 4) return __builtin_ia32_cvtd2mask512(m) != 0;
  else if constexpr (sizeof(I) == 64) return __builtin_ia32_cvtq2mask512((V<long long, 8>)m) != 0;
#endif
#ifdef CROTON_AVX2
  else if constexpr (sizeof(I) == 32) return __builtin_ia32_movmskps256((V<f32, 8>)m) != 0;
#endif
  else if constexpr (sizeof(I) == 16) return __builtin_ia32_movmskps((V<f32, 4>)m) != 0;
  else {
    b8 any = false;
    for (int i = 0; i < lanes<I>; ++i) any |= m[i] != 0;
    return any;
  }
}
#endif
/// Where x <= limit does not hold: a comparison, or, where its lanes would have to be made of bits first, those bits.
CROTON_PART auto is_beyond(X x, X limit) {
#ifdef CROTON_AVX512
  if constexpr (sizeof(X) == 64 && single<X>) return __builtin_ia32_cmpps512_mask(x, limit, 6, (u16)-1, 4);
  else if constexpr (sizeof(X) == 64) return __builtin_ia32_cmppd512_mask(x, limit, 6, (u8)-1, 4);
  else
#endif
    return !(x <= limit);
}

/// A function of f32 lanes computed in f64 lanes, half a vector at a time.
#ifdef CROTON_LANES_ARE_THREADS
template <class X, class F, class... More> CROTON_FN X in_double(F f, X x, More... more) { return (X)f((f64)x, (f64)more...); }
#else
template <class X, class F, class... More> CROTON_FN X in_double(F f, X x, More... more) {
  typedef With<X, f64> D;
  if constexpr (sizeof(D) <= CROTON_VECTOR_BYTES) {
    return converted<X>(f(converted<D>(x), converted<D>(more)...));
  } else {
    constexpr int half = lanes<X> / 2;
    return joined(in_double(f, some_lanes<0>(x, upto<half>()), some_lanes<0>(more, upto<half>())...),
                  in_double(f, some_lanes<half>(x, upto<half>()), some_lanes<half>(more, upto<half>())...), upto<lanes<X>>());
  }
}
#endif

}  // namespace
