// Products and the phases beside them: which steps are relays, and how steps are ordered so that they can be.
#include "tile/relay.h"

#include "catch.h"
#include "tile/graphs.h"

namespace croton::tile {
namespace {

// "gemm phase phase host", each relay in brackets.
std::string steps(const std::vector<Tensor>& outputs, std::size_t longest = 4) {
  const Program p = build(rewrite::run(outputs, {}));
  verify(p);
  const std::vector<Relay> found = relays(p, longest);
  std::string r;
  for (std::size_t s = 0; s < p.steps.size(); ++s) {
    const auto begins = [&](const Relay& x) { return x.first == s; };
    const auto ends = [&](const Relay& x) { return x.end == s + 1; };
    r += s > 0 ? " " : "";
    r += std::any_of(found.begin(), found.end(), begins) ? "[" : "";
    r += std::holds_alternative<Phase>(p.steps[s])         ? "phase"
         : std::holds_alternative<LibraryCall>(p.steps[s]) ? "gemm"
                                                           : "host";
    r += std::any_of(found.begin(), found.end(), ends) ? "]" : "";
  }
  return r;
}

}  // namespace

TEST_CASE("a product and the phases that go by its rows are a relay") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), v = fmatrix("v"), b = fvector("b");
  CHECK(steps({relu(dot(x, w) + b)}) == "[gemm phase]");
  CHECK(steps({dot(tanh(x), w)}) == "[phase gemm]");
  CHECK(steps({softmax(dot(tanh(x), w))}) == "[phase gemm phase]");
  CHECK(steps({softmax(dot(tanh(x), w))}, 2) == "[phase gemm] phase");
  CHECK(steps({relu(dot(relu(dot(x, w)), v))}) == "[gemm phase] [gemm phase]");
  CHECK(steps({dot(dot(x, w), v)}) == "gemm gemm");
}

TEST_CASE("rows that are read otherwise make no relay") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), s = tensor3("s", float32), t = tensor3("t", float32);
  CHECK(steps({dot(x, w).T() + 1}) == "gemm phase");
  CHECK(steps({dot(tanh(x).T(), w)}) == "phase gemm");
  CHECK(steps({dot(w, tanh(x))}) == "phase gemm");
  CHECK(steps({exp(dot(x, w)(slice(none, none, 2)))}) == "gemm phase");
  CHECK(steps({matmul(s, t) + 1}) == "gemm phase");
  // what folds all rows is finished by a phase that needs all of them
  CHECK(steps({tanh(dot(x, w)) / sum(dot(x, w))}) == "[gemm phase] phase phase");
}

TEST_CASE("a step that checks indices ends a relay") {
  const Tensor x = fmatrix("x"), w = fmatrix("w"), rows = lvector("rows");
  CHECK(steps({dot(take(x, rows, 0), w)}) == "phase gemm");
  CHECK(steps({categorical_crossentropy(softmax(dot(x, w)), rows)}) == "[gemm phase]");
}

TEST_CASE("a product comes just before the phase that reads it") {
  const Tensor x = fmatrix("x"), y = fmatrix("y"), w = fmatrix("w"), v = fmatrix("v");
  CHECK(steps({relu(dot(x, w)), sum(exp(y), 1) + 1, tanh(dot(y, v))}) == "phase [gemm phase] [gemm phase]");
  // gradients of two layers: each product beside what it is for
  const Tensor h = relu(dot(x, w)), loss = sum(square(dot(h, v) - y));
  const auto g = grad(loss, {w, v});
  CHECK(steps({w - g[0], v - g[1]}) == "[gemm phase] [gemm phase] [gemm phase] [gemm phase] [gemm phase]");
}

}  // namespace croton::tile
