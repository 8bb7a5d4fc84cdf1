#include <regex>

#include "command_fixture.h"

namespace {

// NVIDIA's libraries as stand-ins: what is printed does not depend on this machine.
std::string stand_ins(const std::string& flags, const std::string& more = {}) {
  return "LD_LIBRARY_PATH='" STAND_INS "' CROTON_FLAGS=\"cuda.root='" STAND_INS "', " + flags + "\" " + more;
}

// Without this build's folders, and with every measured number as N.
std::string plain(std::string text) {
  text = std::regex_replace(text, std::regex(STAND_INS), "STAND_INS");
  text = std::regex_replace(text, std::regex(R"(times took [0-9.]+ seconds)"), "times took N seconds");
  text = std::regex_replace(text, std::regex(R"(Looping \d+ times)"), "Looping N times");
  text = std::regex_replace(text, std::regex(R"([0-9.]+ (GB/s|GFLOPS|ulp))"), "N $1");
  // the last digits of a float32 are those of the instruction set's exp
  text = std::regex_replace(text, std::regex(R"((\d\.\d{6})\d\d)"), "$1..");
  return std::regex_replace(text, std::regex(R"(on cpu: .*)"), "on cpu: ...");
}

}  // namespace

TEST_CASE("croton gputest without a GPU runs on the CPU, says so, and why there is no GPU") {
  const Said said = run_croton("gputest", stand_ins("device=cpu", "CUDA_VISIBLE_DEVICES= FAKE_CUDA_DEVICES=0"));
  CHECK(said.status == 0);
  CHECK(plain(said.text) == R"(Croton )" VERSION R"(, device=cpu (CROTON_FLAGS)

driver     for CUDA 13.0 (STAND_INS/libcuda.so.1)
NVRTC      13.9 (STAND_INS/libnvrtc.so.13)
cuBLASLt   13.9.0 (STAND_INS/libcublasLt.so.13)
GPUs       none

exp of 230400 float32 values on cpu: ...
Looping N times took N seconds
Result is [1.231780.. 1.618793.. 1.522780.. ... 2.207718.. 2.299677.. 1.623232..]
Used the cpu

checked    within N ulp of exp in double precision
transfers  N GB/s to the device, N GB/s back
memory     N GB/s read and written by a copy
products   N GFLOPS of float32, 1024 x 1024

No GPU can be used here: no GPU is visible, because CUDA_VISIBLE_DEVICES is ''
  unset it, or set it to 0
The configured device, cpu, works.
)");
}

TEST_CASE("croton gputest with device=gpu and no GPU fails with the reason and the ways out, quickly") {
  const Said said = run_croton("gputest", stand_ins("device=gpu", "CUDA_VISIBLE_DEVICES=-1 FAKE_CUDA_DEVICES=0"));
  CHECK(said.status == 1);
  CHECK(said.has("\nGPUs       none\n"));
  CHECK(
      said.has("\ndevice=gpu: no GPU is visible, because CUDA_VISIBLE_DEVICES is '-1'\n  unset it, or set it to 0\n"));
  CHECK(said.has("  device=cpu runs on the processor; device=auto takes a GPU where there is one"));
  CHECK(said.has("\nThe configured device, gpu, cannot be used.\n"));
}

TEST_CASE("croton gputest names a driver that is too old with both versions") {
  const Said said = run_croton("gputest", stand_ins("device=cuda1", "FAKE_CUDA_VERSION=12010"));
  CHECK(said.status == 1);
  CHECK(said.has("device=cuda1: the NVIDIA driver is too old: " STAND_INS
                 "/libcuda.so.1 is for CUDA 12.1, and Croton needs 12.4 or newer (driver 550)\n"));
}

TEST_CASE("croton gputest lists each GPU with its architecture, memory and clock") {
  const Said said = run_croton("gputest", stand_ins("device=cpu", "FAKE_CUDA_DEVICES=2"));
  CHECK(said.status == 0);
  CHECK(
      said.has("\nGPUs       cuda0: Stand-in 0, sm_90, 1.0 GiB, 132 multiprocessors, 1.98 GHz\n"
               "           cuda1: Stand-in 1, sm_90, 1.0 GiB, 132 multiprocessors, 1.98 GHz\n"));
  CHECK(said.has("\nA GPU can be used here: device=cuda in the configuration takes it.\n"));
}

TEST_CASE("croton gputest --json says the same to programs") {
  const Said said = run_croton("gputest --json", stand_ins("device=gpu", "CUDA_VISIBLE_DEVICES= FAKE_CUDA_DEVICES=0"));
  CHECK(said.status == 1);
  CHECK(said.text.front() == '{');
  for (const char* part : {"\"works\": false", "\"device\": \"gpu\"", "\"gpus\": []",
                           "\"problem\": \"device=gpu: no GPU is visible", "\"version\": \"13.9\""})
    CHECK(said.has(part));
}
