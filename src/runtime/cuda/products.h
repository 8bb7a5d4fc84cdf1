// Products of matrices by cuBLASLt: opened when one is first needed, an algorithm chosen once for each kind of product,
// the workspace given by the caller, so that a product inside a captured graph allocates nothing.
#pragma once
#include <map>
#include <memory>

#include "runtime/cuda/cuda_api.h"
#include "runtime/cuda/search.h"
#include "runtime/device.h"

namespace croton::runtime::cuda {

/// cuBLASLt itself. Throws DeviceError that says where it was looked for and what to install.
struct CublasLt {
  CublasLtFunctions call;
  std::string path;
  std::string version;  ///< "13.1.0"
  static CublasLt open(const SearchRoots&, int newest_major);
};

class Products {
 public:
  /// The current context must be the device's. `tf32`: products of float32 may round their factors to 10 bits.
  Products(CublasLt, void* workspace, std::size_t workspace_bytes, bool tf32);
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  /// Chooses the algorithm, if that was not done before.
  void prepare(const Gemm&);
  /// m, n and k are not 0.
  void run(const Gemm&, CUstream);
  const CublasLt& library() const { return library_; }

 private:
  // What the choice of an algorithm depends on.
  struct Key {
    DType dtype;
    bool transpose_a, transpose_b, adds_to_c, relu;
    Index m, n, k, lda, ldb, ldc, batch, stride_a, stride_b, stride_c;
    unsigned align_a, align_b, align_c, align_bias;             // of a bias: 0 without one
    friend auto operator<=>(const Key&, const Key&) = default;  // NOLINT(modernize-use-nullptr): clang-tidy's fault
  };
  struct Plan;
  const Plan& plan(const Gemm&);
  void forget_oldest();
  std::unique_ptr<Plan> make(const Gemm&, const Key&) const;
  void set_bias(const Plan&, const Gemm&) const;
  void check(cublasStatus_t, const Gemm&, const char* what) const;

  CublasLt library_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_;
  std::size_t workspace_bytes_;
  bool tf32_;
  std::map<Key, std::unique_ptr<Plan>> plans_;
  std::uint64_t uses_ = 0;
};

}  // namespace croton::runtime::cuda
