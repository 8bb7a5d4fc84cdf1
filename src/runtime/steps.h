// A list of work for a device that is kept and done later: what a recording replays and what a queued device has still
// to do.
#pragma once
#include <variant>

#include "runtime/device.h"

namespace croton::runtime {

class Steps {
 public:
  /// Copies the arguments, so that the caller may change them.
  void launch(const Launch&);
  /// Copies the bytes.
  void to_device(void* to, const void* from, std::size_t bytes);
  void copy(void* to, const void* from, std::size_t bytes) { list_.push_back(Copy{to, from, bytes}); }
  void zero(void* to, std::size_t bytes) { list_.push_back(Zero{to, bytes}); }
  void gemm(const Gemm& g) { list_.push_back(g); }
  void release(void* data, std::size_t bytes) { list_.push_back(Release{data, bytes}); }
  bool empty() const { return list_.empty(); }
  /// Does all of it, in order.
  void run(Device&) const;
  /// The same, once: what has been done leaves the list, also where a later step throws. That step stays.
  void use_up(Device&);

 private:
  struct KeptLaunch {
    Kernel kernel;
    long chunks;
    std::vector<std::max_align_t> args;
    std::size_t args_bytes;
    std::vector<BufferUse> buffers;
    std::size_t scratch_bytes;
  };
  struct Upload {
    void* to;
    std::vector<std::byte> bytes;
  };
  struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
  };
  struct Zero {
    void* to;
    std::size_t bytes;
  };
  struct Release {
    void* data;
    std::size_t bytes;
  };
  using Step = std::variant<KeptLaunch, Upload, Copy, Zero, Gemm, Release>;
  static void run(Device&, const Step&);

  std::vector<Step> list_;
};

struct RecordingNow {
  const Device* device = nullptr;
  Steps* steps = nullptr;
};
/// What this thread records. Read at every launch: a place in the thread's own block costs one instruction where a call
/// of the dynamic linker costs twenty.
extern thread_local constinit RecordingNow recording_now [[gnu::tls_model("initial-exec")]];
/// Where this thread's work for a device goes while it records; null while it does not.
inline Steps* recording_of(const Device& device) {
  return recording_now.device == &device ? recording_now.steps : nullptr;
}
/// What `work` gives to a device on this thread, noted instead of done.
Steps noted(const Device&, const std::function<void()>& work);
/// noted(), to be done again step by step.
std::unique_ptr<Recording> record(Device&, const std::function<void()>& work);
/// Throws DeviceError where this thread records: a recording cannot wait.
[[noreturn]] void refuse_to_wait(const Device&);
inline void refuse_while_recording(const Device& device) {
  if (recording_of(device) != nullptr) refuse_to_wait(device);
}

}  // namespace croton::runtime
