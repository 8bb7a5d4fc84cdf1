// sweep_functions [--all] [--samples=N] [--seed=N] [--bytes=64|32|16] [--speed] [NAME...]: the worst error of each
// function of kernels/ against its reference, in units in the last place. --all tries every float32 (one-argument
// functions).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <string_view>

#include "expr/measured.h"

namespace {
using namespace measured;
using croton::expr::ScalarFunction;

struct Options {
  bool all = false, speed = false;
  std::size_t samples = 200000;
  unsigned seed = 1;
  int bytes = 0;
  std::vector<std::string_view> names;
};

Options parsed(std::span<char*> arguments) {
  Options o;
  for (const std::string_view a : arguments) {
    if (a == "--all")
      o.all = true;
    else if (a == "--speed")
      o.speed = true;
    else if (a.starts_with("--samples="))
      o.samples = std::stoul(std::string(a.substr(10)));
    else if (a.starts_with("--seed="))
      o.seed = static_cast<unsigned>(std::stoul(std::string(a.substr(7))));
    else if (a.starts_with("--bytes="))
      o.bytes = std::stoi(std::string(a.substr(8)));
    else
      o.names.push_back(a);
  }
  return o;
}

/// Floats whose generated code includes a kernel file beyond the prelude, unless names were given.
std::vector<const ScalarFunction*> chosen(const Options& o) {
  std::vector<const ScalarFunction*> list;
  for (const std::string_view n : o.names) list.push_back(&croton::expr::function(n));
  if (o.names.empty())
    for (const ScalarFunction& f : croton::expr::all_functions())
      if (f.reference && f.cpu.ulp32 > 0) list.push_back(&f);
  return list;
}

std::string unit_text(const ScalarFunction& f) {
  return croton::expr::kernel_source(std::vector{f.name}) + loops_over(f);
}

void print(const ScalarFunction& f, const char* type, const Isa& isa, const Worst& w, double bound) {
  std::printf("%-10s %s %2d bytes  worst %8.4f ulp (bound %.3g) at %.9g %.9g: %.9g instead of %.9g%s\n",
              std::string(f.name).c_str(), type, isa.bytes, w.ulps, bound, w.at[0], w.at[1], w.got, w.exact,
              w.ulps > bound ? "  EXCEEDED" : "");
  std::fflush(stdout);
}

template <class T>
void sample(const ScalarFunction& f, const Unit& unit, const Isa& isa, const Options& o) {
  std::vector<std::vector<T>> columns;
  for (int k = 0; k < f.arity; ++k) {
    columns.push_back(inputs<T>(o.samples, f.domain[static_cast<std::size_t>(k)], o.seed + static_cast<unsigned>(k)));
    std::shuffle(columns.back().begin(), columns.back().end(), std::mt19937(static_cast<unsigned>(k)));
  }
  print(f, short_name<T>, isa, worst_of(f, unit, columns, references(f, columns)), f.bound(croton::dtype_of<T>()));
}

/// All 2^32 float32 inputs, on every ISA at once (the reference is the dear part).
void everything(const ScalarFunction& f, const std::vector<Isa>& list,
                const std::vector<std::unique_ptr<Unit>>& units) {
  std::vector<Worst> worst(units.size());
  std::vector<std::vector<float>> block(1, std::vector<float>(1 << 16));
  for (std::uint64_t start = 0; start < (std::uint64_t{1} << 32); start += block[0].size()) {
    for (std::size_t i = 0; i < block[0].size(); ++i)
      block[0][i] = std::bit_cast<float>(static_cast<std::uint32_t>(start + i));
    const auto exact = references(f, block);
    for (std::size_t u = 0; u < units.size(); ++u)
      if (const Worst w = worst_of(f, *units[u], block, exact); w.ulps > worst[u].ulps) worst[u] = w;
  }
  for (std::size_t u = 0; u < units.size(); ++u) print(f, "all", list[u], worst[u], f.cpu.ulp32);
}

template <class T>
double speed(const ScalarFunction& f, const Unit& unit) {
  const std::size_t n = 2048;
  std::vector<std::vector<T>> columns;
  std::mt19937 random(1);
  for (const auto& d : f.domain) {
    std::uniform_real_distribution<double> u(d.low, d.high > d.low ? d.high : d.low + 1);
    columns.emplace_back(n);
    for (T& x : columns.back()) x = static_cast<T>(u(random));
  }
  std::vector<T> out(n);
  const auto call = [&, name = fmt::format("{}_{}", f.name, short_name<T>)](int times) {
    const auto run = unit.symbol<void (*)(long, T*, const T*, const T*, const T*)>(name);
    for (int i = 0; i < times; ++i) run(n, out.data(), columns[0].data(), columns[1].data(), columns[2].data());
  };
  double best = HUGE_VAL;
  for (int round = 0; round < 60; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    call(10);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 10e-9 * static_cast<double>(n) / best;
}

void measure(const ScalarFunction& f, const Options& o) {
  std::vector<Isa> list;
  std::vector<std::unique_ptr<Unit>> units;
  for (const Isa& isa : isas())
    if (o.bytes == 0 || o.bytes == isa.bytes) {
      list.push_back(isa);
      units.push_back(std::make_unique<Unit>(unit_text(f), isa));
    }
  if (o.all) return everything(f, list, units);
  for (std::size_t u = 0; u < units.size(); ++u) {
    if (o.speed) {
      std::printf("%-10s %2d bytes  float32 %.2f float64 %.2f G/s\n", std::string(f.name).c_str(), list[u].bytes,
                  speed<float>(f, *units[u]), speed<double>(f, *units[u]));
    } else {
      sample<float>(f, *units[u], list[u], o);
      sample<double>(f, *units[u], list[u], o);
    }
  }
}
}  // namespace

int main(int count, char** arguments) {
  try {
    const Options o = parsed(std::span(arguments + 1, static_cast<std::size_t>(count - 1)));
    for (const ScalarFunction* f : chosen(o)) measure(*f, o);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "sweep_functions: %s\n", e.what());
    return 1;
  }
}
