// What users hand over in braces: indices, shapes, axes, lists of tensors. Out of line, so that user files compile
// fast.
#include "croton/function.h"

namespace croton {

IndexItem::IndexItem(const Slice& s, Where w) : kind_(Kind::slice), slice_(s), where_(w) {}
IndexItem::IndexItem(All, Where w) : kind_(Kind::slice), where_(w) {}
IndexItem::IndexItem(const Expr& e, Where w) : kind_(Kind::tensor), tensor_(e), where_(w) {}
IndexItem::IndexItem(const Array& a, Where w) : kind_(Kind::tensor), tensor_(a, w), where_(w) {}
IndexItem::IndexItem(const IndexItem&) = default;
IndexItem::~IndexItem() = default;

Dims::Dims(std::initializer_list<Dim> l) : list(l) {}
Dims::Dims(const Expr& shape) : whole(!shape.node() || shape.ndim() != 0) {
  if (whole)
    vector = shape;
  else
    list.emplace_back(shape);  // zeros(n): one axis
}
Dims::Dims(const Extents& e) {
  for (const Index n : e) list.emplace_back(n);
}
Dims::Dims(const Dims&) = default;
Dims::~Dims() = default;

Axes::Axes() = default;
Axes::Axes(std::initializer_list<int> l) : everything(false), list(l) {}
Axes::Axes(const std::vector<int>& l) : everything(false), list(l) {}
Axes::Axes(const Axes&) = default;
Axes::~Axes() = default;

Tensors::Tensors() = default;
Tensors::Tensors(std::initializer_list<Tensor> l) : v_(l) {}
Tensors::Tensors(const Tensors&) = default;
Tensors& Tensors::operator=(const Tensors&) = default;
Tensors::~Tensors() = default;

Givens::Givens() = default;
Givens::Givens(std::initializer_list<Given> l) : v_(l) {}
Givens::Givens(const std::vector<Given>& l) : v_(l) {}
Givens::Givens(const Givens&) = default;
Givens& Givens::operator=(const Givens&) = default;
Givens::~Givens() = default;

}  // namespace croton
