// Graphs that several tests of tile programs look at, and the GPU that they look at them for.
#pragma once
#include "croton/gradient.h"
#include "croton/ops.h"
#include "croton/scan.h"
#include "expr/target.h"
#include "graph/node.h"
#include "rewrite/passes.h"
#include "tile/build.h"
#include "tile/nest.h"

namespace croton::tile::graphs {

/// A GPU, whichever, as a nest sees it.
inline Target gpu() {
  Target t;
  t.device_class = DeviceClass::gpu;
  t.vector_registers = 64;
  t.fma = true;
  return t;
}

/// The loops over lanes in a tile, those in blocks too.
inline std::vector<const Statement*> lane_loops(const Body& body) {
  std::vector<const Statement*> r;
  for (const Statement& s : body) {
    if (s.kind == Statement::Kind::lane_loop) r.push_back(&s);
    const std::vector<const Statement*> inner = lane_loops(s.body);
    r.insert(r.end(), inner.begin(), inner.end());
  }
  return r;
}

inline std::vector<Tensor> chain() {
  const Tensor a = fmatrix("a"), b = fmatrix("b");
  return {tanh(a * b + 0.3) * exp(-a) + sqrt(abs(b))};
}

inline std::vector<Tensor> softmax_rows() {
  const Tensor x = fmatrix("x");
  const Tensor e = exp(x - max(x, 1, keepdims));
  return {e / sum(e, 1, keepdims)};
}

inline std::vector<Tensor> column_variance() {
  const Tensor x = fmatrix("x");
  const Tensor centred = x - sum(x, 0, keepdims) / 1000;
  return {centred * rsqrt(sum(centred * centred, 0, keepdims) + 1)};
}

/// From the last row to the first.
inline std::vector<Tensor> moving_average() {
  const Tensor x = fmatrix("x"), rate = fvector("rate"), start = fvector("start");
  const auto [last, all] = scan(
      [&](const Tensor& h, const Tensor& row) {
        const Tensor next = h + rate * (row - h);
        return std::pair{next, tanh(next)};
      },
      start, exp(x), {.reverse = true});
  return {last, all};
}

/// The variance of columns as var writes it, rewritten.
inline std::vector<Tensor> variance_of_columns() {
  const std::vector<Tensor> out = {var(fmatrix("x"), 0)};
  return rewrite::run(out, {});
}

/// A network of eight classes: its outputs, and the gradient of its first weights.
inline std::vector<Tensor> wide_network() {
  const Tensor x = tensor("x", float32, {any_extent, 8}), w1 = tensor("w1", float32, {8, any_extent});
  const Tensor w2 = tensor("w2", float32, {any_extent, 8}), y = tensor("y", float32, {any_extent, 8});
  const Tensor loss = sum(categorical_crossentropy(softmax(dot(tanh(dot(x, w1)), w2)), y));
  return rewrite::run(std::vector<Tensor>{grad(loss, w1)}, {});
}

/// The tutorial's gradient step as its users write it, rewritten: the new w1, b1, w2, b2.
inline std::vector<Tensor> tutorial_step() {
  const Tensor x = tensor("x", float32, {any_extent, 2}), y = tensor("y", float32, {any_extent, 2});
  const Tensor w1 = tensor("w1", float32, {2, any_extent}), b1 = fvector("b1");
  const Tensor w2 = tensor("w2", float32, {any_extent, 2}), b2 = tensor("b2", float32, {2});
  const Tensor a1 = tanh(dot(x, w1) + b1);
  const Tensor y_hat = softmax(dot(a1, w2) + b2);
  const Tensor loss = mean(categorical_crossentropy(y_hat, y)) + 1e-6 * (sum(square(w1)) + sum(square(w2)));
  std::vector<Tensor> out;
  for (const Tensor& w : {w1, b1, w2, b2}) out.push_back(w - 0.01 * grad(loss, w));
  return rewrite::run(out, {});
}

inline std::vector<Tensor> gemm_with_neighbours() {
  const Tensor a = fmatrix("a"), b = fmatrix("b"), bias = fvector("bias");
  return {relu(dot(a * 2, b) + bias)};
}

inline std::vector<Tensor> skinny_contraction() {
  const Tensor a = tensor("a", float32, {any_extent, 3}), b = tensor("b", float32, {3, 4});
  return {dot(a, b)};
}

inline std::vector<Tensor> embedding_product() {
  const Tensor e = fmatrix("E"), ids = lvector("ids"), w = tensor("W", float32, {any_extent, 2});
  return {dot(e[ids], w)};
}

/// The cost of integer targets, rewritten.
inline std::vector<Tensor> integer_targets() {
  const Tensor z = fmatrix("z"), t = lvector("t");
  const std::vector<Tensor> cost{-mean(log(softmax(z))(arange(z.shape(0)), t))};
  return rewrite::run(cost, {});
}

inline std::vector<Tensor> swap() {
  const Tensor a = make_shared({float32, {-1}}, std::make_shared<SharedValue>(), "a", Where::here());
  const Tensor b = make_shared({float32, {-1}}, std::make_shared<SharedValue>(), "b", Where::here());
  return {b, a};
}

}  // namespace croton::tile::graphs
