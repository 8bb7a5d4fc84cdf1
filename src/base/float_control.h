// The processor's floating-point control while we compute, whatever the host program has set: the same bits in every
// mode.
#pragma once

namespace croton {

/// For the life of the scope: round to nearest, subnormals kept, no traps, and on x86's old unit all 64 bits;
/// afterwards as before. A host library may have set FTZ, and a host program another rounding. Costs a few nanoseconds
/// where nothing is to be done.
class FloatControl {
 public:
  /// What runs in the scope: others' libraries may set the control as they are opened or called; our own code, and what
  /// it calls in scopes of its own, does not, and the control need not be read again.
  enum class Runs { anything, our_code };
#if defined(__x86_64__)
  explicit FloatControl(Runs runs = Runs::anything) noexcept : vector_(__builtin_ia32_stmxcsr()), runs_(runs) {
    asm volatile("fnstcw %0" : "=m"(scalar_));
    // the six low bits are flags that arithmetic sets
    if ((vector_ & ~0x3fu) != default_vector) __builtin_ia32_ldmxcsr(default_vector);
    if (scalar_ != default_scalar) load(default_scalar);
  }
  ~FloatControl() {
    const unsigned now = runs_ == Runs::our_code ? default_vector : __builtin_ia32_stmxcsr();
    if (((now ^ vector_) & ~0x3fu) != 0) __builtin_ia32_ldmxcsr(vector_);
    if (scalar_ != default_scalar) load(scalar_);
  }

 private:
  static constexpr unsigned default_vector = 0x1f80;
  static constexpr unsigned short default_scalar = 0x37f;
  static void load(unsigned short word) noexcept { asm volatile("fldcw %0" : : "m"(word)); }
  unsigned vector_;
  unsigned short scalar_;
  Runs runs_;

 public:
#else
  explicit FloatControl(Runs = Runs::anything) noexcept {}
  ~FloatControl() {}
#endif
  FloatControl(const FloatControl&) = delete;
  FloatControl& operator=(const FloatControl&) = delete;
};

}  // namespace croton
