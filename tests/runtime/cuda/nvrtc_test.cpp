// Choosing an architecture, options by version, and what a compiler that fails leaves behind.
#include "runtime/cuda/nvrtc.h"

#include <regex>

#include "cuda_fixture.h"
#include "real_nvrtc.h"
#include "runtime/cuda/cubin.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

const std::vector<int> cuda_12_4 = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};
const std::vector<int> cuda_13_0 = {75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121};

std::string chosen(int device, const std::vector<int>& known) {
  return choose_architecture(device, known, "NVRTC").text();
}

std::shared_ptr<Nvrtc> stand_in() {
  SearchRoots roots;
  roots.root = STAND_INS;
  roots.loader = false;
  return Nvrtc::open(roots, 13);
}

bool is_known(const std::vector<std::string>& options, std::string_view option) {
  return std::find(options.begin(), options.end(), option) != options.end();
}

}  // namespace

TEST_CASE("the architecture: exactly the device's, else the highest lower one of its major, else PTX") {
  CHECK(chosen(75, cuda_13_0) == "sm_75");
  CHECK(chosen(90, cuda_12_4) == "sm_90");
  CHECK(chosen(121, cuda_13_0) == "sm_121");
  CHECK(chosen(88, cuda_12_4) == "sm_87");
  CHECK(chosen(107, cuda_13_0) == "sm_103");
  CHECK(chosen(100, cuda_12_4) == "compute_90");
  CHECK(chosen(130, cuda_13_0) == "compute_121");
  CHECK(has(error_of<DeviceError>([] { chosen(70, cuda_13_0); }),
            "the GPU is of sm_70, and NVRTC compiles for sm_75 and newer"));
}

TEST_CASE("options that an older compiler would refuse are given to those that know them only") {
  const auto old = nvrtc_options({12, 4}, "sm_90"), middle = nvrtc_options({12, 9}, "sm_90"),
             now = nvrtc_options({13, 0}, "sm_90");
  for (const auto& options : {old, middle, now}) {
    CHECK(options.front() == "--gpu-architecture=sm_90");
    for (const char* always : {"--fmad=false", "--std=c++20", "--modify-stack-limit=false"})
      CHECK(is_known(options, always));
  }
  CHECK_FALSE(is_known(old, "--no-cache"));
  CHECK(is_known(middle, "--no-cache"));
  CHECK_FALSE(is_known(middle, "-frandom-seed=croton"));
  CHECK(is_known(now, "-frandom-seed=croton"));
}

TEST_CASE("the compiler of this machine takes the options of its version, and gives equal bytes for equal text") {
  const auto nvrtc = real_nvrtc();
  if (nvrtc == nullptr) return;
  const Source source = kernel_source("a b");
  const int newest = nvrtc->architectures().back();
  const auto once = nvrtc->compile(source, {newest, false}, 60), again = nvrtc->compile(source, {newest, false}, 60);
  CHECK(is_cubin(once));
  CHECK(once == again);
  const auto ptx = nvrtc->compile(source, {newest, true}, 60);
  CHECK(has(reinterpret_cast<const char*>(ptx.data()), ".target sm_" + std::to_string(newest)));
  CHECK(ptx.back() == std::byte{0});
}

TEST_CASE("products and sums are not contracted behind the graph's back") {
  const auto nvrtc = real_nvrtc();
  if (nvrtc == nullptr) return;
  const Source source = {.text = "extern \"C\" __global__ void k(float* x) { x[0] = x[1] * x[2] + x[3]; }",
                         .entries = {"k"},
                         .name = "fma"};
  const auto image = nvrtc->compile(source, {nvrtc->architectures().back(), true}, 60);
  const std::string ptx = reinterpret_cast<const char*>(image.data());
  CHECK(has(ptx, "mul"));
  CHECK_FALSE(has(ptx, "fma"));
}

TEST_CASE("a text that does not compile gives the log, the options and the path of the source, which is kept") {
  const auto nvrtc = stand_in();
  const Source source = {.text = "#error no\n", .entries = {}, .name = "train"};
  const std::string error = error_of<CompileError>([&] { nvrtc->compile(source, {90, false}, 60); });
  CHECK(has(error, "train: NVRTC 13.9 (" STAND_INS "/libnvrtc.so.13) failed: NVRTC_ERROR_COMPILATION\n"));
  CHECK(has(error, "\n  options: --gpu-architecture=sm_90 --std=c++20 "));
  CHECK(has(error, "\n  it said:\nkernel.cu(1): error: #error directive"));
  std::smatch path;
  REQUIRE(std::regex_search(error, path, std::regex(R"(source \(kept\): (\S+))")));
  const std::vector<std::byte> kept = read_file(path[1]);
  CHECK(std::string(reinterpret_cast<const char*>(kept.data()), kept.size()) == source.text);
  std::remove(path[1].str().c_str());
}

TEST_CASE("flags that the environment adds are named where a text does not compile") {
  const Variable more("NVRTC_APPEND_FLAGS", "-no-such-option");
  const Source source = {.text = "#error no\n", .entries = {}, .name = "train"};
  CHECK(has(error_of<CompileError>([&] {
              stand_in()->compile(source, {90, false}, 60);
            }),
            "\n  NVRTC_APPEND_FLAGS=-no-such-option\n"));
}

TEST_CASE("a compiler that does not end is given up after compile.timeout") {
  const Source source = {.text = "// SLEEP\n", .entries = {}, .name = "train"};
  CHECK(has(error_of<CompileError>([&] {
              stand_in()->compile(source, {90, false}, 1);
            }),
            "has not finished after 1 s (compile.timeout)"));
}

TEST_CASE("a compiler without its builtins says which file is missing") {
  TemporaryFolder folder;
  const auto bytes = read_file(STAND_INS "/libnvrtc.so.13");
  write_file(folder.path() + "/libnvrtc.so.13", bytes);
  // the stand-in's builtins may be open already, under the name that is looked for
  const auto nvrtc_alone = [&] {
    SearchRoots roots;
    roots.root = folder.path();
    roots.loader = false;
    Nvrtc::open(roots, 13);
    return true;
  };
  CHECK(ended_well(in_child([&] {
    const std::string error = error_of<DeviceError>(nvrtc_alone);
    return error.empty() ||
           (has(error, " needs libnvrtc-builtins.so.13.9, which is neither beside it nor found by the loader\n") &&
            has(error, "pip install nvidia-cuda-nvrtc"));
  })));
  std::remove((folder.path() + "/libnvrtc.so.13").c_str());
}

TEST_CASE("without any NVRTC the text lists where it was looked for and what to install") {
  SearchRoots roots;
  roots.root = "/no/such/folder/bin";
  roots.cuda_home = "/no/such/home";
  roots.cuda_path = roots.cuda_home;
  roots.loader = false;
  roots.system = "/no/such/system";
  CHECK(error_of<DeviceError>([&] { Nvrtc::open(roots, 13); }) ==
        "no NVRTC, which compiles kernels for the GPU\n"
        "  looked for: libnvrtc.so.13, libnvrtc.so.12\n"
        "  in:\n"
        "    cuda.root=/no/such/folder/bin: no such folder\n"
        "    CUDA_HOME=/no/such/home: no such folder\n"
        "    /no/such/system/cuda*/lib64: no such folder\n"
        "    pip's nvidia wheels (site-packages/nvidia/*/lib): no such folder\n"
        "  install it: pip install nvidia-cuda-nvrtc (CUDA 13) or nvidia-cuda-nvrtc-cu12 (CUDA 12), or NVIDIA's CUDA "
        "toolkit; "
        "where it is not found then, name its folder by cuda.root");
}
