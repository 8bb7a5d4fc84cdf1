// The values of a phase, written where they belong: each instance of one in the outermost loop that can hold it.
#pragma once
#include "tile/stages.h"

namespace croton::tile {

/// Where code is being written: the open scopes, the looped axes, the row of the tile.
struct Frame {
  Scope* tile = nullptr;  // where there are rows
  Scope* loop = nullptr;
  Scope* step = nullptr;  // of a serial axis
  Scope* fold = nullptr;  // of the axis `folded`, along which a fold inside the lanes' loop goes step by step
  AxisId folded = no_axis;
  Scope* held = nullptr;  // of values in lanes that no row changes, where each thread keeps its elements in registers
  std::map<AxisId, int> variables = {};
  AxisId lane = no_axis;
  bool partial = false;
  int mask = -1;  // the register that says whether the thread has such an element
  int stage = 0;
  std::vector<std::map<AxisId, int>> rows = {};  // the parallel axes' variables in each row of the tile
};

/// The indices of `outer`, with those of a fold's own axes in their place.
Indices both(const Indices& outer, const Indices& inner);

class PointWriter {
 protected:
  PointWriter(const Program& program, const Phase& phase, const Target& target)
      : e_(program, phase, target), stages_(e_) {
    for (const Value& v : phase.values)
      for (const int a : v.args) ++uses_[a];
    for (const Store& s : phase.stores) ++uses_[s.value];
  }

  const Value& value(int v) const;
  bool is_partial(const Store& s) const;
  bool folds_parallel(const Value& v) const;
  Scope& scope_of(const Value& v, Frame& f);
  int get(int id, const Indices& where, Index row, Frame& f);
  bool is_lanes(const Value& v, const Frame& f) const;
  int make(int id, const Indices& where, Index row, Frame& f, Scope& scope);
  /// Which argument of a sum is a fold by unrolled loops that nothing else uses, so that it can begin with the other
  /// one (a layer's bias) instead of 0; -1: none.
  int begun_fold(const Value& v, const Indices& where, Index row, Frame& f);
  /// Whether a value of each row, computed between the loops, is computed for many rows of the tile at once.
  bool is_row_lane(const Value& v, const Frame& f) const;
  bool is_loaded_by_rows(const Value& v, const Frame& f) const;
  /// A value of each row: of the rows of a group, one a lane.
  int rows_of(int id, const Indices& where, Index group, Frame& f);
  int make_rows(int id, const Indices& where, Index group, Frame& f);
  /// The same of one row.
  int row_lane(int id, const Indices& where, Index row, Frame& f);
  std::vector<int> row_arguments(const Value& v, const Indices& where, Index group, Frame& f);
  int packed_rows(int id, const Indices& where, Index group, Frame& f);
  int loaded_rows(const Value& v, const Indices& where, Frame& f);
  /// Where threads stand for rows: of how many.
  Index thread_rows(const Frame& f) const;
  /// Whether it is the loop of a fold inside the lanes'.
  bool is_of_fold(const Statement& loop) const;
  int number(const Value& v, Body& body);
  std::map<AxisId, int> variables(const Frame& f, Index row) const;
  int load(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  /// Of threads: what each row or point loads, that no index names, is on its way before they wait for each other. As
  /// much as there are registers for.
  void load_ahead(Frame& f);
  static void reach(Statement& s, const Factor& stride, bool partial, int mask = -1);
  int id_of(const Value& v) const;
  /// The address of a load of v at the row in a register: a scalar of the tile, or one of each lane.
  void go_to_row(Statement& load, const Value& v, int at_row, const Frame& f, Body& body);
  /// The same of a load or store that is left out where the row is negative.
  void go_to_row_if_any(Statement& s, int at_row, int buffer, int row_dim, const Frame& f);
  int added_rows(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  int checked_row(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  int iota(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  int compared_place(const Value& v, int of_lanes, const Indices& where, Index row, Frame& f, Scope& scope);
  /// The partials of an earlier phase, row after row: the order is the same for any number of threads.
  int combine(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  void add_rows(const Value& v, const Indices& where, Index row, Frame& f, Body& body, int sum, Linear from, Linear to,
                Index at_once);
  /// A group's share of a column of partials.
  Statement column(const Value& v, const Indices& where, const Frame& f);
  int combine_spreads(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope, bool by_warps = false);
  Statement partial_load(const Value& v, const Indices& where, Index row, const Frame& f, int from, int part = 0);
  int load_partial(const Value& v, const Indices& where, Index row, const Frame& f, Body& body, int from, int part = 0);
  std::vector<int> arguments(const Value& v, const Indices& where, Index row, Frame& f);
  /// A fold whose loops are all unrolled, or that has a serial loop of its own inside the lanes'.
  int fold(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  /// The same for all rows of a tile at once, step by step: the sums do not wait for each other, and what no row
  /// changes is loaded once.
  void fold_of_rows(int id, const Indices& where, Index rows, Frame& f, Scope& scope);
  void fold_unrolled(const Value& v, const Indices& where, Index row, Frame& f, Body& body, int sum, bool lanes);
  void store(const Store& s, const Indices& where, Index row, Frame& f, Body& body);
  /// With the identity of the monoid in the lanes beyond the last element.
  int masked(const Frame& f, Scope& scope, int reg, Monoid monoid);
  /// What one step of a fold takes, in all lanes.
  std::vector<int> in_lanes(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  /// The same of a fold along the lanes: those beyond the last element do not count.
  std::vector<int> lane_arguments(const Value& v, const Indices& where, Index row, Frame& f, Scope& scope);
  int load_packed(const Value& v, const std::pair<int, Factor>& where_from, const Indices& where, Frame& f,
                  Scope& scope);
  Linear kept_address(int id, const Indices& where, Index row, const Frame& f);
  int kept_offset(int id);
  void keep(int id, const Indices& where, Index row, Frame& f, Scope& scope);
  int load_kept(int id, const Indices& where, Index row, Frame& f, Scope& scope);

  Emitter e_;
  Stages stages_;
  Scope chunk_;
  std::map<int, std::pair<int, Factor>> packed_;  // load -> its scratch: word of the offset, elements from copy to copy
  std::map<int, int> uses_;                       // by value
  std::map<const Value*, int> fold_variables_;    // of folds' loops inside the lanes'
  std::map<int, int> kept_;                       // value -> word of its scratch's offset
};

}  // namespace croton::tile
