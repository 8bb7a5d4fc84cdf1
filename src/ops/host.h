// What whoever runs a step on the host lends it: threads, and libraries' routines for large matrices and for Fourier
// transforms. The reference evaluator lends neither.
#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>

#include "croton/base.h"

namespace croton {

/// Routines of LAPACK and BLAS for float64, under their Fortran names: matrices lie column by column, `info` is 0 for
/// success, and the lengths of the strings come last.
struct Lapack {
  void (*dpotrf)(const char* uplo, const int* n, double* a, const int* lda, int* info, std::size_t);
  void (*dgetrf)(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
  void (*dtrsm)(const char* side, const char* uplo, const char* transpose, const char* diagonal, const int* m,
                const int* n, const double* alpha, const double* a, const int* lda, double* b, const int* ldb,
                std::size_t, std::size_t, std::size_t, std::size_t);
  void (*dsyevd)(const char* job, const char* uplo, const int* n, double* a, const int* lda, double* values,
                 double* work, const int* work_size, int* integers, const int* integers_size, int* info, std::size_t,
                 std::size_t);
  void (*dgesdd)(const char* job, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
                 const int* ldu, double* vt, const int* ldvt, double* work, const int* work_size, int* integers,
                 int* info, std::size_t);
  void (*dgelqf)(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* work_size,
                 int* info);
  void (*dorglq)(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
                 const int* work_size, int* info);
  void (*dgemm)(const char* transpose_a, const char* transpose_b, const int* m, const int* n, const int* k,
                const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
                const double* beta, double* c, const int* ldc, std::size_t, std::size_t);
};

/// Transforms of n elements: sums with exp(-2 pi i j k / n) or (backward) exp(2 pi i j k / n) of complex numbers, the
/// former of reals for k up to n / 2, and the latter of these, whose sums are real. None is divided by anything.
enum class Fourier : std::uint8_t { forward, backward, real, to_real };

/// One of them, as a library does it. Several threads may run it at once.
struct FourierPlan {
  void (*transform)(void* plan, void* from, void* to) = nullptr;
  void* plan = nullptr;
  /// Both are 64-byte aligned, and apart. What was in `from` is lost.
  void run(void* from, void* to) const { transform(plan, from, to); }
};

/// By default nothing: one thread and no library.
struct Host {
  using Chunk = void (*)(void* context, long chunk, void* scratch);
  /// Calls run(context, chunk, scratch) for each chunk in [0, chunks), perhaps on several threads, each with
  /// scratch_bytes of aligned memory of its own. Nothing that run does may throw. std::bad_alloc before anything runs.
  void (*parallel_for)(long chunks, std::size_t scratch_bytes, Chunk run, void* context) = one_after_another;
  /// Opened at first use; null where there is none that several threads may call at once.
  const Lapack* (*lapack)() = [] { return static_cast<const Lapack*>(nullptr); };

  /// A library's transform of float32 or float64; null where there is none to be lent. DeviceError where there should
  /// be one and it is not installed.
  std::shared_ptr<const FourierPlan> (*fourier)(Fourier, DType, Index n) = [](Fourier, DType, Index) {
    return std::shared_ptr<const FourierPlan>();
  };

  static void one_after_another(long chunks, std::size_t scratch_bytes, Chunk run, void* context);
  /// The same of f(chunk, scratch).
  template <class F>
  void each(long chunks, std::size_t scratch_bytes, F&& f) const {
    parallel_for(
        chunks, scratch_bytes,
        [](void* context, long chunk, void* scratch) {
          (*static_cast<std::remove_reference_t<F>*>(context))(chunk, scratch);
        },
        &f);
  }
};

}  // namespace croton
