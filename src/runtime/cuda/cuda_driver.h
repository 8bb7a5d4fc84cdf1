// CudaDriver: NVIDIA's driver, NVRTC and cuBLASLt as the Driver that GpuDevice works with. One device, its primary
// context and one stream, from which a captured graph forks others; nothing waits but what says so.
#pragma once
#include <deque>
#include <optional>
#include <set>

#include "runtime/cuda/branches.h"
#include "runtime/cuda/driver_library.h"
#include "runtime/cuda/marks.h"
#include "runtime/cuda/products.h"
#include "runtime/cuda/staging.h"
#include "runtime/cuda/suspects.h"
#include "runtime/gpu/cuda_plugin.h"

namespace croton::runtime::cuda {

class CudaDriver final : public gpu::Driver {
 public:
  CudaDriver(const gpu::CudaOptions&, unsigned number);
  ~CudaDriver() override;

  const gpu::Properties& properties() const override { return properties_; }
  std::string versions() const override;

  void* allocate(std::size_t bytes) override;
  void release(void*, std::size_t bytes) noexcept override;
  void trim() noexcept override;
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
  class Code;
  class Graph;
  struct Entry;
  class Current;

  void open_stream_and_pool();
  /// Whether the context is dead after it: every later call fails until the process ends.
  static bool is_sticky(CUresult);
  void check(CUresult, std::string_view what);
  [[noreturn]] void refuse(CUresult, std::string_view what);
  [[noreturn]] void refuse_memory(std::size_t bytes, CUresult);
  void refuse_if_unusable() const;
  void refuse_capture(std::string_view what) const;
  const std::string* kept_name(std::string name) { return &*kernel_names_.insert(std::move(name)).first; }
  void note_launch(const std::string* name);
  Products& products();
  Gemm of_zeros(const Gemm&);
  // Where work goes.
  CUstream stream() const { return is_capturing_ ? branches_.stream() : stream_; }

  gpu::CudaOptions options_;
  std::string name_;  // "cuda0"
  std::shared_ptr<const DriverLibrary> driver_;
  const DriverFunctions& call_;
  std::shared_ptr<const Nvrtc> nvrtc_;
  Architecture architecture_;
  CUdevice device_ = 0;
  gpu::Properties properties_;
  CUcontext context_ = nullptr;
  CUstream stream_ = nullptr;
  CUmemoryPool pool_ = nullptr;
  std::uint64_t live_bytes_ = 0;
  Staging staging_;
  Marks marks_;
  Branches branches_;
  std::unique_ptr<Products> products_;
  void* zeros_ = nullptr;  // of_zeros
  std::size_t zeros_bytes_ = 0;
  bool is_capturing_ = false;
  std::vector<void*> released_in_capture_;
  std::string captured_names_;
  std::set<std::string> kernel_names_;  // never erased: errors name kernels whose code is gone
  const std::string* product_name_ = kept_name("product of matrices (cuBLASLt)");
  Suspects suspects_;
  std::string lost_;  // the first error after which the device takes no more work, as every later call repeats it
  bool waits_for_launches_ = false;  // CUDA_LAUNCH_BLOCKING
};

}  // namespace croton::runtime::cuda
