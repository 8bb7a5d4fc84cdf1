// The door to libcroton_cuda.so, which drives NVIDIA's GPUs: found and opened when a device asks for it, never before.
// What passes through it is data of this header and the Driver; the plugin reads no configuration of its own.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "runtime/gpu/driver.h"

namespace croton::runtime::gpu {

struct CudaOptions {
  std::string root;                     ///< config key cuda.root
  std::size_t pool_cap = 0;             ///< config key cuda.pool_cap; 0 means no limit
  bool tf32 = false;                    ///< config key cuda.tf32
  Index compile_seconds = 300;          ///< config key compile.timeout
  std::string driver = "libcuda.so.1";  ///< never libcuda.so, which is the toolkit's stub; tests name a stand-in
  static CudaOptions from(const Config&);
};

/// One library of CUDA, for people.
struct CudaLibrary {
  std::string version, path;  ///< "13.0"; both empty where there is none
  std::string problem;        ///< why it cannot be used and what to install; empty where it can
};
/// What there is, without opening a device.
struct CudaSurvey {
  CudaLibrary driver, nvrtc, cublaslt;
  std::vector<Properties> devices;  ///< in the driver's order: cuda0, cuda1, ...
  std::string problem;              ///< the first reason why no GPU can be used; empty where one can
};

/// What the plugin gives: version first, so that another Croton's plugin is refused before anything of it runs.
struct CudaPlugin {
  const char* interface;  ///< equal to cuda_interface()
  std::unique_ptr<Driver> (*open)(const CudaOptions&, unsigned number);
  CudaSurvey (*survey)(const CudaOptions&);
};
/// "croton 0.1.0, interface 1": host and plugin must agree in it to the letter, since C++ objects cross the border.
inline constexpr const char* cuda_interface = "croton " CROTON_VERSION ", interface 1";
/// The plugin's one function: `const CudaPlugin* croton_cuda_plugin()`.
inline constexpr const char* cuda_entry = "croton_cuda_plugin";

/// Opens the plugin at first use: beside this library (or program), else where the loader looks. Throws DeviceError
/// that says where it looked, or which version it found.
const CudaPlugin& cuda_plugin();
/// The plugin in that very file.
const CudaPlugin& open_cuda_plugin(const std::string& path);
/// The folder of the file that this code stands in, where the plugin is looked for first.
std::string folder_of_this_library();

/// The number in "cuda", "gpu0", "cuda1"; -1 where the name is no GPU's.
int cuda_number(std::string_view name);

}  // namespace croton::runtime::gpu
