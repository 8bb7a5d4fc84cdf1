#include "function/borrowed.h"

namespace croton {
namespace {

// A strided array has no reshaped view: only what is reshaped from a leaf, or from a reshape of one, shares its memory.
bool is_reshaped_leaf(const Tensor& t) {
  Tensor x = t;
  while (meaning<Reshape>(x)) x = node(x).inputs[0];
  return node(x).kind != NodeKind::apply;
}

}  // namespace

bool is_view_of_leaf(const Tensor& t) {
  Tensor x = t;
  while (meaning<View>(x)) x = node(x).inputs[0];
  return is_reshaped_leaf(x);
}

Array view_of_leaf(const Tensor& t, const ops::Values& leaves) {
  std::vector<Tensor> views;
  Tensor leaf = t;
  for (; node(leaf).kind == NodeKind::apply; leaf = node(leaf).inputs[0]) views.push_back(leaf);
  Array value = node(leaf).kind == NodeKind::constant ? node(leaf).value : leaves.at(leaf.node());
  for (std::size_t k = views.size(); k-- > 0;) {
    std::vector<Array> arguments{value};
    const auto& inputs = node(views[k]).inputs;
    for (Array& bound : ops::evaluate(std::span(inputs).subspan(1), leaves)) arguments.push_back(std::move(bound));
    value = ops::evaluate_node(views[k], arguments);
  }
  return value;
}

}  // namespace croton
