// Pointwise functions: the table's reference on blocks of elements; plain arithmetic in loops of its own.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "expr/functions.h"
#include "expr/reference.h"
#include "ops/evaluate/loops.h"
#include "ops/evaluate/steps.h"

namespace croton::ops {
namespace {

constexpr Index block_size = 512;

/// y[i] = f(x[0][i], x[1][i], x[2][i]) for a block.
template <class W>
using Body = std::function<void(const std::array<const W*, 3>& x, W* y, Index n)>;

template <class W>
Body<W> reference_body(W (*f)(const W*), std::size_t arity) {
  return [f, arity](const std::array<const W*, 3>& x, W* y, Index n) {
    W operands[3] = {};
    for (Index i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < arity; ++k) operands[k] = x[k][i];
      y[i] = f(operands);
    }
  };
}

template <class F>
Body<double> unary(F f) {
  return [f](const std::array<const double*, 3>& x, double* y, Index n) {
    for (Index i = 0; i < n; ++i) y[i] = f(x[0][i]);
  };
}
template <class F>
Body<double> binary(F f) {
  return [f](const std::array<const double*, 3>& x, double* y, Index n) {
    for (Index i = 0; i < n; ++i) y[i] = f(x[0][i], x[1][i]);
  };
}

/// Functions that double computes correctly rounded, or exactly: for every float type they need nothing wider.
Body<double> exact_body(std::string_view name) {
  if (name == "add") return binary([](double a, double b) { return a + b; });
  if (name == "sub") return binary([](double a, double b) { return a - b; });
  if (name == "mul") return binary([](double a, double b) { return a * b; });
  if (name == "div") return binary([](double a, double b) { return a / b; });
  if (name == "neg") return unary([](double a) { return -a; });
  if (name == "square") return unary([](double a) { return a * a; });
  if (name == "abs") return unary([](double a) { return std::fabs(a); });
  if (name == "sqrt") return unary([](double a) { return std::sqrt(a); });
  if (name == "reciprocal") return unary([](double a) { return 1 / a; });
  if (name == "max")
    return binary([](double a, double b) { return a == b ? (std::signbit(a) ? b : a) : a > b || a != a ? a : b; });
  if (name == "min")
    return binary([](double a, double b) { return a == b ? (std::signbit(a) ? a : b) : a < b || a != a ? a : b; });
  if (name == "eq") return binary([](double a, double b) { return a == b ? 1.0 : 0.0; });
  if (name == "lt") return binary([](double a, double b) { return a < b ? 1.0 : 0.0; });
  if (name == "gt") return binary([](double a, double b) { return a > b ? 1.0 : 0.0; });
  if (name == "select")
    return [](const std::array<const double*, 3>& x, double* y, Index n) {
      for (Index i = 0; i < n; ++i) y[i] = x[0][i] != 0 ? x[1][i] : x[2][i];
    };
  return {};
}

/// Elementary functions whose double value, rounded to float32 or less, is the reference.
Body<double> elementary_body(std::string_view name) {
  if (name == "exp") return unary([](double a) { return std::exp(a); });
  if (name == "log") return unary([](double a) { return std::log(a); });
  if (name == "tanh") return unary([](double a) { return std::tanh(a); });
  if (name == "sin") return unary([](double a) { return std::sin(a); });
  if (name == "cos") return unary([](double a) { return std::cos(a); });
  if (name == "box_muller") return binary(expr::box_muller<double>);
  if (name == "sigmoid") return unary([](double a) { return 1 / (1 + std::exp(-a)); });
  return {};
}

template <class W>
Array run_blocks(const Call& call, const Body<W>& body) {
  const Extents shape = extents_of(call.result().shape);
  Array out = empty(shape, call.result().dtype);
  const std::size_t arity = call.arguments().size();
  const auto strides_of = [&](std::size_t i) {
    return broadcast_strides(call.argument(std::min(i, arity - 1)), shape);  // a missing operand repeats the last
  };
  const StridedLoop loop(shape, {row_major_strides(shape), strides_of(0), strides_of(1), strides_of(2)});
  std::array<Load<W>, 3> load{};
  std::array<const std::byte*, 3> from{};
  for (std::size_t k = 0; k < arity; ++k) {
    load[k] = load_from<W>(call.argument(k).dtype());
    from[k] = data(call.argument(k));
  }
  const Store<W> store = store_to<W>(out.dtype());
  std::byte* to = mutable_data(out);
  std::vector<W> buffer(4 * block_size);
  std::array<const W*, 3> x{};
  for (std::size_t k = 0; k < 3; ++k) x[k] = buffer.data() + (k + 1) * block_size;
  loop.rows([&](const std::array<Index, most_operands>& offset, Index n) {
    for (Index done = 0; done < n; done += block_size) {
      const Index m = std::min(block_size, n - done);
      for (std::size_t k = 0; k < arity; ++k) {
        const Index stride = loop.inner_stride(k + 1);
        load[k](from[k], offset[k + 1] + done * stride, stride, m, buffer.data() + (k + 1) * block_size);
      }
      body(x, buffer.data(), m);
      store(buffer.data(), m, to, offset[0] + done * loop.inner_stride(0));
    }
  });
  return out;
}

[[noreturn]] void refuse(const Call& call, DType d) {
  fail_at<DTypeError>(call.node().where, "{}: {} is refused", call.op().name, name_of(d));
}

Array run_floats(const Call& call, const expr::ScalarFunction& f, DType d) {
  Body<double> body = exact_body(f.name);
  if (!body && d != DType::float64) body = elementary_body(f.name);
  if (body) return run_blocks<double>(call, body);
  if (!f.reference) refuse(call, d);
  return run_blocks<long double>(call, reference_body(f.reference, call.arguments().size()));
}

}  // namespace

Array run_pointwise(const Call& call) {
  const expr::ScalarFunction& f = expr::function(meaning<Pointwise>(call.op())->function);
  const DType d = call.argument(call.arguments().size() - 1).dtype();
  if (is_float(d)) return run_floats(call, f, d);
  if (is_unsigned_int(d)) {
    if (!f.natural) refuse(call, d);
    return run_blocks<std::uint64_t>(call, reference_body(f.natural, call.arguments().size()));
  }
  if (!f.integer) refuse(call, d);
  return run_blocks<std::int64_t>(call, reference_body(f.integer, call.arguments().size()));
}

Array run_convert(const Call& call) { return contiguous(call.argument(0)).astype(call.result().dtype); }

}  // namespace croton::ops
