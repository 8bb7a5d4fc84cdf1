#include "graph/notation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "array/access.h"
#include "base/dtype.h"
#include "graph/op.h"

namespace croton {
namespace {

constexpr std::pair<std::string_view, std::string_view> symbols[] = {{"add", "+"},
                                                                     {"sub", "-"},
                                                                     {"mul", "*"},
                                                                     {"div", "/"},
                                                                     {"mod", "%"},
                                                                     {"equal", "=="},
                                                                     {"not_equal", "!="},
                                                                     {"less", "<"},
                                                                     {"less_equal", "<="},
                                                                     {"greater", ">"},
                                                                     {"greater_equal", ">="},
                                                                     {"bitwise_and", "&"},
                                                                     {"bitwise_or", "|"},
                                                                     {"bitwise_xor", "^"},
                                                                     {"logical_and", "&&"},
                                                                     {"logical_or", "||"}};

std::string float_text(double v) {
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  std::string s = fmt::to_string(v);
  if (s.find_first_not_of("-0123456789") == std::string::npos) s += ".0";
  return s;
}

template <class Bits>
std::string nan_text(Bits bits, Bits usual) {
  return bits == usual ? std::string("nan") : fmt::format("0x{:x}", bits);
}

}  // namespace

std::string_view infix(std::string_view op) {
  for (const auto& [name, symbol] : symbols)
    if (op == name) return symbol;
  for (const auto& [name, symbol] : symbols)
    if (op == symbol) return symbol;
  return {};
}

namespace {

using Labels = std::vector<Index>;

bool has(const Labels& labels, Index l) { return std::find(labels.begin(), labels.end(), l) != labels.end(); }

/// The last axis of a and the second to last of b (the last of a vector) are summed over; axes in all three come first,
/// then a's own, then b's.
bool is_product(const Labels& a, const Labels& b, const Labels& out) {
  if (a.empty() || b.empty() || a.back() != b[b.size() < 2 ? 0 : b.size() - 2]) return false;
  Labels order;
  for (const Index l : a)
    if (has(b, l) && l != a.back()) order.push_back(l);
  const std::size_t batch = order.size();
  for (const Labels* own : {&a, &b}) {
    if (!std::equal(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(batch), own->begin())) return false;
    for (std::size_t i = batch; i < own->size(); ++i)
      if ((*own)[i] != a.back()) order.push_back((*own)[i]);
  }
  return order == out;
}

}  // namespace

std::optional<std::array<bool, 2>> transposed_for_dot(const Node& n) {
  if (!n.params.find_list("out")) return std::array{false, false};
  const auto seen = [&](const char* operand, bool transposed) {
    Labels labels = n.params.list(operand);
    if (transposed) std::reverse(labels.begin(), labels.end());
    return labels;
  };
  for (const bool a : {false, true})
    for (const bool b : {false, true})
      if (((!a && !b) || (n.inputs[0].ndim() <= 2 && n.inputs[1].ndim() <= 2)) &&
          is_product(seen("a", a), seen("b", b), n.params.list("out")))
        return std::array{a, b};
  return {};
}

std::string_view spelling(const Node& n) {
  if (n.op->name == "iota") return "arange";
  if (!meaning<Contract>(*n.op)) return n.op->name;
  if (!n.params.find_list("out")) return "dot";
  const Labels &a = n.params.list("a"), &b = n.params.list("b"), &out = n.params.list("out");
  const bool batch = std::any_of(out.begin(), out.end(), [&](Index l) { return has(a, l) && has(b, l); });
  return batch ? "matmul" : "dot";
}

std::string subscripts(const Node& n) {
  if (!n.params.find_list("out")) return {};
  const Labels &a = n.params.list("a"), &b = n.params.list("b"), &out = n.params.list("out");
  if (is_product(a, b, out)) return {};
  constexpr std::string_view letters = "ijklmnopqrstuvwxyzabcdefghIJKLMNOPQRSTUVWXYZABCDEFGH";
  Labels met;
  std::string text;
  const auto write = [&](const Labels& labels) {
    for (const Index l : labels) {
      if (!has(met, l)) met.push_back(l);
      text += letters[static_cast<std::size_t>(std::find(met.begin(), met.end(), l) - met.begin()) % letters.size()];
    }
  };
  write(a);
  text += ',';
  write(b);
  text += "->";
  write(out);
  return text;
}

std::string number_text(const Array& a, Index i) {
  if (a.dtype() == DType::boolean) return get(a, i) != 0 ? "True" : "False";
  if (a.dtype() == DType::uint64) return fmt::to_string(static_cast<std::uint64_t>(get_index(a, i)));
  if (!is_float(a.dtype())) return fmt::to_string(get_index(a, i));
  const double v = get(a, i);
  const Array whole = contiguous(a);
  const auto at = static_cast<std::size_t>(i);
  switch (a.dtype()) {
    case DType::float64:
      if (std::isnan(v))
        return nan_text(std::bit_cast<std::uint64_t>(data_as<double>(whole)[at]), std::uint64_t{0x7ff8000000000000});
      return float_text(v);
    case DType::float32: {
      if (std::isnan(v))
        return nan_text(std::bit_cast<std::uint32_t>(data_as<float>(whole)[at]), std::uint32_t{0x7fc00000});
      std::string s = std::isinf(v) ? float_text(v) : fmt::to_string(static_cast<float>(v));
      if (s.find_first_not_of("-0123456789") == std::string::npos) s += ".0";
      return s;
    }
    default: break;
  }
  if (!std::isnan(v)) return float_text(v);
  const std::uint16_t usual = a.dtype() == DType::float16 ? 0x7e00 : 0x7fc0;
  return nan_text(data_as<std::uint16_t>(whole)[at], usual);
}

std::string_view rank_word(int rank) {
  constexpr std::string_view words[] = {"scalar", "vector", "matrix", "tensor3", "tensor4"};
  return rank < 5 ? words[rank] : "tensor";
}

}  // namespace croton
