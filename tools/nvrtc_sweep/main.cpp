// nvrtc_sweep FOLDER: compiles every kernel in a folder for the GPUs named, without a GPU, and says what each needs.
// Exit status 0 where all is well, 1 where a text does not compile or a kernel breaks a limit, 2 where it cannot begin.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "sweep.h"

namespace {

using namespace croton;
using namespace croton::sweep;

struct Options {
  std::string folder, root, json, archs = "sm_75,sm_90", disassembler, counted;
  double points = 1, most_instructions = 0;
  std::size_t kernels_a_program = 64, part = 1, parts = 1;
  bool no_stack = false, list = false;
  unsigned most_registers = 255;
};

// "sm_75,sm_90" or "all", as numbers that this compiler knows.
std::vector<int> architectures(const std::string& written, const std::vector<int>& known) {
  if (written == "all") return known;
  std::vector<int> wanted;
  for (const std::string_view part : split(written, ',')) {
    const std::string_view digits = part.starts_with("sm_") ? part.substr(3) : part;
    const auto found = std::find_if(known.begin(), known.end(), [&](int n) { return std::to_string(n) == digits; });
    if (found == known.end()) {
      fail<ConfigError>("--arch {}: this NVRTC knows sm_{}", part, fmt::format("{}", fmt::join(known, ", sm_")));
    }
    wanted.push_back(*found);
  }
  return wanted;
}

// The modules TX1 and TX2: a block has half the registers that it has elsewhere, and no driver of theirs runs what an
// NVRTC of CUDA 12 makes.
bool has_few_registers(int architecture) { return architecture == 53 || architecture == 62; }

std::string where(const Result& r) {
  return fmt::format("{} of {}.cu{}", r.kernel, r.text, r.title.empty() ? "" : " (" + r.title + ")");
}

bool is_counted(const Result& r, const Options& options) { return r.title + ":" + r.kernel == options.counted; }

// "1240 instructions in the largest loop, 39.7 a point: 28.3 float, ..."
std::string instructions(const Loop& loop, double points) {
  std::string line = fmt::format("{} instructions in the largest loop, {:.1f} a point:", loop.instructions,
                                 static_cast<double>(loop.instructions) / points);
  for (std::size_t k = 0; k < instruction_kinds.size(); ++k)
    line += fmt::format("{} {:.1f} {}", k == 0 ? "" : ",", static_cast<double>(loop.of_kind[k]) / points,
                        instruction_kinds[k]);
  return line;
}

// Of the texts in their order every `parts`-th, from number `part` on.
std::vector<Text> part_of(const std::vector<Text>& texts, std::size_t part, std::size_t parts) {
  if (part > parts) fail<ConfigError>("--part {}: there are {} parts", part, parts);
  std::vector<Text> kept;
  for (std::size_t i = part - 1; i < texts.size(); i += parts) kept.push_back(texts[i]);
  return kept;
}

// The kernels that break a limit, one line each.
std::vector<std::string> broken_limits(const Report& report, const Options& options) {
  std::vector<std::string> lines;
  for (const Result& r : report.results) {
    if (options.no_stack && r.needs.stack_bytes > 0 && !has_few_registers(report.architecture))
      lines.push_back(fmt::format("{}: a stack of {} bytes a thread", where(r), r.needs.stack_bytes));
    if (r.needs.registers > options.most_registers)
      lines.push_back(fmt::format("{}: {} registers a thread", where(r), r.needs.registers));
    if (is_counted(r, options) && static_cast<double>(r.loop.instructions) > options.most_instructions * options.points)
      lines.push_back(fmt::format("{}: {}; at most {} a point are allowed", where(r),
                                  instructions(r.loop, options.points), options.most_instructions));
  }
  if (!options.counted.empty() && std::none_of(report.results.begin(), report.results.end(), [&](const Result& r) {
        return is_counted(r, options) && r.loop.instructions > 0;
      }))
    lines.push_back(fmt::format("no kernel {} with a loop", options.counted));
  return lines;
}

void print(const Report& report, const Options& options) {
  runtime::cuda::KernelNeeds most;
  for (const Result& r : report.results) {
    most.registers = std::max(most.registers, r.needs.registers);
    most.stack_bytes = std::max(most.stack_bytes, r.needs.stack_bytes);
    most.shared_bytes = std::max(most.shared_bytes, r.needs.shared_bytes);
    if (options.list)
      std::printf("  %s: %u registers, %u bytes of stack, %u shared\n", where(r).c_str(), r.needs.registers,
                  r.needs.stack_bytes, r.needs.shared_bytes);
    if (is_counted(r, options))
      std::printf("  %s: %s\n", where(r).c_str(), instructions(r.loop, options.points).c_str());
  }
  std::printf("sm_%d: %zu kernels in %zu programs, %.1f s; at most %u registers, %u bytes of stack, %u shared\n",
              report.architecture, report.results.size(), report.programs, report.seconds, most.registers,
              most.stack_bytes, most.shared_bytes);
  if (options.no_stack && has_few_registers(report.architecture))
    std::printf("  half the registers of others, and no driver for CUDA 12: stacks are not counted\n");
  for (const Failure& f : report.failures)
    std::printf("  %s.cu%s: %s\n", f.text.c_str(), f.title.empty() ? "" : (" (" + f.title + ")").c_str(),
                f.log.c_str());
  for (const std::string& line : broken_limits(report, options)) std::printf("  %s\n", line.c_str());
}

nlohmann::json json_of(const Report& report) {
  nlohmann::json kernels = nlohmann::json::array(), failures = nlohmann::json::array();
  for (const Result& r : report.results) {
    kernels.push_back({{"text", r.text},
                       {"kernel", r.kernel},
                       {"title", r.title},
                       {"registers", r.needs.registers},
                       {"stack_bytes", r.needs.stack_bytes},
                       {"shared_bytes", r.needs.shared_bytes}});
  }
  for (const Failure& f : report.failures) failures.push_back({{"text", f.text}, {"title", f.title}, {"log", f.log}});
  return {{"arch", fmt::format("sm_{}", report.architecture)},
          {"seconds", report.seconds},
          {"programs", report.programs},
          {"kernels", kernels},
          {"failures", failures}};
}

int run(const Options& options) {
  const auto nvrtc = runtime::cuda::Nvrtc::open(runtime::cuda::SearchRoots::of_process(options.root), 14);
  const std::vector<int> archs = architectures(options.archs, nvrtc->architectures());
  const std::vector<Text> texts = part_of(read_folder(options.folder), options.part, options.parts);
  std::printf("%s\n", nvrtc->description().c_str());
  nlohmann::json all = {{"nvrtc", nvrtc->description()}, {"sweeps", nlohmann::json::array()}};
  bool is_good = true;
  for (const int arch : archs) {
    const Report report = sweep::sweep(*nvrtc, texts, arch, options.kernels_a_program, options.disassembler);
    print(report, options);
    all["sweeps"].push_back(json_of(report));
    is_good = is_good && report.failures.empty() && broken_limits(report, options).empty();
  }
  if (!options.json.empty()) std::ofstream(options.json) << all.dump(2) << "\n";
  return is_good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Compiles CUDA texts by NVRTC without a GPU and says what their kernels need.", "nvrtc_sweep");
  app.add_option("FOLDER", options.folder, "Holds NAME.cu, each beginning with '// kernels: NAME NAME; title'")
      ->required();
  app.add_option("--arch", options.archs, "sm_75,sm_90 (the default), or all that this NVRTC knows");
  app.add_option("--root", options.root, "Where NVRTC is, as the config key cuda.root says it");
  app.add_option("--kernels", options.kernels_a_program, "At most so many in one program")->check(CLI::Range(1, 1000));
  app.add_option("--parts", options.parts, "The files are shared between so many runs: every PARTS-th is compiled")
      ->check(CLI::Range(1, 1000));
  app.add_option("--part", options.part, "Which of the parts this run is: 1 (the default) to PARTS")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--no-stack", options.no_stack, "A kernel with a stack frame, and so also one that spills, is an error");
  app.add_option("--registers", options.most_registers, "A kernel with more registers a thread is an error");
  app.add_option("--disassembler", options.disassembler, "NVIDIA's nvdisasm, which the next three need");
  app.add_option("--count", options.counted, "TITLE:KERNEL whose instructions in its largest loop are counted");
  app.add_option("--points", options.points, "How many points a thread computes in one turn of that loop");
  app.add_option("--most-instructions", options.most_instructions, "More of them a point are an error");
  app.add_flag("--list", options.list, "Prints a line for each kernel");
  app.add_option("--json", options.json, "Writes all of it to this file");
  try {
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::ParseError& e) { return app.exit(e); } catch (const Error& e) {
    std::fprintf(stderr, "nvrtc_sweep: %s\n", e.what());
    return 2;
  }
}
