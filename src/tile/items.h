// The graph as the fuser sees it: items (leaves, kernel nodes, aliases, host and library steps, values assembled from
// parts) whose axes carry labels, unified along edges. Permutations and broadcasts are no items: they only say which
// axis of a value a user's axis runs along.
#pragma once
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "tile/build.h"
#include "tile/recurrence.h"

namespace croton::tile {

/// So many items that wait are looked at together: larger graphs take a time that grows as their size.
inline constexpr std::size_t most_waiting = 1000;

struct Operand {
  int item = -1;
  std::vector<int> labels;  // along each axis of the item's node; -1: extent 1, or read at 0
  bool fused = false;       // the item's own labels are these: it can be computed where it is used
  bool gathered = false;    // rows, or some elements, of it are read, from memory
  bool awaited = false;     // it is not read: what it is written over must lie there before
  int row_dim = -1;         // gathered: the item's axis along which they are rows; its label is -1
};

struct Item {
  enum class Kind : std::uint8_t { leaf, kernel, combine, alias, host, library, assembled, recurrence };
  Kind kind = Kind::kernel;
  Tensor node;
  std::vector<Operand> operands;
  std::vector<int> labels;                                  // along each axis of the node; -1: extent 1
  std::vector<int> reduced;                                 // summed (folded) over
  int partial = -1;                                         // combine: the buffer of partials
  Monoid monoid = Monoid::sum;                              // of a fold, and of the combine that it becomes
  bool copy = false;                                        // the value of its first operand, in memory of its own
  int rows = -1;                                            // gather: the label of the axis whose rows are named
  int site = -1;                                            // gather: the number of its check
  int row = -1;                                             // stored at rows: the operand that names them
  int row_dim = -1;                                         // along this axis
  std::vector<std::optional<std::vector<int>>> views = {};  // library: a strided product's operands as it sees them
  int into = -1;       // the assembled item of which it is a part: it lies in that one's memory
  int part = 0;        // its number there
  int over = -1;       // assembled by a write: the item whose memory it goes on in
  bool alone = false;  // in a phase of its own
  int loop = -1;       // recurrence: the number of its loop
};

/// A loop that is one phase, which computes all of its items.
struct ItemLoop {
  Recurrence recurrence;
  int steps = -1;                      // the label of the axis that steps go along
  std::vector<int> elements = {};      // those of its elements' axes
  std::vector<Operand> operands = {};  // by input of the recurrence
  std::vector<int> items = {};         // of its results
};

class Items {
 public:
  Items(std::span<const Tensor> outputs, const BuildOptions&);

  std::vector<Item> list;      // operands before users
  std::vector<int> outputs;    // items; what steps compute, or a reshape of it
  std::uint64_t visits = 0;    // of items while axes were unified
  std::vector<Tensor> checks;  // by site: gathers
  std::vector<ItemLoop> loops;

  /// The representative of a label's class; -1 stays.
  int find(int label) const;
  /// The extent the class is compiled for, or -1.
  Index constant(int label) const;
  /// An extent to reckon with: the static one where known, else 1024.
  Index likely_extent(int label) const;
  /// The axes of a node whose extents, multiplied, the class has: one, or several from `axis` on that are joined.
  struct Witness {
    Tensor node;
    int axis = 0, axes = 1;
  };
  Witness witness(int label) const;
  /// The label of so many neighbouring axes as one.
  int new_joined_label(const Tensor& node, int axis, int axes);
  /// Compiles no class of this label's extent in: its loop is a loop.
  void make_free(int label);
  /// What a node reads when it is computed from memory: the items behind its inputs, through permutations and
  /// broadcasts.
  std::vector<Operand> from_memory(const Tensor& t);
  /// Of a permutation or broadcast: along each axis the axis of the item behind it, or -1. None of the item itself.
  std::optional<std::vector<int>> axes_of_view(const Tensor& t);

 private:
  struct View {
    int item;
    std::vector<int> axes;  // along each axis of the item: the axis of the view, or -1
  };
  View resolve(const Tensor& t);
  int item_of(const Tensor& t);
  void add_leaf(const Tensor& t);
  void add_pointwise(const Tensor& t);
  void add_reduce(const Tensor& t);
  void add_contract(const Tensor& t);
  void add_gather(const Tensor& t);
  void add_row_numbers(const Tensor& t);
  void add_read_rows(const Tensor& t);
  void add_added_rows(const Tensor& t);
  void add_arranged_rows(const Tensor& t);
  void add_written_rows(const Tensor& t);
  void add_fold_windows(const Tensor& t);
  void add_concatenate(const Tensor& t);
  void add_write(const Tensor& t);
  void store_at_rows(int part, const Tensor& rows, int axis);
  /// A part of `t`, whose value is written over what lies in the memory that the result goes on in.
  void write_over(const Tensor& t, int part);
  void make_alone(int item);
  Operand loop_operand(const ItemLoop& loop, std::size_t input);
  void begin_loop(ItemLoop& loop);
  void add_loop_result(const Tensor& t, int number);
  void add_product(const Tensor& t, bool strided);
  void add_opaque(const Tensor& t, Item::Kind kind);
  Operand operand(const Tensor& t, std::span<const int> labels);
  /// Numbers of an axis are another item for each reader but the first: two may count along two axes (i >= j).
  Operand counted_anew(Operand);
  /// An operand from memory, at rows along that axis of t.
  Operand at_rows(const Tensor& t, std::vector<int> labels, int axis);
  /// An integer of the fuser's own, a constant or an extent, as a leaf.
  Operand scalar_leaf(const Tensor& t);
  Operand whole(const Tensor& t, bool contiguous = false);
  bool is_itself(const Tensor& t, const View&) const;
  /// The item whose elements these are, all of them and in their order, where a step computes it; else -1.
  int computed_as_a_whole(int item) const;
  /// A kernel that copies an operand into memory of its own, its axes in the order of `labels`.
  int add_copy(const Operand& from, Tensor node, std::vector<int> labels);
  int new_label(const Tensor& node, int axis);
  std::vector<int> new_labels(const Tensor& node);
  void unify_all();
  bool unify(int a, int b);
  int push(Item item);
  /// The last item computes the node.
  void last_item_is(const Tensor& t);

  struct Label {
    int parent;
    Tensor node;
    int axis;
    Index constant;
    std::unordered_set<int> members = {};  // items with a label of this class (of the representative only)
    int axes = 1;
  };
  mutable std::vector<Label> labels_;
  std::unordered_map<const Node*, View> views_;
  std::vector<Tensor> seen_;                   // of the fuser's own, so that no address in views_ is used twice
  std::unordered_map<const Node*, int> uses_;  // of each node's elements
  std::unordered_set<int> counted_;            // items of numbers that have a reader
};

}  // namespace croton::tile
