#include "runtime/cpu/blas.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>

#include "base/error.h"
#include "runtime/cpu/parallel.h"

namespace croton::runtime {
namespace {

template <class T>
using GemmFunction = void (*)(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                              const int* k, const T* alpha, const T* a, const int* lda, const T* b, const int* ldb,
                              const T* beta, T* c, const int* ldc);

// Measured on one core: panels of 512 rows cost 1.02 x of one call, of 256 rows 1.05 x.
constexpr Index usual_panel = 512;
std::atomic<Index> largest_panel{usual_panel};

// Equal pieces of an extent, multiples of 16 where they are not smaller, but for the last.
Index piece(Index extent) {
  const Index most = largest_panel, unit = std::min<Index>(most, 16);
  const Index pieces = std::max<Index>((extent + most - 1) / most, 1);
  return ((extent + pieces - 1) / pieces + unit - 1) / unit * unit;
}

// One panel of C, which is column-major for Fortran: C' = B' A'.
template <class T>
void call(void (*function)(), const Gemm& g, Index batch, Index row, Index rows, Index column, Index columns) {
  const auto size = [](Index n) { return static_cast<int>(n); };
  const T* const a = static_cast<const T*>(g.a) + batch * g.stride_a + (g.transpose_a ? row : row * g.lda);
  const T* const b = static_cast<const T*>(g.b) + batch * g.stride_b + (g.transpose_b ? column * g.ldb : column);
  T* const c = static_cast<T*>(g.c) + batch * g.stride_c + row * g.ldc + column;
  const int m = size(columns), n = size(rows), k = size(g.k);
  const int lda = size(std::max<Index>(g.lda, 1)), ldb = size(std::max<Index>(g.ldb, 1)), ldc = size(g.ldc);
  const T alpha = static_cast<T>(g.alpha), beta = static_cast<T>(g.beta);
  reinterpret_cast<GemmFunction<T>>(function)(g.transpose_b ? "T" : "N", g.transpose_a ? "T" : "N", &m, &n, &k, &alpha,
                                              b, &ldb, a, &lda, &beta, c, &ldc);
}

}  // namespace

void set_size_of_a_panel(Index most) { largest_panel = most > 0 ? most : usual_panel; }

Panels::Panels(const Gemm& g) {
  if (g.m == 0 || g.n == 0 || g.batch <= 0) return;
  batch = g.batch;
  row_size = piece(g.m), column_size = piece(g.n);
  rows = (g.m + row_size - 1) / row_size, columns = (g.n + column_size - 1) / column_size;
}

void Blas::check(const Gemm& g) const {
  if (g.dtype != float32 && g.dtype != float64) {
    fail<DTypeError>("gemm: {}, but the library has float32 and float64", name_of(g.dtype));
  }
  for (const Index n : {g.m, g.n, g.k, g.lda, g.ldb, g.ldc}) {
    if (n < 0 || n > INT_MAX) {
      fail<ShapeError>("gemm: {} x {} by {} x {} (row lengths {}, {}, {}): the BLAS takes extents up to {}", g.m, g.k,
                       g.k, g.n, g.lda, g.ldb, g.ldc, INT_MAX);
    }
  }
}

void Blas::multiply(const Gemm& g, const Panels& cut, Index panel) const {
  const Index batch = panel / (cut.rows * cut.columns);
  const Index row = panel / cut.columns % cut.rows * cut.row_size, column = panel % cut.columns * cut.column_size;
  const Index height = std::min(cut.row_size, g.m - row), width = std::min(cut.column_size, g.n - column);
  if (g.dtype == float32)
    call<float>(gemm_single_, g, batch, row, height, column, width);
  else
    call<double>(gemm_double_, g, batch, row, height, column, width);
}

void Blas::gemm(const Gemm& g) const {
  check(g);
  const Panels cut(g);
  if (reentrant_) return parallel_for(cut.count(), [&](long panel) { multiply(g, cut, panel); });
  const std::lock_guard guard(one_at_a_time_);
  for (Index panel = 0; panel < cut.count(); ++panel) multiply(g, cut, panel);
}

double blas_gflops(const Blas& blas, DType dtype) {
  constexpr Index n = 1024;
  const std::size_t elements = n * n;
  std::vector<double> a(elements, 1.5), b(elements, 0.5), c(elements);  // large enough for either type
  if (dtype == float32) {
    std::fill_n(reinterpret_cast<float*>(a.data()), elements, 1.5f);
    std::fill_n(reinterpret_cast<float*>(b.data()), elements, 0.5f);
  }
  const Gemm g{.dtype = dtype,
               .m = n,
               .n = n,
               .k = n,
               .a = a.data(),
               .lda = n,
               .b = b.data(),
               .ldb = n,
               .c = c.data(),
               .ldc = n};
  blas.gemm(g);
  double best = 1e300;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    blas.gemm(g);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return 2.0 * n * n * n / best / 1e9;
}

}  // namespace croton::runtime
