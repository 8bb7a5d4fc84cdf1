// Our own declarations of CUDA against NVIDIA's: values, sizes and the shapes of functions. Built where the real
// headers are; all of it is checked while it compiles.
#include "runtime/cuda/cuda_api.h"

#include <type_traits>

#include "catch.h"

// after our own, whose names the real header's macros would change
#include <cublasLt.h>
#include <cuda.h>
#include <nvrtc.h>

namespace {

namespace ours = croton::runtime::cuda;

// Two types that a caller cannot tell apart: both pointers, or both whole numbers or enumerations of one size, or
// structs of one size.
template <class A, class B>
constexpr bool alike() {
  if constexpr (std::is_pointer_v<A> && std::is_pointer_v<B>) {
    return true;
  } else if constexpr (std::is_void_v<A> || std::is_void_v<B>) {
    return std::is_void_v<A> && std::is_void_v<B>;
  } else {
    constexpr bool a_is_number = std::is_integral_v<A> || std::is_enum_v<A>;
    constexpr bool b_is_number = std::is_integral_v<B> || std::is_enum_v<B>;
    return a_is_number == b_is_number && std::is_pointer_v<A> == std::is_pointer_v<B> && sizeof(A) == sizeof(B);
  }
}
template <class F, class G>
struct SameShape : std::false_type {};
template <class R, class... A, class S, class... B>
requires(sizeof...(A) == sizeof...(B)) struct SameShape<R (*)(A...), S (*)(B...)>
    : std::bool_constant<alike<R, S>() && (alike<A, B>() && ...)> {
};

#define CHECK_VALUE(name, value) static_assert(int{ours_value_##name} == static_cast<int>(::name), #name);

// The real cuda.h turns names like cuMemAlloc into macros, so ours are copied under other names before the comparison.
#define KEEP_VALUE(name, value) constexpr int ours_value_##name = value;
CROTON_CUDA_RESULTS(KEEP_VALUE)
CROTON_CUDA_CONSTANTS(KEEP_VALUE)
CROTON_CUBLASLT_CONSTANTS(KEEP_VALUE)
CROTON_CUDA_RESULTS(CHECK_VALUE)
CROTON_CUDA_CONSTANTS(CHECK_VALUE)
CROTON_CUBLASLT_CONSTANTS(CHECK_VALUE)

}  // namespace

namespace croton::runtime::cuda {
namespace {
#define CHECK_DRIVER(name, parameters) \
  static_assert(SameShape<CUresult(*) parameters, decltype(&::name)>::value, #name);
#define CHECK_OTHER(result, name, parameters) \
  static_assert(SameShape<result(*) parameters, decltype(&::name)>::value, #name);
CROTON_CUDA_DRIVER(CHECK_DRIVER)
CROTON_NVRTC(CHECK_OTHER)
CROTON_CUBLASLT(CHECK_OTHER)
static_assert(SameShape<cuDriverGetVersion_t*, decltype(&::cuDriverGetVersion)>::value);
static_assert(SameShape<cuGetProcAddress_v2_t*, decltype(&::cuGetProcAddress)>::value);
}  // namespace
}  // namespace croton::runtime::cuda

static_assert(sizeof(ours::CUuuid) == sizeof(::CUuuid));
static_assert(sizeof(ours::CUdeviceptr) == sizeof(::CUdeviceptr));
static_assert(sizeof(ours::CUmemPoolProps) == sizeof(::CUmemPoolProps));
static_assert(offsetof(ours::CUmemPoolProps, location) == offsetof(::CUmemPoolProps, location));
static_assert(offsetof(ours::CUmemLocation, id) == offsetof(::CUmemLocation, id));
static_assert(offsetof(ours::CUmemPoolProps, handleTypes) == offsetof(::CUmemPoolProps, handleTypes));
static_assert(offsetof(ours::CUmemPoolProps, maxSize) == offsetof(::CUmemPoolProps, maxSize));
static_assert(sizeof(ours::cublasLtMatmulAlgo_t) == sizeof(::cublasLtMatmulAlgo_t));
static_assert(sizeof(ours::cublasLtMatmulHeuristicResult_t) == sizeof(::cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, workspaceSize) ==
              offsetof(::cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(ours::cublasLtMatmulHeuristicResult_t, state) ==
              offsetof(::cublasLtMatmulHeuristicResult_t, state));
static_assert(int{ours::NVRTC_ERROR_COMPILATION} == int{::NVRTC_ERROR_COMPILATION});
static_assert(int{ours::CUBLAS_STATUS_ALLOC_FAILED} == int{::CUBLAS_STATUS_ALLOC_FAILED});
static_assert(int{ours::CUBLAS_STATUS_INTERNAL_ERROR} == int{::CUBLAS_STATUS_INTERNAL_ERROR});
static_assert(int{ours::CUBLAS_STATUS_NOT_SUPPORTED} == int{::CUBLAS_STATUS_NOT_SUPPORTED});
static_assert(ours::launch_parameters_pointer == CU_LAUNCH_PARAM_BUFFER_POINTER_AS_INT);
static_assert(ours::launch_parameters_size == CU_LAUNCH_PARAM_BUFFER_SIZE_AS_INT);

TEST_CASE("our declarations of CUDA are those of the headers of this machine") {
  CHECK(CUDA_VERSION >= ours::driver_interface);  // the comparison itself was made while this file compiled
}
