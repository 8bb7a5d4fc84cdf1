// The discrete Fourier transform, as simple as can be: a length is taken apart into its prime factors (Cooley and
// Tukey, 1965), and those are summed as the definition says. What the reference evaluator runs, and tests hold a
// library against.
#pragma once
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "array/access.h"

namespace croton::ops {

/// The least prime factor; n itself where it is a prime, or 1.
inline Index least_factor(Index n) {
  for (Index p = 2; p * p <= n; ++p)
    if (n % p == 0) return p;
  return n;
}
inline Index largest_factor(Index n) {
  Index p = least_factor(n);
  for (; p < n; p = least_factor(n)) n /= p;
  return p;
}

template <class W>
class Dft {
 public:
  /// The sums of x_j exp(-2 pi i j k / n), or (`inverse`) of x_j exp(2 pi i j k / n).
  Dft(Index n, bool inverse) : n_(n), roots_(static_cast<std::size_t>(n)), inner_(roots_.size()) {
    const long double turn = (inverse ? 2 : -2) * std::numbers::pi_v<long double> / static_cast<long double>(n);
    for (Index k = 0; k < n; ++k) {
      const long double angle = turn * static_cast<long double>(k);
      roots_[static_cast<std::size_t>(k)] = {static_cast<W>(std::cos(angle)), static_cast<W>(std::sin(angle))};
    }
  }
  /// Of n elements, into as many others.
  void run(const std::complex<W>* from, std::complex<W>* to) { part(from, 1, n_, to, inner_.data()); }

 private:
  /// Of `count` elements `step` apart, which are n_ / step.
  void part(const std::complex<W>* from, Index step, Index count, std::complex<W>* to, std::complex<W>* inner) {
    const Index p = least_factor(count), m = count / p;
    for (Index q = 0; q < p; ++q) {
      if (m == 1)
        inner[q] = from[q * step];
      else
        part(from + q * step, step * p, m, inner + q * m, to + q * m);
    }
    for (Index k = 0; k < count; ++k) {
      W real = 0, imaginary = 0;
      for (Index q = 0, at = 0; q < p; ++q, at = (at + k) % count) {
        const std::complex<W> x = inner[q * m + k % m], root = roots_[static_cast<std::size_t>(at * step)];
        real += x.real() * root.real() - x.imag() * root.imag();
        imaginary += x.real() * root.imag() + x.imag() * root.real();
      }
      to[k] = {real, imaginary};
    }
  }
  Index n_;
  std::vector<std::complex<W>> roots_, inner_;
};

}  // namespace croton::ops
