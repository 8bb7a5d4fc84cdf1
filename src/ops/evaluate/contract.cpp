// Contraction of two operands: the smaller one is held whole in the wide type, rows of the larger one stream past it.
#include <algorithm>

#include "ops/evaluate/loops.h"
#include "ops/evaluate/steps.h"

namespace croton::ops {
namespace {

using Labels = std::vector<Index>;

bool has(const Labels& l, Index label) { return std::find(l.begin(), l.end(), label) != l.end(); }

/// An operand's axes in groups: batch, its own, summed.
struct Side {
  const Array* x;
  Labels labels;

  /// The operand seen with these of its axes, in this order.
  Array seen(const Labels& order) const {
    std::vector<int> axes;
    for (const Index l : order)
      axes.push_back(static_cast<int>(std::find(labels.begin(), labels.end(), l) - labels.begin()));
    return permute_view(*x, axes);
  }
  Index extent(Index label) const {
    return x->shape()[static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin())];
  }
  Index extent(const Labels& group) const {
    Index n = 1;
    for (const Index l : group) n *= extent(l);
    return n;
  }
};

Labels joined(const Labels& a, const Labels& b, const Labels& c) {
  Labels out = a;
  out.insert(out.end(), b.begin(), b.end());
  out.insert(out.end(), c.begin(), c.end());
  return out;
}

template <class W>
std::vector<W> whole(const Array& view, Index first, Index count) {
  const Array packed = contiguous(view);
  std::vector<W> out(static_cast<std::size_t>(count));
  load_from<W>(packed.dtype())(data(packed), first, 1, count, out.data());
  return out;
}

template <class W>
W product(const W* a, const W* b, Index n, bool truth) {
  W total = 0;
  for (Index i = 0; i < n; ++i) total = static_cast<W>(total + a[i] * b[i]);
  return truth ? static_cast<W>(total != 0) : total;
}

template <class W>
Array contract_as(const Call& call, const Array& a, const Array& b_side, DType dtype) {
  Side large{&a, call.params().list("a")}, small{&b_side, call.params().list("b")};
  if (large.x->size() < small.x->size()) std::swap(large, small);
  const Labels& out_labels = call.params().list("out");
  Labels batch, rows, columns, summed;
  for (const Index l : large.labels) {
    Labels& group = !has(small.labels, l) ? rows : has(out_labels, l) ? batch : summed;
    group.push_back(l);
  }
  for (const Index l : small.labels)
    if (!has(large.labels, l)) columns.push_back(l);

  const Index b = large.extent(batch), m = large.extent(rows), n = small.extent(columns), k = large.extent(summed);
  const Array streamed = contiguous(large.seen(joined(batch, rows, summed)));
  const Array held = contiguous(small.seen(joined(batch, columns, summed)));
  const Labels order = joined(batch, rows, columns);
  Extents shape;
  for (const Index l : order) shape.add(has(large.labels, l) ? large.extent(l) : small.extent(l));
  Array out = empty(shape, dtype);
  const Load<W> load = load_from<W>(streamed.dtype());
  const Store<W> store = store_to<W>(out.dtype());
  std::byte* to = mutable_data(out);
  std::vector<W> row(static_cast<std::size_t>(k)), results(static_cast<std::size_t>(n));
  for (Index i = 0; i < b; ++i) {
    const std::vector<W> columns_here = whole<W>(held, i * n * k, n * k);
    for (Index r = 0; r < m; ++r) {
      load(data(streamed), (i * m + r) * k, 1, k, row.data());
      for (Index c = 0; c < n; ++c)
        results[static_cast<std::size_t>(c)] =
            product(row.data(), columns_here.data() + c * k, k, out.dtype() == DType::boolean);
      store(results.data(), n, to, (i * m + r) * n);
    }
  }
  std::vector<int> axes;
  for (const Index l : out_labels)
    axes.push_back(static_cast<int>(std::find(order.begin(), order.end(), l) - order.begin()));
  return permute_view(out, axes);
}

}  // namespace

Array contract(const Call& call, const Array& a, const Array& b, DType out) {
  const DType d = a.dtype();
  if (d == DType::float64) return contract_as<long double>(call, a, b, out);
  if (is_float(d)) return contract_as<double>(call, a, b, out);
  return contract_as<std::uint64_t>(call, a, b, out);
}

Array run_contract(const Call& call) { return contract(call, call.argument(0), call.argument(1), call.result().dtype); }

}  // namespace croton::ops
