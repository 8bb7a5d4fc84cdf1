#include "graph/parse.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <mutex>
#include <set>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "base/text.h"
#include "graph/codes.h"
#include "graph/subgraph.h"

namespace croton {
namespace {

/// Names of parameters and files are literals elsewhere: they outlive every node.
const char* kept(std::string_view s) {
  static std::mutex lock;
  static std::set<std::string, std::less<>>& all = *new std::set<std::string, std::less<>>;
  const std::lock_guard hold(lock);
  return all.emplace(s).first->c_str();
}

class Line {
 public:
  Line(std::string_view text, int number) : rest_(trim(text)), number_(number) {}

  template <class... A>
  [[noreturn]] void refuse(fmt::format_string<A...> text, A&&... a) const {
    fail<GraphError>("graph text, line {}: {}", number_, fmt::format(text, std::forward<A>(a)...));
  }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  bool take(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_ = trim(rest_.substr(word.size()));
    return true;
  }
  void need(std::string_view word) {
    if (!take(word)) refuse("expected \"{}\" at \"{}\"", word, rest_);
  }
  /// Everything before one of the letters.
  std::string_view until(std::string_view letters) {
    const std::size_t end = std::min(rest_.find_first_of(letters), rest_.size());
    const std::string_view word = trim(rest_.substr(0, end));
    rest_ = trim(rest_.substr(end));
    return word;
  }
  template <class N>
  N number(std::string_view word, int base = 10) const {
    N n{};
    const auto [end, error] = from(word, n, base);
    if (error != std::errc() || end != word.data() + word.size()) refuse("\"{}\" is not a number", word);
    return n;
  }
  std::string string() {  // after the opening quote
    std::string out;
    std::size_t i = 0;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      const bool escaped = rest_[i] == '\\' && i + 1 < rest_.size();
      if (escaped) ++i;
      out += escaped && rest_[i] == 'n' ? '\n' : rest_[i];
    }
    if (i == rest_.size()) refuse("a string is not closed");
    rest_ = trim(rest_.substr(i + 1));
    return out;
  }

 private:
  template <class N>
  static std::from_chars_result from(std::string_view w, N& n, int base) {
    if constexpr (std::is_floating_point_v<N>)
      return std::from_chars(w.data(), w.data() + w.size(), n);
    else
      return std::from_chars(w.data(), w.data() + w.size(), n, base);
  }
  std::string_view rest_;
  int number_;
};

DType dtype_named(const Line& line, std::string_view name) {
  for (const DType d : all_dtypes)
    if (name_of(d) == name) return d;
  line.refuse("\"{}\" is not a dtype", name);
}

Type read_type(Line& line) {
  Type t;
  t.dtype = dtype_named(line, line.until("["));
  line.need("[");
  while (!line.take("]")) {
    const std::string_view extent = line.until(",]");
    t.shape.push_back(extent == "?" ? -1 : line.number<Index>(extent));
    if (!line.take(",") && line.rest().substr(0, 1) != "]") line.refuse("a shape is not closed");
  }
  return t;
}

using FindOp = std::function<const Op*(std::string_view)>;

/// Its inputs are the last so many of what the text returns.
SubgraphHandle read_graph(Line& line, const FindOp& op) {
  const auto inputs = line.number<std::ptrdiff_t>(line.until(")"));
  line.need(")");
  line.need("\"");
  std::vector<Tensor> all = parse_graph(line.string(), op);
  if (inputs < 0 || inputs > static_cast<std::ptrdiff_t>(all.size()))
    line.refuse("graph({}) returns {} values", inputs, all.size());
  return std::make_shared<const Subgraph>(Subgraph{{all.end() - inputs, all.end()}, {all.begin(), all.end() - inputs}});
}

/// A number of a list: "none" and "held 0" are codes of bounds.
Index read_index(Line& line) {
  if (line.take("none")) return absent_bound;
  if (line.take("held ")) return absent_bound + 1 + line.number<Index>(line.until(",]"));
  return line.number<Index>(line.until(",]"));
}

ParamValue read_param(Line& line, const FindOp& op) {
  if (line.take("\"")) return line.string();
  if (line.take("graph(")) return read_graph(line, op);
  if (line.take("[")) {
    std::vector<Index> list;
    while (!line.take("]")) {
      list.push_back(read_index(line));
      if (!line.take(",") && line.rest().substr(0, 1) != "]") line.refuse("a list is not closed");
    }
    return list;
  }
  const std::string_view word = line.until(",}");
  if (word == "True" || word == "False") return word == "True";
  for (const DType d : all_dtypes)
    if (name_of(d) == word) return d;
  if (word.find_first_not_of("-0123456789") == std::string_view::npos) return line.number<Index>(word);
  return line.number<double>(word);
}

Params read_params(Line& line, const FindOp& op) {
  Params p;
  if (!line.take("{")) return p;
  while (!line.take("}")) {
    const std::string_view name = kept(line.until("="));
    line.need("=");
    p.set(name, read_param(line, op));
    if (!line.take(",") && line.rest().substr(0, 1) != "}") line.refuse("parameters are not closed");
  }
  return p;
}

void read_element(const Line& line, std::string_view word, Array& a, Index i) {
  const auto at = static_cast<std::size_t>(i);
  if (word.substr(0, 2) == "0x" && is_float(a.dtype())) {  // the bits of an unusual NaN
    const auto bits = line.number<std::uint64_t>(word.substr(2), 16);
    switch (size_of(a.dtype())) {
      case 8: mutable_data_as<double>(a)[at] = std::bit_cast<double>(bits); return;
      case 4: mutable_data_as<float>(a)[at] = std::bit_cast<float>(static_cast<std::uint32_t>(bits)); return;
      default: mutable_data_as<std::uint16_t>(a)[at] = static_cast<std::uint16_t>(bits); return;
    }
  }
  if (a.dtype() == DType::boolean) return set(a, i, word == "True" ? 1 : 0);
  if (a.dtype() == DType::uint64) {
    mutable_data_as<std::uint64_t>(a)[at] = line.number<std::uint64_t>(word);
  } else if (a.dtype() == DType::int64) {
    mutable_data_as<std::int64_t>(a)[at] = line.number<std::int64_t>(word);
  } else if (a.dtype() == DType::float32 && word != "nan") {
    mutable_data_as<float>(a)[at] = line.number<float>(word);  // shortest text: rounded once
  } else {
    set(a, i, word == "nan" ? std::nan("") : line.number<double>(word));
  }
}

Array read_constant(const Line& line, std::string_view elements, const Type& t) {
  Line list(elements, 0);
  if (list.take("...")) line.refuse("the constant was cut short when it was printed");
  Array a = Array::zeros(Extents(t.shape), t.dtype);
  if (t.rank() == 0) {
    read_element(line, elements, a, 0);
    return a;
  }
  list.need("[");
  for (Index i = 0; i < a.size(); ++i) {
    const std::string_view word = list.until(",]");
    if (word.empty()) line.refuse("the constant has {} elements, its type {}", i, a.size());
    read_element(line, word, a, i);
    list.take(",");
  }
  if (!list.take("]") || !list.done()) line.refuse("the constant has more elements than its type");
  return a;
}

/// What stands after '#': "name", "name, file:line" or "file:line".
void read_comment(std::string_view comment, std::string& name, Where& where) {
  const std::size_t comma = comment.rfind(", ");
  const std::string_view last = comma == std::string_view::npos ? comment : comment.substr(comma + 2);
  const std::size_t colon = last.rfind(':');
  int line = 0;
  const bool is_place = colon != std::string_view::npos && last.find(' ') == std::string_view::npos &&
                        std::from_chars(last.data() + colon + 1, last.data() + last.size(), line).ec == std::errc();
  if (!is_place) {
    name = comment;
    return;
  }
  where = Where{kept(last.substr(0, colon)), line, ""};
  if (comma != std::string_view::npos) name = comment.substr(0, comma);
}

class Reader {
 public:
  explicit Reader(const FindOp& op) : op_(op) {}

  std::vector<Tensor> read(std::string_view text) {
    int number = 0;
    for (const std::string_view row : split(text, '\n')) {
      Line line(row, ++number);
      if (line.done()) continue;
      if (line.take("return")) return outputs(line);
      read_node(line);
    }
    Line(text, number).refuse("no line says what to return");
  }

 private:
  Tensor reference(Line& line) {
    line.need("%");
    const std::string_view n = line.until(" ,)=");
    const auto it = nodes_.find(line.number<std::size_t>(n));
    if (it == nodes_.end()) line.refuse("%{} is used before it is made", n);
    return it->second;
  }
  std::vector<Tensor> outputs(Line& line) {
    std::vector<Tensor> out;
    while (!line.done()) {
      out.push_back(reference(line));
      line.take(",");
    }
    return out;
  }
  void read_node(Line& line) {
    line.need("%");
    const auto number = line.number<std::size_t>(line.until(" ="));
    line.need("=");
    const std::string_view op = line.until("(");
    line.need("(");
    const bool is_leaf = op == "input" || op == "shared" || op == "constant" || op == "weak";
    const std::string_view value = is_leaf ? line.until(")") : "";
    std::vector<Tensor> inputs;
    while (!is_leaf && !line.done() && line.rest().front() != ')') {
      inputs.push_back(reference(line));
      line.take(",");
    }
    line.need(")");
    Params params = read_params(line, op_);
    line.need(":");
    const Type type = read_type(line);
    std::string name;
    Where where;
    if (line.take("#")) read_comment(line.rest(), name, where);
    Tensor t =
        is_leaf ? leaf(line, op, value, type, where) : made(line, op, std::move(params), std::move(inputs), where);
    if (croton::type(t) != type)
      line.refuse("the type is written {}, the rule gives {}", croton::text(type), croton::text(croton::type(t)));
    nodes_[number] = t.named(name);
  }
  Tensor leaf(Line& line, std::string_view kind, std::string_view value, const Type& type, Where where) {
    if (kind == "input") return make_input(type, "", where);
    if (kind != "shared") {
      Tensor t = make_constant(read_constant(line, value, type), "", where);
      t.node()->weak = kind == "weak";
      return t;
    }
    auto shared = std::make_shared<SharedValue>();
    shared->id = line.number<std::uint64_t>(value);
    return make_shared(type, std::move(shared), "", where);
  }
  Tensor made(Line& line, std::string_view name, Params params, std::vector<Tensor> inputs, Where where) {
    const Op* op = op_(name);
    if (!op) line.refuse("there is no op \"{}\"", name);
    return make_node(*op, std::move(params), std::move(inputs), where);
  }

  const FindOp& op_;
  std::unordered_map<std::size_t, Tensor> nodes_;
};

}  // namespace

std::vector<Tensor> parse_graph(std::string_view text, const std::function<const Op*(std::string_view)>& op) {
  return Reader(op).read(text);
}

}  // namespace croton
