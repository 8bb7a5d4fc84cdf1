// The closed list of what generated code for a GPU needs beyond C++: CUDA's spellings. emulator_shim.h has a twin of each for
// the host. Nothing else of the text that both compile names a compiler or a machine.
#ifdef __CUDACC__
typedef float f32;
typedef double f64;
typedef unsigned int u32;
typedef unsigned long u64;
#define CROTON_FN __device__ __forceinline__
#define CROTON_SLOW __device__ inline  // large; the compiler sees whether a copy is worth it
#define CROTON_CALLED __device__ __noinline__  // a function of its own
#define CROTON_SELDOM CROTON_CALLED  // called for few inputs
#define CROTON_TABLE __device__ const
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 700
#define CROTON_IN_PLACE  // Maxwell and Pascal know no such promise
#else
#define CROTON_IN_PLACE __grid_constant__
#endif
/// A kernel: its name, how many words it takes, how many threads a block has; then, perhaps, how many blocks a multiprocessor
/// is to hold at least: with 1 the compiler takes the registers that it needs, and spills none so that more blocks fit. FAR: the
/// words lie in memory.
#define CROTON_KERNEL(NAME, WORDS, ...) \
  extern "C" __global__ void __launch_bounds__(__VA_ARGS__) NAME(const CROTON_IN_PLACE Words<WORDS> words)
#define CROTON_KERNEL_FAR(NAME, WORDS, ...)                                         \
  __device__ void NAME##_near(const Words<WORDS>& words);                           \
  extern "C" __global__ void __launch_bounds__(__VA_ARGS__) NAME(const Words<WORDS>* p) { NAME##_near(*p); } \
  __device__ __forceinline__ void NAME##_near(const Words<WORDS>& words)
#define CROTON_LINE 0

namespace croton {

/// A kernel's arguments.
template <int N> struct Words { long w[N]; };

namespace {

CROTON_FN u32 thread() { return threadIdx.x; }
CROTON_FN u32 block() { return blockIdx.x; }
/// Where memory lies that is read and written.
template <class T> CROTON_FN T* reached(T* p) { return p; }
CROTON_FN void barrier(int = CROTON_LINE) { __syncthreads(); }
/// The value of the thread whose number in the warp differs in these bits; by all threads of the warp.
CROTON_FN u32 exchanged(u32 x, int bits, int) { return __shfl_xor_sync(0xffffffffu, x, bits); }
CROTON_FN u64 exchanged(u64 x, int bits, int) {
  return (u64)__shfl_xor_sync(0xffffffffu, (unsigned long long)x, bits);
}
/// The value of thread `from` of the warp; by all threads of the warp.
CROTON_FN u32 sent(u32 x, int from, int) { return __shfl_sync(0xffffffffu, x, from); }
CROTON_FN u64 sent(u64 x, int from, int) { return (u64)__shfl_sync(0xffffffffu, (unsigned long long)x, from); }
/// Before a loop whose turns are known.
#define CROTON_UNROLL _Pragma("unroll")
/// Before a loop of few turns, of which the compiler is to make no copies.
#define CROTON_ROLLED _Pragma("unroll 1")
/// Words of the block: as many as it has threads, or some times that.
template <int Threads, class Word> CROTON_FN Word* fold_words() {
  __shared__ alignas(16) Word words[Threads];
  return words;
}
/// The block's memory whose size the launch says, 16-byte aligned.
CROTON_FN char* dynamic_shared() {
  extern __shared__ uint4 dynamic_words[];
  return (char*)dynamic_words;
}

/// *word becomes x where x is less, whoever else does the same.
CROTON_FN void lower(u64* word, u64 x) { ::atomicMin((unsigned long long*)word, (unsigned long long)x); }

CROTON_FN f32 fused(f32 a, f32 b, f32 c) { return ::__fmaf_rn(a, b, c); }
CROTON_FN f64 fused(f64 a, f64 b, f64 c) { return ::__fma_rn(a, b, c); }
CROTON_FN f32 magnitude(f32 x) { return ::fabsf(x); }
CROTON_FN f64 magnitude(f64 x) { return ::fabs(x); }
/// a with b's sign: one instruction, where masks of two constants are two.
CROTON_FN f32 with_sign(f32 a, f32 b) {
  f32 r;
  asm("copysign.f32 %0, %1, %2;" : "=f"(r) : "f"(b), "f"(a));
  return r;
}
CROTON_FN f64 with_sign(f64 a, f64 b) {
  f64 r;
  asm("copysign.f64 %0, %1, %2;" : "=d"(r) : "d"(b), "d"(a));
  return r;
}
CROTON_FN f32 root(f32 x) { return ::__fsqrt_rn(x); }
CROTON_FN f64 root(f64 x) { return ::__dsqrt_rn(x); }
CROTON_FN f32 whole_nearest(f32 x) { return ::rintf(x); }
CROTON_FN f64 whole_nearest(f64 x) { return ::rint(x); }
CROTON_FN f32 whole_below(f32 x) { return ::floorf(x); }
CROTON_FN f64 whole_below(f64 x) { return ::floor(x); }
CROTON_FN f32 whole_above(f32 x) { return ::ceilf(x); }
CROTON_FN f64 whole_above(f64 x) { return ::ceil(x); }
CROTON_FN f32 whole_inside(f32 x) { return ::truncf(x); }
CROTON_FN f64 whole_inside(f64 x) { return ::trunc(x); }
// Approximations of the machine: for fastmath, and for functions that stay within their bounds with them.
#define CROTON_ROUGH(NAME, INSTRUCTION)              \
  CROTON_FN f32 NAME(f32 x) {                       \
    f32 r;                                          \
    asm(INSTRUCTION " %0, %1;" : "=f"(r) : "f"(x)); \
    return r;                                       \
  }
CROTON_ROUGH(rough_exp2, "ex2.approx.f32")
CROTON_ROUGH(rough_log2, "lg2.approx.f32")
CROTON_ROUGH(rough_reciprocal, "rcp.approx.f32")
// The same where neither operand nor result is subnormal: the machine's one instruction, with nothing around it.
CROTON_ROUGH(rough_exp2_normal, "ex2.approx.ftz.f32")
CROTON_ROUGH(rough_reciprocal_normal, "rcp.approx.ftz.f32")
CROTON_ROUGH(rough_root, "sqrt.approx.f32")
CROTON_ROUGH(rough_root_reciprocal, "rsqrt.approx.f32")
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 750
/// The instruction came with sm_75. Within its 2^-11: near 0 by two terms, elsewhere by exp.
CROTON_FN f32 rough_tanh(f32 x) {
  const f32 near = fused(x * x, x * -0.333333343f, x), far = 1 - 2 * rough_reciprocal(rough_exp2(x * 2.885390f) + 1);
  return x * x < 0.0225f ? near : far;
}
#else
CROTON_ROUGH(rough_tanh, "tanh.approx.f32")
#endif
CROTON_FN f32 rough_quotient(f32 a, f32 b) {
  f32 r;
  asm("div.full.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
  return r;
}
CROTON_FN int leading_zeros(u64 x) { return ::__clzll((long long)x); }
CROTON_FN u64 high_product(u64 a, u64 b) { return ::__umul64hi(a, b); }

}  // namespace
}  // namespace croton
#endif
