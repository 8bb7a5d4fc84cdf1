// Writing a nest: words, registers, addresses, and the values of a phase, each instance of one in the outermost loop
// that can hold it.
#pragma once
#include <map>

#include "tile/nest.h"

namespace croton::tile {

/// One copy of a value: at these indices of the unrolled axes and this row of the tile.
using Indices = std::map<AxisId, Index>;

/// The index variable alone.
inline Linear variable(int v) { return {{v, {}}}; }

/// An open loop (or the chunk itself): what has been computed in it.
struct Scope {
  Body body;
  std::map<std::pair<int, std::vector<Index>>, int> made;  // (value, its indices and row) -> register
  std::map<std::pair<int, std::vector<Index>>, int> rows;  // (value, its indices and group of rows) -> register of them
  std::map<int, int> splats;                               // register -> the same in all lanes
  std::map<std::pair<int, Monoid>, int> masked;            // register -> the same, monoid's identity in lanes beyond
};

/// Elementary functions whose bodies stand in the text of a kernel, at most: each is some fifty instructions, and a
/// call is small beside what the host compiler would take for a hundred of them. On a GPU a call makes room for itself
/// among the registers, so it comes only where NVRTC would take more than some seconds.
inline constexpr std::size_t most_bodies = 16, most_bodies_gpu = 64;
/// Folds of a block of threads that are kept between two barriers, at most.
inline constexpr std::size_t fold_slots = 32;

class Emitter {
 public:
  Emitter(const Program& program, const Phase& phase, const Target& target);

  Nest nest;
  const Program& program;
  const Phase& phase;
  const Target& target;

  // ---- what the axes of a value are here
  /// A lane is a thread of a block: a loop over lanes needs no tail; masked is only what threads have no element for.
  bool lanes_are_threads() const { return target.device_class == DeviceClass::gpu; }
  bool is_parallel(AxisId a) const;
  bool is_unrolled(AxisId a) const {
    return program.axes[static_cast<std::size_t>(a)].constant >= 0 && !is_parallel(a) && a != phase.serial;
  }
  bool has_parallel(const Value& v) const;
  /// Whether it is another one at each step of the phase.
  bool is_serial(const Value& v) const;
  /// Whether this iota of the lanes' axis is only compared with numbers that are the same in all lanes: where such a
  /// number lies among the lanes is said by 32 bits, so that lanes need not be as few as those of 64.
  bool is_place(int value) const { return places_[static_cast<std::size_t>(value)]; }
  /// Free axes that are neither parallel nor serial.
  std::vector<AxisId> inner(const std::vector<AxisId>& axes) const;
  std::vector<AxisId> unrolled(const std::vector<AxisId>& axes) const;
  /// Every combination of the indices of these axes, the last running fastest.
  std::vector<Indices> combinations(const std::vector<AxisId>& axes) const;

  // ---- pieces
  int word(Word w);
  Factor factor(Word w) { return {1, word(w)}; }
  int new_register(DType dtype, bool lanes);
  int new_variable() { return nest.variables++; }
  Linear extent(AxisId a);
  static Statement statement(Statement::Kind kind) {
    Statement s;
    s.kind = kind;
    return s;
  }
  int let(Body& body, Statement s, DType dtype, bool lanes);
  int call(Body& body, std::string_view function, std::vector<int> args, DType dtype, bool lanes);
  /// A whole number, int64.
  int whole(Body& body, Linear number);
  int splat(Body& body, int reg);
  /// The same, once in a scope.
  int splat(Scope& scope, int reg);
  int identity(Body& body, Monoid monoid, DType dtype, bool lanes);
  void update(Body& body, int accumulator, Monoid monoid, std::vector<int> args);
  /// Registers folded across their lanes, each by its monoid; one after another, or for threads as many as there are
  /// slots between two barriers.
  struct Fold {
    Monoid monoid;
    int reg;
  };
  std::vector<int> fold_lanes(Body& body, const std::vector<Fold>& folds, Across across = Across::block);

  /// Where a point of a buffer lies: the index variable of each looped axis, the numbers of the unrolled ones.
  struct Where {
    Linear address;
    Factor lane_stride{1, -1};
    bool lanes = false;  // the lane axis runs along it
  };
  /// Elements from one to the next along an axis of a buffer.
  Factor stride(int buffer, std::size_t dim);
  Where locate(int buffer, const std::vector<AxisId>& index, const Indices& at, const std::map<AxisId, int>& variables,
               AxisId lane);
  /// The number of the element of a row-major tensor that `index` runs along; and, as lane_step, from lane to lane.
  struct Number {
    Linear first, lane_step;
  };
  Number number(const Value& row, const Indices& at, const std::map<AxisId, int>& variables, AxisId lane);
  /// Row `row_variable` of partials, or the first one (-1), at these unrolled indices; `free_variable` is the variable
  /// of its free axis, or -1.
  Linear partial_address(int buffer, const Indices& at, int free_variable, int row_variable, Index part = 0);
  int scratch(Scratch piece);
  /// How far apart the copies of an axis lie where nobody else reads them: on the CPU in whole lines of memory.
  Factor apart(AxisId axis, DType dtype);
  /// Whether whole vectors of these partials may be loaded and stored, the last one too.
  bool in_lines(int partials) const { return !lanes_are_threads() && fills_lines(program, partials); }

  /// A name for the instance: the indices of the unrolled axes that the value has, and the row if it has parallel axes.
  std::pair<int, std::vector<Index>> key(int value, const Indices& at, Index row) const;

 private:
  void find_places();

  std::vector<bool> places_;  // by value
};

}  // namespace croton::tile
