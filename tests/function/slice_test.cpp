// Gradients of parts: generated code puts them among zeros where they are used.
#include "array/access.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "graph/node.h"
#include "values.h"

namespace croton {
namespace {

const std::string ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued", on_gpu() + ",emulator_check=True"};

struct Part {
  const char* name;
  Tensor (*of)(const Tensor&);
};
const Part parts[] = {
    {"x[2]", [](const Tensor& x) { return x[2]; }},
    {"x[-1, 1:3]", [](const Tensor& x) { return x(-1, slice(1, 3)); }},
    {"x[:, -1]", [](const Tensor& x) { return x(all, -1); }},
    {"x[1:]", [](const Tensor& x) { return x[slice(1, none)]; }},
    {"x[:-1]", [](const Tensor& x) { return x[slice(none, -1)]; }},
    {"x[-3:, 1:-1]", [](const Tensor& x) { return x(slice(-3, none), slice(1, -1)); }},
    {"x[:, ::2]", [](const Tensor& x) { return x(all, slice(none, none, 2)); }},
    {"x[1::3]", [](const Tensor& x) { return x[slice(1, none, 3)]; }},
    {"x[20:30]", [](const Tensor& x) { return x[slice(20, 30)]; }},
    {"x[-20:2]", [](const Tensor& x) { return x[slice(-20, 2)]; }},
    {"x[2:2]", [](const Tensor& x) { return x[slice(2, 2)]; }},
};
const Part backwards[] = {
    {"x[::-2]", [](const Tensor& x) { return x[slice(none, none, -2)]; }},
    {"x[3:0:-1, -2::-1]", [](const Tensor& x) { return x(slice(3, 0, -1), slice(-2, none, -1)); }},
    {"x[0:3:-1]", [](const Tensor& x) { return x[slice(0, 3, -1)]; }},
    {"x[:, 9:-9:-3]", [](const Tensor& x) { return x(all, slice(9, -9, -3)); }},
};

void check_cost(const Part& part, const Tensor& cost, const Tensor& x) {
  const Array at = sines({5, 6}, 1);
  verify_grad(cost, {x}, {at});
  const Tensor g = grad(cost, x);
  const Array expected = eval(g, {{x, at}});
  for (const std::string& way : ways) {
    INFO(part.name << ", " << way);
    const ScopedConfig scope(way);
    const Function f = function(x, g);
    CHECK(f.explain().find("host") == std::string::npos);
    const Array got = f(at);
    for (Index i = 0; i < got.size(); ++i) REQUIRE(get(got, i) == Approx(get(expected, i)).epsilon(1e-12));
  }
}

void check(const Part& part, const Tensor& x) {
  check_cost(part, sum(exp(part.of(x)) * 2.0) + sum(square(x)), x);
  check_cost(part, sum(part.of(x)), x);  // one number is the gradient of every element there
  check_cost(part, sum(part.of(square(x))), x);
}

}  // namespace

TEST_CASE("the gradient of a part is computed in a kernel, whatever the bounds") {
  for (const Part& part : parts)
    for (const Tensor& x : {matrix("x", float64), tensor("x", float64, {5, 6})}) check(part, x);
  for (const Part& part : backwards)
    for (const Tensor& x : {matrix("x", float64), tensor("x", float64, {5, 6})}) check(part, x);
}

TEST_CASE("zeros are put around a tensor in the kernel that uses it") {
  for (const Tensor& x : {fmatrix("x"), tensor("x", float32, {2, 2})}) {
    const Function f = function(x, 2 * pad(x, {{1, 0}, {0, 2}}) + 1);
    CHECK(f.explain().find("host") == std::string::npos);
    CHECK(array_equal(f(Array{{1.0F, 2.0F}, {3.0F, 4.0F}}),
                      Array{{1.0F, 1.0F, 1.0F, 1.0F}, {3.0F, 5.0F, 1.0F, 1.0F}, {7.0F, 9.0F, 1.0F, 1.0F}}));
  }
  CHECK(type(pad(tensor("x", float32, {2, 3}), {{1, 0}, {0, 2}})).shape == Shape{3, 5});
}

TEST_CASE("gradients of parts that overlap add up in one kernel, where they are read beside each other") {
  const Tensor x = fmatrix("x");
  const Function f = function(x, grad(sum(square(x[slice(1, none)] - x[slice(none, -1)])), x));
  CHECK(f.explain().find("host") == std::string::npos);
  CHECK(f.explain().find("index [") == std::string::npos);
  CHECK(array_equal(f(Array{{1.0F}, {3.0F}, {0.0F}}), Array{{-4.0F}, {10.0F}, {-6.0F}}));
}

}  // namespace croton
