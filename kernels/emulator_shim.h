// The host's twin of primitives_cuda.h: what stands before generated GPU code when the host compiler compiles it for the
// emulator. Threads of a block are fibers; whatever lets another thread go on goes through `machine`, which the emulator fills
// in. An address of the device is the host's plus a constant, so that the host cannot follow it by mistake.
typedef float f32;
typedef double f64;
typedef unsigned int u32;
typedef unsigned long u64;
#define CROTON_FN inline __attribute__((always_inline))
#define CROTON_SLOW inline
#define CROTON_CALLED __attribute__((noinline))
#define CROTON_SELDOM CROTON_CALLED
#define CROTON_TABLE constexpr
#define CROTON_LINE __builtin_LINE()
#define CROTON_KERNEL(NAME, WORDS, THREADS, ...)                                \
  static void NAME##_near(const Words<WORDS>& words);                           \
  extern "C" int NAME##_threads() { return THREADS; }                           \
  extern "C" void NAME(const void* p) { NAME##_near(*(const Words<WORDS>*)p); } \
  static void NAME##_near(const Words<WORDS>& words)
#define CROTON_KERNEL_FAR(NAME, WORDS, THREADS, ...)                                                  \
  static void NAME##_near(const Words<WORDS>& words);                                                 \
  extern "C" int NAME##_threads() { return THREADS; }                                                 \
  extern "C" void NAME(const void* p) { NAME##_near(*reached(*(const Words<WORDS>* const*)p)); }      \
  static void NAME##_near(const Words<WORDS>& words)

namespace croton {

template <int N> struct Words { long w[N]; };

/// As the emulator knows it too (runtime/emulator/machine.h).
struct Machine {
  u32 thread, block;
  char* dynamic_shared;  // an address of the device
  u64* fold_words;       // 1024, then 4096 of 32 bits; an address of the host
  void (*put)(int slot, u64 x, u64 (*step)(u64, u64));
  u64 (*folded)(int slot);
  void (*barrier)(int line);
  u64 (*exchange)(u64 x, int bits, int line);  // negative bits: from thread ~bits
  f32 (*fused32)(f32, f32, f32);
  f64 (*fused64)(f64, f64, f64);
  f32 (*rough)(int which, f32 a, f32 b);  // as inexact as a GPU may be
  void (*touched)(void* p, int bytes, bool writes, void* from);
};
__attribute__((visibility("hidden"))) Machine machine;
extern "C" Machine* croton_machine() { return &machine; }

namespace {

constexpr u64 device_offset = 0x400000000000;  // the sum is no address of a user's program

CROTON_FN u32 thread() { return machine.thread; }
CROTON_FN u32 block() { return machine.block; }
template <class T> CROTON_FN T* reached(T* p) { return (T*)((u64)p - device_offset); }
CROTON_FN void barrier(int line = CROTON_LINE) { machine.barrier(line); }
CROTON_FN u32 exchanged(u32 x, int bits, int line) { return (u32)machine.exchange(x, bits, line); }
CROTON_FN u64 exchanged(u64 x, int bits, int line) { return machine.exchange(x, bits, line); }
CROTON_FN u32 sent(u32 x, int from, int line) { return (u32)machine.exchange(x, ~from, line); }
CROTON_FN u64 sent(u64 x, int from, int line) { return machine.exchange(x, ~from, line); }
#define CROTON_UNROLL
#define CROTON_ROLLED
template <int Threads, class Word> CROTON_FN Word* fold_words() {
  static_assert(Threads <= (sizeof(Word) == 8 ? 1024 : 4096));
  return (Word*)(machine.fold_words + (sizeof(Word) == 8 ? 0 : 1024));
}
CROTON_FN char* dynamic_shared() { return machine.dynamic_shared; }

// The checker does not see it: it is the one thing that threads may do at the same time.
__attribute__((noinline, no_sanitize("thread"))) inline void lower(u64* word, u64 x) {
  u64* const p = (u64*)((u64)word - device_offset);
  if (x < *p) *p = x;
}

#ifndef CROTON_CHECK
#define CROTON_FOLDS_AT_ONCE
CROTON_FN void put_at_once(int slot, u64 x, u64 (*step)(u64, u64)) { machine.put(slot, x, step); }
CROTON_FN u64 folded_at_once(int slot) { return machine.folded(slot); }
#endif

#ifdef __FMA__
CROTON_FN f32 fused(f32 a, f32 b, f32 c) { return __builtin_fmaf(a, b, c); }
CROTON_FN f64 fused(f64 a, f64 b, f64 c) { return __builtin_fma(a, b, c); }
#else
CROTON_FN f32 fused(f32 a, f32 b, f32 c) { return machine.fused32(a, b, c); }
CROTON_FN f64 fused(f64 a, f64 b, f64 c) { return machine.fused64(a, b, c); }
#endif
CROTON_FN f32 magnitude(f32 x) { return __builtin_fabsf(x); }
CROTON_FN f64 magnitude(f64 x) { return __builtin_fabs(x); }
CROTON_FN f32 with_sign(f32 a, f32 b) { return __builtin_copysignf(a, b); }
CROTON_FN f64 with_sign(f64 a, f64 b) { return __builtin_copysign(a, b); }
CROTON_FN f32 root(f32 x) { return __builtin_sqrtf(x); }
CROTON_FN f64 root(f64 x) { return __builtin_sqrt(x); }

// In arithmetic that every machine has: adding 2^23 (2^52) leaves no digits after the point.
template <class X, class I> CROTON_FN X signed_as(X a, X sign_of) {
  constexpr I top = (I)((I)1 << (8 * sizeof(I) - 1));
  return __builtin_bit_cast(X, (I)((__builtin_bit_cast(I, a) & ~top) | (__builtin_bit_cast(I, sign_of) & top)));
}
template <class X, class I> CROTON_FN X whole(X x, int mode) {
  const X big = sizeof(X) == 4 ? (X)0x1p23 : (X)0x1p52, a = signed_as<X, I>(x, 0);
  if (!(a < big)) return x;
  X r = signed_as<X, I>((a + big) - big, x);
  if (mode == 1 && r > x) r -= 1;
  if (mode == 2 && r < x) r += 1;
  if (mode == 3 && signed_as<X, I>(r, 0) > a) r = signed_as<X, I>(signed_as<X, I>(r, 0) - 1, x);
  return signed_as<X, I>(r, x);
}
CROTON_FN f32 whole_nearest(f32 x) { return whole<f32, u32>(x, 0); }
CROTON_FN f64 whole_nearest(f64 x) { return whole<f64, u64>(x, 0); }
CROTON_FN f32 whole_below(f32 x) { return whole<f32, u32>(x, 1); }
CROTON_FN f64 whole_below(f64 x) { return whole<f64, u64>(x, 1); }
CROTON_FN f32 whole_above(f32 x) { return whole<f32, u32>(x, 2); }
CROTON_FN f64 whole_above(f64 x) { return whole<f64, u64>(x, 2); }
CROTON_FN f32 whole_inside(f32 x) { return whole<f32, u32>(x, 3); }
CROTON_FN f64 whole_inside(f64 x) { return whole<f64, u64>(x, 3); }
CROTON_FN f32 rough_exp2(f32 x) { return machine.rough(0, x, 0); }
CROTON_FN f32 rough_log2(f32 x) { return machine.rough(1, x, 0); }
CROTON_FN f32 rough_tanh(f32 x) { return machine.rough(2, x, 0); }
CROTON_FN f32 rough_reciprocal(f32 x) { return machine.rough(3, x, 0); }
CROTON_FN f32 rough_exp2_normal(f32 x) { return machine.rough(0, x, 0); }
CROTON_FN f32 rough_reciprocal_normal(f32 x) { return 1 / x; }
CROTON_FN f32 rough_root(f32 x) { return machine.rough(4, x, 0); }
CROTON_FN f32 rough_root_reciprocal(f32 x) { return machine.rough(5, x, 0); }
CROTON_FN f32 rough_quotient(f32 a, f32 b) { return machine.rough(6, a, b); }
CROTON_FN int leading_zeros(u64 x) { return __builtin_clzl(x); }
CROTON_FN u64 high_product(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }

}  // namespace
}  // namespace croton

#ifdef CROTON_CHECK
// The compiler puts a call before every access (-fsanitize=thread); these take the place of its library.
// Under other names, as the compiler has declared its own; hidden, so that a program that has the library keeps it.
#define CROTON_CALLBACK(NAME)                                                                                                  \
  extern "C" __attribute__((visibility("hidden"), no_sanitize("thread"), used)) void croton_##NAME(void*) __asm__("__tsan_" #NAME); \
  extern "C" void croton_##NAME(void* p)
#define CROTON_TOUCH(NAME, BYTES, WRITES) \
  CROTON_CALLBACK(NAME) { croton::machine.touched(p, BYTES, WRITES, __builtin_return_address(0)); }
CROTON_TOUCH(read1, 1, false) CROTON_TOUCH(read2, 2, false) CROTON_TOUCH(read4, 4, false) CROTON_TOUCH(read8, 8, false)
CROTON_TOUCH(read16, 16, false) CROTON_TOUCH(write1, 1, true) CROTON_TOUCH(write2, 2, true) CROTON_TOUCH(write4, 4, true)
CROTON_TOUCH(write8, 8, true) CROTON_TOUCH(write16, 16, true) CROTON_TOUCH(unaligned_read2, 2, false)
CROTON_TOUCH(unaligned_read4, 4, false) CROTON_TOUCH(unaligned_read8, 8, false) CROTON_TOUCH(unaligned_write2, 2, true)
CROTON_TOUCH(unaligned_write4, 4, true) CROTON_TOUCH(unaligned_write8, 8, true)
CROTON_CALLBACK(func_entry) { (void)p; }
CROTON_CALLBACK(func_exit) { (void)p; }
CROTON_CALLBACK(init) { (void)p; }
#endif
