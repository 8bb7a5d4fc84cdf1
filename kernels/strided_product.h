// Products whose operands are read where they lie, whatever their strides: windows that slide over what is in memory are
// never written out.
//   out[batch, rows, columns] = sum over terms of a[batch, rows, terms] * b[batch, terms, columns]
// and, where there is one, a bias[rows] more, and relu of that.
// Each of the four has any number of axes; taken together they are counted row-major. Accumulators of a tile of the result
// stay in registers while the terms go by. Chunks depend on extents alone, and so do bits.
namespace {

struct ProductAxis { i64 extent, a, b, out, bias; };  // strides, in elements
struct ProductAxes { i64 count; const ProductAxis* list; };
struct ProductPlace { i64 a, b, out; };

/// What a kernel is told, word by word. A chunk is so many units of one of the batch: columns, or runs of the last axis of the
/// columns.
template <class T> struct Product {
  const T *a, *b, *bias; T* out;
  bool relu;
  i64 units, units_of_chunk, rows_of_chunk;
  ProductAxes batch, rows, columns, terms;
};
template <class T> CROTON_FN Product<T> product(const i64* words) {
  Product<T> p{(const T*)words[0], (const T*)words[1], (const T*)words[2], (T*)words[3], words[4] != 0, words[5], words[6], words[7], {}, {}, {}, {}};
  const i64* next = words + 8;
  const auto axes = [&] {
    const ProductAxes x{next[0], (const ProductAxis*)(next + 1)};
    next += 1 + sizeof(ProductAxis) / sizeof(i64) * x.count;
    return x;
  };
  p.batch = axes(), p.rows = axes(), p.columns = axes(), p.terms = axes();
  return p;
}

CROTON_FN i64 product_count(ProductAxes x) {
  i64 n = 1;
  for (i64 d = 0; d < x.count; ++d) n *= x.list[d].extent;
  return n;
}
CROTON_FN ProductAxes but_last(ProductAxes x) { return {x.count - 1, x.list}; }
CROTON_FN ProductAxis last_of(ProductAxes x) { return x.list[x.count - 1]; }
/// Where element i of the axes lies.
CROTON_FN ProductPlace product_place(ProductAxes x, i64 i) {
  ProductPlace p{};
  for (i64 d = x.count - 1; d >= 0; --d) {
    const i64 n = x.list[d].extent, e = i % n;
    p.a += e * x.list[d].a, p.b += e * x.list[d].b, p.out += e * x.list[d].out;
    i /= n;
  }
  return p;
}
/// A part of `all`, of so many that have `size` each; `chunk` becomes the number of that among which they are parts.
struct ProductUnits { i64 begin, end; };
CROTON_FN ProductUnits product_part(i64 all, i64 size, i64& chunk) {
  const i64 parts = (all + size - 1) / size, begin = chunk % parts * size, end = begin + size;
  chunk /= parts;
  return {begin, end < all ? end : all};
}
/// The units of a chunk; the operands and the result begin where its batch does.
template <class T> CROTON_FN ProductUnits product_units(Product<T>& p, i64 chunk) {
  const ProductUnits units = product_part(p.units, p.units_of_chunk, chunk);
  const ProductPlace of = product_place(p.batch, chunk);
  p.a += of.a, p.b += of.b, p.out += of.out;
  return units;
}
/// f(i, where element first + i of the axes lies) for n of them.
template <class F> CROTON_FN void each_place(ProductAxes x, i64 first, i64 n, F f) {
  const ProductAxis last = last_of(x);
  ProductPlace at{};
  for (i64 i = 0, left = 0; i < n; ++i, --left, at.a += last.a, at.b += last.b, at.out += last.out) {
    if (left == 0) at = product_place(x, first + i), left = last.extent - (first + i) % last.extent;
    f(i, at);
  }
}
/// The offsets of all elements of the axes, by one of their strides; returns the end.
CROTON_FN i64* product_offsets(ProductAxes x, i64 ProductAxis::*stride, i64* at) {
  i64 n = 1;
  at[0] = 0;
  for (i64 d = 0; d < x.count; ++d) {
    const i64 extent = x.list[d].extent, step = x.list[d].*stride;
    for (i64 j = n - 1; j >= 0; --j) {
      const i64 from = at[j];
      for (i64 e = extent - 1; e >= 0; --e) at[j * extent + e] = from + e * step;
    }
    n *= extent;
  }
  return at + n;
}
template <class X> CROTON_FN X product_term(X a, X b, X sum) {
#ifdef CROTON_FMA
  return fma(a, b, sum);
#else
  return a * b + sum;
#endif
}

/// What happens to a sum of all terms on its way to memory.
template <class T> struct ProductEnd {
  const T* bias;
  bool relu;
  template <class X> CROTON_FN X operator()(X sum, i64 in_bias) const {
    if (bias) sum = sum + all<X>(bias[in_bias]);
    return relu ? ::relu(sum) : sum;
  }
};
template <class T> CROTON_FN ProductEnd<T> product_end(const Product<T>& p) { return {p.bias, p.relu}; }
/// Where the rows lie: a table of as many numbers for each of these.
struct ProductRows { i64 *a, *out, *bias; };
CROTON_FN ProductRows product_rows_at(ProductAxes rows, i64*& table) {
  ProductRows at;
  at.a = table, at.out = product_offsets(rows, &ProductAxis::a, at.a), at.bias = product_offsets(rows, &ProductAxis::out, at.out);
  table = product_offsets(rows, &ProductAxis::bias, at.bias);
  return at;
}

/// Keeps x in a register: the compiler would load it again for each use, and loads across lines are the slowest part.
template <class X> CROTON_FN X in_register(X x) {
#ifdef __AVX512F__
  __asm__("" : "+v"(x));
#elif defined(__SSE__)
  if constexpr (sizeof(X) <= CROTON_VECTOR_BYTES) __asm__("" : "+x"(x));
#endif
  return x;
}

template <class T> constexpr int product_lanes = CROTON_VECTOR_BYTES / sizeof(T);
/// Tiles that the registers hold: 32 with 64 bytes, else 16.
constexpr bool product_is_wide = CROTON_VECTOR_BYTES == 64;
constexpr int product_rows = product_is_wide ? 8 : 4, product_vectors = 3;            // along columns
constexpr int product_sums_down = product_is_wide ? 4 : 2, product_sums_across = product_is_wide ? 6 : 4;  // along terms

/// A run of `n` columns, from column `first` on: product_rows rows by so many vectors; the last vector begins where the run's
/// last elements fill it, or, where the run is shorter than a vector, is a part of one.
template <class T, int Vectors, bool Part>
CROTON_FN void columns_tile(const T* a, const T* b, const i64* at, i64 terms, i64 first, i64 n, T* out, const i64* rows, const i64* biases, i64 count, ProductEnd<T> end) {
  constexpr int L = product_lanes<T>, R = product_rows;
  typedef V<T, L> X;
  i64 from[Vectors];
  for (int v = 0; v < Vectors; ++v) from[v] = Part || first + (v + 1) * L <= n ? first + v * L : n - L;
  X sums[R][Vectors] = {};
  for (i64 k = 0; k < terms; ++k, a += R) {
    X x[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) x[v] = Part ? load_n<L>(b + at[k] + from[v], n) : load<L>(b + at[k] + from[v]);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const X factor = splat<L>(a[r]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sums[r][v] = product_term(factor, x[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    if (r >= count) break;
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      T* const to = out + rows[r] + from[v];
      const X sum = end(sums[r][v], biases[r]);
      if constexpr (Part) store_n(to, sum, n);
      else store(to, sum);
    }
  }
}
template <class T>
CROTON_SLOW void columns_run(const T* a, const T* b, const i64* at, i64 terms, i64 n, T* out, const i64* rows, const i64* biases, i64 count, ProductEnd<T> end) {
  constexpr int L = product_lanes<T>;
  if (n < L) return columns_tile<T, 1, true>(a, b, at, terms, 0, n, out, rows, biases, count, end);
  i64 first = 0;
  for (; n - first > 2 * L; first += 3 * L) columns_tile<T, 3, false>(a, b, at, terms, first, n, out, rows, biases, count, end);
  if (n - first > L) columns_tile<T, 2, false>(a, b, at, terms, first, n, out, rows, biases, count, end);
  else if (n > first) columns_tile<T, 1, false>(a, b, at, terms, first, n, out, rows, biases, count, end);
}

/// Blocks of Half lanes change places between two rows of a matrix that is transposed.
template <int Half, bool Second, class X, int... P> CROTON_FN X exchanged(X x, X y, indices<P...>) {
  constexpr int L = lanes<X>;
  return __builtin_shufflevector(x, y, (P % (2 * Half) < Half ? P + (Second ? Half : 0) : P + L - (Second ? 0 : Half))...);
}
template <int Half, class X, int L> CROTON_FN void transpose(X (&x)[L]) {
#pragma GCC unroll 8
  for (int i = 0; i < L; ++i) {
    if (i & Half) continue;
    const X low = exchanged<Half, false>(x[i], x[i + Half], upto<L>());
    x[i + Half] = exchanged<Half, true>(x[i], x[i + Half], upto<L>());
    x[i] = low;
  }
  if constexpr (Half > 1) transpose<Half / 2>(x);
}
/// Whether each of n offsets is so much more than the one before it.
template <int N> CROTON_FN bool are_apart(const i64* at, i64 step) {
  bool are = true;
#pragma GCC unroll 8
  for (int i = 1; i < N; ++i) are &= at[i] - at[0] == i * step;
  return are;
}
/// Some rows of a as tiles read them, term by term, `apart` elements from one to the next; 0 beyond the last row.
template <class T>
CROTON_SLOW void pack_rows(const T* a, const i64* rows, i64 count, const i64* terms_in_a, i64 terms, i64 apart, T* packed) {
  constexpr int R = product_rows;
  typedef V<T, R> X;
  const bool side_by_side = count == R && are_apart<R>(rows, 1);
  for (i64 k = 0; k < terms;) {
    const bool run = count == R && k + R <= terms, forth = run && are_apart<R>(terms_in_a + k, 1);
    if (side_by_side) {
      store(packed + k * apart, load<R>(a + rows[0] + terms_in_a[k])), ++k;
    } else if (forth || (run && are_apart<R>(terms_in_a + k, -1))) {
      const i64 at = terms_in_a[forth ? k : k + R - 1], ahead = terms_in_a[k + 64 < terms ? k + 64 : terms - 1];
      X x[R];
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) x[r] = load<R>(a + rows[r] + at), prefetch(a + rows[r] + ahead);
      transpose<R / 2>(x);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) store(packed + (forth ? k + r : k + R - 1 - r) * apart, x[r]);
      k += R;
    } else {
      for (i64 r = 0; r < R; ++r) packed[k * apart + r] = r < count ? a[rows[r] + terms_in_a[k]] : (T)0;
      ++k;
    }
  }
}

/// Where neighbours of the last axis of the columns are neighbours in b and out. A unit is a run of that axis.
/// Scratch: where the rows lie; offsets of the terms in a and b; product_rows terms of a.
template <class T> CROTON_FN void product_along_columns(const i64* words, i64 chunk, void* scratch) {
  Product<T> p = product<T>(words);
  const ProductUnits units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), terms = product_count(p.terms), run = last_of(p.columns).extent;
  i64* terms_in_a = (i64*)scratch;
  const ProductRows in = product_rows_at(p.rows, terms_in_a);
  i64* const terms_in_b = product_offsets(p.terms, &ProductAxis::a, terms_in_a);
  T* const packed = (T*)product_offsets(p.terms, &ProductAxis::b, terms_in_b);
  for (i64 row = 0; row < rows; row += product_rows) {
    const i64 count = rows - row < product_rows ? rows - row : product_rows;
    pack_rows(p.a, in.a + row, count, terms_in_a, terms, product_rows, packed);
    for (i64 unit = units.begin; unit < units.end; ++unit) {
      const ProductPlace at = product_place(but_last(p.columns), unit);
      columns_run<T>(packed, p.b + at.b, terms_in_b, terms, run, p.out + at.out, in.out + row, in.bias + row, count, product_end(p));
    }
  }
}

template <class X, int... P> CROTON_FN X even_lanes(X x, X y, indices<P...>) { return __builtin_shufflevector(x, y, 2 * P...); }
/// The first n of L elements that are `step` apart.
template <int L, class T> CROTON_FN V<T, L> load_apart(const T* p, i64 step, i64 n) {
  if (step == 1) return load_n<L>(p, n);
  const i64 all = 2 * n - 1;
  return even_lanes(load_n<L>(p, all < L ? all : L), load_n<L>(p + L, all < L ? 0 : all - L), upto<L>());
}

/// A panel's rows come in so many.
template <class T> constexpr int panel_lanes = product_lanes<T> < product_rows ? product_rows : product_lanes<T>;
/// A panel's rows by product_rows columns: an element of b is a factor of all lanes. tile[column][row of the panel].
template <class T, int Vectors>
CROTON_SLOW void panel_tile(const T* panel, const T* b, const i64* columns, const i64* at, i64 terms, T* tile) {
  constexpr int L = panel_lanes<T>, R = product_rows;
  typedef V<T, L> X;
  const T* of[R];
  for (int r = 0; r < R; ++r) of[r] = b + columns[r];
  X sums[R][Vectors] = {};
  for (i64 k = 0; k < terms; ++k, panel += Vectors * L) {
    const i64 term = at[k];
    X x[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) x[v] = load<L>(panel + v * L);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const X factor = in_register(splat<L>(of[r][term]));
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sums[r][v] = product_term(factor, x[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) store(tile + (r * Vectors + v) * L, sums[r][v]);
}

template <class T, class X, int... I> CROTON_FN void store_listed(T* p, const i64* at, X x, indices<I...>) { ((p[at[I]] = x[I]), ...); }
/// Sums of a tile on their way to out, by the offsets of its rows and columns.
struct ProductTile { const i64 *rows, *biases, *columns; i64 row_count, column_count; bool is_first, is_last; };
template <class T> CROTON_SLOW void write_tile(const T* tile, i64 width, T* out, ProductTile of, ProductEnd<T> end) {
  constexpr int R = product_rows;
  const bool side_by_side = of.column_count == R && are_apart<R>(of.columns, 1);
  for (i64 row = 0; row < of.row_count; row += R) {
    V<T, R> x[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) x[r] = load<R>(tile + r * width + row);
    transpose<R / 2>(x);
    if (of.column_count == R && row + R <= of.row_count) {
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        T* const to = out + of.rows[row + r];
        V<T, R> sum = x[r];
        if (!of.is_first) sum = sum + (side_by_side ? load<R>(to + of.columns[0]) : gather_at(to, load<R>(of.columns)));
        if (of.is_last) sum = end(sum, of.biases[row + r]);
        if (side_by_side) store(to + of.columns[0], sum);
        else store_listed(to, of.columns, sum, upto<R>());
      }
    } else {
      for (i64 r = 0; r < R && row + r < of.row_count; ++r)
        for (i64 c = 0; c < of.column_count; ++c) {
          T& to = out[of.rows[row + r] + of.columns[c]];
          const T sum = of.is_first ? x[r][c] : to + x[r][c];
          to = of.is_last ? end(sum, of.biases[row + r]) : sum;
        }
    }
  }
}

/// However a, b and out lie: panels of rows of a are packed, a block of terms at a time, and elements of b are read where they
/// lie. A unit is a column; a chunk has so many of the rows, too.
/// Scratch: where the rows lie; offsets of the chunk's columns in b and out, of a block's terms in a and b; the panel, the tile.
constexpr i64 product_terms_packed = 1024;
template <class T> CROTON_FN void product_packed(const i64* words, i64 chunk, void* scratch) {
  constexpr int L = panel_lanes<T>;
  constexpr i64 R = product_rows, W = product_vectors * L, most = product_terms_packed;
  Product<T> p = product<T>(words);
  const ProductUnits part = product_part(product_count(p.rows), p.rows_of_chunk, chunk), units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), terms = product_count(p.terms), columns = units.end - units.begin;
  i64* columns_in_b = (i64*)scratch;
  const ProductRows in = product_rows_at(p.rows, columns_in_b);
  i64 *const columns_in_out = columns_in_b + p.units_of_chunk + R, *const terms_in_a = columns_in_out + p.units_of_chunk + R, *const terms_in_b = terms_in_a + most;
  T *const tile = (T*)(terms_in_b + most), *const panel = tile + R * W;
  each_place(p.columns, units.begin, columns, [&](i64 c, ProductPlace of) { columns_in_b[c] = of.b, columns_in_out[c] = of.out; });
  for (i64 r = 0; r < R; ++r) columns_in_b[columns + r] = columns_in_b[columns - 1];
  const i64 blocks = terms == 0 ? 1 : (terms + most - 1) / most, block = terms == 0 ? 1 : (terms + blocks - 1) / blocks;
  const i64 vectors = (part.end - part.begin + L - 1) / L, panels = (vectors + product_vectors - 1) / product_vectors;
  for (i64 first = 0; first == 0 || first < terms; first += block) {
    const i64 some = terms - first < block ? terms - first : block;
    each_place(p.terms, first, some, [&](i64 k, ProductPlace of) { terms_in_a[k] = of.a, terms_in_b[k] = of.b; });
    for (i64 n = 0; n < panels; ++n) {
      const i64 top = part.begin + vectors * n / panels * L, end = part.begin + vectors * (n + 1) / panels * L;
      const i64 width = end - top, bottom = end < part.end ? end : part.end;
      for (i64 row = top; row < end; row += R)
        pack_rows(p.a, in.a + row, bottom - row < R ? bottom - row : R, terms_in_a, some, width, panel + (row - top));
      for (i64 column = 0; column < columns; column += R) {
        const i64 *const in_b = columns_in_b + column, *const in_out = columns_in_out + column;
        if (width == L) panel_tile<T, 1>(panel, p.b, in_b, terms_in_b, some, tile);
        else if (width == 2 * L) panel_tile<T, 2>(panel, p.b, in_b, terms_in_b, some, tile);
        else panel_tile<T, 3>(panel, p.b, in_b, terms_in_b, some, tile);
        const i64 count = columns - column < R ? columns - column : R;
        write_tile(tile, width, p.out, {in.out + top, in.bias + top, in_out, bottom - top, count, first == 0, first + some == terms}, product_end(p));
      }
    }
  }
}

/// Some rows and columns of the result.
template <class T> struct ProductSums {
  i64 rows, columns;
  const T *a[product_sums_down], *b[product_sums_across];  // beyond the last ones the last ones again
  i64 rows_out[product_sums_down], columns_out[product_sums_across], biases[product_sums_down];
};
/// Their sums over some runs of n terms, which in b are so far apart: set, or added to what is there.
template <int Apart, class T> CROTON_SLOW void terms_tile(const ProductSums<T>& of, T* out, const ProductPlace* runs, i64 count, i64 n, bool is_first, bool is_last, ProductEnd<T> end) {
  constexpr int L = product_lanes<T>, R = product_sums_down, C = product_sums_across;
  typedef V<T, L> X;
  X sums[R][C] = {};
  const auto step = [&](i64 in_a, i64 in_b, auto of_a, auto of_b) __attribute__((always_inline)) {
    X x[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) x[c] = in_register(of_b(of.b[c] + in_b));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const X y = of_a(of.a[r] + in_a);
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) sums[r][c] = product_term(y, x[c], sums[r][c]);
    }
  };
  const auto whole = [](const T* p) __attribute__((always_inline)) { return load<L>(p); };
  const auto whole_apart = [](const T* p) __attribute__((always_inline)) { return Apart == 1 ? load<L>(p) : load_apart<L>(p, Apart, L); };
  for (i64 u = 0; u < count; ++u) {
    i64 k = 0;
    for (; k + L <= n; k += L) step(runs[u].a + k, runs[u].b + k * Apart, whole, whole_apart);
    const auto part = [n, k](const T* p) __attribute__((always_inline)) { return load_n<L>(p, n - k); };
    const auto part_apart = [n, k](const T* p) __attribute__((always_inline)) { return load_apart<L>(p, Apart, n - k); };
    if (k < n) step(runs[u].a + k, runs[u].b + k * Apart, part, part_apart);
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      if (r >= of.rows || c >= of.columns) continue;
      T& to = out[of.rows_out[r] + of.columns_out[c]];
      const T sum = is_first ? hsum(sums[r][c]) : to + hsum(sums[r][c]);
      to = is_last ? end(sum, of.biases[r]) : sum;
    }
}

/// Where neighbours of the last axis of the terms are neighbours in a, and in b or have one between them. A unit is a column; terms come in blocks that a
/// cache holds. Scratch: as many places as a block has runs; where the rows lie; offsets of the columns in b and out.
constexpr i64 product_block = 4096;
template <class T> CROTON_FN void product_along_terms(const i64* words, i64 chunk, void* scratch) {
  constexpr int R = product_sums_down, C = product_sums_across;
  Product<T> p = product<T>(words);
  const ProductUnits units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), n = last_of(p.terms).extent;
  const ProductAxes outer = but_last(p.terms);
  const i64 runs = product_count(outer), most = (product_block + n - 1) / n;
  ProductPlace* const places = (ProductPlace*)scratch;
  i64* columns_in_b = (i64*)(places + most);
  const ProductRows in = product_rows_at(p.rows, columns_in_b);
  i64* const columns_in_out = product_offsets(p.columns, &ProductAxis::b, columns_in_b);
  product_offsets(p.columns, &ProductAxis::out, columns_in_out);
  for (i64 first = 0; first == 0 || first < runs; first += most) {
    const i64 count = runs - first < most ? runs - first : most;
    for (i64 u = 0; u < count; ++u) places[u] = product_place(outer, first + u);
    for (i64 row = 0; row < rows; row += R)
      for (i64 column = units.begin; column < units.end; column += C) {
        ProductSums<T> sums{rows - row < R ? rows - row : R, units.end - column < C ? units.end - column : C, {}, {}, {}, {}, {}};
        for (i64 r = 0; r < R; ++r) {
          const i64 y = row + (r < sums.rows ? r : sums.rows - 1);
          sums.a[r] = p.a + in.a[y], sums.rows_out[r] = in.out[y], sums.biases[r] = in.bias[y];
        }
        for (i64 c = 0; c < C; ++c) {
          const i64 x = column + (c < sums.columns ? c : sums.columns - 1);
          sums.b[c] = p.b + columns_in_b[x], sums.columns_out[c] = columns_in_out[x];
        }
        if (last_of(p.terms).b == 1) terms_tile<1>(sums, p.out, places, count, n, first == 0, first + count == runs, product_end(p));
        else terms_tile<2>(sums, p.out, places, count, n, first == 0, first + count == runs, product_end(p));
      }
  }
}

}  // namespace
