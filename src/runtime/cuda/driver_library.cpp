#include "runtime/cuda/driver_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "runtime/temporary.h"

namespace croton::runtime::cuda {
namespace {

constexpr std::string_view install_driver =
    "install NVIDIA's driver, 550 or newer (Debian: apt install nvidia-driver, from non-free); a container needs the "
    "NVIDIA container toolkit (docker run --gpus all)";

std::atomic<bool> is_opened{false}, is_forked{false};

void watch_forks() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, [] { is_forked = is_opened.load(); }); });
}

// The first line of what the kernel's part of the driver says of itself; "" where it is not loaded.
std::string kernel_module() {
  const std::vector<std::byte> bytes = read_file("/proc/driver/nvidia/version");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::string(trim(text.substr(0, text.find('\n'))));
}

[[noreturn]] void refuse_no_library(const std::string& file, const std::string& error) {
  const std::string module = kernel_module();
  if (!module.empty()) {
    fail<DeviceError>(
        "no {}, though this machine has an NVIDIA driver ({})\n  the loader said: {}\n  in a container: start it with "
        "the "
        "NVIDIA container toolkit (docker run --gpus all), which puts the library there",
        file, module, error);
  }
  fail<DeviceError>("no NVIDIA driver: {} was not found\n  the loader said: {}\n  {}", file, error, install_driver);
}

}  // namespace

bool forked_after_opening() { return is_forked.load(std::memory_order_relaxed); }

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < std::size(units); ++unit) amount /= 1024;
  return fmt::format("{:.1f} {}", amount, units[unit]);
}

std::shared_ptr<const DriverLibrary> DriverLibrary::open(const std::string& file, gpu::CudaLibrary* seen) {
  if (forked_after_opening()) {
    fail<DeviceError>(
        "this process was forked after its parent had opened the GPU, and CUDA does not work in such a child\n  fork "
        "before the first function on the GPU is made, or start another program instead (fork and exec)");
  }
  void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* const error = dlerror();
    refuse_no_library(file, error != nullptr ? error : "unknown");
  }
  std::shared_ptr<DriverLibrary> driver(new DriverLibrary);
  const auto get_version = reinterpret_cast<cuDriverGetVersion_t*>(dlsym(library, "cuDriverGetVersion"));
  const auto get_address = reinterpret_cast<cuGetProcAddress_v2_t*>(dlsym(library, "cuGetProcAddress_v2"));
  Dl_info info{};
  const bool is_known = dladdr(reinterpret_cast<const void*>(get_version), &info) != 0 && info.dli_fname != nullptr;
  driver->path_ = is_known ? info.dli_fname : file;
  if (get_version == nullptr)
    fail<DeviceError>("{} is no NVIDIA driver: it has no cuDriverGetVersion\n  {}", driver->path_, install_driver);
  int version = 0;
  const CUresult versioned = get_version(&version);
  if (versioned == CUDA_ERROR_STUB_LIBRARY || (versioned == CUDA_SUCCESS && version == 0)) {
    fail<DeviceError>(
        "{} is the CUDA toolkit's stub, which programs are linked with, and no driver\n  take its folder out of "
        "LD_LIBRARY_PATH; if no libcuda.so.1 is found then: {}",
        driver->path_, install_driver);
  }
  driver->version_ = {version / 1000, version % 1000 / 10};
  if (seen != nullptr) *seen = {driver->version_.text(), driver->path_, {}};
  if (driver->version_ < oldest_driver || get_address == nullptr) {
    fail<DeviceError>(
        "the NVIDIA driver is too old: {} is for CUDA {}, and Croton needs {} or newer (driver 550)\n  {}",
        driver->path_, driver->version_.text(), oldest_driver.text(), install_driver);
  }
  const auto find = [&](const char* name) {
    void* function = nullptr;
    int status = 0;
    const CUresult r = get_address(name, &function, driver_interface, CU_GET_PROC_ADDRESS_DEFAULT, &status);
    if (r != CUDA_SUCCESS || function == nullptr) {
      fail<DeviceError>("the NVIDIA driver {} (CUDA {}) has no {} of CUDA {}\n  {}", driver->path_,
                        driver->version_.text(), name, oldest_driver.text(), install_driver);
    }
    return function;
  };
#define CROTON_FIND(name, parameters) driver->call_.name = reinterpret_cast<decltype(driver->call_.name)>(find(#name));
  CROTON_CUDA_DRIVER(CROTON_FIND)
#undef CROTON_FIND
  driver->initialise();
  return driver;
}

void DriverLibrary::initialise() const {
  watch_forks();
  const CUresult r = call_.cuInit(0);
  if (r == CUDA_SUCCESS) {
    is_opened = true;
    return;
  }
  if (r == CUDA_ERROR_NO_DEVICE) refuse_no_device();
  std::string_view way_out = "`nvidia-smi` shows what the driver itself says";
  if (r == CUDA_ERROR_STUB_LIBRARY) way_out = "this file is the toolkit's stub: take its folder out of LD_LIBRARY_PATH";
  if (r == CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)
    way_out = "library and kernel module are of different drivers, as after an update: restart the machine";
  if (r == CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE)
    way_out = "this is the library of a cuda-compat package, which this GPU does not take: use the driver's own";
  if (r == CUDA_ERROR_SYSTEM_NOT_READY) way_out = "the system's fabric manager (nvidia-fabricmanager) does not run yet";
  if (r == CUDA_ERROR_UNKNOWN)
    way_out = "often the module nvidia_uvm is not loaded (sudo nvidia-modprobe -u -c 0); `nvidia-smi` shows more";
  fail<DeviceError>("the NVIDIA driver {} (CUDA {}) does not start: {}\n  {}", path_, version_.text(), words(r),
                    way_out);
}

void DriverLibrary::refuse_no_device() const {
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible != nullptr && (*visible == 0 || trim(visible) == "-1")) {
    fail<DeviceError>("no GPU is visible, because CUDA_VISIBLE_DEVICES is '{}'\n  unset it, or set it to 0", visible);
  }
  if (visible != nullptr) {
    fail<DeviceError>(
        "no GPU is visible with CUDA_VISIBLE_DEVICES='{}' (driver {}, CUDA {})\n  unset it, or name one that "
        "`nvidia-smi -L` "
        "lists",
        visible, path_, version_.text());
  }
  fail<DeviceError>(
      "the NVIDIA driver {} (CUDA {}) finds no GPU\n  `nvidia-smi -L` lists what it sees; a container must be started "
      "with "
      "its GPUs (docker run --gpus all)",
      path_, version_.text());
}

int DriverLibrary::device_count() const {
  int count = 0;
  const CUresult r = call_.cuDeviceGetCount(&count);
  if (r != CUDA_SUCCESS && r != CUDA_ERROR_NO_DEVICE) {
    fail<DeviceError>("the NVIDIA driver {} does not say how many GPUs there are: {}", path_, words(r));
  }
  if (count == 0) refuse_no_device();
  return count;
}

CUdevice DriverLibrary::device(unsigned number) const {
  const int count = device_count();
  CUdevice device = 0;
  const CUresult r = call_.cuDeviceGet(&device, static_cast<int>(number));
  if (number < static_cast<unsigned>(count) && r == CUDA_SUCCESS) return device;
  std::string list;
  for (int i = 0; i < count; ++i) {
    if (call_.cuDeviceGet(&device, i) == CUDA_SUCCESS)
      list += fmt::format("{}cuda{} ({})", i == 0 ? "" : ", ", i, properties(device).name);
  }
  fail<DeviceError>("there is no GPU number {}: the driver shows {}", number, list);
}

gpu::Properties DriverLibrary::properties(CUdevice device) const {
  gpu::Properties p;
  std::array<char, 256> name{};
  call_.cuDeviceGetName(name.data(), static_cast<int>(name.size()) - 1, device);
  p.name = name.data();
  call_.cuDeviceTotalMem(&p.memory_bytes, device);
  const auto ask = [&](int which) {
    int value = 0;
    call_.cuDeviceGetAttribute(&value, which, device);
    return value;
  };
  p.major = ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  p.minor = ask(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  p.multiprocessors = ask(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  p.clock_khz = ask(CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
  p.threads_a_block = ask(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  p.shared_bytes = static_cast<std::size_t>(ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK));
  p.shared_bytes_opt_in = static_cast<std::size_t>(ask(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
  return p;
}

std::string DriverLibrary::words(CUresult r) const {
  const char *name = nullptr, *text = nullptr;
  call_.cuGetErrorName(r, &name);
  call_.cuGetErrorString(r, &text);
  return fmt::format("{} ({})", name != nullptr ? name : fmt::format("error {}", static_cast<int>(r)).c_str(),
                     text != nullptr ? text : "no text");
}

}  // namespace croton::runtime::cuda
