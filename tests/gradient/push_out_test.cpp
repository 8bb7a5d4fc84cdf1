// Products of loops that are made before or after them: where they stand, and that everything is the same.
#include <array>

#include "catch.h"
#include "croton/gradient.h"
#include "croton/ifelse.h"
#include "croton/scan.h"
#include "differences.h"
#include "ops/loop.h"
#include "rewrite/passes.h"
#include "values.h"

namespace croton::rewrite {
namespace {

using differences::Leaf;
using Two = std::array<Tensor, 2>;

/// How many products stand in the steps of loops, and how many outside.
struct Products {
  int inside = 0, outside = 0;
};
void count_products(std::span<const Tensor> graph, bool inside, std::vector<const Subgraph*>& seen, Products& p) {
  for (const Tensor& t : topological(graph)) {
    if (meaning<Contract>(t)) ++(inside ? p.inside : p.outside);
    for (const auto& [name, value] : node(t).params)
      if (const auto* g = std::get_if<SubgraphHandle>(&value)) {
        const auto is_it = [&](const Subgraph* other) { return equal(*other, **g); };
        if (std::any_of(seen.begin(), seen.end(), is_it)) continue;
        seen.push_back(g->get());
        count_products((*g)->outputs, inside || meaning<Loop>(t), seen, p);
      }
  }
}
std::string products(const std::vector<Tensor>& graph) {
  Products p;
  std::vector<const Subgraph*> seen;
  count_products(graph, false, seen, p);
  return fmt::format("{} in steps, {} outside", p.inside, p.outside);
}

std::vector<Tensor> passed(const std::vector<Tensor>& graph) { return run(std::span(graph), {.check = true}); }

std::string difference(const Array& a, const Array& b) {
  if (a.shape() != b.shape()) return fmt::format("{} against {}", type_text(a), type_text(b));
  for (Index i = 0; i < a.size(); ++i)
    if (!(std::fabs(get(a, i) - get(b, i)) <= 1e-12 * (1 + std::fabs(get(b, i)))))
      return fmt::format("{}, element {}: {} and {}", type_text(a), i, get(a, i), get(b, i));
  return "";
}
/// The graph and what the passes make of it give the same; "" where they do.
std::string changed(const std::vector<Tensor>& graph, const std::vector<Leaf>& leaves) {
  const auto was = differences::values(run(std::span(graph), {.stabilize_only = true}), leaves);
  const auto now = differences::values(passed(graph), leaves);
  for (std::size_t k = 0; k < was.size(); ++k)
    if (const std::string d = difference(now[k], was[k]); !d.empty()) return fmt::format("result {}: {}", k, d);
  return "";
}

/// Weights of a network with 3 inputs and 4 units, and its rows: of 2 sequences at once.
struct Net {
  Index columns = 4;
  Tensor xs = tensor("xs", float64, {any_extent, any_extent, 3});
  Tensor w = tensor("W", float64, {3, columns}), u = tensor("U", float64, {4, columns}),
         b = tensor("b", float64, {columns}), v = tensor("V", float64, {4, 5});
  std::vector<Leaf> leaves(Index rows) const {
    return {{xs, sines({rows, 2, 3})},
            {w, sines({3, columns}, 1)},
            {u, sines({4, columns}, 2)},
            {b, sines({columns}, 3)},
            {v, sines({4, 5}, 4)}};
  }
  Tensor start() const { return zeros({xs.shape(1), 4}) + 0.5; }
};

std::pair<Tensor, Tensor> rnn(const Net& n, const ScanOptions& o = {}) {
  return scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(x, n.w) + dot(h, n.u) + n.b);
        return std::pair{next, next};
      },
      n.start(), n.xs, o);
}

Tensor lstm(const Net& n) {
  return scan(
             [&](const Two& s, const Tensor& x) {
               const auto& [h, c] = s;
               const Tensor z = dot(x, n.w) + dot(h, n.u) + n.b;
               const auto gate = [&](int k) { return z(all, slice(k * 4, (k + 1) * 4)); };
               const Tensor cell = sigmoid(gate(0)) * c + sigmoid(gate(1)) * tanh(gate(2));
               const Tensor out = sigmoid(gate(3)) * tanh(cell);
               return std::pair{Two{out, cell}, out};
             },
             Two{n.start(), n.start()}, n.xs)
      .second;
}

}  // namespace

TEST_CASE("what a step multiplies of its row alone is one product before the loop") {
  const Net n;
  for (const bool reverse : {false, true}) {
    const auto [last, hs] = rnn(n, {.reverse = reverse});
    CHECK(products(passed({last, hs})) == "1 in steps, 1 outside");
    for (const Index rows : {5, 1, 0}) CHECK(changed({last, hs}, n.leaves(rows)) == "");
  }
  const Net wide{16};
  CHECK(products(passed({lstm(wide)})) == "1 in steps, 1 outside");
  CHECK(changed({lstm(wide)}, wide.leaves(5)) == "");
}

TEST_CASE("a loop that goes back takes what the loop forward has multiplied, and leaves what only its ys need") {
  for (const bool is_lstm : {false, true}) {
    INFO(is_lstm);
    const Net n{is_lstm ? 16 : 4};
    const std::vector<Tensor> wrt{n.xs, n.w, n.u, n.b};
    const Tensor cost = sum(square(is_lstm ? lstm(n) : rnn(n).second));
    std::vector<Tensor> all = grad(cost, wrt);
    all.insert(all.begin(), cost);
    // in the steps h U and the gradient that it hands back; outside X W, and the gradients of X, W and U
    CHECK(products(passed(all)) == "2 in steps, 4 outside");
    for (const Index rows : {4, 1, 0}) CHECK(changed(all, n.leaves(rows)) == "");
  }
}

TEST_CASE("the gradient of a bias is summed after the loop where the weights' have its rows") {
  const Net n;
  for (const bool of_weights : {false, true}) {
    const Tensor cost = sum(square(rnn(n).second));
    const auto g = grad(cost, of_weights ? std::vector<Tensor>{n.u, n.b} : std::vector<Tensor>{n.b});
    for (const Tensor& t : topological(passed({g.back()})))
      if (meaning<Loop>(t)) CHECK(ops::form_of(t).carries == (ops::form_of(t).reverse && !of_weights ? 2 : 1));
    for (const Index rows : {4, 1, 0}) CHECK(changed(g, n.leaves(rows)) == "");
  }
  // one sequence: the bias has the rows' own gradient
  const Tensor xs = tensor("xs", float64, {any_extent, 4}), b = tensor("b", float64, {4});
  const Tensor hs =
      scan([&](const Tensor& h, const Tensor& x) { return tanh(dot(h, n.u) + x + b); }, zeros({4}) + 0.5, xs);
  CHECK(differences::disagreement(sum(square(hs)),
                                  {{xs, sines({3, 4})}, {n.u, sines({4, 4}, 2)}, {b, sines({4}, 3)}}) == "");
}

TEST_CASE("an output layer is one product after the loop") {
  const Net n;
  const auto outputs = [&](const ScanOptions& o, const auto& layer) {
    return scan(
        [&](const Tensor& h, const Tensor& x) {
          const Tensor next = tanh(dot(x, n.w) + dot(h, n.u));
          return std::pair{next, layer(h, next, x)};
        },
        n.start(), n.xs, o);
  };
  const auto plain = [&](const Tensor&, const Tensor& next, const Tensor&) { return dot(next, n.v); };
  const auto of_before = [&](const Tensor& h, const Tensor&, const Tensor&) { return softmax(dot(h, n.v) + 1); };
  const auto of_both = [&](const Tensor&, const Tensor& next, const Tensor& x) {
    return sum(square(dot(sigmoid(dot(next, n.u)), n.v)(all, slice(3)) - x), 1);
  };
  for (const bool reverse : {false, true}) {
    const ScanOptions o{.reverse = reverse};
    const auto [last, ys] = outputs(o, plain);
    CHECK(products(passed({last, ys})) == "1 in steps, 2 outside");
    CHECK(products(passed({ys})) == "1 in steps, 2 outside");
    const Tensor before = outputs(o, of_before).second, both = outputs(o, of_both).second;
    CHECK(products(passed({before})) == "1 in steps, 2 outside");
    CHECK(products(passed({both})) == "1 in steps, 3 outside");
    for (const Index rows : {4, 1, 0}) CHECK(changed({last, ys, before, both}, n.leaves(rows)) == "");
    // what another result or the carry needs stays
    CHECK(products(passed({outputs(o, [&](const Tensor&, const Tensor& next, const Tensor&) {
                             return dot(next, n.u);
                           }).second})) == "1 in steps, 2 outside");
    CHECK(products(passed({outputs(o, [&](const Tensor& h, const Tensor&, const Tensor&) {
                             return dot(h, n.u);
                           }).second})) == "1 in steps, 1 outside");
  }
}

TEST_CASE("a y that only arranges rows is no y of the loop") {
  const Net n;
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        return std::pair{tanh(h + sum(x)), std::array{x, concatenate({x.T(), x.T()}), x * 2, h.T()}};
      },
      n.start(), n.xs);
  const std::vector<Tensor> all{ys[0], ys[1], ys[2], ys[3]};
  for (const Tensor& t : topological(passed(all)))
    if (meaning<Loop>(t)) CHECK(ops::form_of(t).ys() == 2);
  for (const Index rows : {4, 1, 0}) CHECK(changed(all, n.leaves(rows)) == "");
}

TEST_CASE("products of a loop that a condition ends stay in its step, but for those after it") {
  const Net n;
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(x, n.w) + dot(h, n.u) + n.b);
        const Tensor out = dot(next, n.v);
        return until(sum(next) > 1.5, std::pair{next, std::array{out, x - dot(next, n.u)(all, slice(3)), x}});
      },
      n.start(), n.xs);
  const Tensor cost = sum(square(ys[0])) + sum(last) + sum(exp(ys[1]));
  CHECK(products(passed({last, ys[0], ys[1]})) == "3 in steps, 1 outside");
  CHECK(products(passed({last, ys[0], ys[1], ys[2]})) == "2 in steps, 2 outside");  // there are the rows of x
  std::vector<Tensor> all = grad(cost, std::vector<Tensor>{n.xs, n.w, n.u, n.v});
  all.insert(all.end(), ys.begin(), ys.end());
  for (const Index rows : {6, 1, 0}) CHECK(changed(all, n.leaves(rows)) == "");
}

TEST_CASE("a loop does not keep a lot more of its rows for the sake of a product") {
  const Tensor xs = tensor("xs", float64, {any_extent, 3}), wide = tensor("W", float64, {3, 100}),
               less = tensor("W", float64, {3, 12});
  const auto total = [&](const Tensor& w) {
    return scan([&](const Tensor& total, const Tensor& x) { return total + sum(exp(dot(x, w))); }, Tensor(0.0), xs);
  };
  CHECK(products(passed({total(wide)})) == "1 in steps, 0 outside");
  CHECK(products(passed({total(less)})) == "0 in steps, 1 outside");
  const auto layers = [&](Index units) {
    const Tensor w = tensor("W", float64, {units, 5});
    return scan(
               [&](const Tensor& h, const Tensor& x) {
                 const Tensor next = tanh(h + sum(x));
                 return std::pair{next, dot(next, w)};
               },
               zeros({units}), xs)
        .second;
  };
  CHECK(products(passed({layers(100)})) == "1 in steps, 0 outside");
  CHECK(products(passed({layers(12)})) == "0 in steps, 1 outside");
}

TEST_CASE("a chain of products of rows is made before the loop, and what is added to them") {
  const Net n;
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor in = dot(tanh(dot(x, n.w) + n.b), n.u) + dot(square(x), n.w);
        const Tensor next = tanh(h * in + x(all, slice(1)));
        return std::pair{next, next + in};
      },
      n.start(), n.xs);
  const std::vector<Tensor> now = passed({last, ys});
  CHECK(products(now) == "0 in steps, 3 outside");
  for (const Tensor& t : topological(now))
    if (meaning<Loop>(t)) CHECK(ops::form_of(t).rows == 2);  // xs, and the sum of both products
  CHECK(changed({last, ys}, n.leaves(4)) == "");
}

TEST_CASE("products leave loops in loops, and loops within conditions") {
  const Net n;
  // the inner loop goes over the sequences of a row
  const auto [last, ys] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const auto [inner, all_of_it] = scan(
            [&](const Tensor& g, const Tensor& r) {
              const Tensor next = tanh(dot(r, n.w) + dot(g, n.u));
              return std::pair{next, dot(next, n.v)};
            },
            h, x);
        return std::pair{inner, sum(all_of_it, 0)};
      },
      zeros({4}), n.xs);
  CHECK(products(passed({ys})) == "1 in steps, 2 outside");
  std::vector<Tensor> all = grad(sum(square(ys)) + sum(last), std::vector<Tensor>{n.xs, n.w, n.u, n.v});
  all.push_back(ys);
  for (const Index rows : {3, 1, 0}) CHECK(changed(all, n.leaves(rows)) == "");
  const auto hs = rnn(n).second;
  const Tensor chosen = ifelse(sum(n.b) > 0, sum(square(hs)), sum(n.w));
  CHECK(products(passed({chosen})) == "1 in steps, 1 outside");
  for (const Index rows : {3, 0}) CHECK(changed({chosen, grad(chosen, n.w)}, n.leaves(rows)) == "");
}

TEST_CASE("a product with a row and a carry put together is one of each, and so is its gradient") {
  const Net n;
  const Tensor both = tensor("W", float64, {any_extent, 4});
  const auto [last, hs] = scan(
      [&](const Tensor& h, const Tensor& x) {
        const Tensor next = tanh(dot(concatenate({sin(x), h}, 1), both) + n.b);
        return std::pair{next, next};
      },
      n.start(), n.xs);
  const auto leaves = [&](Index rows, Index of_both = 7) {
    return std::vector<Leaf>{{n.xs, sines({rows, 2, 3})}, {both, sines({of_both, 4}, 1)}, {n.b, sines({4}, 3)}};
  };
  CHECK(products(passed({last, hs})) == "1 in steps, 1 outside");
  const Tensor cost = sum(square(hs));
  CHECK(products(passed({cost, grad(cost, both)})) == "2 in steps, 2 outside");
  CHECK(products(passed({cost, grad(cost, n.xs)})) == "2 in steps, 2 outside");
  const auto [dw, dx] = grad(cost, both, n.xs);
  for (const Index rows : {4, 1, 0}) CHECK(changed({last, hs, dw, dx}, leaves(rows)) == "");
  for (const Index others : {6, 8})
    CHECK_THROWS_WITH(differences::values(passed({hs}), leaves(4, others)), Catch::Contains("inner sizes differ"));
}

TEST_CASE("gradients of loops whose products have left are differences, and so are their own") {
  for (const bool is_lstm : {false, true}) {
    INFO(is_lstm);
    const Net n{is_lstm ? 16 : 4};
    const auto leaves = n.leaves(3);
    const std::vector<Tensor> wrt{n.xs, n.w, n.u, n.b};
    const Tensor cost = sum(square(is_lstm ? lstm(n) : rnn(n).second));
    const std::vector<Tensor> first = grad(cost, wrt);
    Tensor slope = Tensor(0.0);
    for (const Tensor& g : first) slope = slope + sum(sin(g));
    const std::vector<Tensor> second = grad(slope, wrt), now = passed(second);
    CHECK(changed(second, leaves) == "");
    const double step = 1e-5;
    for (std::size_t k = 0; k < wrt.size(); ++k) {
      INFO(formula(wrt[k]));
      auto moved = leaves;
      const auto value_at = [&](double by) {
        moved[k].value = leaves[k].value;
        set(moved[k].value, 1, get(leaves[k].value, 1) + by);
        return get(differences::value(slope, moved), 0);
      };
      const double want = (value_at(step) - value_at(-step)) / (2 * step);
      CHECK(get(differences::values(now, leaves)[k], 1) == Approx(want).epsilon(1e-5).margin(1e-7));
    }
  }
}

}  // namespace croton::rewrite
