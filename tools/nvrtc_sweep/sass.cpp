#include "sass.h"

#include <cstdio>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "runtime/temporary.h"

namespace croton::sweep {
namespace {

struct Kind {
  std::string_view begins;
  std::size_t kind;
};
// By the first match; what is not here is "other": branches, moves, barriers.
constexpr Kind kinds[] = {{"FSEL", 2}, {"FSETP", 2}, {"FMNMX", 2}, {"SEL", 2},   {"MUFU", 1},  {"FFMA", 0},
                          {"FADD", 0}, {"FMUL", 0},  {"DFMA", 0},  {"DADD", 0},  {"DMUL", 0},  {"SHFL", 3},
                          {"LDS", 4},  {"STS", 4},   {"LDG", 5},   {"STG", 5},   {"LDL", 5},   {"STL", 5},
                          {"LDC", 6},  {"LD", 5},    {"ST", 5},    {"IADD", 6},  {"IMAD", 6},  {"LEA", 6},
                          {"LOP3", 6}, {"SHF", 6},   {"ISETP", 6}, {"VIADD", 6}, {"UIADD", 6}, {"UIMAD", 6},
                          {"ULEA", 6}, {"USHF", 6},  {"ULOP3", 6}, {"UISETP", 6}};

struct Code {
  std::string kernel;
  std::vector<std::string> instructions;
  std::map<std::string, std::size_t, std::less<>> labels;  // the instruction after each
};

// "/*0010*/  @P0 FADD R1, R2, R3 ;" is "@P0 FADD R1, R2, R3".
std::string_view instruction(std::string_view line) {
  const std::size_t open = line.find("/*"), close = line.find("*/"), end = line.find(';');
  if (open != line.find_first_not_of(" \t") || close == std::string_view::npos || end == std::string_view::npos)
    return {};
  return trim(line.substr(close + 2, end - close - 2));
}

std::vector<Code> codes(std::string_view sass) {
  std::vector<Code> all;
  for (const std::string_view line : split(sass, '\n')) {
    constexpr std::string_view section = ".text.";
    if (line.starts_with(section) && line.ends_with(':'))
      all.push_back({std::string(line.substr(section.size(), line.size() - section.size() - 1)), {}, {}});
    else if (!all.empty() && line.starts_with(".L_") && line.ends_with(':'))
      all.back().labels[std::string(line.substr(0, line.size() - 1))] = all.back().instructions.size();
    else if (const std::string_view text = instruction(line); !all.empty() && !text.empty())
      all.back().instructions.emplace_back(text);
  }
  return all;
}

std::string_view without_predicate(std::string_view text) {
  return text.starts_with('@') ? trim(text.substr(text.find(' '))) : text;
}

Loop largest_loop(const Code& code) {
  Loop loop{code.kernel, 0, {}};
  std::size_t from = 0;
  for (std::size_t k = 0; k < code.instructions.size(); ++k) {
    const std::string_view text = without_predicate(code.instructions[k]);
    const std::size_t open = text.find("`("), close = text.find(')');
    if (!text.starts_with("BRA") || open == std::string_view::npos || close == std::string_view::npos) continue;
    const auto label = code.labels.find(text.substr(open + 2, close - open - 2));
    // a branch to itself ends a kernel
    if (label == code.labels.end() || label->second >= k || k + 1 - label->second <= loop.instructions) continue;
    from = label->second;
    loop.instructions = k + 1 - from;
  }
  for (std::size_t k = from; k < from + loop.instructions; ++k) {
    std::size_t kind = instruction_kinds.size() - 1;
    for (const Kind& known : kinds)
      if (without_predicate(code.instructions[k]).starts_with(known.begins)) {
        kind = known.kind;
        break;
      }
    ++loop.of_kind[kind];
  }
  return loop;
}

}  // namespace

std::vector<Loop> largest_loops(std::string_view sass) {
  std::vector<Loop> loops;
  for (const Code& code : codes(sass)) loops.push_back(largest_loop(code));
  return loops;
}

std::string disassembled(const std::string& disassembler, std::span<const std::byte> cubin) {
  const runtime::TemporaryFolder folder;
  const std::string path = folder.path() + "/kernels.cubin";
  runtime::write_file(path, cubin);
  std::FILE* const out = popen(fmt::format("'{}' -c '{}' 2>/dev/null", disassembler, path).c_str(), "r");
  if (out == nullptr) fail<FileError>("{}: cannot be run", disassembler);
  std::string text;
  char part[4096];
  for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, out)) > 0;) text.append(part, n);
  if (const int status = pclose(out); status != 0) fail<FileError>("{}: exit status {}", disassembler, status);
  return text;
}

}  // namespace croton::sweep
