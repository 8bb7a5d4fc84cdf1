// What happens to a product on its way to memory: which phases a product takes over, and which it leaves.
#include "tile/epilogue.h"

#include "catch.h"
#include "croton/nn.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

// The steps, a word each: "gemm + bias, relu".
std::string words(const Program& p) {
  std::string r;
  const auto product = [&r](const char* word, const auto& step) {
    r += word;
    if (step.bias >= 0) r += "+bias";
    if (step.relu) r += "+relu";
  };
  for (const Step& s : p.steps) {
    r += r.empty() ? "" : " ";
    if (const auto* call = std::get_if<LibraryCall>(&s))
      product("gemm", *call);
    else if (const auto* views = std::get_if<StridedProduct>(&s))
      product("views", *views);
    else
      r += "phase";
  }
  return r;
}

std::string steps(const std::vector<Tensor>& outputs, bool fast = false) {
  Program p = build(rewrite::run(outputs, {}));
  take_epilogues(p, {.device_class = DeviceClass::gpu, .gemm = true, .product_bias = true, .fast = fast});
  verify(p);
  return words(p);
}

std::string steps_with_views(const std::vector<Tensor>& outputs) {
  Program p = build(rewrite::run(outputs, {}), {.products_of_views = true});
  take_epilogues(p, {.gemm = true, .products_of_views = true});
  verify(p);
  return words(p);
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

TEST_CASE("a product of views takes over a bias of its rows and relu from the phase that does nothing else") {
  const DType d = GENERATE(float32, float64);
  const Tensor x = tensor("x", d, {any_extent, 8, 30, 30}), w = tensor("w", d, {32, 8, 3, 3}), b = tensor("b", d, {32}),
               c = tensor("c", d, {28});
  const Tensor y = conv2d(x, w), of_rows = y + dimshuffle(b, {-1, 0, -1, -1});
  CHECK(steps_with_views({of_rows}) == "views+bias");
  CHECK(steps_with_views({relu(of_rows)}) == "views+bias+relu");
  CHECK(steps_with_views({relu(of_rows), y}) == "views phase");
  CHECK(steps_with_views({relu(y)}) == "views phase");
  CHECK(steps_with_views({relu(y + c)}) == "views phase");
  CHECK(steps_with_views({tanh(of_rows)}) == "views phase");
  const Tensor v = tensor("v", d, {16, 32, 3, 3}), z = conv2d(relu(of_rows), v);
  CHECK(steps_with_views({z}) == "views+bias+relu views");
  const std::string trained = steps_with_views({z, grad(sum(z * z), w)});  // it wants the result of relu
  CHECK(trained.find("views+bias+relu") == 0);
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
