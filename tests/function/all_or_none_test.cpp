// What a call may not do: leave a variable half updated, keep an old shape, or write where an argument still reads.
#include "array/access.h"
#include "child.h"
#include "message.h"

namespace croton {
namespace {

constexpr const char* ways[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued"};

}  // namespace

TEST_CASE("an update of as many elements in another shape changes the variable's shape, in every mode") {
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = matrix("x");
    const Shared w = shared(Array::zeros({2, 3}), "w");
    const Procedure f = function(x, {.updates = {{w, x * 2}}});
    for (const Extents& shape : {Extents{3, 2}, Extents{2, 3}, Extents{6, 1}, Extents{0, 4}, Extents{5, 0}}) {
      f(Array::full(shape, 1.0));
      REQUIRE(w.get_value().shape() == shape);
      REQUIRE(array_equal(w.get_value(), Array::full(shape, 2.0)));
    }
  }
}

TEST_CASE("with no BLAS a call fails and no update is visible") {
  if (!can_fork) return;
  REQUIRE(in_child([] {  // where a library that cannot be opened is not open already
    const ScopedConfig scope{"device=cpu,blas.ldflags=/nowhere/libblas.so"};
    const Tensor x = matrix("x"), y = matrix("y");
    const Shared n = shared(Array::zeros({200, 200}), "n");
    const Function f = function({x, y}, dot(x, y), {{n, n + 1}});
    const Array big = Array::full({200, 200}, 1.0);
    for (int i = 0; i < 2; ++i)
      if (!says(message<DeviceError>([&] { f(big, big); }), "no BLAS")) return false;
    return array_equal(n.get_value(), Array::zeros({200, 200}));
  }));
}

TEST_CASE("a result that is passed again is not written where an argument reads it") {
  for (const char* way : ways) {
    const ScopedConfig scope{way};
    const Tensor x = vector("x");
    const Function f = function(x, x(slice(none, none, -1)) + x * 2);
    const auto total = function(x, {sum(x), x + 1});
    for (const Index n : {8, 5000}) {
      Array first = Array::zeros({n});
      for (Index i = 0; i < n; ++i) set(first, i, static_cast<double>(i));
      Array out[1];
      f.run({{first}}, out);
      const Array want = f(out[0].copy());
      f.run({{out[0].values<double>()}}, out);
      REQUIRE(array_equal(out[0], want));
      // an out of another shape is let go of only when nobody reads it any more
      Array outs[2] = {Array::full({n}, 1.0), Array()};
      total.run({{outs[0].values<double>()}}, outs);
      REQUIRE(outs[0].item<double>() == static_cast<double>(n));
      REQUIRE(array_equal(outs[1], Array::full({n}, 2.0)));
    }
  }
}

}  // namespace croton
