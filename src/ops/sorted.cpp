// What puts lines in order: sort and argsort of whole lines, and the elements that stand first or in the middle.
// NaN comes after every number, as in NumPy, and equal elements keep their order. What has several results (topk,
// median, unique) is composed of these in sorting.cpp.
#include <limits>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/extents.h"
#include "ops/families.h"
#include "ops/gathered.h"
#include "ops/order.h"
#include "ops/origin.h"
#include "ops/pointwise.h"
#include "ops/sort_key.h"

namespace croton::ops {
namespace {

/// The lines of x along an axis. ShapeError for more elements than a step can count.
Lines lines_to_sort(const Node& n, const Array& x, Index axis) {
  const Lines lines = lines_of(x.shape(), axis);
  if (static_cast<std::uint64_t>(lines.length) > most_sorted)
    fail_at<ShapeError>(n.where, "{}: an axis of {} elements, and at most {} are put in order", asked_as(n),
                        lines.length, most_sorted);
  return lines;
}

/// The key of an element in rising order, or in falling.
template <class T>
SortKey<T> key_in(bool falling, T v) {
  return static_cast<SortKey<T>>(falling ? ~sort_key(v) : sort_key(v));
}

/// The elements' keys, in rising order.
template <class T>
void gather_keys(const T* from, const Gathered<SortKey<T>>& g) {
  using K = SortKey<T>;
  g.each_element([from](K& w, Index at, std::size_t) { w = std::bit_cast<K>(from[at]); });
  // not of bools: a word of no line may be none
  if constexpr (!key_is_bits<T>) g.each_word([](K& w) { w = sort_key(std::bit_cast<T>(w)); });
}

// ---- argsort
Type argsort_type(const TypeAt& t) { return {int64, t.shapes[0]}; }

/// Where the elements of each line stand in order.
template <class T>
void argsort_lines(const T* from, const Lines& lines, bool falling, const Host& host, Index* to) {
  using K = SortKey<T>;
  each_gathered<Keyed<K>>(lines, host, [&](const Gathered<Keyed<K>>& g) {
    g.each_element([&](Keyed<K>& w, Index at, std::size_t i) { w = keyed(key_in(falling, from[at]), i); });
    g.sort(key_of_keyed<K>);
    g.each_element([&](const Keyed<K>& w, Index at, std::size_t) { to[at] = static_cast<Index>(place_of(w)); });
  });
}

void run_argsort(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Lines lines = lines_to_sort(n, x, n.params.integer("axis"));
  visit_dtype(x.dtype(), [&]<class T>(T) {
    argsort_lines(data_as<T>(x), lines, n.params.flag("descending"), host, mutable_data_as<Index>(out));
  });
}

std::vector<Sample> sorted_samples(Params params) {
  const auto along = [&](Index axis) {
    Params p = params;
    p.set("axis", axis);
    return p;
  };
  return {{{{float64, {3, 4}}}, along(0)},         {{{float32, {2, 3, 4}}}, along(1)},
          {{{float16, {7}}}, along(0), {{-2, 2}}}, {{{int32, {4, 5}}}, along(1)},
          {{{uint8, {9}}}, along(0), {{0, 3}}},    {{{boolean, {5}}}, along(0), {{0, 1}}},
          {{{float64, {0, 4}}}, along(1)},         {{{float64, {-1, 3}}}, along(0)}};
}

std::vector<Sample> argsort_samples() {
  return join(sorted_samples({{"descending", false}}), sorted_samples({{"descending", true}}));
}

// ---- sort
Type sort_type(const TypeAt& t) { return {t.dtype(0), t.shapes[0]}; }

/// Keys know one zero and one NaN: puts those of a sorted line back as they were, in their order.
template <class T>
void restore(const Gathered<SortKey<T>>& g, std::size_t line, const Lines& lines, const T* from, T* to) {
  const auto index = [](std::size_t n) { return static_cast<Index>(n); };
  Index next_zero = index(g.before(line, sort_key(T{}))), next_nan = index(g.before(line, last_key<T>));
  const bool any_zero = next_zero < lines.length && g.word(line, static_cast<std::size_t>(next_zero)) == sort_key(T{});
  if (!any_zero && next_nan == lines.length) return;
  for (Index i = 0; i < lines.length; ++i) {
    const T v = from[i * lines.step];
    const SortKey<T> key = sort_key(v);
    if (key == sort_key(T{})) to[next_zero++ * lines.step] = v;
    if (key == last_key<T>) to[next_nan++ * lines.step] = v;
  }
}

/// The elements of each line in order.
template <class T>
void sort_lines(const T* from, const Lines& lines, const Host& host, T* to) {
  using K = SortKey<T>;
  each_gathered<K>(lines, host, [&](const Gathered<K>& g) {
    gather_keys<T>(from, g);
    g.sort(whole_key<K>);
    if (!is_float_element<T> || (g.lacks(sort_key(T{})) && g.lacks(last_key<T>))) {
      if constexpr (!key_is_bits<T>) g.each_word([](K& w) { w = std::bit_cast<K>(element_of<T>(w)); });
      return g.each_element([&](const K& w, Index at, std::size_t) { to[at] = std::bit_cast<T>(w); });
    }
    g.each_element([&](const K& w, Index at, std::size_t) { to[at] = element_of<T>(w); });
    for (std::size_t l = 0; l < g.count(); ++l) {
      const Index start = lines.start(g.number(l));
      restore(g, l, lines, from + start, to + start);
    }
  });
}

void run_sort(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Lines lines = lines_to_sort(n, x, n.params.integer("axis"));
  visit_dtype(x.dtype(), [&]<class T>(T) { sort_lines(data_as<T>(x), lines, host, mutable_data_as<T>(out)); });
}

Gradients sort_pullback(const At& at) {
  const int axis = static_cast<int>(at.params.integer("axis"));
  const Tensor order = croton::argsort(at.x[0], axis);
  return {put_along_axis(zeros_of(at.y_bar, Where::here()), order, at.y_bar, axis)};
}

std::vector<Sample> sort_samples() { return sorted_samples({}); }

// ---- argtopk and argmedian
/// The shape of x with that many elements along the node's axis.
Shape with_extent(const TypeAt& t, Index extent) {
  Shape s = t.shapes[0];
  s[static_cast<std::size_t>(t.params.integer("axis"))] = extent;
  return s;
}

Type argtopk_type(const TypeAt& t) {
  const Index k = t.params.integer("k"), axis = t.params.integer("axis");
  const Index n = t.shapes[0][static_cast<std::size_t>(axis)];
  if (n >= 0 && k > n)
    fail_at<IndexError>(t.where, "{}: the first {} elements are out of range: {} has {}", t.name(), k,
                        axis_called(t, 0, axis), n);
  return {int64, with_extent(t, k)};
}

/// The first k in order of words that come one after another, their places rising.
template <class K>
class First {
 public:
  /// Room in each for most(k) words, or for all there will be.
  First(Keyed<K>* words, Keyed<K>* spare, std::size_t k) : words_(words), spare_(spare), k_(k) {}
  static std::size_t most(std::size_t k) { return 2 * k + 128; }

  /// Whether so many have come that a later one may be too late.
  bool chooses() const { return chooses_; }
  bool takes(K key) const { return key < border_; }
  void take(const Keyed<K>& w) {
    words_[count_++] = w;
    if (count_ == most(k_)) cut();
  }
  const Keyed<K>* in_order() {
    cut();
    sort_words(words_, spare_, k_, key_of_keyed<K>);
    return words_;
  }

 private:
  /// Keeps the first k, in the order of their places.
  void cut() {
    K* const keys = reinterpret_cast<K*>(spare_);
    for (std::size_t i = 0; i < count_; ++i) keys[i] = key_of<K>(words_[i]);
    border_ = selected(keys, count_, k_ - 1);
    std::size_t equal = k_, kept = 0;  // so many that equal the border are among the first
    for (std::size_t i = 0; i < count_; ++i) equal -= key_of<K>(words_[i]) < border_ ? 1 : 0;
    for (std::size_t i = 0; kept < k_; ++i) {
      const K key = key_of<K>(words_[i]);
      if (key > border_ || (key == border_ && equal == 0)) continue;
      equal -= key == border_ ? 1 : 0;
      words_[kept++] = words_[i];
    }
    count_ = k_;
    chooses_ = true;
  }
  Keyed<K>*words_, *spare_;
  std::size_t k_, count_ = 0;
  K border_ = 0;
  bool chooses_ = false;
};

/// Gives those elements that may be among the first of a long line.
template <class T>
void choose(const T* from, Index step, Index n, bool falling, First<SortKey<T>>& first) {
  constexpr Index block = 64;
  const auto key = [&](Index i) { return key_in(falling, from[i * step]); };
  const auto word = [&](Index i) { return keyed(key(i), static_cast<std::size_t>(i)); };
  Index i = 0;
  for (; i < n && !first.chooses(); ++i) first.take(word(i));
  while (i < n) {
    const Index end = std::min(i + block, n);
    unsigned any = 0;
    for (Index j = i; j < end; ++j) any |= first.takes(key(j)) ? 1u : 0u;
    for (; any != 0 && i < end; ++i)
      if (first.takes(key(i))) first.take(word(i));
    i = end;
  }
}

/// Writes the places of the first k elements of each line.
template <class T>
void argtopk_lines(const T* from, const Lines& lines, bool falling, const Host& host, Index* to, const Lines& results) {
  using K = SortKey<T>;
  const auto k = static_cast<std::size_t>(results.length);
  const auto write = [&](Index line, auto&& word) {
    Index* const first = to + results.start(line);
    for (std::size_t i = 0; i < k; ++i)
      first[static_cast<Index>(i) * results.step] = static_cast<Index>(place_of(word(i)));
  };
  if (k == 0) return;
  if (lines.length > long_line) {
    const std::size_t most = std::min(First<K>::most(k), static_cast<std::size_t>(lines.length));
    Array room = empty(Extents{2 * most * sizeof(Keyed<K>)}, uint8);
    auto* const words = reinterpret_cast<Keyed<K>*>(mutable_data_as<std::uint8_t>(room));
    for (Index l = 0; l < lines.count; ++l) {
      First<K> first(words, words + most, k);
      choose(from + lines.start(l), lines.step, lines.length, falling, first);
      const Keyed<K>* const found = first.in_order();
      write(l, [&](std::size_t i) { return found[i]; });
    }
    return;
  }
  each_gathered<Keyed<K>>(lines, host, [&](const Gathered<Keyed<K>>& g) {
    g.each_element([&](Keyed<K>& w, Index at, std::size_t i) { w = keyed(key_in(falling, from[at]), i); });
    if (g.abreast()) g.sort(key_of_keyed<K>);
    for (std::size_t l = 0; l < g.count(); ++l) {
      if (!g.abreast()) {
        First<K> first(g.line(l), g.spare(), k);
        for (std::size_t i = 0; i < g.length(); ++i)
          if (const Keyed<K> w = g.word(l, i); !first.chooses() || first.takes(key_of<K>(w))) first.take(w);
        first.in_order();
      }
      write(g.number(l), [&](std::size_t i) { return g.word(l, i); });
    }
  });
}

void run_argtopk(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Index axis = n.params.integer("axis");
  const Lines lines = lines_to_sort(n, x, axis), results = lines_of(out.shape(), axis);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    argtopk_lines(data_as<T>(x), lines, n.params.flag("descending"), host, mutable_data_as<Index>(out), results);
  });
}

std::vector<Sample> argtopk_samples() {
  return join(sorted_samples({{"descending", false}, {"k", Index{0}}}),
              std::vector<Sample>{{{{float64, {3, 4}}}, {{"axis", Index{0}}, {"descending", true}, {"k", Index{2}}}},
                                  {{{int32, {2, 5}}}, {{"axis", Index{1}}, {"descending", false}, {"k", Index{5}}}}});
}

Type argmedian_type(const TypeAt& t) { return {int64, with_extent(t, 2)}; }

/// Where the key stands that has so many equals before it, of keys of which key(i) is number i.
template <class K, class KeyAt>
Index place_among_equals(KeyAt key, K wanted, std::size_t before) {
  std::size_t i = 0;
  while (key(i) != wanted || before-- > 0) ++i;
  return static_cast<Index>(i);
}

/// Where the k-th smallest of a line of keys and the one after it stand; the one after the last is the last.
template <class K>
std::array<Index, 2> places_in_order(const K* keys, K* spare, std::size_t n, std::size_t k) {
  const auto key_at = [keys](std::size_t i) { return keys[i]; };
  std::copy_n(keys, n, spare);
  const K key = selected(spare, n, k);
  std::size_t before = k, equal = 0;
  for (std::size_t i = 0; i < n; ++i) before -= keys[i] < key ? 1 : 0;
  for (std::size_t i = 0; i < n; ++i) equal += keys[i] == key ? 1 : 0;
  const Index place = place_among_equals(key_at, key, before);
  if (k + 1 == n) return {place, place};
  if (before + 1 < equal) return {place, place_among_equals(key_at, key, before + 1)};
  K next = std::numeric_limits<K>::max();
  for (std::size_t i = 0; i < n; ++i) next = std::min(next, keys[i] > key ? keys[i] : std::numeric_limits<K>::max());
  return {place, place_among_equals(key_at, next, 0)};
}

/// Writes the places of the two elements in the middle of each line.
template <class T>
void argmedian_lines(const T* from, const Lines& lines, const Host& host, Index* to, const Lines& results) {
  using K = SortKey<T>;
  const auto n = static_cast<std::size_t>(lines.length);
  const auto is_nan = [](K key) { return is_float_element<T> && key == last_key<T>; };
  each_gathered<K>(lines, host, [&](const Gathered<K>& g) {
    gather_keys<T>(from, g);
    if (g.abreast()) g.sort(whole_key<K>);
    const auto in_sorted = [&](std::size_t l, std::size_t k) {
      const T* const line = from + lines.start(g.number(l));
      const auto key_at = [&](std::size_t i) { return sort_key(line[static_cast<Index>(i) * lines.step]); };
      const K key = g.word(l, k);
      return place_among_equals(key_at, key, k - g.before(l, key));
    };
    for (std::size_t l = 0; l < g.count(); ++l) {
      const K* const keys = g.line(l);
      const bool nan = g.abreast() ? is_nan(g.word(l, n - 1)) : std::find_if(keys, keys + n, is_nan) != keys + n;
      const std::size_t first = nan ? n - 1 : (n - 1) / 2, second = nan ? n - 1 : n / 2;
      const auto places = g.abreast() ? std::array{in_sorted(l, first), in_sorted(l, second)}
                                      : places_in_order(keys, g.spare(), n, first);
      Index* const middle = to + results.start(g.number(l));
      middle[0] = places[0];
      middle[results.step] = places[second == first ? 0 : 1];
    }
  });
}

void run_argmedian(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Lines lines = lines_to_sort(n, x, n.params.integer("axis")),
              results = lines_of(out.shape(), n.params.integer("axis"));
  if (lines.count > 0 && lines.length == 0)
    fail_at<ShapeError>(n.where, "{}: {} is {}, an axis without a middle", asked_as(n), formula(n.inputs[0]),
                        type_text(x));
  visit_dtype(x.dtype(),
              [&]<class T>(T) { argmedian_lines(data_as<T>(x), lines, host, mutable_data_as<Index>(out), results); });
}

std::vector<Sample> argmedian_samples() {
  return {{{{float64, {3, 4}}}, {{"axis", Index{0}}}},         {{{float32, {2, 3, 4}}}, {{"axis", Index{2}}}},
          {{{float16, {7}}}, {{"axis", Index{0}}}, {{-2, 2}}}, {{{int32, {4, 5}}}, {{"axis", Index{1}}}},
          {{{float64, {0, 4}}}, {{"axis", Index{1}}}},         {{{float64, {-1, 3}}}, {{"axis", Index{1}}}}};
}

// ---- unique and argunique
Type unique_type(const TypeAt& t) { return {t.dtype(0), {-1}}; }
Type argunique_type(const TypeAt&) { return {int64, {2, -1}}; }

/// Calls f(i) for each of n places in an order at which another element than the one before it stands.
template <class T, class At, class F>
void each_start(Index n, At at, F&& f) {
  for (Index i = 0; i < n; ++i)
    if (i == 0 || sort_key<T>(at(i)) != sort_key<T>(at(i - 1))) f(i);
}

void run_unique(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  Array sorted = empty(x.shape(), x.dtype());
  visit_dtype(x.dtype(), [&]<class T>(T) {
    T* const in_order = mutable_data_as<T>(sorted);
    sort_lines(data_as<T>(x), lines_to_sort(n, x, 0), host, in_order);
    Index count = 0;
    const auto at = [&](Index i) { return in_order[i]; };
    each_start<T>(x.size(), at, [&](Index) { ++count; });
    out = empty({count}, x.dtype());
    T* to = mutable_data_as<T>(out);
    each_start<T>(x.size(), at, [&](Index i) { *to++ = in_order[i]; });
  });
}

void run_argunique(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  Array order = empty(x.shape(), int64);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    Index* const places = mutable_data_as<Index>(order);
    argsort_lines(data_as<T>(x), lines_to_sort(n, x, 0), false, host, places);
    std::vector<Index> starts;
    each_start<T>(
        x.size(), [&](Index i) { return data_as<T>(x)[places[i]]; }, [&](Index i) { starts.push_back(i); });
    const auto count = static_cast<Index>(starts.size());
    out = empty({2, count}, int64);
    Index* const to = mutable_data_as<Index>(out);
    for (Index k = 0; k < count; ++k) {
      to[count + k] = starts[static_cast<std::size_t>(k)];
      to[k] = places[to[count + k]];
    }
  });
}

Gradients unique_pullback(const At& at) {
  const Tensor first = apply(argunique, {}, {at.x[0]}, Where::here())[0];
  return {zeros_of(at.x[0], Where::here())(IndexItem(first)).set(at.y_bar)};
}

std::vector<Sample> unique_samples() {
  return {{{{float64, {5}}}, {}}, {{{int64, {6}}}, {}, {{0, 2}}}, {{{float32, {0}}}, {}}};
}

}  // namespace

constinit const Op argsort{.name = "argsort",
                           .doc =
                               "The indices that put an axis in order; equal elements keep theirs, NaN comes last, or "
                               "first where the order descends (NumPy's argsort, kind stable).",
                           .type = argsort_type,
                           .meaning = HostCall{run_argsort},
                           .no_gradient = discrete,
                           .samples = argsort_samples};

constinit const Op sort{.name = "sort",
                        .doc = "The elements of an axis in rising order, NaN last (NumPy's sort, kind stable).",
                        .type = sort_type,
                        .meaning = HostCall{run_sort},
                        .pullback = sort_pullback,
                        .samples = sort_samples};

constinit const Op argtopk{.name = "argtopk",
                           .doc = "The first k indices of argsort.",
                           .type = argtopk_type,
                           .meaning = HostCall{run_argtopk},
                           .no_gradient = discrete,
                           .samples = argtopk_samples};

constinit const Op argmedian{.name = "argmedian",
                             .doc =
                                 "The indices of the two elements in the middle of an axis's order, of one twice where "
                                 "their number is odd; of the last NaN where there is one.",
                             .type = argmedian_type,
                             .meaning = HostCall{run_argmedian},
                             .no_gradient = discrete,
                             .samples = argmedian_samples};

constinit const Op unique{.name = "unique",
                          .doc = "Each of a vector's values once, in rising order; NaN is one value (NumPy's unique).",
                          .type = unique_type,
                          .meaning = HostCall{.run = run_unique, .sizes_itself = true},
                          .pullback = unique_pullback,
                          .samples = unique_samples};

constinit const Op argunique{.name = "argunique",
                             .doc =
                                 "Where each of a vector's values stands first, in the values' order; below it, where "
                                 "it would stand first if the vector were sorted.",
                             .type = argunique_type,
                             .meaning = HostCall{.run = run_argunique, .sizes_itself = true},
                             .no_gradient = discrete,
                             .samples = unique_samples};

Family sorted_ops() {
  static constexpr const Op* list[] = {&argsort, &sort, &argtopk, &argmedian, &unique, &argunique};
  return list;
}

}  // namespace croton::ops
