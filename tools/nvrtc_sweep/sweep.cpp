#include "sweep.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/text.h"

namespace croton::sweep {
namespace {

using runtime::Source;
using runtime::cuda::Architecture;
using runtime::cuda::KernelNeeds;
using runtime::cuda::Nvrtc;

// For one program: far more than any takes, also where other work leaves it a tenth of a core.
constexpr Index most_seconds = 1500;

Text read_text(const std::filesystem::path& path) {
  std::ostringstream whole;
  whole << std::ifstream(path).rdbuf();
  Text text{path.stem(), {}, {}, whole.str()};
  constexpr std::string_view opening = "// kernels: ";
  const std::string_view line = std::string_view(text.text).substr(0, text.text.find('\n'));
  if (!line.starts_with(opening)) {
    fail<FileError>("{}: its first line must be '{}NAME NAME; title'", path.string(), opening);
  }
  const std::string_view list = line.substr(opening.size());
  const std::size_t end = list.find(';');
  for (const std::string_view name : split(list.substr(0, end), ' ')) {
    if (!name.empty()) text.kernels.emplace_back(name);
  }
  if (end != std::string_view::npos) text.title = trim(list.substr(end + 1));
  return text;
}

std::string renamed(const std::string& kernel, const Text& text) { return kernel + "_" + text.name; }

// The kernels of an image, as results of their texts.
void add_results(std::vector<Result>& results, const std::vector<std::byte>& image,
                 const std::vector<const Text*>& texts, const std::string& disassembler) {
  std::vector<Loop> loops;
  if (!disassembler.empty()) loops = largest_loops(disassembled(disassembler, image));
  const std::vector<KernelNeeds> needs = runtime::cuda::kernel_needs(image);
  for (const Text* text : texts) {
    for (const std::string& kernel : text->kernels) {
      const std::string name = renamed(kernel, *text);
      const auto found = std::find_if(needs.begin(), needs.end(), [&](const KernelNeeds& k) { return k.name == name; });
      if (found == needs.end()) fail<CompileError>("{}.cu: NVRTC made no kernel {}", text->name, kernel);
      results.push_back({text->name, kernel, text->title, *found, {}});
      for (const Loop& loop : loops)
        if (loop.kernel == name) results.back().loop = loop;
    }
  }
}

}  // namespace

std::vector<Text> read_folder(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code none;
  for (std::filesystem::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
    if (entry->path().extension() == ".cu") paths.push_back(entry->path());
  }
  if (paths.empty()) fail<FileError>("{}: there is no *.cu in this folder", folder);
  std::sort(paths.begin(), paths.end());
  std::vector<Text> texts;
  for (const auto& path : paths) texts.push_back(read_text(path));
  return texts;
}

std::string program_of(const std::vector<const Text*>& texts) {
  std::string program;
  for (const Text* text : texts) {
    std::string undo;
    for (const std::string& kernel : text->kernels) {
      program += fmt::format("#define {} {}\n", kernel, renamed(kernel, *text));
      undo += fmt::format("#undef {}\n", kernel);
    }
    program += fmt::format("namespace text_{} {{\n{}\n}}\n{}", text->name, text->text, undo);
  }
  return program;
}

Report sweep(const Nvrtc& nvrtc, const std::vector<Text>& texts, int architecture, std::size_t kernels_a_program,
             const std::string& disassembler) {
  std::vector<std::vector<const Text*>> programs;
  std::size_t room = 0;
  for (const Text& text : texts) {
    if (programs.empty() || room < text.kernels.size()) {
      programs.emplace_back();
      room = std::max(kernels_a_program, text.kernels.size());
    }
    programs.back().push_back(&text);
    room -= text.kernels.size();
  }
  Report report{architecture, programs.size(), 0, {}, {}};
  const auto start = std::chrono::steady_clock::now();
  const auto compile = [&](const std::vector<const Text*>& part) {
    const Source source{.text = program_of(part), .entries = {}, .name = part.front()->name};
    return nvrtc.attempt(source, Architecture{architecture, false}, most_seconds);
  };
  const auto take = [&](const std::vector<const Text*>& part, const Nvrtc::Attempt& made) {
    try {
      if (made.failure.empty()) return add_results(report.results, made.image, part, disassembler);
      for (const Text* text : part)
        report.failures.push_back({text->name, text->title, made.failure + "\n" + made.log});
    } catch (const CompileError& e) { report.failures.push_back({part.front()->name, part.front()->title, e.what()}); }
  };
  for (const std::vector<const Text*>& program : programs) {
    const Nvrtc::Attempt together = compile(program);
    if (together.failure.empty() || program.size() == 1)
      take(program, together);
    else
      for (const Text* text : program) take({text}, compile({text}));
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace croton::sweep
