// A stand-in for NVRTC 13.9 that knows sm_75 to sm_90: what it makes of a text is "code name; name; ..." for the
// kernels in it. A text with #error does not compile, one with SLEEP takes longer than anybody waits.
#include <chrono>
#include <cstring>
#include <regex>
#include <string>
#include <thread>

#include "runtime/cuda/cuda_api.h"

namespace croton::runtime::cuda {
struct _nvrtcProgram {  // NOLINT: NVRTC's own name
  std::string text, image, log;
};
}  // namespace croton::runtime::cuda

using namespace croton::runtime::cuda;

namespace {
constexpr int archs[] = {75, 80, 86, 89, 90};
}

extern "C" {

const char* nvrtcGetErrorString(nvrtcResult r) {
  return r == NVRTC_ERROR_COMPILATION ? "NVRTC_ERROR_COMPILATION" : "NVRTC_SUCCESS";
}
nvrtcResult nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 9;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetNumSupportedArchs(int* count) {
  *count = static_cast<int>(std::size(archs));
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetSupportedArchs(int* out) {
  std::memcpy(out, archs, sizeof archs);
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcCreateProgram(nvrtcProgram* program, const char* text, const char*, int, const char* const*,
                               const char* const*) {
  *program = new _nvrtcProgram{text, {}, {}};
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcDestroyProgram(nvrtcProgram* program) {
  delete *program;
  *program = nullptr;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int count, const char* const* options) {
  if (program->text.find("SLEEP") != std::string::npos) std::this_thread::sleep_for(std::chrono::seconds(3));
  if (program->text.find("#error") != std::string::npos) {
    program->log = "kernel.cu(1): error: #error directive\n";
    return NVRTC_ERROR_COMPILATION;
  }
  program->image = "code";
  static const std::regex kernel(R"(__global__ void (\w+))");
  for (std::sregex_iterator found(program->text.begin(), program->text.end(), kernel), end; found != end; ++found)
    program->image += " " + (*found)[1].str() + ";";
  for (int i = 0; i < count; ++i) program->image += std::string("\n") + options[i];
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, std::size_t* bytes) {
  *bytes = program->log.size() + 1;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char* log) {
  std::memcpy(log, program->log.c_str(), program->log.size() + 1);
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, std::size_t* bytes) {
  *bytes = program->image.size() + 1;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetPTX(nvrtcProgram program, char* image) {
  std::memcpy(image, program->image.c_str(), program->image.size() + 1);
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, std::size_t* bytes) { return nvrtcGetPTXSize(program, bytes); }
nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char* image) { return nvrtcGetPTX(program, image); }
}
