// A loop's step as rewriting looks at it: what each node depends on, who uses it, what can be made of all rows at once.
#pragma once
#include "rewrite/open_loop.h"

namespace croton::rewrite {

/// What moves may make a loop keep so many times as much of all rows as it does anyway.
inline constexpr double most_growth = 4;

class Step {
 public:
  explicit Step(const OpenLoop&);

  const std::vector<Tensor>& nodes() const { return nodes_; }
  /// Whether it is another value at each step.
  bool changes(const Tensor& t) const { return on(t).carries || on(t).rows; }
  /// The same, but for what depends on extents alone.
  bool varies(const Tensor& t) const { return on(t).values; }
  bool on_carries(const Tensor& t) const { return on(t).carries; }
  /// The nodes that use it.
  const std::vector<const Node*>& users(const Tensor& t) const { return on(t).users; }
  bool is_output(const Tensor& t) const { return on(t).outputs > 0; }
  /// By users, and as outputs.
  std::size_t uses(const Tensor& t) const { return on(t).uses(); }
  /// The output that is all a node is for, by users of which each is the only one; null where there is none.
  const Node* only_output(const Node*) const;
  /// The operand of a product that is another one at each step, where that is one of the two.
  const Tensor* changing_operand(const Tensor&) const;
  /// Whether `batched` makes it of many values of what changes.
  bool goes_for_many(const Tensor&) const;
  /// Nodes that change with rows alone and can be made of all rows at once, none with more elements than that.
  NodeSet of_rows(double most) const;

 private:
  struct On {
    bool carries = false, rows = false;
    bool values = false;  // of these, and not only their extents
    std::vector<const Node*> users;
    std::size_t outputs = 0;
    std::size_t uses() const { return users.size() + outputs; }
  };
  const On& on(const Tensor& t) const { return of_.at(t.node()); }

  std::vector<Tensor> nodes_;
  std::unordered_map<const Node*, On> of_;
};

/// A product with what is put together of rows and carries as the sum of two, so that one of them can leave the loop;
/// of a product of which slices alone are used, the products that give these.
void split_products(OpenLoop&);

}  // namespace croton::rewrite
