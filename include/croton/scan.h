// scan: a loop over the rows of a tensor, carrying values from step to step.
#pragma once
#include <utility>

#include "croton/ops.h"

namespace croton {

struct ScanOptions {
  /// How many steps: a number. Only needed where the type of xs does not say it; another number of rows is then a
  /// ShapeError when it runs.
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
  Scanned run(const Tensors& next, const Tensors& y) const;

 private:
  std::vector<Tensor> init_, xs_, carry_, x_;
  Index steps_ = 0;
  bool reverse_;
  Where where_;
};
}  // namespace detail

/// auto [last, ys] = scan(step, init, xs): step(carry, x) -> std::pair{next carry, y}, for each row x of xs. The step
/// is called once, and its graph repeated for each row; so the number of rows must be known while the graph is built:
/// from the type of xs or {.length = n}. GraphError otherwise: loops over unknown lengths do not exist yet. Meant for
/// short loops: compiling takes as long as for the same steps written one after another. The carry keeps its dtype and
/// number of axes (DTypeError, ShapeError).
template <class F>
auto scan(F&& step, const Tensor& init, const Tensor& xs, const ScanOptions& o = {}, Where w = Where::here()) {
  const detail::Loop loop({init}, {xs}, o, w);
  auto [next, y] = step(loop.carry()[0], loop.x()[0]);
  const Scanned s = loop.run({next}, {y});
  return std::pair{s.carry[0], s.ys[0]};
}
/// The same with several values carried: step takes const std::array<Tensor, C>& and returns std::pair{array, y}.
template <class F, std::size_t C>
auto scan(F&& step, const std::array<Tensor, C>& init, const Tensor& xs, const ScanOptions& o = {},
          Where w = Where::here()) {
  const detail::Loop loop(init, {xs}, o, w);
  std::array<Tensor, C> carry;
  for (std::size_t i = 0; i < C; ++i) carry[i] = loop.carry()[i];
  auto [next, y] = step(carry, loop.x()[0]);
  const Scanned s = loop.run(next, {y});
  std::array<Tensor, C> last;
  for (std::size_t i = 0; i < C; ++i) last[i] = s.carry[i];
  return std::pair{last, s.ys[0]};
}

}  // namespace croton
