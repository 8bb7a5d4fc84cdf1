#include "runtime/cuda/cuda_driver.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cuda/cubin.h"

namespace croton::runtime::cuda {
namespace {

// Enough for the split products of a large GPU (NVIDIA's own advice for sm_90: 32 MiB).
constexpr std::size_t workspace_bytes = 32 << 20;

CUdeviceptr address(const void* p) { return reinterpret_cast<CUdeviceptr>(p); }

bool environment_says(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != 0 && std::string_view(value) != "0";
}

}  // namespace

// The device's context on this thread, for one call; the host program's own is put back.
class CudaDriver::Current {
 public:
  explicit Current(CudaDriver& driver) : driver_(driver) {
    driver.refuse_if_unusable();
    CUcontext current = nullptr;
    if (driver.call_.cuCtxGetCurrent(&current) == CUDA_SUCCESS && current == driver.context_) return;
    driver.check(driver.call_.cuCtxPushCurrent(driver.context_), "cuCtxPushCurrent");
    is_pushed_ = true;
  }
  ~Current() {
    CUcontext ignored = nullptr;
    if (is_pushed_) driver_.call_.cuCtxPopCurrent(&ignored);
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  CudaDriver& driver_;
  bool is_pushed_ = false;
};

// An entry of loaded code, what a gpu::Function points to.
struct CudaDriver::Entry {
  CUfunction function = nullptr;
  const std::string* name = nullptr;  // "phase_0 of train"
  std::size_t static_shared = 0;
  std::size_t allowed_dynamic = 0;  // what the function was told that it may ask for
  int registers = 0;
};

class CudaDriver::Code final : public gpu::Code {
 public:
  Code(CudaDriver& driver, CUmodule module, std::string owner)
      : driver_(driver), module_(module), owner_(std::move(owner)) {}
  ~Code() override {
    if (!driver_.lost_.empty() || forked_after_opening()) return;
    try {
      const Current current(driver_);
      driver_.call_.cuModuleUnload(module_);
    } catch (const DeviceError&) {  // the device went away meanwhile, and its code with it
    }
  }
  gpu::Function function(const std::string& entry) override {
    const Current current(driver_);
    Entry found;
    const CUresult r = driver_.call_.cuModuleGetFunction(&found.function, module_, entry.c_str());
    if (r == CUDA_ERROR_NOT_FOUND)
      fail<DeviceError>("{}: the code of {} has no kernel {}", driver_.name_, owner_, entry);
    driver_.check(r, fmt::format("cuModuleGetFunction({})", entry));
    const auto ask = [&](int which) {
      int value = 0;
      driver_.check(driver_.call_.cuFuncGetAttribute(&value, which, found.function), "cuFuncGetAttribute");
      return value;
    };
    found.static_shared = static_cast<std::size_t>(ask(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES));
    found.registers = ask(CU_FUNC_ATTRIBUTE_NUM_REGS);
    const std::size_t usual = driver_.properties_.shared_bytes;
    found.allowed_dynamic = usual > found.static_shared ? usual - found.static_shared : 0;
    found.name = driver_.kept_name(fmt::format("{} of {}", entry, owner_));
    entries_.push_back(found);
    return &entries_.back();
  }

 private:
  CudaDriver& driver_;
  CUmodule module_;
  std::string owner_;
  std::deque<Entry> entries_;  // addresses stay
};

class CudaDriver::Graph final : public gpu::Graph {
 public:
  Graph(CudaDriver& driver, CUgraphExec executable, const std::string* names)
      : driver_(driver), executable_(executable), names_(names) {}
  ~Graph() override {
    if (!driver_.lost_.empty() || forked_after_opening()) return;
    try {
      const Current current(driver_);
      driver_.call_.cuGraphExecDestroy(executable_);
    } catch (const DeviceError&) {}
  }
  void launch() override {
    const Current current(driver_);
    driver_.suspects_.add(names_);
    driver_.check(driver_.call_.cuGraphLaunch(executable_, driver_.stream_), "cuGraphLaunch");
  }

 private:
  CudaDriver& driver_;
  CUgraphExec executable_;
  const std::string* names_;
};

CudaDriver::CudaDriver(const gpu::CudaOptions& options, unsigned number)
    : options_(options),
      name_(fmt::format("cuda{}", number)),
      driver_(DriverLibrary::open(options.driver)),
      call_(driver_->call()),
      staging_(call_),
      marks_(call_),
      branches_(call_),
      waits_for_launches_(environment_says("CUDA_LAUNCH_BLOCKING")) {
  device_ = driver_->device(number);
  properties_ = driver_->properties(device_);
  nvrtc_ = Nvrtc::open(SearchRoots::of_process(options_.root), driver_->version().major);
  architecture_ =
      choose_architecture(properties_.major * 10 + properties_.minor, nvrtc_->architectures(), nvrtc_->description());
  if (architecture_.is_ptx && nvrtc_->version() > driver_->version()) {
    fail<DeviceError>(
        "{} ({}) is newer than {} knows, so it would need PTX, which the driver (CUDA {}) takes from its own version "
        "or "
        "older only\n  install a newer driver, or the NVRTC of CUDA {}",
        properties_.name, properties_.arch(), nvrtc_->description(), driver_->version().text(),
        driver_->version().text());
  }
  int pools = 0, mode = 0;
  call_.cuDeviceGetAttribute(&pools, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, device_);
  call_.cuDeviceGetAttribute(&mode, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE, device_);
  if (mode == CU_COMPUTEMODE_PROHIBITED) {
    fail<DeviceError>("{} ({}) is set to take no work\n  sudo nvidia-smi -i {} -c DEFAULT lets programs use it", name_,
                      properties_.name, number);
  }
  if (pools == 0) {
    fail<DeviceError>(
        "{} ({}) has no stream-ordered memory (cuMemAllocAsync), which Croton needs\n  some virtual GPUs leave it out",
        name_, properties_.name);
  }
  const CUresult retained = call_.cuDevicePrimaryCtxRetain(&context_, device_);
  if (retained == CUDA_ERROR_DEVICE_UNAVAILABLE) {
    fail<DeviceError>(
        "{} ({}) is in use by another process that keeps it for itself (compute mode 'exclusive process')\n  end that "
        "process, or sudo nvidia-smi -i {} -c DEFAULT",
        name_, properties_.name, number);
  }
  if (retained == CUDA_ERROR_OUT_OF_MEMORY) {
    context_ = nullptr;
    throw OutOfMemory(fmt::format("{} ({}): there is no memory for another context; `nvidia-smi` shows who holds it",
                                  name_, properties_.name));
  }
  check(retained, "cuDevicePrimaryCtxRetain");
  try {
    open_stream_and_pool();
  } catch (...) {
    call_.cuDevicePrimaryCtxRelease(device_);
    throw;
  }
}

void CudaDriver::open_stream_and_pool() {
  const Current current(*this);
  check(call_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
  CUmemPoolProps pool{};
  pool.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  pool.handleTypes = CU_MEM_HANDLE_TYPE_NONE;
  pool.location = {CU_MEM_LOCATION_TYPE_DEVICE, device_};
  pool.maxSize = options_.pool_cap;
  check(call_.cuMemPoolCreate(&pool_, &pool), "cuMemPoolCreate");
  std::uint64_t keep = ~std::uint64_t{0};  // what is released stays in the pool until trim()
  check(call_.cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &keep), "cuMemPoolSetAttribute");
}

CudaDriver::~CudaDriver() {
  if (context_ == nullptr || forked_after_opening()) return;
  if (lost_.empty()) {
    try {
      const Current current(*this);
      call_.cuStreamSynchronize(stream_);
      products_.reset();
      staging_.release();
      marks_.release();
      branches_.release();
      call_.cuMemPoolDestroy(pool_);
      call_.cuStreamDestroy(stream_);
    } catch (const DeviceError&) {  // the device is gone: so is what it held
    }
  }
  call_.cuDevicePrimaryCtxRelease(device_);
}

std::string CudaDriver::versions() const {
  std::string text =
      fmt::format("driver for CUDA {} ({}), {}", driver_->version().text(), driver_->path(), nvrtc_->description());
  if (products_ != nullptr)
    text += fmt::format(", cuBLASLt {} ({})", products_->library().version, products_->library().path);
  return text;
}

// ---- memory

void* CudaDriver::allocate(std::size_t bytes) {
  refuse_capture("allocating memory");
  const Current current(*this);
  CUdeviceptr p = 0;
  // an empty buffer has an address of its own too
  const CUresult r = call_.cuMemAllocFromPoolAsync(&p, std::max<std::size_t>(bytes, 1), pool_, stream_);
  if (r == CUDA_ERROR_OUT_OF_MEMORY) refuse_memory(bytes, r);
  check(r, "cuMemAllocFromPoolAsync");
  live_bytes_ += bytes;
  return std::bit_cast<void*>(p);
}

void CudaDriver::release(void* p, std::size_t bytes) noexcept {
  if (p == nullptr) return;
  live_bytes_ -= std::min<std::uint64_t>(bytes, live_bytes_);
  try {
    if (is_capturing_) return released_in_capture_.push_back(p);
    const Current current(*this);
    call_.cuMemFreeAsync(address(p), stream_);
  } catch (const std::exception&) {  // the device is lost, and its memory with it
  }
}

void CudaDriver::trim() noexcept {
  if (is_capturing_) return;
  try {
    const Current current(*this);
    // what was released is the pool's only when the stream has come to that point
    if (call_.cuStreamSynchronize(stream_) == CUDA_SUCCESS) call_.cuMemPoolTrimTo(pool_, 0);
  } catch (const DeviceError&) {  // nothing to give back
  }
}

void CudaDriver::to_device(void* to, const void* from, std::size_t bytes) {
  refuse_capture("a transfer from the host");
  const Current current(*this);
  check(staging_.to_device(address(to), static_cast<const std::byte*>(from), bytes, stream_), "a transfer to the GPU");
}

void CudaDriver::to_host(void* to, const void* from, std::size_t bytes) {
  refuse_capture("a transfer to the host");
  const Current current(*this);
  if (bytes == 0) return;
  check(staging_.to_host(static_cast<std::byte*>(to), address(from), bytes, stream_), "a transfer from the GPU");
  suspects_.clear_to(suspects_.launched());
}

void CudaDriver::copy(void* to, const void* from, std::size_t bytes) {
  const Current current(*this);
  if (bytes != 0) check(call_.cuMemcpyDtoDAsync(address(to), address(from), bytes, stream()), "cuMemcpyDtoDAsync");
}

void CudaDriver::zero(void* to, std::size_t bytes) {
  const Current current(*this);
  if (bytes != 0) check(call_.cuMemsetD8Async(address(to), 0, bytes, stream()), "cuMemsetD8Async");
}

// ---- code

std::string CudaDriver::compiler_key() const {
  return fmt::format("{}; {}", nvrtc_->key(), join_arguments(nvrtc_options(nvrtc_->version(), architecture_.text())));
}

std::vector<std::byte> CudaDriver::compile(const Source& source) {
  return nvrtc_->compile(source, architecture_, options_.compile_seconds);
}

std::unique_ptr<gpu::Code> CudaDriver::load(std::span<const std::byte> image, const Source& source) {
  const Current current(*this);
  CUmodule module = nullptr;
  const CUresult r = call_.cuModuleLoadDataEx(&module, image.data(), 0, nullptr, nullptr);
  const std::string owner = source.name.empty() ? "a function without a name" : source.name;
  if (r == CUDA_ERROR_UNSUPPORTED_PTX_VERSION || r == CUDA_ERROR_NO_BINARY_FOR_GPU) {
    fail<DeviceError>(
        "{} ({}): the driver (CUDA {}) does not take the code that {} made for {}: {}\n  install a newer driver, or "
        "the NVRTC "
        "of CUDA {}",
        name_, properties_.arch(), driver_->version().text(), nvrtc_->description(), architecture_.text(),
        driver_->words(r), driver_->version().text());
  }
  check(r, fmt::format("loading the code of {}", owner));
  return std::make_unique<Code>(*this, module, owner);
}

// ---- work

void CudaDriver::launch(gpu::Function function, const gpu::LaunchShape& shape, std::span<const std::byte> parameters,
                        std::span<const BufferUse>) {
  Entry& entry = *static_cast<Entry*>(function);
  const Current current(*this);
  if (shape.shared_bytes > entry.allowed_dynamic) {
    if (shape.shared_bytes + entry.static_shared > properties_.shared_bytes_opt_in) {
      fail<DeviceError>("{}: kernel {} asks for {} + {} bytes of shared memory a block, and {} has {}", name_,
                        *entry.name, shape.shared_bytes, entry.static_shared, properties_.name,
                        properties_.shared_bytes_opt_in);
    }
    check(call_.cuFuncSetAttribute(entry.function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                   static_cast<int>(shape.shared_bytes)),
          "cuFuncSetAttribute");
    entry.allowed_dynamic = shape.shared_bytes;
  }
  std::size_t bytes = parameters.size();
  void* extra[] = {std::bit_cast<void*>(launch_parameters_pointer), const_cast<std::byte*>(parameters.data()),
                   std::bit_cast<void*>(launch_parameters_size), &bytes, std::bit_cast<void*>(launch_parameters_end)};
  note_launch(entry.name);
  const CUresult r =
      call_.cuLaunchKernel(entry.function, shape.grid, 1, 1, shape.block, 1, 1,
                           static_cast<unsigned>(shape.shared_bytes), stream(), nullptr, bytes == 0 ? nullptr : extra);
  if (r == CUDA_SUCCESS) return;
  if (is_sticky(r)) refuse(r, "a launch");
  refuse(r,
         fmt::format("launching {} with {} blocks of {} threads, {} bytes of dynamic shared memory and {} registers a "
                     "thread",
                     *entry.name, shape.grid, shape.block, shape.shared_bytes, entry.registers));
}

void CudaDriver::note_launch(const std::string* name) {
  suspects_.add(name);
  if (is_capturing_) captured_names_ += fmt::format("{}{}", captured_names_.empty() ? "" : ", ", *name);
}

Products& CudaDriver::products() {
  if (products_ == nullptr) {
    refuse_capture("the first product of matrices, which opens cuBLASLt,");
    CublasLt library = CublasLt::open(SearchRoots::of_process(options_.root), driver_->version().major);
    void* const workspace = allocate(workspace_bytes);
    try {
      products_ = std::make_unique<Products>(std::move(library), workspace, workspace_bytes, options_.tf32);
    } catch (...) {
      release(workspace, workspace_bytes);
      throw;
    }
  }
  return *products_;
}

// A sum of nothing with a bias: cuBLASLt knows no empty matrices.
Gemm CudaDriver::of_zeros(const Gemm& g) {
  const std::size_t bytes = static_cast<std::size_t>(std::max(g.m, g.n)) * size_of(g.dtype);
  if (zeros_bytes_ < bytes) {
    refuse_capture("the first product of empty matrices with a bias,");
    const std::size_t room = std::bit_ceil(bytes);
    zeros_ = allocate(room);  // graphs may still read those that were there
    zeros_bytes_ = room;
    zero(zeros_, room);
  }
  Gemm with = g;
  with.a = with.b = zeros_;
  with.transpose_a = with.transpose_b = false;
  with.k = with.lda = 1;
  with.ldb = g.n;
  return with;
}

void CudaDriver::prepare(const Gemm& g) {
  if (g.m == 0 || g.n == 0 || g.batch <= 0 || (g.k == 0 && g.bias == nullptr)) return;
  const Current current(*this);
  products().prepare(g.k == 0 ? of_zeros(g) : g);
}

void CudaDriver::gemm(const Gemm& g) {
  if (g.m == 0 || g.n == 0 || g.batch <= 0) return;
  const Current current(*this);
  if (g.k != 0 || g.bias != nullptr) {
    note_launch(product_name_);
    return products().run(g.k == 0 ? of_zeros(g) : g, stream());
  }
  // A sum of nothing.
  if (g.beta == 1) return;
  if (g.beta != 0) fail<DeviceError>("{}: an empty product added to {} times what was there", name_, g.beta);
  const std::size_t item = size_of(g.dtype);
  for (Index i = 0; i < g.batch; ++i) {
    check(call_.cuMemsetD2D8Async(address(g.c) + static_cast<std::size_t>(i * g.stride_c) * item,
                                  static_cast<std::size_t>(g.ldc) * item, 0, static_cast<std::size_t>(g.n) * item,
                                  static_cast<std::size_t>(g.m), stream()),
          "cuMemsetD2D8Async");
  }
}

// ---- time

Ticket CudaDriver::mark() {
  refuse_capture("a mark");
  const Current current(*this);
  Ticket ticket = 0;
  check(marks_.set(stream_, suspects_.launched(), ticket), "cuEventRecord");
  return ticket;
}

bool CudaDriver::reached(Ticket ticket) {
  const Current current(*this);
  const CUresult r = marks_.query(ticket);
  if (r == CUDA_ERROR_NOT_READY) return false;
  check(r, "cuEventQuery");
  suspects_.clear_to(marks_.launches_done());
  return true;
}

void CudaDriver::wait(Ticket ticket) {
  const Current current(*this);
  check(marks_.wait(ticket), "cuEventSynchronize");
  suspects_.clear_to(marks_.launches_done());
}

void CudaDriver::synchronize() {
  refuse_capture("waiting");
  const Current current(*this);
  check(call_.cuStreamSynchronize(stream_), "cuStreamSynchronize");
  marks_.reach_all();
  suspects_.clear_to(suspects_.launched());
}

// ---- graphs

void CudaDriver::begin_capture() {
  refuse_capture("another capture");
  const Current current(*this);
  // relaxed: code that is loaded at its first launch may be loaded while others' launches are noted
  check(call_.cuStreamBeginCapture(stream_, CU_STREAM_CAPTURE_MODE_RELAXED), "cuStreamBeginCapture");
  is_capturing_ = true;
  branches_.begin(stream_);
  captured_names_.clear();
}

void CudaDriver::begin_piece(std::span<const int> waits_for) {
  const Current current(*this);
  check(branches_.next(waits_for), "forking a captured graph");
}

std::unique_ptr<gpu::Graph> CudaDriver::end_capture() {
  const Current current(*this);
  CUgraph graph = nullptr;
  const CUresult joined = branches_.join(), left = call_.cuStreamEndCapture(stream_, &graph),
                 ended = left == CUDA_SUCCESS ? joined : left;
  is_capturing_ = false;
  for (void* p : released_in_capture_) call_.cuMemFreeAsync(address(p), stream_);
  released_in_capture_.clear();
  CUgraphExec executable = nullptr;
  const CUresult made = ended == CUDA_SUCCESS ? call_.cuGraphInstantiateWithFlags(&executable, graph, 0) : ended;
  if (graph != nullptr) call_.cuGraphDestroy(graph);
  check(made, ended == CUDA_SUCCESS ? "cuGraphInstantiateWithFlags" : "cuStreamEndCapture");
  return std::make_unique<Graph>(*this, executable, kept_name(fmt::format("graph of {}", captured_names_)));
}

}  // namespace croton::runtime::cuda
