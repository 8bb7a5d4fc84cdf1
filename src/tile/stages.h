// The order of a tile's loops: a value that needs a complete fold over an inner axis belongs to a later stage; what a
// stage hands to a later one is kept in the tile's scratch, or computed again where that is cheap.
#pragma once
#include <set>

#include "tile/emitter.h"

namespace croton::tile {

/// Operations from which on a call is an elementary function's.
inline constexpr int costs_of_a_function = 16;

class Stages {
 public:
  explicit Stages(const Emitter& e);

  /// (stage, lane axis) of each loop, in the order they run.
  const std::vector<std::pair<int, AxisId>>& loops() const { return loops_; }
  int last() const { return last_; }
  /// Folds over the lane axis that end with this loop and give one element a row.
  const std::vector<int>& folds(int stage, AxisId lane) const { return find(folds_, stage, lane); }
  /// Values that this loop computes and writes to scratch for later loops.
  const std::vector<int>& kept(int stage, AxisId lane) const { return find(kept_, stage, lane); }
  /// Stores that happen in this loop: elements, and partials with a row of lanes or summed over them.
  const std::vector<const Store*>& stores(int stage, AxisId lane) const { return find(stores_, stage, lane); }
  const std::vector<const Store*>& row_stores() const { return row_stores_; }
  /// Whether a loop of `stage` reads the value from scratch.
  bool is_kept(int value, int stage) const;
  /// Folds by unrolled loops of many steps that every row of this loop computes.
  const std::vector<int>& long_folds(int stage, AxisId lane) const { return find(long_folds_, stage, lane); }
  /// Whether a tile of several rows has such folds written for all rows at once, from 0 on, and a single row must do as
  /// they do, so that a row's bits do not say where it stood.
  bool is_folded_by_rows(const Value&) const;
  /// Loads of neighbours, other ones in every row, with which the tile's first loop begins.
  const std::vector<int>& streamed() const { return streamed_; }
  /// Loads that no row changes and that lie a stride apart.
  const std::vector<int>& packed() const { return packed_; }
  /// How many rows a tile has: several where rows share what a loop reads, or add into the same partials.
  Index rows_a_tile() const { return rows_; }
  /// A scalar of each row that is computed from other scalars, not by a loop.
  bool is_between_loops(const Value& v) const;
  /// Whether such scalars are computed for as many rows at once as there are lanes, one a lane.
  bool has_row_lanes() const { return row_lanes_; }
  /// The folds of a loop, `copies` for each of its rows (numbered copy * rows + row), cut into blocks that stay in
  /// registers: those of some rows one after another, so that the rows are read again from the nearest cache. One block
  /// where all fit.
  std::vector<std::vector<Index>> blocks(Index copies, Index rows) const;
  /// Whether the warps of a block may each have rows of their own: where rows share nothing that the chunk has once
  /// (partials with a row of lanes, packed operands), and no more than a load or two that a tile of several would save.
  bool has_teams() const { return teams_; }
  /// Where lanes are threads and all loops run over one axis whose extent the types say, so that each thread can keep
  /// what it has of it in registers from loop to loop, and, where a block is one team, from tile to tile: the axis,
  /// among how many threads it is dealt out (a block's, or a warp's where each has rows of its own), and how many
  /// elements each of them has.
  struct Columns {
    AxisId lane = no_axis;
    Index copies = 0;  ///< 0: not so
    Index extent = 0;
    Index threads = 0;
  };
  const Columns& columns() const { return columns_; }
  /// How many vectors a step of a loop takes that folds into `folds` registers: enough that additions need not wait for
  /// each other, unless the loop calls elementary functions, which take longer than the wait.
  Index vectors_a_step(int stage, Index folds) const;

 private:
  template <class T>
  using Loops = std::map<std::pair<int, AxisId>, std::vector<T>>;
  template <class T>
  static const std::vector<T>& find(const Loops<T>& m, int stage, AxisId lane) {
    static const std::vector<T> none;
    const auto it = m.find({stage, lane});
    return it == m.end() ? none : it->second;
  }
  /// A fold over the lanes of a loop that gives one element a row.
  bool is_row_fold(const Value& v) const {
    return v.kind == Value::Kind::reduce && !e_.inner(v.over).empty() && e_.inner(v.axes).empty();
  }
  Index unrolled_points(const std::vector<AxisId>& axes) const;
  Index copies(const Value& v) const { return unrolled_points(v.axes); }
  Index steps(const Value& v) const { return unrolled_points(v.over); }
  bool wants_loop_of_its_own(const Value& v) const;
  bool has_neighbours(const Value& load, AxisId lane) const;
  Index registers_for_folds() const;
  void find_stages();
  void find_sinks();
  void find_kept();
  void find_long_folds();
  void find_packed();
  void find_streamed();
  void find_row_lanes();
  void find_teams();
  void find_columns();
  Index values_in_lanes(bool large) const;
  Index registers_with(const Columns& c, Index rows) const;
  Index rows_wanted() const;
  Index rows_of_a_line() const;
  Index rows_that_fit() const;
  bool calls_function(int stage) const;
  void find_costs();
  /// Worth keeping for a later loop.
  bool is_dear(int value) const;

  const Emitter& e_;
  std::vector<int> stage_;           // by value: the first loop that can hold it, or after which it is known
  std::vector<std::set<int>> used_;  // by value: the stages of the loops that use it
  std::vector<bool> keep_;
  std::vector<int> cost_;
  std::vector<bool> apart_;  // by value: a fold in a loop of its own
  std::vector<std::pair<int, AxisId>> loops_;
  Loops<int> folds_, kept_, long_folds_;
  Loops<const Store*> stores_;
  std::vector<const Store*> row_stores_;
  std::vector<int> packed_, streamed_;
  int last_ = 0;
  Index rows_ = 1;
  bool row_lanes_ = false, teams_ = false;
  Columns columns_;
};

}  // namespace croton::tile
