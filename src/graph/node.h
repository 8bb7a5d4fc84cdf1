// A node of the graph: one value (Theano's Variable) together with the application that makes it (Theano's Apply).
// An op with several results makes one node a result. Nodes never change once made, but for their name.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "croton/tensor.h"
#include "graph/params.h"
#include "graph/type.h"

namespace croton {

struct Op;

enum class NodeKind : std::uint8_t { input, constant, shared, apply };

/// What a shared leaf knows of its value: an id, and what becomes of it by itself; the storage belongs to runtime/.
struct SharedValue {
  virtual ~SharedValue() = default;
  /// Order of creation; locks are taken in this order.
  std::uint64_t id = 0;
  /// The value that every function using the leaf leaves behind, unless told otherwise: `next`, empty where it stays as
  /// it is, in terms of `old`, an input that stands for the leaf (holding the leaf would keep it alive for ever).
  Tensor old, next;
  /// How many nodes have drawn from it, where it is the state of a random stream.
  std::atomic<Index> draws{0};
};

struct Node {
  std::atomic<std::uint32_t> references{0};
  NodeKind kind = NodeKind::apply;
  /// Order of creation in this process. Inputs have smaller ids than the nodes that use them: it is a topological
  /// order.
  std::uint64_t id = 0;
  Type type;
  const Op* op = nullptr;  // apply nodes only
  Params params;
  std::vector<Tensor> inputs;
  Array value;        // constants only
  bool weak = false;  // a constant made from a bare C++ number: it never decides a dtype
  std::shared_ptr<SharedValue> shared;
  /// The integers it holds, where they follow from the graph alone (at most 32 of them); see static_integers().
  std::unique_ptr<const std::vector<Index>> integers;
  std::string name;
  Where where;
  std::string_view part_of;   // the function that made it for its user ("split"), where that made more than this node
  Node* next_dead = nullptr;  // while it waits to be destroyed

  Node();
};

/// Makes leaves.
Tensor make_input(Type, std::string_view name, Where);
Tensor make_constant(Array value, std::string_view name, Where);
/// A bare C++ number: floatX or int64 (uint64 above the largest int64), marked weak.
Tensor make_weak(const Weak&, Where);
Tensor make_shared(Type, std::shared_ptr<SharedValue>, std::string_view name, Where);

/// Makes `op(inputs)`: checks that no handle is empty, and that the type rule accepts the inputs (it throws what users
/// read).
Tensor apply(const Op&, Params, std::vector<Tensor> inputs, Where);
/// apply() with the node's place and `part_of` exactly as given, whatever WhereScope lives.
Tensor make_node(const Op&, Params, std::vector<Tensor> inputs, Where, std::string_view part_of = {});
/// The type that the rule of the node's op gives for its inputs as they are.
Type type_by_rule(const Node&);
/// GraphError if one is empty: "fit.cpp:9: the left side of + is an empty Tensor (declared, never assigned)". For free
/// functions that read their inputs' types before they come to apply(); `op` is the op's name or the function's.
void refuse_empty(std::string_view op, std::span<const Tensor> inputs, Where);
/// The same for an operator's operands.
void refuse_empty(std::string_view op, std::initializer_list<const Operand*> inputs, Where);

/// What errors about a node call it: the function that its user called.
std::string_view asked_as(const Node&);

/// While one of these lives, nodes made on this thread take its place in the user's program instead of their own, and
/// are parts of what it names: composites, pullbacks and rules inherit both from the outer node. The outermost one
/// wins.
class WhereScope {
 public:
  /// In a function that users call, its name; another may be given where that is a word of ours, none ("") where what
  /// is made goes by its own name.
  explicit WhereScope(Where, std::string_view name = __builtin_FUNCTION());
  /// What is made for, or instead of, a node; `within`: even where another one lives.
  explicit WhereScope(const Node&, bool within = false);
  ~WhereScope();
  WhereScope(const WhereScope&) = delete;
  WhereScope& operator=(const WhereScope&) = delete;

 private:
  Where where_;
  const Where* outer_place_;  // as they were before
  std::string_view outer_name_;
};
/// The place for a node asked for at `own`.
Where ambient(Where own);
/// What an error calls the function that is called `own`: what its user called, where that is made of it.
std::string_view ambient(std::string_view own);

[[noreturn]] void refuse_empty_handle();
/// What a handle stands for; GraphError for an empty one.
inline const Node& node(const Expr& e) {
  if (!e.node()) refuse_empty_handle();
  return *e.node();
}
inline const Type& type(const Expr& e) { return node(e).type; }
inline bool is_op(const Expr& e, const Op& op) { return e.node()->op == &op; }

}  // namespace croton
