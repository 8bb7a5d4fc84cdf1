#include "runtime/cpu/host_compiler.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/environment.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/process.h"
#include "runtime/temporary.h"

namespace croton::runtime {
namespace {

constexpr std::string_view way_out =
    "mode=FAST_COMPILE needs no compiler: it evaluates by the slow reference evaluator";

bool is_program(const std::string& path) {
  struct stat s {};
  return stat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::string why_not(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return strerror(errno);
  if (S_ISDIR(s.st_mode)) return "it is a folder";
  if (!S_ISREG(s.st_mode)) return "it is no regular file";
  return "it is not executable";
}

std::string search_path() { return environment_value("PATH").value_or("/usr/local/bin:/usr/bin:/bin"); }

// A name without '/' is looked for along PATH. "" where there is no such program.
std::string locate(const std::string& name) {
  if (name.find('/') != std::string::npos) return is_program(name) ? std::filesystem::absolute(name).string() : "";
  const std::string path = search_path();
  for (const std::string_view folder : split(path, ':')) {
    const std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    if (is_program(candidate)) return std::filesystem::absolute(candidate);
  }
  return "";
}

std::string resolve(const std::string& name, const std::string& chosen) {
  if (std::string found = locate(name); !found.empty()) return found;
  if (name.find('/') != std::string::npos)
    fail<CompileError>("no host compiler: {} names {}, but {}\n  {}", chosen, name, why_not(name), way_out);
  fail<CompileError>(
      "no host compiler: {} ({}) is in no folder of PATH={}\n  install one (apt install g++), or name one by "
      "gcc.cxx\n  {}",
      name, chosen, search_path(), way_out);
}

std::string stamp_of(const std::string& path) {
  struct stat s {};
  if (stat(path.c_str(), &s) != 0) return {};
  return fmt::format("{} {}.{:09} {}", s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec, s.st_ino);
}

std::string last_lines(std::string_view text, int lines) {
  text = trim(text);
  std::size_t at = text.size();
  while (lines-- > 0 && at != 0) {
    at = text.rfind('\n', at - 1);
    if (at == std::string_view::npos) return std::string(text);
  }
  return at == 0 ? std::string(text) : "...\n" + std::string(text.substr(at + 1));
}

[[noreturn]] void refuse(const std::vector<std::string>& command, const ProcessEnd& end, const std::string& name,
                         const std::string& source) {
  std::string text = fmt::format("{}: the host compiler failed: {}\n  command: {}", name.empty() ? "kernel" : name,
                                 end.how(), join_arguments(command));
  if (!source.empty()) text += fmt::format("\n  source (kept): {}", source);
  if (const std::string said = last_lines(end.complaint, 40); !said.empty()) {
    text += fmt::format("\n  it said:\n{}", said);
  }
  throw CompileError(fmt::format("{}\n  {}", text, way_out));
}

// The path of a program, or a command such as "ccache g++": a path with blanks need not be quoted.
void read_command(const std::string& text, HostCompiler& compiler) {
  std::optional<std::vector<std::string>> words = split_arguments(text);
  if (!words || words->empty() || is_program(text) || locate(words->front()).empty()) words = {{text}};
  compiler.path = resolve(words->front(), compiler.chosen);
  compiler.words.assign(words->begin() + 1, words->end());
  compiler.stamp = stamp_of(compiler.path);
  for (const std::string& word : compiler.words)
    if (const std::string also = word.starts_with('-') ? "" : locate(word); !also.empty())
      compiler.stamp += fmt::format(", {} {}", also, stamp_of(also));
}

// Whether parts that an object's own header speaks of lie beyond its end. The loader would map them, and the program
// die where it touches them.
bool is_cut_short(std::span<const std::byte> object) {
  Elf64_Ehdr header;
  if (object.size() < SELFMAG || std::memcmp(object.data(), ELFMAG, SELFMAG) != 0) return false;  // the loader says it
  if (object.size() < sizeof header) return true;
  std::memcpy(&header, object.data(), sizeof header);
  const auto table_fits = [&](std::uint64_t first, std::uint64_t count, std::uint64_t each) {
    return first <= object.size() && count * each <= object.size() - first;
  };
  return header.e_ident[EI_CLASS] == ELFCLASS64 && !(table_fits(header.e_phoff, header.e_phnum, header.e_phentsize) &&
                                                     table_fits(header.e_shoff, header.e_shnum, header.e_shentsize));
}

std::vector<std::string> command_of(const HostCompiler& compiler) {
  std::vector<std::string> command = {compiler.path};
  command.insert(command.end(), compiler.words.begin(), compiler.words.end());
  return command;
}

}  // namespace

HostCompiler find_host_compiler(const Config& config) {
  HostCompiler compiler;
  std::string name = config.text("gcc.cxx");
  compiler.chosen = "gcc.cxx";
  if (name.empty()) {
    name = trim(environment_value("CXX").value_or(""));
    compiler.chosen = "CXX";
  }
  if (name.empty()) name = compiler.chosen = "g++";
  read_command(name, compiler);
  compiler.flags = config.arguments("gcc.cxxflags");
  compiler.timeout = config.number("compile.timeout");
  return compiler;
}

std::string ask_version(const HostCompiler& compiler) {
  std::vector<std::string> command = command_of(compiler);
  command.emplace_back("--version");
  const ProcessEnd end = run_process(command, std::chrono::seconds(compiler.timeout));
  if (!end.good()) refuse(command, end, "--version", "");
  return std::string(split(end.output, '\n').front());
}

std::string CompilerVersions::of(const HostCompiler& compiler, CompileCache& cache) {
  const std::string which = fmt::format("{}\n{}\n{}", compiler.path, join_arguments(compiler.words), compiler.stamp);
  {
    const std::lock_guard guard(door_);
    if (const auto known = known_.find(which); known != known_.end()) return known->second;
  }
  const std::string_view parts[] = {"version of", which};
  const CacheKey key = cache_key(parts);
  std::string version;
  if (const auto kept = cache.find(key)) {
    version.assign(reinterpret_cast<const char*>(kept->data()), kept->size());
  } else {
    version = ask_version(compiler);
    cache.store(key, "version of " + compiler.path, std::as_bytes(std::span(version)));
  }
  const std::lock_guard guard(door_);
  return known_[which] = version;
}

std::vector<std::string> compile_flags(const HostCompiler& compiler, const Target& target, Optimize optimize) {
  std::vector<std::string> flags = {"-std=gnu++20", optimize == Optimize::none ? "-O0" : "-O2"};
  flags.insert(flags.end(), compiler.flags.begin(), compiler.flags.end());
  // last, so that they win over the user's: results depend on them
  for (const char* ours :
       {"-fno-tree-slp-vectorize", "-fno-tree-loop-distribute-patterns", "-fno-math-errno", "-fno-trapping-math",
        "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv", "-fno-exceptions", "-fno-rtti",
        "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-nostdlib", "-shared", "-fPIC", "-w", "-pipe",
        "-fno-use-linker-plugin", "-Wl,--build-id=none,--hash-style=gnu,--no-undefined",
        // a fifth of the compiler's time; pairwise and the tutorial's step run as fast without (without gcse or the
        // second scheduling they do not)
        "-fno-tree-vrp", "-fno-thread-jumps", "-fno-crossjumping", "-fno-tree-tail-merge", "-fno-tree-pta",
        "-fno-tree-pre", "-fno-code-hoisting"}) {
    flags.emplace_back(ours);
  }
  for (std::string& flag : isa_flags(target)) flags.push_back(std::move(flag));
  return flags;
}

std::vector<std::byte> compile_object(const HostCompiler& compiler, const std::vector<std::string>& flags,
                                      const std::string& text, const std::string& name) {
  TemporaryFolder folder;
  const std::string source = folder.path() + "/kernel.cpp", object = folder.path() + "/kernel.so";
  write_file(source, std::as_bytes(std::span(text)));
  std::vector<std::string> command = command_of(compiler);
  command.insert(command.end(), flags.begin(), flags.end());
  command.insert(command.end(), {source, "-o", object});
  const ProcessEnd end = run_process(command, std::chrono::seconds(compiler.timeout));
  if (!end.good()) {
    folder.keep();
    refuse(command, end, name, source);
  }
  std::vector<std::byte> bytes = read_file(object);
  if (bytes.empty() || is_cut_short(bytes)) {
    folder.keep();
    ProcessEnd nothing = end;
    nothing.complaint += bytes.empty() ? "\n(it ended well, but made no object)"
                                       : "\n(it ended well, but the object is cut short: is the disk full?)";
    refuse(command, nothing, name, source);
  }
  return bytes;
}

}  // namespace croton::runtime
