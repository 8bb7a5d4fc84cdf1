// What a plan is made for: the shapes that a call brings, and the integers that further shapes follow from.
#pragma once
#include <span>
#include <vector>

#include "runtime/shapes.h"

namespace croton::runtime {

class SharedStorage;

/// Of one program's calls. The words of the shared variables are held whenever it is asked.
class Signatures {
 public:
  /// `inputs`: the leaves that calls bring, in their order; `shared`: the program's variables. All outlive it.
  Signatures(const tile::Program&, const std::vector<Tensor>& inputs, const std::vector<Tensor>& shared);

  bool decides_shapes(const Tensor& leaf) const;
  /// The leaves whose values decide shapes.
  const std::vector<Tensor>& deciding() const { return deciding_; }
  /// Shapes of the leaves, and the integers of the deciding ones.
  std::vector<Index> of(std::span<const Array> values) const;
  /// Whether two differ at most in those integers.
  bool same_shapes(const std::vector<Index>&, const std::vector<Index>&) const;
  /// Whether it is this call's.
  bool matches(const std::vector<Index>& signature, std::span<const Array> values) const;

  Shapes shapes(std::span<const Array> values) const;
  Integers integers(std::span<const Array> values) const;

 private:
  Array value_of(const Tensor& leaf, std::span<const Array> values) const;
  std::vector<Index> integers_of(const Tensor& leaf, std::span<const Array> values) const;

  const std::vector<Tensor>& inputs_;
  const std::vector<Tensor>& shared_;
  std::vector<SharedStorage*> stored_;  // by variable
  std::vector<Tensor> deciding_;
};

}  // namespace croton::runtime
