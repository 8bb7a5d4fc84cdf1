// Folds across the lanes of one vector, always by the same tree: lane i with lane i + L/2, then half of that, ...
namespace {

/// The greater (lesser) of what was folded so far and one more: NaN once there is one; of equal ones the first.
template <class X> CROTON_FN X running_max(X so_far, X x) {
  if constexpr (is_floating<Element<X>>) return select(isnan(x), x, greater(x, so_far));
  else return max(so_far, x);
}
template <class X> CROTON_FN X running_min(X so_far, X x) {
  if constexpr (is_floating<Element<X>>) return select(isnan(x), x, lesser(x, so_far));
  else return min(so_far, x);
}

// Lane I is brought to lane I - By of the same width of vector: half a register is no faster, and some go through memory.
template <int By, class X, int... I> CROTON_FN X lanes_down(X x, indices<I...>) { return __builtin_shufflevector(x, x, ((I + By) % lanes<X>)...); }
/// NAME_of_first<N>: the first N lanes folded.
#define CROTON_FOLD(NAME, OP)                                                                                      \
  template <int N, class X> CROTON_FN Element<X> NAME##_of_first(X x) {                                            \
    if constexpr (N == 1) return x[0];                                                                             \
    else return NAME##_of_first<N / 2>(OP(x, lanes_down<N / 2>(x, upto<lanes<X>>())));                              \
  }                                                                                                                \
  template <class X> CROTON_FN Element<X> NAME(X x) {                                                              \
    constexpr int half = lanes<X> / 2;                                                                             \
    if constexpr (sizeof(X) > 16) return NAME(OP(some_lanes<0>(x, upto<half>()), some_lanes<half>(x, upto<half>()))); \
    else return NAME##_of_first<lanes<X>>(x);                                                                      \
  }

CROTON_FOLD(hsum, add)
CROTON_FOLD(hprod, mul)
CROTON_FOLD(hmax, running_max)
CROTON_FOLD(hmin, running_min)
CROTON_FOLD(hor, or_)
CROTON_FOLD(hand, and_)
// Many vectors are folded in fewer steps: where half of a vector is done with, half of another one takes its place. Blocks of W
// lanes, of a row each, become W / 2; the shuffles stay within 16 bytes where they can.
template <class X> constexpr int piece = clamped(16 / sizeof(Element<X>), 1, lanes<X>);
template <class X, int W> constexpr int segment = W > piece<X> ? lanes<X> : piece<X>;
template <class X> constexpr int row_of_leaf(int leaf) {
  int block = 0;
  for (int w = lanes<X>; w > 1; w /= 2, leaf /= 2) {
    const int m = (w > piece<X> ? lanes<X> : piece<X>) / w;  // blocks of a segment
    block = block / m * 2 * m + leaf % 2 * m + block % m;
  }
  return block;
}
template <class X, int W> constexpr int half_of_blocks(int p) {
  constexpr int s = segment<X, W>;
  const int u = p % (s / 2);
  return p / s * s + u / (W / 2) * W + u % (W / 2) + (p % s < s / 2 ? 0 : lanes<X>);
}
template <int W, class X, class F, int... P> CROTON_FN X half_folded(X x, X y, F op, indices<P...>) {
  return op(__builtin_shufflevector(x, y, half_of_blocks<X, W>(P)...), __builtin_shufflevector(x, y, (half_of_blocks<X, W>(P) + W / 2)...));
}
template <int First, int Count, class X, class F> CROTON_FN X folded_leaves(const X (&x)[lanes<X>], F op) {
  if constexpr (Count == 1) return x[row_of_leaf<X>(First)];
  else
    return half_folded<2 * lanes<X> / Count>(folded_leaves<First, Count / 2>(x, op), folded_leaves<First + Count / 2, Count / 2>(x, op), op,
                                             upto<lanes<X>>());
}
template <int L, class X, int... P> CROTON_FN V<Element<X>, L> with_zeros(X x, indices<P...>) {
  return __builtin_shufflevector(x, X{}, (P < lanes<X> ? P : lanes<X>)...);
}
/// The folds of as many vectors as there are lanes, or a half or a quarter of them: one a lane, 0 in the others.
template <class F, class X, class... R> CROTON_FN auto folded_rows(F op, X x, R... more) {
  if constexpr (1 + sizeof...(more) < lanes<X>) {
    constexpr int half = lanes<X> / 2;
    const auto halves = [&](X y) { return op(some_lanes<0>(y, upto<half>()), some_lanes<half>(y, upto<half>())); };
    return with_zeros<lanes<X>>(folded_rows(op, halves(x), halves(more)...), upto<lanes<X>>());
  } else {
    const X all[] = {x, more...};
    return folded_leaves<0, lanes<X>>(all, op);
  }
}
#define CROTON_FOLD_ROWS(NAME, OP) \
  template <class... X> CROTON_FN auto NAME##_rows(X... x) { return folded_rows([](auto a, auto b) __attribute__((always_inline)) { return OP(a, b); }, x...); }
CROTON_FOLD_ROWS(hsum, add)
CROTON_FOLD_ROWS(hprod, mul)
CROTON_FOLD_ROWS(hmax, running_max)
CROTON_FOLD_ROWS(hmin, running_min)

template <int N> CROTON_FN b8 hany(Mask<N> c) { return hor(c.m) != 0; }
template <int N> CROTON_FN b8 hall(Mask<N> c) { return hand(c.m) != 0; }
CROTON_FN b8 hany(b8 c) { return c; }
CROTON_FN b8 hall(b8 c) { return c; }
template <int N> CROTON_FN b8 hmax(Mask<N> c) { return hany(c); }
template <int N> CROTON_FN b8 hmin(Mask<N> c) { return hall(c); }

}  // namespace
