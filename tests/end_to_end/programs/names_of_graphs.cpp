// Every name of the API sketch in use, arrays, tensors, indices and operations: other
// programs were written against it, and must go on compiling.
#include <croton.h>

#include <sstream>

using namespace croton;

namespace {

[[maybe_unused]] void use_1() {
  Index n = any_extent;
  DType d = floatX();
  (void)n;
  (void)d;
}
[[maybe_unused]] void use_2() {
  Where w = Where::here();
  (void)w.file;
  (void)w.line;
  (void)w.function;
}
[[maybe_unused]] void use_3() {
  Weak w(2.0);
  (void)w.is_float;
  (void)w.f;
  (void)w.i;
}
[[maybe_unused]] void use_4() {
  std::size_t n = 4;
  Extents e{2, n, 3u};
  e.push_back(2);
  Extents f(std::span<const int>{});
  Extents g(std::vector<std::size_t>{1, 2});
  (void)f;
  (void)g;
  (void)(e == g);
}
[[maybe_unused]] void use_5() {
  std::array<float, 3> a{};
  Array b(std::span<float>{a});
  Array c{1.f, 2.f};
  Array d{{1, 2}, {3, 4}};
  Array e(a.data(), {3});
  (void)b;
  (void)c;
  (void)d;
  (void)e;
}
[[maybe_unused]] void use_6() {
  std::vector<std::vector<double>> v{{1, 2}};
  Array a(v);
  Array b = Array::scalar(true);
  Array c(2.5);
  (void)a;
  (void)b;
  (void)c;
}
[[maybe_unused]] void use_7() {
  Array a;
  a = Array::full({2}, 3);
  a = a.astype(float32).reshape({-1}).copy().T();
  (void)a[0];
  for (float& x : a.mutable_values<float>()) x = 1;
  (void)a.item<int>();
  (void)a.at<double>(0, 1);
}
[[maybe_unused]] void use_8() {
  Npz z;
  (void)z.names();
  (void)z.has("a");
  (void)z["a"];
  save_npz("f", {{"a", Array{1.f}}});
  (void)load_npy("a.npy");
}
[[maybe_unused]] void use_9() {
  Tensor x = matrix("x");
  Operand o(x);
  (void)o.get();
  (void)o.where();
  Operand p(2);
  (void)p;
}
[[maybe_unused]] void use_10() {
  Tensor x = matrix("x");
  (void)x.shape();
  (void)x.shape(0);
  (void)x.size();
  (void)x.name();
  (void)x.named("y");
  (void)x.T();
  (void)x.astype(float32);
  (void)x.dot(x);
  (void)x.sum();
  (void)x.mean();
  (void)x.reshape({x, -1, 3});
  const Node* q = x.node();
  (void)q;
}
[[maybe_unused]] void use_11() {
  Tensor x = matrix("x");
  (void)x.reshape({x.shape(0), -1});
}
[[maybe_unused]] void use_12() {
  Tensor x = matrix("x");
  (void)(x % 2);
  (void)(-x);
  (void)(x == 0);
  (void)(x != x);
  (void)(x < 1);
  (void)(x <= x);
  (void)(x > 1u);
  (void)(x >= 1.f);
  (void)((x > 0) & (x < 1));
  (void)((x > 0) | !x);
  (void)((x > 0) ^ (x > 1));
  (void)(~(x > 0));
  (void)((x && x) || x);
}
[[maybe_unused]] void use_13() {
  Tensor x = 3;
  x += 1;
  x -= x;
  x *= 2.0;
  x /= x;
  Tensor y = 2.5f;
  Tensor z = Array{1.f};
  (void)same(y, z);
}
[[maybe_unused]] void use_14() {
  Tensor n = lscalar();
  Bound a = none, b = 3, c = n;
  Slice s{a, b, c};
  (void)s.start.given;
  Slice t = slice(n), u = slice(1, n), v = slice(none, none, -1);
  (void)t;
  (void)u;
  (void)v;
}
[[maybe_unused]] void use_15() {
  Tensor x = matrix("x");
  const Slice& s = all;
  (void)x(s, 1);
}
[[maybe_unused]] void use_16() {
  Tensor x = matrix("x");
  Slice s = all;
  (void)x[s];
}
[[maybe_unused]] void use_17() {
  Tensor x = matrix("x");
  (void)x(all, IndexItem(3));
  (void)x[Array{Index{0}}];
  (void)x[x > 0];
  (void)x(x(all, 0) > 0, all);
  (void)x[Array{true, false}];
  (void)x[std::vector<bool>{true}];
  (void)x(newaxis, ellipsis);
  IndexItem i(all);
  (void)i;
}
[[maybe_unused]] void use_18() {
  Tensor x = matrix("x");
  std::array<Tensor, 2> a{x, x};
  Tensors t{x, x}, u(a), v(std::vector<Shared>{});
  (void)t.list();
  (void)u;
  (void)v;
}
[[maybe_unused]] void use_19() {
  Tensor x = matrix("x");
  Axes a;
  Axes b(1);
  Axes c{0, 1};
  (void)a.everything;
  (void)b.list;
  (void)sum(x, a);
  (void)sum(x, c, keepdims);
  (void)all_of_axes(x, 0);
  (void)any(x > 0, 1, keepdims);
  (void)argmin(x, 0);
  (void)logsumexp(x, 1);
  (void)var(x);
  (void)prod(x, keepdims);
}
[[maybe_unused]] void use_20() {
  Tensor x = matrix("x");
  (void)all_of_axes(x > 0);
  (void)all_of_axes(x > 0, keepdims);
}
[[maybe_unused]] void use_21() {
  Tensor x = matrix("x");
  (void)exp(x);
  (void)log1p(x);
  (void)relu(x);
  (void)sqr(x);
  (void)abs(x);
  (void)floor(x);
  (void)round(x);
  (void)isnan(x);
  (void)zeros_like(x);
  (void)ones_like(x);
  (void)zero_grad(x);
  (void)disconnected_grad(x);
  (void)sin(x);
  (void)cos(x);
  (void)sigmoid(x);
}
[[maybe_unused]] void use_22() {
  Tensor x = matrix("x");
  (void)pow(2, x);
  (void)pow(x, 0.5);
  (void)maximum(x, 0);
  (void)minimum(1.f, x);
  (void)where(x > 0, x, 0);
  (void)clip(x, 0, 1);
  (void)matmul(x, x);
}
[[maybe_unused]] void use_23() {
  Tensor x = matrix("x"), t = lvector("t");
  (void)softmax(x);
  (void)log_softmax(x, 0);
  (void)categorical_crossentropy(x, t);
  (void)binary_crossentropy(x, x);
  (void)one_hot(t, 10);
  (void)one_hot(t, 10, float32);
}
[[maybe_unused]] void use_24() {
  Tensor x = matrix("x");
  Dim a(3), b(x);
  Dims c{a, b, 3u}, d(x.shape()), e(Extents{1, 2});
  (void)c.whole;
  (void)c;
  (void)d;
  (void)e;
}
[[maybe_unused]] void use_25() {
  Tensor x = matrix("x");
  (void)reshape(x, x.shape());
  (void)transpose(x);
  (void)transpose(x, {1, 0});
  (void)transpose(x, Extents{1, 0});
  (void)zeros({x.shape(0), 3});
  (void)ones({2, 3}, float32);
  (void)arange(x.shape(0));
  (void)arange(10);
  (void)arange(1, x.shape(0));
  (void)arange(x.shape(0), 0, -2);
  (void)concatenate({x, x}, 1);
  (void)stack({x, x});
  (void)cast(x, int32);
  (void)constant(Array{1.f}, "c");
}
[[maybe_unused]] void use_26() {
  Tensor a = scalar(), b = vector("b", float32), c = matrix(), d = ivector(), e = lscalar(), f = fmatrix(),
         g = lvector(), h = tensor("h", int8, {2, any_extent});
}

}  // namespace
