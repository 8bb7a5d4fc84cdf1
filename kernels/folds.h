// Folds across the lanes of one vector, always by the same tree: lane i with lane i + L/2, then half of that, ...
namespace {

template <int From, class X, int... I> CROTON_FN auto lanes_from(X x, indices<I...>) { return __builtin_shufflevector(x, x, (From + I)...); }

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
    if constexpr (sizeof(X) > 16) return NAME(OP(lanes_from<0>(x, upto<half>()), lanes_from<half>(x, upto<half>()))); \
    else return NAME##_of_first<lanes<X>>(x);                                                                      \
  }

CROTON_FOLD(hsum, add)
CROTON_FOLD(hprod, mul)
CROTON_FOLD(hmax, running_max)
CROTON_FOLD(hmin, running_min)
CROTON_FOLD(hor, or_)
CROTON_FOLD(hand, and_)
template <int N> CROTON_FN b8 hany(Mask<N> c) { return hor(c.m) != 0; }
template <int N> CROTON_FN b8 hall(Mask<N> c) { return hand(c.m) != 0; }
CROTON_FN b8 hany(b8 c) { return c; }
CROTON_FN b8 hall(b8 c) { return c; }
template <int N> CROTON_FN b8 hmax(Mask<N> c) { return hany(c); }
template <int N> CROTON_FN b8 hmin(Mask<N> c) { return hall(c); }

}  // namespace
