#include "random_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "array/access.h"
#include "base/error.h"
#include "croton/gradient.h"
#include "croton/ifelse.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "croton/ops.h"
#include "croton/scan.h"
#include "graph/type.h"
#include "pool.h"

namespace croton::property {
namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) { case_.seed = seed; }

  Case run() {
    const std::size_t leaves = 1 + random_.below(3);
    for (std::size_t k = 0; k < leaves; ++k) pool_.add_leaf();
    const std::size_t nodes = random_.chance(20) ? 1 + random_.below(4) : 3 + random_.below(25);
    for (std::size_t k = 0; k < nodes; ++k) add_node();
    choose_outputs();
    choose_updates();
    return std::move(case_);
  }

 private:
  void add_node() {
    for (int tries = 0; tries < 20; ++tries) {
      try {
        const Tensor t = some_node();
        if (t.node() && pool_.take(t)) return;
      } catch (const Error&) {
        // shapes that do not fit, an index out of range: another one
      }
    }
  }

  Tensor some_node() {
    const std::size_t k = random_.below(100);
    if (k < 20) return unary();
    if (k < 45) return binary();
    if (k < 60) return reduction();
    if (k < 73) return moved();
    if (k < 76) return assembled();
    if (k < 78) return rows();
    if (k < 80) return windows();
    if (k < 86) return product();
    if (k < 88) return numbered();
    if (k < 92) return logical();
    if (k < 94) return converted();
    if (k < 95) return composite();
    if (k < 97) return selected();
    if (k < 98) return random_.chance(50) ? gradient() : scanned();
    if (random_.chance(30)) return chosen();
    return by_the_host();
  }

  Tensor unary() {
    const Made* m = pool_.any_float();
    if (!m) return -pool_.any().t;
    const Tensor& x = m->t;
    switch (random_.below(15)) {
      case 0: return exp(x);
      case 1: return tanh(x);
      case 2: return sigmoid(x);
      case 3: return sqrt(abs(x));
      case 4: return log(abs(x) + 1);
      case 5: return -x;
      case 6: return square(x);
      case 7: return sin(x);
      case 8: return floor(x);
      case 9: return abs(x);
      case 10: return expm1(x);
      case 11: return x * random_.between(-2, 2) + 0.5;
      case 12: return 1 / (x * x + 1);
      case 13: return relu(x);
      default: return cos(x) + x;
    }
  }

  Tensor binary() {
    const Tensor a = pool_.any().t;
    const Made* m = pool_.partner(pool_.of(a));
    if (!m) return a.dtype() == boolean ? !a : a + a;
    const Tensor b = m->t;
    const bool ints = !is_float(a.dtype()) && !is_float(b.dtype());
    switch (random_.below(13)) {
      case 0:
      case 1: return a + b;
      case 2:
      case 3: return a * b;
      case 4:
      case 5: return a - b;
      case 6: return maximum(a, b);
      case 7: return minimum(a, b);
      case 8: return ints ? floor_divide(cast(a, int64), cast(b, int64) * 2 + 1) : a / (abs(b) + 0.5);
      case 9: return ints ? cast(a, int64) % (cast(b, int64) * 2 + 1) : a * b + a;
      case 10: return random_.chance(50) ? a < b : a >= b;
      case 11: return a * a - b * b;
      default: return (a - b) * (a + b);
    }
  }

  Tensor logical() {
    const Tensor a = pool_.any().t;
    const Made* m = pool_.partner(pool_.of(a));
    const Tensor b = m ? m->t : a;
    switch (random_.below(4)) {
      case 0: return where(a > 0, b, a);
      case 1: return where(cast(b, boolean), a, 0);
      case 2: return cast(a, boolean) && cast(b, boolean);
      default: return a.dtype() == int64 && b.dtype() == int64 ? (a & b) : cast(a > b, float32) * 2;
    }
  }

  Tensor converted() { return cast(pool_.any().t, pool_.some_dtype()); }

  std::vector<int> some_axes(int rank) {
    std::vector<int> axes;
    for (int d = 0; d < rank; ++d)
      if (random_.chance(45)) axes.push_back(random_.chance(20) ? d - rank : d);
    if (axes.empty()) axes.push_back(static_cast<int>(random_.below(static_cast<std::size_t>(rank))));
    return axes;
  }

  Tensor reduction() {
    Tensor x = pool_.any().t;
    if (x.ndim() == 0) return x;
    const Axes axes = random_.chance(20) ? Axes() : Axes(some_axes(x.ndim()));
    const Axes one(static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim()))));
    const bool keep = random_.chance(50);
    const auto either = [&](auto&& f, const Axes& a) { return keep ? f(x, a, keepdims) : f(x, a); };
#define EITHER(f, a) either([](const Tensor& t, const Axes& over, auto... more) { return f(t, over, more...); }, a)
    if (x.dtype() == boolean) return random_.chance(50) ? EITHER(any_of, axes) : EITHER(all_of, axes);
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2: return EITHER(sum, axes);
      case 3: return EITHER(mean, axes);
      case 4: return EITHER(max, axes);
      case 5: return EITHER(min, axes);
      case 6: return x - (is_float(x.dtype()) ? mean(x, axes, keepdims) : max(x, axes, keepdims));
      case 7: return random_.chance(50) ? argmax(x, one) : argmin(x, one);
      case 8: return is_float(x.dtype()) ? EITHER(prod, one) : EITHER(sum, one);
      default: return is_float(x.dtype()) ? x / (sum(abs(x), axes, keepdims) + 1) : EITHER(sum, one);
    }
#undef EITHER
  }
  static Tensor any_of(const Tensor& t, const Axes& a) { return croton::any(t, a); }
  static Tensor any_of(const Tensor& t, const Axes& a, KeepDims k) { return croton::any(t, a, k); }
  static Tensor all_of(const Tensor& t, const Axes& a) { return croton::all(t, a); }
  static Tensor all_of(const Tensor& t, const Axes& a, KeepDims k) { return croton::all(t, a, k); }

  Tensor moved() {
    const Made m = pool_.any();
    const Tensor& x = m.t;
    const int rank = x.ndim();
    if (rank == 0) return expand_dims(x, 0);
    const int axis = static_cast<int>(random_.below(static_cast<std::size_t>(rank)));
    switch (random_.below(10)) {
      case 0: return x.T();
      case 1: return permuted(x);
      case 2:
      case 3: return sliced(x, m.value, axis);
      case 4: return flip(x, axis);
      case 5: return reshape(x, {-1});
      case 6: return reshaped(x, m.value);
      case 7: return expand_dims(x, static_cast<int>(random_.below(static_cast<std::size_t>(rank) + 1)));
      case 8:
        return m.value.shape(axis) > 0
                   ? taken(x, axis, static_cast<Index>(random_.below(static_cast<std::size_t>(m.value.shape(axis)))))
                   : x.T();
      default: return rank == 2 ? x + x.T() : flip(x, axis) + x;
    }
  }

  // Along one axis: the tensor, its parts, others that fit, or what is made of them.
  Tensor part_for(const Made& m, int axis) {
    const Made* other = pool_.such([&](const Made& x) {
      if (x.t.dtype() != m.t.dtype() || x.t.ndim() != m.t.ndim()) return false;
      for (int d = 0; d < x.t.ndim(); ++d)
        if (d != axis && x.value.shape(d) != m.value.shape(d)) return false;
      return true;
    });
    switch (random_.below(5)) {
      case 0: return m.t;
      case 1: return sliced(m.t, m.value, axis);
      case 2: return m.t.dtype() == boolean ? !m.t : m.t + m.t;
      case 3: return concatenate({m.t, sliced(m.t, m.value, axis)}, axis);
      default: return other ? other->t : m.t;
    }
  }

  // The tensor with a part of it, perhaps of two axes, replaced or added to.
  Tensor written(const Tensor& x, const Made& like) {
    const auto some_axis = [&] { return static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim()))); };
    const int axis = some_axis();
    Tensor part;
    switch (random_.below(4)) {
      case 0: part = indexed(x, axis, slice(floor_divide(x.shape(axis), 2), none)); break;
      case 1: part = like.value.shape(axis) > 0 ? taken(x, axis, like.value.shape(axis) - 1) : x[ellipsis]; break;
      default: part = sliced(x, like.value, axis);
    }
    return changed(part);
  }

  // What the part is of, with the part replaced or added to.
  Tensor changed(const Tensor& part) {
    const bool numbers = part.dtype() != boolean;
    Tensor value = numbers ? part * 2 - 1 : !part;
    if (random_.chance(30) && part.ndim() > 0) value = flip(part, 0);
    if (random_.chance(20)) value = cast(constant(Array(3.0)), part.dtype());
    return random_.chance(50) ? set_subtensor(part, value) : inc_subtensor(part, value);
  }

  Tensor assembled() {
    const Made m = pool_.any();
    const int rank = m.t.ndim();
    if (rank == 0) return stack({m.t, m.t, m.t});
    const int axis = static_cast<int>(random_.below(static_cast<std::size_t>(rank)));
    switch (random_.below(5)) {
      case 0: return stack({m.t, m.t.dtype() == boolean ? !m.t : -m.t}, axis);
      case 1: return written(m.t, m);
      case 2: return written(written(m.t, m), m);
      case 3: {
        std::vector<std::array<Index, 2>> widths(static_cast<std::size_t>(rank), {0, 0});
        widths[static_cast<std::size_t>(axis)] = {1, 2};
        if (rank > 1) widths[static_cast<std::size_t>(axis > 0 ? 0 : 1)] = {2, 0};
        return pad(m.t, widths, PadMode::constant, cast(constant(Array(2.0)), m.t.dtype()));
      }
      default: {
        std::vector<Tensor> parts;
        for (std::size_t k = 1 + random_.below(5); k > 0; --k) parts.push_back(part_for(m, axis));
        return concatenate(parts, axis);
      }
    }
  }

  Tensor read_or_changed(const Tensor& rows) { return random_.chance(50) ? rows : changed(rows); }

  // By lists of integers that are computed; half of them count from the end. Rows of what has none are never asked for.
  Tensor rows() {
    const Made* m = pool_.such([](const Made& x) { return x.t.ndim() > 0 && x.value.shape(0) > 0; });
    const Made* by =
        pool_.such([](const Made& x) { return !is_float(x.t.dtype()) && (x.t.ndim() == 1 || x.t.ndim() == 2); });
    if (!m || !by) return {};
    const Tensor i = cast(by->t, int64) % m->t.shape(0);
    if (m->t.ndim() == 2 && by->t.ndim() == 1 && by->value.shape(0) == m->value.shape(0) && random_.chance(60))
      return read_or_changed(m->t(arange(m->t.shape(0)), cast(by->t, int64) % m->t.shape(1)));
    if (by->t.ndim() == 1 && by->value.shape(0) > 0 && random_.chance(20)) return changed(m->t[i(0)]);
    return random_.chance(50) ? read_or_changed(m->t[i]) : croton::take(m->t, i - m->t.shape(0));
  }

  // Folds over what a mask selects, and what is written there.
  Tensor selected() {
    const Made* m = pool_.such([](const Made& x) { return x.t.ndim() > 0 && x.t.dtype() != boolean; });
    if (!m) return {};
    const auto fits = [&](const Made& x) {
      return x.t.ndim() > 0 && x.t.ndim() <= m->t.ndim() &&
             std::equal(x.value.shape().begin(), x.value.shape().end(), m->value.shape().begin());
    };
    const Made* by = pool_.such(fits);
    if (!by) return {};
    const Tensor part = m->t[by->t.dtype() == boolean ? by->t : by->t > 0];
    switch (random_.below(5)) {
      case 0: return sum(part, 0);
      case 1: return sum(part) / cast(part.shape(0) + 1, float64);
      case 2: return sum(part * 2 + part * part);
      case 3: return part.set(part - 3);
      default: return part.inc(random_.chance(50) ? part : part * 2);
    }
  }

  // Where the numbers of the last axis compare with those of another axis, or with integers that are computed.
  Tensor numbered() {
    const Made* m = pool_.such([](const Made& x) { return x.t.ndim() > 1 && x.t.dtype() != boolean; });
    if (!m) return {};
    const int last = m->t.ndim() - 1, other = static_cast<int>(random_.below(static_cast<std::size_t>(last)));
    const Made* by = pool_.such([&](const Made& x) {
      return is_int(x.t.dtype()) && x.t.ndim() == 1 && x.value.shape(0) == m->value.shape(other);
    });
    const Tensor at = arange(m->t.shape(last));
    Tensor with = by && random_.chance(50) ? cast(by->t, int64) : arange(m->t.shape(other));
    for (int k = other; k < last; ++k) with = expand_dims(with, -1);
    const auto compared = [&] {
      switch (random_.below(4)) {
        case 0: return at <= with;
        case 1: return with > at;
        case 2: return at == with;
        default: return with != at;
      }
    };
    const Tensor masked =
        where(compared(), m->t, random_.chance(50) ? m->t * 2 : cast(constant(Array(3.0)), m->t.dtype()));
    return random_.chance(30) ? masked : random_.chance(50) ? sum(masked, last) : max(masked, last);
  }

  // Along one axis or two; or what they are folded to.
  Tensor windows() {
    const Made* m = pool_.such([](const Made& x) { return x.t.ndim() > 0 && x.t.ndim() < 4; });
    if (!m) return {};
    const Tensor x = m->t;
    const std::vector<Index> few{1, 2, 3, 5}, many{17, 20};
    std::vector<int> axes{static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim())))};
    if (x.ndim() > 1 && random_.chance(30)) axes = {x.ndim() - 1, x.ndim() - 2};
    Dims size({}), extents({});
    WindowSteps steps;
    for (const int a : axes) {
      size.list.push_back(Dim(random_.chance(15) ? random_.pick(many) : random_.pick(few)));
      extents.list.push_back(random_.chance(50) ? Dim(x.shape(a)) : Dim(m->value.shape(a) + 2));
      steps.stride.add(1 + static_cast<Index>(random_.below(3)));
      steps.dilation.add(1 + static_cast<Index>(random_.below(2)));
    }
    Tensor y = sliding_window_view(x, size, axes, steps);
    if (x.dtype() == boolean || random_.chance(40)) return y;
    return fold_windows(random_.chance(50) ? y : y * y, extents, axes, steps);
  }

  Tensor permuted(const Tensor& x) {
    Extents axes;
    std::vector<int> left(static_cast<std::size_t>(x.ndim()));
    std::iota(left.begin(), left.end(), 0);
    while (!left.empty()) {
      const auto k = static_cast<std::ptrdiff_t>(random_.below(left.size()));
      axes.add(left[static_cast<std::size_t>(k)]);
      left.erase(left.begin() + k);
    }
    return transpose(x, axes);
  }

  static Tensor indexed(const Tensor& x, int axis, const IndexItem& item) {
    if (axis == 0) return x(item);
    return axis == 1 ? x(all, item) : axis == 2 ? x(all, all, item) : axis == 3 ? x(all, all, all, item) : Tensor();
  }
  Tensor taken(const Tensor& x, int axis, Index i) {
    return random_.chance(40) ? indexed(x, axis, pool_.add_place(i)) : indexed(x, axis, i);
  }

  Tensor sliced(const Tensor& x, const Array& value, int axis) {
    const Index n = value.shape(axis);
    const Index start = static_cast<Index>(random_.below(static_cast<std::size_t>(n) + 1));
    const Index stop = start + static_cast<Index>(random_.below(static_cast<std::size_t>(n - start) + 1));
    switch (random_.below(7)) {
      case 0: return indexed(x, axis, slice(start, none));
      case 6: {
        const Tensor place = pool_.add_place(start);
        return indexed(x, axis, random_.chance(70) ? slice(place, place + (stop - start)) : slice(none, place));
      }
      case 1: return indexed(x, axis, slice(none, -1));
      case 2: return indexed(x, axis, slice(none, none, -1));
      case 3: return indexed(x, axis, slice(none, none, 2));
      case 4: return indexed(x, axis, slice(none, none, -3));
      default: return indexed(x, axis, slice(start, stop));
    }
  }

  Tensor reshaped(const Tensor& x, const Array& value) {
    std::vector<Dim> dims;
    const auto extent = [&](int d) { return random_.chance(50) ? Dim(value.shape(d)) : Dim(x.shape(d)); };
    Dims to({});
    if (x.ndim() >= 2 && random_.chance(50)) {  // two axes become one
      const int at = static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim()) - 1));
      for (int d = 0; d < x.ndim(); ++d) {
        if (d == at + 1) continue;
        to.list.push_back(d == at ? Dim(value.shape(d) * value.shape(d + 1)) : extent(d));
      }
      return reshape(x, to);
    }
    const int at = static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim())));
    for (int d = 0; d < x.ndim(); ++d) {  // one axis becomes two
      const Index n = value.shape(d);
      Index part = 1;
      for (const Index p : {2, 3, 7, 10})
        if (n > 0 && n % p == 0 && random_.chance(50)) part = p;
      if (d == at)
        to.list.push_back(Dim(n / part)), to.list.push_back(Dim(part));
      else
        to.list.push_back(extent(d));
    }
    return reshape(x, to);
  }

  Tensor product() {
    const Made* m = pool_.any_float();
    if (!m || m->t.ndim() == 0) return {};
    const Made a = *m;
    const Made* o = pool_.such([&](const Made& b) {
      if (!is_float(b.t.dtype()) || b.t.ndim() == 0 || a.t.ndim() + b.t.ndim() > 4) return false;
      return a.value.shape(-1) == b.value.shape(b.t.ndim() == 1 ? 0 : -2);
    });
    if (o) {
      const double work = static_cast<double>(a.value.size()) * static_cast<double>(o->value.size()) /
                          std::max<double>(1, static_cast<double>(a.value.shape(-1)));
      return work < 1e7 ? dot(a.t, o->t) : Tensor();
    }
    if (a.t.ndim() == 1)
      return a.value.size() < 300 ? outer(a.t, random_.chance(50) ? a.t : cos(a.t)) : dot(a.t, a.t + 1);
    if (a.t.ndim() == 2 && random_.chance(40))
      return a.value.size() * a.value.shape(0) < 10'000'000 ? dot(a.t, a.t.T()) : Tensor();
    if (a.t.ndim() == 2 && random_.chance(50))
      return a.value.size() * a.value.shape(1) < 10'000'000 ? dot(a.t.T(), tanh(a.t)) : Tensor();
    // a partner made to fit: skinny, or as wide as some other axis
    const Index inner = a.value.shape(-1);
    Extents shape{inner}, declared{type(a.t).shape.back()};
    const Extent e = random_.chance(50) ? Extent{static_cast<Index>(1 + random_.below(9)), true} : pool_.some_extent();
    if (a.value.size() * std::max<Index>(1, e.n) > 10'000'000) return {};
    shape.add(e.n);
    declared.add(e.is_static ? e.n : any_extent);
    pool_.add_leaf(shape, declared, a.t.dtype());
    return dot(a.t, pool_.last().t);
  }

  Tensor composite() {
    const Made* m = pool_.any_float();
    if (!m || m->t.ndim() == 0) return {};
    const Tensor& x = m->t;
    const int axis = static_cast<int>(random_.below(static_cast<std::size_t>(x.ndim())));
    switch (random_.below(4)) {
      case 0: return softmax(x, axis);
      case 1: return log_softmax(x, axis);
      case 2: return logsumexp(x, axis);
      default: return var(x, axis);
    }
  }

  Tensor gradient() {
    const Made* cost = pool_.any_float();
    std::vector<Tensor> leaves = case_.inputs;
    leaves.insert(leaves.end(), case_.shared.begin(), case_.shared.end());
    const Tensor wrt = random_.pick(leaves);
    if (!cost || cost->t.dtype() != wrt.dtype()) return {};
    return grad(sum(random_.chance(70) ? cost->t * cost->t : cost->t), wrt);
  }

  Tensor by_the_host() {
    const Made m = pool_.any();
    if (m.t.ndim() == 0 || m.value.shape(0) == 0) return {};
    const Index n = m.value.shape(0);
    switch (random_.below(5)) {
      case 0: return concatenate({m.t, m.t}, 0);
      case 1: return croton::take(m.t, constant(Array{Index{0}, n - 1, Index{0}, n / 2}));
      case 2: return set_subtensor(m.t[slice(n / 2, none)], m.t[slice(0, n - n / 2)]);
      case 3: return m.t.dtype() == boolean ? m.t : m.t + cast(m.t.shape(0), m.t.dtype());
      default: return m.t.ndim() == 1 ? arange(m.t.shape(0)) * 2 + 1 : m.t.shape(0) + 0;
    }
  }

  // By whether an extent is even.
  Tensor chosen() {
    const Made* a = pool_.such([](const Made& m) { return m.t.ndim() > 0; });
    if (!a) return {};
    const Made* b = pool_.such([&](const Made& m) { return m.t.ndim() == a->t.ndim() && !same(m.t, a->t); });
    return b ? ifelse(a->t.shape(0) % 2 == 0, a->t, b->t) : Tensor();
  }

  // Steps over the rows of a tensor, most of them of each element by itself.
  Tensor scanned() {
    const Made* m =
        pool_.such([](const Made& x) { return is_float(x.t.dtype()) && x.t.ndim() > 0 && x.value.shape(0) <= 40; });
    if (!m) return {};
    const Tensor x = m->t;
    const Extents& all = m->value.shape();
    const Extents row(Shape(all.begin() + 1, all.end()));
    const Made* like = pool_.such([&](const Made& o) { return o.t.dtype() == x.dtype() && o.value.shape() == row; });
    if (!like && all[0] == 0) return {};
    const Tensor start = like ? like->t : x(0) * 0.5;
    const Made* held = pool_.such([&](const Made& o) {
      return o.t.dtype() == x.dtype() && o.t.ndim() <= start.ndim() && Pool::fits(o, like ? *like : o);
    });
    const Tensor w = held ? held->t : start;
    const std::size_t form = random_.below(6), y = random_.below(5);
    const auto [last, ys] = scan(
        [&](const std::array<Tensor, 2>& c, const Tensor& r) {
          const Tensor& h = c[0];
          const Tensor next = form == 0   ? tanh(h + r)
                              : form == 1 ? h * 0.5 + r
                              : form == 2 ? where(r > 0, h, sin(r * w))
                              : form == 3 ? sin(h) * w
                              : form == 4 ? c[1] - r
                                          : h * 0.5 + sum(r);
          const Tensor out = y == 0 ? next * r : y == 1 ? h : y == 2 ? sum(h) : y == 3 ? cast(h > r, x.dtype()) : c[1];
          return std::pair{std::array{next, h}, out};
        },
        std::array{start, start}, x, {.reverse = random_.chance(50)});
    if (random_.chance(50)) return ys;
    if (random_.chance(50)) pool_.take(ys);
    return last[random_.below(2)];
  }

  // ---- what the graph gives
  void choose_outputs() {
    const std::size_t many = 1 + random_.below(4);
    case_.outputs.push_back(pool_.last().t);
    for (std::size_t k = 1; k < many; ++k) case_.outputs.push_back(pool_.any().t);
    if (random_.chance(8)) case_.outputs.push_back(case_.outputs[0]);
    if (random_.chance(5))
      case_.outputs.push_back(case_.outputs[0].ndim() > 0 ? case_.outputs[0].T() : case_.outputs[0]);
  }

  static bool same_kind(const Made& a, const Made& b) {
    return a.t.dtype() == b.t.dtype() && a.value.shape() == b.value.shape();
  }

  void choose_updates() {
    for (std::size_t s = 0; s < case_.shared.size(); ++s) {
      if (!random_.chance(75)) continue;
      const Made old = pool_.of(case_.shared[s]);
      try {
        const Tensor value = new_value(old);
        if (!value.node()) continue;
        const std::size_t before = pool_.size();
        if (!pool_.take(value)) continue;
        const bool good = same_kind(pool_.last(), old);
        pool_.keep(before);
        if (good) case_.updates.push_back({s, value});
      } catch (const Error&) {}
    }
  }

  Tensor new_value(const Made& old) {
    const Tensor& s = old.t;
    const bool numbers = s.dtype() != boolean;
    const Made* other = pool_.such([&](const Made& m) { return m.t.node() != s.node() && same_kind(m, old); });
    const Made* step = pool_.such(
        [&](const Made& m) { return m.t.ndim() <= s.ndim() && m.t.dtype() == s.dtype() && Pool::fits(m, old); });
    switch (random_.below(10)) {
      case 8:
      case 9: return s.ndim() > 0 ? written(s, old) : s;
      case 0:
        for (const Tensor& t : case_.shared)  // a swap, where the other does the same
          if (t.node() != s.node() && same_kind(pool_.of(t), old)) return t;
        break;
      case 1: return s.ndim() > 0 && numbers ? flip(s, 0) + s : Tensor();
      case 2: return numbers ? s + 1 : !s;
      case 3: return s.ndim() == 2 ? s.T() : s;
      case 4:
      case 5: return step && numbers ? s - step->t : Tensor();
      default: break;
    }
    return other ? other->t : numbers ? s * 2 : Tensor();
  }

  Random random_;
  Case case_;
  Pool pool_{random_, case_};
};

}  // namespace

std::vector<Tensor> Case::results() const {
  std::vector<Tensor> r = outputs;
  for (const Update& u : updates) r.push_back(u.value);
  return r;
}

ops::Values Case::leaves() const {
  ops::Values r;
  for (std::size_t k = 0; k < inputs.size(); ++k) r[inputs[k].node()] = values[k];
  for (std::size_t k = 0; k < shared.size(); ++k) r[shared[k].node()] = initial[k];
  return r;
}

std::string text(const Case& c) {
  std::string r = fmt::format("seed {}\n{}", c.seed, print_graph(c.results(), false));
  for (std::size_t k = 0; k < c.inputs.size(); ++k)
    r += fmt::format("{} : {}{}\n", c.inputs[k].name(), shape_text(c.values[k].shape()),
                     is_place(c.values[k]) ? fmt::format(" = {}", c.values[k].item<Index>()) : "");
  for (std::size_t k = 0; k < c.shared.size(); ++k)
    r += fmt::format("{} : {}\n", c.shared[k].name(), shape_text(c.initial[k].shape()));
  r += fmt::format("{} outputs, then", c.outputs.size());
  for (const Case::Update& u : c.updates) r += fmt::format(" new {}", c.shared[u.shared].name());
  return r + "\n";
}

Case random_case(std::uint64_t seed) { return Generator(seed).run(); }

}  // namespace croton::property
