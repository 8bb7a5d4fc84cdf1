// croton gputest [--json]: can the GPU be used, and does the configured device work?
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/error.h"
#include "base/text.h"
#include "commands.h"
#include "gputest.h"
#include "runtime/gpu/cuda_plugin.h"

namespace {

using namespace croton;
using runtime::gpu::CudaLibrary;
using runtime::gpu::CudaSurvey;
using runtime::gpu::Properties;

constexpr int device_fails = 1, no_answer = 3;

// What is found out, in this order; the printed page and the JSON are made from it.
struct Findings {
  std::string configured, source;  // the key `device`, and who set it
  CudaSurvey cuda;
  std::string description, problem;  // of the configured device: one of them is empty
  ExpRun run;
  std::optional<Speeds> speeds;
  bool is_emulated() const { return configured.starts_with("emulator"); }
  bool is_good() const { return problem.empty() && run.ulp <= allowed_ulp; }
  static constexpr double allowed_ulp = 2;
};

CudaSurvey look_for_gpus(const Config& config) {
  try {
    return runtime::gpu::cuda_plugin().survey(runtime::gpu::CudaOptions::from(config));
  } catch (const DeviceError& e) {
    CudaSurvey none;
    none.problem = none.driver.problem = none.nvrtc.problem = none.cublaslt.problem = e.what();
    return none;
  }
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string library_line(const CudaLibrary& library) {
  const std::string problem = first_line(library.problem);
  if (library.path.empty()) return problem;
  const std::string found = fmt::format("{} ({})", library.version, library.path);
  return problem.empty() ? found : found + ": " + problem;
}

std::string gpu_line(std::size_t number, const Properties& p) {
  return fmt::format("cuda{}: {}, {}, {:.1f} GiB, {} multiprocessors{}", number, p.name, p.arch(),
                     static_cast<double>(p.memory_bytes) / (1 << 30), p.multiprocessors,
                     p.clock_khz > 0 ? fmt::format(", {:.2f} GHz", p.clock_khz / 1e6) : "");
}

std::string libraries_text(const CudaSurvey& cuda) {
  std::string text = fmt::format(
      "driver     {}\n", cuda.driver.path.empty()
                             ? "none"
                             : fmt::format("for CUDA {}", library_line({cuda.driver.version, cuda.driver.path, {}})));
  text += fmt::format("NVRTC      {}\ncuBLASLt   {}\n", library_line(cuda.nvrtc), library_line(cuda.cublaslt));
  if (cuda.devices.empty()) return text + "GPUs       none\n";
  for (std::size_t i = 0; i < cuda.devices.size(); ++i)
    text += fmt::format("{} {}\n", i == 0 ? "GPUs      " : "          ", gpu_line(i, cuda.devices[i]));
  return text;
}

std::string results_text(const std::vector<float>& r) {
  return fmt::format("[{:.8f} {:.8f} {:.8f} ... {:.8f} {:.8f} {:.8f}]", r[0], r[1], r[2], r[r.size() - 3],
                     r[r.size() - 2], r[r.size() - 1]);
}

std::string run_text(const Findings& f) {
  const std::string used =
      f.run.is_on_gpu ? (f.is_emulated() ? "Used the gpu (emulated on the cpu)" : "Used the gpu") : "Used the cpu";
  return fmt::format("\nexp of {} float32 values on {}\nLooping {} times took {:.6f} seconds\nResult is {}\n{}\n",
                     f.run.results.size(), f.description, f.run.loops, f.run.seconds, results_text(f.run.results),
                     used);
}

std::string speeds_text(const Findings& f) {
  std::string text =
      fmt::format("\nchecked    within {:.1f} ulp of exp in double precision{}\n", f.run.ulp,
                  f.is_good() ? "" : fmt::format(": that is WRONG, at most {} are allowed", Findings::allowed_ulp));
  if (!f.speeds) return text + "speeds     not measured on the emulator\n";
  const Speeds& s = *f.speeds;
  text += fmt::format(
      "transfers  {:.1f} GB/s to the device, {:.1f} GB/s back\nmemory     {:.1f} GB/s read and written by a copy\n",
      s.to_device, s.to_host, s.copy);
  return text + (s.gemm_problem.empty() ? fmt::format("products   {:.0f} GFLOPS of float32, 1024 x 1024\n", s.gflops)
                                        : fmt::format("products   {}\n", s.gemm_problem));
}

std::string verdict_text(const Findings& f) {
  std::string text = "\n";
  if (f.problem.empty()) {
    if (!f.cuda.problem.empty())
      text += fmt::format("No GPU can be used here: {}\n", f.cuda.problem);
    else if (!f.run.is_on_gpu)
      text += "A GPU can be used here: device=cuda in the configuration takes it.\n";
    text += f.is_good() ? fmt::format("The configured device, {}, works.\n", f.configured)
                        : fmt::format("The configured device, {}, gives wrong results.\n", f.configured);
    return text;
  }
  text += f.problem + "\n";
  return text + fmt::format("The configured device, {}, cannot be used.\n", f.configured);
}

nlohmann::json json_of(const CudaLibrary& l) {
  return {{"version", l.version}, {"path", l.path}, {"problem", l.problem}};
}

nlohmann::json json_of(const Findings& f) {
  nlohmann::json gpus = nlohmann::json::array();
  for (const Properties& p : f.cuda.devices) {
    gpus.push_back({{"name", p.name},
                    {"arch", p.arch()},
                    {"memory_bytes", p.memory_bytes},
                    {"multiprocessors", p.multiprocessors},
                    {"clock_khz", p.clock_khz}});
  }
  nlohmann::json all = {{"croton", CROTON_VERSION},
                        {"device", f.configured},
                        {"device_set_by", f.source},
                        {"works", f.is_good()},
                        {"description", f.description},
                        {"problem", f.problem},
                        {"gpu_problem", f.cuda.problem},
                        {"driver", json_of(f.cuda.driver)},
                        {"nvrtc", json_of(f.cuda.nvrtc)},
                        {"cublaslt", json_of(f.cuda.cublaslt)},
                        {"gpus", gpus}};
  if (!f.problem.empty()) return all;
  all["exp"] = {{"used", f.run.is_on_gpu ? "gpu" : "cpu"},
                {"emulated", f.is_emulated()},
                {"values", f.run.results.size()},
                {"loops", f.run.loops},
                {"seconds", f.run.seconds},
                {"ulp", f.run.ulp}};
  if (!f.speeds) return all;
  all["speeds"] = {{"to_device_GBps", f.speeds->to_device},
                   {"to_host_GBps", f.speeds->to_host},
                   {"copy_GBps", f.speeds->copy},
                   {"gemm_float32_GFLOPS", f.speeds->gflops},
                   {"gemm_problem", f.speeds->gemm_problem}};
  return all;
}

int gputest(bool as_json) {
  const auto config = config_snapshot();
  Findings f;
  f.configured = config->text("device");
  f.source = config->value(find_config_row("device")).source;
  const auto print = [&](const std::string& text) {
    if (as_json) return;
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  };
  Watch watch(
      [&](const std::string& step) {
        f.problem = fmt::format(
            "no answer while {}: the device or its driver hangs\n  `nvidia-smi` shows whether the driver "
            "still answers; a restart of the machine helps where it does not",
            step);
        std::fputs((as_json ? json_of(f).dump(2) + "\n" : verdict_text(f)).c_str(), stdout);
        std::fflush(stdout);
      },
      no_answer);
  print(fmt::format("Croton {}, device={} ({})\n\n", CROTON_VERSION, f.configured, f.source));
  // drivers take seconds to start many GPUs, and libraries of half a gigabyte may come from a slow disk
  constexpr double opening = 30;
  watch.step("looking for GPUs", opening);
  f.cuda = look_for_gpus(*config);
  print(libraries_text(f.cuda));
  try {
    const int loops = f.is_emulated() ? 10 : 1000;
    watch.step("opening the device " + f.configured, opening);
    runtime::Device& device = runtime::device(f.configured);
    f.description = device.description();
    f.run = run_exp(f.configured, loops, watch);
    print(run_text(f));
    if (!f.is_emulated()) f.speeds = measure(device, watch);
    print(speeds_text(f));
  } catch (const Error& e) { f.problem = e.what(); }
  print(verdict_text(f));
  if (as_json) std::fputs((json_of(f).dump(2) + "\n").c_str(), stdout);
  return f.is_good() ? 0 : device_fails;
}

}  // namespace

void add_gputest_command(CLI::App& app, int& exit_status) {
  const auto as_json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("gputest", "Says whether a GPU can be used, tries the configured device, and measures it");
  command->add_flag("--json", *as_json, "Prints everything as JSON");
  command->callback([as_json, &exit_status] { exit_status = gputest(*as_json); });
}
