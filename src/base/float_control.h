// The processor's floating-point control while we compute, whatever the host program has set: the same bits in every
// mode.
#pragma once

namespace croton {

/// For the life of the scope: round to nearest, subnormals kept, no traps, and on x86's old unit all 64 bits;
/// afterwards as before. A host library may have set FTZ, and a host program another rounding. Costs a few nanoseconds
/// where nothing is to be done.
class FloatControl {
 public:
#if defined(__x86_64__)
  FloatControl() noexcept : vector_(__builtin_ia32_stmxcsr()) {
    asm volatile("fnstcw %0" : "=m"(scalar_));
    // the six low bits are flags that arithmetic sets
    if ((vector_ & ~0x3fu) != default_vector) __builtin_ia32_ldmxcsr(default_vector);
    if (scalar_ != default_scalar) load(default_scalar);
  }
  ~FloatControl() {
    if (((__builtin_ia32_stmxcsr() ^ vector_) & ~0x3fu) != 0) __builtin_ia32_ldmxcsr(vector_);
    if (scalar_ != default_scalar) load(scalar_);
  }

 private:
  static constexpr unsigned default_vector = 0x1f80;
  static constexpr unsigned short default_scalar = 0x37f;
  static void load(unsigned short word) noexcept { asm volatile("fldcw %0" : : "m"(word)); }
  unsigned vector_;
  unsigned short scalar_;

 public:
#else
  FloatControl() noexcept {}
  ~FloatControl() {}
#endif
  FloatControl(const FloatControl&) = delete;
  FloatControl& operator=(const FloatControl&) = delete;
};

}  // namespace croton
