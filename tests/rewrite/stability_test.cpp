// Values at which the expression as written overflows, cancels or is NaN: each must come out right in every mode.
#include <cmath>

#include "catch.h"
#include "rewriting.h"

using namespace croton;
using namespace croton::rewrite;

namespace {

struct Row {
  const char* what;
  Tensor (*expression)(const Tensor&);
  double at;
  double answer;
};

const Row rows[] = {
    {"log(1+x)", [](const Tensor& x) { return log(1 + x); }, 1e-20, 1e-20},
    {"log(1+exp x)", [](const Tensor& x) { return log(1 + exp(x)); }, 1000, 1000},
    {"exp(x)-1", [](const Tensor& x) { return exp(x) - 1; }, 1e-20, 1e-20},
    {"1-exp(x)", [](const Tensor& x) { return 1 - exp(x); }, 1e-20, -1e-20},
    {"log(1-exp x) near 0", [](const Tensor& x) { return log(1 - exp(x)); }, -1e-20, -46.051701859880914},
    {"log(1-exp x) far", [](const Tensor& x) { return log(1 - exp(x)); }, -50, -1.9287498479639178e-22},
    {"log1p(-exp x)", [](const Tensor& x) { return log1p(-exp(x)); }, -1e-20, -46.051701859880914},
    {"log(exp(x)-1)", [](const Tensor& x) { return log(exp(x) - 1); }, 1000, 1000},
    {"1/(1+exp -x)", [](const Tensor& x) { return 1 / (1 + exp(-x)); }, -740, 4.199558250028e-322},
    {"1/(1+exp x)", [](const Tensor& x) { return 1 / (1 + exp(x)); }, 700, 9.859676543759770e-305},
    {"reciprocal(exp x+1)", [](const Tensor& x) { return reciprocal(exp(x) + 1); }, 700, 9.859676543759770e-305},
    {"exp x/(1+exp x)", [](const Tensor& x) { return exp(x) / (1 + exp(x)); }, 1000, 1},
    {"log(1/(1+exp -x))", [](const Tensor& x) { return log(1 / (1 + exp(-x))); }, -1000, -1000},
    {"log(1-1/(1+exp -x))", [](const Tensor& x) { return log(1 - 1 / (1 + exp(-x))); }, 1000, -1000},
    {"tanh", [](const Tensor& x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }, 1000, 1},
    {"tanh near 0", [](const Tensor& x) { return (exp(x) - exp(-x)) / (exp(x) + exp(-x)); }, 1e-20, 1e-20},
    {"(exp x-1)/(exp x+1)", [](const Tensor& x) { return (exp(x) - 1) / (exp(x) + 1); }, 2000, 1},
    {"log(sigmoid x)", [](const Tensor& x) { return log(sigmoid(x)); }, -1000, -1000},
    {"log(1-sigmoid x)", [](const Tensor& x) { return log(1 - sigmoid(x)); }, 1000, -1000},
    {"log1p(-sigmoid x)", [](const Tensor& x) { return log1p(-sigmoid(x)); }, 1000, -1000},
    {"log(1-erf x)", [](const Tensor& x) { return log(1 - erf(x)); }, 40, -1604.2615566532735},
    {"log(erfc x)", [](const Tensor& x) { return log(erfc(x)); }, 40, -1604.2615566532735},
    {"log(erfc x) at the border", [](const Tensor& x) { return log(erfc(x)); }, 20.5, -423.843976078791158},
    {"1-erf x", [](const Tensor& x) { return 1 - erf(x); }, 10, 2.0884875837625446e-45},
    {"1+erf x", [](const Tensor& x) { return 1 + erf(x); }, -10, 2.0884875837625446e-45},
    {"erf x-1", [](const Tensor& x) { return erf(x) - 1; }, 10, -2.0884875837625446e-45},
    {"1-erfc x", [](const Tensor& x) { return 1 - erfc(x); }, 1e-20, 1.1283791670955126e-20},
    {"log(exp x)", [](const Tensor& x) { return log(exp(x)); }, 1000, 1000},
    {"logit(sigmoid x)", [](const Tensor& x) { return log(sigmoid(x) / (1 - sigmoid(x))); }, 100, 100},
    {"log(exp a + exp b)", [](const Tensor& x) { return log(exp(x) + exp(x + 0.0)); }, 1000, 1000.6931471805599},
    {"log(exp(x+1)-exp x)", [](const Tensor& x) { return log(exp(x + 1) - exp(x)); }, 1000, 1000.5413248546129},
};

}  // namespace

TEST_CASE("expressions of one number are right where as written they are not") {
  const Tensor x = scalar("x", float64);
  for (const Row& row : rows)
    for (const bool quick : {false, true}) {
      INFO(row.what << (quick ? ", FAST_COMPILE" : ""));
      const Tensor y = run(row.expression(x), {.stabilize_only = quick, .check = true});
      CHECK(number(y, {{x, Array(row.at)}}) == Approx(row.answer).epsilon(1e-14).margin(0));
    }
}

TEST_CASE("the same expressions are right in float32, also where float32 overflows first") {
  const Tensor x = scalar("x", float32);
  for (const Row& row : rows) {
    if (std::fabs(row.answer) < 1e-37) continue;
    INFO(row.what);
    const auto at = static_cast<float>(row.at);
    CHECK(number(run(row.expression(x)), {{x, Array(at)}}) == Approx(row.answer).epsilon(3e-7).margin(0));
  }
}

TEST_CASE("expressions of a vector are right where as written they are not") {
  const Tensor v = vector("v", float64);
  const auto values = [&](const Tensor& y, const Array& at) {
    const Array quick = evaluate(run(y, {.stabilize_only = true}), {{v, at}});
    Array full = evaluate(run(y), {{v, at}});
    CHECK(array_equal(quick, full));
    return full;
  };
  const Array saturated{1000.0, 0.0}, large{1000.0, 1000.0};
  CHECK(array_equal(values(log(softmax(v)), saturated), Array{0.0, -1000.0}));
  CHECK(array_equal(values(exp(v) / sum(exp(v)), saturated), Array{1.0, 0.0}));
  CHECK(values(log(sum(exp(v))), large).item<double>() == Approx(1000.69314718056).epsilon(1e-14));
  CHECK(values(log(sum(exp(v), 0, keepdims)), large).at<double>(0) == Approx(1000.69314718056).epsilon(1e-14));
  CHECK(values(log(prod(exp(v))), Array{500.0, 500.0}).item<double>() == 1000);
  CHECK(values(log(softmax(v))[1], saturated).item<double>() == -1000);
}

TEST_CASE("an index, a slice or a transpose between softmax and log does not hide it") {
  const Tensor z = matrix("z", float64), t = lvector("t");
  const Array logits = Array{{1000.0, 0.0}, {0.0, 1000.0}}, classes{Index{1}, Index{1}};
  const Tensor p = softmax(z);
  const Tensor loss = -mean(log(p(arange(z.shape(0)), t)));
  CHECK(number(run(loss), {{z, logits}, {t, classes}}) == 500);
  CHECK(number(run(loss, {.stabilize_only = true}), {{z, logits}, {t, classes}}) == 500);
  CHECK(number(run(log(p(0, 1))), {{z, logits}}) == -1000);
  CHECK(number(run(log(p.T()(1, 0))), {{z, logits}}) == -1000);
  CHECK(number(run(log(p[slice(1)](0, 1))), {{z, logits}}) == -1000);
}

TEST_CASE("crossentropies of saturated predictions are finite") {
  const Tensor z = matrix("z", float64), t = matrix("t", float64), k = lvector("k");
  const Array logits = Array{{1000.0, 0.0}, {0.0, 1000.0}}, targets = Array{{0.0, 1.0}, {0.0, 1.0}};
  for (const bool quick : {false, true}) {
    const Options o{.stabilize_only = quick};
    const Tensor soft = run(mean(categorical_crossentropy(softmax(z), t)), o);
    CHECK(number(soft, {{z, logits}, {t, targets}}) == 500);
    const Tensor hard = run(mean(categorical_crossentropy(softmax(z), k)), o);
    CHECK(number(hard, {{z, logits}, {k, Array{Index{1}, Index{1}}}}) == 500);
    const Tensor two = run(mean(binary_crossentropy(sigmoid(z), t)), o);
    CHECK(number(two, {{z, logits}, {t, targets}}) == Approx(250 + std::log(2) / 2).epsilon(1e-15));
  }
}

TEST_CASE("rules keep infinities and NaN where the expression has them") {
  const Tensor x = scalar("x", float64), y = scalar("y", float64);
  const double inf = INFINITY, nan = std::nan("");
  const Tensor sum_of = log(exp(x) + exp(y)), difference = log(exp(x) - exp(y));
  for (const double a : {-inf, 0.0, inf, nan})
    for (const double b : {-inf, 0.0, inf, nan}) {
      INFO(a << ", " << b);
      for (const Tensor& f : {sum_of, difference}) {
        const double as_written = number(f, {{x, Array(a)}, {y, Array(b)}});
        const double rewritten = number(run(f), {{x, Array(a)}, {y, Array(b)}});
        CHECK((std::isnan(as_written) ? std::isnan(rewritten) : as_written == Approx(rewritten)));
      }
    }
  for (const Row& row : rows)
    for (const double at : {-inf, nan}) {
      INFO(row.what << " at " << at);
      const Tensor f = row.expression(x);
      const double as_written = number(f, {{x, Array(at)}}), rewritten = number(run(f), {{x, Array(at)}});
      if (std::isnan(at))
        CHECK(std::isnan(rewritten));
      else if (std::isfinite(as_written))
        CHECK(rewritten == Approx(as_written));
    }
}
