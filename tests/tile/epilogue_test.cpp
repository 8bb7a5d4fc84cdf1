// What a library does to a product on its way to memory: which phases a product takes over, and which it leaves.
#include "tile/epilogue.h"

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

// The steps, a word each: "gemm + bias, relu".
std::string steps(const std::vector<Tensor>& outputs, bool fast = false) {
  Program p = build(rewrite::run(outputs, {}));
  take_epilogues(p, {.device_class = DeviceClass::gpu, .gemm = true, .product_bias = true, .fast = fast});
  verify(p);
  std::string r;
  for (const Step& s : p.steps) {
    r += r.empty() ? "" : " ";
    const auto* call = std::get_if<LibraryCall>(&s);
    r += call == nullptr ? "phase" : "gemm";
    if (call != nullptr && call->bias >= 0) r += "+bias";
    if (call != nullptr && call->relu) r += "+relu";
  }
  return r;
}

}  // namespace

TEST_CASE("a product takes over a bias from the phase that does nothing else") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), v = fmatrix("v"), b = fvector("b"), c = fvector("c");
  CHECK(steps({dot(x, w) + b}) == "gemm+bias");
  CHECK(steps({b + dot(x, w)}) == "gemm+bias");
  CHECK(steps({dot(x.T(), w.T()) + b}) == "gemm+bias");
  CHECK(steps({dot(dot(x, w) + b, v) + c}) == "gemm+bias gemm+bias");
  CHECK(steps({dot(x, w) + exp(b)}) == "phase gemm+bias");
}

TEST_CASE("a relu is the product's where functions may be the machine's own") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), v = fmatrix("v"), b = fvector("b");
  CHECK(steps({relu(dot(x, w) + b)}, true) == "gemm+bias+relu");
  CHECK(steps({dot(relu(dot(x, w) + b), v)}, true) == "gemm+bias+relu gemm");
  CHECK(steps({relu(dot(x, w) + b)}) == "gemm phase");
  CHECK(steps({relu(dot(x, w))}, true) == "gemm phase");
  CHECK(steps({maximum(dot(x, w) + b, 0)}, true) == "gemm phase");
}

TEST_CASE("a product that something else wants, or of other matrices, keeps its phase") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), y = fmatrix("y"), b = fvector("b"), column = col("column", float32);
  const Tensor product = dot(x, w);
  CHECK(steps({product + b, product}) == "gemm phase");
  CHECK(steps({product + b, sum(exp(product))}).find("bias") == std::string::npos);
  CHECK(steps({tanh(product + b)}) == "gemm phase");
  CHECK(steps({product + y}) == "gemm phase");
  CHECK(steps({product + product}) == "gemm phase");
  CHECK(steps({product + column}) == "gemm phase");
  CHECK(steps({(product + b).T()}).find("phase") != std::string::npos);
  CHECK(steps({product - b}) == "gemm phase");
  const Tensor rows = b(slice(none, none, 2));  // no piece of memory begins with it
  CHECK(steps({product + rows}) == "gemm phase");
  const Tensor x64 = dmatrix("x"), w64 = dmatrix("w"), b64 = dvector("b");
  CHECK(steps({dot(x64, w64) + b64}) == "gemm phase");
  const Tensor s = tensor3("s", float32), t = tensor3("t", float32);
  CHECK(steps({matmul(s, t) + b}) == "gemm phase");
}

TEST_CASE("partials know their phase when a step before it is gone") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), y = fmatrix("y"), b = fvector("b");
  Program p = build(rewrite::run(std::vector<Tensor>{sum(exp(dot(dot(x, w) + b, y)))}, {}));
  take_epilogues(p, {.device_class = DeviceClass::gpu, .gemm = true, .product_bias = true});
  verify(p);
  for (const Buffer& of : p.buffers) {
    if (of.kind != Buffer::Kind::partial) continue;
    const auto* phase = std::get_if<Phase>(&p.steps[static_cast<std::size_t>(of.made_by)]);
    REQUIRE(phase != nullptr);
    CHECK(std::any_of(phase->stores.begin(), phase->stores.end(),
                      [&](const Store& s) { return &p.buffers[static_cast<std::size_t>(s.buffer)] == &of; }));
  }
}

TEST_CASE("other targets keep their phases") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), b = fvector("b");
  Program p = build(rewrite::run(std::vector<Tensor>{dot(x, w) + b}, {}));
  const std::string before = text(p);
  take_epilogues(p, {.gemm = true});
  CHECK(text(p) == before);
}

}  // namespace croton::tile
