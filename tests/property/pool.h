// What a random graph is made of so far: leaves and nodes, each with its value, from which the next one picks its
// operands.
#pragma once
#include <algorithm>

#include "base/dtype.h"
#include "random_graph.h"

namespace croton::property {

struct Made {
  Tensor t;
  Array value;
};

struct Extent {
  Index n;
  bool is_static;
};

class Pool {
 public:
  /// Leaves are noted in the case too; both outlive the pool.
  Pool(Random& random, Case& made) : random_(random), case_(made) { choose_extents(); }

  // ---- leaves
  DType some_dtype();
  Extent some_extent() { return random_.pick(extents_); }
  /// A leaf of any shape, or of that one; `type` has any_extent where the type leaves an extent open.
  void add_leaf();
  void add_leaf(const Extents& shape, const Extents& type, DType);
  /// An int64 scalar that a call brings: where a slice or a row lies. No node is made of it otherwise.
  Tensor add_place(Index);

  // ---- nodes
  /// Takes the tensor and all that it needs, unless it is too large or its values are.
  bool take(const Tensor&);
  const Made& last() const { return made_.back(); }
  std::size_t size() const { return made_.size(); }
  /// As if what came after the first n had never been taken.
  void keep(std::size_t n) { made_.resize(n); }

  // ---- operands
  Made of(const Tensor& t) const { return {t, known_.at(t.node())}; }
  const Made& any() {
    const std::size_t n = made_.size();
    return random_.chance(50) ? made_[n - 1 - random_.below(std::min<std::size_t>(n, 4))] : made_[random_.below(n)];
  }
  template <class F>
  const Made* such(F&& wanted) {
    for (int tries = 0; tries < 12; ++tries)
      if (const Made& m = any(); wanted(m)) return &m;
    return nullptr;
  }
  const Made* any_float() {
    return such([](const Made& m) { return is_float(m.t.dtype()); });
  }
  const Made* partner(const Made& a) {
    return such([&](const Made& b) { return fits(a, b); });
  }
  /// Whether they broadcast with each other, by what their types say.
  static bool fits(const Made& a, const Made& b);

 private:
  void choose_extents();
  Array fresh(const Extents& shape, DType);

  Random& random_;
  Case& case_;
  std::vector<Extent> extents_;
  std::size_t most_axes_ = 3;
  std::vector<Made> made_;
  ops::Values known_;
  std::vector<Tensor> kept_;  // so that no address in known_ is used twice
};

}  // namespace croton::property
