// Products whose operands are read where they lie, whatever their strides: windows that slide over what is in memory are
// never written out.
//   out[batch, rows, columns] = sum over terms of a[batch, rows, terms] * b[batch, terms, columns]
// Each of the four has any number of axes; taken together they are counted row-major. Accumulators of a tile of the result
// stay in registers while the terms go by. Chunks depend on extents alone, and so do bits.
namespace {

struct ProductAxis { i64 extent, a, b, out; };  // strides, in elements
struct ProductAxes { i64 count; const ProductAxis* list; };
struct ProductPlace { i64 a, b, out; };

/// What a kernel is told, word by word. A chunk is so many units of one of the batch: columns, or runs of the last axis of the
/// columns.
template <class T> struct Product {
  const T* a; const T* b; T* out;
  i64 units, units_of_chunk;
  ProductAxes batch, rows, columns, terms;
};
template <class T> CROTON_FN Product<T> product(const i64* words) {
  Product<T> p{(const T*)words[0], (const T*)words[1], (T*)words[2], words[3], words[4], {}, {}, {}, {}};
  const i64* next = words + 5;
  const auto axes = [&] {
    const ProductAxes x{next[0], (const ProductAxis*)(next + 1)};
    next += 1 + 4 * x.count;
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
/// The units of a chunk; the operands and the result begin where its batch does.
struct ProductUnits { i64 begin, end; };
template <class T> CROTON_FN ProductUnits product_units(Product<T>& p, i64 chunk) {
  const i64 chunks = (p.units + p.units_of_chunk - 1) / p.units_of_chunk;
  const ProductPlace of = product_place(p.batch, chunk / chunks);
  p.a += of.a, p.b += of.b, p.out += of.out;
  const i64 begin = chunk % chunks * p.units_of_chunk, end = begin + p.units_of_chunk;
  return {begin, end < p.units ? end : p.units};
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

/// Keeps x in a register: the compiler would load it again for each use, and loads across lines are the slowest part.
template <class X> CROTON_FN X in_register(X x) {
#ifdef __AVX512F__
  __asm__("" : "+v"(x));
#elif defined(__SSE__)
  __asm__("" : "+x"(x));
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
CROTON_FN void columns_tile(const T* a, const T* b, const i64* at, i64 terms, i64 first, i64 n, T* out, const i64* rows, i64 count) {
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
      if constexpr (Part) store_n(to, sums[r][v], n);
      else store(to, sums[r][v]);
    }
  }
}
template <class T>
CROTON_SLOW void columns_run(const T* a, const T* b, const i64* at, i64 terms, i64 n, T* out, const i64* rows, i64 count) {
  constexpr int L = product_lanes<T>;
  if (n < L) return columns_tile<T, 1, true>(a, b, at, terms, 0, n, out, rows, count);
  i64 first = 0;
  for (; n - first > 2 * L; first += 3 * L) columns_tile<T, 3, false>(a, b, at, terms, first, n, out, rows, count);
  if (n - first > L) columns_tile<T, 2, false>(a, b, at, terms, first, n, out, rows, count);
  else if (n > first) columns_tile<T, 1, false>(a, b, at, terms, first, n, out, rows, count);
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
/// Some rows of a as tiles read them: term by term, 0 beyond the last row.
template <class T>
CROTON_SLOW void pack_rows(const T* a, const i64* rows, i64 count, const i64* terms_in_a, i64 terms, T* packed) {
  constexpr int R = product_rows;
  typedef V<T, R> X;
  for (i64 k = 0; k < terms;) {
    if (count == R && k + R <= terms && terms_in_a[k + R - 1] - terms_in_a[k] == R - 1 && terms_in_a[k + 1] - terms_in_a[k] == 1) {
      X x[R];
      for (int r = 0; r < R; ++r) x[r] = load<R>(a + rows[r] + terms_in_a[k]);
      transpose<R / 2>(x);
      for (int r = 0; r < R; ++r, ++k) store(packed + k * R, x[r]);
    } else {
      for (i64 r = 0; r < R; ++r) packed[k * R + r] = r < count ? a[rows[r] + terms_in_a[k]] : (T)0;
      ++k;
    }
  }
}

/// Where neighbours of the last axis of the columns are neighbours in b and out. A unit is a run of that axis.
/// Scratch: offsets of the rows in a and out, of the terms in a and b; product_rows terms of a.
template <class T> CROTON_FN void product_along_columns(const i64* words, i64 chunk, void* scratch) {
  Product<T> p = product<T>(words);
  const ProductUnits units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), terms = product_count(p.terms), run = last_of(p.columns).extent;
  i64* const rows_in_a = (i64*)scratch;
  i64* const rows_in_out = product_offsets(p.rows, &ProductAxis::a, rows_in_a);
  i64* const terms_in_a = product_offsets(p.rows, &ProductAxis::out, rows_in_out);
  i64* const terms_in_b = product_offsets(p.terms, &ProductAxis::a, terms_in_a);
  T* const packed = (T*)product_offsets(p.terms, &ProductAxis::b, terms_in_b);
  for (i64 row = 0; row < rows; row += product_rows) {
    const i64 count = rows - row < product_rows ? rows - row : product_rows;
    pack_rows(p.a, rows_in_a + row, count, terms_in_a, terms, packed);
    for (i64 unit = units.begin; unit < units.end; ++unit) {
      const ProductPlace at = product_place(but_last(p.columns), unit);
      columns_run<T>(packed, p.b + at.b, terms_in_b, terms, run, p.out + at.out, rows_in_out + row, count);
    }
  }
}

/// Neighbours of the last axis of the columns, in a panel from its column `at` on.
struct ProductPiece { i64 at, count, b, out; };
template <class X, int... P> CROTON_FN X even_lanes(X x, X y, indices<P...>) { return __builtin_shufflevector(x, y, 2 * P...); }
/// The first n of L elements that are `step` apart.
template <int L, class T> CROTON_FN V<T, L> load_apart(const T* p, i64 step, i64 n) {
  if (step == 1) return load_n<L>(p, n);
  if (step == 2) {
    const i64 all = 2 * n - 1;
    return even_lanes(load_n<L>(p, all < L ? all : L), load_n<L>(p + L, all < L ? 0 : all - L), upto<L>());
  }
  V<T, L> x{};
  for (i64 i = 0; i < n; ++i) x[i] = p[i * step];
  return x;
}

/// However a, b and out lie: tiles read panels of b that are packed, a block of terms and of rows at a time. A unit is a column.
/// Scratch: offsets of the rows in a and out, of a block's terms in a and b, of a panel's rows and of a tile's; the pieces of a
/// panel; the rows of a, the panel, the tile.
constexpr i64 product_terms_packed = 512, product_rows_packed = 1024, product_panel = product_vectors * CROTON_VECTOR_BYTES / 4;
template <class T> CROTON_FN void product_packed(const i64* words, i64 chunk, void* scratch) {
  constexpr int L = product_lanes<T>;
  constexpr i64 R = product_rows, W = product_vectors * L, most = product_terms_packed;
  Product<T> p = product<T>(words);
  const ProductUnits units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), terms = product_count(p.terms);
  const ProductAxis last = last_of(p.columns);
  i64* const rows_in_a = (i64*)scratch;
  i64* const rows_in_out = product_offsets(p.rows, &ProductAxis::a, rows_in_a);
  i64* const terms_in_a = product_offsets(p.rows, &ProductAxis::out, rows_in_out);
  i64 *const terms_in_b = terms_in_a + most, *const terms_in_panel = terms_in_b + most, *const rows_in_tile = terms_in_panel + most;
  ProductPiece* const pieces = (ProductPiece*)(rows_in_tile + R);
  T *const panel = (T*)(pieces + product_panel), *const tile = panel + W * most, *const packed = tile + R * W;
  for (i64 k = 0; k < most; ++k) terms_in_panel[k] = k * W;
  for (i64 r = 0; r < R; ++r) rows_in_tile[r] = r * W;
  for (i64 k = 0; k < W * most; ++k) panel[k] = 0;  // what a panel leaves is finite
  for (i64 first = 0; first == 0 || first < terms; first += most) {
    const i64 some = terms - first < most ? terms - first : most;
    for (i64 k = 0; k < some; ++k) {
      const ProductPlace at = product_place(p.terms, first + k);
      terms_in_a[k] = at.a, terms_in_b[k] = at.b;
    }
    for (i64 top = 0; top < rows; top += product_rows_packed) {
      const i64 bottom = rows - top < product_rows_packed ? rows : top + product_rows_packed;
      for (i64 row = top; row < bottom; row += R)
        pack_rows(p.a, rows_in_a + row, bottom - row < R ? bottom - row : R, terms_in_a, some, packed + (row - top) * most);
      for (i64 column = units.begin; column < units.end; column += W) {
        const i64 width = units.end - column < W ? units.end - column : W;
        i64 count = 0;
        for (i64 c = 0; c < width; c += pieces[count++].count) {
          const ProductPlace at = product_place(p.columns, column + c);
          const i64 left = last.extent - (column + c) % last.extent, most_here = width - c < L ? width - c : L;
          pieces[count] = {c, left < most_here ? left : most_here, at.b, at.out};
        }
        for (i64 k = 0; k < some; ++k)
          for (i64 i = 0; i < count; ++i)
            store_n(panel + k * W + pieces[i].at, load_apart<L>(p.b + terms_in_b[k] + pieces[i].b, last.b, pieces[i].count), pieces[i].count);
        for (i64 row = top; row < bottom; row += R) {
          columns_tile<T, product_vectors, false>(packed + (row - top) * most, panel, terms_in_panel, some, 0, W, tile, rows_in_tile, R);
          for (i64 r = 0; r < R && row + r < bottom; ++r)
            for (i64 i = 0; i < count; ++i) {
              T* const to = p.out + rows_in_out[row + r] + pieces[i].out;
              const T* const from = tile + r * W + pieces[i].at;
              if (last.out == 1) {
                const auto x = load_n<L>(from, pieces[i].count);
                store_n(to, first > 0 ? load_n<L>(to, pieces[i].count) + x : x, pieces[i].count);
              } else {
                for (i64 c = 0; c < pieces[i].count; ++c) to[c * last.out] = first > 0 ? to[c * last.out] + from[c] : from[c];
              }
            }
        }
      }
    }
  }
}

/// Some rows and columns of the result.
template <class T> struct ProductSums {
  i64 rows, columns;
  const T *a[product_sums_down], *b[product_sums_across];  // beyond the last ones the last ones again
  i64 rows_out[product_sums_down], columns_out[product_sums_across];
};
/// Their sums over some runs of n terms, which in b are so far apart: set, or added to what is there.
template <int Apart, class T> CROTON_SLOW void terms_tile(const ProductSums<T>& of, T* out, const ProductPlace* runs, i64 count, i64 n, bool add) {
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
      const T sum = hsum(sums[r][c]);
      to = add ? to + sum : sum;
    }
}

/// Where neighbours of the last axis of the terms are neighbours in a, and in b or have one between them. A unit is a column; terms come in blocks that a
/// cache holds. Scratch: as many places as a block has runs; offsets of the rows in a and out, and of the columns in b and
/// out.
constexpr i64 product_block = 4096;
template <class T> CROTON_FN void product_along_terms(const i64* words, i64 chunk, void* scratch) {
  constexpr int R = product_sums_down, C = product_sums_across;
  Product<T> p = product<T>(words);
  const ProductUnits units = product_units(p, chunk);
  const i64 rows = product_count(p.rows), n = last_of(p.terms).extent;
  const ProductAxes outer = but_last(p.terms);
  const i64 runs = product_count(outer), most = (product_block + n - 1) / n;
  ProductPlace* const places = (ProductPlace*)scratch;
  i64* const rows_in_a = (i64*)(places + most);
  i64* const rows_in_out = product_offsets(p.rows, &ProductAxis::a, rows_in_a);
  i64* const columns_in_b = product_offsets(p.rows, &ProductAxis::out, rows_in_out);
  i64* const columns_in_out = product_offsets(p.columns, &ProductAxis::b, columns_in_b);
  product_offsets(p.columns, &ProductAxis::out, columns_in_out);
  for (i64 first = 0; first == 0 || first < runs; first += most) {
    const i64 count = runs - first < most ? runs - first : most;
    for (i64 u = 0; u < count; ++u) places[u] = product_place(outer, first + u);
    for (i64 row = 0; row < rows; row += R)
      for (i64 column = units.begin; column < units.end; column += C) {
        ProductSums<T> sums{rows - row < R ? rows - row : R, units.end - column < C ? units.end - column : C, {}, {}, {}, {}};
        for (i64 r = 0; r < R; ++r) {
          const i64 y = row + (r < sums.rows ? r : sums.rows - 1);
          sums.a[r] = p.a + rows_in_a[y], sums.rows_out[r] = rows_in_out[y];
        }
        for (i64 c = 0; c < C; ++c) {
          const i64 x = column + (c < sums.columns ? c : sums.columns - 1);
          sums.b[c] = p.b + columns_in_b[x], sums.columns_out[c] = columns_in_out[x];
        }
        if (last_of(p.terms).b == 1) terms_tile<1>(sums, p.out, places, count, n, first > 0);
        else terms_tile<2>(sums, p.out, places, count, n, first > 0);
      }
  }
}

}  // namespace
