// Random graphs: rewritten ones against those as written, generated code against the reference evaluator.
// CROTON_GRAPHS says how many, CROTON_SEED where to begin, CROTON_TOGETHER how many are one program. A long run says on
// stderr how far it is, every thousand graphs, and goes three times as fast with
// CROTON_OPTIMIZE="-O0 -Dalways_inline=unused", which all its texts are compiled with then.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <optional>

#include "agreement.h"
#include "array/access.h"
#include "catch.h"
#include "croton/config.h"
#include "gpu.h"
#include "runtime/cpu/blas.h"
#include "runtime/cpu/cpu_device.h"
#include "runtime/cpu/cpu_target.h"
#include "runtime/cpu/parallel.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/gpu/gpu_device.h"
#include "runtime/queued.h"
#include "shrink.h"
#include "tile/chunks.h"

namespace croton::property {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

/// While it lives, small arrays go in several chunks, and small products in several panels.
struct SmallChunks {
  explicit SmallChunks(bool on = true) { set(on); }
  ~SmallChunks() { set(false); }
  static void set(bool on) {
    tile::set_work_of_a_chunk(on ? 2000 : 0);
    runtime::set_size_of_a_panel(on ? 2 : 0);
  }
};

std::uint64_t first_seed() { return from_environment("CROTON_SEED", 1); }

std::vector<Case> cases(std::uint64_t first, std::size_t many) {
  std::vector<Case> r;
  for (std::size_t k = 0; k < many; ++k) r.push_back(random_case(first + k));
  return r;
}

// The case alone if it fails alone, as small as it can be made; else those of its group that it needs.
std::string reproducer(const std::vector<Case>& group, bool optimized, runtime::Device& device,
                       const Disagreement& first) {
  const auto fails = [&](const Case& c) {
    Counts none;
    return disagreement({c}, optimized, device, none).has_value();
  };
  for (const Case& c : group)
    if (fails(c)) {
      std::fprintf(stderr, "seed %llu fails: %s\n", static_cast<unsigned long long>(c.seed), first.what.c_str());
      const Case small = shrink(c, fails, static_cast<int>(from_environment("CROTON_SHRINK", 300)));
      Counts none;
      const auto d = disagreement({small}, optimized, device, none);
      std::string r = fmt::format("{}\nseed {} ({}): {}\n{}", first.what, c.seed, optimized ? "optimized" : "as it is",
                                  d ? d->what : "", text(small));
      try {
        const Together alone({small}, optimized, device);
        r += alone.explain();
        if (std::getenv("CROTON_SOURCE")) std::fputs(alone.source().c_str(), stderr);
      } catch (const std::exception& e) { r += e.what(); }
      return r;
    }
  std::string r =
      fmt::format("{}\nonly the group from seed {} fails, none of its graphs alone", first.what, group.front().seed);
  if (first.at < group.size())
    r += fmt::format("; it is\n{}{}", text(group[first.at]), Together({group[first.at]}, optimized, device).explain());
  return r;
}

void report(const Counts& c) {
  fmt::print("{} graphs ({} programs with other extents too), {} elements, {} doubtful, {} with too wide a bound\n",
             c.graphs, c.replanned, c.elements, c.doubtful, c.wide);
}

// For who waits for a long run.
void report_progress(std::size_t done, std::size_t all, std::size_t failures,
                     std::chrono::steady_clock::time_point start) {
  if (all < 5000 || done % 1000 != 0) return;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print(stderr, "{} of {} graphs, {} groups failed, {:.0f} s\n", done, all, failures, seconds);
}

// Three failing groups are enough to read at once.
void check(std::uint64_t seed, std::size_t graphs, std::size_t together, runtime::Device& device) {
  Counts counts;
  std::size_t failures = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t k = 0; k < graphs; k += together) {
    report_progress(k, graphs, failures, start);
    const std::vector<Case> group = cases(seed + k, std::min(together, graphs - k));
    const bool optimized = k / together % 2 == 1;
    const SmallChunks chunks(k / together % 4 >= 2 || from_environment("CROTON_SMALL_CHUNKS", 0) > 0);
    // g++ takes most of the time. What is tested is the text that it gets: of four such fours one has what users get
    std::optional<ScopedConfig> quick;
    if (const char* all = std::getenv("CROTON_OPTIMIZE"))
      quick.emplace(fmt::format("gcc.cxxflags={}", all));
    else if (k / together / 4 % 4 != 0)
      quick.emplace("gcc.cxxflags=-O1");
    if (const auto d = disagreement(group, optimized, device, counts)) {
      UNSCOPED_INFO(reproducer(group, optimized, device, *d));
      CHECK(false);
      if (++failures >= from_environment("CROTON_FAILURES", 3)) break;
    }
  }
  report(counts);
}

}  // namespace

TEST_CASE("random graphs agree with the reference evaluator, each in a program of its own") {
  check(first_seed(), from_environment("CROTON_GRAPHS", 60), 1, runtime::device("cpu"));
}

// In parts, which run side by side.
TEMPLATE_TEST_CASE_SIG("random graphs agree with the reference evaluator, many in one program", "", ((int Part), Part),
                       1, 2, 3, 4) {
  const std::uint64_t graphs = from_environment("CROTON_GRAPHS", 1000) / 4;
  check(first_seed() + 1'000'000 + (Part - 1) * graphs, graphs, from_environment("CROTON_TOGETHER", 50),
        runtime::device("cpu"));
}

TEST_CASE("any number of threads and a device that works late give the same bits", "[threads]") {
  runtime::QueuedDevice queued(runtime::device("cpu"));
  const std::size_t graphs = from_environment("CROTON_GRAPHS", 50), together = 10;
  for (std::size_t k = 0; k < graphs; k += together) {
    const std::vector<Case> group = cases(first_seed() + 2'000'000 + k, together);
    const SmallChunks chunks;
    Together program(group, true, runtime::device("cpu"));
    runtime::set_threads(1);
    const Results want = program.run();
    const auto same = [&](const Results& got, const std::string& how) {
      for (std::size_t c = 0; c < group.size(); ++c)
        for (std::size_t r = 0; r < want[c].size(); ++r)
          if (!bits_equal(got[c][r], want[c][r])) {
            UNSCOPED_INFO(how << ": seed " << group[c].seed << ", result " << r << "\n" << text(group[c]));
            CHECK(false);
          }
    };
    for (const int n : {2, 3, 4, 7}) {
      runtime::set_threads(n);
      same(program.run(), fmt::format("{} threads", n));
    }
    Together late(group, true, queued);
    same(late.run(), "queued");
  }
  runtime::set_threads(0);
}

TEST_CASE("random graphs agree with the reference evaluator on the emulated GPU", "[emulator][gpu]") {
  check(first_seed() + 4'000'000, from_environment("CROTON_GRAPHS", 120), from_environment("CROTON_TOGETHER", 20),
        runtime::device(gpu_name()));
}

TEST_CASE("the order of blocks and threads on the emulated GPU changes no bits, and its checks find nothing",
          "[emulator]") {
  const std::size_t graphs = from_environment("CROTON_GRAPHS", 20), together = 10;
  std::vector<std::unique_ptr<runtime::GpuDevice>> devices;  // they outlive the results, which are theirs
  for (const runtime::emulator::Options& options :
       {runtime::emulator::Options{}, {.seed = 1}, {.seed = 5}, {.check = true, .seed = 6}})
    devices.push_back(
        std::make_unique<runtime::GpuDevice>("emulator", std::make_unique<runtime::emulator::EmulatorDriver>(options)));
  for (std::size_t k = 0; k < graphs; k += together) {
    const std::vector<Case> group = cases(first_seed() + 5'000'000 + k, together);
    const SmallChunks chunks;
    Results want;
    for (std::size_t d = 0; d < devices.size(); ++d) {
      Together program(group, true, *devices[d]);
      const Results got = program.run();
      if (want.empty()) want = got;
      for (std::size_t c = 0; c < group.size(); ++c)
        for (std::size_t r = 0; r < want[c].size(); ++r)
          if (!bits_equal(got[c][r], want[c][r])) {
            UNSCOPED_INFO("device " << d << ": graph " << group[c].seed << ", result " << r << "\n" << text(group[c]));
            CHECK(false);
          }
    }
  }
}

TEST_CASE("random graphs agree with the reference evaluator on narrower vectors and past the caches") {
  const std::string widest = runtime::cpu_target().isa;
  for (const std::string isa : {"avx2", "sse2", "generic"}) {
    if (isa == widest || (isa == "avx2" && widest != "avx512")) continue;
    Target target = runtime::cpu_target(isa);
    target.l3_bytes = 0;  // results go past the caches
    runtime::CpuDevice device(target);
    INFO(isa);
    check(first_seed() + 3'000'000, from_environment("CROTON_GRAPHS", 120), 20, device);
  }
}

// Their results are checked where such a machine runs the tests.
TEST_CASE("random graphs compile for a machine with wider vectors") {
  if (runtime::cpu_target().isa != "avx2") return;
  runtime::CpuDevice device(runtime::cpu_target("avx512"));
  const std::size_t graphs = from_environment("CROTON_GRAPHS", 40), together = 20;
  for (std::size_t k = 0; k < graphs; k += together)
    CHECK_NOTHROW(Together(cases(first_seed() + 6'000'000 + k, together), true, device));
}

}  // namespace croton::property
