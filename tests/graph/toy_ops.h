// A few ops of the graph's own tests, so that the room is tested without the rooms above it.
#pragma once
#include <array>

#include "graph/walk.h"

namespace croton::toy {

inline Type like_first(const TypeAt& at) { return type(at.x[0]); }
/// Broadcasts extents that are 1; the shapes must otherwise agree.
inline Type broadcasting(const TypeAt& at) {
  Type t = type(at.x[0]);
  for (std::size_t i = 0; i < t.shape.size(); ++i)
    if (t.shape[i] == 1 || (t.shape[i] < 0 && at.shapes[1][i] > 1)) t.shape[i] = at.shapes[1][i];
  return t;
}
inline Type integer_scalar(const TypeAt&) { return {DType::int64, {}}; }
/// A vector as long as the integer it is given.
inline Type as_long(const TypeAt& at) { return {float64, {at.values[0] ? at.values[0]->front() : -1}}; }
inline Type join(const TypeAt& at) { return {DType::int64, {static_cast<Index>(at.x.size())}}; }
inline Type element(const TypeAt& at) { return {at.dtype(0), {}}; }
inline std::vector<AxisMap> at_index(const TypeAt& at, const Shape&) { return {{-1, at.params.integer("at"), 0}}; }

inline const Op tanh_op{.name = "tanh", .doc = "", .arity = 1, .type = like_first, .meaning = Pointwise{"tanh"}};
inline const Op neg{.name = "neg", .doc = "", .arity = 1, .type = like_first, .meaning = Pointwise{"neg"}};
inline const Op add{.name = "add", .doc = "", .arity = 2, .type = broadcasting, .meaning = Pointwise{"add"}};
inline const Op mul{.name = "mul", .doc = "", .arity = 2, .type = broadcasting, .meaning = Pointwise{"mul"}};
inline const Op dot{.name = "contract", .doc = "", .arity = 2, .type = like_first, .meaning = Contract{}};
inline const Op scale{.name = "scale", .doc = "", .arity = 1, .type = like_first, .meaning = HostCall{}};
inline const Op shape_of{.name = "shape_of", .doc = "", .arity = 1, .type = integer_scalar, .meaning = ShapeOf{}};
inline const Op ramp{.name = "ramp", .doc = "", .arity = 1, .type = as_long, .meaning = HostCall{}};
inline const Op stack{.name = "stack", .doc = "", .arity = -1, .type = join, .meaning = Concatenate{}};
inline const Op item{.name = "item", .doc = "", .arity = 1, .type = element, .meaning = View{at_index}};

inline const Op* find(std::string_view name) {
  for (const Op* op : {&tanh_op, &neg, &add, &mul, &dot, &scale, &shape_of, &ramp, &stack, &item})
    if (op->name == name) return op;
  return nullptr;
}

inline Tensor call(const Op& op, std::vector<Tensor> x, Params p = {}, Where w = Where::here()) {
  return apply(op, std::move(p), std::move(x), w);
}
inline std::vector<Tensor> topological(const Tensor& t) { return croton::topological({&t, 1}); }
inline std::size_t count(const Tensor& t) { return topological(t).size(); }
inline Tensor merged(const Tensor& t) { return croton::merge({&t, 1})[0]; }

}  // namespace croton::toy
