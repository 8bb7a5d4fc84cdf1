// Words that the rewriting tests share.
#pragma once
#include "array/access.h"
#include "croton/ops.h"
#include "ops/evaluate.h"
#include "ops/registry.h"
#include "rewrite/passes.h"
#include "rewrite/rules/rules.h"

namespace croton::rewrite {

inline Tensor run(const Tensor& t, const Options& o = {.check = true}) { return run(std::span(&t, 1), o)[0]; }
inline Tensor canonical(const Tensor& t) { return rewritten({&t, 1}, canonical_rules())[0]; }
inline Tensor stable(const Tensor& t) { return stabilize({&t, 1})[0]; }
inline std::size_t count(const Tensor& t) { return topological({&t, 1}).size(); }
inline Tensor merged(const Tensor& t) { return merge({&t, 1})[0]; }

struct Value {
  Tensor input;
  Array value;
};
inline Array evaluate(const Tensor& t, std::initializer_list<Value> values = {}) {
  ops::Values leaves;
  for (const Value& v : values) leaves.emplace(v.input.node(), v.value);
  return ops::evaluate({&t, 1}, leaves)[0];
}
inline double number(const Tensor& t, std::initializer_list<Value> values = {}) { return get(evaluate(t, values), 0); }

/// The graph's text, without places and names: two expressions that are spelled alike have the same.
inline std::string spelled(const Tensor& t) { return print_graph(std::vector<Tensor>{merged(t)}, false); }

inline bool holds_composite(const Tensor& t) {
  for (const Tensor& n : topological({&t, 1}))
    if (meaning<Expansion>(n)) return true;
  return false;
}

}  // namespace croton::rewrite
