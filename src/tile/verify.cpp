#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "tile/nest.h"

namespace croton::tile {
namespace {

template <class... A>
[[noreturn]] void broken(fmt::format_string<A...> text, A&&... a) {
  throw std::logic_error("tile program: " + fmt::format(text, std::forward<A>(a)...));
}

bool has(const std::vector<AxisId>& list, AxisId a) { return std::find(list.begin(), list.end(), a) != list.end(); }

class Checker {
 public:
  explicit Checker(const Program& p) : p_(p), written_(p.buffers.size(), false), parts_(p.buffers.size()) {
    for (std::size_t b = 0; b < p.buffers.size(); ++b) {
      written_[b] = p.buffers[b].kind == Buffer::Kind::leaf;
      const int base = p.buffers[b].base;
      if (is_part(p.buffers[b]) && base >= 0) parts_[static_cast<std::size_t>(base)].push_back(static_cast<int>(b));
    }
  }

  void run() {
    for (std::size_t b = 0; b < p_.buffers.size(); ++b)
      if (p_.buffers[b].kind == Buffer::Kind::alias &&
          (p_.buffers[b].base < 0 || static_cast<std::size_t>(p_.buffers[b].base) >= b))
        broken("b{} is a view of nothing before it", b);
    for (std::size_t s = 0; s < p_.steps.size(); ++s)
      std::visit([&](const auto& step) { check(step, s); }, p_.steps[s]);
    for (const int o : p_.outputs) read(o, p_.steps.size());
    for (std::size_t i = 0; i < p_.outputs.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (root_of(p_, p_.outputs[i]) == root_of(p_, p_.outputs[j])) broken("b{} is two outputs", p_.outputs[i]);
  }

 private:
  void read(int b, std::size_t step) const {
    if (b < 0 || static_cast<std::size_t>(b) >= p_.buffers.size())
      broken("step {} reads a buffer that is not there", step);
    const Buffer& buffer = p_.buffers[static_cast<std::size_t>(b)];
    if (buffer.kind == Buffer::Kind::alias && !is_region(buffer)) return read(buffer.base, step);
    for (const int part : parts_[static_cast<std::size_t>(b)]) read(part, step);
    if (!parts_[static_cast<std::size_t>(b)].empty()) return;
    if (!written_[static_cast<std::size_t>(b)]) broken("step {} reads b{} before it is written", step, b);
  }
  void write(int b, std::size_t step) {
    if (b < 0 || static_cast<std::size_t>(b) >= p_.buffers.size())
      broken("step {} writes a buffer that is not there", step);
    const Buffer& buffer = p_.buffers[static_cast<std::size_t>(b)];
    if (buffer.kind == Buffer::Kind::alias && !is_region(buffer))
      broken("step {} writes b{}, which is a view", step, b);
    if (is_region(buffer) && !is_part(buffer)) read(buffer.base, step);
    if (written_[static_cast<std::size_t>(b)] || !parts_[static_cast<std::size_t>(b)].empty())
      broken("step {} writes b{} again", step, b);
    written_[static_cast<std::size_t>(b)] = true;
  }
  void check(const LibraryCall& c, std::size_t s) {
    read(c.a, s), read(c.b, s), write(c.out, s);
    if (c.bias >= 0) read(c.bias, s);
    if (c.relu && c.bias < 0) broken("step {} takes relu of a product without a bias", s);
  }
  void check(const StridedProduct& c, std::size_t s) {
    read(c.a, s), read(c.b, s), write(c.out, s);
    for (const auto* axes : {&c.batch, &c.rows, &c.columns})
      for (const StridedProduct::Along& x : *axes)
        if (x.out < 0) broken("step {} has an axis that its result has not", s);
    if (c.bias < 0) {
      if (c.relu) broken("step {} takes relu of a product without a bias", s);
      return;
    }
    read(c.bias, s);
    if (std::none_of(c.rows.begin(), c.rows.end(), [&](const auto& x) { return x.out == c.bias_along; }))
      broken("step {} adds a bias along axis {}, which is none of its rows", s, c.bias_along);
  }
  void check(const HostStep& h, std::size_t s) {
    for (const int a : h.arguments) read(a, s);
    if (h.axes.size() != h.arguments.size()) broken("step {} does not say how each argument is seen", s);
    write(h.out, s);
  }
  void check(const Phase& phase, std::size_t s) {
    for (const AxisId a : phase.parallel)
      if (a < 0 || static_cast<std::size_t>(a) >= p_.axes.size()) broken("phase {} has an axis that is not there", s);
    for (std::size_t v = 0; v < phase.values.size(); ++v) check(phase, v, s);
    check_carried(phase, s);
    for (const Store& t : phase.stores) check(phase, t, s);
    for (const Store& t : phase.stores) write(t.buffer, s);
  }
  void check_carried(const Phase& phase, std::size_t s) const {
    std::vector<bool> has_next(phase.values.size(), false);
    const auto value = [&](int v) -> const Value& {
      if (v < 0 || static_cast<std::size_t>(v) >= phase.values.size())
        broken("phase {} carries a value that it has not", s);
      return phase.values[static_cast<std::size_t>(v)];
    };
    for (const Phase::Carried& c : phase.carried) {
      const Value &carry = value(c.carry), &next = value(c.next);
      if (carry.kind != Value::Kind::carry || carry.dtype != next.dtype || !has(carry.axes, phase.serial))
        broken("phase {}: v{} does not carry v{}", s, c.carry, c.next);
      for (const AxisId a : next.axes)
        if (!has(carry.axes, a)) broken("phase {}: v{} runs along an axis that v{} does not", s, c.next, c.carry);
      has_next[static_cast<std::size_t>(c.carry)] = true;
    }
    for (std::size_t v = 0; v < phase.values.size(); ++v) {
      if (phase.values[v].kind == Value::Kind::carry && !has_next[v]) broken("phase {}: v{} has no next value", s, v);
      if (phase.values[v].kind == Value::Kind::last && value(phase.values[v].args[0]).kind != Value::Kind::carry)
        broken("phase {}: v{} is the last of nothing that is carried", s, v);
    }
  }
  // Checked, or made one of the rows that there are.
  static bool is_row(const Value& v) {
    return v.kind == Value::Kind::row || (v.kind == Value::Kind::call && v.function == "max");
  }
  void check(const Phase& phase, std::size_t id, std::size_t s) const {
    const Value& v = phase.values[id];
    for (const int a : v.args) {
      if (a < 0 || static_cast<std::size_t>(a) >= id) broken("phase {}: v{} uses v{} before it is defined", s, id, a);
      const Value& x = phase.values[static_cast<std::size_t>(a)];
      for (const AxisId axis : x.axes)
        if (!has(v.axes, axis) && !has(v.over, axis))
          broken("phase {}: v{} does not run along {}, which v{} does", s, id,
                 p_.axes[static_cast<std::size_t>(axis)].name, a);
    }
    for (const int b : buffers_read(v)) read(b, s);
    if (v.kind == Value::Kind::add_rows && (v.args.size() != 3 || v.list < 0))
      broken("phase {}: v{} adds rows that no list names", s, id);
    if (v.kind == Value::Kind::load && !v.args.empty() && !v.may_be_none &&
        !is_row(phase.values[static_cast<std::size_t>(v.args[0])]))
      broken("phase {}: v{} is read at v{}, which nobody has checked", s, id, v.args[0]);
    if (v.kind == Value::Kind::row && (v.site < 0 || static_cast<std::size_t>(v.site) >= p_.checks.size()))
      broken("phase {}: v{} is no check of the program", s, id);
    if (v.kind == Value::Kind::combine && p_.buffers[static_cast<std::size_t>(v.buffer)].kind != Buffer::Kind::partial)
      broken("phase {}: v{} combines b{}, which holds no partials", s, id, v.buffer);
    for (const AxisId a : v.over)
      if (has(v.axes, a)) broken("phase {}: v{} runs along an axis that it folds", s, id);
    const auto folded = [&](AxisId a) { return has(v.over, a); };
    const auto n = std::count_if(phase.parallel.begin(), phase.parallel.end(), folded);
    if (n != 0 && n != static_cast<std::ptrdiff_t>(phase.parallel.size()))
      broken("phase {}: v{} folds some of the parallel axes", s, id);
  }
  void check(const Phase& phase, const Store& t, std::size_t s) const {
    const Value& v = phase.values[static_cast<std::size_t>(t.value)];
    const bool partial = p_.buffers[static_cast<std::size_t>(t.buffer)].kind == Buffer::Kind::partial;
    const bool folds = std::any_of(v.over.begin(), v.over.end(), [&](AxisId a) { return has(phase.parallel, a); });
    if (partial != folds)
      broken("phase {}: b{} {} partials, but v{} {} the parallel axes", s, t.buffer,
             partial ? "holds" : "does not hold", t.value, folds ? "folds" : "does not fold");
    if (t.row >= 0) {
      if (t.row_dim < 0 || static_cast<std::size_t>(t.row_dim) >= t.index.size())
        broken("phase {}: b{} has no axis for the rows that v{} names", s, t.buffer, t.row);
      for (const AxisId a : phase.values[static_cast<std::size_t>(t.row)].axes)
        if (a != t.index[static_cast<std::size_t>(t.row_dim)])
          broken("phase {}: v{} names rows of b{} along other axes", s, t.row, t.buffer);
    }
    for (const AxisId a : v.axes)
      if (!partial && !has(t.index, a))
        broken("phase {}: v{} runs along an axis that b{} has not", s, t.value, t.buffer);
    for (const AxisId a : phase.parallel)
      if (!partial && !has(t.index, a)) broken("phase {}: every chunk writes the same elements of b{}", s, t.buffer);
  }

  const Program& p_;
  std::vector<bool> written_;
  std::vector<std::vector<int>> parts_;  // by buffer: of a concatenation, the regions of its parts
};

}  // namespace

void verify(const Program& p) { Checker(p).run(); }

}  // namespace croton::tile
