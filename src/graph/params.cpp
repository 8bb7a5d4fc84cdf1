#include "graph/params.h"

#include <algorithm>
#include <bit>
#include <stdexcept>

#include <fmt/format.h>

#include "graph/codes.h"
#include "graph/subgraph.h"

namespace croton {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

constexpr std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
  return h * 0xff51afd7ed558ccdu;
}

std::uint64_t hash_of(const ParamValue& value) {
  const std::uint64_t bits = std::visit(
      Overloaded{[](Index i) { return static_cast<std::uint64_t>(i); },
                 [](double d) { return std::bit_cast<std::uint64_t>(d); }, [](bool b) { return std::uint64_t{b}; },
                 [](DType d) { return static_cast<std::uint64_t>(d); },
                 [](const std::string& s) { return static_cast<std::uint64_t>(std::hash<std::string>()(s)); },
                 [](const std::vector<Index>& v) {
                   std::uint64_t h = v.size();
                   for (const Index i : v) h = mix(h, static_cast<std::uint64_t>(i));
                   return h;
                 },
                 [](const SubgraphHandle& g) { return static_cast<std::uint64_t>(hash_of(*g)); }},
      value);
  return mix(bits, value.index());
}

bool same_value(const ParamValue& a, const ParamValue& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x && y) return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(*y);
  const auto* g = std::get_if<SubgraphHandle>(&a);
  const auto* h = std::get_if<SubgraphHandle>(&b);
  if (g && h) return equal(**g, **h);
  return a == b;
}

std::string number_text(double d) {
  std::string s = fmt::to_string(d);
  if (s.find_first_not_of("-0123456789") == std::string::npos) s += ".0";
  return s;
}

std::string list_text(const std::vector<Index>& v) {
  std::string out = "[";
  for (const Index n : v) {
    if (out.size() > 1) out += ", ";
    const std::optional<std::size_t> holder = holder_of_bound(n);
    out += n == absent_bound ? "none" : holder ? fmt::format("held {}", *holder) : fmt::to_string(n);
  }
  return out + "]";
}

std::string text_of(const ParamValue& value) {
  return std::visit(
      Overloaded{[](Index i) { return fmt::to_string(i); }, [](double d) { return number_text(d); },
                 [](bool b) { return std::string(b ? "True" : "False"); },
                 [](DType d) { return std::string(name_of(d)); }, [](const std::string& s) { return quoted(s); },
                 [](const std::vector<Index>& v) { return list_text(v); },
                 [](const SubgraphHandle& g) { return croton::text(*g); }},
      value);
}

}  // namespace

std::string quoted(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

const ParamValue& Params::at(std::string_view name) const {
  for (const Entry& e : entries_)
    if (e.first == name) return e.second;
  throw std::logic_error(fmt::format("no parameter {} in {}", name, text()));
}

bool Params::has(std::string_view name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.first == name; });
}

const std::vector<Index>* Params::find_list(std::string_view name) const {
  for (const Entry& e : entries_)
    if (e.first == name) return std::get_if<std::vector<Index>>(&e.second);
  return nullptr;
}

void Params::set(std::string_view name, ParamValue value) {
  for (Entry& e : entries_)
    if (e.first == name) {
      e.second = std::move(value);
      return;
    }
  entries_.emplace_back(name, std::move(value));
}

void Params::wrong_kind(std::string_view name) {
  throw std::logic_error(fmt::format("the parameter {} is of another kind", name));
}

bool operator==(const Params& a, const Params& b) {
  if (a.entries_.size() != b.entries_.size()) return false;
  for (std::size_t i = 0; i < a.entries_.size(); ++i)
    if (a.entries_[i].first != b.entries_[i].first || !same_value(a.entries_[i].second, b.entries_[i].second))
      return false;
  return true;
}

std::size_t Params::hash() const {
  std::uint64_t h = entries_.size();
  for (const Entry& e : entries_) h = mix(mix(h, std::hash<std::string_view>()(e.first)), hash_of(e.second));
  return static_cast<std::size_t>(h);
}

std::string Params::text() const {
  if (entries_.empty()) return {};
  std::string out = "{";
  for (const Entry& e : entries_) {
    if (out.size() > 1) out += ", ";
    out += fmt::format("{}={}", e.first, text_of(e.second));
  }
  return out + "}";
}

}  // namespace croton
