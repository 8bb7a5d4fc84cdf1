// Driver: what a GPU's driver does for us, and nothing more: memory, one stream of work, code, launches, products. cuda
// fills it from libcuda, NVRTC and cuBLASLt; the emulator fills it on the host. GpuDevice is written once above it, so
// that everything but the driver calls themselves is the same on both.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/device.h"

namespace croton::runtime::gpu {

/// What a device is, as its driver says it.
struct Properties {
  std::string name;          ///< "NVIDIA H100 80GB HBM3", "emulated sm_90"
  int major = 7, minor = 5;  ///< compute capability
  int multiprocessors = 1;
  int clock_khz = 0;
  std::size_t memory_bytes = 0;
  int threads_a_block = 1024;
  std::size_t shared_bytes = 48 << 10;         ///< of a block, without asking
  std::size_t shared_bytes_opt_in = 48 << 10;  ///< of a block, where the kernel asks for it
  std::string arch() const { return "sm_" + std::to_string(major) + std::to_string(minor); }
};

/// An entry of loaded code; valid as long as its Code.
using Function = void*;
/// Loaded code.
class Code {
 public:
  virtual ~Code() = default;
  /// Throws DeviceError for a name that is not there.
  virtual Function function(const std::string& entry) = 0;
};

/// Work of the stream that was noted instead of done, as one thing to run again.
class Graph {
 public:
  virtual ~Graph() = default;
  virtual void launch() = 0;
};

struct LaunchShape {
  unsigned grid = 1, block = 1;
  std::size_t shared_bytes = 0;  ///< dynamic
};

/// Any of it throws DeviceError with the driver's own words; `OutOfMemory` where more memory would have helped. Calls
/// come from one thread at a time. Work is done in the order it is given.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual const Properties& properties() const = 0;
  /// Versions and paths, a line: "driver 13.0, NVRTC 13.0 (/usr/local/cuda/lib64/libnvrtc.so.13)".
  virtual std::string versions() const = 0;

  /// Each value of a plan wants a buffer of its own, and each launch scratch of its own: the driver checks accesses.
  virtual bool separate_buffers() const { return false; }
  /// Nor may a call find the memory that another had: the driver checks that nothing is read before it is written.
  virtual bool fresh_buffers() const { return false; }

  // ---- memory; addresses are the device's, 256-byte aligned (16 where the driver checks accesses: blocks then end at
  // a guard page), and the host must not follow them
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void*, std::size_t bytes) noexcept = 0;
  /// Gives what is kept for reuse back to the system.
  virtual void trim() noexcept = 0;
  /// `from` may change when the call returns.
  virtual void to_device(void* to, const void* from, std::size_t bytes) = 0;
  /// Waits for all work given before.
  virtual void to_host(void* to, const void* from, std::size_t bytes) = 0;
  virtual void copy(void* to, const void* from, std::size_t bytes) = 0;
  virtual void zero(void* to, std::size_t bytes) = 0;

  // ---- code
  /// What the compiled image depends on beside the text: the compiler's build, options, architecture. Part of the key
  /// of the cache.
  virtual std::string compiler_key() const = 0;
  /// Text in the CUDA dialect to an image that load() takes. Throws CompileError with the compiler's log. The one call
  /// that several threads may make at once.
  virtual std::vector<std::byte> compile(const Source&) = 0;
  virtual std::unique_ptr<Code> load(std::span<const std::byte> image, const Source&) = 0;

  // ---- work
  /// `parameters`: the kernel's parameters, packed as its signature lays them out (a struct of 64-bit words by value,
  /// or one pointer); copied before the call returns. `buffers`: what the launch touches, for drivers that check it.
  virtual void launch(Function, const LaunchShape&, std::span<const std::byte> parameters,
                      std::span<const BufferUse> buffers) = 0;
  virtual void gemm(const Gemm&) = 0;
  /// Opens the library and chooses what a product of this kind needs, so that gemm() may stand inside a capture, where
  /// nothing can be opened or allocated.
  virtual void prepare(const Gemm&) {}

  // ---- time
  /// A mark at the end of the work given so far.
  virtual Ticket mark() = 0;
  virtual bool reached(Ticket) = 0;
  virtual void wait(Ticket) = 0;
  virtual void synchronize() = 0;

  // ---- graphs
  /// From here on launches, copies, zeroes and products are noted; allocating, transferring and waiting are errors.
  virtual void begin_capture() = 0;
  /// Inside a capture: what is noted from here to the next call of this is one piece of the graph, which waits for the
  /// pieces of these numbers (the first such call's is 0) and for what those wait for; it may run beside all others.
  /// What is noted before the first call, or without any, runs in its order, before every piece.
  virtual void begin_piece(std::span<const int> waits_for) = 0;
  /// Also after an error in between, to be able to work again; throws where what was noted cannot be run.
  virtual std::unique_ptr<Graph> end_capture() = 0;
};

}  // namespace croton::runtime::gpu
