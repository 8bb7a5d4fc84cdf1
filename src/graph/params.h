// The parameters of an op at one node: a short list of named values. Equality, hash and text come from the list itself,
// so that no op can forget one of them.
#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "croton/base.h"

namespace croton {

struct Subgraph;

/// One value. Copied on its own first and then moved in: libstdc++ takes a variant of strings and vectors for one that
/// is never empty, also where the copying itself threw, and destroys what was never made (seen in version 12).
class ParamValue : public std::variant<Index, double, bool, DType, std::string, std::vector<Index>,
                                       std::shared_ptr<const Subgraph>> {
  using Kinds =
      std::variant<Index, double, bool, DType, std::string, std::vector<Index>, std::shared_ptr<const Subgraph>>;

 public:
  using Kinds::Kinds;
  ParamValue(const ParamValue& v) : Kinds(std::visit([](const auto& kind) { return Kinds(kind); }, v)) {}
  ParamValue(ParamValue&&) noexcept = default;
  ParamValue& operator=(const ParamValue& v) { return *this = ParamValue(v); }
  ParamValue& operator=(ParamValue&&) noexcept = default;
  ~ParamValue() = default;
};

class Params {
 public:
  /// Names are string literals: they outlive every node.
  using Entry = std::pair<std::string_view, ParamValue>;
  Params() = default;
  Params(std::initializer_list<Entry> entries) : entries_(entries) {}
  explicit Params(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  /// The named value; asking for one that is absent or of another kind is a bug and throws std::logic_error.
  template <class T>
  const T& get(std::string_view name) const {
    const T* v = std::get_if<T>(&at(name));
    if (!v) wrong_kind(name);
    return *v;
  }
  Index integer(std::string_view name) const { return get<Index>(name); }
  bool flag(std::string_view name) const { return get<bool>(name); }
  DType dtype(std::string_view name) const { return get<DType>(name); }
  const std::vector<Index>& list(std::string_view name) const { return get<std::vector<Index>>(name); }
  const std::shared_ptr<const Subgraph>& graph(std::string_view name) const {
    return get<std::shared_ptr<const Subgraph>>(name);
  }

  bool has(std::string_view name) const;
  /// A list of that name, or null where there is none.
  const std::vector<Index>* find_list(std::string_view name) const;

  /// Adds a value, or replaces the one of that name.
  void set(std::string_view name, ParamValue value);

  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  /// Same names, same values (doubles by their bits, graphs by what they do) in the same order.
  friend bool operator==(const Params&, const Params&);
  std::size_t hash() const;
  /// "{axes=[0, 1], keepdims=True}", or "" without parameters.
  std::string text() const;

 private:
  const ParamValue& at(std::string_view name) const;
  [[noreturn]] static void wrong_kind(std::string_view name);
  std::vector<Entry> entries_;
};

/// In quotation marks, on one line: what the graph's notation reads back.
std::string quoted(const std::string&);

}  // namespace croton
