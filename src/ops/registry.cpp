#include "ops/registry.h"

#include <unordered_map>

#include "ops/families.h"

namespace croton::ops {

std::span<const FamilyList> families() {
  static constexpr FamilyList list[] = {
      arithmetic_ops, compare_ops,     logic_ops,    exponential_ops, trigonometric_ops, rounding_ops,   special_ops,
      select_ops,     cast_ops,        masked_ops,   reduction_ops,   statistics_ops,    accumulate_ops, sorted_ops,
      order_ops,      view_ops,        identity_ops, shape_ops,       index_ops,         roll_ops,       window_ops,
      nonzero_ops,    concatenate_ops, contract_ops, linalg_ops,      decomposition_ops, qr_ops,         expm_ops,
      fourier_ops,    neural_ops,      random_ops,   loop_ops,        ifelse_ops,
  };
  return list;
}

std::span<const Op* const> all() {
  static const std::vector<const Op*> list = [] {
    std::vector<const Op*> out;
    for (const FamilyList family : families())
      for (const Op* op : family()) out.push_back(op);
    return out;
  }();
  return list;
}

const Op* find(std::string_view name) {
  static const std::unordered_map<std::string_view, const Op*> by_name = [] {
    std::unordered_map<std::string_view, const Op*> out;
    for (const Op* op : all()) out.emplace(op->name, op);
    return out;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

}  // namespace croton::ops
