// Order between elements that are not one line: rows, searching, counting. NaN comes after every number, as in NumPy.
// (Lines: sorted.cpp. What has values and gradients is composed of both in sorting.cpp.)
#include "ops/order.h"

#include <algorithm>
#include <array>
#include <functional>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/evaluate/loops.h"
#include "ops/families.h"
#include "ops/host.h"
#include "ops/pointwise.h"
#include "ops/sort_key.h"

namespace croton::ops {
namespace {

template <class T>
bool comes_before(T a, T b) {
  return sort_key(a) < sort_key(b);
}

// ---- row_order
Type row_order_type(const TypeAt& t) { return {int64, {t.shapes[0][0]}}; }

void run_row_order(const Node&, std::span<const Array> in, Array& out, const Host&) {
  const Array x = contiguous(in[0]);
  const Index columns = x.shape(1);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    const auto row = [&](Index i) { return data_as<T>(x) + i * columns; };
    Index* const order = mutable_data_as<Index>(out);
    for (Index i = 0; i < out.size(); ++i) order[i] = i;
    std::stable_sort(order, order + out.size(), [&](Index a, Index b) {
      return std::lexicographical_compare(row(a), row(a) + columns, row(b), row(b) + columns, comes_before<T>);
    });
  });
}

std::vector<Sample> row_order_samples() {
  return {{{{float64, {5, 3}}}, {}},
          {{{int64, {6, 2}}}, {}, {{0, 2}}},
          {{{float32, {0, 2}}}, {}},
          {{{boolean, {4, 2}}}, {}, {{0, 1}}}};
}

// ---- searchsorted
Type searchsorted_type(const TypeAt& t) {
  if (t.dtype(0) != t.dtype(1))
    fail_at<DTypeError>(t.where, "{}: the sorted vector is {}, the values are {}", t.name(), name_of(t.dtype(0)),
                        name_of(t.dtype(1)));
  return {int64, t.shapes[1]};
}

/// How many keys come before each value, or before it and with it. All go through the halves together, so that one
/// waits for memory while others do.
template <bool with_equals, class T>
void count_before(std::span<const SortKey<T>> keys, std::span<const T> values, Index* to) {
  constexpr std::size_t together = 16;
  for (std::size_t first = 0; first < values.size(); first += together) {
    const std::size_t n = std::min(together, values.size() - first);
    std::array<SortKey<T>, together> wanted{};
    std::array<std::size_t, together> below{};
    for (std::size_t i = 0; i < n; ++i) wanted[i] = sort_key(values[first + i]);
    for (std::size_t rest = keys.size(); rest > 0;) {
      const std::size_t half = (rest + 1) / 2;
      for (std::size_t i = 0; i < n; ++i) {
        const SortKey<T> key = keys[below[i] + half - 1];
        below[i] += half * (with_equals ? key <= wanted[i] : key < wanted[i]);  // no branch: none could be foreseen
      }
      rest -= half;
    }
    for (std::size_t i = 0; i < n; ++i) to[first + i] = static_cast<Index>(below[i]);
  }
}

void run_searchsorted(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  constexpr Index values_a_chunk = 8192;
  const Array sorted = contiguous(in[0]), values = contiguous(in[1]);
  const bool right = n.params.flag("right");
  visit_dtype(sorted.dtype(), [&]<class T>(T) {
    std::vector<SortKey<T>> keys(static_cast<std::size_t>(sorted.size()));
    std::transform(data_as<T>(sorted), data_as<T>(sorted) + sorted.size(), keys.begin(), sort_key<T>);
    Index* const to = mutable_data_as<Index>(out);
    host.each((values.size() + values_a_chunk - 1) / values_a_chunk, 0, [&](long chunk, void*) {
      const Index first = chunk * values_a_chunk, count = std::min(values_a_chunk, values.size() - first);
      const std::span<const T> mine(data_as<T>(values) + first, static_cast<std::size_t>(count));
      right ? count_before<true, T>(keys, mine, to + first) : count_before<false, T>(keys, mine, to + first);
    });
  });
}

/// Not sorted, but of one element, or of equal ones: any vector that is in order.
std::vector<Sample> searchsorted_samples() {
  std::vector<Sample> s;
  for (const bool right : {false, true})
    s = join(std::move(s), {{{{float64, {4}}, {float64, {3, 4}}}, {{"right", right}}, {{1, 1}, {0, 2}}},
                            {{{int32, {3}}, {int32, {5}}}, {{"right", right}}, {{2, 2}, {0, 4}}},
                            {{{float32, {1}}, {float32, {}}}, {{"right", right}}},
                            {{{float64, {0}}, {float64, {3}}}, {{"right", right}}}});
  return s;
}

// ---- bincount
Type bincount_type(const TypeAt& t) {
  if (!is_int(t.dtype(0)) || t.rank(0) != 1)
    fail_at<DTypeError>(t.where, "{}: a vector of integers is counted, {} is {}", t.name(), formula(t.x[0]),
                        text(Type{t.dtype(0), t.shapes[0]}));
  return {int64, {-1}};
}

/// So many integers in at most so many chunks, and no small ones.
struct Chunks {
  static constexpr Index least = 16384;
  Index size, each;
  Chunks(Index n, Index most) : size(n), each(std::max(least, (n + most - 1) / most)) {}
  long count() const { return (size + each - 1) / each; }
  Index first(long chunk) const { return chunk * each; }
  Index last(long chunk) const { return std::min(size, first(chunk) + each); }
};

/// The least and the greatest of some integers.
std::pair<Index, Index> range_of(std::span<const Index> x, const Host& host) {
  const Chunks chunks(static_cast<Index>(x.size()), 64);
  std::vector<std::pair<Index, Index>> found(static_cast<std::size_t>(chunks.count()));
  host.each(chunks.count(), 0, [&](long c, void*) {
    const auto [low, high] = std::minmax_element(x.begin() + chunks.first(c), x.begin() + chunks.last(c));
    found[static_cast<std::size_t>(c)] = {*low, *high};
  });
  std::pair<Index, Index> all{0, -1};
  for (const auto& [low, high] : found) all = {std::min(all.first, low), std::max(all.second, high)};
  return all;
}

void run_bincount(const Node& n, std::span<const Array> in, Array& out, const Host& host) {
  const Array x = contiguous(in[0].astype(int64));
  const std::span<const Index> numbers(data_as<Index>(x), static_cast<std::size_t>(x.size()));
  const auto [low, high] = range_of(numbers, host);
  if (low < 0) {
    const auto at = std::find_if(numbers.begin(), numbers.end(), [](Index i) { return i < 0; });
    fail_at<IndexError>(n.where, "{}: element {} of {} is {}; what is counted is not negative", asked_as(n),
                        at - numbers.begin(), formula(n.inputs[0]), *at);
  }
  // each chunk counts for itself, where that is less to add up than to count
  const Index bins = std::max(n.params.integer("least"), high + 1);
  const Chunks chunks(x.size(), std::clamp<Index>(x.size() / (4 * std::max<Index>(bins, 1)), 1, 64));
  std::vector<std::vector<Index>> counts(static_cast<std::size_t>(std::max(chunks.count(), 1L)),
                                         std::vector<Index>(static_cast<std::size_t>(bins)));
  host.each(chunks.count(), 0, [&](long c, void*) {
    Index* const mine = counts[static_cast<std::size_t>(c)].data();
    for (Index i = chunks.first(c); i < chunks.last(c); ++i) ++mine[numbers[static_cast<std::size_t>(i)]];
  });
  for (std::size_t c = 1; c < counts.size(); ++c)
    std::transform(counts[c].begin(), counts[c].end(), counts[0].begin(), counts[0].begin(), std::plus<>());
  out = Array(counts[0]);
}

std::vector<Sample> bincount_samples() {
  return {{{{int64, {6}}}, {{"least", Index{0}}}, {{0, 4}}},
          {{{uint8, {5}}}, {{"least", Index{7}}}, {{0, 4}}},
          {{{int32, {0}}}, {{"least", Index{0}}}}};
}

}  // namespace

constinit const Op row_order{.name = "row_order",
                             .doc =
                                 "The indices that put the rows of a matrix in order, the first column first; equal "
                                 "rows keep theirs (NumPy's lexsort).",
                             .type = row_order_type,
                             .meaning = HostCall{run_row_order},
                             .no_gradient = discrete,
                             .samples = row_order_samples};

constinit const Op searchsorted{.name = "searchsorted",
                                .doc =
                                    "Where each value goes in a sorted vector: before its equals, or after them "
                                    "(NumPy's searchsorted).",
                                .arity = 2,
                                .type = searchsorted_type,
                                .meaning = HostCall{run_searchsorted},
                                .no_gradient = discrete,
                                .samples = searchsorted_samples};

constinit const Op bincount{.name = "bincount",
                            .doc =
                                "How often each integer from 0 on occurs, at least `least` of them; the result is as "
                                "long as the data say (NumPy's bincount).",
                            .type = bincount_type,
                            .meaning = HostCall{.run = run_bincount, .sizes_itself = true},
                            .no_gradient = discrete,
                            .samples = bincount_samples};

Family order_ops() {
  static constexpr const Op* list[] = {&row_order, &searchsorted, &bincount};
  return list;
}

}  // namespace croton::ops
