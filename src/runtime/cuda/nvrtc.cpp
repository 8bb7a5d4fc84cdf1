#include "runtime/cuda/nvrtc.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "runtime/temporary.h"

namespace croton::runtime::cuda {
namespace {

constexpr std::string_view install =
    "install it: pip install nvidia-cuda-nvrtc (CUDA 13) or nvidia-cuda-nvrtc-cu12 (CUDA 12), or NVIDIA's CUDA "
    "toolkit; "
    "where it is not found then, name its folder by cuda.root";

constexpr Version oldest{12, 4};

// Option, and the first version that knows it. Code never depends on contraction (products and sums are fused in the
// graph), on the process's stack limit or on the compiler's own cache (12.9 has one; Croton keeps its own).
struct Option {
  const char* text;
  Version since;
};
constexpr Option option_table[] = {
    {"--std=c++20", oldest}, {"--fmad=false", oldest}, {"--modify-stack-limit=false", oldest},
    {"--minimal", oldest},   {"--no-cache", {12, 9}},  {"-frandom-seed=croton", {13, 0}},
};

// Everything of the environment that reaches into a compilation.
constexpr const char* variables[] = {"NVRTC_APPEND_FLAGS", "NVRTC_PREPEND_FLAGS"};

// What a compilation needs and gives, shared with its thread: that one goes on where nobody waits for it any more, and
// is joined where it ends in time.
struct Task {
  NvrtcFunctions call;
  std::string text, name;
  std::vector<std::string> options;
  bool wants_ptx = false;

  std::mutex door;
  std::condition_variable bell;
  bool done = false;
  nvrtcResult result = NVRTC_SUCCESS;
  std::string log;
  std::vector<std::byte> image;

  void run() {
    nvrtcProgram program = nullptr;
    result = call.nvrtcCreateProgram(&program, text.c_str(), name.c_str(), 0, nullptr, nullptr);
    if (result == NVRTC_SUCCESS) {
      std::vector<const char*> pointers;
      for (const std::string& o : options) pointers.push_back(o.c_str());
      result = call.nvrtcCompileProgram(program, static_cast<int>(pointers.size()), pointers.data());
      read_log(program);
      if (result == NVRTC_SUCCESS) result = read_image(program);
      call.nvrtcDestroyProgram(&program);
    }
    const std::lock_guard guard(door);
    done = true;
    bell.notify_all();
  }

 private:
  void read_log(nvrtcProgram program) {
    std::size_t bytes = 0;
    if (call.nvrtcGetProgramLogSize(program, &bytes) != NVRTC_SUCCESS || bytes <= 1) return;
    log.resize(bytes);
    if (call.nvrtcGetProgramLog(program, log.data()) != NVRTC_SUCCESS) log.clear();
    log = trim(std::string_view(log.c_str()));
  }
  nvrtcResult read_image(nvrtcProgram program) {
    std::size_t bytes = 0;
    nvrtcResult r = wants_ptx ? call.nvrtcGetPTXSize(program, &bytes) : call.nvrtcGetCUBINSize(program, &bytes);
    if (r != NVRTC_SUCCESS) return r;
    image.resize(bytes);
    char* const to = reinterpret_cast<char*>(image.data());
    return wants_ptx ? call.nvrtcGetPTX(program, to) : call.nvrtcGetCUBIN(program, to);
  }
};

// The compiler recurses deeply on large kernels, whatever stack the caller's thread has.
constexpr std::size_t compiler_stack = 64 << 20;

std::optional<pthread_t> start(const std::shared_ptr<Task>& task) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, compiler_stack);
  auto* const own = new std::shared_ptr<Task>(task);
  pthread_t thread{};
  const int error = pthread_create(
      &thread, &attributes,
      [](void* context) -> void* {
        const std::unique_ptr<std::shared_ptr<Task>> held(static_cast<std::shared_ptr<Task>*>(context));
        (*held)->run();
        return nullptr;
      },
      own);
  pthread_attr_destroy(&attributes);
  if (error == 0) return thread;
  delete own;
  return {};
}

std::string first_part(const std::string& log) {
  constexpr std::size_t most = 8000;
  return log.size() <= most ? log : log.substr(0, most) + "\n...";
}

[[noreturn]] void refuse(const Source& source, const std::string& compiler, const Nvrtc::Attempt& attempt) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/kernel.cu";
  write_file(path, std::as_bytes(std::span(source.text)));
  folder.keep();
  std::string text =
      fmt::format("{}: {} {}\n  options: {}\n  source (kept): {}", source.name.empty() ? "kernel" : source.name,
                  compiler, attempt.failure, join_arguments(attempt.options), path);
  if (const char* const more = std::getenv("NVRTC_APPEND_FLAGS"))
    text += fmt::format("\n  NVRTC_APPEND_FLAGS={}", more);
  if (!attempt.log.empty()) text += fmt::format("\n  it said:\n{}", first_part(attempt.log));
  throw CompileError(text);
}

std::string stamp_of(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return {};
  return fmt::format("{} {}.{:09}", s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

}  // namespace

Architecture choose_architecture(int device, const std::vector<int>& known, const std::string& compiler) {
  int lower = 0;
  for (const int number : known) {
    if (number <= device && number / 10 == device / 10) lower = std::max(lower, number);
  }
  if (lower != 0) return {lower, false};
  if (known.empty() || device < known.front()) {
    fail<DeviceError>(
        "the GPU is of sm_{}, and {} compiles for {}\n  an NVRTC of CUDA 12 knows sm_50 to sm_90, one of CUDA 13 sm_75 "
        "and "
        "newer",
        device, compiler, known.empty() ? "nothing" : fmt::format("sm_{} and newer", known.front()));
  }
  int newest = known.front();
  for (const int number : known) {
    if (number <= device) newest = std::max(newest, number);
  }
  return {newest, true};
}

std::vector<std::string> nvrtc_options(Version version, const std::string& architecture) {
  std::vector<std::string> options = {"--gpu-architecture=" + architecture};
  for (const Option& option : option_table) {
    if (version >= option.since) options.emplace_back(option.text);
  }
  return options;
}

std::shared_ptr<Nvrtc> Nvrtc::open(const SearchRoots& roots, int newest_major) {
  const std::vector<std::string> names = library_names("libnvrtc", newest_major);
  const OpenedLibrary library =
      open_library(names, search_places(roots), newer_library_names("libnvrtc", newest_major));
  if (library.handle == nullptr) {
    fail<DeviceError>("no NVRTC, which compiles kernels for the GPU{}\n  {}", library.looked, install);
  }
  std::shared_ptr<Nvrtc> nvrtc(new Nvrtc);
  nvrtc->path_ = library.path;
  nvrtc->stamp_ = stamp_of(library.path);
  const char* missing = nullptr;
#define CROTON_FIND(result, name, parameters)                                                            \
  nvrtc->call_.name = reinterpret_cast<decltype(nvrtc->call_.name)>(find_symbol(library.handle, #name)); \
  if (nvrtc->call_.name == nullptr) missing = #name;
  CROTON_NVRTC(CROTON_FIND)
#undef CROTON_FIND
  if (missing != nullptr)
    fail<DeviceError>("{} has no function {}: it is no NVRTC of CUDA 12.4 or newer\n  {}", library.path, missing,
                      install);
  const NvrtcFunctions& call = nvrtc->call_;
  int count = 0;
  call.nvrtcVersion(&nvrtc->version_.major, &nvrtc->version_.minor);
  if (nvrtc->version_ < oldest) {
    fail<DeviceError>("NVRTC {} ({}) is too old: Croton needs {} or newer\n  {}", nvrtc->version_.text(), library.path,
                      oldest.text(), install);
  }
  call.nvrtcGetNumSupportedArchs(&count);
  nvrtc->architectures_.resize(static_cast<std::size_t>(std::max(count, 0)));
  call.nvrtcGetSupportedArchs(nvrtc->architectures_.data());
  std::sort(nvrtc->architectures_.begin(), nvrtc->architectures_.end());
  nvrtc->open_builtins();
  return nvrtc;
}

// The compiler opens its builtins by name when it first compiles, and does not look beside itself: so they are opened
// before, from the folder that it came from, and found by name afterwards.
void Nvrtc::open_builtins() {
  const std::string name = "libnvrtc-builtins.so." + version_.text();
  const std::string beside = std::filesystem::path(path_).parent_path() / name;
  if (dlopen(beside.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return;
  const char* const error = dlerror();
  const std::string first = error != nullptr ? error : "";
  if (dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return;
  fail<DeviceError>("{} needs {}, which is neither beside it nor found by the loader\n  {}\n  {}", description(), name,
                    first, install);
}

std::string Nvrtc::description() const { return fmt::format("NVRTC {} ({})", version_.text(), path_); }

std::string Nvrtc::key() const {
  std::string key = fmt::format("nvrtc {} {}", version_.text(), stamp_);
  for (const char* name : variables) {
    if (const char* const value = std::getenv(name)) key += fmt::format("; {}={}", name, value);
  }
  return key;
}

Nvrtc::Attempt Nvrtc::attempt(const Source& source, const Architecture& architecture, Index seconds,
                              const std::vector<std::string>& more_options) const {
  const auto task = std::make_shared<Task>();
  task->call = call_;
  task->text = source.text;
  task->name = (source.name.empty() ? std::string("kernel") : source.name) + ".cu";
  task->options = nvrtc_options(version_, architecture.text());
  task->options.insert(task->options.end(), more_options.begin(), more_options.end());
  task->wants_ptx = architecture.is_ptx;
  Attempt attempt;
  attempt.options = task->options;
  const std::optional<pthread_t> thread = start(task);
  if (!thread) {
    attempt.failure = "cannot run: no thread with a stack of 64 MiB can be started";
    return attempt;
  }
  std::unique_lock lock(task->door);
  const bool in_time = task->bell.wait_for(lock, std::chrono::seconds(seconds), [&] { return task->done; });
  lock.unlock();
  in_time ? pthread_join(*thread, nullptr) : pthread_detach(*thread);
  if (!in_time) {
    attempt.failure = fmt::format("has not finished after {} s (compile.timeout)", seconds);
    return attempt;
  }
  attempt.log = std::move(task->log);
  attempt.image = std::move(task->image);
  if (task->result != NVRTC_SUCCESS) {
    attempt.failure = fmt::format("failed: {}", call_.nvrtcGetErrorString(task->result));
    attempt.image.clear();
  }
  return attempt;
}

std::vector<std::byte> Nvrtc::compile(const Source& source, const Architecture& architecture, Index seconds) const {
  Attempt made = attempt(source, architecture, seconds);
  if (!made.failure.empty()) refuse(source, description(), made);
  return std::move(made.image);
}

}  // namespace croton::runtime::cuda
