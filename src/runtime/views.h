// Where the views of a plan lie, and which of them integers of a call move.
#pragma once
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "runtime/plan.h"
#include "runtime/signature.h"

namespace croton::runtime {

/// Of a view, or of a region of what is written: from its base's first byte.
struct ViewPlace {
  std::vector<Index> strides;  // elements
  std::size_t offset = 0;      // bytes
};
/// Of one that is no reshape. `base_strides`: in elements; `shape`: its own.
ViewPlace view_place(const tile::Buffer&, std::span<const Index> base_strides, const Shape& shape, const Shapes&,
                     const Integers&);

/// What the integers of arguments and variables decide in a program: a call that brings others is served by the same
/// plan as long as no shape changes, and its views begin elsewhere, as those of X[i * 20 : i * 20 + 20] do.
class MovingViews {
 public:
  /// `leaves`: those whose integers decide shapes.
  MovingViews(const tile::Program&, std::span<const Tensor> leaves);

  bool any() const { return !views_.empty(); }
  /// Puts into a plan what starts() asks of it.
  void remember(Plan&, const Shapes&, const Integers&) const;
  /// Where each view of the plan begins, in the order of Plan::views, in bytes from its base, with these integers of
  /// the leaves; nothing where they need another plan. Throws what the type rules throw.
  std::optional<std::vector<std::size_t>> starts(const Plan&, const Integers& of_leaves) const;

 private:
  bool moves(int buffer) const;

  const tile::Program& program_;
  std::vector<Tensor> nodes_;     // that take those integers, operands before users
  std::vector<bool> is_integer_;  // by such node: whether others take its own
  std::vector<int> views_;        // buffers
};

/// Where the views of one plan begin in the call that a workspace serves.
class ViewStarts {
 public:
  /// In the call that the plan was made for.
  explicit ViewStarts(const Plan&);

  /// In this call; false, and nothing changes, where it needs another plan.
  bool move_to(const Plan&, const MovingViews&, const Signatures&, std::span<const Array> values);
  /// In the order of Plan::views, in bytes from the base of each.
  const std::vector<std::size_t>& starts() const { return starts_; }

 private:
  struct Hash {
    std::size_t operator()(const std::vector<Index>& signature) const;
  };

  std::vector<Index> signature_;  // of the call
  std::vector<std::size_t> starts_;
  // By signature: the batches of an epoch come again in the next.
  std::unordered_map<std::vector<Index>, std::vector<std::size_t>, Hash> found_;
};

}  // namespace croton::runtime
