// Sweeps over all ops: what a declaration promises against what the evaluator sees.
#include "sweep.h"

#include <set>

#include "catch.h"
#include "croton.h"
#include "expr/functions.h"
#include "ops/families.h"
#include "ops/infer.h"
#include "ops/loop.h"

using namespace croton;

TEST_CASE("every op has a name, a sentence, a type rule, samples, and a gradient or the reason why it has none") {
  std::set<std::string_view> names;
  for (const Op* op : ops::all()) {
    INFO(op->name);
    CHECK(names.insert(op->name).second);
    CHECK(ops::find(op->name) == op);
    CHECK(op->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos);
    CHECK(op->doc.size() > 3);
    CHECK(op->doc.back() == '.');
    CHECK(op->type != nullptr);
    CHECK((op->pullback != nullptr) == op->no_gradient.empty());
    REQUIRE(op->samples != nullptr);
    CHECK(!op->samples().empty());
    if (const auto* p = meaning<Pointwise>(*op)) CHECK(expr::find_function(p->function) != nullptr);
  }
  CHECK(ops::find("no_such_op") == nullptr);
}

TEST_CASE("the type rule and the evaluator agree on dtype and shape") {
  for_each_sample([](const Sampled& s) {
    INFO(s.title);
    const Array y = s.evaluate();
    const Type& t = type(s.node);
    CHECK(y.dtype() == t.dtype);
    REQUIRE(y.ndim() == t.rank());
    for (int i = 0; i < t.rank(); ++i) {
      const Index stated = t.shape[static_cast<std::size_t>(i)];
      CHECK((stated == -1 || stated == y.shape(i)));
    }
    std::vector<Shape> shapes;
    std::vector<std::optional<std::vector<Index>>> integers;
    for (const Array& a : s.values) {
      shapes.emplace_back(a.shape().begin(), a.shape().end());
      integers.emplace_back();
      if (!is_int(a.dtype()) || a.ndim() > 1) continue;
      integers.back().emplace();
      for (Index i = 0; i < a.size(); ++i) integers.back()->push_back(get_index(a, i));
    }
    const auto* host = meaning<HostCall>(*s.op);
    const bool depends_on_values = (host && host->sizes_itself) || (meaning<Loop>(*s.op) && ops::form_of(s.node).until);
    if (depends_on_values) return;
    CHECK(Extents(ops::true_shape(s.node, shapes, integers)) == y.shape());
  });
}

TEST_CASE("inputs whose elements lie apart give the same bits") {
  for_each_sample([](const Sampled& s) {
    INFO(s.title);
    std::vector<Array> apart;
    for (const Array& a : s.values) apart.push_back(spread_out(a));
    CHECK(bits_equal(contiguous(s.evaluate()), contiguous(ops::evaluate_node(s.node, apart))));
  });
}

TEST_CASE("an evaluation changes none of its arguments") {
  for_each_sample([](const Sampled& s) {
    INFO(s.title);
    std::vector<Array> before;
    for (const Array& a : s.values) before.push_back(a.copy());
    static_cast<void>(s.evaluate());
    for (std::size_t i = 0; i < before.size(); ++i) CHECK(bits_equal(before[i], s.values[i]));
  });
}

namespace {

Array specials(DType d) {
  const double inf = HUGE_VAL, nan = std::nan("");
  Array a = Array::zeros({14}, d);
  Index i = 0;
  for (const double v : {nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 1e30, -1e30, 1e-38, 7.0}) set(a, i++, v);
  return a;
}

Array along(const Array& a, int axis, int rank) {
  Extents shape;
  for (int i = 0; i < rank; ++i) shape.add(i == axis ? a.size() : 1);
  return a.reshape(shape);
}

bool same_number(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

/// The table's reference, rounded to the dtype.
double rounded_reference(const expr::ScalarFunction& f, const long double* x, DType d) {
  const long double y = f.reference(x);
  if (f.gives == expr::Gives::boolean || d == DType::float64) return static_cast<double>(y);
  return static_cast<double>(static_cast<float>(y));
}

}  // namespace

TEST_CASE("NaN, infinities and signed zeros are what the table of functions says") {
  for (const Op* op : ops::all()) {
    const auto* p = meaning<Pointwise>(*op);
    if (!p || !expr::function(p->function).reference || op->name == "select") continue;
    const expr::ScalarFunction& f = expr::function(p->function);
    for (const DType d : {DType::float32, DType::float64}) {
      INFO(op->name << " " << name_of(d));
      const Array s = specials(d);
      std::vector<Tensor> inputs;
      std::vector<Array> values;
      for (int k = 0; k < op->arity; ++k) {
        values.push_back(along(s, k, op->arity));
        inputs.push_back(make_input({d, Shape(values.back().shape().begin(), values.back().shape().end())}, "", {}));
      }
      const Array y = ops::evaluate_node(apply(*op, {}, inputs, {}), values);
      for (Index i = 0; i < y.size(); ++i) {
        long double x[3] = {};
        for (Index k = op->arity - 1, rest = i; k >= 0; --k, rest /= s.size()) x[k] = get(s, rest % s.size());
        const double got = get(y, i), expected = rounded_reference(f, x, d);
        INFO(static_cast<double>(x[0]) << ", " << static_cast<double>(x[1]) << ", " << static_cast<double>(x[2]) << ": "
                                       << got << " is not " << expected);
        // double's own functions serve float32: a rounding of a rounding
        CHECK((same_number(got, expected) || std::fabs(got - expected) <= std::fabs(expected) * 6e-8));
      }
    }
  }
}

TEST_CASE("the bounded evaluator gives the same values, exact where nothing is rounded") {
  for_each_sample([](const Sampled& s) {
    INFO(s.title);
    ops::Values given;
    for (std::size_t i = 0; i < s.inputs.size(); ++i) given.emplace(s.inputs[i].node(), s.values[i]);
    const ops::Bounded b = ops::evaluate_bounded({&s.node, 1}, given)[0];
    CHECK(bits_equal(contiguous(b.value), contiguous(s.evaluate())));
    CHECK(b.bound.shape() == b.value.shape());
    CHECK(b.doubtful.shape() == b.value.shape());
    for (Index i = 0; i < b.bound.size(); ++i) {
      CHECK(get(b.bound, i) >= 0);
      if (!is_float(b.value.dtype())) CHECK(get(b.bound, i) == 0);
    }
  });
}

TEST_CASE("float32 results lie within their bound of float64 ones") {
  int compared = 0;
  for (const Op* op : ops::all())
    for (const Sample& s : op->samples()) {
      bool narrow = false;
      Sample wide = s;
      for (Type& t : wide.inputs)
        if (t.dtype == DType::float32) {
          t.dtype = DType::float64;
          narrow = true;
        }
      if (!narrow || meaning<Convert>(*op)) continue;
      const Sampled a = sampled(*op, s), b = sampled(*op, wide);
      INFO(a.title);
      ops::Values given, exact;
      for (std::size_t i = 0; i < a.inputs.size(); ++i) {
        given.emplace(a.inputs[i].node(), a.values[i]);
        exact.emplace(b.inputs[i].node(), a.values[i].astype(b.values[i].dtype()));
      }
      const ops::Bounded y = ops::evaluate_bounded({&a.node, 1}, given)[0];
      const Array z = ops::evaluate({&b.node, 1}, exact)[0];
      for (Index i = 0; i < z.size(); ++i) {
        if (get(y.doubtful, i) != 0) continue;
        const double slack = std::fabs(get(z, i)) * 1e-12 + get(y.bound, i) + std::fabs(get(z, i)) * 6e-8;
        CHECK(std::fabs(get(y.value, i) - get(z, i)) <= slack);
        ++compared;
      }
    }
  CHECK(compared > 300);
}
