// Loops over lanes, and what a chunk keeps beside them: registers of folds, its row of partials, operands laid out
// anew.
#pragma once
#include <functional>

#include "tile/point_writer.h"

namespace croton::tile {

/// The nest's first index variables. Where rows are cut, the third counts pieces too.
inline constexpr int first_point = 0, last_point = 1, chunk_number = 2;

inline void append(Body& to, Body more) { std::move(more.begin(), more.end(), std::back_inserter(to)); }

class LaneLoops : protected PointWriter {
 protected:
  LaneLoops(const Program& program, const Phase& phase, const Target& target);

  /// The elements of the chunk's piece of a row, or all of them.
  Linear first_lane(AxisId lane) const { return lane == cut_ ? variable(e_.nest.first_lane) : Linear{}; }
  Linear last_lane(AxisId lane) { return lane == cut_ ? variable(last_lane_) : e_.extent(lane); }

  /// Writes one vector; where a step takes several, the copies 0, 1, ... of a fold's register are different ones.
  /// On a GPU the loop itself chooses how many vectors a turn takes (tile/in_flight), which all go into copy 0, in
  /// their order: how many they are changes no sum but of a fold that has unrolled axes too.
  using Write = std::function<void(Frame&, Scope&, std::size_t copy)>;
  void lanes_over(Body& out, int var, Linear from, Linear to, Frame f, const std::vector<AxisId>& lanes, Index vectors,
                  const Write& write);
  /// A fold into one register of lanes. In a loop that goes in blocks, each block has registers of its own, one for
  /// each vector of a step, and adds them to that one when it ends, so that the fold's error grows with the number of
  /// blocks only.
  struct Running {
    Monoid monoid;
    DType dtype;
    std::vector<int>* registers;  ///< the one; while the loop is written, the block's
  };
  Index elements_of_a_block(Index vectors) const;
  void lanes_in_blocks(Body& out, Linear from, Linear to, const Frame& f, const std::vector<AxisId>& lanes,
                       Index vectors, const std::vector<Running>& folds, const Write& write);
  /// The variable of the k-th vector of a step that takes several.
  int ahead(Statement& loop, Index k);
  /// The registers of a fold over lanes, one for each vector of a step.
  std::vector<int> accumulators(Body& body, Monoid monoid, DType dtype, Index vectors);
  /// Their sum by halves.
  int folded(Body& body, Monoid monoid, const std::vector<int>& registers);

  /// Everything is read and computed before anything is written: a result may lie where an operand lay.
  void store_points(Frame& f, Body& body);
  /// Operands that every row reads with a stride are laid out anew once a chunk.
  void pack();

  // ---- the chunk's row of partials
  /// One element.
  void store_partial(const Store& s, const Indices& where, int reg);
  /// The identity in all that `open` runs along.
  void clear_partial(const Store& s, AxisId open);
  int load_partial_lanes(const Store& s, const Indices& where, const Frame& f, Body& body, int part = 0);
  void store_partial_lanes(const Store& s, const Indices& where, int var, const Frame& f, Body& body, int reg,
                           int part = 0);

  std::vector<const Store*> partials_;
  bool left_over_ = false;  // in the rows that a tile leaves over: their text is short, not fast

 private:
  void find_piece();
  Index vectors_of_lines(const Body& body) const;
  Index vectors_of_steps(const Body& body) const;
  void keep_one_body(Statement& loop) const;
  bool masks_are_cheap(const Body& tail) const;
  void clear_row(const Store& s, int nothing);
  Indices first_indices(const Store& s) const;

  AxisId cut_ = no_axis;  // tile/chunks
  int last_lane_ = -1;
  int row_number_ = chunk_number;  // of the partials
};

}  // namespace croton::tile
