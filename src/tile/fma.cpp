#include "tile/fma.h"

#include "base/dtype.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Former {
 public:
  explicit Former(Phase& p) : phase_(p), uses_(p.values.size(), 0) {
    for (const Value& v : p.values)
      for (const int a : v.args) ++uses_[at(a)];
    for (const Store& s : p.stores)
      for (const int v : {s.value, s.row})
        if (v >= 0) ++uses_[at(v)];
    for (const Phase::Carried& c : p.carried) ++uses_[at(c.next)];
  }

  void run() {
    for (std::size_t i = 0; i < phase_.values.size(); ++i) {
      const int id = place(phase_.values[i]);
      moved_.push_back(id);
    }
    for (Store& s : phase_.stores)
      for (int* v : {&s.value, &s.row})
        if (*v >= 0) *v = moved_[at(*v)];
    for (Phase::Carried& c : phase_.carried)
      for (int* v : {&c.carry, &c.next}) *v = moved_[at(*v)];
    phase_.values = std::move(made_);
  }

 private:
  bool is_product(int old) const {
    const Value& v = phase_.values[at(old)];
    return v.kind == Value::Kind::call && (v.function == "mul" || v.function == "square") && is_float(v.dtype) &&
           uses_[at(old)] == 1;
  }
  std::vector<int> factors(int product) const {
    const std::vector<int>& args = made_[at(product)].args;
    return {args.front(), args.back()};
  }

  int push(Value v) {
    made_.push_back(std::move(v));
    return static_cast<int>(made_.size()) - 1;
  }

  int negated(int value) {
    Value v = made_[at(value)];
    return push({.kind = Value::Kind::call,
                 .dtype = v.dtype,
                 .axes = v.axes,
                 .function = "neg",
                 .args = {value},
                 .node = v.node});
  }

  int place(Value v) {
    const std::vector<int> old = v.args;
    for (int& a : v.args) a = moved_[at(a)];
    if (v.kind == Value::Kind::reduce && v.monoid == Monoid::sum && is_product(old[0])) {
      v.args = factors(v.args[0]);
      return push(std::move(v));
    }
    const bool plus = v.kind == Value::Kind::call && v.function == "add",
               minus = v.kind == Value::Kind::call && v.function == "sub";
    if ((!plus && !minus) || !is_float(v.dtype)) return push(std::move(v));
    // a sum of two products fuses the second: the first is rounded, whichever way it is evaluated
    const int k = is_product(old[1]) ? 1 : is_product(old[0]) ? 0 : -1;
    if (k < 0) return push(std::move(v));
    std::vector<int> ab = factors(v.args[at(k)]);
    int rest = v.args[at(1 - k)];
    if (minus && k == 1) ab[0] = negated(ab[0]);
    if (minus && k == 0) rest = negated(rest);
    v.function = "fma";
    v.args = {ab[0], ab[1], rest};
    return push(std::move(v));
  }

  Phase& phase_;
  std::vector<int> uses_;
  std::vector<int> moved_;
  std::vector<Value> made_;
};

}  // namespace

void form_fma(Phase& phase) { Former(phase).run(); }

}  // namespace croton::tile
