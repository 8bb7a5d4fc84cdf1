// The op behind scan: takes a step's graph, gives nodes that run it once for each row. A node of it is one result of a
// loop; the nodes of one loop have the same inputs and the same step, and whoever runs them runs the loop once.
#pragma once
#include <limits>

#include "ops/nested.h"

namespace croton::ops {

extern const Op loop;

/// What the parameters of a loop say.
///
/// Inputs of the node: the number of steps (an int64 scalar), the initial carries, the xs (one row a step), and what
/// the step captures (the same at each step). Inputs of the step: the carries, a row of each x, what it captures; its
/// outputs: the next carries, a row of each y and, with `until`, whether this step is the last (a bool scalar); the
/// number of steps is the most that there may be then.
///
/// Results: the last carries; the ys, stacked along a new first axis; for each carry what it was before each step,
/// stacked in the same way; with `until`, how many steps there were (an int64 scalar). Rows are in the order of xs,
/// also where the loop goes from the last row to the first; they are those of the steps that there were.
struct LoopForm {
  SubgraphHandle step;
  std::size_t carries = 0, rows = 0;
  bool reverse = false, until = false;

  std::size_t ys() const { return step->outputs.size() - carries - (until ? 1 : 0); }
  std::size_t captured() const { return step->inputs.size() - carries - rows; }
  // numbers of inputs: of the step; of the node, one more
  std::size_t row(std::size_t k) const { return carries + k; }
  std::size_t capture(std::size_t k) const { return carries + rows + k; }
  // numbers of results
  std::size_t y(std::size_t k) const { return carries + k; }
  std::size_t before(std::size_t k) const { return y(ys()) + k; }
  std::size_t count() const { return before(carries); }
  std::size_t results() const { return count() + (until ? 1 : 0); }
  // whether a result is rows of what
  bool is_last(std::size_t result) const { return result < carries; }
  bool is_y(std::size_t result) const { return result >= carries && result < before(0); }
  bool is_before(std::size_t result) const { return result >= before(0) && result < count(); }
};
LoopForm form_of(const Params&);
inline LoopForm form_of(const Tensor& result) { return form_of(node(result).params); }
/// A result of a loop on such inputs of the node.
Tensor loop_result(const LoopForm&, std::size_t result, std::vector<Tensor> inputs, Where);

/// What of a loop some of its results need.
struct LoopPart {
  std::vector<std::size_t> carries, ys;  // by number
  std::vector<std::size_t> inputs;       // of the step; the carries first
  Subgraph step;                         // those inputs; the next carries, then the ys, then the condition
};
/// Where a number stands in a list of a part.
std::size_t place_in(const std::vector<std::size_t>& list, std::size_t number);
LoopPart needed_part(const LoopForm&, std::span<const std::size_t> results);

/// The length of a loop that its condition alone ends.
inline constexpr Index any_steps = std::numeric_limits<Index>::max();
/// ShapeError that names what a scan goes over, each with its rows (any_extent: not known), and how many it needs.
/// `length` says who asks for them: "n, 3", or "3"; "" where they only have to have the same.
[[noreturn]] void refuse_rows(std::string_view length, Index steps, std::span<const Tensor> xs,
                              std::span<const Index> rows, Where);
/// How many steps: checks that the xs of a loop's arguments (all inputs of the node) have as many rows. ShapeError.
Index steps_of(const Tensor& result, std::span<const Array> arguments);
/// ShapeError unless a carry has still the shape that it had.
void check_carry(const Tensor& result, std::size_t carry, const Extents& was, const Extents& now);
/// The type of a row.
Type row_type(const Type& rows);
/// Row i of an array: a view.
Array row_of(const Array&, Index i);
/// What a row would be, where there are none: zeros.
Array no_row(const Array&);
/// What a row of a result would be by its type; extents that this does not say are 0.
Array row_by_type(const Tensor& result);

/// Where rows are kept: in the host's memory, or where else a device has its own.
class RowMemory {
 public:
  RowMemory() = default;
  RowMemory(const RowMemory&) = delete;
  RowMemory& operator=(const RowMemory&) = delete;
  virtual ~RowMemory() = default;
  /// Uninitialised, row-major.
  virtual Array make(const Extents& shape, DType) const;
  /// Copies bytes of a row-major array into one that make() gave and that nobody else holds.
  virtual void copy(Array& to, std::size_t to_byte, const Array& from, std::size_t from_byte, std::size_t bytes) const;
  /// The array, moved there.
  virtual Array moved(const Array& a) const { return a; }
  /// Makes `row`, at first empty, the row i of a row-major array that moved() gave: a view, or a copy in memory that is
  /// the same for all rows.
  virtual void move_to_row(Array& row, const Array& all, Index i) const;
};

/// Rows of a result, which come step by step, stacked along a new first axis.
class Stack {
 public:
  /// For a result of a loop of so many steps, or at most so many.
  Stack(const Tensor& result, Index steps, const RowMemory&);
  /// Makes room for rows like this one; put() does it too.
  void like(const Array& row);
  /// The row of a step, which are numbered as they are run. All rows have the dtype and shape of the first: ShapeError.
  void put(Index step, const Array& row);
  /// Those of all steps that there were, in the order of xs.
  Array all() const;

 private:
  Index at(Index step) const { return reverse_ ? room_ - 1 - step : step; }
  Array room_for(Index rows) const;
  void copy_all(Array& to, Index to_row) const;

  Tensor result_;
  const RowMemory& memory_;
  bool reverse_, until_;
  Index steps_, room_ = 0, count_ = 0;
  Array rows_;  // for room_ of them
  std::size_t row_bytes_ = 0;
  bool made_ = false;
};

}  // namespace croton::ops
