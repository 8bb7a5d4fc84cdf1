// Fourier transforms in compiled functions: a library's against the reference evaluator's own, on every device and any
// number of threads.
#include <cmath>
#include <cstring>
#include <thread>

#include "array/access.h"
#include "base/dtype.h"
#include "catch.h"
#include "croton.h"
#include "gpu.h"
#include "ops/evaluate.h"
#include "runtime/cpu/parallel.h"
#include "values.h"

using namespace croton;

namespace {

Array by_reference(const Tensor& y, const Tensor& x, const Array& at) {
  return ops::evaluate({&y, 1}, {{x.node(), at}})[0];
}

double root_of_squares(const Array& a) {
  double total = 0;
  for (Index i = 0; i < a.size(); ++i) total += get(a, i) * get(a, i);
  return std::sqrt(total);
}

/// The distance of both, of all elements together, in units of what the second one's dtype rounds by.
double roundings_apart(const Array& a, const Array& b) {
  REQUIRE(a.shape() == b.shape());
  REQUIRE(a.dtype() == b.dtype());
  Array off = Array::zeros(a.shape());
  for (Index i = 0; i < a.size(); ++i) set(off, i, get(a, i) - get(b, i));
  const double unit = a.dtype() == float64 ? 0x1p-53 : 0x1p-24;
  return a.size() == 0 ? 0 : root_of_squares(off) / (unit * root_of_squares(b));
}

/// What docs/accuracy.md promises.
double bound(Index n) { return 1 + std::log2(static_cast<double>(n)); }

bool same_bits(const Array& a, const Array& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(data(a), data(b), static_cast<std::size_t>(a.size()) * size_of(a.dtype())) == 0;
}

struct Way {
  const char* name;
  Tensor x, y;
  Extents (*shape)(Index n);
};
/// Each way of a transform, its length known only when it runs.
std::vector<Way> ways(DType d) {
  const Tensor x = matrix("x", d), z = tensor3("z", d);
  const auto reals = [](Index n) -> Extents { return {2, n}; };
  const auto pairs = [](Index n) -> Extents { return {2, n, 2}; };
  return {{"rfft", x, rfft(x), reals},
          {"irfft, even", z, irfft(z),
           [](Index n) -> Extents {
             return {2, n / 2 + 2, 2};
           }},
          {"irfft, odd", z, irfft(z, {.n = 2 * z.shape(1) - 1}),
           [](Index n) -> Extents {
             return {2, n / 2 + 1, 2};
           }},
          {"fft", z, fft(z), pairs},
          {"ifft", z, ifft(z), pairs}};
}

}  // namespace

TEST_CASE("transforms of any length agree with the reference within their bound") {
  for (const DType d : {float64, float32})
    for (const Way& way : ways(d)) {
      const Function f = function(way.x, way.y);
      std::vector<Index> lengths{97, 101, 127, 128, 211, 256, 509, 1000, 1021};
      for (Index n = 1; n <= 64; ++n) lengths.push_back(n);
      for (const Index n : lengths) {
        INFO(way.name << ", " << n << ", " << name_of(d));
        const Array at = sines(way.shape(n), 1, d);
        CHECK(roundings_apart(f(at), by_reference(way.y, way.x, at)) < bound(n));
      }
    }
}

TEST_CASE("a long transform and its inverse give back what was there") {
  const Tensor x = dvector("x");
  const Function f = function(x, irfft(rfft(x), {.n = x.shape(0)}));
  for (const Index n : {65536, 99991}) CHECK(roundings_apart(f(sines({n})), sines({n})) < 2 * bound(n));
}

TEST_CASE("a line that is too long for what threads keep is transformed as well") {
  const Tensor x = dvector("x"), y = rfft(x);
  const Function off = function(x, max(abs(y(all, 0) - 1) + abs(y(all, 1))));
  Array impulse = Array::zeros({Index{1} << 22});
  set(impulse, 0, 1);
  CHECK(off(impulse).item<double>() < 1e-14);
}

TEST_CASE("transforms along any axes read views where they lie") {
  const Tensor v = tensor3("v", float64);
  const std::vector<Tensor> all_of = {rfft(v, {.axes = 0}),
                                      rfft(v(slice(none, none, 2), all, slice(none, none, -1)), {.axes = 1}),
                                      rfft(v.T(), {.axes = {0, 2}, .norm = FftNorm::ortho}),
                                      irfft(rfft(v, {.axes = {}}), {.n = {v.shape(0), v.shape(1), 8}, .axes = {}}),
                                      fft(stack({v, v * v}, 3), {.n = {9, 20}, .axes = {1, 0}}),
                                      ifft(stack({v, v}, -1)(all, 3), {.n = 5, .axes = 0})};
  const auto f = function({v}, all_of);
  const Array at = sines({6, 21, 8});
  const std::vector<Array> got = f(at);
  for (std::size_t k = 0; k < all_of.size(); ++k) {
    INFO(k);
    CHECK(roundings_apart(got[k], by_reference(all_of[k], v, at)) < bound(1000));
  }
}

TEST_CASE("a transform of no rows has none, and gradients run through the library too") {
  const Tensor x = fmatrix("x");
  const Tensor slope = grad(sum(square(rfft(x, {.n = 12}))), x);
  const Function f = function(x, rfft(x)), g = function(x, slope);
  CHECK(f(Array::zeros({0, 8}, float32)).shape() == Extents{0, 5, 2});
  CHECK(g(Array::zeros({0, 8}, float32)).shape() == Extents{0, 8});
  const Array at = sines({5, 9}, 0, float32);
  CHECK(roundings_apart(g(at), by_reference(slope, x, at)) < 2 * bound(12));
}

TEST_CASE("a transform of any length is one step on the host, and compiles nothing") {
  const Tensor x = dmatrix("x"), y = tensor3("y", float64);
  for (const Function& f : {function(x, rfft(x)), function(y, irfft(y)), function(y, fft(y, {.axes = 0}))})
    CHECK(f.explain().find("phase") == std::string::npos);
}

TEST_CASE("the product of two transforms is that of a circular convolution") {
  const Tensor a = dvector("a"), b = dvector("b");
  const Tensor n = a.shape(0) + b.shape(0) - 1;  // long enough for all of it: nothing comes round the end
  const Tensor u = rfft(a, {.n = n}), v = rfft(b, {.n = n});
  const Tensor real = u(all, 0) * v(all, 0) - u(all, 1) * v(all, 1);
  const Tensor imaginary = u(all, 0) * v(all, 1) + u(all, 1) * v(all, 0);
  const Tensor product = irfft(stack({real, imaginary}, 1), {.n = n});
  const auto f =
      function({a, b}, {product, convolve(a, b), grad(sum(square(product)), a), grad(sum(square(convolve(a, b))), a)});
  const auto [by_transforms, by_sums, slope, slope_by_sums] = f(sines({300}), sines({41}, 2));
  CHECK(roundings_apart(by_transforms, by_sums) < 3 * bound(340));
  CHECK(roundings_apart(slope, slope_by_sums) < 3 * bound(340));
}

TEST_CASE("a GPU's function transforms on the host, and around it is what it is", "[gpu]") {
  const Tensor x = fmatrix("x");
  const Tensor y = irfft(rfft(tanh(x)) * 2.f, {.n = x.shape(1)}) + x;
  const Array at = sines({7, 30}, 0, float32);
  const Array here = function(x, y)(at);
  const ScopedConfig scope(on_gpu());
  CHECK(roundings_apart(function(x, y)(at), here) < 16);
}

TEST_CASE("transforms are the same to the bit on any number of threads and from several at once", "[threads]") {
  const Tensor x = fmatrix("x");
  const auto f = function({x}, {rfft(x), rfft(x, {.axes = 0}), irfft(rfft(x), {.n = x.shape(1)})});
  const Array at = sines({200, 150}, 0, float32);
  runtime::set_threads(1);
  const std::array<Array, 3> alone = f(at);
  runtime::set_threads(3);
  std::array<std::array<Array, 3>, 3> together;
  std::array<std::thread, 3> callers;
  for (std::size_t k = 0; k < callers.size(); ++k) callers[k] = std::thread([&, k] { together[k] = f(at); });
  for (std::thread& caller : callers) caller.join();
  runtime::set_threads(0);
  for (const std::array<Array, 3>& one : together)
    for (std::size_t k = 0; k < alone.size(); ++k) CHECK(same_bits(one[k], alone[k]));
}
