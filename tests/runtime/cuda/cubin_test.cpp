// What kernels need, read from cubins that NVRTC makes here.
#include "runtime/cuda/cubin.h"

#include <algorithm>
#include <regex>

#include "cuda_fixture.h"
#include "print/printer.h"
#include "real_nvrtc.h"
#include "tile/chunks.h"
#include "tile/graphs.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

// One kernel with little, one with shared memory, one whose array cannot live in registers.
const Source three = {.text = R"(
extern "C" __global__ void small(float* x) { x[threadIdx.x] = 1; }
extern "C" __global__ void sharing(float* x) {
  __shared__ float s[256];
  s[threadIdx.x & 255] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = s[255 - (threadIdx.x & 255)];
}
extern "C" __global__ void stacking(float* x, const int* at) {
  float z[64];
  for (int i = 0; i < 64; ++i) z[at[i] & 63] = x[i];
  x[threadIdx.x] = z[at[threadIdx.x] & 63];
}
)",
                      .entries = {"small", "sharing", "stacking"},
                      .name = "three"};

const KernelNeeds& named(const std::vector<KernelNeeds>& kernels, const std::string& name) {
  const auto found = std::find_if(kernels.begin(), kernels.end(), [&](const KernelNeeds& k) { return k.name == name; });
  REQUIRE(found != kernels.end());
  return *found;
}

// ptxas's own account, for comparison: "Used 14 registers", "64 bytes stack frame".
KernelNeeds said_of(const std::string& log, const std::string& name) {
  const std::size_t at = log.find("Function properties for " + name + "\n");
  REQUIRE(at != std::string::npos);
  const std::string part = log.substr(at);
  std::smatch stack, registers;
  REQUIRE(std::regex_search(part, stack, std::regex(R"((\d+) bytes stack frame)")));
  REQUIRE(std::regex_search(part, registers, std::regex(R"(Used (\d+) registers)")));
  return {name, static_cast<unsigned>(std::stoul(registers[1])), static_cast<unsigned>(std::stoul(stack[1])), 0};
}

}  // namespace

TEST_CASE("registers, stack and shared memory of each kernel are those that ptxas reports") {
  const auto nvrtc = real_nvrtc();
  if (nvrtc == nullptr) return;
  for (const int arch : nvrtc->architectures()) {
    INFO("sm_" << arch);
    const auto [image, failure, log, options] = nvrtc->attempt(three, {arch, false}, 60, {"--ptxas-options=-v"});
    REQUIRE(is_cubin(image));
    const auto kernels = kernel_needs(image);
    REQUIRE(kernels.size() == 3);
    for (const KernelNeeds& k : kernels) {
      const KernelNeeds said = said_of(log, k.name);
      CHECK(k.registers == said.registers);
      CHECK(k.stack_bytes == said.stack_bytes);
    }
    const unsigned reserved = arch >= 90 ? 1024 : 0;
    CHECK(named(kernels, "sharing").shared_bytes == 1024 + reserved);
    CHECK(named(kernels, "small").stack_bytes == 0);
    CHECK(named(kernels, "stacking").stack_bytes == 256);
  }
}

TEST_CASE("a cubin that is cut anywhere is an error or a shorter list, never a crash") {
  const auto nvrtc = real_nvrtc();
  if (nvrtc == nullptr) return;
  const auto image = nvrtc->compile(three, {80, false}, 60);
  for (std::size_t bytes = 0; bytes < image.size(); bytes += 7) {
    std::vector<std::byte> part(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(bytes));
    std::size_t kernels = 0;
    const std::string error = error_of<CompileError>([&] { kernels = kernel_needs(part).size(); });
    CHECK((has(error, "this is no whole cubin: ") || kernels <= 3));
  }
  std::vector<std::byte> damaged = image;
  for (std::size_t at = 0; at < image.size(); at += 5) {
    damaged[at] ^= std::byte{0xff};
    try {
      kernel_needs(damaged);
    } catch (const CompileError&) {}
    damaged[at] = image[at];
  }
}

TEST_CASE("folds of a kernel take as much shared memory as its nest says") {
  const auto nvrtc = real_nvrtc();
  if (nvrtc == nullptr) return;
  const Target gpu = tile::graphs::gpu();
  const Tensor x = fmatrix("x"), y = dmatrix("y"), loss = sum(log(sum(exp(x), 1)));
  const Tensor of_both = max(x, 1).astype(float64) + sum(y, 1);
  for (const std::vector<Tensor>& outputs :
       {tile::graphs::softmax_rows(), tile::graphs::tutorial_step(), tile::graphs::column_variance(),
        std::vector<Tensor>{of_both}, std::vector<Tensor>{sum(x, 0)}, std::vector<Tensor>{sum(y, 0) + sum(x, 0)},
        std::vector<Tensor>{sum(y)}, std::vector<Tensor>{loss}, std::vector<Tensor>{x * 2}}) {
    const tile::Program p = tile::build(outputs);
    std::vector<tile::Nest> nests;
    Source source{.text = {}, .entries = {}, .name = "folds"};
    for (const tile::Step& s : p.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s)) {
        nests.push_back(tile::lower(p, *phase, gpu));
        source.entries.push_back(print::entry_name(source.entries.size()));
      }
    source.text = print::translation_unit(nests, gpu);
    const std::vector<KernelNeeds> kernels = kernel_needs(nvrtc->compile(source, {80, false}, 60));
    for (std::size_t k = 0; k < nests.size(); ++k) {
      INFO(source.text);
      CHECK(named(kernels, source.entries[k]).shared_bytes == tile::fold_bytes(nests[k]));
    }
  }
}

TEST_CASE("PTX is no cubin") {
  const std::string ptx = ".version 8.0\n.target sm_75\n";
  CHECK_FALSE(is_cubin(std::as_bytes(std::span(ptx))));
  CHECK(error_of<CompileError>([&] {
          kernel_needs(std::as_bytes(std::span(ptx)));
        }).starts_with("this is no whole cubin: "));
}
