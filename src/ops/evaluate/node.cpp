// One node on given arguments: its true type by its own rule, then the step of its meaning.
#include <cstring>

#include "base/error.h"
#include "base/float_control.h"
#include "graph/walk.h"
#include "ops/evaluate/loop.h"
#include "ops/evaluate/walk.h"
#include "ops/ifelse.h"

namespace croton::ops {
namespace {

constexpr Index most_integers = 32;  // a shape has no more axes

Shape shape_of(const Array& a) { return Shape(a.shape().begin(), a.shape().end()); }

std::optional<std::vector<Index>> integers_in(const Array& a) {
  if (a.ndim() > 1 || a.size() > most_integers || a.dtype() < DType::int8 || a.dtype() > DType::uint64) return {};
  std::vector<Index> out;
  for (Index i = 0; i < a.size(); ++i) out.push_back(get_index(a, i));
  return out;
}

Array run_expansion(const Call& call) {
  const std::vector<Tensor> inputs = stand_ins(call.node());
  Values values;
  for (std::size_t i = 0; i < inputs.size(); ++i) values.emplace(inputs[i].node(), call.argument(i));
  const Tensor whole = expanded(call.node(), inputs);
  return evaluate({&whole, 1}, values)[0];
}

/// A row-major array for a node's result, over memory that is there.
Array room_in(std::byte* memory, const Call& call) {
  auto block = std::make_unique<Block>();
  block->bytes = memory;
  block->dtype = call.result().dtype;
  block->foreign = true;
  const Extents shape = extents_of(call.result().shape);
  block->size = static_cast<std::size_t>(count_of(shape)) * size_of(block->dtype);
  return from_block(block.release(), shape);
}

Array run(const Call& call, const Host& host) {
  const Op& op = call.op();
  if (meaning<Pointwise>(op)) return run_pointwise(call);
  if (meaning<Convert>(op)) return run_convert(call);
  if (const auto* r = meaning<Reduce>(op)) return run_reduce(call, r->monoid);
  if (meaning<Contract>(op)) return run_contract(call);
  if (is_movement(op)) return run_movement(call, call.arguments());
  if (meaning<ShapeOf>(op)) return run_shape_of(call);
  if (meaning<Iota>(op)) return run_iota(call);
  if (meaning<Expansion>(op)) return run_expansion(call);
  const HostCall& step = *meaning<HostCall>(op);
  Array out = step.sizes_itself ? Array() : empty(extents_of(call.result().shape), call.result().dtype);
  step.run(call.node(), call.arguments(), out, host);
  return out;
}

std::vector<Array> evaluated(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
                             std::vector<Array> values) {
  Values given;
  for (std::size_t k = 0; k < inputs.size(); ++k) given.emplace(inputs[k].node(), std::move(values[k]));
  return evaluate(outputs, given);
}

}  // namespace

Call::Call(const Tensor& t, std::span<const Array> arguments) : node_(t.node()), arguments_(arguments) {
  for (const Array& a : arguments) {
    shapes_.push_back(shape_of(a));
    values_.push_back(integers_in(a));
  }
  result_ = op().type(at());
}

TypeAt Call::at() const { return {op(), params(), node_->inputs, shapes_, values_, node_->where, node_->part_of}; }

std::vector<Tensor> stand_ins(const Node& n) {
  std::vector<Tensor> out;
  for (const Tensor& x : n.inputs)
    out.push_back(node(x).kind == NodeKind::constant ? x : make_input(type(x), x.name(), node(x).where));
  return out;
}

Tensor expanded(const Node& n, std::span<const Tensor> inputs) {
  const WhereScope place(n);
  Node* self = const_cast<Node*>(&n);  // a handle counts references, and no more
  return meaning<Expansion>(*n.op)->expand({n.params, inputs, Tensor(self), Tensor()});
}

Array evaluate_nested(const Tensor& t, std::span<const Array> arguments, OfGraph of) {
  const auto exact = [](const Array& a) { return a; };
  if (meaning<Loop>(t)) return run_loop<Array>(t, arguments, arguments, {of, row_of, no_row, exact});
  const Subgraph& side = sides_of(t).side(holds(arguments[0]));
  return of({&side.outputs[result_of(t)], 1}, side.inputs, {arguments.begin() + 1, arguments.end()})[0];
}

Array evaluate_node(const Tensor& t, std::span<const Array> arguments, const Host& host) {
  const FloatControl control;
  if (runs_graphs(t)) return evaluate_nested(t, arguments, evaluated);
  return run(Call(t, arguments), host);
}

bool changes_argument(const Tensor& t) { return meaning<Write>(t) || meaning<Scatter>(t); }

void evaluate_into(const Tensor& t, std::span<const Array> arguments, std::byte* out, const Host& host) {
  const FloatControl control;
  const Call call(t, arguments);
  const auto keep = [&](const Array& made) {
    if (made.size() == 0 || data(made) == out) return;
    const Array whole = contiguous(made);
    std::memcpy(out, data(whole), static_cast<std::size_t>(whole.size()) * size_of(whole.dtype()));
  };
  if (meaning<Scatter>(t)) {
    scatter_into(call, arguments, out, host);
  } else if (meaning<Write>(t)) {
    keep(arguments[0]);
    run_write(call, arguments, out);
  } else if (const auto* step = meaning<HostCall>(t)) {
    Array there = room_in(out, call);
    step->run(call.node(), arguments, there, host);
    keep(there);
  } else if (meaning<Concatenate>(t)) {
    run_concatenate(call, arguments, out);
  } else {
    keep(run(call, host));
  }
}

}  // namespace croton::ops
