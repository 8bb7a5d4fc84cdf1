#include "runtime/emulator/emulator_driver.h"

#include <dlfcn.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/float_control.h"
#include "base/text.h"
#include "expr/functions.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/loaded_object.h"
#include "runtime/cpu/parallel.h"
#include "runtime/cpu/process.h"
#include "runtime/gpu/dependencies.h"
#include "runtime/temporary.h"

namespace croton::runtime::emulator {
namespace {

// Kernels of one process run one after another: they share the state of the running block, and the handler of signals.
std::mutex launching;

// Words of 64 bits, one for each thread of the largest block, then of 32 bits (kernels/emulator_shim.h).
constexpr std::size_t fold_bytes = 1024 * sizeof(std::uint64_t) + 4096 * sizeof(std::uint32_t);

struct EmulatedCode;
struct EmulatedKernel {
  Entry entry = nullptr;
  int threads = 0;
  std::string name;
  EmulatedCode* code = nullptr;
};

struct EmulatedCode final : gpu::Code {
  std::unique_ptr<LoadedObject> object;
  Machine* machine = nullptr;
  std::string title;
  std::vector<std::string> lines;  // of the text, without the shim
  int shim_lines = 0;
  std::vector<std::byte> image;  // checked builds: its line numbers are asked for
  std::vector<std::unique_ptr<EmulatedKernel>> kernels;

  gpu::Function function(const std::string& entry) override {
    auto kernel = std::make_unique<EmulatedKernel>();
    kernel->entry = reinterpret_cast<Entry>(object->find(entry));
    const auto threads = reinterpret_cast<int (*)()>(object->find(entry + "_threads"));
    if (kernel->entry == nullptr || threads == nullptr)
      fail<DeviceError>("{}: the compiled object has no kernel {}", title, entry);
    kernel->threads = threads();
    kernel->name = entry;
    kernel->code = this;
    kernels.push_back(std::move(kernel));
    return kernels.back().get();
  }
  // "line 12: const f32 r2 = hsum<256>(r1);" for a line of what was compiled.
  std::string line_text(int line) const {
    const int own = line - shim_lines;
    if (own < 1 || own > static_cast<int>(lines.size())) return fmt::format("line {}", line);
    return fmt::format("line {}: {}", own, trim(lines[static_cast<std::size_t>(own - 1)]));
  }
};

std::string compiled_text(const Source& source) { return std::string(expr::emulator_shim()) + source.text; }

// The lines that an address of the code comes from, the innermost first: a kernel's own line is the last.
std::vector<int> lines_of(const EmulatedCode& code, const void* address) {
  Dl_info info{};
  if (code.image.empty() || dladdr(address, &info) == 0) return {};
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/kernel.so";
  write_file(path, code.image);
  const auto offset = static_cast<const char*>(address) - static_cast<const char*>(info.dli_fbase) - 1;
  const ProcessEnd end =
      run_process({"/usr/bin/addr2line", "-i", "-e", path, fmt::format("{:#x}", offset)}, std::chrono::seconds(20));
  std::vector<int> lines;
  for (const std::string_view line : split(end.output, '\n')) {
    const std::size_t colon = line.rfind(':');
    int n = 0;
    if (colon != std::string_view::npos) std::from_chars(line.data() + colon + 1, line.data() + line.size(), n);
    if (n > 0) lines.push_back(n);
  }
  return lines;
}

Checker* checker_of_running = nullptr;
const Machine* machine_of_running = nullptr;
const Memory* memory_of_running = nullptr;

void touched(void* p, int bytes, bool writes, void* from) {
  if (!memory_of_running->covers(p)) return;  // a table or an argument
  const std::string wrong =
      checker_of_running->access(p, static_cast<std::uint32_t>(bytes), writes, machine_of_running->block,
                                 machine_of_running->thread, Multiprocessor::intervals());
  if (wrong.empty()) return;
  Multiprocessor::stop_with({.kind = Stop::Kind::report, .what = wrong, .signal = 0, .address = p, .from = from});
}

}  // namespace

struct EmulatorDriver::LaunchWork {
  const EmulatedKernel* kernel = nullptr;
  gpu::LaunchShape shape;
  std::vector<std::max_align_t> parameters;
  std::vector<BufferUse> buffers;
};

EmulatorDriver::EmulatorDriver(Options options) : options_(options), memory_(options.memory_bytes) {
  properties_.name = fmt::format("emulated sm_{}{}", options.major, options.minor);
  properties_.major = options.major;
  properties_.minor = options.minor;
  properties_.memory_bytes = options.memory_bytes;
  properties_.shared_bytes_opt_in = std::size_t{options.major >= 9 ? 227u : options.major == 8 ? 163u : 64u} << 10;
  if (options_.check) checker_ = std::make_unique<Checker>(memory_);
  fold_words_ = memory_.allocate(fold_bytes);
}

EmulatorDriver::~EmulatorDriver() = default;

std::string EmulatorDriver::versions() const {
  return fmt::format("kernels run on the host, one after another{}", options_.check ? ", and are checked" : "");
}

// ---- the stream
void EmulatorDriver::refuse_if_lost() const {
  if (!lost_.empty())
    throw Lost("device emulator is lost since a kernel went wrong, and only a new process gets it back: " + lost_);
}

void EmulatorDriver::refuse_capture(std::string_view what) const {
  if (capturing_) fail<DeviceError>("device emulator: {} cannot be part of a captured graph", what);
}

void EmulatorDriver::give(Work work) {
  if (capturing_ && !work.always) return captured_.back().work.push_back(std::move(work));
  if (!work.always) refuse_if_lost();
  queue_.push_back(std::move(work));
  ++given_;
  constexpr std::size_t most_queued = 4096;  // a program that never waits is run after all
  if (queue_.size() >= most_queued && lost_.empty()) run_all();
}

void EmulatorDriver::run_all() {
  std::vector<Work> work = std::exchange(queue_, {});
  std::string why;
  for (auto w = work.begin(); w != work.end(); ++w) {
    if (!lost_.empty() && !w->always) continue;
    try {
      w->run();
    } catch (const Error& e) {
      lost_ = why = e.what();
    } catch (const std::bad_alloc&) {  // the host had no memory to begin it with: it waits for the next one who waits
      work.erase(work.begin(), w);
      queue_ = std::move(work);
      throw;
    }
  }
  if (!why.empty()) throw DeviceError(why);
}

bool EmulatorDriver::reached(Ticket) {
  synchronize();
  return true;
}
void EmulatorDriver::wait(Ticket) { synchronize(); }
Ticket EmulatorDriver::mark() {
  refuse_capture("a mark");
  return given_;
}
void EmulatorDriver::synchronize() {
  refuse_capture("waiting");
  run_all();
  refuse_if_lost();
}

// ---- memory
void* EmulatorDriver::allocate(std::size_t bytes) {
  refuse_capture("allocating memory");
  std::byte* const start = memory_.allocate(bytes);
  if (start == nullptr)
    throw OutOfMemory(
        fmt::format("the emulated GPU has {} bytes, of which {} are in use", memory_.most(), memory_.used()));
  if (checker_) checker_->forget(start, bytes);
  return Memory::device(start);
}

void EmulatorDriver::release(void* data, std::size_t) noexcept {
  if (data == nullptr) return;
  try {
    give({[this, data] { memory_.release(Memory::host(data)); }, true});
  } catch (const std::exception&) {  // other work failed: whoever waits for it hears of it
  }
}

std::byte* EmulatorDriver::memory_at(const void* device, std::size_t bytes, const char* what) const {
  std::byte* const host = Memory::host(device);
  if (memory_.holding(host, bytes).start == nullptr)
    fail<DeviceError>("device emulator: {} {} bytes: {}", what, bytes, place(host, {}));
  return host;
}

void EmulatorDriver::to_device(void* to, const void* from, std::size_t bytes) {
  refuse_capture("a transfer from the host");
  const auto* const first = static_cast<const std::byte*>(from);
  give({[this, to, bytes, staged = std::vector<std::byte>(first, first + bytes)] {
    std::byte* const target = memory_at(to, bytes, "a copy to the device writes");
    std::memcpy(target, staged.data(), bytes);
    if (checker_) checker_->wrote(target, bytes);
  }});
}

void EmulatorDriver::to_host(void* to, const void* from, std::size_t bytes) {
  refuse_capture("a transfer to the host");
  refuse_if_lost();
  run_all();
  std::memcpy(to, memory_at(from, bytes, "a copy to the host reads"), bytes);
}

void EmulatorDriver::copy(void* to, const void* from, std::size_t bytes) {
  give({[this, to, from, bytes] {
    std::byte* const target = memory_at(to, bytes, "a copy writes");
    const std::byte* const source = memory_at(from, bytes, "a copy reads");
    std::memmove(target, source, bytes);
    if (checker_) checker_->copied(target, source, bytes);
  }});
}

void EmulatorDriver::zero(void* to, std::size_t bytes) {
  give({[this, to, bytes] {
    std::byte* const target = memory_at(to, bytes, "zeroing writes");
    std::memset(target, 0, bytes);
    if (checker_) checker_->wrote(target, bytes);
  }});
}

// ---- code
std::vector<std::string> EmulatorDriver::flags(const HostCompiler& compiler) const {
  std::vector<std::string> flags = {"-std=gnu++20", "-O1"};
  flags.insert(flags.end(), compiler.flags.begin(), compiler.flags.end());
  for (const char* ours :
       {"-fno-tree-slp-vectorize", "-fno-tree-loop-distribute-patterns", "-fno-math-errno", "-fno-trapping-math",
        "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv", "-fno-exceptions", "-fno-rtti",
        "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fstack-clash-protection", "-nostdlib", "-shared",
        "-fPIC", "-w", "-pipe", "-fno-use-linker-plugin", "-Wl,--build-id=none,--hash-style=gnu,--no-undefined"})
    flags.emplace_back(ours);
  if (cpu_target().fma) flags.emplace_back("-mfma");
  if (options_.check) flags.insert(flags.end(), {"-fsanitize=thread", "-g1", "-DCROTON_CHECK"});
  return flags;
}

std::string EmulatorDriver::compiler_key() const {
  const auto config = config_snapshot();
  const HostCompiler compiler = find_host_compiler(*config);
  const std::string_view shim[] = {expr::emulator_shim()};
  return fmt::format("emulator {} {} {} {}", compiler.path, compiler.stamp, cache_key(shim).text(),
                     join_arguments(flags(compiler)));
}

std::vector<std::byte> EmulatorDriver::compile(const Source& source) {
  const HostCompiler compiler = find_host_compiler(*config_snapshot());
  return compile_object(compiler, flags(compiler), compiled_text(source), source.name);
}

std::unique_ptr<gpu::Code> EmulatorDriver::load(std::span<const std::byte> image, const Source& source) {
  std::string why;
  auto code = std::make_unique<EmulatedCode>();
  code->object = LoadedObject::load(image, why);
  if (code->object == nullptr) throw DeviceError(why);
  const auto machine = reinterpret_cast<Machine* (*)()>(code->object->find("croton_machine"));
  if (machine == nullptr) throw DeviceError("it was not made for the emulator");
  code->machine = machine();
  Multiprocessor::fill_in(*code->machine);
  code->machine->touched = touched;
  code->machine->fold_words = reinterpret_cast<std::uint64_t*>(fold_words_);
  code->title = source.name.empty() ? "kernel" : source.name;
  for (const std::string_view line : split(source.text, '\n')) code->lines.emplace_back(line);
  code->shim_lines = static_cast<int>(std::count(expr::emulator_shim().begin(), expr::emulator_shim().end(), '\n'));
  if (options_.check) code->image.assign(image.begin(), image.end());
  return code;
}

// ---- launches
void EmulatorDriver::launch(gpu::Function function, const gpu::LaunchShape& shape,
                            std::span<const std::byte> parameters, std::span<const BufferUse> buffers) {
  LaunchWork w{.kernel = static_cast<const EmulatedKernel*>(function), .shape = shape, .parameters = {}, .buffers = {}};
  const auto refuse = [&](const std::string& what) {
    fail<DeviceError>("device emulator: {} of {} cannot be launched: {}", w.kernel->name, w.kernel->code->title, what);
  };
  if (static_cast<int>(shape.block) != w.kernel->threads)
    refuse(fmt::format("{} threads a block, but it is made for {}", shape.block, w.kernel->threads));
  if (static_cast<int>(shape.block) > properties_.threads_a_block)
    refuse(fmt::format("{} threads a block, of at most {}", shape.block, properties_.threads_a_block));
  if (shape.grid == 0 || shape.grid > 0x7fffffffu) refuse(fmt::format("{} blocks", shape.grid));
  if (shape.shared_bytes > properties_.shared_bytes_opt_in)
    refuse(
        fmt::format("{} bytes of shared memory, of at most {}", shape.shared_bytes, properties_.shared_bytes_opt_in));
  if (parameters.size() > 4096) refuse(fmt::format("{} bytes of arguments, of at most 4096", parameters.size()));
  w.parameters.resize((parameters.size() + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
  std::memcpy(w.parameters.data(), parameters.data(), parameters.size());
  w.buffers.assign(buffers.begin(), buffers.end());
  give({[this, kept = std::make_shared<LaunchWork>(std::move(w))] { run(*kept); }});
}

void EmulatorDriver::run(const LaunchWork& w) {
  const std::lock_guard guard(launching);
  const FloatControl control;
  Machine& machine = *w.kernel->code->machine;
  struct Shared {
    Memory& memory;
    std::byte* dynamic;
    std::size_t bytes;
    std::byte* fold_words;
    Checker* checker;
    ~Shared() { memory.release(dynamic); }
  } shared{memory_, memory_.allocate(w.shape.shared_bytes), w.shape.shared_bytes, fold_words_, checker_.get()};
  if (shared.dynamic == nullptr) fail<DeviceError>("device emulator: no memory for the shared memory of a block");
  machine.dynamic_shared = static_cast<char*>(Memory::device(shared.dynamic));
  checker_of_running = checker_.get();
  machine_of_running = &machine;
  memory_of_running = &memory_;
  if (checker_) {
    const std::span<std::byte> own[] = {{shared.dynamic, shared.bytes}, {fold_words_, fold_bytes}};
    checker_->begin_launch(w.buffers, own);
  }
  const auto start_block = [](void* context) {  // what the block before left there is nobody's
    auto& s = *static_cast<Shared*>(context);
    std::memset(s.dynamic, 0xff, s.bytes);
    std::memset(s.fold_words, 0xff, fold_bytes);
    if (s.checker != nullptr) s.checker->begin_block();
  };
  const Stop stop = multiprocessor_.run(machine, w.kernel->entry, w.parameters.data(), w.shape.grid, w.shape.block,
                                        options_.seed, start_block, &shared);
  if (stop.kind != Stop::Kind::none) throw DeviceError(explain(stop, w));
}

std::string EmulatorDriver::explain(const Stop& stop, const LaunchWork& w) const {
  const EmulatedCode& code = *w.kernel->code;
  std::string text = fmt::format("{} of {}, block {}", w.kernel->name, code.title, stop.block);
  if (stop.kind == Stop::Kind::divergence) {
    text += ": " + stop.what;
    for (const Stop::Group& g : stop.groups)
      text += fmt::format("\n  thread{} {}{}",
                          g.first == g.last ? fmt::format(" {}", g.first) : fmt::format("s {}-{}", g.first, g.last),
                          g.how, g.line != 0 ? " at " + code.line_text(g.line) : "");
    return text;
  }
  text += fmt::format(", thread {}: ", stop.thread);
  if (stop.kind == Stop::Kind::overflow)
    return text + fmt::format(
                      "needs more than {} KiB of stack, which is all that an emulated thread has; a large kernel does "
                      "where it is not optimized (gcc.cxxflags with -O0)",
                      emulator::stack_bytes >> 10);
  if (stop.kind == Stop::Kind::fault) {
    if (stop.signal == SIGFPE) return text + "a division that has no result";
    return text + "touches " + place(stop.address, w.buffers);
  }
  text += fmt::format("{}: {}", stop.what, place(stop.address, w.buffers));
  // the innermost line is the prelude's, the outermost the kernel's first
  const std::vector<int> lines = lines_of(code, stop.from);
  for (std::size_t k = lines.size(); k-- > 0;)
    if (const std::string line = code.line_text(lines[k]); line.find("CROTON_KERNEL") == std::string::npos)
      return text.append("\n  ").append(line);
  return text;
}

// "byte 4000 of a buffer of 4000 bytes (w1)"
std::string EmulatorDriver::place(const void* host, std::span<const BufferUse> buffers) const {
  if (host == nullptr || !memory_.covers(host)) return "an address that is no memory of the device";
  const Memory::Block block = memory_.around(host);
  if (block.start == nullptr) return "memory that was never allocated";
  const auto* const p = static_cast<const std::byte*>(host);
  const std::byte* start = block.start;
  std::size_t bytes = block.bytes;
  std::string name;
  if (block.start == fold_words_) name = "shared memory of a fold";
  for (const BufferUse& b : buffers) {  // a block may hold several
    const std::byte* const first = Memory::host(b.data);
    if (first < block.start || first >= block.start + block.bytes || b.bytes == 0 || first > p) continue;
    if (p - first <= p - start) start = first, bytes = b.bytes, name = b.name;
  }
  return fmt::format("byte {} of a buffer of {} bytes{}{}", p - start, bytes,
                     name.empty() ? "" : fmt::format(" ({})", name), block.live ? "" : ", which was released");
}

// ---- products
void EmulatorDriver::prepare(const Gemm&) {
  if (blas_ != nullptr) return;
  refuse_capture("the first product of matrices, which opens the BLAS,");
  blas_ = std::make_unique<Blas>(*config_snapshot());
}

void EmulatorDriver::gemm(const Gemm& g) {
  prepare(g);
  give({[this, g] { run_gemm(g); }});
}

void EmulatorDriver::run_gemm(const Gemm& given) {
  Gemm g = given;
  const auto [a, b, c, bias] = gpu::uses_of(given);
  g.a = memory_at(g.a, a.bytes, "a product reads");
  g.b = memory_at(g.b, b.bytes, "a product reads");
  g.c = memory_at(g.c, c.bytes, "a product writes");
  const FloatControl control;
  blas_->gemm(g);
  if (g.bias != nullptr) {
    const auto* const row = reinterpret_cast<const float*>(memory_at(g.bias, bias.bytes, "a product reads"));
    auto* const out = static_cast<float*>(g.c);
    for (Index i = 0; i < g.m; ++i)
      for (Index j = 0; j < g.n; ++j) {
        float& x = out[i * g.ldc + j];
        x += row[j];
        if (g.relu && !(x > 0)) x = 0;  // also of a NaN, as a library may
      }
  }
  if (checker_) checker_->wrote(static_cast<std::byte*>(g.c), c.bytes);
}

// ---- graphs
class EmulatedGraph final : public gpu::Graph {
 public:
  EmulatedGraph(EmulatorDriver& driver, std::vector<EmulatorDriver::Piece> pieces)
      : driver_(driver), pieces_(std::move(pieces)) {}
  void launch() override {
    for (const std::size_t k : order(driver_.options_.seed + launches_++))
      for (const EmulatorDriver::Work& w : pieces_[k].work) driver_.give(w);
  }

 private:
  // Of the pieces whose turn it may be always the one that comes first by the seed.
  std::vector<std::size_t> order(std::uint64_t seed) const {
    const auto n = static_cast<std::uint32_t>(pieces_.size());
    std::vector<std::uint32_t> place(n), missing(n);
    const std::vector<std::uint32_t> wanted = order_of(n, seed);
    for (std::uint32_t k = 0; k < n; ++k) place[wanted[k]] = k;
    std::vector<std::vector<std::uint32_t>> followers(n);
    std::set<std::uint32_t> ready;  // by their places
    for (std::uint32_t k = 0; k < n; ++k) {
      for (const int before : pieces_[k].waits_for) followers[static_cast<std::size_t>(before)].push_back(k);
      missing[k] = static_cast<std::uint32_t>(pieces_[k].waits_for.size());
      if (missing[k] == 0) ready.insert(place[k]);
    }
    std::vector<std::size_t> r;
    while (!ready.empty()) {
      const std::uint32_t k = wanted[*ready.begin()];
      ready.erase(ready.begin());
      r.push_back(k);
      for (const std::uint32_t next : followers[k])
        if (--missing[next] == 0) ready.insert(place[next]);
    }
    return r;
  }

  EmulatorDriver& driver_;
  std::vector<EmulatorDriver::Piece> pieces_;
  std::uint64_t launches_ = 0;
};

void EmulatorDriver::begin_capture() {
  refuse_capture("another capture");
  refuse_if_lost();
  capturing_ = true;
  captured_.assign(1, {});
}
void EmulatorDriver::begin_piece(std::span<const int> waits_for) {
  Piece piece{{}, {0}};  // numbers are from 1 here
  for (const int before : waits_for) piece.waits_for.push_back(before + 1);
  captured_.push_back(std::move(piece));
}
std::unique_ptr<gpu::Graph> EmulatorDriver::end_capture() {
  capturing_ = false;
  return std::make_unique<EmulatedGraph>(*this, std::exchange(captured_, {}));
}

}  // namespace croton::runtime::emulator
