// Measures the functions of kernels/: compiles them as generated code is compiled, runs them, and counts units in the
// last place.
#pragma once
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "expr/functions.h"

namespace measured {

using Real = long double;

struct Isa {
  int bytes;
  std::string flags;
};
/// What this machine can run, widest first.
inline std::vector<Isa> isas() {
  std::vector<Isa> all;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    all.push_back({64, "-mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma"});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all.push_back({32, "-mavx2 -mfma -mf16c"});
  all.push_back({16, ""});
  return all;
}

inline std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) croton::fail<croton::CompileError>("cannot run {}", command);
  for (char part[4096]; const std::size_t n = std::fread(part, 1, sizeof part, pipe);) text.append(part, n);
  if (pclose(pipe) != 0) croton::fail<croton::CompileError>("{}\n{}", command, text);
  return text;
}

/// A translation unit compiled as generated code is, and loaded.
class Unit {
 public:
  Unit(const std::string& text, const Isa& isa) {
    char folder[] = "/tmp/croton_functions_XXXXXX";
    if (!mkdtemp(folder)) croton::fail<croton::FileError>("cannot make a folder under /tmp");
    const std::string at = folder;
    std::ofstream(at + "/unit.cpp") << fmt::format("#define CROTON_VECTOR_BYTES {}\n", isa.bytes) << text;
    output_of(
        fmt::format("g++ -std=gnu++20 -O2 -fno-tree-slp-vectorize -fno-tree-loop-distribute-patterns -fno-math-errno "
                    "-fno-trapping-math -ffp-contract=off -fno-strict-aliasing -fwrapv -nostdlib -shared -fPIC -w {} "
                    "-o {}/unit.so {}/unit.cpp 2>&1",
                    isa.flags, at, at));
    undefined_ = output_of("nm -D --undefined-only " + at + "/unit.so");
    library_ = dlopen((at + "/unit.so").c_str(), RTLD_NOW);
    const std::string why = library_ ? "" : dlerror();
    output_of("rm -r " + at);
    if (!library_) croton::fail<croton::CompileError>("{}", why);
  }
  ~Unit() { dlclose(library_); }
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  template <class F>
  F symbol(const std::string& name) const {
    void* s = dlsym(library_, name.c_str());
    if (!s) croton::fail<croton::CompileError>("no symbol {}", name);
    return std::bit_cast<F>(s);
  }
  /// What `nm -D` lists as undefined: "" for generated code.
  const std::string& undefined() const { return undefined_; }

 private:
  void* library_ = nullptr;
  std::string undefined_;
};

template <class T>
constexpr const char* short_name = sizeof(T) == 4 ? "f32" : "f64";

/// extern "C" void NAME_f32(n, out, a[, b[, c]]): the function over arrays of whole vectors.
inline std::string loops_over(const croton::expr::ScalarFunction& f) {
  std::string text;
  for (const char* t : {"f32", "f64"}) {
    std::string parameters, arguments;
    for (int i = 0; i < f.arity; ++i) {
      parameters += fmt::format(", const {}* p{}", t, i);
      arguments += fmt::format("{}load<L>(p{} + i)", i ? ", " : "", i);
    }
    text += fmt::format(
        "extern \"C\" void {0}_{1}(i64 n, {1}* out{2}) {{ constexpr int L = CROTON_VECTOR_BYTES / sizeof({1}); "
        "for (i64 i = 0; i < n; i += L) store(out + i, cast<{1}>({3}({4}))); }}\n",
        f.name, t, parameters, f.spelling, arguments);
  }
  return text;
}

/// |got - exact| in units of the last place of `exact`; infinity counts as the next power of two. NaN must meet NaN.
template <class T>
double ulps(T got, Real exact, double absolute = 0) {
  constexpr int digits = std::numeric_limits<T>::digits, highest = std::numeric_limits<T>::max_exponent;
  if (std::isnan(got) || std::isnan(exact)) return std::isnan(got) && std::isnan(exact) ? 0 : HUGE_VAL;
  const Real beyond = std::ldexp(Real{1}, highest);
  const Real e = std::min(std::max(exact, -beyond), beyond),
             g = std::isinf(got) ? std::copysign(beyond, got) : Real{got};
  if (g == e) return exact == 0 && std::signbit(got) != std::signbit(exact) ? HUGE_VAL : 0;
  const int exponent = e == 0 ? -100000 : std::ilogb(std::fabs(e));
  const int last =
      std::max(std::min(exponent, highest - 1) - (digits - 1), std::numeric_limits<T>::min_exponent - digits);
  const Real error = std::max(std::fabs(g - e) - absolute, Real{0});
  return static_cast<double>(std::ldexp(error, -last));
}

/// Inputs of one operand: every exponent alike, the function's own domain, small whole numbers, and the edges.
template <class T>
std::vector<T> inputs(std::size_t count, croton::expr::Interval domain, unsigned seed) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> usual(domain.low, domain.high), unit(-2, 2), wide(-800, 800);
  std::vector<T> x;
  using L = std::numeric_limits<T>;
  const double edges[] = {
      0,    L::min(), L::denorm_min(), L::max(),         HUGE_VAL,          0.5, 1, 2, 3, 88.72283, 709.78,
      1e-5, 103.9,    745.1,           3.14159265358979, 1.5707963267948966};
  for (const double e : edges)
    for (const T v : {static_cast<T>(e), static_cast<T>(-e)})
      for (const T w : {v, std::nextafter(v, L::infinity()), std::nextafter(v, -L::infinity())}) x.push_back(w);
  x.push_back(L::quiet_NaN());
  x.push_back(-L::quiet_NaN());
  for (int i = -12; i <= 12; ++i) x.push_back(static_cast<T>(i));
  while (x.size() < count) {
    x.push_back(std::bit_cast<T>(static_cast<Bits>(random())));
    x.push_back(static_cast<T>(usual(random)));
    x.push_back(static_cast<T>(unit(random)));
    x.push_back(static_cast<T>(wide(random)));
  }
  x.resize((x.size() + 63) / 64 * 64);
  return x;
}

struct Worst {
  double ulps = 0;
  double at[3] = {};
  double got = 0, exact = 0;
};

/// Runs f over columns of equal length and returns the worst error against `exact`.
template <class T>
Worst worst_of(const croton::expr::ScalarFunction& f, const Unit& unit, const std::vector<std::vector<T>>& columns,
               const std::vector<Real>& exact) {
  const auto n = static_cast<long>(columns[0].size());
  std::vector<T> out(columns[0].size());
  const std::string name = fmt::format("{}_{}", f.name, short_name<T>);
  if (f.arity == 1) unit.symbol<void (*)(long, T*, const T*)>(name)(n, out.data(), columns[0].data());
  if (f.arity == 2)
    unit.symbol<void (*)(long, T*, const T*, const T*)>(name)(n, out.data(), columns[0].data(), columns[1].data());
  if (f.arity == 3)
    unit.symbol<void (*)(long, T*, const T*, const T*, const T*)>(name)(n, out.data(), columns[0].data(),
                                                                        columns[1].data(), columns[2].data());
  Worst w;
  const double absolute = sizeof(T) == 4 ? f.cpu.absolute32 : f.cpu.absolute64;
  for (std::size_t i = 0; i < out.size(); ++i)
    if (const double e = ulps(out[i], exact[i], absolute); e > w.ulps) {
      w.ulps = e;
      w.got = static_cast<double>(out[i]);
      w.exact = static_cast<double>(exact[i]);
      for (std::size_t k = 0; k < columns.size(); ++k) w.at[k] = static_cast<double>(columns[k][i]);
    }
  return w;
}

template <class T>
std::vector<Real> references(const croton::expr::ScalarFunction& f, const std::vector<std::vector<T>>& columns) {
  std::vector<Real> exact(columns[0].size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    Real v[3] = {};
    for (std::size_t k = 0; k < columns.size(); ++k) v[k] = columns[k][i];
    exact[i] = f.reference(v);
  }
  return exact;
}

}  // namespace measured
