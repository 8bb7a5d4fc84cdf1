#include "floor.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "limits.h"

namespace bench {

using namespace croton;
using namespace croton::runtime;

namespace {

// Compiled as generated code is: the same prelude and functions, nothing else. Weights are packed once a chunk (padded
// with zeros, whose tanh and gradients are zero); partials are five padded rows and the two sums of db2.
constexpr std::string_view body = R"(
typedef V<T, CROTON_VECTOR_BYTES / sizeof(T)> X;
constexpr i64 L = lanes<X>;
constexpr i64 R = 8;
struct Args { T *x, *y, *w1, *b1, *w2, *b2, *partials; i64 n, h, padded, rows, chunks, row, columns; T rate, decay; };

template <i64 rows> CROTON_FN void tile(const Args& s, i64 i, const T* packed, T* a, T* part, T* db2) {
  const i64 hp = s.padded;
  T x0[rows], x1[rows];
  X z0[rows], z1[rows];
  for (i64 r = 0; r < rows; ++r) {
    x0[r] = s.x[(i + r) * 2]; x1[r] = s.x[(i + r) * 2 + 1];
    z0[r] = z1[r] = splat<L>((T)0);
  }
  for (i64 v = 0; v < hp; v += L) {
    const X u0 = load<L>(packed + v), u1 = load<L>(packed + hp + v), b = load<L>(packed + 2 * hp + v);
    const X p0 = load<L>(packed + 3 * hp + v), p1 = load<L>(packed + 4 * hp + v);
#pragma GCC unroll 8
    for (i64 r = 0; r < rows; ++r) {
      const X t = tanh_here(fma(splat<L>(x0[r]), u0, fma(splat<L>(x1[r]), u1, b)));
      store(a + r * hp + v, t);
      z0[r] = fma(t, p0, z0[r]);
      z1[r] = fma(t, p1, z1[r]);
    }
  }
  constexpr i64 room = rows > L ? rows : L;
  T q0[room] = {}, q1[room] = {}, y0[room] = {}, y1[room] = {}, d0[room], d1[room];
  for (i64 r = 0; r < rows; ++r) {
    q0[r] = hsum(z0[r]) + s.b2[0]; q1[r] = hsum(z1[r]) + s.b2[1];
    y0[r] = s.y[(i + r) * 2]; y1[r] = s.y[(i + r) * 2 + 1];
  }
  for (i64 j = 0; j < room; j += L) {
    const X c0 = load<L>(q0 + j), c1 = load<L>(q1 + j), m = c0 > c1 ? c0 : c1;
    const X e0 = exp_here(c0 - m), e1 = exp_here(c1 - m), sum = e0 + e1;
    store(d0 + j, (e0 / sum - load<L>(y0 + j)) / (T)s.n);
    store(d1 + j, (e1 / sum - load<L>(y1 + j)) / (T)s.n);
  }
  for (i64 r = 0; r < rows; ++r) { db2[0] += d0[r]; db2[1] += d1[r]; }
  for (i64 v = 0; v < hp; v += L) {
    const X p0 = load<L>(packed + 3 * hp + v), p1 = load<L>(packed + 4 * hp + v);
    X s0 = load<L>(part + v), s1 = load<L>(part + hp + v), s2 = load<L>(part + 2 * hp + v);
    X s3 = load<L>(part + 3 * hp + v), s4 = load<L>(part + 4 * hp + v);
#pragma GCC unroll 8
    for (i64 r = 0; r < rows; ++r) {
      const X t = load<L>(a + r * hp + v), e0 = splat<L>(d0[r]), e1 = splat<L>(d1[r]);
      s3 = fma(t, e0, s3); s4 = fma(t, e1, s4);
      const X g = fma(e0, p0, e1 * p1) * fma(-t, t, splat<L>((T)1));
      s2 += g;
      s0 = fma(splat<L>(x0[r]), g, s0); s1 = fma(splat<L>(x1[r]), g, s1);
    }
    store(part + v, s0); store(part + hp + v, s1); store(part + 2 * hp + v, s2);
    store(part + 3 * hp + v, s3); store(part + 4 * hp + v, s4);
  }
}

extern "C" void pass(const void* words, i64 k, void* scratch) {
  const Args& s = *(const Args*)words;
  const i64 hp = s.padded, from = k * s.rows, to = from + s.rows < s.n ? from + s.rows : s.n;
  T *packed = (T*)scratch, *a = packed + 5 * hp, *part = s.partials + k * s.row;
  for (i64 j = 0; j < hp; ++j) {
    const bool in = j < s.h;
    packed[j] = in ? s.w1[j] : 0; packed[hp + j] = in ? s.w1[s.h + j] : 0; packed[2 * hp + j] = in ? s.b1[j] : 0;
    packed[3 * hp + j] = in ? s.w2[2 * j] : 0; packed[4 * hp + j] = in ? s.w2[2 * j + 1] : 0;
  }
  for (i64 j = 0; j < 5 * hp; j += L) store(part + j, splat<L>((T)0));
  T db2[2] = {};
  i64 i = from;
  for (; i + R <= to; i += R) tile<R>(s, i, packed, a, part, db2);
  for (; i < to; ++i) tile<1>(s, i, packed, a, part, db2);
  part[5 * hp] = db2[0]; part[5 * hp + 1] = db2[1];
}

extern "C" void combine(const void* words, i64 k, void*) {
  const Args& s = *(const Args*)words;
  const i64 hp = s.padded, from = k * s.columns, to = from + s.columns < hp ? from + s.columns : hp;
  for (i64 v = from; v < to; v += L) {
    X g[5] = {};
    for (i64 c = 0; c < s.chunks; ++c)
      for (i64 q = 0; q < 5; ++q) g[q] += load<L>(s.partials + c * s.row + q * hp + v);
    const i64 n = s.h - v < L ? s.h - v : L;
    for (i64 j = 0; j < n; ++j) {
      s.w1[v + j] -= s.rate * (g[0][j] + s.decay * s.w1[v + j]);
      s.w1[s.h + v + j] -= s.rate * (g[1][j] + s.decay * s.w1[s.h + v + j]);
      s.b1[v + j] -= s.rate * g[2][j];
      s.w2[2 * (v + j)] -= s.rate * (g[3][j] + s.decay * s.w2[2 * (v + j)]);
      s.w2[2 * (v + j) + 1] -= s.rate * (g[4][j] + s.decay * s.w2[2 * (v + j) + 1]);
    }
  }
}

extern "C" void last(const void* words, i64, void*) {
  const Args& s = *(const Args*)words;
  for (i64 q = 0; q < 2; ++q) {
    T sum = 0;
    for (i64 c = 0; c < s.chunks; ++c) sum += s.partials[c * s.row + 5 * s.padded + q];
    s.b2[q] -= s.rate * sum;
  }
}
)";

template <class T>
struct Args {
  T *x, *y, *w1, *b1, *w2, *b2, *partials;
  Index n, h, padded, rows, chunks, row, columns;
  T rate, decay;
};

template <class T>
struct State {
  Parameters p;
  Buffer partials;
  std::shared_ptr<Module> module;
  Args<T> args;
  std::size_t scratch = 0;
};

template <class T>
FloorStep make(const Parameters& given, double rate, double lambda) {
  const auto s = std::make_shared<State<T>>();
  s->p = {given.x.copy(), given.y.copy(), given.w1.copy(), given.b1.copy(), given.w2.copy(), given.b2.copy()};
  s->module =
      compile(fmt::format("typedef f{} T;\n{}", 8 * sizeof(T), body), {"tanh", "exp"}, {"pass", "combine", "last"});
  Args<T>& a = s->args;
  const Index lanes = cpu().target().vector_bytes / static_cast<Index>(sizeof(T));
  a.n = given.x.shape(0);
  a.h = given.b1.shape(0);
  a.padded = (a.h + lanes - 1) / lanes * lanes;
  const Index wanted = std::clamp<Index>(a.n * a.h / 80000, 1, std::max<Index>(4, std::min<Index>(64, 2000000 / a.h)));
  a.rows = ((a.n + wanted - 1) / wanted + 7) / 8 * 8;
  a.chunks = (a.n + a.rows - 1) / a.rows;
  a.row = 5 * a.padded + lanes;
  a.columns = std::max<Index>(16 * lanes, 1024 / lanes * lanes / 4);
  s->partials = Buffer(cpu(), static_cast<std::size_t>(a.chunks * a.row) * sizeof(T));
  const auto data = [](Array& x) { return x.mutable_values<T>().data(); };
  a.x = data(s->p.x);
  a.y = data(s->p.y);
  a.w1 = data(s->p.w1);
  a.b1 = data(s->p.b1);
  a.w2 = data(s->p.w2);
  a.b2 = data(s->p.b2);
  a.partials = static_cast<T*>(s->partials.data());
  a.rate = static_cast<T>(rate);
  a.decay = static_cast<T>(lambda / static_cast<double>(a.n));
  s->scratch = static_cast<std::size_t>((5 + 8) * a.padded) * sizeof(T);
  FloorStep step;
  step.run = [s] {
    const Index wide = (s->args.padded + s->args.columns - 1) / s->args.columns;
    std::array<Launch, 3> l;
    for (std::size_t i = 0; i < 3; ++i) {
      l[i].kernel = s->module->kernels()[i];
      l[i].args = &s->args;
      l[i].args_bytes = sizeof s->args;
    }
    l[0].chunks = s->args.chunks;
    l[0].scratch_bytes = s->scratch;
    l[1].chunks = wide;
    cpu().launch(l);
  };
  step.get = [s] { return s->p; };
  return step;
}

}  // namespace

FloorStep floor_step(const Parameters& p, double rate, double lambda) {
  return p.x.dtype() == DType::float64 ? make<double>(p, rate, lambda) : make<float>(p, rate, lambda);
}

}  // namespace bench
