// A stand-in for cuBLASLt 13.9: column-major products by three loops, run by the stand-in's stream. It proves that the
// row-major mapping, transposes, strides and batches are said rightly.
#include <cstring>
#include <map>

#include "libcuda.h"
#include "runtime/cuda/cuda_api.h"

namespace croton::runtime::cuda {

struct cublasLtContext {};
struct cublasLtMatmulDescOpaque_t {
  int compute, scale;
  std::int32_t transpose_a = 0, transpose_b = 0, epilogue = 0;
  const void* bias = nullptr;
};
struct cublasLtMatrixLayoutOpaque_t {
  int type;
  std::uint64_t rows, columns;
  std::int64_t leading;
  std::int32_t batch = 1;
  std::int64_t stride = 0;
};
struct cublasLtMatmulPreferenceOpaque_t {};

}  // namespace croton::runtime::cuda

using namespace croton::runtime::cuda;

namespace {

template <class T>
struct Product {
  cublasLtMatmulDescOpaque_t how;
  cublasLtMatrixLayoutOpaque_t a, b, c;
  T alpha, beta;
  const void *a_data, *b_data;
  void* c_data;

  static T at(const T* m, const cublasLtMatrixLayoutOpaque_t& l, bool transposed, std::uint64_t row,
              std::uint64_t column) {
    if (transposed) std::swap(row, column);
    return m[row + column * static_cast<std::uint64_t>(l.leading)];
  }
  void operator()() const {
    const std::uint64_t inner = how.transpose_a != 0 ? a.rows : a.columns;
    for (std::int64_t i = 0; i < c.batch; ++i) {
      const T* const x = static_cast<const T*>(fake_cuda_host(a_data)) + i * a.stride;
      const T* const y = static_cast<const T*>(fake_cuda_host(b_data)) + i * b.stride;
      T* const z = static_cast<T*>(fake_cuda_host(c_data)) + i * c.stride;
      for (std::uint64_t row = 0; row < c.rows; ++row) {
        for (std::uint64_t column = 0; column < c.columns; ++column) {
          T sum = 0;
          for (std::uint64_t k = 0; k < inner; ++k)
            sum += at(x, a, how.transpose_a != 0, row, k) * at(y, b, how.transpose_b != 0, k, column);
          T& out = z[row + column * static_cast<std::uint64_t>(c.leading)];
          out = alpha * sum + (beta == 0 ? T{0} : beta * out);
          if (how.epilogue != 0) out += static_cast<const T*>(fake_cuda_host(how.bias))[row];
          if (how.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS && !(out > 0)) out = 0;
        }
      }
    }
  }
};

template <class T>
void multiply(cublasLtMatmulDesc_t how, const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta, void* c,
              cublasLtMatrixLayout_t c_layout, CUstream stream) {
  fake_cuda_give(stream, Product<T>{*how, *a_layout, *b_layout, *c_layout, *static_cast<const T*>(alpha),
                                    *static_cast<const T*>(beta), a, b, c});
}

}  // namespace

extern "C" {

std::size_t cublasLtGetVersion() { return 130900; }
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_NOT_SUPPORTED ? "CUBLAS_STATUS_NOT_SUPPORTED" : "CUBLAS_STATUS_SUCCESS";
}
cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = new cublasLtContext;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* description, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  *description = new cublasLtMatmulDescOpaque_t{compute, scale};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  delete description;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t which,
                                              const void* value, std::size_t bytes) {
  void* const to = which == CUBLASLT_MATMUL_DESC_TRANSA     ? static_cast<void*>(&description->transpose_a)
                   : which == CUBLASLT_MATMUL_DESC_TRANSB   ? static_cast<void*>(&description->transpose_b)
                   : which == CUBLASLT_MATMUL_DESC_EPILOGUE ? static_cast<void*>(&description->epilogue)
                                                            : static_cast<void*>(&description->bias);
  std::memcpy(to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t leading) {
  if (leading < static_cast<std::int64_t>(rows)) return CUBLAS_STATUS_NOT_SUPPORTED;
  *layout = new cublasLtMatrixLayoutOpaque_t{type, rows, columns, leading};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t which,
                                                const void* value, std::size_t bytes) {
  if (which == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT)
    std::memcpy(&layout->batch, value, bytes);
  else
    std::memcpy(&layout->stride, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new cublasLtMatmulPreferenceOpaque_t;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t,
                                                    const void*, std::size_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t how, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  if (fake_cuda_is_capturing()) return CUBLAS_STATUS_INTERNAL_ERROR;  // as cuBLASLt 13.3 does
  const auto rows = [](cublasLtMatrixLayout_t m, bool t) { return t ? m->columns : m->rows; };
  const auto columns = [](cublasLtMatrixLayout_t m, bool t) { return t ? m->rows : m->columns; };
  const bool ta = how->transpose_a != 0, tb = how->transpose_b != 0;
  const bool fits = rows(a, ta) == c->rows && columns(b, tb) == c->columns && columns(a, ta) == rows(b, tb);
  const bool has_bias = how->epilogue == 0 || (how->bias != nullptr && how->scale == CUDA_R_32F);
  *found = fits && has_bias ? 1 : 0;
  *results = {};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t how, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t, const cublasLtMatmulAlgo_t*, void* workspace, std::size_t,
                              CUstream stream) {
  if (c != d || workspace == nullptr) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (how->scale == CUDA_R_32F)
    multiply<float>(how, alpha, a, a_layout, b, b_layout, beta, d, c_layout, stream);
  else
    multiply<double>(how, alpha, a, a_layout, b, b_layout, beta, d, c_layout, stream);
  return CUBLAS_STATUS_SUCCESS;
}
}
