#include "runtime/signature.h"

#include <algorithm>

#include "array/access.h"
#include "runtime/storage.h"

namespace croton::runtime {

Signatures::Signatures(const tile::Program& program, const std::vector<Tensor>& inputs,
                       const std::vector<Tensor>& shared)
    : inputs_(inputs), shared_(shared), deciding_(shape_deciding_leaves(program)) {
  for (const Tensor& t : shared) stored_.push_back(&storage_of(t));
}

Array Signatures::value_of(const Tensor& leaf, std::span<const Array> values) const {
  for (std::size_t k = 0; k < inputs_.size(); ++k)
    if (inputs_[k].node() == leaf.node()) return values[k];
  return storage_of(leaf).get();
}

std::vector<Index> Signatures::integers_of(const Tensor& leaf, std::span<const Array> values) const {
  const Array value = value_of(leaf, values);
  std::vector<Index> r;
  for (Index i = 0; i < value.size(); ++i) r.push_back(get_index(value, i));
  return r;
}

bool Signatures::decides_shapes(const Tensor& leaf) const {
  return std::any_of(deciding_.begin(), deciding_.end(), [&](const Tensor& t) { return same(t, leaf); });
}

std::vector<Index> Signatures::of(std::span<const Array> values) const {
  std::vector<Index> r;
  for (const Array& a : values) r.insert(r.end(), a.shape().begin(), a.shape().end());
  for (const SharedStorage* s : stored_) r.insert(r.end(), s->shape().begin(), s->shape().end());
  for (const Tensor& t : deciding_) {
    const std::vector<Index> integers = integers_of(t, values);
    r.push_back(static_cast<Index>(integers.size()));
    r.insert(r.end(), integers.begin(), integers.end());
  }
  return r;
}

bool Signatures::same_shapes(const std::vector<Index>& a, const std::vector<Index>& b) const {
  std::ptrdiff_t words = 0;
  for (const std::vector<Tensor>* leaves : {&inputs_, &shared_})
    for (const Tensor& t : *leaves) words += t.ndim();
  return std::equal(a.begin(), a.begin() + words, b.begin());
}

bool Signatures::matches(const std::vector<Index>& signature, std::span<const Array> values) const {
  const Index *next = signature.data(), *const end = next + signature.size();
  const auto same = [&](Index n) { return next != end && *next++ == n; };
  const auto same_shape = [&](const Extents& shape) { return std::all_of(shape.begin(), shape.end(), same); };
  for (const Array& a : values)
    if (!same_shape(ArrayAccess::body(a).shape)) return false;
  for (const SharedStorage* s : stored_)
    if (!same_shape(s->shape())) return false;
  for (const Tensor& t : deciding_) {
    const Array value = value_of(t, values);
    if (!same(value.size())) return false;
    for (Index i = 0; i < value.size(); ++i)
      if (!same(get_index(value, i))) return false;
  }
  return next == end;
}

Shapes Signatures::shapes(std::span<const Array> values) const {
  Shapes r;
  for (std::size_t k = 0; k < inputs_.size(); ++k)
    r[inputs_[k].node()] = Shape(values[k].shape().begin(), values[k].shape().end());
  for (std::size_t k = 0; k < shared_.size(); ++k)
    r[shared_[k].node()] = Shape(stored_[k]->shape().begin(), stored_[k]->shape().end());
  return r;
}

Integers Signatures::integers(std::span<const Array> values) const {
  Integers r;
  for (const Tensor& t : deciding_) r[t.node()] = integers_of(t, values);
  return r;
}

}  // namespace croton::runtime
