// Every float32 input of every one-argument function: computed by a kernel that compares what generated code computes
// with float64, and keeps the worst. On a real GPU all 2^32 inputs, a function in a fraction of a second; on the
// emulated one the same kernels over some of them, so that what the GPU is asked is known to be the right question.
#include <bit>
#include <chrono>
#include <cstdio>

#include "expr/functions.h"
#include "expr/measured.h"
#include "real_gpu.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/gpu/collect.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

constexpr int block_threads = 256;

/// What stands before the kernels, behind the prelude. It counts as measured::ulps does on the host.
constexpr std::string_view measuring = R"(namespace croton {
namespace {

/// At most `ulp` + `per_unit` |x| units in the last place, or `absolute`. |x| counts to 128: beyond, e^x is 0 or infinite.
struct Allowed { f64 ulp, per_unit, absolute; };
/// An error as a part of what is allowed, and in units in the last place (0 where it is below `absolute`). Infinite: NaN where
/// a number is due or the reverse, a number where infinity is due to float64 too, or a zero of the wrong sign.
struct Miss { f32 of_allowed, ulps; };

CROTON_FN Miss miss(f32 x, f32 got, f64 exact, Allowed allowed) {
  const Miss none = {0, 0}, hopeless = {(f32)infinite, (f32)infinite};
  if (isnan(got) || isnan(exact)) return isnan(got) && isnan(exact) ? none : hopeless;
  if (isinf(exact) && got != (f32)exact) return hopeless;
  if (got == 0 && (sign_bit(got) != 0) != (sign_bit(exact) != 0)) return hopeless;
  const f64 beyond = 0x1p128;  // what infinity counts as
  const f64 e = greater(-beyond, lesser(beyond, exact)), g = greater(-beyond, lesser(beyond, (f64)got));
  const f64 error = abs(g - e);
  if (error == 0) return none;
  const i64 exponent = (int_bits(abs(e)) >> 52) - 1023, inside = exponent < 127 ? exponent : 127;
  const i64 last = inside - 23 > -149 ? inside - 23 : -149;
  const f64 ulps = error * bits_as<f64>((1023 - last) << 52);
  const f64 by_ulps = ulps / fma(allowed.per_unit, isinf(x) ? 0 : lesser(128.0, (f64)abs(x)), allowed.ulp);
  if (allowed.absolute == 0) return {(f32)by_ulps, (f32)ulps};
  return {(f32)lesser(by_ulps, error / allowed.absolute), error <= allowed.absolute ? 0 : (f32)ulps};
}

/// Words: where the worst is kept, two complements of (miss, input), of of_allowed and of ulps; the inputs' bits, or 0 for bits
/// that count up; from where; how many inputs; where got and exact of each go, or 0; threads of the launch.
template <class Got, class Exact> CROTON_FN void measure(const Words<6>& words, Got got_of, Exact exact_of, Allowed allowed) {
  const u32* const inputs = (const u32*)words.w[1];
  f64* const values = (f64*)words.w[4];
  u64 of_allowed = 0, ulps = 0;
  for (i64 k = (i64)block() * THREADS + thread(); k < words.w[3]; k += words.w[5]) {
    const u32 bits = inputs ? load(inputs + k) : (u32)(words.w[2] + k);
    const f32 x = bits_as<f32>(bits), got = got_of(x);
    const f64 exact = exact_of((f64)x);
    const Miss m = miss(x, got, exact, allowed);
    of_allowed = max(of_allowed, (u64)bits_as<u32>(m.of_allowed) << 32 | bits);
    ulps = max(ulps, (u64)bits_as<u32>(m.ulps) << 32 | bits);
    if (values) {
      store(values + 2 * k, (f64)got);
      store(values + 2 * k + 1, exact);
    }
  }
  lower((u64*)words.w[0], ~of_allowed);
  lower((u64*)words.w[0] + 1, ~ulps);
}

)";

/// lgamma and digamma compute float32 by their float64 forms: these go another way, within the bounds of those.
constexpr std::string_view other_gamma = R"(constexpr f64 pi = 3.14159265358979323846;
/// x raised to y >= 10, and the product and the reciprocals' sum of what lies between.
struct Climb { f64 y, product, reciprocals; };
CROTON_SLOW Climb climb(f64 x) {
  Climb c = {x, 1, 0};
  for (; c.y < 10; c.y += 1) c.product *= c.y, c.reciprocals += 1 / c.y;
  return c;
}
CROTON_SLOW f64 other_lgamma(f64 x) {
  if (isnan(x) || isinf(x)) return abs(x);
  const f64 part = x - rint(x);
  if (x <= 0 && part == 0) return infinite;
  const Climb c = climb(x < 0.5 ? 1 - x : x);
  const f64 v = 1 / c.y, series = polynomial(v * v, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156);
  const f64 g = fma(c.y - 0.5, log(c.y), -c.y) + (fma(v, series, 0.91893853320467274178) - log(c.product));
  return x < 0.5 ? log(pi / abs(sin(pi * part))) - g : g;
}
CROTON_SLOW f64 other_digamma(f64 x) {
  if (isnan(x) || isinf(x)) return x > 0 ? x : not_a_number;
  const f64 part = x - rint(x);
  if (x <= 0 && part == 0) return x == 0 ? -1 / x : not_a_number;
  const Climb c = climb(x < 0.5 ? 1 - x : x);
  const f64 v = 1 / c.y, z = v * v;
  const f64 series = polynomial(z, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12);
  const f64 g = (log(c.y) - fma(z, series, 0.5 * v)) - c.reciprocals;
  return x < 0.5 ? g - pi / tan(pi * part) : g;
}

)";

/// One kernel: what generated code calls under a setting, and what it is held to.
struct Case {
  const expr::ScalarFunction* function = nullptr;
  std::string variant;  // "default", "math=exact", "fastmath"
  std::string entry, got, exact;
  double ulp = 0, per_unit = 0, absolute = 0;
};
/// Cases of one translation unit, for each file of kernels/ one: so one that does not compile spoils no other.
struct Program {
  std::string name;
  bool is_exact = false;
  std::vector<Case> cases;
};

std::vector<const expr::ScalarFunction*> one_argument_functions() {
  std::vector<const expr::ScalarFunction*> list;
  for (const expr::ScalarFunction& f : expr::all_functions())
    if (f.arity == 1 && f.reference != nullptr) list.push_back(&f);
  return list;
}

bool is_of_gamma(const expr::ScalarFunction& f) { return f.file == "math_gamma.h"; }

Case default_case(const expr::ScalarFunction& f) {
  return {.function = &f,
          .variant = "default",
          .entry = fmt::format("every_{}", f.spelling),
          .got = fmt::format("(f32){}(x)", f.spelling),
          .exact = fmt::format("(f64){}{}(x)", is_of_gamma(f) ? "other_" : "", f.spelling),
          .ulp = f.cpu.ulp32,
          .absolute = f.cpu.absolute32};
}
Case exact_case(const expr::ScalarFunction& f) {
  Case c = default_case(f);
  c.variant = "math=exact";
  return c;
}
Case fast_case(const expr::ScalarFunction& f) {
  Case c = default_case(f);
  c.variant = "fastmath";
  c.entry = fmt::format("every_fast_{}", f.spelling);
  c.got = fmt::format("fast_{}(x)", f.spelling);
  c.ulp = f.fast.ulp, c.per_unit = f.fast.per_unit, c.absolute = f.fast.absolute;
  return c;
}

/// Whether math=exact changes the text of f on a GPU.
bool has_exact_form(const expr::ScalarFunction& f) {
  const std::string_view names[] = {f.name};
  return has(expr::gpu_kernel_source(names), "CROTON_EXACT");
}

std::vector<Program> programs() {
  std::vector<Program> all;
  const auto add = [&](const std::string& name, bool is_exact, Case c) {
    auto at = std::find_if(all.begin(), all.end(), [&](const Program& p) { return p.name == name; });
    if (at == all.end()) at = all.insert(at, {name, is_exact, {}});
    at->cases.push_back(std::move(c));
  };
  for (const expr::ScalarFunction* f : one_argument_functions()) {
    const std::string name = f->file.empty() ? "prelude" : std::string(f->file.substr(0, f->file.find('.')));
    add(name, false, default_case(*f));
    if (f->has_fast()) add(name, false, fast_case(*f));
    if (has_exact_form(*f)) add(name + ", math=exact", true, exact_case(*f));
  }
  return all;
}

/// What must be found: each is wrong, most of them at one input.
struct Planted {
  const char *function, *got;
  float at;
};
constexpr Planted planted[] = {
    {"tanh", "x == 0.3125f ? bits_as<f32>(bits_as<u32>(tanh(x)) + 2) : tanh(x)", 0.3125f},
    {"relu", "relu(x) + 0.0f", -0.0f},
    {"log", "x == -2 ? 0.0f : log(x)", -2.0f},
    {"sin", "x == 0x1p100f ? (f32)not_a_number : sin(x)", 0x1p100f},
    {"exp", "isinf(x) && x > 0 ? 0x1.fffffep127f : exp(x)", HUGE_VALF},
    {"exp2", "abs(exp2(x)) < 0x1p-126f ? 0.0f : exp2(x)", -0x1.f80002p6f},
    {"digamma", "digamma(x) + (x == 1.5f ? 1e-7f : 0.0f)", 1.5f},
};
Program planted_program() {
  Program p{.name = "planted errors", .is_exact = false, .cases = {}};
  for (const Planted& wrong : planted) {
    p.cases.push_back(default_case(expr::function(wrong.function)));
    p.cases.back().entry = fmt::format("planted_{}", wrong.function);
    p.cases.back().got = wrong.got;
  }
  return p;
}

Source source_of(const Program& p) {
  Source s{.text = p.is_exact ? "#define CROTON_EXACT\n" : "", .entries = {}, .threads = {}, .name = "every " + p.name};
  std::vector<std::string_view> names;
  for (const Case& c : p.cases) names.push_back(c.function->name);
  const bool gamma =
      std::any_of(p.cases.begin(), p.cases.end(), [](const Case& c) { return is_of_gamma(*c.function); });
  s.text += expr::gpu_kernel_source(names, true) + fmt::format("#define THREADS {}\n", block_threads);
  s.text += measuring;
  if (gamma) s.text += other_gamma;
  s.text += "}\n";
  for (const Case& c : p.cases) {
    s.entries.push_back(c.entry);
    s.threads.push_back(block_threads);
    s.text += fmt::format(
        "CROTON_KERNEL({}, 6, THREADS) {{\n  measure(words, [](f32 x) {{ return {}; }}, [](f64 x) {{ return {}; }}, "
        "Allowed{{{}, {}, {}}});\n}}\n",
        c.entry, c.got, c.exact, c.ulp, c.per_unit, c.absolute);
  }
  s.text += "}  // namespace croton\n";
  return s;
}

struct Found {
  double value = 0;
  float at = 0;
};
/// `exact` is what the device's float64 says.
struct Values {
  double got = 0, exact = 0;
};
struct Measured {
  Found of_allowed, ulps;
  std::vector<Values> values;  // of the inputs, where asked for
};

/// Memory of a driver, given back at the end.
class Lent {
 public:
  Lent(gpu::Driver& driver, std::size_t bytes) : driver_(driver), bytes_(bytes), data_(driver.allocate(bytes)) {}
  ~Lent() { driver_.release(data_, bytes_); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  void* data() const { return data_; }

 private:
  gpu::Driver& driver_;
  std::size_t bytes_;
  void* data_;
};

Found found_of(std::uint64_t complement) {
  const std::uint64_t word = ~complement;
  return {std::bit_cast<float>(static_cast<std::uint32_t>(word >> 32)),
          std::bit_cast<float>(static_cast<std::uint32_t>(word))};
}

/// A kernel over these inputs, or over every float32 where there are none; in launches that no display has to wait for.
Measured measured_by(gpu::Driver& driver, gpu::Function kernel, const std::vector<std::uint32_t>& inputs) {
  constexpr std::int64_t all_inputs = std::int64_t{1} << 32, a_launch = std::int64_t{1} << 28;
  const bool is_listed = !inputs.empty();
  const auto count = is_listed ? static_cast<std::int64_t>(inputs.size()) : all_inputs;
  std::uint64_t worst[2] = {~std::uint64_t{0}, ~std::uint64_t{0}};
  Measured m;
  m.values.resize(inputs.size());
  const std::size_t bytes = inputs.size() * sizeof(std::uint32_t), value_bytes = inputs.size() * sizeof(Values);
  const Lent kept(driver, sizeof worst), listed(driver, std::max<std::size_t>(bytes, 1)),
      values(driver, std::max<std::size_t>(value_bytes, 1));
  driver.to_device(kept.data(), worst, sizeof worst);
  if (is_listed) driver.to_device(listed.data(), inputs.data(), bytes);
  const auto blocks = static_cast<unsigned>(driver.properties().multiprocessors * 16);
  const auto word = [](void* p) { return reinterpret_cast<std::int64_t>(p); };
  for (std::int64_t first = 0; first < count; first += is_listed ? count : a_launch) {
    const std::int64_t words[] = {word(kept.data()),
                                  is_listed ? word(listed.data()) : 0,
                                  first,
                                  is_listed ? count : a_launch,
                                  is_listed ? word(values.data()) : 0,
                                  std::int64_t{blocks} * block_threads};
    driver.launch(kernel, {.grid = blocks, .block = block_threads, .shared_bytes = 0}, std::as_bytes(std::span(words)),
                  {});
  }
  driver.to_host(worst, kept.data(), sizeof worst);
  if (is_listed) driver.to_host(m.values.data(), values.data(), value_bytes);
  m.of_allowed = found_of(worst[0]);
  m.ulps = found_of(worst[1]);
  return m;
}

/// Some of them: one in so many, and neighbours of what is special to some function.
std::vector<std::uint32_t> some_floats(std::uint64_t step) {
  std::vector<std::uint32_t> bits;
  for (std::uint64_t b = 0; b < std::uint64_t{1} << 32; b += step) bits.push_back(static_cast<std::uint32_t>(b));
  const float centres[] = {0.f,    0x1p-126f,  0x1p-60f, 0x1p-24f,  0x1p-13f,   0.25f,      0.42f,      0.5f,
                           0.65f,  0.7f,       0.85f,    1.f,       1.25f,      1.5f,       1.4616321f, 1.5707964f,
                           2.f,    2.4570247f, 2.5f,     2.747683f, 3.1415927f, 4.f,        8.f,        9.01f,
                           10.05f, 13.2f,      16.f,     88.72284f, 87.33655f,  103.97208f, 110.f,      126.f,
                           128.f,  149.f,      8192.f,   65536.f,   0x1p23f,    0x1p60f,    0x1p127f,   HUGE_VALF};
  for (const float centre : centres)
    for (const std::uint32_t sign : {0u, 0x80000000u})
      for (std::uint32_t k = 0; k < 64; ++k) {
        const std::uint32_t first = std::max(std::bit_cast<std::uint32_t>(centre), 32u) - 32;
        bits.push_back((first + k) | sign);
      }
  return bits;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The float64 that a kernel compared with, against long double on the host: within the bound of float64 functions,
/// which is 2^-29 of as many units of float32.
void check_references(const Case& c, const std::vector<std::uint32_t>& inputs, const std::vector<Values>& values) {
  const expr::ScalarFunction& f = *c.function;
  double worst = 0;
  float at = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto x = std::bit_cast<float>(inputs[k]);
    const long double v = x;
    const double ulps = measured::ulps(values[k].exact, f.reference(&v), f.cpu.absolute64);
    if (ulps > worst) worst = ulps, at = x;
  }
  INFO("float64 of " << f.name << " at " << at << ": " << worst << " ulp of float64");
  CHECK(worst <= std::max(f.cpu.ulp64, f.cpu.ulp32 > 0 ? 0.501 : 0.0));
}

std::unique_ptr<gpu::Code> loaded(gpu::Driver& driver, const Program& p) {
  const Source source = source_of(p);
  gpu::collect(source);
  const auto start = std::chrono::steady_clock::now();
  auto code = driver.load(driver.compile(source), source);
  std::printf("# %s: compiled in %.2f s\n", p.name.c_str(), seconds_since(start));
  std::fflush(stdout);
  return code;
}

std::string printed(const Found& f) { return f.value == 0 ? "0 |" : fmt::format("{:.4g} | {:.9g}", f.value, f.at); }

/// A program on a device: its cases over `inputs` (all float32 where there are none), their references over `some`.
void check_program(gpu::Driver& driver, const Program& p, const std::vector<std::uint32_t>& inputs,
                   const std::vector<std::uint32_t>& some) {
  const auto code = loaded(driver, p);
  for (const Case& c : p.cases) {
    const gpu::Function kernel = code->function(c.entry);
    const auto start = std::chrono::steady_clock::now();
    const Measured all = measured_by(driver, kernel, inputs);
    std::printf("| %s | %s | %s | %s | %.3f |\n", std::string(c.function->name).c_str(), c.variant.c_str(),
                printed(all.ulps).c_str(), printed(all.of_allowed).c_str(), seconds_since(start));
    std::fflush(stdout);
    const Values at = measured_by(driver, kernel, {std::bit_cast<std::uint32_t>(all.of_allowed.at)}).values[0];
    INFO(c.function->name << ", " << c.variant << ", at " << all.of_allowed.at << ": " << at.got << " instead of "
                          << at.exact << ", " << all.of_allowed.value << " of what is allowed");
    CHECK(all.of_allowed.value <= 1 + 1e-6);  // float64's own error, and the rounding to float32 of the part
    check_references(c, some, measured_by(driver, kernel, some).values);
  }
}

void check_all(gpu::Driver& driver, const std::vector<std::uint32_t>& inputs) {
  const std::vector<std::uint32_t> some = some_floats(104729);
  std::printf("# %s, %s\n| function | setting | worst ulp | at x | worst of its bound | at x | seconds |\n",
              driver.properties().name.c_str(), driver.versions().c_str());
  for (const Program& p : programs()) {
    try {
      check_program(driver, p, inputs, some);
    } catch (const Error& e) { FAIL_CHECK(p.name << ": " << e.what()); }
  }
}

void check_planted(gpu::Driver& driver, const std::vector<std::uint32_t>& inputs) {
  const Program p = planted_program();
  const auto code = loaded(driver, p);
  for (std::size_t k = 0; k < p.cases.size(); ++k) {
    const Found worst = measured_by(driver, code->function(p.cases[k].entry), inputs).of_allowed;
    INFO(planted[k].function << ": " << worst.value << " of what is allowed, at " << worst.at);
    CHECK(worst.value > 1 + 1e-6);
    CHECK(std::bit_cast<std::uint32_t>(worst.at) == std::bit_cast<std::uint32_t>(planted[k].at));
  }
}

}  // namespace

TEST_CASE("every one-argument function keeps its bound on the emulated GPU at some of all float32", "[emulator]") {
  emulator::EmulatorDriver driver;
  check_all(driver, some_floats(8191));
}

TEST_CASE("a function that is wrong at one float32 only is found on the emulated GPU, and where", "[emulator]") {
  emulator::EmulatorDriver driver;
  std::vector<std::uint32_t> inputs = some_floats(104729);
  for (const Planted& wrong : planted) inputs.push_back(std::bit_cast<std::uint32_t>(wrong.at));
  check_planted(driver, inputs);
}

TEST_CASE("on a GPU: every float32 input of every one-argument function keeps the function's bound", "[gpu]") {
  const auto driver = real_gpu();
  if (driver == nullptr) return;
  check_all(*driver, {});
}

TEST_CASE("on a GPU: a function that is wrong at one float32 only is found, and where", "[gpu]") {
  const auto driver = real_gpu();
  if (driver == nullptr) return;
  check_planted(*driver, {});
}
