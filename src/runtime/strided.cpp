#include "runtime/strided.h"

#include <algorithm>

#include "base/dtype.h"
#include "print/product.h"

namespace croton::runtime {
namespace {

using print::ProductWay;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// As the kernels' file has them: the width of a tile's panel, its most rows, the terms and the rows that are packed at
// once, and the terms that a cache holds.
constexpr Index panel = 48, tile_rows = 8, packed_terms = 512, packed_rows = 1024, block_terms = 4096;
// Columns of a chunk, so that what is packed for it pays; and as many chunks as any number of threads shares.
constexpr Index most_columns = 1024, enough_chunks = 16;

// What is packed for so many rows costs more than lanes that are idle.
constexpr Index few_rows = 32;

struct Axis {
  Index extent = 1, a = 0, b = 0, out = 0;
};
using Axes = std::vector<Axis>;

Index count(const Axes& axes, std::size_t but = 0) {
  Index n = 1;
  for (std::size_t d = 0; d + but < axes.size(); ++d) n *= axes[d].extent;
  return n;
}

Index rounded_up(Index n, Index to) { return (n + to - 1) / to * to; }

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

  ProductWay way(Index lanes) const {
    const Axis &column = columns.back(), &term = terms.back();
    const bool fills_lanes = column.extent * 5 >= rounded_up(column.extent, lanes) * 4;
    if (column.extent >= lanes && column.b == 1 && column.out == 1 && (fills_lanes || count(rows) < few_rows))
      return ProductWay::columns;
    if (term.extent >= lanes && term.a == 1 && (term.b == 1 || term.b == 2)) return ProductWay::terms;
    return ProductWay::packed;
  }

  Index units(ProductWay way) const { return count(columns, way == ProductWay::columns ? 1 : 0); }

  Index units_of_chunk(ProductWay way) const {
    const Index all = units(way), share = all * count(batch) / enough_chunks;
    if (way == ProductWay::columns)
      return std::clamp(share, Index{1}, std::max<Index>(most_columns / columns.back().extent, 1));
    if (way == ProductWay::packed) return rounded_up(std::clamp(share, Index{1}, most_columns), panel);
    return rounded_up(std::max<Index>(2 * share, 1), panel / 4);  // each chunk reads all of a
  }

  std::size_t scratch_bytes(ProductWay way, Index size) const {
    const Index tables = 2 * count(rows), m = std::min(rounded_up(count(rows), tile_rows), packed_rows);
    const auto bytes = [&](Index numbers, Index elements) {
      return static_cast<std::size_t>(numbers * 8 + elements * size);
    };
    if (way == ProductWay::columns) return bytes(tables + 2 * count(terms), tile_rows * count(terms));
    if (way == ProductWay::terms)
      return bytes(tables + 2 * count(columns) + 3 * (rounded_up(block_terms, terms.back().extent)), 0);
    return bytes(tables + 3 * packed_terms + tile_rows + 4 * panel, (m + panel) * packed_terms + tile_rows * panel);
  }

 private:
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
  const Index lanes = target.vector_bytes / size;
  ProductWay way = p.way(lanes);
  if (way == ProductWay::packed && count(p.columns) < count(p.rows)) p.transpose(), way = p.way(lanes);
  const Index units = p.units(way), of_chunk = p.units_of_chunk(way);
  PlannedLaunch l{.kernel = kernel + static_cast<int>(way)};
  l.words = {0, 0, 0, units, of_chunk};
  l.pointers = {{0, p.a}, {1, p.b}, {2, product.out}};
  for (const Axes* axes : {&p.batch, &p.rows, &p.columns, &p.terms}) {
    l.words.push_back(static_cast<std::int64_t>(axes->size()));
    for (const Axis& x : *axes) l.words.insert(l.words.end(), {x.extent, x.a, x.b, x.out});
  }
  const bool is_empty = count(p.rows) == 0 || count(p.columns) == 0;
  l.chunks = is_empty ? 0 : count(p.batch) * ((units + of_chunk - 1) / of_chunk);
  l.scratch_bytes = p.scratch_bytes(way, size);
  return l;
}

}  // namespace croton::runtime
