// Order between elements that are not one line: rows, searching, counting. NaN comes after every number, as in NumPy.
// (Lines: sorted.cpp. What has values and gradients is composed of both in sorting.cpp.)
#include "ops/order.h"

#include <algorithm>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "ops/evaluate/loops.h"
#include "ops/families.h"
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

void run_searchsorted(const Node& n, std::span<const Array> in, Array& out, const Host&) {
  const Array sorted = contiguous(in[0]), values = contiguous(in[1]);
  const bool right = n.params.flag("right");
  visit_dtype(sorted.dtype(), [&]<class T>(T) {
    const T *const begin = data_as<T>(sorted), *const end = begin + sorted.size(), *const wanted = data_as<T>(values);
    Index* const to = mutable_data_as<Index>(out);
    for (Index i = 0; i < values.size(); ++i)
      to[i] = (right ? std::upper_bound(begin, end, wanted[i], comes_before<T>)
                     : std::lower_bound(begin, end, wanted[i], comes_before<T>)) -
              begin;
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

void run_bincount(const Node& n, std::span<const Array> in, Array& out, const Host&) {
  const Array x = in[0].astype(int64);
  std::vector<Index> counts(static_cast<std::size_t>(n.params.integer("least")));
  for (Index i = 0; i < x.size(); ++i) {
    const Index number = get_index(x, i);
    if (number < 0)
      fail_at<IndexError>(n.where, "{}: element {} of {} is {}; what is counted is not negative", asked_as(n), i,
                          formula(n.inputs[0]), number);
    if (number >= static_cast<Index>(counts.size())) counts.resize(static_cast<std::size_t>(number) + 1);
    ++counts[static_cast<std::size_t>(number)];
  }
  out = Array(counts);
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
