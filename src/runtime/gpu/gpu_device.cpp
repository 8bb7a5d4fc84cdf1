#include "runtime/gpu/gpu_device.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/log.h"
#include "print/printer.h"
#include "runtime/gpu/collect.h"
#include "runtime/gpu/dependencies.h"

namespace croton::runtime {
namespace {

class GpuModule final : public Module {
 public:
  GpuModule(std::unique_ptr<gpu::Code> code, const Source& source)
      : code_(std::move(code)), threads_(source.threads), fold_bytes_(source.fold_bytes) {
    fold_bytes_.resize(source.entries.size());
    for (const std::string& entry : source.entries) {
      functions_.push_back(code_->function(entry));
      kernels_.push_back({nullptr, this, static_cast<int>(kernels_.size())});
    }
  }
  gpu::Function function(int entry) const { return functions_[static_cast<std::size_t>(entry)]; }
  unsigned threads(int entry) const { return static_cast<unsigned>(threads_[static_cast<std::size_t>(entry)]); }
  std::size_t fold_bytes(int entry) const { return fold_bytes_[static_cast<std::size_t>(entry)]; }

 private:
  std::unique_ptr<gpu::Code> code_;
  std::vector<gpu::Function> functions_;
  std::vector<int> threads_;
  std::vector<std::size_t> fold_bytes_;
};

// Of every GPU, so that programs and their bits do not depend on the model; only where scratch lies does.
Target target_of(const gpu::Properties& p) {
  Target t;
  t.device_class = DeviceClass::gpu;
  t.isa = p.arch();
  t.vector_registers =
      64;  // of the 128 that a thread of a block of 256 may have where two blocks share a multiprocessor
  t.fma = true;
  t.gemm = true;
  t.product_bias = true;
  t.block_lanes = 256;
  t.shared_bytes = static_cast<Index>(p.shared_bytes);
  return t;
}

}  // namespace

// A graph, and the memory that its work reads and writes besides what the caller named.
class GpuDevice::GraphRecording final : public Recording {
 public:
  GraphRecording(GpuDevice& device, std::vector<Buffer> held, std::unique_ptr<gpu::Graph> graph, std::uint64_t launches,
                 std::uint64_t library_calls)
      : device_(device),
        held_(std::move(held)),
        graph_(std::move(graph)),
        launches_(launches),
        library_calls_(library_calls) {}
  void replay() override {
    refuse_while_recording(device_);
    device_.tally_.launches.add(launches_);
    device_.tally_.library_calls.add(library_calls_);
    device_.tally_.graph_launches.add();
    const std::lock_guard guard(device_.door_);
    graph_->launch();
  }

 private:
  GpuDevice& device_;
  std::vector<Buffer> held_;
  std::unique_ptr<gpu::Graph> graph_;
  std::uint64_t launches_, library_calls_;
};

// The steps go by twice: first what they need is made, in their order; then they are noted by the driver and take it in
// the same order.
struct GpuDevice::Capture {
  bool preparing = true;
  std::vector<Buffer> held;
  std::size_t next = 0;
  std::uint64_t launches = 0, library_calls = 0;
  gpu::Dependencies pieces;
};

GpuDevice::GpuDevice(std::string name, std::unique_ptr<gpu::Driver> driver)
    : name_(std::move(name)), driver_(std::move(driver)), target_(target_of(driver_->properties())) {}

GpuDevice::~GpuDevice() {
  if (scratch_ != nullptr) release(scratch_, scratch_bytes_);
  try {
    driver_->synchronize();
  } catch (const Lost&) {
  } catch (const Error& e) { warn(fmt::format("device {}: the last of its work failed: {}", name_, e.what())); }
}

std::string GpuDevice::description() const {
  const gpu::Properties& p = driver_->properties();
  return fmt::format("{}: {}, {}, {} multiprocessors, {:.1f} GiB; {}", name_, p.name, p.arch(), p.multiprocessors,
                     static_cast<double>(p.memory_bytes) / (1 << 30), driver_->versions());
}

void* GpuDevice::allocate(std::size_t bytes) {
  const std::lock_guard guard(door_);
  void* data = nullptr;
  try {
    data = driver_->allocate(bytes);
  } catch (const OutOfMemory&) {  // what was released may still be in use, or kept for reuse
    driver_->synchronize();
    driver_->trim();
    try {
      data = driver_->allocate(bytes);
    } catch (const OutOfMemory& again) { out_of_memory(bytes, again.what()); }
  }
  live_[data] = bytes;
  return data;
}

void GpuDevice::out_of_memory(std::size_t bytes, const std::string& why) const {
  std::vector<std::size_t> sizes;
  std::size_t all = 0;
  for (const auto& [data, size] : live_) sizes.push_back(size), all += size;
  std::sort(sizes.rbegin(), sizes.rend());
  std::string largest;
  for (std::size_t k = 0; k < std::min<std::size_t>(sizes.size(), 5); ++k)
    largest += fmt::format("{}{}", k == 0 ? "" : ", ", sizes[k]);
  throw OutOfMemory(fmt::format(
      "device {}: out of memory: {} bytes were asked for ({:.2f} GiB); {} buffers hold {} bytes, the largest {}\n  {}",
      name_, bytes, static_cast<double>(bytes) / (1 << 30), sizes.size(), all, largest.empty() ? "none" : largest,
      why));
}

void GpuDevice::release(void* data, std::size_t bytes) noexcept {
  const std::lock_guard guard(door_);
  live_.erase(data);
  driver_->release(data, bytes);
}

void GpuDevice::to_device(void* to, const void* from, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->to_device(to, from, bytes);
  if (bytes == 0) return;
  const std::lock_guard guard(door_);
  if (capture_ != nullptr) {
    void* const there = held(bytes, from);
    return copy(to, there, bytes);
  }
  tally_.in(bytes);
  driver_->to_device(to, from, bytes);
}

void GpuDevice::to_host(void* to, const void* from, std::size_t bytes) {
  refuse_while_recording(*this);
  const std::lock_guard guard(door_);
  if (bytes == 0) return driver_->synchronize();
  tally_.out(bytes);
  driver_->to_host(to, from, bytes);
}

void GpuDevice::copy(void* to, const void* from, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->copy(to, from, bytes);
  const std::lock_guard guard(door_);
  if (bytes == 0 || is_preparing()) return;
  begin_piece(std::array{BufferUse{to, bytes, Access::w}, BufferUse{const_cast<void*>(from), bytes, Access::r}});
  driver_->copy(to, from, bytes);
}

void GpuDevice::zero(void* to, std::size_t bytes) {
  if (Steps* steps = recording_of(*this)) return steps->zero(to, bytes);
  const std::lock_guard guard(door_);
  if (bytes == 0 || is_preparing()) return;
  begin_piece(std::array{BufferUse{to, bytes, Access::w}});
  driver_->zero(to, bytes);
}

std::shared_ptr<Module> GpuDevice::compile(const Source& source) {
  gpu::collect(source);
  const std::string with = driver_->compiler_key();
  std::vector<std::string_view> parts = {"gpu", source.text, with};
  parts.insert(parts.end(), source.entries.begin(), source.entries.end());
  // the image can be made by many threads at once; loading it is the driver's business and goes one by one
  return modules_.get(source,
                      {.key = cache_key(parts),
                       .compile = [&] { return driver_->compile(source); },
                       .load = [&](std::span<const std::byte> image, std::string& why) -> std::shared_ptr<Module> {
                         const std::lock_guard guard(door_);
                         try {
                           return std::make_shared<GpuModule>(driver_->load(image, source), source);
                         } catch (const DeviceError& e) {
                           why = e.what();
                           return nullptr;
                         }
                       },
                       .maker = "the compiler of device " + name_,
                       .flags = with});
}

bool GpuDevice::is_preparing() const { return capture_ != nullptr && capture_->preparing; }

// Each step of a capture is a piece of the graph.
void GpuDevice::begin_piece(std::span<const BufferUse> uses) {
  if (capture_ != nullptr) driver_->begin_piece(capture_->pieces.add(uses));
}

// Memory of the graph that is being made; `from`: what it holds.
void* GpuDevice::held(std::size_t bytes, const void* from) {
  if (!capture_->preparing) return capture_->held[capture_->next++].data();
  Buffer& made = capture_->held.emplace_back(*this, bytes);
  if (from != nullptr) driver_->to_device(made.data(), from, bytes);
  return made.data();
}

// One piece serves all launches, which come one after another. Where accesses are checked each gets one of its own, and
// a graph's are its own: another launch may need more, and the piece is exchanged.
void* GpuDevice::scratch(std::size_t bytes) {
  if (capture_ != nullptr) return held(bytes, nullptr);
  if (driver_->separate_buffers() || scratch_bytes_ < bytes) {
    if (scratch_ != nullptr) release(scratch_, scratch_bytes_);
    scratch_ = nullptr;
    scratch_ = allocate(bytes);
    scratch_bytes_ = bytes;
  }
  return scratch_;
}

void GpuDevice::launch(std::span<const Launch> list) {
  if (Steps* steps = recording_of(*this)) {
    for (const Launch& l : list) steps->launch(l);
    return;
  }
  const std::lock_guard guard(door_);
  for (const Launch& l : list)
    if (l.chunks > 0) launch(l);
}

void GpuDevice::launch(const Launch& l) {
  const auto& module = static_cast<const GpuModule&>(*l.kernel.module);
  gpu::LaunchShape shape{.grid = static_cast<unsigned>(l.chunks), .block = module.threads(l.kernel.entry)};
  words_.resize(l.args_bytes / sizeof(std::int64_t) + 2);
  std::copy_n(static_cast<const std::int64_t*>(l.args), words_.size() - 2, words_.begin());
  uses_.assign(l.buffers.begin(), l.buffers.end());
  const bool shared =
      l.scratch_bytes + module.fold_bytes(l.kernel.entry) <= static_cast<std::size_t>(target_.shared_bytes);
  void* const scratch = shared ? nullptr : this->scratch(l.scratch_bytes * shape.grid);
  if (shared)
    shape.shared_bytes = l.scratch_bytes;
  else
    uses_.push_back({scratch, l.scratch_bytes * shape.grid, Access::rw, "scratch"});
  words_[words_.size() - 2] = reinterpret_cast<std::int64_t>(scratch);
  words_[words_.size() - 1] = static_cast<std::int64_t>(l.scratch_bytes);
  const auto parameters = std::as_bytes(std::span(words_));
  const gpu::Function function = module.function(l.kernel.entry);
  const bool is_far = parameters.size() > print::most_gpu_parameters;
  void* far = nullptr;
  if (is_far && capture_ != nullptr)
    far = held(parameters.size(), parameters.data());
  else if (is_far) {
    far = allocate(parameters.size());
    driver_->to_device(far, parameters.data(), parameters.size());
  }
  if (is_preparing()) return;
  if (capture_ != nullptr)
    ++capture_->launches;
  else
    tally_.launches.add();
  begin_piece(l.buffers.empty() ? l.buffers : uses_);
  if (!is_far) return driver_->launch(function, shape, parameters, uses_);
  uses_.push_back({far, parameters.size(), Access::r, "the kernel's arguments"});
  driver_->launch(function, shape, std::as_bytes(std::span(&far, 1)), uses_);
  if (capture_ == nullptr) release(far, parameters.size());
}

void GpuDevice::gemm(const Gemm& g) {
  if (Steps* steps = recording_of(*this)) return steps->gemm(g);
  const std::lock_guard guard(door_);
  if (is_preparing()) return driver_->prepare(g);
  if (capture_ != nullptr)
    ++capture_->library_calls;
  else
    tally_.library_calls.add();
  const auto [a, b, c, bias] = gpu::uses_of(g);
  // the driver has one workspace for all products; its own address, which no buffer has, stands for it
  begin_piece(std::array{a, b, c, bias, BufferUse{driver_.get(), 1, Access::rw, "workspace"}});
  driver_->gemm(g);
}

std::optional<KernelError> GpuDevice::commit(void* slot) {
  if (recording_of(*this) != nullptr) return std::nullopt;
  return read_error(slot);
}

Ticket GpuDevice::ticket() {
  const std::lock_guard guard(door_);
  return driver_->mark();
}

bool GpuDevice::done(Ticket t) {
  const std::lock_guard guard(door_);
  return driver_->reached(t);
}

void GpuDevice::wait(Ticket t) {
  refuse_while_recording(*this);
  const std::lock_guard guard(door_);
  driver_->wait(t);
}

void GpuDevice::synchronize() {
  refuse_while_recording(*this);
  const std::lock_guard guard(door_);
  driver_->synchronize();
}

std::unique_ptr<Recording> GpuDevice::capture(const std::function<void()>& work) {
  refuse_while_recording(*this);
  const Steps steps = noted(*this, work);
  const std::lock_guard guard(door_);
  Capture capture;
  const struct Scope {
    Capture*& now;
    ~Scope() { now = nullptr; }
  } scope{capture_ = &capture};
  steps.run(*this);
  capture.preparing = false;
  driver_->begin_capture();
  try {
    steps.run(*this);
  } catch (...) {
    try {
      driver_->end_capture();
    } catch (const DeviceError&) {  // the first error says more
    }
    throw;
  }
  return std::make_unique<GraphRecording>(*this, std::move(capture.held), driver_->end_capture(), capture.launches,
                                          capture.library_calls);
}

Counters GpuDevice::counters() const { return tally_.counters(modules_.counters()); }

}  // namespace croton::runtime
