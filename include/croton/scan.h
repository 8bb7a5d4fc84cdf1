// scan: a loop over the rows of tensors, or of so many steps, carrying values from step to step.
#pragma once
#include <utility>

#include "croton/ops.h"

namespace croton {

/// Of scan: scan(step, init, xs, {.reverse = true}).
struct ScanOptions {
  /// How many steps (at most, with until): a number, or an integer scalar. Where there are xs it only checks them:
  /// another number of rows is a ShapeError, when it runs at the latest.
  Tensor length = {};
  /// From the last row to the first; ys stay in the order of xs.
  bool reverse = false;
};
/// Results of a loop as lists: the last values carried, and the outputs of all steps, stacked along a new first axis.
struct Scanned {
  std::vector<Tensor> carry, ys;
};
/// What a step that works with arrays may return: Step{std::array{a, b}, std::array{c}}.
template <std::size_t C, std::size_t Y>
struct Step {
  std::array<Tensor, C> carry;
  std::array<Tensor, Y> y;
};
template <std::size_t C, std::size_t Y>
Step(std::array<Tensor, C>, std::array<Tensor, Y>) -> Step<C, Y>;

/// What until() gives.
template <class Made>
struct Until {
  Tensor condition;
  Made made;
};
/// What a step returns that may be the last one: until(condition, what it would return otherwise). The loop ends after
/// the step whose condition, a scalar of any dtype, is true (not 0); that step counts.
///
///     auto [root, tries] = scan([&](Tensor x) {
///       const Tensor next = 0.5 * (x + a / x);
///       return until(abs(next - x) < 1e-12, std::pair{next, next});
///     }, Tensor(1.0));
template <class Made>
Until<Made> until(const Tensor& condition, Made made) {
  return {condition, std::move(made)};
}

namespace detail {
/// A loop whose step is being written on symbols.
class Loop {
 public:
  Loop(const Tensors& init, const Tensors& xs, const ScanOptions&, Where);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  const std::vector<Tensor>& carry() const { return carry_; }
  const std::vector<Tensor>& x() const { return x_; }
  /// `is_last`: what ends the loop after a step; empty where only its length does.
  Scanned run(const Tensors& next, const Tensors& y, const Tensor& is_last);

 private:
  Tensor checked(const Tensor& is_last) const;
  void draw_before(std::vector<Tensor>& step);
  Scanned repeated(const std::vector<Tensor>& step) const;
  Scanned looped(const std::vector<Tensor>& step, bool until) const;

  std::vector<Tensor> init_, xs_, carry_, x_;
  Tensor length_;
  std::vector<Index> promised_;  // rows of each of the xs given, where its type says them
  Index steps_ = -1;             // where they are known
  bool endless_ = false;         // only until ends it
  std::uint64_t begin_ = 0;      // nodes of the step have greater numbers
  bool reverse_;
  Where where_;
};

template <class T>
inline constexpr bool is_array_of_tensors = false;
template <std::derived_from<Expr> T, std::size_t N>
inline constexpr bool is_array_of_tensors<std::array<T, N>> = true;
/// What scan takes as one value or as several: a Tensor or what becomes one, or a std::array of tensors.
template <class T>
concept OneOrSeveral =
    std::derived_from<T, Expr> || std::same_as<T, Array> || Number<T> || is_array_of_tensors<T>;

template <OneOrSeveral T>
Tensors listed(const T& t, Where w) {
  if constexpr (Number<T> || std::same_as<T, Array>)
    return {Tensor(t, w)};
  else
    return {t};
}
/// The first tensors of a list in the form of T: one, or as many in an array.
template <OneOrSeveral T>
auto formed(const std::vector<Tensor>& list) {
  if constexpr (is_array_of_tensors<T>) {
    std::array<Tensor, std::tuple_size_v<T>> array;
    for (std::size_t i = 0; i < array.size(); ++i) array[i] = list[i];
    return array;
  } else {
    return list[0];
  }
}
/// What scan returns, after its step made this: the next carry, or a pair of that and the outputs.
template <OneOrSeveral Init, class Made>
auto finished(Loop& loop, const Until<Made>& made, Where w) {
  return finished<Init>(loop, made.made, w, made.condition);
}
template <OneOrSeveral Init, class Made>
auto finished(Loop& loop, const Made& made, Where w, const Tensor& is_last = {}) {
  if constexpr (OneOrSeveral<Made>) {
    return finished<Init>(loop, std::pair{made, std::array<Tensor, 0>{}}, w, is_last).first;
  } else {
    const auto& [next, y] = made;
    using Next = std::remove_cvref_t<decltype(next)>;
    using Y = std::remove_cvref_t<decltype(y)>;
    static_assert(std::same_as<decltype(formed<Next>({})), decltype(formed<Init>({}))>,
                  "the step of a scan returns the next carry in the form of init: one tensor, or an array of as many");
    const Scanned s = loop.run(listed(next, w), listed(y, w), is_last);
    return std::pair{formed<Init>(s.carry), formed<Y>(s.ys)};
  }
}
}  // namespace detail

/// auto [last, ys] = scan(step, init, xs): step(carry, x) -> std::pair{next carry, y}, for each row x of xs. The step
/// is called once; until(condition, ...) around what it returns ends the loop earlier. What it uses from outside
/// (weights, say) is the same at each step, and has a gradient; what it draws from a RandomStream is drawn anew for
/// each row. The carry keeps its dtype, rank and (in a loop) extents (DTypeError, ShapeError). xs may have any number
/// of rows, also none: then last is init, and ys has no rows. Where the type says that there are at most 16 and the
/// step is small (no product, no loop), its graph is repeated for each row, so that steps can be fused; otherwise one
/// compiled step runs once a row.
///
///     auto [h, hs] = scan([&](Tensor h, Tensor x) {
///       const Tensor next = tanh(dot(x, W) + dot(h, U));
///       return std::pair{next, next};
///     }, zeros({64}), xs);
///
/// Where several values are carried, gone over or given out, init, xs or y is a std::array, the step takes const
/// std::array<Tensor, N>& in its place, and last or ys is an array too. All xs have as many rows (ShapeError). A step
/// without outputs returns the next carry alone, and scan the last one; with an array of nothing as init, or as xs, there
/// is nothing to carry, or to go over.
///
///     auto [last, ys] = scan([&](const std::array<Tensor, 2>& c, const std::array<Tensor, 2>& x) {
///       return Step{std::array{c[0] + x[0], c[1] * x[1]}, std::array{c[0], c[1]}};
///     }, std::array{a, b}, std::array{u, v});
template <class F, detail::OneOrSeveral Init = Tensor, detail::OneOrSeveral Xs = Tensor>
auto scan(F&& step, const Init& init, const Xs& xs, const ScanOptions& o = {}, Where w = Where::here()) {
  detail::Loop loop(detail::listed(init, w), detail::listed(xs, w), o, w);
  return detail::finished<Init>(loop, step(detail::formed<Init>(loop.carry()), detail::formed<Xs>(loop.x())), w);
}
/// The same without rows to go over: step(carry), so many times as the options' length says. Without a length the step
/// has to end the loop, by until (ShapeError).
///
///     const Tensor power = scan([&](Tensor p) { return p * a; }, ones_like(a), {.length = k});
template <class F, detail::OneOrSeveral Init = Tensor>
auto scan(F&& step, const Init& init, const ScanOptions& o = {}, Where w = Where::here()) {
  detail::Loop loop(detail::listed(init, w), {}, o, w);
  return detail::finished<Init>(loop, step(detail::formed<Init>(loop.carry())), w);
}

}  // namespace croton
