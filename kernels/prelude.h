// The C++ dialect's words: types, lanes, comparisons, arithmetic. Generated code begins with this text; it includes nothing.
// The printer defines CROTON_VECTOR_BYTES (64, 32 or 16) before it. Every function takes scalars or vectors alike:
// V<T, L> holds L lanes of T; V<b8, L> is a mask. Integers wrap; comparisons with NaN are false (ne: true).
typedef float f32;
typedef double f64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef bool b8;
#define CROTON_FN inline __attribute__((always_inline))
#define CROTON_SLOW __attribute__((noinline))  // too large to be worth a copy in each place
#define CROTON_SELDOM CROTON_SLOW __attribute__((cold))  // called for few inputs
#define CROTON_TABLE constexpr
#ifdef __FMA__
#define CROTON_FMA
#endif
#ifndef CROTON_EXACT  // math=exact: no tables and estimates that only one machine has
#ifdef __AVX2__
#define CROTON_AVX2
#endif
#if defined(__AVX512VL__) && defined(__AVX512DQ__)
#define CROTON_AVX512
#endif
#endif

namespace {

struct f16 { u16 bits; };   // stored only: arithmetic is in f32, see cast
struct bf16 { u16 bits; };

// --- types of lanes -------------------------------------------------------------------------------------------------
template <int Bytes> struct int_of_bytes;
template <> struct int_of_bytes<1> { typedef i8 type; typedef u8 natural; };
template <> struct int_of_bytes<2> { typedef i16 type; typedef u16 natural; };
template <> struct int_of_bytes<4> { typedef i32 type; typedef u32 natural; };
template <> struct int_of_bytes<8> { typedef i64 type; typedef u64 natural; };
template <int Bytes> using Int = typename int_of_bytes<Bytes>::type;
template <int Bytes> using Nat = typename int_of_bytes<Bytes>::natural;

template <class T, int N> struct vec { typedef T type __attribute__((vector_size(sizeof(T) * N))); };
template <class T, int N> using V = typename vec<T, N>::type;

constexpr int clamped(int x, int low, int high) { return x < low ? low : x > high ? high : x; }
// A mask's lanes are as wide as the kernel's widest element, so that comparing and selecting those costs no conversion.
template <int N> using MaskInt = Int<clamped(CROTON_VECTOR_BYTES / N, 1, 8)>;
template <int N> struct Mask { V<MaskInt<N>, N> m; };  // 0 or -1
template <class H, int N> struct Halves { V<u16, N> bits; };
template <int N> struct vec<b8, N> { typedef Mask<N> type; };
template <int N> struct vec<f16, N> { typedef Halves<f16, N> type; };
template <int N> struct vec<bf16, N> { typedef Halves<bf16, N> type; };

template <class T> struct bare { typedef T type; };
template <class T> struct bare<T&> { typedef T type; };
template <class T> struct bare<const T&> { typedef T type; };
template <class A, class B> constexpr bool same = false;
template <class A> constexpr bool same<A, A> = true;

template <class X> struct lanes_of {
  typedef typename bare<decltype((*(X*)0)[0])>::type element;
  static constexpr int count = sizeof(X) / sizeof(element);
  static constexpr bool scalar = false;
};
#define CROTON_SCALAR(T) \
  template <> struct lanes_of<T> { typedef T element; static constexpr int count = 1; static constexpr bool scalar = true; };
CROTON_SCALAR(f32) CROTON_SCALAR(f64) CROTON_SCALAR(i8) CROTON_SCALAR(i16) CROTON_SCALAR(i32) CROTON_SCALAR(i64)
CROTON_SCALAR(u8) CROTON_SCALAR(u16) CROTON_SCALAR(u32) CROTON_SCALAR(u64) CROTON_SCALAR(b8) CROTON_SCALAR(f16) CROTON_SCALAR(bf16)
CROTON_SCALAR(long long) CROTON_SCALAR(unsigned long long)
template <int N> struct lanes_of<Mask<N>> { typedef b8 element; static constexpr int count = N; static constexpr bool scalar = false; };
template <class H, int N> struct lanes_of<Halves<H, N>> { typedef H element; static constexpr int count = N; static constexpr bool scalar = false; };

template <class X> using Element = typename lanes_of<X>::element;
template <class X> constexpr int lanes = lanes_of<X>::count;
template <class X> constexpr bool is_scalar = lanes_of<X>::scalar;
template <class T> constexpr bool is_floating = same<T, f32> || same<T, f64>;
template <class T> constexpr bool is_signed = (T)-1 < (T)0;
template <class X, class T, bool Scalar = is_scalar<X>> struct rebind { typedef V<T, lanes<X>> type; };
template <class X, class T> struct rebind<X, T, true> { typedef T type; };
/// X's shape with elements of T.
template <class X, class T> using With = typename rebind<X, T>::type;
template <class X> using IntsOf = With<X, Int<sizeof(Element<X>)>>;
template <class X> using NatsOf = With<X, Nat<sizeof(Element<X>)>>;
template <class X> using BoolsOf = With<X, b8>;

template <int... I> struct indices {};
template <int N> using upto = indices<__integer_pack(N)...>;

template <class To, class From> CROTON_FN To bits_as(From x) { return __builtin_bit_cast(To, x); }
template <class X> CROTON_FN IntsOf<X> int_bits(X x) { return bits_as<IntsOf<X>>(x); }

constexpr f64 infinite = __builtin_inf(), not_a_number = __builtin_nan("");
/// So many lanes as there are indices, from lane From on.
template <int From, class X, int... I> CROTON_FN auto some_lanes(X x, indices<I...>) { return __builtin_shufflevector(x, x, (From + I)...); }
template <class X, int... I> CROTON_FN auto joined(X a, X b, indices<I...>) { return __builtin_shufflevector(a, b, I...); }
template <class To, class X> CROTON_FN To converted(X x) {
  if constexpr (sizeof(To) > 64) {  // g++ 12 crashes over two vectors of AVX-512 without -O
    constexpr int half = lanes<X> / 2;
    typedef V<Element<To>, half> Half;
    return joined(converted<Half>(some_lanes<0>(x, upto<half>())), converted<Half>(some_lanes<half>(x, upto<half>())), upto<lanes<X>>());
  } else {
    return __builtin_convertvector(x, To);
  }
}
CROTON_FN int leading_zeros(u64 x) { return __builtin_clzl(x); }  // x != 0
CROTON_FN u64 high_product(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }

/// All lanes x.
template <class R, class T, int... I> CROTON_FN R splat_lanes(T x, indices<I...>) { return R{((void)I, x)...}; }
template <int L, class T> CROTON_FN V<T, L> splat(T x) {
  if constexpr (same<T, b8>) return {splat_lanes<V<MaskInt<L>, L>>((MaskInt<L>)-(int)x, upto<L>())};
  else if constexpr (same<T, f16> || same<T, bf16>) return {splat_lanes<V<u16, L>>(x.bits, upto<L>())};
  else return splat_lanes<V<T, L>>(x, upto<L>());
}
/// The number c in X's shape: all<X>(0.5).
template <class X, class C> CROTON_FN X all(C c) {
  if constexpr (is_scalar<X>) return (X)c;
  else return splat<lanes<X>>((Element<X>)c);
}
template <class R, int... I> CROTON_FN R count_lanes(indices<I...>) { return R{(Element<R>)I...}; }
/// 0, 1, 2, ...
template <class T, int L> CROTON_FN V<T, L> iota() { return count_lanes<V<T, L>>(upto<L>()); }
/// Which of L lanes that count up from `first` has v; -1 where v is before them, L where it is behind.
template <int L> CROTON_FN i32 place_in_lanes(i64 v, i64 first) {
  const i64 place = v < first ? -1 : v - first;
  return (i32)(place < L ? place : L);
}

// --- masks and choices ----------------------------------------------------------------------------------------------
template <int N, class I> CROTON_FN Mask<N> as_mask(I m) {
  if constexpr (sizeof(Element<I>) == sizeof(MaskInt<N>)) return {(V<MaskInt<N>, N>)m};
  else return {__builtin_convertvector(m, V<MaskInt<N>, N>)};
}
template <class X, int N> CROTON_FN IntsOf<X> lanes_of_mask(Mask<N> c) {
  if constexpr (sizeof(Element<X>) == sizeof(MaskInt<N>)) return c.m;
  else return __builtin_convertvector(c.m, IntsOf<X>);
}
/// c ? a : b, lane by lane; both are computed.
template <class X> CROTON_FN X select(b8 c, X a, X b) { return c ? a : b; }
template <int N, class X> CROTON_FN X select(Mask<N> c, X a, X b) {
  if constexpr (same<X, Mask<N>>) return {(c.m & a.m) | (~c.m & b.m)};
  else if constexpr (same<Element<X>, f16> || same<Element<X>, bf16>) return {select(c, a.bits, b.bits)};
  else return lanes_of_mask<X>(c) ? a : b;
}
#define CROTON_COMPARE(NAME, OP, MASK_OP)                                            \
  template <class X> CROTON_FN BoolsOf<X> NAME(X a, X b) {                           \
    if constexpr (is_scalar<X>) return a OP b;                                       \
    else return as_mask<lanes<X>>(a OP b);                                           \
  }                                                                                  \
  template <int N> CROTON_FN Mask<N> NAME(Mask<N> a, Mask<N> b) { return {a.m MASK_OP b.m}; }
CROTON_COMPARE(lt, <, >)  // a true mask is -1
CROTON_COMPARE(le, <=, >=)
CROTON_COMPARE(gt, >, <)
CROTON_COMPARE(ge, >=, <=)
CROTON_COMPARE(eq, ==, ==)
CROTON_COMPARE(ne, !=, !=)

template <class X> CROTON_FN X and_(X a, X b) { return (X)(a & b); }
template <class X> CROTON_FN X or_(X a, X b) { return (X)(a | b); }
template <class X> CROTON_FN X xor_(X a, X b) { return (X)(a ^ b); }
template <class X> CROTON_FN X not_(X a) { return (X)~a; }
CROTON_FN b8 not_(b8 a) { return !a; }
template <int N> CROTON_FN Mask<N> and_(Mask<N> a, Mask<N> b) { return {a.m & b.m}; }
template <int N> CROTON_FN Mask<N> or_(Mask<N> a, Mask<N> b) { return {a.m | b.m}; }
template <int N> CROTON_FN Mask<N> xor_(Mask<N> a, Mask<N> b) { return {a.m ^ b.m}; }
template <int N> CROTON_FN Mask<N> not_(Mask<N> a) { return {~a.m}; }
template <class X> CROTON_FN X logical_and(X a, X b) { return and_(a, b); }
template <class X> CROTON_FN X logical_or(X a, X b) { return or_(a, b); }
template <class X> CROTON_FN X logical_xor(X a, X b) { return xor_(a, b); }
template <class X> CROTON_FN X logical_not(X a) { return not_(a); }
/// The first n lanes, n in [0, L].
template <int L> CROTON_FN Mask<L> first_lanes(i64 n) { return {(V<MaskInt<L>, L>)(iota<MaskInt<L>, L>() < (MaskInt<L>)n)}; }

// --- arithmetic -----------------------------------------------------------------------------------------------------
template <class X> CROTON_FN X add(X a, X b) { return (X)(a + b); }
template <class X> CROTON_FN X sub(X a, X b) { return (X)(a - b); }
template <class X> CROTON_FN X mul(X a, X b) { return (X)(a * b); }
template <class X> CROTON_FN X div(X a, X b) { return (X)(a / b); }  // floats only
template <class X> CROTON_FN X neg(X a) { return (X)-a; }
template <class X> CROTON_FN X square(X a) { return (X)(a * a); }
template <class X> CROTON_FN X reciprocal(X a) { return (X)1 / a; }
template <class X> requires(!is_scalar<X>) CROTON_FN X reciprocal(X a) { return 1 / a; }

/// Runs a target's builtin on a vector of at least 16 bytes; a shorter one rides in a 16-byte register.
template <class X> using Padded = V<Element<X>, (sizeof(X) < 16 ? 16 / sizeof(Element<X>) : lanes<X>)>;
template <class X> CROTON_FN Padded<X> padded(X x) {
  if constexpr (sizeof(X) >= 16) return x;
  else { struct { X low; char rest[16 - sizeof(X)]; } p = {x, {}}; return __builtin_bit_cast(Padded<X>, p); }
}
template <class X> CROTON_FN X unpadded(Padded<X> x) {
  if constexpr (sizeof(X) >= 16) return x;
  else { struct P { X low; char rest[16 - sizeof(X)]; }; return __builtin_bit_cast(P, x).low; }
}

#ifdef __FMA__
CROTON_FN V<f32, 4> fma_lanes(V<f32, 4> a, V<f32, 4> b, V<f32, 4> c) { return __builtin_ia32_vfmaddps(a, b, c); }
CROTON_FN V<f64, 2> fma_lanes(V<f64, 2> a, V<f64, 2> b, V<f64, 2> c) { return __builtin_ia32_vfmaddpd(a, b, c); }
CROTON_FN V<f32, 8> fma_lanes(V<f32, 8> a, V<f32, 8> b, V<f32, 8> c) { return __builtin_ia32_vfmaddps256(a, b, c); }
CROTON_FN V<f64, 4> fma_lanes(V<f64, 4> a, V<f64, 4> b, V<f64, 4> c) { return __builtin_ia32_vfmaddpd256(a, b, c); }
#ifdef __AVX512F__
CROTON_FN V<f32, 16> fma_lanes(V<f32, 16> a, V<f32, 16> b, V<f32, 16> c) { return __builtin_ia32_vfmaddps512_mask(a, b, c, (u16)-1, 4); }
CROTON_FN V<f64, 8> fma_lanes(V<f64, 8> a, V<f64, 8> b, V<f64, 8> c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, (u8)-1, 4); }
#endif
#endif
/// a * b + c: rounded once where the target has FMA, twice elsewhere.
template <class X> CROTON_FN X fma(X a, X b, X c) {
#ifdef __FMA__
  if constexpr (same<X, f32>) return __builtin_fmaf(a, b, c);
  else if constexpr (same<X, f64>) return __builtin_fma(a, b, c);
  else if constexpr (is_floating<Element<X>>) return unpadded<X>(fma_lanes(padded(a), padded(b), padded(c)));
  else return (X)(a * b + c);
#else
  return (X)(a * b + c);
#endif
}

template <class X> CROTON_FN X abs(X x) {
  if constexpr (is_floating<Element<X>>) return bits_as<X>((IntsOf<X>)(int_bits(x) & (Int<sizeof(Element<X>)>)(~(u64)0 >> (65 - 8 * sizeof(Element<X>)))));
  else if constexpr (!is_signed<Element<X>>) return x;
  else if constexpr (is_scalar<X>) return (X)(x < 0 ? -x : x);
  else return x < 0 ? -x : x;
}
template <class X> CROTON_FN IntsOf<X> sign_bit(X x) { return int_bits(x) & (Int<sizeof(Element<X>)>)((u64)1 << (8 * sizeof(Element<X>) - 1)); }
/// |a| with b's sign.
template <class X> CROTON_FN X copysign(X a, X b) { return bits_as<X>((IntsOf<X>)(int_bits(abs(a)) | sign_bit(b))); }
template <class X> CROTON_FN BoolsOf<X> isnan(X x) { return ne(x, x); }
template <class X> CROTON_FN BoolsOf<X> isinf(X x) { return eq(abs(x), all<X>(infinite)); }
template <class X> CROTON_FN BoolsOf<X> isfinite(X x) { return lt(abs(x), all<X>(infinite)); }
/// -1, 0 or 1; NaN stays.
template <class X> CROTON_FN X sign(X x) {
  const X zero = all<X>(0), one = all<X>(1);
  if constexpr (!is_signed<Element<X>>) return select(gt(x, zero), one, zero);
  else {
    const X s = select(gt(x, zero), one, select(lt(x, zero), all<X>(-1), zero));
    if constexpr (is_floating<Element<X>>) return select(eq(x, x), s, x);
    else return s;
  }
}
/// x < 0 ? 0 : x, so that NaN and -0 stay.
template <class X> CROTON_FN X relu(X x) { return select(lt(x, all<X>(0)), all<X>(0), x); }

// The machine's own: a > b ? a : b and a < b ? a : b, thus b where they are equal or unordered.
#define CROTON_MACHINE(NAME, TO)                                                                       \
  CROTON_FN V<f32, 4> NAME##_lanes(V<f32, 4> a, V<f32, 4> b) { return __builtin_ia32_##TO##ps(a, b); } \
  CROTON_FN V<f64, 2> NAME##_lanes(V<f64, 2> a, V<f64, 2> b) { return __builtin_ia32_##TO##pd(a, b); }
#define CROTON_MACHINE_AVX(NAME, TO)                                                                     \
  CROTON_FN V<f32, 8> NAME##_lanes(V<f32, 8> a, V<f32, 8> b) { return __builtin_ia32_##TO##ps256(a, b); } \
  CROTON_FN V<f64, 4> NAME##_lanes(V<f64, 4> a, V<f64, 4> b) { return __builtin_ia32_##TO##pd256(a, b); }
#define CROTON_MACHINE_AVX512(NAME, TO)                                                                                         \
  CROTON_FN V<f32, 16> NAME##_lanes(V<f32, 16> a, V<f32, 16> b) { return __builtin_ia32_##TO##ps512_mask(a, b, a, (u16)-1, 4); } \
  CROTON_FN V<f64, 8> NAME##_lanes(V<f64, 8> a, V<f64, 8> b) { return __builtin_ia32_##TO##pd512_mask(a, b, a, (u8)-1, 4); }
CROTON_MACHINE(greater, max)
CROTON_MACHINE(lesser, min)
#ifdef __AVX__
CROTON_MACHINE_AVX(greater, max)
CROTON_MACHINE_AVX(lesser, min)
#endif
#ifdef __AVX512F__
CROTON_MACHINE_AVX512(greater, max)
CROTON_MACHINE_AVX512(lesser, min)
#endif
template <class X> CROTON_FN X greater(X a, X b) {
  if constexpr (is_scalar<X> || !is_floating<Element<X>>) return a > b ? a : b;
  else return unpadded<X>(greater_lanes(padded(a), padded(b)));
}
template <class X> CROTON_FN X lesser(X a, X b) {
  if constexpr (is_scalar<X> || !is_floating<Element<X>>) return a < b ? a : b;
  else return unpadded<X>(lesser_lanes(padded(a), padded(b)));
}
/// Greater and lesser of two; a NaN operand gives NaN, and 0 is greater than -0.
template <class X> CROTON_FN X max(X a, X b) {
  if constexpr (is_floating<Element<X>>) {  // of equal operands the bits agree but for zeros
    const X r = bits_as<X>((IntsOf<X>)(int_bits(greater(a, b)) & int_bits(greater(b, a))));
    return (a != a) | (b != b) ? a + b : r;
  } else return a > b ? a : b;
}
template <class X> CROTON_FN X min(X a, X b) {
  if constexpr (is_floating<Element<X>>) {
    const X r = bits_as<X>((IntsOf<X>)(int_bits(lesser(a, b)) | int_bits(lesser(b, a))));
    return (a != a) | (b != b) ? a + b : r;
  } else return a < b ? a : b;
}
CROTON_FN b8 max(b8 a, b8 b) { return a | b; }
CROTON_FN b8 min(b8 a, b8 b) { return a & b; }
template <int N> CROTON_FN Mask<N> max(Mask<N> a, Mask<N> b) { return {a.m | b.m}; }
template <int N> CROTON_FN Mask<N> min(Mask<N> a, Mask<N> b) { return {a.m & b.m}; }

CROTON_FN V<f32, 4> sqrt_lanes(V<f32, 4> x) { return __builtin_ia32_sqrtps(x); }
CROTON_FN V<f64, 2> sqrt_lanes(V<f64, 2> x) { return __builtin_ia32_sqrtpd(x); }
#ifdef __AVX__
CROTON_FN V<f32, 8> sqrt_lanes(V<f32, 8> x) { return __builtin_ia32_sqrtps256(x); }
CROTON_FN V<f64, 4> sqrt_lanes(V<f64, 4> x) { return __builtin_ia32_sqrtpd256(x); }
#endif
#ifdef __AVX512F__
CROTON_FN V<f32, 16> sqrt_lanes(V<f32, 16> x) { return __builtin_ia32_sqrtps512_mask(x, x, (u16)-1, 4); }
CROTON_FN V<f64, 8> sqrt_lanes(V<f64, 8> x) { return __builtin_ia32_sqrtpd512_mask(x, x, (u8)-1, 4); }
#endif
template <class X> CROTON_FN X sqrt(X x) {
  if constexpr (same<X, f32>) return __builtin_sqrtf(x);
  else if constexpr (same<X, f64>) return __builtin_sqrt(x);
  else return unpadded<X>(sqrt_lanes(padded(x)));
}

// Rounding to whole numbers: mode 0 nearest (ties to even), 1 down, 2 up, 3 towards 0.
#ifdef __SSE4_1__
template <int M> CROTON_FN V<f32, 4> round_lanes(V<f32, 4> x) { return __builtin_ia32_roundps(x, M | 8); }
template <int M> CROTON_FN V<f64, 2> round_lanes(V<f64, 2> x) { return __builtin_ia32_roundpd(x, M | 8); }
#endif
#ifdef __AVX__
template <int M> CROTON_FN V<f32, 8> round_lanes(V<f32, 8> x) { return __builtin_ia32_roundps256(x, M | 8); }
template <int M> CROTON_FN V<f64, 4> round_lanes(V<f64, 4> x) { return __builtin_ia32_roundpd256(x, M | 8); }
#endif
#ifdef __AVX512F__
template <int M> CROTON_FN V<f32, 16> round_lanes(V<f32, 16> x) { return __builtin_ia32_rndscaleps_mask(x, M | 8, x, (u16)-1, 4); }
template <int M> CROTON_FN V<f64, 8> round_lanes(V<f64, 8> x) { return __builtin_ia32_rndscalepd_mask(x, M | 8, x, (u8)-1, 4); }
#endif
template <int M, class X> CROTON_FN X rounded(X x) {
#ifdef __SSE4_1__
  if constexpr (is_scalar<X>) return round_lanes<M>(V<X, 16 / sizeof(X)>{x})[0];
  else return unpadded<X>(round_lanes<M>(padded(x)));
#else
  const X big = all<X>(sizeof(Element<X>) == 4 ? 0x1p23 : 0x1p52), a = abs(x), nearest = (a + big) - big;
  X r = copysign(select(lt(a, big), nearest, a), x);
  const X one = all<X>(1), zero = all<X>(0);
  if constexpr (M == 1) r = r - select(gt(r, x), one, zero);
  if constexpr (M == 2) r = r + select(lt(r, x), one, zero);
  if constexpr (M == 3) r = copysign(abs(r) - select(gt(abs(r), a), one, zero), x);
  return select(isnan(x), x, copysign(r, x));
#endif
}
template <class X> CROTON_FN X rint(X x) { return rounded<0>(x); }
template <class X> CROTON_FN X floor(X x) { return rounded<1>(x); }
template <class X> CROTON_FN X ceil(X x) { return rounded<2>(x); }
template <class X> CROTON_FN X trunc(X x) { return rounded<3>(x); }

}  // namespace
