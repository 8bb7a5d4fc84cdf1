// einsum: letters into diagonals, sums, products and contractions of two.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/broadcasting.h"
#include "ops/contract.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "ops/slicing.h"

namespace croton {
namespace {

/// One for each axis: a letter, or dots + the number of an axis that "..." stands for, counted from the last.
using Labels = std::vector<Index>;
constexpr Index dots = 256;

bool has(const Labels& labels, Index l) { return std::find(labels.begin(), labels.end(), l) != labels.end(); }

/// An operand or the result as it is written: letters before and after the dots.
struct Written {
  std::string before, after;
  bool dotted = false;
  /// With `hidden` axes in the place of the dots.
  Labels labels(int hidden) const {
    Labels l(before.begin(), before.end());
    for (int k = hidden; dotted && k-- > 0;) l.push_back(dots + k);
    l.insert(l.end(), after.begin(), after.end());
    return l;
  }
  int letters() const { return static_cast<int>(before.size() + after.size()); }
};

class Subscripts {
 public:
  Subscripts(std::string_view given, std::size_t operands, Where w) : text_(given), w_(w) {
    std::string all(given);
    all.erase(std::remove(all.begin(), all.end(), ' '), all.end());
    const std::size_t arrow = all.find("->");
    std::string left = all.substr(0, arrow);
    for (std::size_t comma = 0; comma != std::string::npos;) {
      comma = left.find(',');
      operands_.push_back(written(left.substr(0, comma)));
      left.erase(0, comma == std::string::npos ? comma : comma + 1);
    }
    if (operands_.size() != operands)
      refuse(fmt::format("it names {} operands, {} are given", operands_.size(), operands));
    result_ = arrow == std::string::npos ? implied() : stated(all.substr(arrow + 2));
  }

  const Written& operand(std::size_t i) const { return operands_[i]; }
  const Written& result() const { return result_; }
  /// The letter that a label is.
  static std::string name(Index label) {
    return label < dots ? std::string(1, static_cast<char>(label)) : fmt::format("...[-{}]", label - dots + 1);
  }
  template <class E = GraphError>
  [[noreturn]] void refuse(const std::string& why) const {
    fail_at<E>(w_, "einsum(\"{}\"): {}", text_, why);
  }

 private:
  Written written(const std::string& s) const {
    Written r;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char c = s[i];
      if (s.compare(i, 3, "...") == 0 && !r.dotted)
        r.dotted = true, i += 2;
      else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        (r.dotted ? r.after : r.before) += c;
      else
        refuse(fmt::format("\"{}\" is no letter, and no \"...\" that stands alone", c));
    }
    return r;
  }
  /// How often each letter occurs in the operands.
  std::map<char, int> counts() const {
    std::map<char, int> n;
    for (const Written& o : operands_)
      for (const char c : o.before + o.after) ++n[c];
    return n;
  }
  Written implied() const {
    Written r;
    for (const Written& o : operands_) r.dotted |= o.dotted;
    for (const auto& [c, n] : counts())
      if (n == 1) r.after += c;
    return r;
  }
  Written stated(const std::string& s) const {
    Written r = written(s);
    const std::map<char, int> known = counts();
    std::string letters = r.before + r.after;
    for (const char c : letters)
      if (!known.contains(c)) refuse(fmt::format("the result's {} is in no operand", c));
    std::sort(letters.begin(), letters.end());
    if (const auto twice = std::adjacent_find(letters.begin(), letters.end()); twice != letters.end())
      refuse(fmt::format("the result has {} twice", *twice));
    if (!r.dotted && implied().dotted) refuse("the operands have \"...\", the result has not");
    return r;
  }

  std::string_view text_;
  Where w_;
  std::vector<Written> operands_;
  Written result_;
};

/// A tensor whose axes are labelled.
struct Term {
  Tensor x;
  Labels labels;

  void drop(std::size_t axis) { labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(axis)); }
  /// Axes in the order of `to`; new ones of extent 1 where this has no such label.
  Tensor arranged(const Labels& to, Where w) const {
    std::vector<Index> order;
    for (const Index l : to) {
      const auto at = std::find(labels.begin(), labels.end(), l);
      order.push_back(at == labels.end() ? -1 : at - labels.begin());
    }
    return ops::permuted(x, std::move(order), w);
  }
};

class Einsum {
 public:
  Einsum(const Subscripts& s, std::vector<Tensor> x, Where w)
      : s_(s), w_(w), dtype_(ops::common_dtype("einsum", x, w)) {
    int hidden = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Written& o = s.operand(i);
      const int rest = x[i].ndim() - o.letters();
      if (rest < 0 || (rest > 0 && !o.dotted))
        s.refuse<ShapeError>(fmt::format("operand {}, {}, is {}, with {} axes; {} are named", i, formula(x[i]),
                                         text(type(x[i])), x[i].ndim(), o.letters()));
      hidden = std::max(hidden, rest);
      terms_.push_back({ops::converted(x[i], dtype_, w), o.labels(rest)});
    }
    result_ = s.result().labels(hidden);
  }

  Tensor run() {
    check_extents();
    for (Term& t : terms_) take_diagonals(t);
    drop_broadcast_axes();
    for (std::size_t i = 0; i < terms_.size(); ++i) sum_own(i);
    Term all = terms_[0];
    for (std::size_t i = 1; i < terms_.size(); ++i) all = product(all, terms_[i], i + 1);
    return all.arranged(result_, w_);
  }

 private:
  /// The largest extent of each label that types state.
  void check_extents() const {
    std::map<Index, std::pair<Index, std::size_t>> known;
    for (std::size_t i = 0; i < terms_.size(); ++i)
      for (std::size_t a = 0; a < terms_[i].labels.size(); ++a) {
        const Index l = terms_[i].labels[a], n = type(terms_[i].x).shape[a];
        if (n < 0 || n == 1) continue;
        const auto [at, is_new] = known.emplace(l, std::pair(n, i));
        if (!is_new && at->second.first != n)
          s_.refuse<ShapeError>(fmt::format("{} is {} in operand {} and {} in operand {}", Subscripts::name(l),
                                            at->second.first, at->second.second, n, i));
      }
  }

  /// A label twice: the elements that have the same index along both axes.
  void take_diagonals(Term& t) const {
    for (std::size_t a = 0; a < t.labels.size(); ++a)
      for (std::size_t b = t.labels.size(); b-- > a + 1;) {
        if (t.labels[a] != t.labels[b]) continue;
        std::vector<Index> order{static_cast<Index>(a), static_cast<Index>(b)};
        Labels left{t.labels[a]};
        for (std::size_t d = 0; d < t.labels.size(); ++d)
          if (d != a && d != b) order.push_back(static_cast<Index>(d)), left.push_back(t.labels[d]);
        const Tensor front = ops::permuted(t.x, std::move(order), w_);
        // one of each axis: unequal extents are a ShapeError
        const IndexItem both[] = {{arange(ops::extent(front, 0, w_), w_), w_},
                                  {arange(ops::extent(front, 1, w_), w_), w_}};
        t = {ops::indexed(front, both, w_), left};
        return take_diagonals(t);
      }
  }

  /// Axes of extent 1 whose label is longer elsewhere.
  void drop_broadcast_axes() {
    const std::vector<Term> whole = terms_;
    const auto is_longer = [&](Index l) {
      for (const Term& t : whole)
        for (std::size_t a = 0; a < t.labels.size(); ++a)
          if (t.labels[a] == l && !type(t.x).broadcasts(static_cast<int>(a))) return true;
      return false;
    };
    for (Term& t : terms_)
      for (std::size_t a = t.labels.size(); a-- > 0;)
        if (type(t.x).broadcasts(static_cast<int>(a)) && is_longer(t.labels[a])) {
          t.x = squeeze(t.x, static_cast<int>(a), w_);
          t.drop(a);
        }
  }

  bool is_needed(Index l, std::size_t from) const {
    return has(result_, l) || std::any_of(terms_.begin() + static_cast<std::ptrdiff_t>(from), terms_.end(),
                                          [&](const Term& t) { return has(t.labels, l); });
  }

  /// Sums over what no other term and not the result has.
  void sum_own(std::size_t i) {
    Term& t = terms_[i];
    std::vector<int> axes;
    for (std::size_t a = t.labels.size(); a-- > 0;) {
      const Index l = t.labels[a];
      const auto owners = std::count_if(terms_.begin(), terms_.end(), [&](const Term& o) { return has(o.labels, l); });
      if (owners > 1 || has(result_, l)) continue;
      axes.push_back(static_cast<int>(a));
    }
    if (axes.empty()) return;
    t.x = dtype_ == boolean ? any(t.x, Axes(axes), w_) : ops::converted(sum(t.x, Axes(axes), w_), dtype_, w_);
    for (const int a : axes) t.drop(static_cast<std::size_t>(a));
  }

  /// The product of two, summed over what nothing from term `rest` on needs.
  Term product(const Term& a, const Term& b, std::size_t rest) const {
    Labels out, summed;
    for (const Term* t : {&a, &b})
      for (const Index l : t->labels)
        if (!has(out, l) && !has(summed, l)) (is_needed(l, rest) ? out : summed).push_back(l);
    if (summed.empty()) return {a.arranged(out, w_) * b.arranged(out, w_), out};
    Labels numbers = out;  // contract wants small ones
    numbers.insert(numbers.end(), summed.begin(), summed.end());
    const auto numbered = [&](const Labels& labels) {
      std::vector<Index> n;
      for (const Index l : labels) n.push_back(std::find(numbers.begin(), numbers.end(), l) - numbers.begin());
      return n;
    };
    return {ops::contracted(a.x, b.x, numbered(a.labels), numbered(b.labels), numbered(out), w_), out};
  }

  const Subscripts& s_;
  Where w_;
  DType dtype_;
  std::vector<Term> terms_;
  Labels result_;
};

}  // namespace

Tensor einsum(std::string_view subscripts, const Tensors& operands, Where where) {
  const WhereScope scope(where);
  const Where w = ambient(where);
  refuse_empty("einsum", operands.list(), w);
  const Subscripts s(subscripts, operands.list().size(), w);
  return Einsum(s, operands.list(), w).run();
}

}  // namespace croton
