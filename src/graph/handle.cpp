// Handles: counting references, and the small questions that any handle answers.
#include <ostream>

#include "graph/node.h"
#include "graph/walk.h"

namespace croton {
namespace {

// Nodes whose last handle is gone, waiting on this thread. Destroying one may free its inputs, which then queue here
// instead of recursing: a chain of any length needs one stack frame. (Not a container: handles in thread_local and
// static objects are destroyed after containers would be.)
thread_local Node* dead = nullptr;
thread_local bool destroying = false;

void retain(Node* n) noexcept {
  if (n) n->references.fetch_add(1, std::memory_order_relaxed);
}

void release(Node* n) noexcept {
  if (!n || n->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  n->next_dead = dead;
  dead = n;
  if (destroying) return;
  destroying = true;
  while (dead) {
    Node* next = dead;
    dead = next->next_dead;
    delete next;
  }
  destroying = false;
}

}  // namespace

Expr::Expr(Node* n) : node_(n) { retain(node_); }
Expr::Expr(const Expr& e) : node_(e.node_) { retain(node_); }
Expr::Expr(Expr&& e) noexcept : node_(e.node_) { e.node_ = nullptr; }
Expr& Expr::operator=(const Expr& e) {
  retain(e.node_);
  Node* old = node_;
  node_ = e.node_;
  release(old);
  return *this;
}
Expr& Expr::operator=(Expr&& e) noexcept {
  if (this == &e) return *this;
  Node* old = node_;
  node_ = e.node_;
  e.node_ = nullptr;
  release(old);
  return *this;
}
Expr::~Expr() { release(node_); }

DType Expr::dtype() const { return type(*this).dtype; }
int Expr::ndim() const { return type(*this).rank(); }
const std::string& Expr::name() const { return croton::node(*this).name; }
Tensor Expr::named(std::string_view name) const {
  if (!node_) refuse_empty_handle();
  node_->name = name;
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Expr& e) {
  if (!e.node()) return out << "empty Tensor";
  return out << formula(e) << " : " << text(type(e));
}

bool same(const Tensor& a, const Tensor& b) { return a.node() == b.node(); }

Tensor Operand::get() const {
  if (expr_) return *expr_;
  return array_ ? make_constant(*array_, "", where_) : make_weak(weak_, where_);
}

Tensor::Tensor(Weak number, Where w) : Tensor(make_weak(number, w)) {}
Tensor::Tensor(const Array& constant, Where w) : Tensor(make_constant(constant, "", w)) {}

}  // namespace croton
