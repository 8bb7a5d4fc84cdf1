// Random graphs that are valid by construction, with values for their leaves: the same from a seed on every machine.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "graph/walk.h"
#include "ops/evaluate.h"

namespace croton::property {

/// A graph with all that a run of it needs. Graphs of one case share nothing with those of another.
struct Case {
  std::uint64_t seed = 0;
  std::vector<Tensor> outputs;
  std::vector<Tensor> inputs;  // input leaves
  std::vector<Array> values;
  std::vector<Tensor> shared;  // shared leaves
  std::vector<Array> initial;
  struct Update {
    std::size_t shared = 0;
    Tensor value;
  };
  std::vector<Update> updates;

  /// Outputs, then the new values of shared variables.
  std::vector<Tensor> results() const;
  ops::Values leaves() const;
};

/// Whether an argument may say where a slice or a row lies.
inline bool is_place(const Array& a) { return a.ndim() == 0 && a.dtype() == int64; }

/// The graph in its notation, with the true shapes of the leaves, and with places.
std::string text(const Case&);

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  /// In [0, n).
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(engine_() >> 11) * 0x1p-53;
  }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937_64 engine_;
};

Case random_case(std::uint64_t seed);

}  // namespace croton::property
