// Every way in which a driver cannot be used has its text.
#include "runtime/cuda/driver_library.h"

#include "cuda_fixture.h"
#include "runtime/cuda/survey.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

std::string refusal(const gpu::CudaOptions& options = stand_ins()) {
  return without_paths(error_of<DeviceError>([&] { open_stand_in(options); }));
}

}  // namespace

TEST_CASE("without a driver the text names the file, the loader's words and what to install") {
  gpu::CudaOptions options = stand_ins();
  options.driver = STAND_INS "/no/libcuda.so.1";
  const std::string error = refusal(options);
  if (has(error, "this machine has an NVIDIA driver")) return;  // the text of a container on a machine with a GPU
  CHECK(error ==
        "no NVIDIA driver: STAND_INS/no/libcuda.so.1 was not found\n"
        "  the loader said: STAND_INS/no/libcuda.so.1: cannot open shared object file: No such file or directory\n"
        "  install NVIDIA's driver, 550 or newer (Debian: apt install nvidia-driver, from non-free); a container needs "
        "the "
        "NVIDIA container toolkit (docker run --gpus all)");
}

TEST_CASE("a driver that is too old is named with its version and the one that is needed") {
  const Variable old("FAKE_CUDA_VERSION", "12020");
  CHECK(refusal() ==
        "the NVIDIA driver is too old: STAND_INS/libcuda.so.1 is for CUDA 12.2, and Croton needs 12.4 or newer (driver "
        "550)\n"
        "  install NVIDIA's driver, 550 or newer (Debian: apt install nvidia-driver, from non-free); a container needs "
        "the "
        "NVIDIA container toolkit (docker run --gpus all)");
}

TEST_CASE("the toolkit's stub is known for what it is") {
  const Variable stub("FAKE_CUDA_VERSION", "0");
  CHECK(has(refusal(),
            "STAND_INS/libcuda.so.1 is the CUDA toolkit's stub, which programs are linked with, and no driver\n"
            "  take its folder out of LD_LIBRARY_PATH"));
  const Variable started("FAKE_CUDA_VERSION", "13000"), result("FAKE_CUDA_INIT", "34");
  CHECK(has(refusal(), "does not start: CUDA_ERROR_STUB_LIBRARY"));
}

TEST_CASE("a function that the driver lacks is named") {
  const Variable none("FAKE_CUDA_NO", "cuGraphLaunch");
  CHECK(has(refusal(), "the NVIDIA driver STAND_INS/libcuda.so.1 (CUDA 13.0) has no cuGraphLaunch of CUDA 12.4\n"));
}

TEST_CASE("a library that is no driver is not taken for one") {
  gpu::CudaOptions options = stand_ins();
  options.driver = STAND_INS "/libnvrtc.so.13";
  CHECK(has(refusal(options), "STAND_INS/libnvrtc.so.13 is no NVIDIA driver: it has no cuDriverGetVersion\n"));
}

TEST_CASE("no device: CUDA_VISIBLE_DEVICES is named where it is the reason") {
  const Variable none("FAKE_CUDA_DEVICES", "0");
  unsetenv("CUDA_VISIBLE_DEVICES");
  CHECK(refusal() ==
        "the NVIDIA driver STAND_INS/libcuda.so.1 (CUDA 13.0) finds no GPU\n  `nvidia-smi -L` lists what it sees; a "
        "container "
        "must be started with its GPUs (docker run --gpus all)");
  {
    const Variable hidden("CUDA_VISIBLE_DEVICES", "");
    CHECK(refusal() == "no GPU is visible, because CUDA_VISIBLE_DEVICES is ''\n  unset it, or set it to 0");
  }
  const Variable hidden("CUDA_VISIBLE_DEVICES", "7");
  CHECK(refusal() ==
        "no GPU is visible with CUDA_VISIBLE_DEVICES='7' (driver STAND_INS/libcuda.so.1, CUDA 13.0)\n  unset it, or "
        "name one "
        "that `nvidia-smi -L` lists");
}

TEST_CASE("what cuInit says is told with the way out") {
  const std::pair<const char*, const char*> cases[] = {{"803", "restart the machine"},
                                                       {"804", "cuda-compat"},
                                                       {"802", "nvidia-fabricmanager"},
                                                       {"999", "nvidia-modprobe"}};
  for (const auto& [result, way_out] : cases) {
    const Variable init("FAKE_CUDA_INIT", result);
    const std::string error = refusal();
    CHECK(has(error, "the NVIDIA driver STAND_INS/libcuda.so.1 (CUDA 13.0) does not start: CUDA_ERROR_"));
    CHECK(has(error, way_out));
  }
}

TEST_CASE("a GPU that somebody keeps for himself, that takes no work, or has no pools, is refused by name") {
  {
    const Variable taken("FAKE_CUDA_RETAIN", "46");
    CHECK(has(refusal(), "cuda0 (Stand-in 0) is in use by another process that keeps it for itself"));
  }
  {
    const Variable full("FAKE_CUDA_RETAIN", "2");
    CHECK(has(error_of<OutOfMemory>([] { open_stand_in(); }), "there is no memory for another context"));
  }
  {
    const Variable closed("FAKE_CUDA_COMPUTE_MODE", "2");
    CHECK(has(refusal(), "cuda0 (Stand-in 0) is set to take no work\n  sudo nvidia-smi -i 0 -c DEFAULT"));
  }
  const Variable pools("FAKE_CUDA_POOLS", "0");
  CHECK(has(refusal(), "cuda0 (Stand-in 0) has no stream-ordered memory (cuMemAllocAsync)"));
}

TEST_CASE("a GPU older than the compiler knows is refused with both versions") {
  const Variable old("FAKE_CUDA_SM", "61");
  CHECK(refusal() ==
        "the GPU is of sm_61, and NVRTC 13.9 (STAND_INS/libnvrtc.so.13) compiles for sm_75 and newer\n"
        "  an NVRTC of CUDA 12 knows sm_50 to sm_90, one of CUDA 13 sm_75 and newer");
}

TEST_CASE("a GPU newer than the compiler knows needs PTX, which an older driver would not take") {
  const Variable newer("FAKE_CUDA_SM", "120");
  CHECK(
      refusal() ==
      "Stand-in 0 (sm_120) is newer than NVRTC 13.9 (STAND_INS/libnvrtc.so.13) knows, so it would need PTX, which the "
      "driver (CUDA 13.0) takes from its own version or older only\n  install a newer driver, or the NVRTC of CUDA "
      "13.0");
  const Variable driver("FAKE_CUDA_VERSION", "13090");
  CHECK(has(open_stand_in()->compiler_key(), "--gpu-architecture=compute_90 "));
}

TEST_CASE("a survey says what there is, and why no GPU can be used") {
  const Variable two("FAKE_CUDA_DEVICES", "2");
  gpu::CudaSurvey found = survey(stand_ins());
  CHECK(found.problem.empty());
  CHECK(found.driver.version == "13.0");
  CHECK(found.devices.size() == 2);
  CHECK(found.nvrtc.version == "13.9");
  CHECK(found.cublaslt.version == "13.9.0");
  const Variable none("FAKE_CUDA_DEVICES", "0");
  found = survey(stand_ins());
  CHECK(has(found.problem, "finds no GPU"));
  CHECK(found.driver.version == "13.0");
  CHECK(found.nvrtc.problem.empty());
}

TEST_CASE("bytes as people read them") {
  CHECK(bytes_text(0) == "0 bytes");
  CHECK(bytes_text(1023) == "1023 bytes");
  CHECK(bytes_text(1 << 20) == "1.0 MiB");
  CHECK(bytes_text(std::uint64_t{80} << 30) == "80.0 GiB");
  CHECK(bytes_text(std::uint64_t{3} << 50) == "3072.0 TiB");
}
