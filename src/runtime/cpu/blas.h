// BLAS, opened when a plan first needs it and never linked: held to one thread of its own, and called panel by panel by
// our parallel_for.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "base/config.h"
#include "ops/host.h"
#include "runtime/device.h"

namespace croton::runtime {

/// What was opened, for `croton config --check` and error texts.
struct BlasReport {
  std::string path;       ///< as it was opened
  std::string core;       ///< what the library says it runs on, e.g. "SkylakeX"; "" where it does not say
  std::string chosen;     ///< the OPENBLAS_CORETYPE that we set for it; "" for none
  std::string config;     ///< the library's own description; "" where it has none
  std::string threading;  ///< how it was held to one thread, and whether several of ours may call it at once
};

/// How a product is cut: by its extents alone, into panels of C whose numbers go [batch, row, column].
struct Panels {
  explicit Panels(const Gemm&);
  Index count() const { return batch * rows * columns; }
  Index batch = 0, rows = 0, columns = 0;  // how many
  Index row_size = 0, column_size = 0;     // but for the last
};

/// From here on panels have at most so many rows and columns; 0: as many as usual. For tests: what is small in many.
void set_size_of_a_panel(Index most);

class Blas {
 public:
  /// blas.ldflags, else Debian's OpenBLAS with locks, else any OpenBLAS or BLAS that the loader finds. Throws
  /// DeviceError that lists what was tried and what to install.
  explicit Blas(const Config&);
  /// The product, in panels of about 512 rows and columns, on all threads where the library allows it. Bits depend on
  /// the extents only. Throws what check() does.
  void gemm(const Gemm&) const;
  /// One panel of it, on this thread. Where the library is reentrant(), other threads may be at others.
  void multiply(const Gemm&, const Panels&, Index panel) const;
  bool reentrant() const { return reentrant_; }
  /// Throws ShapeError for extents beyond the library's 32-bit integers, DTypeError for what is no float32 or float64.
  void check(const Gemm&) const;
  /// The library's LAPACK; null where it has not all of its routines, or is not reentrant().
  const Lapack* lapack() const { return has_lapack_ ? &lapack_ : nullptr; }
  const BlasReport& report() const { return report_; }

 private:
  using Fortran = void (*)();
  Fortran gemm_single_ = nullptr, gemm_double_ = nullptr;
  Lapack lapack_{};
  bool has_lapack_ = false;
  bool reentrant_ = true;
  mutable std::mutex one_at_a_time_;  // where it is not
  BlasReport report_;
};

/// The paths to try in order: those that "-lNAME -LDIR" (or a path) mean, or where there are none the usual ones.
std::vector<std::string> blas_candidates(const std::vector<std::string>& ldflags);
/// The OPENBLAS_CORETYPE for this CPU, "" to leave the choice to the library. Old versions do not know new CPUs and
/// take them for the oldest.
std::string openblas_core();
/// Measured on a product of 1024 x 1024 matrices with all threads.
double blas_gflops(const Blas&, DType);

}  // namespace croton::runtime
