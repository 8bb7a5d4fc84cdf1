// The part of CUDA's interface that Croton uses, declared by ourselves: driver, NVRTC and cuBLASLt, as they are from
// CUDA 12.4 on. No CUDA header is needed to build, and no CUDA library is linked; all of it is looked up at run time.
// Names and values are NVIDIA's; tests/runtime/cuda compares them with the real headers where there are any.
#pragma once
#include <cstddef>
#include <cstdint>

namespace croton::runtime::cuda {

// ---- the driver (cuda.h)
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphExec = struct CUgraphExec_st*;
using CUmemoryPool = struct CUmemPoolHandle_st*;
struct CUuuid {
  char bytes[16];
};

// The results that Croton tells apart; any other is reported by the driver's own name for it.
// NOLINTBEGIN(bugprone-macro-parentheses): parameter lists and names, which take no parentheses
#define CROTON_CUDA_RESULTS(F)                      \
  F(CUDA_SUCCESS, 0)                                \
  F(CUDA_ERROR_INVALID_VALUE, 1)                    \
  F(CUDA_ERROR_OUT_OF_MEMORY, 2)                    \
  F(CUDA_ERROR_NOT_INITIALIZED, 3)                  \
  F(CUDA_ERROR_DEINITIALIZED, 4)                    \
  F(CUDA_ERROR_STUB_LIBRARY, 34)                    \
  F(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)              \
  F(CUDA_ERROR_NO_DEVICE, 100)                      \
  F(CUDA_ERROR_INVALID_DEVICE, 101)                 \
  F(CUDA_ERROR_INVALID_IMAGE, 200)                  \
  F(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)              \
  F(CUDA_ERROR_ECC_UNCORRECTABLE, 214)              \
  F(CUDA_ERROR_NVLINK_UNCORRECTABLE, 220)           \
  F(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)        \
  F(CUDA_ERROR_CONTAINED, 226)                      \
  F(CUDA_ERROR_NOT_FOUND, 500)                      \
  F(CUDA_ERROR_NOT_READY, 600)                      \
  F(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                \
  F(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)        \
  F(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                 \
  F(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709)           \
  F(CUDA_ERROR_ASSERT, 710)                         \
  F(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)           \
  F(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)            \
  F(CUDA_ERROR_MISALIGNED_ADDRESS, 716)             \
  F(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)          \
  F(CUDA_ERROR_INVALID_PC, 718)                     \
  F(CUDA_ERROR_LAUNCH_FAILED, 719)                  \
  F(CUDA_ERROR_SYSTEM_NOT_READY, 802)               \
  F(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)         \
  F(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804) \
  F(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)     \
  F(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, 904)        \
  F(CUDA_ERROR_UNKNOWN, 999)

#define CROTON_CUDA_CONSTANTS(F)                               \
  F(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1)              \
  F(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 8)        \
  F(CU_DEVICE_ATTRIBUTE_CLOCK_RATE, 13)                        \
  F(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 16)              \
  F(CU_DEVICE_ATTRIBUTE_COMPUTE_MODE, 20)                      \
  F(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 75)          \
  F(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 76)          \
  F(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 97) \
  F(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 115)           \
  F(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, 1)                    \
  F(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, 3)                     \
  F(CU_FUNC_ATTRIBUTE_NUM_REGS, 4)                             \
  F(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 8)        \
  F(CU_MEM_ALLOCATION_TYPE_PINNED, 1)                          \
  F(CU_MEM_HANDLE_TYPE_NONE, 0)                                \
  F(CU_MEM_LOCATION_TYPE_DEVICE, 1)                            \
  F(CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, 4)                      \
  F(CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT, 5)                   \
  F(CU_MEMPOOL_ATTR_USED_MEM_CURRENT, 7)                       \
  F(CU_STREAM_NON_BLOCKING, 1)                                 \
  F(CU_STREAM_CAPTURE_MODE_RELAXED, 2)                         \
  F(CU_EVENT_DISABLE_TIMING, 2)                                \
  F(CU_EVENT_WAIT_DEFAULT, 0)                                  \
  F(CU_GET_PROC_ADDRESS_DEFAULT, 0)                            \
  F(CU_COMPUTEMODE_PROHIBITED, 2)

#define CROTON_ENUMERATOR(name, value) name = value,
enum CUresult : int { CROTON_CUDA_RESULTS(CROTON_ENUMERATOR) };
enum : int { CROTON_CUDA_CONSTANTS(CROTON_ENUMERATOR) };

// What these are in cuda.h: enumerations. Their values stand in the list above.
using CUdevice_attribute = int;
using CUfunction_attribute = int;
using CUmemPool_attribute = int;
using CUstreamCaptureMode = int;
using CUjit_option = int;
using CUdriverProcAddressQueryResult = int;

struct CUmemLocation {
  int type, id;
};
struct CUmemPoolProps {
  int allocType, handleTypes;
  CUmemLocation location;
  void* win32SecurityAttributes;
  std::size_t maxSize;
  unsigned char reserved[56];
};

// Markers in the list that cuLaunchKernel takes instead of one pointer a parameter (CU_LAUNCH_PARAM_... in cuda.h).
inline constexpr std::uintptr_t launch_parameters_end = 0;
inline constexpr std::uintptr_t launch_parameters_pointer = 1;
inline constexpr std::uintptr_t launch_parameters_size = 2;

/// Of all that follows: what the driver is asked for by cuGetProcAddress, CUDA 12.4.
inline constexpr int driver_interface = 12040;

// F(name, parameters): every one gives a CUresult.
#define CROTON_CUDA_DRIVER(F)                                                                                         \
  F(cuInit, (unsigned flags))                                                                                         \
  F(cuGetErrorName, (CUresult error, const char** text))                                                              \
  F(cuGetErrorString, (CUresult error, const char** text))                                                            \
  F(cuDeviceGetCount, (int* count))                                                                                   \
  F(cuDeviceGet, (CUdevice * device, int ordinal))                                                                    \
  F(cuDeviceGetName, (char* name, int length, CUdevice device))                                                       \
  F(cuDeviceGetAttribute, (int* value, CUdevice_attribute which, CUdevice device))                                    \
  F(cuDeviceTotalMem, (std::size_t * bytes, CUdevice device))                                                         \
  F(cuDeviceGetUuid, (CUuuid * uuid, CUdevice device))                                                                \
  F(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                                                 \
  F(cuDevicePrimaryCtxRelease, (CUdevice device))                                                                     \
  F(cuCtxGetCurrent, (CUcontext * context))                                                                           \
  F(cuCtxPushCurrent, (CUcontext context))                                                                            \
  F(cuCtxPopCurrent, (CUcontext * context))                                                                           \
  F(cuMemGetInfo, (std::size_t * free_bytes, std::size_t * total_bytes))                                              \
  F(cuMemPoolCreate, (CUmemoryPool * pool, const CUmemPoolProps* properties))                                         \
  F(cuMemPoolDestroy, (CUmemoryPool pool))                                                                            \
  F(cuMemPoolTrimTo, (CUmemoryPool pool, std::size_t bytes_to_keep))                                                  \
  F(cuMemPoolSetAttribute, (CUmemoryPool pool, CUmemPool_attribute which, void* value))                               \
  F(cuMemPoolGetAttribute, (CUmemoryPool pool, CUmemPool_attribute which, void* value))                               \
  F(cuMemAllocFromPoolAsync, (CUdeviceptr * address, std::size_t bytes, CUmemoryPool pool, CUstream stream))          \
  F(cuMemFreeAsync, (CUdeviceptr address, CUstream stream))                                                           \
  F(cuMemHostAlloc, (void** address, std::size_t bytes, unsigned flags))                                              \
  F(cuMemFreeHost, (void* address))                                                                                   \
  F(cuMemcpyHtoDAsync, (CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream))                        \
  F(cuMemcpyDtoHAsync, (void* to, CUdeviceptr from, std::size_t bytes, CUstream stream))                              \
  F(cuMemcpyDtoDAsync, (CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream))                        \
  F(cuMemsetD8Async, (CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream stream))                       \
  F(cuMemsetD2D8Async,                                                                                                \
    (CUdeviceptr to, std::size_t pitch, unsigned char value, std::size_t width, std::size_t height, CUstream stream)) \
  F(cuModuleLoadDataEx, (CUmodule * module, const void* image, unsigned options, CUjit_option* names, void** values)) \
  F(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name))                                  \
  F(cuModuleUnload, (CUmodule module))                                                                                \
  F(cuFuncGetAttribute, (int* value, CUfunction_attribute which, CUfunction function))                                \
  F(cuFuncSetAttribute, (CUfunction function, CUfunction_attribute which, int value))                                 \
  F(cuLaunchKernel,                                                                                                   \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,      \
     unsigned block_z, unsigned shared_bytes, CUstream stream, void** parameters, void** extra))                      \
  F(cuStreamCreate, (CUstream * stream, unsigned flags))                                                              \
  F(cuStreamDestroy, (CUstream stream))                                                                               \
  F(cuStreamSynchronize, (CUstream stream))                                                                           \
  F(cuStreamWaitEvent, (CUstream stream, CUevent event, unsigned flags))                                              \
  F(cuStreamBeginCapture, (CUstream stream, CUstreamCaptureMode mode))                                                \
  F(cuStreamEndCapture, (CUstream stream, CUgraph * graph))                                                           \
  F(cuGraphInstantiateWithFlags, (CUgraphExec * executable, CUgraph graph, unsigned long long flags))                 \
  F(cuGraphLaunch, (CUgraphExec executable, CUstream stream))                                                         \
  F(cuGraphDestroy, (CUgraph graph))                                                                                  \
  F(cuGraphExecDestroy, (CUgraphExec executable))                                                                     \
  F(cuEventCreate, (CUevent * event, unsigned flags))                                                                 \
  F(cuEventRecord, (CUevent event, CUstream stream))                                                                  \
  F(cuEventQuery, (CUevent event))                                                                                    \
  F(cuEventSynchronize, (CUevent event))                                                                              \
  F(cuEventDestroy, (CUevent event))

// These two are found by name alone: they find and judge the rest.
using cuDriverGetVersion_t = CUresult(int* version);
using cuGetProcAddress_v2_t = CUresult(const char* symbol, void** function, int version, std::uint64_t flags,
                                       CUdriverProcAddressQueryResult* status);

// ---- NVRTC (nvrtc.h)
using nvrtcProgram = struct _nvrtcProgram*;
enum nvrtcResult : int { NVRTC_SUCCESS = 0, NVRTC_ERROR_COMPILATION = 6 };

// F(result, name, parameters)
#define CROTON_NVRTC(F)                                                                                        \
  F(const char*, nvrtcGetErrorString, (nvrtcResult result))                                                    \
  F(nvrtcResult, nvrtcVersion, (int* major, int* minor))                                                       \
  F(nvrtcResult, nvrtcGetNumSupportedArchs, (int* count))                                                      \
  F(nvrtcResult, nvrtcGetSupportedArchs, (int* archs))                                                         \
  F(nvrtcResult, nvrtcCreateProgram,                                                                           \
    (nvrtcProgram * program, const char* text, const char* name, int headers, const char* const* header_texts, \
     const char* const* header_names))                                                                         \
  F(nvrtcResult, nvrtcDestroyProgram, (nvrtcProgram * program))                                                \
  F(nvrtcResult, nvrtcCompileProgram, (nvrtcProgram program, int count, const char* const* options))           \
  F(nvrtcResult, nvrtcGetProgramLogSize, (nvrtcProgram program, std::size_t * bytes))                          \
  F(nvrtcResult, nvrtcGetProgramLog, (nvrtcProgram program, char* log))                                        \
  F(nvrtcResult, nvrtcGetPTXSize, (nvrtcProgram program, std::size_t * bytes))                                 \
  F(nvrtcResult, nvrtcGetPTX, (nvrtcProgram program, char* ptx))                                               \
  F(nvrtcResult, nvrtcGetCUBINSize, (nvrtcProgram program, std::size_t * bytes))                               \
  F(nvrtcResult, nvrtcGetCUBIN, (nvrtcProgram program, char* cubin))

// ---- cuBLASLt (cublasLt.h)
using cublasLtHandle_t = struct cublasLtContext*;
using cublasLtMatmulDesc_t = struct cublasLtMatmulDescOpaque_t*;
using cublasLtMatrixLayout_t = struct cublasLtMatrixLayoutOpaque_t*;
using cublasLtMatmulPreference_t = struct cublasLtMatmulPreferenceOpaque_t*;
enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INTERNAL_ERROR = 14,
  CUBLAS_STATUS_NOT_SUPPORTED = 15
};
using cublasComputeType_t = int;
using cudaDataType_t = int;
using cublasLtMatmulDescAttributes_t = int;
using cublasLtMatrixLayoutAttribute_t = int;
using cublasLtMatmulPreferenceAttributes_t = int;

#define CROTON_CUBLASLT_CONSTANTS(F)                \
  F(CUDA_R_32F, 0)                                  \
  F(CUDA_R_64F, 1)                                  \
  F(CUBLAS_COMPUTE_32F, 68)                         \
  F(CUBLAS_COMPUTE_32F_FAST_TF32, 77)               \
  F(CUBLAS_COMPUTE_64F, 70)                         \
  F(CUBLAS_OP_N, 0)                                 \
  F(CUBLAS_OP_T, 1)                                 \
  F(CUBLASLT_MATMUL_DESC_TRANSA, 3)                 \
  F(CUBLASLT_MATMUL_DESC_TRANSB, 4)                 \
  F(CUBLASLT_MATMUL_DESC_EPILOGUE, 7)               \
  F(CUBLASLT_MATMUL_DESC_BIAS_POINTER, 8)           \
  F(CUBLASLT_EPILOGUE_BIAS, 4)                      \
  F(CUBLASLT_EPILOGUE_RELU_BIAS, 6)                 \
  F(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, 5)          \
  F(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, 6) \
  F(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, 1)    \
  F(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, 5)  \
  F(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, 6)  \
  F(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, 7)  \
  F(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, 8)
enum : int { CROTON_CUBLASLT_CONSTANTS(CROTON_ENUMERATOR) };
#undef CROTON_ENUMERATOR

struct cublasLtMatmulAlgo_t {
  std::uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  std::size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};

// F(result, name, parameters)
#define CROTON_CUBLASLT(F)                                                                                             \
  F(std::size_t, cublasLtGetVersion, ())                                                                               \
  F(const char*, cublasLtGetStatusString, (cublasStatus_t status))                                                     \
  F(cublasStatus_t, cublasLtCreate, (cublasLtHandle_t * handle))                                                       \
  F(cublasStatus_t, cublasLtDestroy, (cublasLtHandle_t handle))                                                        \
  F(cublasStatus_t, cublasLtMatmulDescCreate,                                                                          \
    (cublasLtMatmulDesc_t * description, cublasComputeType_t compute, cudaDataType_t scale))                           \
  F(cublasStatus_t, cublasLtMatmulDescDestroy, (cublasLtMatmulDesc_t description))                                     \
  F(cublasStatus_t, cublasLtMatmulDescSetAttribute,                                                                    \
    (cublasLtMatmulDesc_t description, cublasLtMatmulDescAttributes_t which, const void* value, std::size_t bytes))    \
  F(cublasStatus_t, cublasLtMatrixLayoutCreate,                                                                        \
    (cublasLtMatrixLayout_t * layout, cudaDataType_t type, std::uint64_t rows, std::uint64_t columns,                  \
     std::int64_t leading))                                                                                            \
  F(cublasStatus_t, cublasLtMatrixLayoutDestroy, (cublasLtMatrixLayout_t layout))                                      \
  F(cublasStatus_t, cublasLtMatrixLayoutSetAttribute,                                                                  \
    (cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t which, const void* value, std::size_t bytes))      \
  F(cublasStatus_t, cublasLtMatmulPreferenceCreate, (cublasLtMatmulPreference_t * preference))                         \
  F(cublasStatus_t, cublasLtMatmulPreferenceDestroy, (cublasLtMatmulPreference_t preference))                          \
  F(cublasStatus_t, cublasLtMatmulPreferenceSetAttribute,                                                              \
    (cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t which, const void* value,             \
     std::size_t bytes))                                                                                               \
  F(cublasStatus_t, cublasLtMatmulAlgoGetHeuristic,                                                                    \
    (cublasLtHandle_t handle, cublasLtMatmulDesc_t description, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,    \
     cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t preference, int wanted,            \
     cublasLtMatmulHeuristicResult_t* results, int* found))                                                            \
  F(cublasStatus_t, cublasLtMatmul,                                                                                    \
    (cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void* alpha, const void* a,                      \
     cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout, const void* beta, const void* c, \
     cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm, \
     void* workspace, std::size_t workspace_bytes, CUstream stream))

// ---- the functions, once they are found
#define CROTON_DRIVER_POINTER(name, parameters) CUresult(*name) parameters = nullptr;
#define CROTON_POINTER(result, name, parameters) result(*name) parameters = nullptr;
struct DriverFunctions {
  CROTON_CUDA_DRIVER(CROTON_DRIVER_POINTER)
};
struct NvrtcFunctions {
  CROTON_NVRTC(CROTON_POINTER)
};
struct CublasLtFunctions {
  CROTON_CUBLASLT(CROTON_POINTER)
};
#undef CROTON_DRIVER_POINTER
#undef CROTON_POINTER
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace croton::runtime::cuda
