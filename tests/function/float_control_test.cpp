// Results do not depend on the floating-point control that the host program or one of its libraries has set, and a call
// leaves that control and the locale as they were.
#include <cfenv>
#include <clocale>

#include "array/access.h"
#include "base/dtype.h"
#include "message.h"

namespace croton {
namespace {

#if defined(__x86_64__)
struct Control {
  unsigned vector = __builtin_ia32_stmxcsr() & ~0x3fu;
  unsigned short scalar = 0;
  Control() { asm volatile("fnstcw %0" : "=m"(scalar)); }
  bool operator==(const Control&) const = default;
};
void flush_subnormals() { __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); }
void round_upwards() { std::fesetround(FE_UPWARD); }
void shorten_x87() {
  const unsigned short word = 0x7f;  // 24 bits, to nearest
  asm volatile("fldcw %0" : : "m"(word));
}

// All that a user can make with numbers, as bytes one after another.
std::vector<Array> results(const Tensor& x, const FunctionBase& compiled, double number) {
  const Array values = Array{3e-39f, 1e-45f, -2e-40f, 0.1f, 1e-38f, 3.0f, 7e30f};
  std::vector<Array> all(5);
  compiled.run({{values, number}}, all);
  all.push_back(eval(x * 0.5f / 3.f, {{x, values}}));
  const Shared w = shared(exp(constant(values)) / 3.f);
  all.push_back(w.get_value());
  w.set_value(0.1);
  all.push_back(w.get_value());
  all.push_back(values.astype(float64).astype(float16));
  const Shared v = shared(values, "v");
  const Function folded = function({}, v * (constant(values) / 3.f));
  all.push_back(folded());
  return all;
}

TEST_CASE("a caller that flushes subnormals or rounds upwards gets the same bits in every mode") {
  const Control usual;
  for (const char* way : {"mode=FAST_RUN", "mode=FAST_COMPILE", "device=queued"}) {
    const ScopedConfig scope{std::string("floatX=float32,") + way};
    const Tensor x = vector("x"), s = scalar("s");
    const Tensor y = (x * s) / 3.f;
    const FunctionBase compiled =
        function({x, s}, std::vector<Tensor>{y, exp(x) / 3.f, sum(y), grad(sum(y * x), x), gammaln(abs(x))});
    const double tenth = 0.1;
    const std::vector<Array> want = results(x, compiled, tenth);
    REQUIRE(get(want[0], 0) != 0);
    for (const auto set : {flush_subnormals, round_upwards, shorten_x87}) {
      set();
      const Control before;
      std::vector<Array> got;
      std::string wrong;
      try {
        got = results(x, compiled, tenth);
        verify_grad(sum(exp(x)), {x}, {Array{0.1f, 0.2f}});
      } catch (const Error& e) { wrong = e.what(); }
      const Control after;
      std::fesetenv(FE_DFL_ENV);
      REQUIRE(wrong == "");
      REQUIRE(before == after);
      REQUIRE(before != usual);
      REQUIRE(got.size() == want.size());
      for (std::size_t i = 0; i < want.size(); ++i) {
        CAPTURE(way, i);
        REQUIRE(bits_equal(got[i], want[i]));
      }
    }
  }
}

TEST_CASE("what a custom op does to the control is undone before the next kernel") {
  const CustomOp rude{.name = "rude", .forward = [](std::span<const Array> in, std::span<Array> out) {
                        flush_subnormals();
                        out[0] = in[0].copy();
                      }};
  const Tensor x = fvector("x");
  for (const char* device : {"device=cpu", "device=queued"}) {
    const ScopedConfig scope{device};
    const Function f = function(x, apply(rude, {x * 1.f}) * 0.5f);
    CHECK(get(f(Array{2e-39f}), 0) == get(Array{1e-39f}, 0));
    CHECK(Control().vector == 0x1f80);
  }
}
#endif

TEST_CASE("making and calling a function leaves the locale alone") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const Tensor x = vector("x");
  const Function f = function(x, exp(x) * 0.5);
  f(std::vector{1.0});
  REQUIRE(std::setlocale(LC_ALL, nullptr) == before);
}

}  // namespace
}  // namespace croton
