// The tile program: what a function computes, as steps over named axes. It knows no target: no lanes, no threads, no
// addresses.
//
// A step is a phase (one generated kernel), a library call or a host call; views of buffers (slices, reshapes) cost
// nothing. A phase has a tuple of parallel axes, cut into chunks by size; what it reduces over them leaves it as one
// partial a chunk, which a later phase combines in a fixed order. Between phases everything is in memory; inside one,
// nothing is.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "graph/op.h"

namespace croton::tile {

/// An axis of iteration. Its extent is a constant that the kernel is compiled for (then loops over it are unrolled), or
/// free.
using AxisId = int;
inline constexpr AxisId no_axis = -1;
/// Axes of at most this extent are constants of the kernel where the type fixes them.
inline constexpr Index largest_constant_axis = 16;
struct Axis {
  std::string name;
  Index constant = -1;  // >= 0: compiled in
  Tensor witness;       // the extent is this node's extent along witness_axis
  int witness_axis = 0;
  int joined = 1;  // or along so many axes from there on, multiplied
};
/// Of a shape of its witness; -1: not known.
Index extent_by_shape(const Axis&, const Shape&);
/// What the witness's type says of it; -1: nothing.
inline Index extent_by_type(const Axis& a) { return extent_by_shape(a, type(a.witness).shape); }

/// A piece of memory of the plan: the value of a node, or the partials of a reduction. What phases write through an
/// alias is a region of its base: a part of a concatenation, or what is written into a tensor.
struct Buffer {
  enum class Kind : std::uint8_t { leaf, value, alias, partial };
  Kind kind = Kind::value;
  Tensor node;        // its dtype, its true shape
  int base = -1;      // alias: the buffer it is a view of
  Tensor whole = {};  // of a region: the concatenation, or the write (of rows), that says where it lies
  int part = 0;       // of a concatenation: its number
  int unit = -1;      // the axis whose neighbours are neighbours in memory, -1 where that is not known
  // partials: one row a chunk of phase `made_by`; a row holds `axes` in this order, the last contiguous
  int made_by = -1;
  std::vector<AxisId> axes = {};
  int parts = 1;  // how many such blocks a row has: what one fold carries
  DType partial_dtype = DType::float64;
};

/// What a spread carries: a number near the chunk's mean, the sum of its elements without that number, and the sum of
/// their squares. (Elements without their true mean are known to a second pass only.)
enum SpreadPart : std::uint8_t { spread_shift, spread_sum, spread_squares, spread_parts };

/// A value inside a phase, one for every point of `axes`. Arguments come before their users.
struct Value {
  enum class Kind : std::uint8_t { load, combine, constant, iota, row, add_rows, call, convert, reduce, carry, last };
  Kind kind = Kind::call;
  DType dtype = DType::float64;
  std::vector<AxisId> axes = {};   // what it varies over, in the order of the program's axes
  std::string_view function = {};  // call: a row of expr/functions
  std::vector<int> args = {};      // values of this phase; load: the row, of a gather or of windows that are folded
                                   // add_rows: what is added to, the first and the last + 1 of the list's elements
                                   // carry: what the first step begins with; last: the carry that all steps leave
  int buffer = -1;                 // load, combine, add_rows
  int list = -1;                   // add_rows: the buffer whose elements name rows, added in their order
  std::vector<AxisId> index = {};  // load: the axis that runs along each axis of the buffer (no_axis: extent 1)
                                   // row: the same of the tensor that holds the index
  int row_dim = -1;                // load at a row: the axis of the buffer along which args[0] is that; add_rows
  bool may_be_none = false;        // load at a row: 0 where that is negative
  AxisId rows = no_axis;           // row: args[0] names one of this axis's (no_axis: extent 1), or check `site` fails
  int site = -1;
  Monoid monoid = Monoid::sum;    // reduce, combine, add_rows
  std::vector<AxisId> over = {};  // reduce; last: the phase's serial axis
  double number = 0;              // constant of a floating dtype
  Index integer = 0;              // constant of another dtype
  Tensor node = {};               // what it computes, for names and places
};

struct Store {
  int value = -1;
  int buffer = -1;
  std::vector<AxisId> index = {};  // along each axis of the buffer; partials: unused
  int row = -1;      // a value: the row along row_dim at which it is stored, another one at each index of that axis;
  int row_dim = -1;  // where it is negative nothing is stored
};

struct Phase {
  std::vector<AxisId> parallel =
      {};             // chunks are cut from these axes taken together, row-major; empty: one chunk, one point
  bool flat = false;  // no other free axis, and every buffer runs along all of `parallel` in order, or none
  AxisId serial =
      no_axis;  // but this one: each point goes along it step by step, and carries values from one to the next
  bool backwards = false;  // from its end to its beginning
  struct Carried {
    int carry, next;  // values: what a step begins with, what it leaves to the next one
  };
  std::vector<Carried> carried = {};
  std::vector<Value> values = {};
  std::vector<Store> stores = {};
};

/// C = A B for matrices, or stacks of them. Buffers hold [batch..., rows, columns].
struct LibraryCall {
  int a = -1, b = -1, out = -1;
  int batch = 0;                              // how many axes each group has
  bool a_repeats = false, b_repeats = false;  // A, or B, is one matrix for the whole batch
  int a_free = 0, b_free = 0, summed = 0;
  bool a_transposed = false, b_transposed = false;  // A holds [batch, k, i], B holds [batch, j, k]
  int bias = -1;                                    // a vector that is added to each row of C (tile/epilogue.h)
  bool relu = false;                                // of that
};
/// C = A B where operands are read where they lie: windows that slide over what is in memory are never written out. By
/// a kernel of its own (kernels/strided_product.h).
struct StridedProduct {
  /// The axis of each buffer that an axis runs along; -1: none.
  struct Along {
    int a = -1, b = -1, out = -1;
  };
  int a = -1, b = -1, out = -1;
  std::vector<Along> batch = {}, rows = {}, columns = {}, terms = {};
  int bias = -1, bias_along = -1;  // a vector that is added along an axis of the result, one of rows (tile/epilogue.h)
  bool relu = false;               // of that
};
/// A node that the host computes from whole arrays.
struct HostStep {
  Tensor node;
  std::vector<int> arguments;
  /// Of each argument that is a permutation or a broadcast of its buffer: the buffer's axis that each of its axes is,
  /// -1 where it repeats the buffer.
  std::vector<std::optional<std::vector<int>>> axes;
  int out = -1;
};

using Step = std::variant<Phase, LibraryCall, StridedProduct, HostStep>;

struct Program {
  std::vector<Axis> axes;
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<int> outputs;          // a buffer for each output asked for
  std::vector<std::string> reasons;  // why neighbours were not fused, a line each
  std::vector<Tensor> checks;        // by site: the gather whose index a kernel checks
};

/// Whether 32 bits hold the positions among so many elements, and the number behind them all.
bool fit_32_bits(std::span<const Index> extents);
/// Whether they do wherever the program numbers elements. BuildOptions::long_positions is for calls where they do not.
bool positions_fit(const Program&, const std::function<Index(AxisId)>& extent);

/// Of these axes those that the phase has loops of its own over: neither parallel, nor serial, nor constants.
std::vector<AxisId> inner_axes(const Program&, const Phase&, const std::vector<AxisId>&);
/// The buffers that a value or a step reads, some of them more than once (aliases are buffers of their own).
std::vector<int> buffers_read(const Value&);
std::vector<int> buffers_read(const Step&);
std::vector<int> buffers_written(const Step&);
/// The buffer that it is a view of, through any number of views; itself where it is none.
int root_of(const Program&, int buffer);
/// Whether the free axis of these partials fills whole lines of memory, at each of their unrolled indices, where
/// vectors are stored: so no part of a vector needs a mask. Not where a later phase reads several axes as one run.
bool fills_lines(const Program&, int partials);
/// Whether phases write it as a part of its base.
bool is_region(const Buffer&);
/// Whether phases write it as a part of a concatenation, beside which others write other parts.
bool is_part(const Buffer&);
/// Whether phases write it at rows of its base: its elements lie as far apart as those of the base, and stores name the
/// rows.
bool is_rows(const Buffer&);
bool writes_regions(const Program&, const Phase&);
/// The phase's one value and store, where it copies a whole buffer into another and does nothing else.
struct WholeCopy {
  int from = -1, to = -1;
};
std::optional<WholeCopy> whole_copy(const Program&, const Step&);
/// Whether the step is a phase that checks an index.
bool checks(const Step&);

/// Where its extent comes from: x.shape[2], or a product of these.
std::string origin(const Axis&);
/// The notation: axes, buffers, then each phase with its values, a line each.
std::string text(const Program&);
/// Throws std::logic_error if a rule of the notation is broken: an axis unbound, a value used before it is defined or
/// inside the loop that reduces it, an output written twice, a partial without a combine's monoid.
void verify(const Program&);

}  // namespace croton::tile
