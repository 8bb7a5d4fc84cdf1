// What a custom op's forward may do while the call that runs it holds shared variables.
#include <functional>

#include "array/access.h"
#include "message.h"

namespace croton {
namespace {

std::function<void()> inside;  // what forward does before it gives its argument back

const CustomOp calling{.name = "calling", .forward = [](std::span<const Array> in, std::span<Array> out) {
                         inside();
                         out[0] = in[0].copy();
                       }};

}  // namespace

TEST_CASE("forward that reads a variable its function updates is refused") {
  const Tensor x = dvector("x");
  const Shared w = shared(Array{1., 2.}, "w");
  const Function reads = function({}, sum(w));
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    for (const std::function<void()>& each :
         {std::function<void()>([&] { (void)w.get_value(); }), std::function<void()>([&] { w.set_value(0); }),
          std::function<void()>([&] { reads(); })}) {
      inside = each;
      const Function f = function(x, apply(calling, {x}), {{w, w + x}}, {.mode = mode});
      const std::string said = message<GraphError>([&] { f(Array{1., 1.}); });
      REQUIRE(says(said, "w (shared, HERE) is "));
      REQUIRE(
          says(said, "inside a call that updates it (from a custom op's forward, say), which would wait for itself"));
      REQUIRE(array_equal(w.get_value(), Array{1., 2.}));
    }
  }
}

TEST_CASE("forward may read what its function reads, call other functions, and not change it") {
  const Tensor x = dvector("x");
  const Shared w = shared(Array{1., 2.}, "w"), v = shared(Array{5., 6.}, "v");
  const Function twice = function({}, w * 2, {{v, v + w}});
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    v.set_value(Array{5., 6.});
    Array seen, doubled;
    inside = [&] {
      seen = w.get_value();
      doubled = twice();
    };
    const Function f = function(x, apply(calling, {x}) + w, {.mode = mode});
    for (int i = 0; i < 2; ++i) REQUIRE(array_equal(f(Array{1., 1.}), Array{2., 3.}));
    REQUIRE(array_equal(seen, Array{1., 2.}));
    REQUIRE(array_equal(doubled, Array{2., 4.}));
    REQUIRE(array_equal(v.get_value(), Array{7., 10.}));
    inside = [&] { w.set_value(0); };
    REQUIRE(says(message<GraphError>([&] { f(Array{1., 1.}); }), "is changed inside a call that reads it"));
    REQUIRE(array_equal(w.get_value(), Array{1., 2.}));
  }
}

}  // namespace croton
