// A loop taken apart: what is needed of it, so that rewriting can add rows and ys to it and take others away, and the
// loop that this makes.
#pragma once
#include "graph/walk.h"
#include "ops/loop.h"

namespace croton::rewrite {

/// An input of a step, and what it is in the graph around: the first value of a carry, all rows, or a captured value.
struct Bound {
  Tensor inner, outer;
};

class OpenLoop {
 public:
  /// From results of one run: all that are asked for.
  explicit OpenLoop(const std::vector<Tensor>& results);

  const Tensor& steps() const { return steps_; }
  Where where() const { return node(was_).where; }
  bool until() const { return form_.until; }
  bool is_before(const Tensor& t, std::size_t carry) const;  // whether a node is the carry before each step
  bool keeps_before(std::size_t carry) const { return before_[carry]; }

  std::vector<Bound> carries, rows, captured;

  /// The next carries, the ys, and the condition.
  std::vector<Tensor> outputs() const;
  /// The same values, made otherwise. The loop is as it was, as far as that alone goes, or has changed.
  void set_outputs(std::span<const Tensor>);
  void change_outputs(std::span<const Tensor>);
  void add_row(const Bound&);
  /// An input of the step that is the same at each.
  Tensor capture(const Tensor& outer, const Type& inner);
  std::vector<Tensor> inner_inputs() const;
  std::span<const Tensor> ys() const { return ys_; }
  /// The number among ys() of a node of the step, which becomes one where it is none yet.
  std::size_t y_of(const Tensor& inner);
  bool is_y(const Tensor& inner) const;
  /// y comes from `value` of the graph around, of which the inputs in `parts` stand for results of this loop.
  struct Part {
    Tensor stand_in;
    bool before;         // of a carry, or a y
    std::size_t number;  // among carries or ys()
  };
  void move_y(std::size_t y, const Tensor& value, const std::vector<Part>& parts);
  bool has_moved(std::size_t y) const { return moved_[y].value.node() != nullptr; }
  /// How many elements a step adds to what the loop keeps of all rows: xs, ys and carries.
  double kept() const;

  /// Whether anything has been changed.
  bool changed() const { return changed_; }
  /// What the loop's inputs have become in the graph around.
  void rebind(const Replacements& now);
  /// Makes the loop. Its step reads rows that are results of a loop of as many steps, or they are no input any more;
  /// other rows stay, for there have to be as many as steps.
  void close();
  /// A result of the loop that this was, from the closed one.
  Tensor result(std::size_t number) const;
  Tensor y(std::size_t number) const;

 private:
  struct Moved {
    Tensor value;
    std::vector<Part> parts;
  };

  Tensor was_, steps_;
  ops::LoopForm form_, closed_;
  ops::LoopPart part_;
  std::vector<Tensor> inputs_;  // of the closed loop
  std::vector<Tensor> next_, ys_;
  std::vector<std::size_t> y_of_;   // by y of the part: its number in ys_; equal ones are one
  std::vector<Moved> moved_;        // by y
  std::vector<std::size_t> place_;  // by y: its number in the closed loop
  std::vector<bool> before_;        // by carry: whether it is stacked
  Tensor condition_;
  bool changed_ = false;
};

/// How many elements a value has; an extent that the type leaves open counts as 64.
double elements(const Tensor&);

}  // namespace croton::rewrite
