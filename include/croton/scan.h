// scan: a loop over the rows of a tensor, carrying values from step to step.
#pragma once
#include <utility>

#include "croton/ops.h"

namespace croton {

/// Of scan: scan(step, init, xs, {.reverse = true}).
struct ScanOptions {
  /// How many steps: a number, or an integer scalar. Only needed where it should be checked: another number of rows is
  /// a ShapeError, when it runs at the latest.
  Tensor length = {};
  /// From the last row to the first; ys stay in the order of xs.
  bool reverse = false;
};
/// Results of a loop as lists: the last values carried, and the outputs of all steps, stacked along a new first axis.
struct Scanned {
  std::vector<Tensor> carry, ys;
};
/// What a step returns, as a struct with names: {carry, y}.
template <std::size_t C, std::size_t Y>
struct Step {
  std::array<Tensor, C> carry;
  std::array<Tensor, Y> y;
};

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
  Scanned run(const Tensors& next, const Tensors& y);

 private:
  void draw_before(std::vector<Tensor>& step);
  Scanned repeated(const std::vector<Tensor>& step) const;
  Scanned looped(const std::vector<Tensor>& step) const;

  std::vector<Tensor> init_, xs_, carry_, x_;
  Tensor length_;
  std::vector<Index> promised_;  // rows of each of the xs given, where its type says them
  Index steps_ = -1;             // where they are known
  bool reverse_;
  Where where_;
};
}  // namespace detail

/// auto [last, ys] = scan(step, init, xs): step(carry, x) -> std::pair{next carry, y}, for each row x of xs. The step
/// is called once. What it uses from outside (weights, say) is the same at each step, and has a gradient; what it draws
/// from a RandomStream is drawn anew for each row. The carry keeps its dtype, rank and (in a loop) extents (DTypeError,
/// ShapeError). xs may have any number of rows, also none: then last is init, and ys has no rows. Where the type says
/// that there are at most 16 and the step is small (no product, no loop), its graph is repeated for each row, so that
/// steps can be fused; otherwise one compiled step runs once a row.
///
///     auto [h, hs] = scan([&](Tensor h, Tensor x) {
///       const Tensor next = tanh(dot(x, W) + dot(h, U));
///       return std::pair{next, next};
///     }, zeros({64}), xs);
template <class F>
auto scan(F&& step, const Tensor& init, const Tensor& xs, const ScanOptions& o = {}, Where w = Where::here()) {
  detail::Loop loop({init}, {xs}, o, w);
  auto [next, y] = step(loop.carry()[0], loop.x()[0]);
  const Scanned s = loop.run({next}, {y});
  return std::pair{s.carry[0], s.ys[0]};
}
/// The same with several values carried: step takes const std::array<Tensor, C>& and returns std::pair{array, y}.
template <class F, std::size_t C>
auto scan(F&& step, const std::array<Tensor, C>& init, const Tensor& xs, const ScanOptions& o = {},
          Where w = Where::here()) {
  detail::Loop loop(init, {xs}, o, w);
  std::array<Tensor, C> carry;
  for (std::size_t i = 0; i < C; ++i) carry[i] = loop.carry()[i];
  auto [next, y] = step(carry, loop.x()[0]);
  const Scanned s = loop.run(next, {y});
  std::array<Tensor, C> last;
  for (std::size_t i = 0; i < C; ++i) last[i] = s.carry[i];
  return std::pair{last, s.ys[0]};
}

}  // namespace croton
