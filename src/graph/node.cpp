#include "graph/node.h"

#include <stdexcept>

#include "array/access.h"
#include "base/error.h"
#include "graph/integers.h"
#include "graph/notation.h"
#include "graph/op.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::atomic<std::uint64_t> next_id{1};
thread_local const Where* outer_place = nullptr;
thread_local std::string_view outer_name;

Tensor make_leaf(NodeKind kind, Type type, std::string_view name, Where where) {
  Tensor leaf(new Node);
  Node& n = *leaf.node();
  n.kind = kind;
  n.type = std::move(type);
  n.name = name;
  n.where = ambient(where);
  return leaf;
}

[[noreturn]] void refuse_side(std::string_view own, std::size_t side, std::size_t count, Where where) {
  const std::string_view op = ambient(own);
  const std::string_view symbol = infix(op);
  if (!symbol.empty() && count == 2)
    fail_at<GraphError>(ambient(where), "the {} side of {} is an empty Tensor (declared, never assigned)",
                        side == 0 ? "left" : "right", symbol);
  if (count == 1)
    fail_at<GraphError>(ambient(where), "the argument of {} is an empty Tensor (declared, never assigned)", op);
  fail_at<GraphError>(ambient(where), "argument {} of {} is an empty Tensor (declared, never assigned)", side + 1, op);
}

}  // namespace

Node::Node() : id(next_id.fetch_add(1, std::memory_order_relaxed)) {}

Tensor make_input(Type type, std::string_view name, Where where) {
  return make_leaf(NodeKind::input, std::move(type), name, where);
}

Tensor make_constant(Array value, std::string_view name, Where where) {
  value = owned(value);
  const Extents& e = value.shape();
  Tensor leaf = make_leaf(NodeKind::constant, Type{value.dtype(), Shape(e.begin(), e.end())}, name, where);
  leaf.node()->integers = integers_of(value);
  leaf.node()->value = std::move(value);
  return leaf;
}

Tensor make_weak(const Weak& number, Where where) {
  Tensor t = make_constant(Array::full({}, number, number.is_float ? floatX() : number.dtype()), "", where);
  t.node()->weak = true;
  return t;
}

Tensor make_shared(Type type, std::shared_ptr<SharedValue> value, std::string_view name, Where where) {
  Tensor leaf = make_leaf(NodeKind::shared, std::move(type), name, where);
  leaf.node()->shared = std::move(value);
  return leaf;
}

Tensor make_node(const Op& op, Params params, std::vector<Tensor> inputs, Where where, std::string_view part_of) {
  refuse_empty(op.name, inputs, where);
  if (op.arity >= 0 && inputs.size() != static_cast<std::size_t>(op.arity))
    throw std::logic_error(fmt::format("{} takes {} inputs, not {}", op.name, op.arity, inputs.size()));
  Tensor t(new Node);
  Node& n = *t.node();
  n.op = &op;
  n.params = op.fitted ? op.fitted(params, inputs) : std::move(params);
  n.inputs = std::move(inputs);
  n.where = where;
  n.part_of = part_of;
  n.type = type_by_rule(n);
  n.integers = integers_of(n);
  return t;
}

Tensor apply(const Op& op, Params params, std::vector<Tensor> inputs, Where where) {
  return make_node(op, std::move(params), std::move(inputs), ambient(where), outer_name);
}

Type type_by_rule(const Node& n) {
  std::vector<Shape> shapes;
  std::vector<std::optional<std::vector<Index>>> values;
  shapes.reserve(n.inputs.size());
  values.reserve(n.inputs.size());
  for (const Tensor& x : n.inputs) {
    shapes.push_back(type(x).shape);
    values.push_back(static_integers(x));
  }
  return n.op->type({*n.op, n.params, n.inputs, shapes, values, n.where, n.part_of});
}

void refuse_empty(std::string_view op, std::span<const Tensor> inputs, Where where) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].node()) refuse_side(op, i, inputs.size(), where);
}

void refuse_empty(std::string_view op, std::initializer_list<const Operand*> inputs, Where where) {
  std::size_t i = 0;
  for (const Operand* x : inputs) {
    if (x->expr() && !x->expr()->node()) refuse_side(op, i, inputs.size(), where);
    ++i;
  }
}

void refuse_empty_handle() {
  if (outer_place && !outer_name.empty())
    fail_at<GraphError>(*outer_place, "{}: an argument is an empty Tensor (declared, never assigned)", outer_name);
  fail<GraphError>("an empty Tensor (declared, never assigned) has no dtype, shape or value");
}

std::string_view asked_as(const Node& n) { return n.part_of.empty() && n.op ? n.op->name : n.part_of; }

WhereScope::WhereScope(Where where, std::string_view name)
    : where_(where), outer_place_(outer_place), outer_name_(outer_name) {
  if (outer_place) return;
  outer_place = &where_;
  outer_name = name;
}
WhereScope::WhereScope(const Node& n, bool within) : WhereScope(n.where, asked_as(n)) {
  if (!within) return;
  outer_place = &where_;
  outer_name = asked_as(n);
}
WhereScope::~WhereScope() {
  outer_place = outer_place_;
  outer_name = outer_name_;
}
Where ambient(Where own) { return outer_place ? *outer_place : own; }
std::string_view ambient(std::string_view own) { return outer_name.empty() ? own : outer_name; }

}  // namespace croton
