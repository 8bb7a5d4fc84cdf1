// Loops whose steps are elementwise: all of them are one kernel.
#include <fmt/format.h>

#include <cmath>

#include "array/access.h"
#include "croton/gradient.h"
#include "croton/random.h"
#include "croton/scan.h"
#include "message.h"
#include "runtime/device.h"
#include "values.h"

namespace croton {
namespace {

using One = std::array<Tensor, 1>;
using Two = std::array<Tensor, 2>;

/// "" where they are equal but for rounding; else both.
std::string difference(const Array& a, const Array& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return type_text(a) + " against " + type_text(b);
  for (Index i = 0; i < a.size(); ++i)
    if (!(std::fabs(get(a, i) - get(b, i)) <= 1e-12 * (1 + std::fabs(get(b, i)))))
      return fmt::format("{}, element {}: {} and {}", type_text(a), i, get(a, i), get(b, i));
  return "";
}

/// A loop over x, whose rows are `like` long, or matrices as wide: what is asked for, and whether it is one kernel.
struct Program {
  const char* name;
  std::vector<Tensor> (*results)(const Tensor& x, const Tensor& like, const ScanOptions&);
  int rank = 1;  // of a row
  bool one_kernel = true;
};

const Program programs[] = {
    {"a state of each element, all of them and ys",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [&](const Tensor& h, const Tensor& r) {
             const Tensor next = tanh(h * like + r) - 0.25;
             return std::pair{next, next * next + h};
           },
           like * 2, x, o);
       return std::vector{last, ys};
     }},
    {"states that change places, one that stays, and one of each row",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [&](const std::array<Tensor, 4>& c, const Tensor& r) {
             return std::pair{std::array{c[1], c[0], c[2], r}, One{c[0] - c[2] * r}};
           },
           std::array{like, like + 1, cos(like), like * 0}, x, o);
       return std::vector{last[0], last[1], last[2], last[3], ys[0]};
     }},
    {"a number beside the state, and integers and bools among what is computed",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [&](const std::array<Tensor, 3>& c, const Tensor& r) {
             const Tensor up = r > 0;
             return std::pair{
                 std::array{where(up, c[0] + r / (1 + cast(c[1], float64)), c[0]), c[1] + 1, c[2] + cast(up, int64)},
                 Two{up, c[2] * 2}};
           },
           std::array{like, Tensor(0).astype(int64), zeros_like(like).astype(int64)}, x, o);
       return std::vector{last[0], last[2], ys[0], ys[1]};
     }},
    {"numbers alone",
     [](const Tensor& x, const Tensor&, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Tensor& c, const Tensor& r) {
             const Tensor next = 0.5 * c + sin(r);
             return std::pair{next, c};
           },
           Tensor(1.0), sum(x, 1), o);
       return std::vector{last, ys};
     }},
    {"rows that are numbers beside others",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Tensor& c, const Two& r) {
             const Tensor next = c * 0.5 + r[0] * r[1];
             return std::pair{next, exp(-next)};
           },
           like, Two{x, sum(x, 1)}, o);
       return std::vector{last, ys};
     }},
    {"matrices, with a vector along each of their axes",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const Tensor along = like[0] * 0.5, across = mean(like, 1, keepdims);
       const auto [last, ys] = scan(
           [&](const Tensor& m, const Tensor& r) {
             const Tensor next = m * along + r * across;
             return std::pair{next, next - m};
           },
           zeros_like(like), x, o);
       return std::vector{last, ys};
     },
     2},
    {"matrices that lie the other way round",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [&](const Tensor& m, const Tensor& r) {
             const Tensor next = m * 0.5 + r * like.T();
             return std::pair{next, next};
           },
           like.T(), transpose(x, {0, 2, 1}), o);
       return std::vector{last, ys};
     },
     2},
    {"one state is the other's transpose",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Tensor& m, const Tensor& r) {
             return std::pair{m * 0.5 + r.T(), m};
           },
           zeros_like(like.T()), x, o);
       return std::vector{last, ys};
     },
     2},
    {"a y that lies the other way round",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Tensor& m, const Tensor& r) {
             return std::pair{m * 0.5 + r, m.T()};
           },
           like, x, o);
       return std::vector{last, ys};
     },
     2, false},
    {"numbers at rows that are named",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const Tensor numbers = cast(sum(x, 1) * 10, int64) % like.shape(0);
       const auto [last, ys] = scan(
           [](const Tensor& c, const Tensor& r) {
             const Tensor next = c * 0.5 + r;
             return std::pair{next, next};
           },
           sum(like), like[numbers], o);
       return std::vector{last, ys};
     }},
    {"as many steps as elements, of one matrix",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const Tensor square = outer(like, like) + sum(x);
       const Tensor last =
           scan([](const Tensor& h, const Tensor& r) { return h * 0.5 + r; }, sum(square, 1), square, o);
       return std::vector{last};
     }},
    {"two states of different lengths",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Two& c, const Tensor& r) {
             return std::pair{Two{c[0] * 0.5 + r, c[1] + 1}, One{c[1] * 2}};
           },
           Two{like, zeros({5})}, x, o);
       return std::vector{last[0], last[1], ys[0]};
     },
     1, false},
    {"a y that looks at all elements",
     [](const Tensor& x, const Tensor& like, const ScanOptions& o) {
       const auto [last, ys] = scan(
           [](const Tensor& c, const Tensor& r) {
             return std::pair{c * 0.5 + r, sum(c)};
           },
           like, x, o);
       return std::vector{last, ys};
     },
     1, false},
};

Tensor rows(int rank) { return rank == 1 ? dmatrix("x") : tensor("x", float64, {any_extent, any_extent, any_extent}); }
Tensor row(int rank) { return rank == 1 ? dvector("like") : dmatrix("like"); }
Extents of_row(int rank, Index n) { return rank == 1 ? Extents{n} : Extents{3, n}; }
Extents of_rows(int rank, Index steps, Index n) { return rank == 1 ? Extents{steps, n} : Extents{steps, 3, n}; }

bool is_one_kernel(const std::string& plan) { return says(plan, "step by step") && !says(plan, "each step:"); }

}  // namespace

TEST_CASE("an elementwise loop gives what its steps give one after another, on every device") {
  for (const Program& p : programs)
    for (const bool reverse : {false, true}) {
      const Tensor x = rows(p.rank), like = row(p.rank);
      const std::vector<Tensor> results = p.results(x, like, {.reverse = reverse});
      const auto reference = [&] {
        const ScopedConfig scope{"mode=FAST_COMPILE"};
        return function({x, like}, results, {.on_unused_input = Report::ignore});
      }();
      for (const std::string& way :
           {std::string("device=cpu"), std::string("device=queued"), on_gpu() + ",emulator_check=True"}) {
        INFO(p.name << ", reverse " << reverse << ", " << way);
        const ScopedConfig scope{way};
        const auto f = function({x, like}, results, {.on_unused_input = Report::ignore});
        CHECK(is_one_kernel(f.explain()) == p.one_kernel);
        for (const Index n : {1, 7, 8, 75})
          for (const Index steps : {0, 1, 6}) {
            INFO(steps << " steps, rows of " << n);
            if (n == 75 && steps != 6) continue;
            const Array v = sines(of_rows(p.rank, steps, n), 2), w = sines(of_row(p.rank, n), 3);
            const std::vector<Array> got = f(v, w), want = reference(v, w);
            for (std::size_t k = 0; k < got.size(); ++k) CHECK(difference(got[k], want[k]) == "");
          }
      }
    }
}

TEST_CASE("extents of an elementwise loop have to fit when it runs, and nothing is compiled for others") {
  const Tensor x = dmatrix("x"), a = dvector("a"), start = dvector("start");
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& r) {
        const Tensor next = h * a + r;
        return std::pair{next, next};
      },
      start, x);
  const auto f = function({x, a, start}, {last, ys});
  REQUIRE(is_one_kernel(f.explain()));
  const auto call = [&](Index steps, Index n, Index of_a, Index of_start) {
    return message<ShapeError>([&] { f(sines({steps, n}), sines({of_a}), sines({of_start})); });
  };
  CHECK(call(4, 5, 5, 5) == "");
  const auto before = runtime::device("cpu").counters().compilations;
  CHECK(call(9, 33, 33, 33) == "");
  CHECK(call(0, 1, 1, 1) == "");
  CHECK(says(call(4, 5, 6, 5), "a"));
  CHECK(says(call(4, 5, 5, 1), "broadcastable"));
  CHECK(says(call(4, 1, 5, 5), "broadcastable"));
  CHECK(says(call(4, 6, 5, 5), "axis 0 of x"));
  CHECK(runtime::device("cpu").counters().compilations == before);

  // a step that widens its carry when it runs
  const Tensor wide = scan([&](const Tensor& h) { return h + a; }, start, {.length = 3});
  const Function g = function({a, start}, wide);
  CHECK(says(message<ShapeError>([&] { g(sines({5}), sines({1})); }), "broadcastable"));
}

TEST_CASE("an elementwise loop is one launch, and what it draws is never in memory") {
  const ScopedConfig scope{on_gpu()};
  const Tensor start = dvector("start"), x = dmatrix("x");
  RandomStream random(3);
  const Tensor walk =
      scan([&](const Tensor& s) { return s * 0.5 + random.normal({start.shape(0)}, float64); }, start, {.length = 40});
  const auto [last, ys] = scan(
      [](const Tensor& h, const Tensor& r) {
        const Tensor next = sin(h) + 2 * r;
        return std::pair{next, next};
      },
      start, x * x - 1);
  const auto f = function({start}, walk);
  const auto of_matrices = [&] {
    const Tensor m = dmatrix("m");
    const Tensor noise = scan(
        [&](const Tensor& s) {
          return s + random.uniform({m.shape(0), m.shape(1)}, float64);
        },
        m, {.length = 40});
    return function({m}, noise);
  }();
  CHECK_FALSE(says(of_matrices.explain(), "value float64[40, ?, ?]"));
  const auto g = function({start, x}, {last, ys});
  const auto launches = [](auto&& call) {
    call();
    const DeviceCounters before = device_counters();
    call();
    return device_counters().launches - before.launches;
  };
  CHECK(launches([&] { f(sines({50})); }) == 2);  // the stream's state is the other
  CHECK_FALSE(says(f.explain(), "value float64[40, ?]"));
  CHECK(launches([&] { g(sines({50}), sines({30, 50})); }) == 1);
  const auto mean_of = [](const Array& a) {
    double sum = 0;
    for (Index i = 0; i < a.size(); ++i) sum += get(a, i);
    return sum / static_cast<double>(a.size());
  };
  CHECK(mean_of(of_matrices(Array::zeros({60, 70}))) == Approx(20).margin(0.15));
}

TEST_CASE("a variable that an elementwise loop begins with is updated where it lies, and others are read before") {
  for (const std::string& way : {std::string("device=cpu"), on_gpu() + ",emulator_check=True"}) {
    INFO(way);
    const ScopedConfig scope{way};
    const Shared state = shared(sines({70}), "state"), rate = shared(sines({70}, 4), "rate");
    const Tensor x = dmatrix("x");
    const Tensor last = scan([&](const Tensor& h, const Tensor& r) { return h * rate + r; }, state, x);
    const auto f = function({x}, sum(last), {.updates = {{state, last}, {rate, last - rate}}});
    CHECK(says(f.explain(), "update of state: in place"));
    const Array rows = sines({5, 70}, 1);
    Array h = state.get_value();
    const Array w = rate.get_value();
    f(rows);
    const Array now = state.get_value(), then = rate.get_value();
    for (Index i = 0; i < 70; ++i) {
      double e = get(h, i);
      for (Index t = 0; t < 5; ++t) e = e * get(w, i) + rows.at<double>(t, i);
      CHECK(now.at<double>(i) == Approx(e));
      CHECK(then.at<double>(i) == Approx(e - get(w, i)));
    }
  }
}

TEST_CASE("gradients of an elementwise loop are differences") {
  const Tensor x = dmatrix("x"), a = dvector("a"), h0 = dvector("h0"), c = dscalar("c");
  const auto cost = [&](bool reverse) {
    const auto [last, ys] = scan(
        [&](const Tensor& h, const Tensor& r) {
          const Tensor next = tanh(h * a + r) * c;
          return std::pair{next, next * r};
        },
        h0, x, {.reverse = reverse});
    return sum(square(ys)) + sum(last * a);
  };
  for (const bool reverse : {false, true}) {
    const Tensor y = cost(reverse);
    // also by what is the same at all elements
    CHECK(is_one_kernel(function({x, a, h0, c}, grad(y, std::vector<Tensor>{x, a, h0, c})).explain()));
    verify_grad(y, {x, a, h0, c}, {sines({5, 9}), sines({9}, 1), sines({9}, 2), Array::scalar(0.7)});
    const Tensor g = sum(square(grad(y, a))) + square(grad(y, c));
    verify_grad(g, {x, a, h0, c}, {sines({3, 4}), sines({4}, 1), sines({4}, 2), Array::scalar(0.7)});
  }
}

}  // namespace croton
