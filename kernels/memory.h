// Loads and stores: whole vectors at any address, the first n lanes without touching what lies beyond, strides, streaming.
namespace {

template <class T> struct __attribute__((packed)) loose { T v; };

/// Of indices: a >= 0, b > 0.
CROTON_FN i64 index_quotient(i64 a, i64 b) { return a / b; }
CROTON_FN i64 index_remainder(i64 a, i64 b) { return a % b; }

template <class T> CROTON_FN T load(const T* p) { return *p; }
template <class T> CROTON_FN void store(T* p, T x) { *p = x; }

/// A bool in memory is a byte 0 or 1; f16 and bf16 are their bits.
template <class T> struct stored { typedef T type; };
template <> struct stored<b8> { typedef u8 type; };
template <> struct stored<f16> { typedef u16 type; };
template <> struct stored<bf16> { typedef u16 type; };
template <class T> using Stored = typename stored<T>::type;

template <class T, int L> CROTON_FN V<T, L> from_stored(V<Stored<T>, L> s) {
  if constexpr (same<T, b8>) {
    if constexpr (sizeof(MaskInt<L>) == 1) return as_mask<L>(s != 0);
    else return as_mask<L>(widened<V<MaskInt<L>, L>>(s) != 0);
  } else if constexpr (same<T, f16> || same<T, bf16>) return {s};
  else return s;
}
template <class X> CROTON_FN auto to_stored(X x) {
  if constexpr (same<Element<X>, b8>) return widened<With<X, u8>>(-x.m);
  else if constexpr (same<Element<X>, f16> || same<Element<X>, bf16>) return x.bits;
  else return x;
}

/// L elements at p (any alignment).
template <int L, class T> CROTON_FN V<T, L> load(const T* p) {
  return from_stored<T, L>(((const loose<V<Stored<T>, L>>*)p)->v);
}
template <class T, class X> requires(!is_scalar<X>) CROTON_FN void store(T* p, X x) {
  auto s = to_stored(x);
  ((loose<decltype(s)>*)p)->v = s;
}
/// The first n lanes past the caches, in pieces of at most so many bytes, which p is a multiple of and the n lanes fill.
/// (The processor gathers a line: with AVX-512 two halves are as fast as a whole vector, and fit rows of more lengths.)
template <int Piece, class T, class X> CROTON_FN void stream(T* p, X x, i64 n = lanes<X>) {
  if constexpr (sizeof(X) > Piece) {
    constexpr int half = lanes<X> / 2;
    stream<Piece>(p, some_lanes<0>(x, upto<half>()), n);
    if (n > half) stream<Piece>(p + half, some_lanes<half>(x, upto<half>()), n - half);
#ifdef __AVX__
  } else if constexpr (sizeof(X) == 32) {
    __builtin_ia32_movntps256((f32*)p, bits_as<V<f32, 8>>(x));
#endif
  } else if constexpr (sizeof(X) == 16) {
    __builtin_ia32_movntps((f32*)p, bits_as<V<f32, 4>>(x));
  } else {
    store(p, x);
  }
}
/// A whole vector, past the caches where `past` is the size of pieces, 32 or 16, not 0.
template <class T, class X> CROTON_FN void store_past(T* p, X x, i64 past) {
  if (past >= 32) stream<32>((Stored<T>*)p, to_stored(x));
  else if (past) stream<16>((Stored<T>*)p, to_stored(x));
  else store(p, x);
}
/// Brings the line of p into the second cache; any address will do.
CROTON_FN void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
/// Makes streamed stores visible to other threads; once at the end of a chunk.
CROTON_FN void stream_end() { __builtin_ia32_sfence(); }

CROTON_FN u64 low_bits(i64 n) { return n >= 64 ? ~(u64)0 : ((u64)1 << n) - 1; }

#ifdef __AVX512BW__
#define CROTON_MASKED(T, E, BYTES, FROM, TO, M)                                                                               \
  CROTON_FN V<T, BYTES / sizeof(T)> load_bits(const T* p, V<T, BYTES / sizeof(T)>, u64 k) {                                   \
    typedef V<E, BYTES / sizeof(E)> R;                                                                                        \
    return (V<T, BYTES / sizeof(T)>)FROM((const E*)p, R{}, (M)k);                                                             \
  }                                                                                                                           \
  CROTON_FN void store_bits(T* p, V<T, BYTES / sizeof(T)> x, u64 k) { TO((E*)p, (V<E, BYTES / sizeof(E)>)x, (M)k); }
typedef long long ill;
CROTON_MASKED(u8, char, 64, __builtin_ia32_loaddquqi512_mask, __builtin_ia32_storedquqi512_mask, u64)
CROTON_MASKED(u8, char, 32, __builtin_ia32_loaddquqi256_mask, __builtin_ia32_storedquqi256_mask, u32)
CROTON_MASKED(u8, char, 16, __builtin_ia32_loaddquqi128_mask, __builtin_ia32_storedquqi128_mask, u16)
CROTON_MASKED(u16, i16, 64, __builtin_ia32_loaddquhi512_mask, __builtin_ia32_storedquhi512_mask, u32)
CROTON_MASKED(u16, i16, 32, __builtin_ia32_loaddquhi256_mask, __builtin_ia32_storedquhi256_mask, u16)
CROTON_MASKED(u16, i16, 16, __builtin_ia32_loaddquhi128_mask, __builtin_ia32_storedquhi128_mask, u8)
CROTON_MASKED(u32, i32, 64, __builtin_ia32_loaddqusi512_mask, __builtin_ia32_storedqusi512_mask, u16)
CROTON_MASKED(u32, i32, 32, __builtin_ia32_loaddqusi256_mask, __builtin_ia32_storedqusi256_mask, u8)
CROTON_MASKED(u32, i32, 16, __builtin_ia32_loaddqusi128_mask, __builtin_ia32_storedqusi128_mask, u8)
CROTON_MASKED(u64, ill, 64, __builtin_ia32_loaddqudi512_mask, __builtin_ia32_storedqudi512_mask, u8)
CROTON_MASKED(u64, ill, 32, __builtin_ia32_loaddqudi256_mask, __builtin_ia32_storedqudi256_mask, u8)
CROTON_MASKED(u64, ill, 16, __builtin_ia32_loaddqudi128_mask, __builtin_ia32_storedqudi128_mask, u8)
#elif defined(__AVX2__)
template <class M, int L> CROTON_FN V<M, L> lane_masks(u64 n) { return (V<M, L>)(iota<M, L>() < (M)n); }
CROTON_FN V<u32, 8> load_first(const u32* p, V<u32, 8>, i64 n) { return (V<u32, 8>)__builtin_ia32_maskloadd256((const V<i32, 8>*)p, lane_masks<i32, 8>(n)); }
CROTON_FN V<u32, 4> load_first(const u32* p, V<u32, 4>, i64 n) { return (V<u32, 4>)__builtin_ia32_maskloadd((const V<i32, 4>*)p, lane_masks<i32, 4>(n)); }
CROTON_FN void store_first(u32* p, V<u32, 8> x, i64 n) { __builtin_ia32_maskstored256((V<i32, 8>*)p, lane_masks<i32, 8>(n), (V<i32, 8>)x); }
CROTON_FN void store_first(u32* p, V<u32, 4> x, i64 n) { __builtin_ia32_maskstored((V<i32, 4>*)p, lane_masks<i32, 4>(n), (V<i32, 4>)x); }
CROTON_FN V<u64, 4> load_first(const u64* p, V<u64, 4>, i64 n) {
  typedef V<long long, 4> Q;
  return (V<u64, 4>)__builtin_ia32_maskloadq256((const Q*)p, (Q)lane_masks<i64, 4>(n));
}
CROTON_FN void store_first(u64* p, V<u64, 4> x, i64 n) {
  typedef V<long long, 4> Q;
  __builtin_ia32_maskstoreq256((Q*)p, (Q)lane_masks<i64, 4>(n), (Q)x);
}
#endif
template <class T, class X> CROTON_FN X load_first(const T* p, X, i64 n) {
  X r{};
  for (int i = 0; i < lanes<X>; ++i)
    if (i < n) r[i] = p[i];
  return r;
}
template <class T, class X> CROTON_FN void store_first(T* p, X x, i64 n) {
  for (int i = 0; i < lanes<X>; ++i)
    if (i < n) p[i] = x[i];
}

/// The first n lanes (0 <= n <= L) from p, the others 0; memory beyond is not touched.
template <int L, class T> CROTON_FN V<T, L> load_n(const T* p, i64 n) {
  typedef V<Stored<T>, L> S;
  typedef NatsOf<S> U;
#ifdef __AVX512BW__
  return from_stored<T, L>((S)unpadded<U>(load_bits((const Element<U>*)p, Padded<U>{}, low_bits(n))));
#else
  return from_stored<T, L>((S)load_first((const Element<U>*)p, U{}, n));
#endif
}
template <class T, class X> CROTON_FN void store_n(T* p, X x, i64 n) {
  auto s = to_stored(x);
  typedef NatsOf<decltype(s)> U;
#ifdef __AVX512BW__
  store_bits((Element<U>*)p, padded((U)s), low_bits(n));
#else
  store_first((Element<U>*)p, (U)s, n);
#endif
}
/// The first n lanes; past the caches where they fill such pieces.
template <class T, class X> CROTON_FN void store_n_past(T* p, X x, i64 n, i64 past) {
  if (past == 0 || (n * (i64)sizeof(T) & (past - 1)) != 0) store_n(p, x, n);
  else if (past >= 32) stream<32>((Stored<T>*)p, to_stored(x), n);
  else stream<16>((Stored<T>*)p, to_stored(x), n);
}

template <class T, int L, int... I> CROTON_FN V<Stored<T>, L> gather_lanes(const Stored<T>* p, i64 stride, indices<I...>) {
  return V<Stored<T>, L>{p[I * stride]...};
}
template <class X, int... I> CROTON_FN X backwards(X x, indices<I...>) { return __builtin_shufflevector(x, x, (lanes<X> - 1 - I)...); }
/// p[0], p[stride], p[2 stride], ... What is turned round is read as a whole.
template <int L, class T> CROTON_FN V<T, L> gather(const T* p, i64 stride) {
  if (stride == -1) return from_stored<T, L>(backwards(((const loose<V<Stored<T>, L>>*)(p - (L - 1)))->v, upto<L>()));
  return from_stored<T, L>(gather_lanes<T, L>((const Stored<T>*)p, stride, upto<L>()));
}
template <class T, int L, int... I>
CROTON_FN V<Stored<T>, L> gather_first_lanes(const Stored<T>* p, i64 stride, i64 n, indices<I...>) {
  return V<Stored<T>, L>{p[(I < n ? I : n - 1) * stride]...};
}
/// The same for the first n lanes, n >= 1; the others repeat the last.
template <int L, class T> CROTON_SLOW V<T, L> gather_n(const T* p, i64 stride, i64 n) {
  return from_stored<T, L>(gather_first_lanes<T, L>((const Stored<T>*)p, stride, n, upto<L>()));
}
/// p[at[i]]
template <class T, class I, int... K> CROTON_FN V<T, lanes<I>> gather_listed(const T* p, I at, indices<K...>) {
  return from_stored<T, lanes<I>>(V<Stored<T>, lanes<I>>{((const Stored<T>*)p)[at[K]]...});
}
template <class T, class I> CROTON_FN V<T, lanes<I>> gather_at(const T* p, I at) { return gather_listed(p, at, upto<lanes<I>>()); }
template <class T, class X, int... K> CROTON_FN void scatter_lanes(T* p, i64 stride, X s, indices<K...>) { ((p[K * stride] = s[K]), ...); }
template <class T, class X> CROTON_FN void scatter(T* p, i64 stride, X x) { scatter_lanes((Stored<T>*)p, stride, to_stored(x), upto<lanes<X>>()); }
/// The first n lanes.
template <class T, class X> CROTON_SLOW void scatter_n(T* p, i64 stride, X x, i64 n) {
  Stored<T> s[lanes<X>];
  store((T*)s, x);
  _Pragma("GCC unroll 1") for (i64 i = 0; i < n; ++i) ((Stored<T>*)p)[i * stride] = s[i];
}
/// The scalars x, y, ... in the first lanes, 0 in the others.
template <int L, class T, class... R> CROTON_FN V<T, L> pack(T x, R... more) {
  if constexpr (same<T, b8>) return {V<MaskInt<L>, L>{(MaskInt<L>)-(int)x, (MaskInt<L>)-(int)more...}};
  else if constexpr (same<T, f16> || same<T, bf16>) return {V<u16, L>{x.bits, more.bits...}};
  else return V<T, L>{x, more...};
}
/// Lane i as a scalar.
template <class X> CROTON_FN Element<X> lane(X x, int i) {
  if constexpr (same<Element<X>, b8>) return x.m[i] != 0;
  else if constexpr (same<Element<X>, f16> || same<Element<X>, bf16>) return {x.bits[i]};
  else return x[i];
}

}  // namespace
