#include "expr/functions.h"

#include <set>

#include "catch.h"
#include "expr/kernel_text.h"
#include "expr/measured.h"

using namespace croton;
using namespace measured;
using expr::ScalarFunction;

namespace {

/// Floats whose meaning is a value: each has a vector and a scalar form for float32 and float64.
std::vector<const ScalarFunction*> float_functions() {
  std::vector<const ScalarFunction*> list;
  for (const ScalarFunction& f : expr::all_functions())
    if (f.reference && f.gives == expr::Gives::operand && f.name != "select") list.push_back(&f);
  return list;
}

/// One translation unit with every float function, over arrays and (NAME_scalar_f32) one element at a time.
std::string everything_text() {
  std::vector<std::string_view> names;
  std::string loops;
  for (const ScalarFunction* f : float_functions()) {
    names.push_back(f->name);
    loops += loops_over(*f);
    if (f->arity == 1)
      loops += fmt::format(
          "extern \"C\" f32 {0}_scalar_f32(f32 x) {{ return {1}(x); }}\nextern \"C\" f64 {0}_scalar_f64(f64 x) {{ "
          "return {1}(x); }}\n",
          f->name, f->spelling);
  }
  return expr::kernel_source(names) + loops;
}

const std::vector<std::pair<Isa, std::unique_ptr<Unit>>>& units() {
  static const auto all = [] {
    std::vector<std::pair<Isa, std::unique_ptr<Unit>>> made;
    const std::string text = everything_text();
    for (const Isa& isa : isas()) made.emplace_back(isa, std::make_unique<Unit>(text, isa));
    return made;
  }();
  return all;
}

template <class T>
void check_bounds(const ScalarFunction& f, const std::vector<std::vector<T>>& columns) {
  const auto exact = references(f, columns);
  for (const auto& [isa, unit] : units()) {
    const Worst w = worst_of(f, *unit, columns, exact);
    // Without FMA, fma() is a product and a sum: its error has no bound in the result's units.
    if (f.name == "fma" && isa.bytes == 16) continue;
    INFO(f.name << " " << short_name<T> << ", " << isa.bytes << " bytes, at " << w.at[0] << ", " << w.at[1] << ": "
                << w.got << " instead of " << w.exact);
    CHECK(w.ulps <= f.bound(dtype_of<T>()));
  }
}

template <class T>
void check_bounds(const ScalarFunction& f, std::size_t samples) {
  std::vector<std::vector<T>> columns;
  for (unsigned k = 0; k < static_cast<unsigned>(f.arity); ++k) {
    columns.push_back(inputs<T>(samples, f.domain[k], 7 + k));
    std::shuffle(columns.back().begin(), columns.back().end(), std::mt19937(k));
  }
  check_bounds(f, columns);
}

/// Parameters of every size, and x up to 38 standard deviations from the mean, of the gamma distribution or the beta
/// distribution of these parameters.
std::vector<std::vector<double>> around_means(std::size_t samples, bool of_beta) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> exponent(std::log(1e-3), std::log(1e12)), away(-38, 38), usual(0, 1);
  std::vector<std::vector<double>> columns(of_beta ? 3 : 2);
  for (std::size_t i = 0; i < samples; ++i) {
    const double a = std::exp(exponent(random)), b = std::exp(exponent(random)), n = a + b;
    const double mean = of_beta ? a / n : a, deviation = std::sqrt(of_beta ? a / n * (b / n) / (n + 1) : a);
    double x = mean + deviation * away(random) * (i % 2 == 0 ? 1 : 0.1);
    if (x <= 0 || (of_beta && x >= 1)) x = usual(random);
    columns.front().push_back(a);
    if (of_beta) columns[1].push_back(b);
    columns.back().push_back(x);
  }
  return columns;
}

}  // namespace

TEST_CASE("every float function keeps its bound on every instruction set of this machine") {
  for (const ScalarFunction* f : float_functions()) {
    check_bounds<float>(*f, 8000);
    check_bounds<double>(*f, 8000);
  }
}

TEST_CASE("every float function keeps its bound over many inputs", "[.long]") {
  for (const ScalarFunction* f : float_functions()) {
    check_bounds<float>(*f, 1000000);
    check_bounds<double>(*f, 1000000);
  }
}

TEST_CASE("incomplete functions keep their bounds around their means, whatever the parameters") {
  for (const char* name : {"gammainc", "gammaincc"}) check_bounds(expr::function(name), around_means(4096, false));
  check_bounds(expr::function("betainc"), around_means(4096, true));
}

TEST_CASE("draws keep their bounds where u and the parameters are at their ends, and beyond") {
  const double last = 1 - 0x1p-53, nan = std::nan(""), inf = HUGE_VAL;
  const std::vector<double> us{0, 0x1p-53, 0.25, 1 - 0x1p-40, 1, -1, nan},
      numbers{0,    -0.0, 1e-310, 1e-81,  0.999,  1,       7.999, 31.999, 32, 63,
              64.5, 1e9,  1e15,   9.2e18, 9.3e18, 1.7e308, inf,   nan,    -1, -1e-300},
      shares{0, 1e-300, 1e-18, 0.4999, 0.5, last, 1, 1.001, -0.1, nan};
  std::vector<std::vector<double>> two(2), three(3);
  for (const double u : us)
    for (const double x : numbers) {
      two[0].push_back(u);
      two[1].push_back(x);
      for (const double p : shares) {
        three[0].push_back(u);
        three[1].push_back(x);
        three[2].push_back(p);
      }
    }
  for (auto* columns : {&two, &three})
    for (std::vector<double>& c : *columns)
      while (c.size() % 16 != 0) c.push_back(c.front());  // whole vectors of any machine
  for (const char* name : {"gamma_draw", "log_gamma_draw", "poisson_draw"}) check_bounds(expr::function(name), two);
  check_bounds(expr::function("binomial_draw"), three);
}

TEST_CASE("generated functions need no library: no symbol is undefined") {
  for (const auto& [isa, unit] : units()) CHECK(unit->undefined() == "");
}

TEST_CASE("a scalar gets the same bits as a lane of a vector") {
  for (const ScalarFunction* f : float_functions()) {
    if (f->arity != 1) continue;
    const auto x = inputs<float>(500, f->domain[0], 3);
    std::vector<float> y(x.size());
    for (const auto& [isa, unit] : units()) {
      const std::string name{f->name};
      unit->symbol<void (*)(long, float*, const float*)>(name + "_f32")(static_cast<long>(x.size()), y.data(),
                                                                        x.data());
      const auto scalar = unit->symbol<float (*)(float)>(name + "_scalar_f32");
      std::size_t different = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float s = scalar(x[i]);
        different +=
            std::isnan(s) ? !std::isnan(y[i]) : std::bit_cast<std::uint32_t>(s) != std::bit_cast<std::uint32_t>(y[i]);
      }
      INFO(name << ", " << isa.bytes << " bytes");
      CHECK(different == 0);
    }
  }
}

TEST_CASE("the table: every name once, every function with a meaning, every file embedded") {
  std::set<std::string_view> names;
  for (const ScalarFunction& f : expr::all_functions()) {
    INFO(f.name);
    CHECK(names.insert(f.name).second);
    CHECK((f.reference || f.integer || f.natural));
    CHECK((f.arity >= 1 && f.arity <= 3));
    if (!f.file.empty()) CHECK(!expr::kernel_text(f.file).empty());
    for (int k = 0; k < f.arity; ++k)
      CHECK(f.domain[static_cast<std::size_t>(k)].low < f.domain[static_cast<std::size_t>(k)].high);
    CHECK(&expr::function(f.name) == &f);
  }
}

TEST_CASE("an unknown function is an error that names the nearest") {
  CHECK_THROWS_WITH(expr::function("sigmiod"),
                    "there is no scalar function \"sigmiod\"; the nearest name is \"sigmoid\"");
  CHECK(expr::find_function("sigmiod") == nullptr);
}

TEST_CASE("kernel files come with what they need, dependencies first, each once") {
  const std::string_view names[] = {"sigmoid", "tanh", "add"};
  CHECK(expr::kernel_files(names) == std::vector<std::string_view>{"prelude.h", "casts.h", "memory.h", "folds.h",
                                                                   "rows.h", "math_core.h", "math_exp.h", "math_log.h",
                                                                   "math_tanh.h", "math_sigmoid.h"});
  CHECK(expr::kernel_files({}).size() == 5);
}

TEST_CASE("half precision: one rounding after the float32 bound") {
  CHECK(expr::function("exp").bound(float16) < 0.501);
  CHECK(expr::function("max").bound(float16) == 0);
  CHECK(expr::function("exp").bound(float64) == expr::function("exp").cpu.ulp64);
}

TEST_CASE("references: digamma, lgamma, Bessel functions and those of erf at known points") {
  const auto at = [](const char* name, Real x) { return expr::function(name).reference(&x); };
  CHECK(static_cast<double>(at("digamma", 1)) == -0.57721566490153286061);
  CHECK(static_cast<double>(at("digamma", -0.5)) == Approx(0.03648997397857652056).epsilon(1e-15));
  CHECK(std::isnan(at("digamma", -2)));
  CHECK(static_cast<double>(at("erfinv", 0.5)) == 0.47693627620446987338);
  CHECK(static_cast<double>(std::erfc(at("erfinv", 0.999999))) == Approx(1e-6).epsilon(1e-9));
  CHECK(static_cast<double>(at("lgamma", 0.5)) == 0.57236494292470008707);
  CHECK(static_cast<double>(at("erfcx", 0.5)) == 0.61569034419292587487);
  CHECK(static_cast<double>(at("erfcx", 40)) == 0.014100335983377813625);
  CHECK(static_cast<double>(at("i0", 0.5)) == 1.0634833707413235193);
  CHECK(static_cast<double>(at("i1", -45)) == -2060133462081577166.5);
  CHECK(static_cast<double>(at("i0e", 45)) == 0.059638115011731949075);
  CHECK(static_cast<double>(at("i1e", 39.5)) == 0.062868787292556938932);
  CHECK(static_cast<double>(at("gelu", -10)) == Approx(-7.61985302416052606e-23).epsilon(1e-15));
}
