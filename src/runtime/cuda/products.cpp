#include "runtime/cuda/products.h"

#include <algorithm>

#include "base/error.h"

namespace croton::runtime::cuda {
namespace {

constexpr std::string_view install =
    "install it: pip install nvidia-cublas (CUDA 13) or nvidia-cublas-cu12 (CUDA 12), or NVIDIA's CUDA toolkit; where "
    "it is "
    "not found then, name its folder by cuda.root";

// Programs with ever new batch sizes must not fill the host's memory with descriptions. What a graph has just been
// prepared for stays: inside a capture cuBLASLt (13.3) refuses to choose an algorithm.
constexpr std::size_t most_plans = 512;

unsigned alignment(const void* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return address == 0 ? 256 : static_cast<unsigned>(std::min<std::uintptr_t>(address & (~address + 1), 256));
}

std::string text_of(const Gemm& g) {
  return fmt::format("product of {} matrices, {} x {} by {} x {}{}", name_of(g.dtype), g.m, g.k, g.k, g.n,
                     g.batch == 1 ? "" : fmt::format(", {} times", g.batch));
}

}  // namespace

CublasLt CublasLt::open(const SearchRoots& roots, int newest_major) {
  const OpenedLibrary library = open_library(library_names("libcublasLt", newest_major), search_places(roots),
                                             newer_library_names("libcublasLt", newest_major));
  if (library.handle == nullptr) {
    fail<DeviceError>("no cuBLASLt: a product of large matrices on the GPU needs it{}\n  {}", library.looked, install);
  }
  CublasLt lt;
  lt.path = library.path;
  const char* missing = nullptr;
#define CROTON_FIND(result, name, parameters)                                                  \
  lt.call.name = reinterpret_cast<decltype(lt.call.name)>(find_symbol(library.handle, #name)); \
  if (lt.call.name == nullptr) missing = #name;
  CROTON_CUBLASLT(CROTON_FIND)
#undef CROTON_FIND
  if (missing != nullptr)
    fail<DeviceError>("{} has no function {}: it is no cuBLASLt of CUDA 12.4 or newer\n  {}", lt.path, missing,
                      install);
  const std::size_t v = lt.call.cublasLtGetVersion();  // 130100, and 120405 for 12.4.5
  lt.version = fmt::format("{}.{}.{}", v / 10000, v / 100 % 100, v % 100);
  return lt;
}

// Row-major C = A B is column-major C' = B' A': the operands change places, and rows become columns by themselves.
struct Products::Plan {
  explicit Plan(const CublasLtFunctions& functions) : call(functions) {}
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    for (cublasLtMatrixLayout_t layout : {first, second, result}) {
      if (layout != nullptr) call.cublasLtMatrixLayoutDestroy(layout);
    }
    if (description != nullptr) call.cublasLtMatmulDescDestroy(description);
  }
  const CublasLtFunctions& call;
  cublasLtMatmulDesc_t description = nullptr;
  cublasLtMatrixLayout_t first = nullptr, second = nullptr, result = nullptr;  // B', A', C'
  cublasLtMatmulAlgo_t algorithm{};
  std::size_t workspace_bytes = 0;
  std::uint64_t last_use = 0;
};

Products::Products(CublasLt library, void* workspace, std::size_t workspace_bytes, bool tf32)
    : library_(std::move(library)), workspace_(workspace), workspace_bytes_(workspace_bytes), tf32_(tf32) {
  const cublasStatus_t s = library_.call.cublasLtCreate(&handle_);
  if (s != CUBLAS_STATUS_SUCCESS) {
    fail<DeviceError>("cuBLASLt {} ({}) does not start: {}", library_.version, library_.path,
                      library_.call.cublasLtGetStatusString(s));
  }
}

Products::~Products() {
  plans_.clear();
  if (handle_ != nullptr) library_.call.cublasLtDestroy(handle_);
}

void Products::check(cublasStatus_t s, const Gemm& g, const char* what) const {
  if (s == CUBLAS_STATUS_SUCCESS) return;
  fail<DeviceError>("{}: cuBLASLt {} fails in {}: {}", text_of(g), library_.version, what,
                    library_.call.cublasLtGetStatusString(s));
}

std::unique_ptr<Products::Plan> Products::make(const Gemm& g, const Key& key) const {
  const CublasLtFunctions& call = library_.call;
  auto plan = std::make_unique<Plan>(call);
  const bool is_single = g.dtype == float32;
  const cudaDataType_t type = is_single ? CUDA_R_32F : CUDA_R_64F;
  const cublasComputeType_t compute =
      is_single ? (tf32_ ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F) : CUBLAS_COMPUTE_64F;
  check(call.cublasLtMatmulDescCreate(&plan->description, compute, type), g, "cublasLtMatmulDescCreate");
  const auto transpose = [&](int which, bool is_transposed) {
    const std::int32_t operation = is_transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(call.cublasLtMatmulDescSetAttribute(plan->description, which, &operation, sizeof operation), g,
          "cublasLtMatmulDescSetAttribute");
  };
  transpose(CUBLASLT_MATMUL_DESC_TRANSA, g.transpose_b);
  transpose(CUBLASLT_MATMUL_DESC_TRANSB, g.transpose_a);
  if (g.bias != nullptr) {
    const std::int32_t epilogue = g.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
    check(call.cublasLtMatmulDescSetAttribute(plan->description, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                              sizeof epilogue),
          g, "cublasLtMatmulDescSetAttribute");
    set_bias(*plan, g);  // its alignment decides too
  }
  // as stored, in rows of the row-major matrix: what cuBLASLt calls columns
  const auto layout = [&](cublasLtMatrixLayout_t& made, Index rows, Index columns, Index leading, Index stride) {
    check(call.cublasLtMatrixLayoutCreate(&made, type, static_cast<std::uint64_t>(columns),
                                          static_cast<std::uint64_t>(rows), std::max(leading, columns)),
          g, "cublasLtMatrixLayoutCreate");
    if (g.batch == 1) return;
    const auto count = static_cast<std::int32_t>(g.batch);
    const std::int64_t offset = stride;
    check(call.cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count), g,
          "cublasLtMatrixLayoutSetAttribute");
    check(call.cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &offset,
                                                sizeof offset),
          g, "cublasLtMatrixLayoutSetAttribute");
  };
  layout(plan->first, g.transpose_b ? g.n : g.k, g.transpose_b ? g.k : g.n, g.ldb, g.stride_b);
  layout(plan->second, g.transpose_a ? g.k : g.m, g.transpose_a ? g.m : g.k, g.lda, g.stride_a);
  layout(plan->result, g.m, g.n, g.ldc, g.stride_c);

  cublasLtMatmulPreference_t preference = nullptr;
  check(call.cublasLtMatmulPreferenceCreate(&preference), g, "cublasLtMatmulPreferenceCreate");
  const auto prefer = [&](int which, const auto& value) {
    return call.cublasLtMatmulPreferenceSetAttribute(preference, which, &value, sizeof value);
  };
  const std::uint64_t workspace = workspace_bytes_;
  const std::uint32_t align_first = key.align_b, align_second = key.align_a, align_result = key.align_c;
  cublasStatus_t s = prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
  if (s == CUBLAS_STATUS_SUCCESS) s = prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, align_first);
  if (s == CUBLAS_STATUS_SUCCESS) s = prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, align_second);
  if (s == CUBLAS_STATUS_SUCCESS) s = prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, align_result);
  if (s == CUBLAS_STATUS_SUCCESS) s = prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, align_result);
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  if (s == CUBLAS_STATUS_SUCCESS) {
    s = call.cublasLtMatmulAlgoGetHeuristic(handle_, plan->description, plan->first, plan->second, plan->result,
                                            plan->result, preference, 1, &best, &found);
  }
  call.cublasLtMatmulPreferenceDestroy(preference);
  check(s != CUBLAS_STATUS_SUCCESS ? s
        : found == 0               ? CUBLAS_STATUS_NOT_SUPPORTED
                                   : best.state,
        g, "cublasLtMatmulAlgoGetHeuristic");
  plan->algorithm = best.algo;
  plan->workspace_bytes = best.workspaceSize;
  return plan;
}

// Along cuBLASLt's columns, which are our rows.
void Products::set_bias(const Plan& plan, const Gemm& g) const {
  check(library_.call.cublasLtMatmulDescSetAttribute(plan.description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &g.bias,
                                                     sizeof g.bias),
        g, "cublasLtMatmulDescSetAttribute");
}

const Products::Plan& Products::plan(const Gemm& g) {
  const Key key{g.dtype,
                g.transpose_a,
                g.transpose_b,
                g.beta != 0,
                g.relu,
                g.m,
                g.n,
                g.k,
                g.lda,
                g.ldb,
                g.ldc,
                g.batch,
                g.stride_a,
                g.stride_b,
                g.stride_c,
                alignment(g.a),
                alignment(g.b),
                alignment(g.c),
                g.bias == nullptr ? 0 : alignment(g.bias)};
  if (plans_.size() >= most_plans && plans_.count(key) == 0) forget_oldest();
  auto& place = plans_[key];
  if (place == nullptr) {
    try {
      place = make(g, key);
    } catch (...) {
      plans_.erase(key);
      throw;
    }
  }
  place->last_use = ++uses_;
  return *place;
}

void Products::forget_oldest() {
  plans_.erase(std::min_element(plans_.begin(), plans_.end(),
                                [](const auto& a, const auto& b) { return a.second->last_use < b.second->last_use; }));
}

void Products::prepare(const Gemm& g) { plan(g); }

void Products::run(const Gemm& g, CUstream stream) {
  const Plan& p = plan(g);
  if (g.bias != nullptr) set_bias(p, g);
  const float alpha_single = static_cast<float>(g.alpha), beta_single = static_cast<float>(g.beta);
  const bool is_single = g.dtype == float32;
  const void* const alpha = is_single ? static_cast<const void*>(&alpha_single) : &g.alpha;
  const void* const beta = is_single ? static_cast<const void*>(&beta_single) : &g.beta;
  check(library_.call.cublasLtMatmul(handle_, p.description, alpha, g.b, p.first, g.a, p.second, beta, g.c, p.result,
                                     g.c, p.result, &p.algorithm, workspace_, p.workspace_bytes, stream),
        g, "cublasLtMatmul");
}

}  // namespace croton::runtime::cuda
