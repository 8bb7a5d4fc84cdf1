// Operations that users define: an Op for each definition, made when it is first applied and kept for good, since nodes
// point to it.
#include "croton/custom.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <tuple>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/extents.h"

namespace croton::ops {
namespace {

struct UserOp : Op {
  CustomOp user;
  explicit UserOp(const CustomOp&);
};

const CustomOp& definition(const Op& op) { return static_cast<const UserOp&>(op).user; }

Extents known(const Shape& shape) { return Extents(shape); }

Shape result_shape(const TypeAt& t) {
  const CustomOp& user = definition(t.op);
  if (!user.shape) return t.shapes[0];
  std::vector<Extents> in;
  for (const Shape& s : t.shapes) in.push_back(known(s));
  Shape out;
  bool given = true;
  for (const Shape& s : t.shapes) given = given && std::find(s.begin(), s.end(), any_extent) == s.end();
  for (const Index n : user.shape(in)) {
    if (n < 0 && given)
      fail_at<ShapeError>(t.where, "{}: its shape function leaves axis {} open, though it knows the inputs' shapes",
                          user.name, out.size());
    out.push_back(n < 0 ? any_extent : n);
  }
  if (out.size() > 32) fail_at<ShapeError>(t.where, "{}: {} axes; at most 32 are allowed", user.name, out.size());
  return out;
}

DType result_dtype(const TypeAt& t) {
  const CustomOp& user = definition(t.op);
  std::vector<DType> in;
  for (std::size_t i = 0; i < t.x.size(); ++i) in.push_back(t.dtype(i));
  return user.dtype ? user.dtype(in) : in[0];
}

Type user_type(const TypeAt& t) {
  const CustomOp& user = definition(t.op);
  if (t.x.empty() && !(user.dtype && user.shape))
    fail_at<GraphError>(t.where, "{}: without inputs it needs both .dtype and .shape", user.name);
  return {result_dtype(t), result_shape(t)};
}

void check_result(const Node& n, const Array& made, DType dtype, const Extents& shape) {
  if (made.dtype() != dtype)
    fail_at<DTypeError>(n.where, "{}: forward made {}, its dtype is {}", n.op->name, type_text(made), name_of(dtype));
  if (made.shape() != shape)
    fail_at<ShapeError>(n.where, "{}: forward made {}, its shape is {}", n.op->name, type_text(made),
                        shape_text(shape));
}

void run_user(const Node& n, std::span<const Array> in, Array& out, const Host&) {
  const CustomOp& user = definition(*n.op);
  const DType dtype = out.dtype();
  const Extents shape = out.shape();
  std::vector<Array> all(static_cast<std::size_t>(user.outputs));
  for (Array& each : all) each = Array::zeros(shape, dtype);
  user.forward(in, all);
  Array& made = all[static_cast<std::size_t>(n.params.integer("output"))];
  check_result(n, made, dtype, shape);
  out = made;
}

std::vector<Tensor> results(const UserOp& op, const std::vector<Tensor>& x, Where w) {
  std::vector<Tensor> all;
  for (Index i = 0; i < op.user.outputs; ++i) all.push_back(apply(op, {{"output", i}}, x, w));
  return all;
}

void check_gradients(const At& at, const CustomOp& user, const std::vector<Tensor>& g, Where w) {
  if (g.size() != at.x.size())
    fail_at<GraphError>(w, "{}: its pullback gives {} gradients for {} inputs", user.name, g.size(), at.x.size());
  for (std::size_t i = 0; i < g.size(); ++i) {
    if (!g[i].node()) continue;
    if (!is_float(g[i].dtype()))
      fail_at<DTypeError>(w, "{}: its pullback gives {} for input {}, {}: a gradient is floating", user.name,
                          text(type(g[i])), i + 1, describe(at.x[i]));
    if (g[i].ndim() != at.x[i].ndim())
      fail_at<ShapeError>(w,
                          "{}: its pullback gives {} for input {}, {}, which is {}: they need the same number of axes",
                          user.name, text(type(g[i])), i + 1, describe(at.x[i]), text(type(at.x[i])));
  }
}

/// The pullback is linear in the results' gradients: each result is pulled back by itself, the others' gradients zero.
std::vector<Tensor> pull_user(const At& at) {
  const auto& op = static_cast<const UserOp&>(*node(at.y).op);
  const Where w = node(at.y).where;
  if (!op.user.pullback)
    fail_at<GraphError>(w, "grad: {} has no pullback: give its CustomOp one, or cut it off with disconnected_grad",
                        describe(at.y));
  const auto own = static_cast<std::size_t>(at.params.integer("output"));
  std::vector<Tensor> y = results(op, {at.x.begin(), at.x.end()}, w), y_bar;
  y[own] = at.y;
  for (std::size_t i = 0; i < y.size(); ++i) y_bar.push_back(i == own ? at.y_bar : zeros_of(at.y_bar, w));
  std::vector<Tensor> g = op.user.pullback(at.x, y, y_bar);
  check_gradients(at, op.user, g, w);
  return g;
}

UserOp::UserOp(const CustomOp& c)
    : Op{.name = {},
         .doc = "An operation that the user defined.",
         .arity = -1,
         .type = user_type,
         .meaning = HostCall{run_user},
         .pullback = pull_user},
      user(c) {
  name = user.name;
}

auto parts(const CustomOp& c) { return std::tie(c.name, c.outputs, c.dtype, c.forward, c.pullback, c.shape); }

/// Equal definitions are one Op.
const UserOp& op_of(const CustomOp& c) {
  static std::mutex mutex;
  static auto& made = *new std::vector<std::unique_ptr<const UserOp>>;  // nodes may outlive static objects
  const std::lock_guard lock(mutex);
  for (const auto& op : made)
    if (parts(op->user) == parts(c)) return *op;
  made.push_back(std::make_unique<const UserOp>(c));
  return *made.back();
}

const UserOp& checked(const CustomOp& c, std::size_t outputs, Where w) {
  if (c.name.empty()) fail_at<GraphError>(w, "apply: the CustomOp has no name");
  if (!c.forward) fail_at<GraphError>(w, "apply: {} has no forward", c.name);
  if (c.outputs < 1) fail_at<GraphError>(w, "apply: {} has {} outputs; at least 1 is needed", c.name, c.outputs);
  if (static_cast<std::size_t>(c.outputs) != outputs)
    fail_at<GraphError>(w, "apply: {} has {} outputs, {} asked for: write apply<{}>({}, ...)", c.name, c.outputs,
                        outputs == 1 ? "1 is" : fmt::format("{} are", outputs), c.outputs, c.name);
  return op_of(c);
}

}  // namespace
}  // namespace croton::ops

namespace croton {

std::vector<Tensor> detail::apply_all(const CustomOp& op, const Tensors& x, std::size_t outputs, Where w) {
  return ops::results(ops::checked(op, outputs, w), x.list(), w);
}

Tensor apply(const CustomOp& op, const Tensors& x, Where w) { return detail::apply_all(op, x, 1, w)[0]; }

}  // namespace croton
