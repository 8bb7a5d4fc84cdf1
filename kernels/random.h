// Philox 2x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
// (SC11). A word is a block of two numbers of 32 bits, the first one low.
namespace {

#ifdef CROTON_LANES_ARE_THREADS
/// The product of the low halves, whole; and the halves in the other order.
CROTON_FN u64 product_of_halves(u64 a, u64 b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }
CROTON_FN u64 swapped_halves(u64 x) { return x << 32 | x >> 32; }
#else
CROTON_FN V<long long, 2> halves_multiplied(V<i32, 4> a, V<i32, 4> b) { return __builtin_ia32_pmuludq128(a, b); }
#ifdef __AVX2__
CROTON_FN V<long long, 4> halves_multiplied(V<i32, 8> a, V<i32, 8> b) { return __builtin_ia32_pmuludq256(a, b); }
#endif
#ifdef __AVX512F__
CROTON_FN V<long long, 8> halves_multiplied(V<i32, 16> a, V<i32, 16> b) { return __builtin_ia32_pmuludq512_mask(a, b, V<long long, 8>{}, (u8)-1); }
#endif
/// The product of the low halves, whole.
template <class X> CROTON_FN X product_of_halves(X a, X b) {
  if constexpr (is_scalar<X>) return (a & 0xffffffffu) * (b & 0xffffffffu);
  else {
    typedef V<i32, sizeof(Padded<X>) / sizeof(i32)> Whole;
    return unpadded<X>((Padded<X>)halves_multiplied((Whole)padded(a), (Whole)padded(b)));
  }
}
template <class X, int... I> CROTON_FN X swapped_halves(X x, indices<I...>) {
  typedef V<u32, 2 * lanes<X>> Halves;
  return (X)__builtin_shufflevector((Halves)x, (Halves)x, (I ^ 1)...);
}
template <class X> CROTON_FN X swapped_halves(X x) {
  if constexpr (is_scalar<X>) return x << 32 | x >> 32;
  else return swapped_halves(x, upto<2 * lanes<X>>());
}
#endif

/// The block of that number, under the low half of key.
template <class X> CROTON_FN X philox(X block, X key) {
  for (int round = 0; round < 10; ++round) {
    block = swapped_halves(product_of_halves(block, all<X>(0xd256d193u))) ^ (block >> 32) ^ (key & all<X>(0xffffffffu));
    key = key + all<X>(0x9e3779b9u);
  }
  return block;
}
#ifdef CROTON_LANES_ARE_THREADS
CROTON_CALL_OF_2(philox)
#endif

}  // namespace
