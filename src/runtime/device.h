// Device: the one small interface between a plan and what runs it. It knows no graph: it takes text and buffers, and
// gives compiled modules and results. Nothing above knows which device it has.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "expr/target.h"

namespace croton::runtime {

class Device;

/// A device's memory ran out, and what could be freed did not help.
class OutOfMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};
/// The device failed before, and whoever waited then was told: nothing will run on it again.
class Lost : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// Memory of a device, owned: 64-byte aligned, contents undefined (a queued device poisons it).
class Buffer {
 public:
  Buffer() = default;
  /// Throws DeviceError with the number of bytes where there is not that much. 0 bytes are allowed.
  Buffer(Device&, std::size_t bytes);
  Buffer(Buffer&&) noexcept;
  Buffer& operator=(Buffer&&) noexcept;
  ~Buffer();
  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device* device() const { return device_; }
  explicit operator bool() const { return device_ != nullptr; }

 private:
  Device* device_ = nullptr;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// One chunk of a phase: plain code that calls nothing, throws nothing and depends on nothing but its arguments.
using ChunkFunction = void (*)(const void* args, long chunk, void* scratch);

class Module;
/// An entry of a module. On the CPU `chunk` is its address; other devices find it by module and number.
struct Kernel {
  ChunkFunction chunk = nullptr;
  const Module* module = nullptr;
  int entry = 0;
};

enum class Optimize : std::uint8_t { usual, none };

/// What a device compiles. Equal sources give one module: the text alone, with its flags, is the key of the cache.
struct Source {
  std::string text;
  Optimize optimize = Optimize::usual;
  std::vector<std::string> entries;  ///< names of extern "C" functions of the type ChunkFunction; on a GPU, kernels
  std::vector<int> threads = {};     ///< of a block of each entry, on a GPU
  std::vector<std::size_t> fold_bytes = {};  ///< shared memory that each entry declares, on a GPU; empty: none does
  std::string name = {};  ///< for error texts and listings only, e.g. the function's name; not part of the key
};

/// Loaded code; it stays loaded as long as somebody holds it.
class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module();
  /// In the order of Source::entries.
  std::span<const Kernel> kernels() const { return kernels_; }

 protected:
  std::vector<Kernel> kernels_;
};

enum class Access : std::uint8_t { r, w, rw };
/// A range of device memory that a launch touches.
struct BufferUse {
  void* data = nullptr;
  std::size_t bytes = 0;
  Access access = Access::r;
  const char* name = "";  ///< for error texts; lives as long as the work
};

/// All chunks of one phase, in any order, at once. `args` is copied or used up before launch() returns.
struct Launch {
  Kernel kernel;
  long chunks = 1;
  const void* args = nullptr;
  std::size_t args_bytes = 0;
  std::span<const BufferUse> buffers;
  std::size_t scratch_bytes = 0;  ///< of each chunk that runs, 64-byte aligned, contents undefined
};

/// C = alpha * op(A) op(B) + beta * C, all row-major, float32 or float64; op(A) is m x k, op(B) k x n, C m x n. lda,
/// ldb, ldc are elements from row to row AS STORED. With beta = 0 the old C is not read. `batch` such products lie the
/// given numbers of elements apart. Bits depend on extents, never on the number of threads.
struct Gemm {
  DType dtype = float32;
  bool transpose_a = false, transpose_b = false;
  Index m = 0, n = 0, k = 0;
  double alpha = 1;
  const void* a = nullptr;
  Index lda = 0;
  const void* b = nullptr;
  Index ldb = 0;
  double beta = 0;
  void* c = nullptr;
  Index ldc = 0;
  Index batch = 1, stride_a = 0, stride_b = 0, stride_c = 0;
  /// n elements that are added to each row of C, and whether relu of that is wanted, which may make 0 of a NaN. Only of
  /// one product of float32, with beta = 0, by a device whose target says so.
  const void* bias = nullptr;
  bool relu = false;
};

/// A step of a relay (tile/relay.h): a launch or a product of one batch.
struct RowStep {
  const Launch* launch = nullptr;
  const Gemm* gemm = nullptr;
  Index rows = 0;        ///< points of a launch
  Index chunk_rows = 0;  ///< those of each of its chunks, but for the last
};

inline constexpr std::size_t most_steps_of_a_relay = 4;

/// A failed check inside a kernel: which check of the plan, and the smallest linear index at which it failed.
struct KernelError {
  std::uint32_t site = 0;
  std::uint64_t index = 0;
  friend bool operator==(const KernelError&, const KernelError&) = default;
};
/// Where kernels report: eight bytes of device memory that hold the smallest (site << 48 | index) by an atomic minimum,
/// so that the report does not depend on who ran when (kernels/rows.h). Sites are below 65536, numbered in the plan's
/// order; indices below 2^48.
inline constexpr std::uint64_t no_kernel_error = ~std::uint64_t{0};
constexpr std::uint64_t kernel_error_word(KernelError e) { return std::uint64_t{e.site} << 48 | e.index; }

/// A point in a device's work.
using Ticket = std::uint64_t;

/// Launches that were noted instead of run.
class Recording {
 public:
  virtual ~Recording();
  /// Runs them again, with the arguments and pointers that were recorded.
  virtual void replay() = 0;
};

/// Since the process began. bytes_in: host to device; bytes_out: device to host.
struct Counters {
  std::uint64_t launches = 0, library_calls = 0, graph_launches = 0, compilations = 0, cache_hits = 0;
  std::uint64_t transfers_in = 0, transfers_out = 0, bytes_in = 0, bytes_out = 0;
};

/// Work is done in the order it is given, and may be done later: only wait, synchronize, to_host, commit and read_error
/// promise that it has been. Any thread may call anything.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device();

  virtual const std::string& name() const = 0;
  virtual const Target& target() const = 0;
  /// One line for people: "cpu: AMD EPYC, avx512, 2 threads".
  virtual std::string description() const = 0;
  DeviceClass device_class() const { return target().device_class; }
  /// The host may read and write this device's memory itself, where no work is under way that touches it.
  virtual bool host_addressable() const { return false; }
  /// Each value of a plan wants a buffer of its own instead of a place in an arena: for devices that check accesses.
  virtual bool separate_buffers() const { return false; }
  /// Nor may a call find the memory that another had.
  virtual bool fresh_buffers() const { return false; }

  /// 64-byte aligned; large blocks on huge pages, already backed by memory, and kept for reuse when released.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* data, std::size_t bytes) noexcept = 0;
  /// `from` may be changed as soon as the call returns.
  virtual void to_device(void* to, const void* from, std::size_t bytes) = 0;
  /// Waits for the work that was given before.
  virtual void to_host(void* to, const void* from, std::size_t bytes) = 0;
  virtual void copy(void* to, const void* from, std::size_t bytes) = 0;
  virtual void zero(void* to, std::size_t bytes) = 0;

  /// From the process's modules, the cache on disk, or the compiler. Throws CompileError with all that is known.
  virtual std::shared_ptr<Module> compile(const Source&) = 0;

  /// One after another; no allocation on this path. The modules and buffers live until the work is done. Where they run
  /// on this thread they find its floating-point control, which is the default in every call of a function.
  virtual void launch(std::span<const Launch>) = 0;
  /// Throws DeviceError that says what to install where there is no such library.
  virtual void gemm(const Gemm&) = 0;
  /// The steps of a relay, one after another; or in turns, while rows that one has made are in the caches. Bits are the
  /// same.
  virtual void relay(std::span<const RowStep>);
  /// What a plan asks before it writes anything, so that what is launched afterwards cannot fail: whether gemm() can
  /// multiply such matrices (it throws what gemm() would), and so many bytes of scratch for launches of this thread.
  virtual void check(const Gemm&) {}
  virtual void reserve_scratch(std::size_t) {}

  /// Clears a slot, which is memory of this device of 8 bytes.
  void clear_error(void* slot);
  /// Waits, and reads the slot.
  std::optional<KernelError> read_error(const void* slot);
  /// The border in a plan between what may fail and the first write to a shared variable. A device that works at once
  /// reads the slot and says what failed: the plan then stops. One that works later lets the launches that follow read
  /// the slot themselves and do nothing where it is set; it returns nothing here, and read_error tells in the end.
  virtual std::optional<KernelError> commit(void* slot) = 0;

  /// The end of the work given so far.
  virtual Ticket ticket() = 0;
  virtual bool done(Ticket) = 0;
  virtual void wait(Ticket) = 0;
  virtual void synchronize() = 0;

  /// Whether it costs less to replay a recording than to give its work again.
  virtual bool gains_by_replays() const { return false; }
  /// Notes what `work` launches, copies, zeroes and multiplies on this thread, instead of doing it.
  virtual std::unique_ptr<Recording> capture(const std::function<void()>& work) = 0;

  virtual Counters counters() const = 0;
};

/// The device of that name, opened at first use: "cpu"; "auto" takes the best there is and says loudly which; "queued"
/// is a cpu that does nothing until it is waited for, for tests. Throws DeviceError where a device cannot be had, with
/// the reason and the ways out.
Device& device(std::string_view name);

}  // namespace croton::runtime
