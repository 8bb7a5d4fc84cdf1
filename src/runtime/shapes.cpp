#include "runtime/shapes.h"

#include <algorithm>

#include "base/error.h"
#include "graph/walk.h"
#include "ops/parts.h"
#include "tile/regions.h"

namespace croton::runtime {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<Tensor> mentioned(const tile::Program& program) {
  std::vector<Tensor> roots;
  for (const tile::Buffer& b : program.buffers) {
    roots.push_back(b.node);
    if (tile::is_region(b)) roots.push_back(b.whole);
  }
  for (const tile::Axis& a : program.axes) roots.push_back(a.witness);
  return topological(roots);
}

std::vector<Tensor> shape_deciding(const tile::Program& program) {
  std::vector<Tensor> roots;
  const auto add = [&](const Tensor& t, const tile::ExtentInputs& these) {
    for (std::size_t k = these.first; k < these.last; ++k) roots.push_back(node(t).inputs[k]);
  };
  for (const Tensor& t : mentioned(program)) add(t, tile::extent_inputs(t));
  for (const tile::Buffer& b : program.buffers)
    if (tile::is_region(b) && meaning<Write>(b.whole)) add(b.whole, {ops::first_bound, node(b.whole).inputs.size()});
  // stop at shape_of: its input's data do not matter
  std::vector<Tensor> out, todo = roots;
  std::unordered_map<const Node*, bool> seen;
  while (!todo.empty()) {
    const Tensor t = todo.back();
    todo.pop_back();
    if (!seen.emplace(t.node(), true).second) continue;
    out.push_back(t);
    if (meaning<ShapeOf>(t)) continue;
    for (const Tensor& x : node(t).inputs) todo.push_back(x);
  }
  std::sort(out.begin(), out.end(), [](const Tensor& a, const Tensor& b) { return node(a).id < node(b).id; });
  return out;
}

std::vector<Tensor> shape_deciding_leaves(const tile::Program& program) {
  std::vector<Tensor> r;
  for (const Tensor& t : shape_deciding(program))
    if (node(t).kind == NodeKind::input || node(t).kind == NodeKind::shared) r.push_back(t);
  return r;
}

Shapes infer(const tile::Program& program, const Shapes& leaves, Integers& integers) {
  Shapes shapes = leaves;
  std::unordered_map<const Node*, bool> decides;
  for (const Tensor& t : shape_deciding(program)) decides.emplace(t.node(), true);
  for (const tile::Buffer& b : program.buffers)
    if (meaning<ShapeOf>(b.node)) decides.emplace(b.node.node(), true);
  for (const Tensor& t : mentioned(program)) {
    ops::infer(t, shapes, integers, decides.contains(t.node()));
    const Shape& shape = shapes.at(t.node());
    if (std::any_of(shape.begin(), shape.end(), [](Index extent) { return extent < 0; }))
      fail_at<ShapeError>(node(t).where, "the shape of {} depends on data, and a plan is made before anything runs",
                          formula(t));
  }
  for (const tile::Axis& a : program.axes)
    for (int d = a.witness_axis; d < a.witness_axis + a.joined; ++d) {
      const Index n = shapes.at(a.witness.node())[at(d)];
      const Index known = type(a.witness).shape[at(d)];  // kernels of a GPU are made for it
      if (known >= 0 && n != known)
        fail_at<ShapeError>(node(a.witness).where, "{} has {} along axis {}, but its type says {}", describe(a.witness),
                            n, d, known);
    }
  return shapes;
}

}  // namespace croton::runtime
