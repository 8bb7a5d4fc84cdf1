// libcroton_cuda.so as a file: what it needs, what it shows, when it is opened.
#include <link.h>

#include <algorithm>

#include "cuda_fixture.h"
#include "runtime/cpu/process.h"
#include "runtime/gpu/cuda_plugin.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

std::string output_of(const std::vector<std::string>& command) {
  const ProcessEnd end = run_process(command, std::chrono::seconds(60));
  REQUIRE(end.good());
  return end.output;
}

std::vector<std::string> loaded_files() {
  std::vector<std::string> files;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        static_cast<std::vector<std::string>*>(to)->emplace_back(info->dlpi_name);
        return 0;
      },
      &files);
  return files;
}

}  // namespace

TEST_CASE("the plugin is linked with no library of CUDA") {
  const std::string needed = output_of({"/usr/bin/readelf", "-d", CUDA_PLUGIN});
  CHECK(has(needed, "(NEEDED)"));
  for (const char* part : {"[libcu", "[libnv"}) CHECK_FALSE(has(needed, part));
}

TEST_CASE("the plugin shows one function and nothing else") {
  const std::string symbols = output_of({"/usr/bin/nm", "-D", "--defined-only", CUDA_PLUGIN});
  CHECK(std::count(symbols.begin(), symbols.end(), '\n') == 1);
  CHECK(has(symbols, " T croton_cuda_plugin\n"));
}

TEST_CASE("a device of the CPU opens neither the plugin nor anything of CUDA") {
  const std::vector<std::string> before = loaded_files();  // other tests of this program open the stand-ins
  device("cpu").compile(fill_source(990));
  for (const std::string& file : loaded_files()) {
    if (std::find(before.begin(), before.end(), file) != before.end()) continue;
    INFO(file);
    for (const char* part : {"libcroton_cuda", "libcuda", "libnvrtc", "libcublas"}) CHECK_FALSE(has(file, part));
  }
}

TEST_CASE("the plugin is found beside the library, and its driver drives the stand-in", "[unsanitized]") {
  const gpu::CudaPlugin& plugin = gpu::cuda_plugin();
  CHECK(plugin.interface == std::string(gpu::cuda_interface));
  const auto driver = plugin.open(stand_ins(), 0);
  CHECK(driver->properties().name == "Stand-in 0");
  // errors cross the border between plugin and library as what they are
  const Variable memory("FAKE_CUDA_MEMORY", "1000");
  CHECK_THROWS_AS(driver->allocate(100'000), OutOfMemory);
  CHECK_THROWS_AS(plugin.open(stand_ins(), 5), DeviceError);
  CHECK(plugin.survey(stand_ins()).driver.version == "13.0");
}

TEST_CASE("a plugin of another version is refused before anything of it runs") {
  const std::string path = STAND_INS "/libcroton_cuda_of_another_version.so";
  CHECK(error_of<DeviceError>([&] { gpu::open_cuda_plugin(path); }) ==
        path + " is the plugin of another Croton\n  it is of croton 0.0.7, interface 9, and this library is of " +
            gpu::cuda_interface + "\n  install library and plugin from one build");
}

TEST_CASE("a file that is no plugin, and one that is not there, are told apart") {
  CHECK(has(error_of<DeviceError>([] { gpu::open_cuda_plugin(STAND_INS "/libnvrtc.so.13"); }),
            "libnvrtc.so.13 is no plugin of Croton: it has no croton_cuda_plugin()"));
  CHECK(has(error_of<DeviceError>([] { gpu::open_cuda_plugin(STAND_INS "/none.so"); }),
            "Croton's plugin for NVIDIA GPUs cannot be opened: "));
}

TEST_CASE("names of GPUs and their numbers") {
  CHECK(gpu::cuda_number("cuda") == 0);
  CHECK(gpu::cuda_number("gpu") == 0);
  CHECK(gpu::cuda_number("gpu3") == 3);
  CHECK(gpu::cuda_number("cuda12") == 12);
  for (const char* name : {"cpu", "cuda-1", "cuda+1", "cuda1a", "gpu 1", "gpu99999999999", "cud"})
    CHECK(gpu::cuda_number(name) == -1);
}
