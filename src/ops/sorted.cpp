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
#include "ops/pointwise.h"
#include "ops/sort_key.h"

namespace croton::ops {
namespace {

/// The lines of x along an axis. ShapeError for more elements than a step can count.
Lines lines_to_sort(const Node& n, const Array& x, Index axis) {
  const Lines lines = lines_of(x.shape(), axis);
  if (static_cast<std::uint64_t>(lines.length) > most_sorted)
    fail_at<ShapeError>(n.where, "{}: an axis of {} elements, and at most {} are put in order", n.op->name,
                        lines.length, most_sorted);
  return lines;
}

/// The key of an element in rising order, or in falling.
template <class T>
SortKey<T> key_in(bool falling, T v) {
  return static_cast<SortKey<T>>(falling ? ~sort_key(v) : sort_key(v));
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

/// Keys know one zero and one NaN: puts those of a line back as they were, in their order.
template <class T>
void restore(const SortKey<T>* sorted, const T* from, T* to, const Lines& lines) {
  const SortKey<T>* const end = sorted + lines.length;
  const SortKey<T>* const zeros = std::lower_bound(sorted, end, sort_key(T{}));
  const SortKey<T>* const nans = std::lower_bound(zeros, end, last_key<T>);
  const bool any_zero = zeros != end && *zeros == sort_key(T{});
  if (!any_zero && nans == end) return;
  Index next_zero = zeros - sorted, next_nan = nans - sorted;
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
    g.each_element([&](K& w, Index at, std::size_t) { w = sort_key(from[at]); });
    g.sort(whole_key<K>);
    g.each_element([&](const K& w, Index at, std::size_t) { to[at] = element_of<T>(w); });
    if constexpr (is_float_element<T>)
      for (std::size_t l = 0; l < g.count(); ++l) {
        const Index start = lines.start(g.number(l));
        restore(g.line(l), from + start, to + start, lines);
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
    fail_at<IndexError>(t.where, "topk: the first {} elements are out of range: axis {} of {} {} has {}", k, axis,
                        formula(t.x[0]), text(Type{t.dtype(0), t.shapes[0]}), n);
  return {int64, with_extent(t, k)};
}

/// Brings the first k of a line's words in order to its front.
template <class K>
void bring_first(Keyed<K>* line, Keyed<K>* spare, std::size_t n, std::size_t k) {
  if (k == 0) return;
  if (k < n) {
    K* const keys = reinterpret_cast<K*>(spare);
    for (std::size_t i = 0; i < n; ++i) keys[i] = key_of<K>(line[i]);
    const K border = selected(keys, n, k - 1);
    std::size_t equal = k, kept = 0;  // so many that equal the border are among the first
    for (std::size_t i = 0; i < n; ++i) equal -= key_of<K>(line[i]) < border ? 1 : 0;
    for (std::size_t i = 0; kept < k; ++i) {
      const K key = key_of<K>(line[i]);
      if (key > border || (key == border && equal == 0)) continue;
      equal -= key == border ? 1 : 0;
      line[kept++] = line[i];
    }
  }
  sort_words(line, spare, k, key_of_keyed<K>);
}

void run_argtopk(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Lines lines = lines_to_sort(n, x, n.params.integer("axis")),
              results = lines_of(out.shape(), n.params.integer("axis"));
  const bool falling = n.params.flag("descending");
  Index* const to = mutable_data_as<Index>(out);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    using K = SortKey<T>;
    const T* const from = data_as<T>(x);
    each_gathered<Keyed<K>>(lines, host, [&](const Gathered<Keyed<K>>& g) {
      g.each_element([&](Keyed<K>& w, Index at, std::size_t i) { w = keyed(key_in(falling, from[at]), i); });
      for (std::size_t l = 0; l < g.count(); ++l) {
        bring_first<K>(g.line(l), g.spare(), g.length(), static_cast<std::size_t>(results.length));
        Index* const first = to + results.start(g.number(l));
        for (Index i = 0; i < results.length; ++i) first[i * results.step] = static_cast<Index>(place_of(g.line(l)[i]));
      }
    });
  });
}

std::vector<Sample> argtopk_samples() {
  return join(sorted_samples({{"descending", false}, {"k", Index{0}}}),
              std::vector<Sample>{{{{float64, {3, 4}}}, {{"axis", Index{0}}, {"descending", true}, {"k", Index{2}}}},
                                  {{{int32, {2, 5}}}, {{"axis", Index{1}}, {"descending", false}, {"k", Index{5}}}}});
}

Type argmedian_type(const TypeAt& t) { return {int64, with_extent(t, 2)}; }

/// Where the key stands that has so many equals before it.
template <class K>
Index place_among_equals(const K* keys, K key, std::size_t before) {
  std::size_t i = 0;
  while (keys[i] != key || before-- > 0) ++i;
  return static_cast<Index>(i);
}

/// Where the k-th smallest of a line of keys and the one after it stand; the one after the last is the last.
template <class K>
std::array<Index, 2> places_in_order(const K* keys, K* spare, std::size_t n, std::size_t k) {
  std::copy_n(keys, n, spare);
  const K key = selected(spare, n, k);
  std::size_t before = k, equal = 0;
  for (std::size_t i = 0; i < n; ++i) before -= keys[i] < key ? 1 : 0;
  for (std::size_t i = 0; i < n; ++i) equal += keys[i] == key ? 1 : 0;
  const Index place = place_among_equals(keys, key, before);
  if (k + 1 == n) return {place, place};
  if (before + 1 < equal) return {place, place_among_equals(keys, key, before + 1)};
  K next = std::numeric_limits<K>::max();
  for (std::size_t i = 0; i < n; ++i) next = std::min(next, keys[i] > key ? keys[i] : std::numeric_limits<K>::max());
  return {place, place_among_equals(keys, next, 0)};
}

void run_argmedian(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0]);
  const Lines lines = lines_to_sort(n, x, n.params.integer("axis")),
              results = lines_of(out.shape(), n.params.integer("axis"));
  if (lines.count > 0 && lines.length == 0)
    fail_at<ShapeError>(n.where, "argmedian: {} is {}, an axis without a middle", formula(n.inputs[0]), type_text(x));
  Index* const to = mutable_data_as<Index>(out);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    using K = SortKey<T>;
    const T* const from = data_as<T>(x);
    each_gathered<K>(lines, host, [&](const Gathered<K>& g) {
      g.each_element([&](K& w, Index at, std::size_t) { w = sort_key(from[at]); });
      const std::size_t length = g.length();
      for (std::size_t l = 0; l < g.count(); ++l) {
        const K* const keys = g.line(l);
        const bool nan = is_float_element<T> && std::find(keys, keys + length, last_key<T>) != keys + length;
        const auto places = places_in_order(keys, g.spare(), length, nan ? length - 1 : (length - 1) / 2);
        Index* const middle = to + results.start(g.number(l));
        middle[0] = places[0];
        middle[results.step] = places[nan || length % 2 != 0 ? 0 : 1];
      }
    });
  });
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
