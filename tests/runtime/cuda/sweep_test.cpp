// tools/nvrtc_sweep on kernels that are right, wrong and too large.
#include <filesystem>
#include <fstream>

#include "cuda_fixture.h"
#include "real_nvrtc.h"
#include "runtime/cpu/process.h"
#include "runtime/gpu/collect.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

struct Folder {
  TemporaryFolder around;
  std::string path = around.path() + "/kernels";
  ~Folder() { std::filesystem::remove_all(path); }
};

Source text(const std::string& body, const std::string& name) {
  return {.text =
              "static __device__ int helper() { return 1; }\nextern \"C\" __global__ void phase_0(float* x, const int* "
              "at) {" +
              body + "}\n",
          .entries = {"phase_0"},
          .name = name};
}
const Source good = text("x[threadIdx.x] = helper();", "good"), other = text("x[1] = 2;", "other"),
             wrong = text("x[1] = no_such_name;", "wrong"),
             large =
                 text("float z[64]; for (int i = 0; i < 64; ++i) z[at[i] & 63] = x[i]; x[0] = z[at[0] & 63];", "large");

ProcessEnd sweep(const std::string& arguments) {
  return run_process({"/bin/sh", "-c", NVRTC_SWEEP " " + arguments}, std::chrono::seconds(120));
}

bool has_nvrtc() { return real_nvrtc() != nullptr; }

}  // namespace

TEST_CASE("kernels are kept by content: the same text twice is one file, which names its kernels") {
  const Folder folder;
  const std::string path = gpu::collect(good, folder.path);
  CHECK(gpu::collect(good, folder.path) == path);
  CHECK(gpu::collect(other, folder.path) != path);
  std::string line;
  std::getline(std::ifstream(path) >> std::ws, line);
  CHECK(line == "// kernels: phase_0; good");
}

TEST_CASE("instructions of a kernel's largest loop are counted, and more than allowed are an error") {
  if (!has_nvrtc()) return;
  const Folder folder;
  const std::string name = std::filesystem::path(gpu::collect(good, folder.path)).stem(), tool = folder.path + "/tool";
  std::ofstream(tool) << "#!/bin/sh\ncat <<'END'\n.text.phase_0_" << name
                      << ":\n  /*0000*/ MOV R1, R2 ;\n.L_x_1:\n  /*0010*/ @!P1 FADD R1, R1, R2 ;\n"
                         "  /*0020*/ LDG.E R2, [R4] ;\n  /*0030*/ @P0 BRA `(.L_x_1) ;\n"
                         ".L_x_2:\n  /*0040*/ BRA `(.L_x_2);\nEND\n";
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  const auto counted = [&](const std::string& kernel, const std::string& most) {
    return sweep("--arch sm_80 --disassembler " + tool + " --count " + kernel + " --points 2 --most-instructions " +
                 most + " " + folder.path);
  };
  const ProcessEnd few = counted("good:phase_0", "1.5"), many = counted("good:phase_0", "1"),
                   none = counted("bad:phase_0", "9");
  CHECK(few.exit_status == 0);
  CHECK(has(many.output, "3 instructions in the largest loop, 1.5 a point: 0.5 float"));
  CHECK(many.exit_status == 1);
  CHECK(has(many.output, "at most 1 a point are allowed"));
  CHECK(none.exit_status == 1);
  CHECK(has(none.output, "no kernel bad:phase_0 with a loop"));
}

TEST_CASE("kernels of one name from several texts are compiled in one program, each with its own figures") {
  if (!has_nvrtc()) return;
  const Folder folder;
  for (const Source& s : {good, other, large}) gpu::collect(s, folder.path);
  const ProcessEnd end = sweep("--list --arch sm_80 " + folder.path);
  CHECK(end.exit_status == 0);
  CHECK(has(end.output, "sm_80: 3 kernels in 1 programs"));
  CHECK(has(end.output, "(large): "));
  CHECK(has(end.output, " 256 bytes of stack"));
}

TEST_CASE("several runs share the texts of a folder, each text to one of them") {
  if (!has_nvrtc()) return;
  const Folder folder;
  for (const Source& s : {good, other, large}) gpu::collect(s, folder.path);
  const auto part = [&](int k) {
    return sweep(fmt::format("--list --arch sm_80 --part {} --parts 2 {}", k, folder.path)).output;
  };
  const std::string first = part(1), second = part(2);
  CHECK(has(first, "2 kernels in 1 programs"));
  CHECK(has(second, "1 kernels in 1 programs"));
  for (const std::string name : {"(good)", "(other)", "(large)"}) CHECK(has(first, name) != has(second, name));
  CHECK(has(sweep("--part 3 --parts 2 " + folder.path).complaint, "--part 3: there are 2 parts"));
}

TEST_CASE("a stack frame is an error where it is not allowed, and the kernel is named") {
  if (!has_nvrtc()) return;
  const Folder folder;
  for (const Source& s : {good, large}) gpu::collect(s, folder.path);
  const ProcessEnd end = sweep("--no-stack --arch sm_80 " + folder.path);
  CHECK(end.exit_status == 1);
  CHECK(has(end.output, "(large): a stack of 256 bytes a thread\n"));
  CHECK_FALSE(has(end.output, "(good): a stack"));
}

TEST_CASE("a text that does not compile is found among the others, which are reported all the same") {
  if (!has_nvrtc()) return;
  const Folder folder;
  for (const Source& s : {good, wrong, other}) gpu::collect(s, folder.path);
  const ProcessEnd end = sweep("--arch sm_80,sm_90 --json " + folder.path + "/report.json " + folder.path);
  CHECK(end.exit_status == 1);
  CHECK(has(end.output, "sm_90: 2 kernels in 1 programs"));
  CHECK(has(end.output, "(wrong): failed: NVRTC_ERROR_COMPILATION\n"));
  CHECK(has(end.output, "no_such_name"));
  const auto json = read_file(folder.path + "/report.json");
  CHECK(has(std::string(reinterpret_cast<const char*>(json.data()), json.size()), "\"arch\": \"sm_90\""));
}

TEST_CASE("a folder without kernels, a file without their names and an unknown architecture are errors") {
  const Folder folder;
  CHECK(sweep(folder.path).exit_status == 2);
  if (!has_nvrtc()) return;
  CHECK(has(sweep(folder.path).complaint, "there is no *.cu in this folder"));
  std::filesystem::create_directories(folder.path);
  write_file(folder.path + "/a.cu", std::as_bytes(std::span("int x;", 6)));
  CHECK(has(sweep(folder.path).complaint, "a.cu: its first line must be '// kernels: NAME NAME; title'"));
  CHECK(has(sweep("--arch sm_20 " + folder.path).complaint, "--arch sm_20: this NVRTC knows sm_"));
}
