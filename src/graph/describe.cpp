// How errors and prints call a node.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "graph/notation.h"
#include "graph/op.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::string_view kind_word(const Node& n) {
  switch (n.kind) {
    case NodeKind::input: return rank_word(n.type.rank());
    case NodeKind::constant: return "constant";
    case NodeKind::shared: return "shared";
    case NodeKind::apply: break;
  }
  return n.part_of.empty() ? spelling(n) : n.part_of;
}

/// Inside a formula an array is told by its type; alone it stands beside its type in any text.
std::string constant_text(const Node& n, bool alone) {
  // one number with axes of extent 1 is a bare number that was fitted to another operand
  if (n.value.size() == 1) return number_text(n.value, 0);
  return alone ? "constant" : fmt::format("constant {}", text(n.type));
}

constexpr int call_strength = 9;

/// How strongly an infix symbol binds, as in C++.
int strength(std::string_view symbol) {
  if (symbol.empty()) return call_strength;
  if (symbol == "*" || symbol == "/" || symbol == "%") return 8;
  if (symbol == "+" || symbol == "-") return 7;
  if (symbol == "&") return 4;
  if (symbol == "^") return 3;
  if (symbol == "|") return 2;
  if (symbol == "&&" || symbol == "||") return 1;
  return 5;
}

/// Views that only make ranks or extents fit, and conversions, are what the reader did not write.
bool is_invisible(const Node& n) {
  if (n.kind != NodeKind::apply || n.inputs.empty()) return false;
  if (meaning<Convert>(*n.op) || n.op->name == "broadcast") return true;
  if (n.op->name != "permute" || !n.params.find_list("axes")) return false;
  Index last = -1;  // only new axes: those that stay are in order
  for (const Index a : n.params.list("axes")) {
    if (a < 0) continue;
    if (a < last) return false;
    last = a;
  }
  return true;
}

class Formula {
 public:
  explicit Formula(std::size_t limit) : limit_(limit) {}
  std::string of(const Tensor& t) {
    write(t, 0, 0);
    if (out_.size() > limit_) {
      std::size_t cut = limit_ > 3 ? limit_ - 3 : 0;
      while (cut > 0 && (static_cast<unsigned char>(out_[cut]) & 0xc0u) == 0x80u) --cut;  // not inside a character
      out_ = out_.substr(0, cut) + "...";
    }
    return std::move(out_);
  }

 private:
  void write(const Tensor& handle, int outer, int depth) {
    const Tensor* t = &handle;
    while (node(*t).name.empty() && is_invisible(node(*t))) t = &node(*t).inputs[0];
    const Node& n = node(*t);
    if (!n.name.empty() || n.kind != NodeKind::apply)
      write_leaf(n, depth);
    else if (depth > 24 || out_.size() > limit_)
      out_ += "...";  // the rest would be cut anyway
    else
      write_application(n, outer, depth);
  }
  [[gnu::noinline]] void write_leaf(const Node& n, int depth) {
    if (!n.name.empty())
      out_ += one_line(n.name);
    else if (n.kind == NodeKind::constant)
      out_ += constant_text(n, depth == 0);
    else
      out_ += kind_word(n);
  }
  void write_application(const Node& n, int outer, int depth) {
    const std::string_view symbol = n.inputs.size() == 2 ? infix(n.op->name) : "";
    if (!symbol.empty()) return write_infix(n, symbol, outer, depth);
    if (n.op->name == "neg" && n.inputs.size() == 1) {
      out_ += '-';
      return write(n.inputs[0], call_strength, depth + 1);
    }
    // told by their parameters, since a custom op may have any name
    const bool has_bounds = n.params.find_list("start") != nullptr;
    if (sets(n)) return write_subtensor(n, n.inputs[has_bounds ? 1 : 2], depth);
    if (has_bounds || meaning<Gather>(*n.op)) return write_indexed(n, depth);
    if (n.op->name == "permute" && n.params.find_list("axes")) return write_transposed(n, depth);
    if (meaning<ShapeOf>(*n.op)) {
      write(n.inputs[0], call_strength, depth + 1);
      return append(".shape[", n.params.integer("axis"), "]");
    }
    if (meaning<Contract>(*n.op)) return write_contraction(n, depth);
    write_call(n, depth);
  }
  [[gnu::noinline]] static bool sets(const Node& n) {
    return std::any_of(n.params.begin(), n.params.end(), [](const auto& e) { return e.first == "set"; });
  }
  WriteInput writer(int depth) {
    return [this, depth](const Tensor& t) { write(t, 0, depth + 1); };
  }
  /// x[1:5, i]: of slice and write by bounds, of gather and scatter by an input.
  [[gnu::noinline]] void write_indexed(const Node& n, int depth) {
    write(n.inputs[0], call_strength, depth + 1);
    out_ += '[';
    if (n.params.find_list("start"))
      write_index(out_, n, writer(depth));
    else
      write(n.inputs[1], 0, depth + 1);
    out_ += ']';
  }
  [[gnu::noinline]] void write_subtensor(const Node& n, const Tensor& value, int depth) {
    out_ += n.params.flag("set") ? "set_subtensor(" : "inc_subtensor(";
    write_indexed(n, depth);
    out_ += ", ";
    write(value, 0, depth + 1);
    out_ += ')';
  }
  [[gnu::noinline]] void write_transposed(const Node& n, int depth) {
    write(n.inputs[0], call_strength, depth + 1);
    const std::vector<Index>& axes = n.params.list("axes");
    bool reversed = static_cast<int>(axes.size()) == n.inputs[0].ndim();
    for (std::size_t i = 0; i < axes.size(); ++i) reversed &= axes[i] == static_cast<Index>(axes.size() - 1 - i);
    if (reversed)
      out_ += ".T()";
    else
      append(".transpose(", axes, ")");
  }
  // What is formatted stands apart, and what calls itself is not written into itself: a formula is deep, and a thread's
  // stack may be small.
  [[gnu::noinline]] void append(std::string_view before, Index number, std::string_view after) {
    out_ += fmt::format("{}{}{}", before, number, after);
  }
  [[gnu::noinline]] void append(std::string_view before, const std::vector<Index>& list, std::string_view after) {
    const bool one = list.size() == 1;
    out_ += fmt::format("{}{}{}{}{}", before, one ? "" : "{", fmt::join(list, ", "), one ? "" : "}", after);
  }
  [[gnu::noinline]] void write_contraction(const Node& n, int depth) {
    const auto transposed = transposed_for_dot(n);
    out_ += transposed ? std::string(spelling(n)) + "(" : "einsum(\"" + subscripts(n) + "\", {";
    for (const std::size_t i : {0, 1}) {
      if (i > 0) out_ += ", ";
      const bool turned = transposed && (*transposed)[i];
      write(n.inputs[i], turned ? call_strength : 0, depth + 1);
      if (turned) out_ += ".T()";
    }
    out_ += transposed ? ")" : "})";
  }
  /// f(inputs, extents, axes), as a program writes it.
  [[gnu::noinline]] void write_call(const Node& n, int depth) {
    out_ += spelling(n);
    out_ += '(';
    const bool has_extents = n.params.find_list("dims") != nullptr;
    const std::size_t plain = has_extents ? inputs_before_held(n) : n.inputs.size();
    const std::optional<Index> axis = axis_of(n);
    const bool is_list = n.op->name == "concatenate" && axis;
    if (is_list) out_ += '{';
    for (std::size_t i = 0; i < plain; ++i) {
      if (i) out_ += ", ";
      write(n.inputs[i], 0, depth + 1);
    }
    if (is_list) out_ += '}';
    if (has_extents)
      write_extents_after(n, plain, depth);
    else if (!n.inputs.empty())
      write_axes(n, axis);
    out_ += ')';
  }
  [[gnu::noinline]] void write_extents_after(const Node& n, std::size_t inputs, int depth) {
    const bool one = inputs == 0 && n.op->name == "iota" && n.type.rank() == 1;  // arange(n)
    out_ += one ? "" : inputs > 0 ? ", {" : "{";
    write_extents(out_, n, writer(depth));
    if (!one) out_ += '}';
  }
  [[gnu::noinline]] void write_axes(const Node& n, std::optional<Index> axis) {
    const int rank = n.inputs[0].ndim();
    const std::vector<Index>* axes = n.params.find_list("axes");
    if (axes && static_cast<int>(axes->size()) < rank) append(", ", *axes, "");
    if (axis) append(", ", *axis, "");
  }
  /// The axis that a call names: not the last one of the softmaxes, which nobody writes.
  [[gnu::noinline]] static std::optional<Index> axis_of(const Node& n) {
    for (const auto& [name, value] : n.params)
      if (const auto* axis = std::get_if<Index>(&value); axis && name == "axis") {
        const bool is_softmax = n.op->name == "softmax" || n.op->name == "log_softmax";
        if (is_softmax && *axis == n.type.rank() - 1) return {};
        return *axis;
      }
    return {};
  }
  [[gnu::noinline]] void write_infix(const Node& n, std::string_view symbol, int outer, int depth) {
    const int mine = strength(symbol);
    if (mine < outer) out_ += '(';
    write(n.inputs[0], mine, depth + 1);
    out_ += ' ';
    out_ += symbol;
    out_ += ' ';
    write(n.inputs[1], mine + 1, depth + 1);
    if (mine < outer) out_ += ')';
  }

  std::string out_;
  std::size_t limit_;
};

}  // namespace

std::string describe(const Tensor& t) {
  if (!t.node()) return "an empty Tensor";
  const Node& n = node(t);
  const std::string at = place(n.where);
  const std::string_view kind = kind_word(n);
  if (n.name.empty()) {
    std::string what(kind);
    if (n.kind == NodeKind::constant && n.type.rank() == 0) what += " " + number_text(n.value, 0);
    return at.empty() ? what : fmt::format("{} at {}", what, at);
  }
  return at.empty() ? fmt::format("{} ({})", n.name, kind) : fmt::format("{} ({}, {})", n.name, kind, at);
}

std::string formula(const Tensor& t, std::size_t limit) {
  if (!t.node()) return "an empty Tensor";
  return Formula(limit).of(t);
}

}  // namespace croton
