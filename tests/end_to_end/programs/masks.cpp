// Masks as indices, shapes that data decide, and the same answers from every way to run.
#include <croton.h>

#include <cstdio>
#include <sstream>

using namespace croton;

std::string shown(const std::vector<Array>& all) {
  std::ostringstream s;
  for (const Array& a : all) s << a << '\n';
  return s.str();
}

std::vector<Array> answers(const FunctionOptions& options) {
  const Tensor m = matrix("m"), keep = vector("keep", boolean), n = lscalar("n");
  const Tensor positive = m[m > 0];
  const std::vector<Tensor> outputs{positive,
                                    mean(positive),
                                    grad(sum(square(positive)), m),
                                    m[keep],
                                    m(keep, slice(none, none, -2)),
                                    m[m < 0].set(0),
                                    m[m < 0].inc(100),
                                    m[m < 0].set(arange(sum(m < 0))),
                                    m[m != m].set(0),
                                    m[slice(argmax(m(all, 0)), none)],
                                    zeros({n, sum(keep)}),
                                    where(keep(all, newaxis), m, -1)};
  const auto f = function({m, keep, n}, outputs, options);
  f(Array{{0., 0.}}, Array{true}, 1);  // another shape first
  return f(Array{{1., -2., 3.}, {-4., 5., -6.}}, Array{false, true}, 2);
}

int main() {
  const std::string expected =
      "[1. 3. 5.]\n3.0\n[[ 2.  0.  6.]\n [ 0. 10.  0.]]\n[[-4.  5. -6.]]\n[[-6. -4.]]\n[[1. 0. 3.]\n [0. 5. 0.]]\n"
      "[[ 1. 98.  3.]\n [96.  5. 94.]]\n[[1. 0. 3.]\n [1. 5. 2.]]\n[[ 1. -2.  3.]\n [-4.  5. -6.]]\n"
      "[[ 1. -2.  3.]\n [-4.  5. -6.]]\n[[0.]\n [0.]]\n[[-1. -1. -1.]\n [-4.  5. -6.]]\n";
  int wrong = 0;
  const auto check = [&](const char* how, const std::string& got) {
    if (got == expected) return;
    std::printf("%s:\n%s", how, got.c_str());
    ++wrong;
  };
  check("compiled", shown(answers({})));
  check("interpreted", shown(answers({.mode = Mode::FAST_COMPILE})));
  const ScopedConfig scope("device=emulator");
  check("emulated GPU", shown(answers({})));
  return wrong;
}
