#include "limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <map>

#include "croton/config.h"
#include "expr/functions.h"

namespace bench {

using namespace croton;
using namespace croton::runtime;

namespace {

constexpr std::string_view streams = R"(
typedef V<f32, CROTON_VECTOR_BYTES / 4> X;
constexpr i64 L = lanes<X>;
struct Args { f32 *a, *b, *c, *sums; i64 n, chunk; };
#define CHUNK const Args& s = *(const Args*)words; const i64 from = k * s.chunk, to = from + s.chunk < s.n ? from + s.chunk : s.n;
extern "C" void read_all(const void* words, i64 k, void*) {
  CHUNK
  X t[8] = {};
  for (i64 i = from; i + 8 * L <= to; i += 8 * L)
    _Pragma("GCC unroll 8") for (i64 j = 0; j < 8; ++j) t[j] += load<L>(s.a + i + j * L);
  store(s.sums + k * L, ((t[0] + t[1]) + (t[2] + t[3])) + ((t[4] + t[5]) + (t[6] + t[7])));
}
extern "C" void copy_usual(const void* words, i64 k, void*) {
  CHUNK
  for (i64 i = from; i < to; i += L) store(s.b + i, load<L>(s.a + i));
}
extern "C" void copy_streamed(const void* words, i64 k, void*) {
  CHUNK
  for (i64 i = from; i < to; i += L) stream<32>(s.b + i, load<L>(s.a + i));
  stream_end();
}
extern "C" void triad_usual(const void* words, i64 k, void*) {
  CHUNK
  const X three = splat<L>((f32)3);
  for (i64 i = from; i < to; i += L) store(s.c + i, fma(load<L>(s.b + i), three, load<L>(s.a + i)));
}
extern "C" void triad_streamed(const void* words, i64 k, void*) {
  CHUNK
  const X three = splat<L>((f32)3);
  for (i64 i = from; i < to; i += L) stream<32>(s.c + i, fma(load<L>(s.b + i), three, load<L>(s.a + i)));
  stream_end();
}
extern "C" void multiply_add(const void* words, i64 k, void*) {
  const Args& s = *(const Args*)words;
  X x = load<L>(s.a), t[12];
  _Pragma("GCC unroll 12") for (int j = 0; j < 12; ++j) t[j] = x + (f32)j;
  for (i64 i = 0; i < s.n; ++i)
    _Pragma("GCC unroll 12") for (int j = 0; j < 12; ++j) t[j] = fma(t[j], x, x);
  X sum = t[0];
  _Pragma("GCC unroll 12") for (int j = 1; j < 12; ++j) sum += t[j];
  store(s.sums + k * L, sum);
}
)";

struct Args {
  float *a = nullptr, *b = nullptr, *c = nullptr, *sums = nullptr;
  Index n = 0, chunk = 0;
};

constexpr Index long_array = Index{1} << 25;  // 128 MiB: beyond every cache
constexpr Index chunks = 64;

void launch(const Kernel& kernel, const Args& args, long count = chunks) {
  Launch l;
  l.kernel = kernel;
  l.chunks = count;
  l.args = &args;
  l.args_bytes = sizeof args;
  cpu().launch({&l, 1});
}

// What moves, and the least seconds of a pass of each since they were forgotten.
struct Streams {
  static constexpr std::size_t bytes = static_cast<std::size_t>(long_array) * sizeof(float);
  Buffer a{cpu(), bytes}, b{cpu(), bytes}, c{cpu(), bytes}, sums{cpu(), 1 << 16};
  std::shared_ptr<Module> module = compile(
      streams, {}, {"read_all", "copy_usual", "copy_streamed", "triad_usual", "triad_streamed", "multiply_add"});
  Args args{static_cast<float*>(a.data()),
            static_cast<float*>(b.data()),
            static_cast<float*>(c.data()),
            static_cast<float*>(sums.data()),
            long_array,
            long_array / chunks};
  std::array<double, 5> seconds{};
  int passes = 0;

  Streams() {
    for (const Buffer* x : {&a, &b, &c}) cpu().zero(x->data(), bytes);
  }
  void forget() {
    seconds.fill(1e300);
    passes = 0;
  }
  void pass() {
    for (std::size_t i = 0; i < seconds.size(); ++i)
      seconds[i] = std::min(seconds[i], least_seconds(1, [&] { launch(module->kernels()[i], args); }));
    ++passes;
  }
  // Of the kernel of that number, which reads and writes so many arrays.
  double rate(std::size_t kernel, double arrays) {
    if (passes == 0) forget();
    while (passes < 7) pass();
    return arrays * static_cast<double>(bytes) / seconds[kernel];
  }
  double peak() const {
    Args few = args;
    few.n = 20000;
    const double lanes = cpu().target().vector_bytes / 4.0;
    return 2.0 * 12 * lanes * 20000 * chunks / least_seconds(5, [&] { launch(module->kernels()[5], few); });
  }
};

Streams& moving() {
  static Streams s;
  return s;
}

double measure_function(std::string_view name) {
  const std::string body =
      fmt::format(R"(
typedef V<f32, CROTON_VECTOR_BYTES / 4> X;
constexpr i64 L = lanes<X>;
struct Args {{ f32 *a, *b, *c, *sums; i64 n, chunk; }};
extern "C" void apply(const void* words, i64 k, void* scratch) {{
  const Args& s = *(const Args*)words;
  f32* const out = (f32*)scratch;
  for (i64 j = 0; j < s.n; ++j)
    for (i64 i = 0; i < 1024; i += L) store(out + i, {}(load<L>(s.a + i)));
  s.sums[k * L] = out[k];
}}
)",
                  expr::function(name).has_body() ? fmt::format("{}_here", name) : std::string(name));
  const auto module = compile(body, {name}, {"apply"});
  std::vector<float> values(1024), sums(4096);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.003F * static_cast<float>(i) + 0.01F;
  Args args;
  args.a = values.data();
  args.sums = sums.data();
  args.n = 200;
  Launch l;
  l.kernel = module->kernels()[0];
  l.chunks = chunks;
  l.args = &args;
  l.args_bytes = sizeof args;
  l.scratch_bytes = 4096;
  return 1024.0 * 200 * chunks / least_seconds(5, [&] { cpu().launch({&l, 1}); });
}

}  // namespace

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double processor_now() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

Device& cpu() { return device("cpu"); }
Device& here() { return device(config_value("device")); }

std::shared_ptr<Module> compile(std::string_view body, std::vector<std::string_view> functions,
                                std::vector<std::string> entries) {
  std::string text = fmt::format("#define CROTON_VECTOR_BYTES {}\n", cpu().target().vector_bytes);
  text += expr::kernel_source(functions);
  text += body;
  return cpu().compile({.text = text, .entries = std::move(entries), .name = "croton_bench"});
}

void forget_bandwidth() { moving().forget(); }
void measure_bandwidth() { moving().pass(); }
double read_bandwidth() { return moving().rate(0, 1); }
double copy_bandwidth(bool streamed) { return moving().rate(streamed ? 2 : 1, 2); }
double triad_bandwidth(bool streamed) { return moving().rate(streamed ? 4 : 3, 3); }
double pass_bandwidth() {
  return std::max({copy_bandwidth(false), copy_bandwidth(true), triad_bandwidth(false), triad_bandwidth(true)});
}
double fma_peak() {
  static const double rate = moving().peak();
  return rate;
}

double throughput(std::string_view function) {
  static std::map<std::string, double> known;
  const auto [it, fresh] = known.try_emplace(std::string(function), 0.0);
  if (fresh) it->second = measure_function(function);
  return it->second;
}

std::function<void()> bare_product(Index m, Index n, Index k) {
  const auto floats = [](Index count) {
    // not zeros: the workloads multiply numbers, and the time of a product may depend on them
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.37F + 0.011F * static_cast<float>(i % 97);
    auto x = std::make_shared<Buffer>(here(), values.size() * sizeof(float));
    here().to_device(x->data(), values.data(), x->bytes());
    return x;
  };
  const auto a = floats(m * k), b = floats(k * n), c = floats(m * n);
  Gemm g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.a = a->data();
  g.lda = k;
  g.b = b->data();
  g.ldb = n;
  g.c = c->data();
  g.ldc = n;
  return [a, b, c, g] { here().gemm(g); };
}

double gemm_rate(Index m, Index n, Index k) {
  return 2.0 * static_cast<double>(m * n * k) / least_seconds(7, bare_product(m, n, k));
}

double device_bandwidth() {
  static const double rate = [] {
    constexpr std::size_t bytes = std::size_t{512} << 20;
    constexpr int copies = 10;
    const Buffer from(here(), bytes), to(here(), bytes);
    here().zero(from.data(), bytes);
    here().synchronize();
    return 2.0 * bytes * copies / least_seconds(7, [&] {
             for (int i = 0; i < copies; ++i) here().copy(to.data(), from.data(), bytes);
             here().synchronize();
           });
  }();
  return rate;
}

std::string table() {
  std::string t = fmt::format("{}\n", here().description());
  const auto line = [&](std::string_view what, double value, std::string_view unit) {
    t += fmt::format("limit {:<22} {:8.2f} {}\n", what, value * 1e-9, unit);
  };
  if (here().device_class() == DeviceClass::gpu) {
    line("copy", device_bandwidth(), "GB/s");
    return t;
  }
  line("read", read_bandwidth(), "GB/s");
  line("copy", copy_bandwidth(false), "GB/s");
  line("copy, streamed", copy_bandwidth(true), "GB/s");
  line("triad", triad_bandwidth(false), "GB/s");
  line("triad, streamed", triad_bandwidth(true), "GB/s");
  line("multiply and add", fma_peak(), "GFLOP/s");
  line("sgemm 1024", gemm_rate(1024, 1024, 1024), "GFLOP/s");
  for (const std::string_view f : {"tanh", "exp", "log", "sqrt"}) line(f, throughput(f), "G/s");
  return t;
}

}  // namespace bench
