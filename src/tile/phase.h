// Writing the program down: which items have memory, and the values and stores of each phase.
#pragma once
#include "tile/items.h"

namespace croton::tile {

class Memory {
 public:
  explicit Memory(Items& items);

  Program program;

  /// Whether the item's value lies, or can be made to lie, in memory at this point of the program.
  bool available(int item) const;
  /// Cheap enough to compute again in each place that uses it: at most a few operations on what is available.
  bool can_inline(int item) const;
  /// Computed from what is available, by at most so many steps one after another.
  bool can_compute(int item, int steps) const;
  /// Made of nothing but its indices and numbers, by at most about one random word: to compute it again is no dearer
  /// than to store and load it, if each element is wanted once.
  bool can_remake(int item) const;
  /// The buffer of an available item; asking for it makes the phase that computed it store it.
  int buffer(int item);

  /// One phase that computes `members`. Folds over the parallel axes become partials, and their items combines.
  void emit(const std::vector<int>& parallel, bool flat, const std::vector<int>& members);
  /// A host or library step.
  void emit_step(int item);
  /// The phase that all steps of a loop are.
  void emit_loop(int loop);

 private:
  struct Place {
    int step = -1, value = -1, row = -1;
  };
  std::vector<AxisId> axes_of(std::span<const int> labels);
  AxisId axis(int label);
  int base_of(int item) const;  // the item in whose memory it lies, -1: in its own
  void add_buffer(int item);    // after its base has one
  void write_part(int item);
  int access(Phase& phase, const Operand& o, std::unordered_map<int, int>& made);
  int compute(Phase& phase, int item, std::unordered_map<int, int>& made);
  int add(Phase& phase, Value value, std::span<const int> labels);
  int convert(Phase& phase, int value, DType to);
  static void add_axes_of_args(const Phase& phase, Value& v);
  int call(Phase& phase, const Tensor& node, std::string_view function, DType dtype, std::vector<int> args);
  int positions(Phase& phase, const Item& item, DType dtype);
  int iota(Phase& phase, const Item& item, std::span<const int> labels, DType dtype);
  int element_of_windows(Phase& phase, const Item& item, std::unordered_map<int, int>& made);
  int checked_row(Phase& phase, const Item& item, std::size_t rank, std::unordered_map<int, int>& made);
  /// A load, or the sum of several, of `from` at rows; args come before.
  int at_rows(Phase& phase, const Item& item, const Operand& from, Value value);
  int gather(Phase& phase, const Item& item, std::unordered_map<int, int>& made);
  int sum_of_rows(Phase& phase, const Item& item, std::unordered_map<int, int>& made);
  int inline_cost(int item, int depth) const;
  int cost_to_remake(int item, int most) const;

  Items& items_;
  std::vector<Place> places_;             // by item
  std::vector<int> roots_;                // by item: itself, or what an alias, through others, is a view of
  std::vector<int> buffers_;              // by item, -1
  std::vector<std::size_t> parts_left_;   // by item: assembled, parts that no phase has written yet
  std::unordered_map<int, AxisId> axes_;  // by class
};

}  // namespace croton::tile
