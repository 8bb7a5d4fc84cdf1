#include "runtime/cpu/fftw.h"

#include <algorithm>
#include <new>

#include "base/dtype.h"
#include "base/error.h"
#include "base/float_control.h"
#include "runtime/cpu/library.h"

namespace croton::runtime {
namespace {

constexpr std::size_t most_kept = 64;

/// FFTW looks where arrays lie, and with FFTW_ESTIMATE not into them.
class Room {
 public:
  explicit Room(std::size_t bytes) : memory_(operator new(bytes, alignment)) {}
  ~Room() { operator delete(memory_, alignment); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  void* get() const { return memory_; }

 private:
  static constexpr std::align_val_t alignment{64};
  void* memory_;
};

}  // namespace

struct Fftw::Owned : FourierPlan {
  Fftw& library;
  explicit Owned(Fftw& l) : library(l) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    const std::lock_guard guard(library.door_);
    library.destroy_(plan);  // which takes null too
  }
};

Fftw::Fftw(DType d) : Fftw(d, {d == float32 ? "libfftw3f.so.3" : "libfftw3.so.3"}) {}

Fftw::Fftw(DType d, const std::vector<std::string>& files) : dtype_(d) {
  std::string tried;
  const FloatControl control;
  for (const std::string& file : files) {
    void* const library = dlopen(file.c_str(), open_flags());  // never closed: plans are its memory
    path_ = file;
    if (library != nullptr && find_functions(library)) return;
    tried += fmt::format("\n  {}", library == nullptr ? dlerror() : file + ": it is no FFTW 3 for this dtype");
  }
  fail<DeviceError>("no FFTW: Fourier transforms in {} need one\n  install it (apt install {})\n  tried:{}", name_of(d),
                    d == float32 ? "libfftw3-single3" : "libfftw3-double3", tried);
}

bool Fftw::find_functions(void* library) {
  const auto is_found = [&](const char* name, auto& found) {
    return find(library, fmt::format("fftw{}_{}", dtype_ == float32 ? "f" : "", name).c_str(), found);
  };
  return is_found("plan_guru64_dft", plan_complex_) && is_found("plan_guru64_dft_r2c", plan_real_) &&
         is_found("plan_guru64_dft_c2r", plan_to_real_) && is_found("execute_dft", complex_) &&
         is_found("execute_dft_r2c", real_) && is_found("execute_dft_c2r", to_real_) &&
         is_found("destroy_plan", destroy_);
}

Fftw::Transform Fftw::transform(Fourier kind) const {
  if (kind == Fourier::real) return real_;
  return kind == Fourier::to_real ? to_real_ : complex_;
}

std::shared_ptr<const FourierPlan> Fftw::kept(Fourier kind, Index n) {
  const auto found = std::ranges::find_if(kept_, [&](const Kept& k) { return k.kind == kind && k.n == n; });
  if (found == kept_.end()) return {};
  std::rotate(kept_.begin(), found, found + 1);
  return kept_.front().plan;
}

void* Fftw::made(Fourier kind, Index n) const {
  constexpr unsigned destroy_input = 1, estimate = 64;
  const std::size_t bytes = (static_cast<std::size_t>(n) + 2) * 2 * size_of(dtype_);
  const Room from(bytes), to(bytes);
  const Axis axis{n, 1, 1};
  const FloatControl control;
  void* const plan =
      kind == Fourier::real      ? plan_real_(1, &axis, 0, nullptr, from.get(), to.get(), destroy_input | estimate)
      : kind == Fourier::to_real ? plan_to_real_(1, &axis, 0, nullptr, from.get(), to.get(), destroy_input | estimate)
                                 : plan_complex_(1, &axis, 0, nullptr, from.get(), to.get(),
                                                 kind == Fourier::forward ? -1 : 1, destroy_input | estimate);
  if (plan == nullptr) fail<DeviceError>("FFTW ({}) makes no plan for {} elements", path_, n);
  return plan;
}

std::shared_ptr<const FourierPlan> Fftw::plan(Fourier kind, Index n) {
  {
    const std::lock_guard guard(door_);
    if (auto plan = kept(kind, n); plan != nullptr) return plan;
  }
  const auto fresh = std::make_shared<Owned>(*this);
  fresh->transform = transform(kind);
  std::shared_ptr<const FourierPlan> dropped;  // like fresh after the door is free, which its end takes
  const std::lock_guard guard(door_);
  fresh->plan = made(kind, n);
  kept_.push_front({kind, n, fresh});
  if (kept_.size() > most_kept) {
    dropped = std::move(kept_.back().plan);
    kept_.pop_back();
  }
  return fresh;
}

}  // namespace croton::runtime
