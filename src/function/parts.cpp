// What a function is made of: lists that users write in braces (Givens, which gradients know too, are in graph/).
#include "croton/function.h"

namespace croton {

Updates::Updates() = default;
Updates::Updates(std::initializer_list<Update> l) : v_(l) {}
Updates::Updates(const Updates&) = default;
Updates::Updates(Updates&&) noexcept = default;
Updates& Updates::operator=(const Updates&) = default;
Updates& Updates::operator=(Updates&&) noexcept = default;
Updates::~Updates() = default;
void Updates::add(const Shared& s, const Tensor& t) { v_.push_back({s, t}); }
Updates& Updates::operator+=(const Updates& o) {
  const std::vector<Update> more = o.v_;  // u += u
  v_.insert(v_.end(), more.begin(), more.end());
  return *this;
}

In::In(const Tensor& t) : variable(t) {}
In::In(const Tensor& t, const Array& v) : variable(t), value(v.copy()), has_default(true) {}
In::In(const In&) = default;
In::~In() = default;

Inputs::Inputs() = default;
Inputs::Inputs(std::initializer_list<In> l) : v_(l) {}
Inputs::Inputs(const Tensor& t) : v_{In(t)} {}
Inputs::Inputs(const std::vector<Tensor>& v) : v_(v.begin(), v.end()) {}
Inputs::Inputs(const Inputs&) = default;
Inputs::~Inputs() = default;

Out::Out(const Tensor& t, bool b) : variable(t), borrow(b) {}
Out::Out(const Expr& e, bool b) : variable(e), borrow(b) {}
Out::Out(const Out&) = default;
Out::~Out() = default;

}  // namespace croton
