// Fourier transforms by the reference evaluator: values against their definition, gradients against differences, and
// what they refuse.
#include <complex>
#include <numbers>
#include <tuple>

#include "catch.h"
#include "croton.h"
#include "differences.h"

using namespace croton;
using differences::disagreement;
using differences::numbers;
using differences::value;

namespace {

Tensor weighted(const Tensor& t) { return sum(flatten(t) * (cast(arange(t.size()), float64) + 1)); }
Tensor weighted_squares(const Tensor& t) { return weighted(square(t)); }

/// sum_j x_j exp(-+ 2 pi i j k / n) of pairs.
std::complex<double> sum_of_terms(const Array& x, Index k, double sign) {
  const Index n = x.shape(0);
  std::complex<long double> total = 0;
  for (Index j = 0; j < n; ++j)
    total += std::complex<long double>(get(x, 2 * j), get(x, 2 * j + 1)) *
             std::polar(1.0L, sign * 2 * std::numbers::pi_v<long double> * static_cast<long double>(j * k % n) /
                                  static_cast<long double>(n));
  return {static_cast<double>(total.real()), static_cast<double>(total.imag())};
}

std::complex<double> pair(const Array& a, Index k) { return {get(a, 2 * k), get(a, 2 * k + 1)}; }

}  // namespace

TEST_CASE("a transform is the sum that defines it, of any length") {
  const Tensor z = dmatrix("z");
  for (Index n = 1; n <= 40; ++n) {
    const Array at = numbers({n, 2});
    const Array there = value(fft(z), {{z, at}}), back = value(ifft(z), {{z, at}});
    for (Index k = 0; k < n; ++k) {
      INFO(n << ", " << k);
      CHECK(std::abs(pair(there, k) - sum_of_terms(at, k, -1)) < 1e-14);
      CHECK(std::abs(pair(back, k) * static_cast<double>(n) - sum_of_terms(at, k, 1)) < 1e-14);
    }
  }
}

TEST_CASE("a transform of reals is the first half of that of pairs, and its inverse gives them back") {
  const Tensor x = dvector("x");
  for (Index n = 1; n <= 40; ++n) {
    INFO(n);
    const std::vector<differences::Leaf> at{{x, numbers({n})}};
    const Tensor y = rfft(x), whole = fft(stack({x, zeros_like(x)}, 1)), half = whole[slice(n / 2 + 1)];
    CHECK(value(max(abs(y - half)), at).item<double>() < 1e-14);
    CHECK(value(max(abs(irfft(y, {.n = x.shape(0)}) - x)), at).item<double>() < 1e-15);
    CHECK(value(max(abs(ifft(whole)(all, 0) - x)), at).item<double>() < 1e-15);
  }
}

TEST_CASE("Fourier transforms have the gradients that differences give, of first and of second order") {
  const Tensor x = dmatrix("x"), z = tensor3("z", float64), volume = tensor4("volume", float64);
  const std::vector<differences::Leaf> leaves{
      {x, numbers({3, 5})}, {z, numbers({4, 3, 2}, -1, 1, 2)}, {volume, numbers({2, 3, 3, 2}, -1, 1, 3)}};
  const std::vector<std::tuple<const char*, Tensor, Tensor>> all_of = {
      {"rfft, odd", x, rfft(x)},
      {"rfft, even", x, rfft(x, {.n = 4})},
      {"rfft, filled up", x, rfft(x, {.n = 8, .norm = FftNorm::ortho})},
      {"rfft of columns", x, rfft(x, {.axes = 0, .norm = FftNorm::forward})},
      {"rfft of both axes", x, rfft(x, {.axes = {0, 1}})},
      {"irfft, even", z, irfft(z)},
      {"irfft, odd", z, irfft(z, {.n = 5})},
      {"irfft, cut off", z, irfft(z, {.n = 3, .axes = 0})},
      {"irfft, filled up", z, irfft(z, {.n = 9, .norm = FftNorm::ortho})},
      {"irfft of one", z, irfft(z, {.n = 1})},
      {"irfft of two axes", volume, irfft(volume, {.n = {2, 5}, .axes = {0, 2}})},
      {"fft", z, fft(z)},
      {"fft, cut off", z, fft(z, {.n = 2})},
      {"ifft, filled up", z, ifft(z, {.n = 6, .axes = 0, .norm = FftNorm::ortho})},
      {"fft of all axes", volume, fft(volume, {.axes = {}})},
  };
  for (const auto& [name, of, t] : all_of) {
    INFO(name);
    CHECK(disagreement(weighted(t), leaves, 1e-6) == "");
    const Tensor cost = weighted_squares(t);
    CHECK(disagreement(cost, leaves, 1e-5) == "");
    CHECK(disagreement(sum(square(grad(cost, of))), leaves, 1e-4) == "");
  }
}

TEST_CASE("along a direction a transform is the direction's transform") {
  const Tensor x = dmatrix("x"), v = dmatrix("v"), z = tensor3("z", float64), u = tensor3("u", float64);
  const std::vector<differences::Leaf> leaves{{x, numbers({3, 6})},
                                              {v, numbers({3, 6}, -1, 1, 2)},
                                              {z, numbers({3, 4, 2}, -1, 1, 3)},
                                              {u, numbers({3, 4, 2}, -1, 1, 4)}};
  CHECK(value(max(abs(Rop(rfft(x), x, v) - rfft(v))), leaves).item<double>() < 1e-14);
  CHECK(value(max(abs(Rop(irfft(z), z, u) - irfft(u))), leaves).item<double>() < 1e-14);
  CHECK(value(max(abs(Rop(ifft(z), z, u) - ifft(u))), leaves).item<double>() < 1e-14);
}

TEST_CASE("the Jacobian of a transform along many directions at once is the transform's matrix") {
  const Tensor x = dvector("x");
  const std::vector<differences::Leaf> leaves{{x, numbers({20})}};
  const Tensor there_and_back = irfft(rfft(x), {.n = x.shape(0)});
  CHECK(value(max(abs(jacobian(there_and_back, x) - eye({20}, 0, float64))), leaves).item<double>() < 1e-14);
}

TEST_CASE("dtypes: floats stay, halves are computed in float32, integers become floatX") {
  CHECK(rfft(fmatrix("x")).dtype() == float32);
  CHECK(rfft(matrix("x", float16)).dtype() == float16);
  CHECK(irfft(matrix("x", bfloat16)).dtype() == bfloat16);
  CHECK(rfft(lvector("x")).dtype() == floatX());
  const Tensor h = vector("h", float16);
  const Array y = value(rfft(h), {{h, Array::full({4}, 20000.0, float16)}});
  CHECK(get(y, 0) == HUGE_VAL);  // 80000 is no half
  CHECK(get(y, 2) == 0);
  CHECK(get(value(rfft(h, {.norm = FftNorm::forward}), {{h, Array::full({4}, 20000.0, float16)}}), 0) == 20000);
}

TEST_CASE("types of transforms say the extents that are known") {
  const Tensor x = tensor("x", float64, {any_extent, 9}), y = tensor("y", float64, {3, any_extent, any_extent});
  CHECK(text(type(rfft(x))) == "float64[?, 5, 2]");
  CHECK(text(type(rfft(x, {.n = 16}))) == "float64[?, 9, 2]");
  CHECK(text(type(irfft(y, {.n = 16}))) == "float64[3, 16]");
  CHECK(formula(irfft(y, {.n = 16})) == "irfft(y, 16, 1)");
  CHECK(formula(rfft(x, {.axes = 0})) == "rfft(x, 0)");
  CHECK(text(type(fft(y, {.axes = 0}))) == "float64[3, ?, 2]");
}

TEST_CASE("Fourier transforms name what they cannot do") {
  const Tensor x = dmatrix("x"), s = dscalar("s"), three = tensor("three", float64, {4, 3}), z = tensor3("z", float64);
  CHECK_THROWS_WITH(rfft(x, {.axes = 2}),
                    Catch::Contains("rfft: axis 2 is out of range for x float64[?, ?] (valid: -2 .. 1)"));
  CHECK_THROWS_AS(rfft(x, {.axes = 2}), IndexError);
  CHECK_THROWS_WITH(ifft(z, {.axes = -3}),
                    Catch::Contains("ifft: axis -3 is out of range for z float64[?, ?, ?] (valid: -2 .. 1); the axis "
                                    "of pairs is not counted"));
  CHECK_THROWS_WITH(rfft(s), Catch::Contains("rfft: axis -1 is out of range for s float64[], which has no axes"));
  CHECK_THROWS_WITH(rfft(s, {.axes = {}}), Catch::Contains("rfft: there is no axis to transform; s is float64[]"));
  CHECK_THROWS_WITH(rfft(x, {.axes = {1, -1}}), Catch::Contains("rfft: axis 1 is given twice"));
  CHECK_THROWS_WITH(rfft(x, {.n = {4, 4}}), Catch::Contains("rfft: 2 lengths n for 1 axis"));
  CHECK_THROWS_WITH(fft(z, {.n = 4, .axes = {}}), Catch::Contains("fft: 1 length n for 2 axes"));
  CHECK_THROWS_WITH(rfft(x, {.n = 0}), Catch::Contains("rfft: a transform of 0 elements along axis 1, and it takes 1 "
                                                       "at least; x is float64[?, ?]"));
  CHECK_THROWS_WITH(rfft(x, {.n = -4}), Catch::Contains("rfft: an extent is a count, not -4"));
  CHECK_THROWS_WITH(rfft(x, {.n = s}), Catch::Contains("rfft: an extent is an integer scalar, s is float64[]"));
  CHECK_THROWS_WITH(irfft(three), Catch::Contains("irfft: pairs (real, imaginary) are needed along the last axis, "
                                                  "three is float64[4, 3]"));
  CHECK_THROWS_AS(fft(s), ShapeError);
  CHECK_THROWS_AS(irfft(dvector("v")), IndexError);
  CHECK_THROWS_AS(rfft(Tensor()), GraphError);
  const Array nothing = Array::zeros({3, 0});
  CHECK_THROWS_WITH(value(rfft(x), {{x, nothing}}),
                    Catch::Contains("rfft: a transform of 0 elements along axis 1, and it takes 1 at least; x is "
                                    "float64[3, 0]"));
  CHECK(value(rfft(x, {.n = 4}), {{x, nothing}}).shape() == Extents{3, 3, 2});
  CHECK(value(rfft(x), {{x, Array::zeros({0, 4})}}).shape() == Extents{0, 3, 2});
  CHECK_THROWS_WITH(value(irfft(z), {{z, Array::zeros({3, 1, 2})}}),
                    Catch::Contains("irfft: a transform of 0 elements along axis 1"));
  CHECK_THROWS_WITH(value(fft(z), {{z, Array::zeros({3, 1, 3})}}),
                    Catch::Contains("fft: pairs (real, imaginary) are needed along the last axis, z is "
                                    "float64[3, 1, 3]"));
}
