// A GPU on the host: the source that NVRTC compiles, compiled by the host compiler behind a shim, each thread a fiber.
// Its stream is lazy: nothing runs before somebody waits. A kernel that goes wrong ends with an error that names it,
// its block, its thread and the buffer, and after it the device is lost, as a GPU would be.
#pragma once
#include <functional>
#include <mutex>

#include "runtime/cpu/blas.h"
#include "runtime/cpu/host_compiler.h"
#include "runtime/emulator/block.h"
#include "runtime/emulator/checker.h"
#include "runtime/emulator/memory.h"
#include "runtime/gpu/driver.h"

namespace croton::runtime::emulator {

struct Options {
  bool check = false;      ///< kernels are compiled with a call before every access, and those calls look for mistakes
  std::uint64_t seed = 0;  ///< see order_of; a graph's pieces that need not wait for each other come in such an order
                           ///< too, another at every launch: the first has this seed, the next one more
  std::size_t memory_bytes = std::size_t{64} << 30;
  int major = 9, minor = 0;  ///< whose limits it has
};

class EmulatorDriver final : public gpu::Driver {
 public:
  explicit EmulatorDriver(Options = {});
  ~EmulatorDriver() override;
  const gpu::Properties& properties() const override { return properties_; }
  std::string versions() const override;
  bool separate_buffers() const override { return true; }
  bool fresh_buffers() const override { return options_.check; }

  void* allocate(std::size_t bytes) override;
  void release(void*, std::size_t bytes) noexcept override;
  void trim() noexcept override {}
  void to_device(void* to, const void* from, std::size_t bytes) override;
  void to_host(void* to, const void* from, std::size_t bytes) override;
  void copy(void* to, const void* from, std::size_t bytes) override;
  void zero(void* to, std::size_t bytes) override;

  std::string compiler_key() const override;
  std::vector<std::byte> compile(const Source&) override;
  std::unique_ptr<gpu::Code> load(std::span<const std::byte> image, const Source&) override;

  void launch(gpu::Function, const gpu::LaunchShape&, std::span<const std::byte> parameters,
              std::span<const BufferUse> buffers) override;
  void gemm(const Gemm&) override;
  void prepare(const Gemm&) override;

  Ticket mark() override;
  bool reached(Ticket) override;
  void wait(Ticket) override;
  void synchronize() override;

  void begin_capture() override;
  void begin_piece(std::span<const int> waits_for) override;
  std::unique_ptr<gpu::Graph> end_capture() override;

 private:
  friend class EmulatedGraph;
  struct Work {
    std::function<void()> run;
    bool always = false;  // also when the device is lost
  };
  // Of a graph.
  struct Piece {
    std::vector<Work> work;
    std::vector<int> waits_for;
  };
  struct LaunchWork;
  void give(Work);
  void run_all();
  void refuse_if_lost() const;
  void refuse_capture(std::string_view what) const;
  std::byte* memory_at(const void* device, std::size_t bytes, const char* what) const;
  void run(const LaunchWork&);
  void run_gemm(const Gemm&);
  std::string explain(const Stop&, const LaunchWork&) const;
  std::string place(const void* host, std::span<const BufferUse> buffers) const;
  std::vector<std::string> flags(const HostCompiler&) const;

  Options options_;
  gpu::Properties properties_;
  Memory memory_;
  Multiprocessor multiprocessor_;
  std::unique_ptr<Checker> checker_;
  std::byte* fold_words_ = nullptr;
  std::vector<Work> queue_;
  Ticket given_ = 0;
  std::string lost_;  // why, once a kernel has gone wrong
  bool capturing_ = false;
  std::vector<Piece> captured_;  // the first holds what is noted before there are pieces
  std::unique_ptr<Blas> blas_;
  mutable CompilerVersions compiler_versions_;
};

}  // namespace croton::runtime::emulator
