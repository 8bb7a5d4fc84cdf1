#include "runtime/strided.h"

#include <algorithm>

#include "base/dtype.h"
#include "base/rounding.h"
#include "print/product.h"

namespace croton::runtime {
namespace {

using print::ProductWay;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// As the kernels' file has them: a tile's most vectors of a panel, and its most rows, or columns; the terms that are
// packed at once, and those that a cache holds.
constexpr Index panel_vectors = 3, tile_rows = 8, packed_terms = 1024, block_terms = 4096;
// A tile of partial sums, at most.
constexpr Index sums_down = 4, sums_across = 6;
// Columns of a chunk, so that what is packed for it pays; and as many chunks as any number of threads shares.
constexpr Index most_columns = 1024, enough_chunks = 16;
// Columns that make what is packed for them cheap, and those that make it bearable.
constexpr Index many_columns = 512, few_columns = 96;

struct Axis {
  Index extent = 1, a = 0, b = 0, out = 0, bias = 0;
};
using Axes = std::vector<Axis>;

Index count(const Axes& axes, std::size_t but = 0) {
  Index n = 1;
  for (std::size_t d = 0; d + but < axes.size(); ++d) n *= axes[d].extent;
  return n;
}

class Product {
 public:
  Product(const tile::StridedProduct& p, std::span<const Place> places) : a(p.a), b(p.b), p_(p), places_(places) {
    batch = axes(p.batch), rows = axes(p.rows), columns = axes(p.columns), terms = axes(p.terms);
  }

  int a, b;  // buffers
  Axes batch, rows, columns, terms;

  // What one operand has for all of a batch makes the other's rows or columns more.
  void join_batch() {
    for (const bool of_b : {true, false})
      for (auto x = batch.begin(); x != batch.end();)
        if ((of_b ? x->a : x->b) == 0) {
          Axes& more = of_b ? columns : rows;
          more.insert(more.begin() + joined_[of_b]++, *x);
          x = batch.erase(x);
        } else {
          ++x;
        }
    if (columns.empty()) columns.emplace_back();
    if (terms.empty()) terms.emplace_back();
  }

  // The product of the operands in the other order, transposed.
  void transpose() {
    std::swap(a, b), std::swap(rows, columns);
    for (Axes* axes : {&batch, &rows, &columns, &terms})
      for (Axis& x : *axes) std::swap(x.a, x.b);
    if (columns.empty()) columns.emplace_back();
  }

  // The quickest, and its cost. Costs are multiplications and additions of lanes that are idle or not; what a way does
  // besides is measured in those, and panels cost more a number where more lanes wait.
  struct Choice {
    ProductWay way;
    Index cost;
  };
  Choice quickest(Index lanes) const {
    const Axis &column = columns.back(), &term = terms.back();
    const Index m = count(rows), n = count(columns), k = count(terms);
    Choice best{ProductWay::packed, rounded_up(m, lanes) * (n * (k + 5 * lanes) + k * lanes * column_parts(lanes))};
    const auto see = [&best](ProductWay way, Index cost) {
      if (cost < best.cost) best = {way, cost};
    };
    if (column.b == 1 && column.out == 1)
      see(ProductWay::columns,
          rounded_up(m, tile_rows) * count(columns, 1) * rounded_up(column.extent, lanes) * k / 4 * 5);
    if (term.extent >= lanes && term.a == 1 && (term.b == 1 || term.b == 2))
      see(ProductWay::terms, rounded_up(m, sums_down) * rounded_up(n, sums_across) * count(terms, 1) *
                                 rounded_up(term.extent, lanes) / 5 * 8);
    return best;
  }

  // How the work is shared out: units, and rows, of a chunk.
  struct Chunk {
    Index units, rows;
  };
  Chunk chunk(ProductWay way, Index lanes) const {
    const Index all = units(way), share = all * count(batch) / enough_chunks, m = count(rows);
    if (way == ProductWay::columns)
      return {std::clamp(share, Index{1}, std::max<Index>(most_columns / columns.back().extent, 1)), m};
    if (way == ProductWay::terms)
      return {rounded_up(std::max<Index>(2 * share, 1), 2 * sums_across), m};  // each reads all of a
    const Index vectors = quotient_up(m, lanes);
    return {rounded_up(quotient_up(all, column_parts(lanes)), tile_rows),
            quotient_up(vectors, row_parts(lanes, column_parts(lanes))) * lanes};
  }
  Index units(ProductWay way) const { return count(columns, way == ProductWay::columns ? 1 : 0); }

  std::size_t scratch_bytes(ProductWay way, Chunk c, Index lanes, Index size) const {
    const auto bytes = [&](Index numbers, Index elements) {
      return static_cast<std::size_t>((3 * count(rows) + numbers) * 8 + elements * size);
    };
    if (way == ProductWay::columns) return bytes(2 * (count(terms) + 1), tile_rows * count(terms));
    if (way == ProductWay::terms)
      return bytes(2 * count(columns) + 3 * (rounded_up(block_terms, terms.back().extent)), 0);
    return bytes(2 * (c.units + tile_rows + packed_terms), panel_vectors * lanes * (tile_rows + packed_terms));
  }

 private:
  Index chunks_wanted() const { return quotient_up(enough_chunks, std::max<Index>(count(batch), 1)); }
  // First columns are shared out, for each part packs rows of its own; then rows, a tile's at least; then more columns.
  Index column_parts(Index lanes) const {
    const Index all = count(columns), wanted = chunks_wanted(),
                cheap = std::clamp(all / many_columns, Index{1}, wanted);
    return std::max(cheap, std::min(quotient_up(wanted, row_parts(lanes, cheap)), quotient_up(all, few_columns)));
  }
  Index row_parts(Index lanes, Index column_parts) const {
    return std::clamp(quotient_up(chunks_wanted(), column_parts), Index{1},
                      std::max<Index>(count(rows) / (2 * lanes), 1));
  }

  Axes axes(const std::vector<tile::StridedProduct::Along>& along) const {
    Axes r;
    for (const auto& x : along) {
      Axis axis;
      const auto see = [&](int buffer, int d) {
        if (d < 0) return Index{0};
        axis.extent = places_[at(buffer)].shape[at(d)];
        return places_[at(buffer)].strides[at(d)];
      };
      axis.a = see(p_.a, x.a), axis.b = see(p_.b, x.b), axis.out = see(p_.out, x.out);
      axis.bias = p_.bias >= 0 && x.out == p_.bias_along ? 1 : 0;
      r.push_back(axis);
    }
    return r;
  }

  const tile::StridedProduct& p_;
  std::span<const Place> places_;
  std::ptrdiff_t joined_[2] = {0, 0};
};

}  // namespace

ProductSize size_of_product(const tile::StridedProduct& product, std::span<const Place> places) {
  const Product p(product, places);
  return {count(p.batch), count(p.rows), count(p.columns), count(p.terms)};
}

PlannedLaunch strided_launch(const tile::StridedProduct& product, std::span<const Place> places, int kernel,
                             const Target& target) {
  Product p(product, places);
  p.join_batch();
  const auto size = static_cast<Index>(size_of(places[at(product.out)].dtype));
  const Index lanes = std::max<Index>(target.vector_bytes / size, 4);
  Product::Choice best = p.quickest(lanes);
  if (product.bias < 0) {
    p.transpose();
    const Product::Choice transposed = p.quickest(lanes);
    if (transposed.cost < best.cost)
      best = transposed;
    else
      p.transpose();
  }
  const ProductWay way = best.way;
  const Index units = p.units(way);
  const Product::Chunk of = p.chunk(way, lanes);
  PlannedLaunch l{.kernel = kernel + static_cast<int>(way)};
  l.words = {0, 0, 0, 0, product.relu ? 1 : 0, units, of.units, of.rows};
  l.pointers = {{0, p.a}, {1, p.b}, {3, product.out}};
  if (product.bias >= 0) l.pointers.emplace_back(2, product.bias);
  for (const Axes* axes : {&p.batch, &p.rows, &p.columns, &p.terms}) {
    l.words.push_back(static_cast<std::int64_t>(axes->size()));
    for (const Axis& x : *axes) l.words.insert(l.words.end(), {x.extent, x.a, x.b, x.out, x.bias});
  }
  const Index rows = count(p.rows);
  const bool is_empty = rows == 0 || count(p.columns) == 0;
  l.chunks = is_empty ? 0 : count(p.batch) * quotient_up(units, of.units) * quotient_up(rows, of.rows);
  l.scratch_bytes = p.scratch_bytes(way, of, lanes, size);
  return l;
}

}  // namespace croton::runtime
