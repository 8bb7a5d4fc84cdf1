// Every name of the API sketch in use, shared variables, functions, gradients, streams, loops and operations of one's
// own: other programs were written against it, and must go on compiling.
#include <croton.h>
#include <croton/fmt.h>

#include <sstream>

using namespace croton;

namespace {

[[maybe_unused]] void use_27() {
  Shared s;
  s = shared(0.5f, "s");
  s.set_value(1);
  s.set_value(Array{1.f});
  s.set_value(zeros({2}));
  (void)s.get_value();
  const Shared c = shared(zeros({2, 2}), "c");
  c.set_value(2.0);
}
[[maybe_unused]] void use_28() {
  Shared w = shared(Array::zeros({2}));
  Updates u;
  u.add(w, w + 1);
  u += {{w, w * 2}};
  Updates v{{w, w}};
  for (const Update& q : v) (void)q.target;
  u = v;
}
[[maybe_unused]] void use_29() {
  Shared w = shared(Array::zeros({2}));
  Updates u{{w, w}};
  FunctionOptions f{.updates = u};
  (void)function({}, w + 1, f);
}
[[maybe_unused]] void use_30() {
  Tensor x = matrix("x");
  Givens g{{x, x * 2}};
  Given h{x, x};
  (void)h.variable;
  (void)function({x}, x, {.givens = g});
  (void)function({x}, x, {.givens = {{x, x * 2}}});
}
[[maybe_unused]] void use_31() {
  Tensor x = scalar("x"), y = scalar("y");
  In a(x), b(y, 0.1), c(y, Array::scalar(2.f));
  Inputs i{a, b};
  (void)i.list();
  Inputs j(x);
  Inputs k(std::vector<Tensor>{x});
  (void)function({x, In(y, 2)}, x + y);
  (void)c;
  (void)j;
  (void)k;
  (void)a.has_default;
}
[[maybe_unused]] void use_32() {
  Tensor x = scalar("x");
  Outputs o{x, x};
  Outputs p(x);
  Outputs q(std::vector<Tensor>{x});
  (void)o.list();
  (void)p;
  (void)q;
}
[[maybe_unused]] void use_33() {
  Tensor x = matrix("x");
  FunctionOptions f{.mode = Mode::FAST_RUN,
                    .no_default_updates = true,
                    .name = "n",
                    .allow_input_downcast = true,
                    .profile = true,
                    .on_unused_input = Report::warn};
  Function g = function(x, x, f);
  (void)g.name();
  (void)g.source();
  (void)g.profile();
}
[[maybe_unused]] void use_34() {
  Tensor x = matrix("x");
  Function g = function(x, x);
  Array a = g(Array::zeros({2, 2}));
  std::array<Argument, 1> in{Argument(a)};
  std::array<Array, 1> out;
  g.run(in, out);
}
[[maybe_unused]] void use_35() {
  Tensor x = vector("x");
  auto g = function(x, x);
  (void)g(std::vector<float>{1});
  (void)g(std::span<const double>{});
  (void)function(scalar("s"), x)(2);
}
[[maybe_unused]] void use_36() {
  Tensor x = vector("x");
  Shared w = shared(0.f);
  Procedure p = function({x}, {.updates = {{w, sum(x)}}});
  p(std::vector{1.0});
  FunctionOf<dynamic> d = function({x}, std::vector<Tensor>{x, x});
  std::vector<Array> r = d(std::vector{1.0});
  FunctionOf<2> t = function(x, {x, x + 1});
  auto [a, b] = t(std::vector{1.0});
}
[[maybe_unused]] void use_37() {
  Tensor x = vector("x");
  Shared w = shared(0.f);
  (void)function(x, x, {{w, w + 1}});
  (void)function(x, {x, x}, {{w, w + 1}}, {.name = "n"});
  Updates u{{w, w + 1}};
  (void)function(x, x, u);
  (void)function(x, {x, x}, u, {.name = "n"});
}
[[maybe_unused]] void use_38() {
  Tensor x = vector("x");
  Tensor c = sum(x);
  (void)grad(c, x);
  (void)grad(c, {x, x});
  auto [a, b] = grad(c, x, x);
  std::vector<Tensor> v = grad(c, std::vector<Tensor>{x});
  (void)grad(c, {x}, {.disconnected_inputs = Disconnected::ignore});
  (void)grad(c, x, {.consider_constant = {x}, .known_grads = {{x, x}}}, Where::here());
}
[[maybe_unused]] void use_39() {
  Tensor x = vector("x");
  Tensor c = sum(x);
  (void)grad(c, std::vector<Tensor>{x}, {}, Where::here());
  (void)grad(c, {x, x}, GradOptions{}, Where::here());
}
[[maybe_unused]] void use_40() {
  Tensor x = vector("x");
  (void)Rop(x * 2, x, x);
  (void)hessian(sum(x * x), x);
  (void)hessian_vector_product(sum(x * x), x, x);
  (void)eval(x, {{x, Array{1.f}}});
  (void)eval(zeros({2}));
}
[[maybe_unused]] void use_41() {
  RandomStream rng(7), other;
  Tensor x = matrix("x");
  (void)rng.uniform({2, 3});
  (void)rng.normal(x.shape(), float32);
  (void)rng.bernoulli(x.shape(), 0.5);
  (void)rng.bernoulli({x.shape(0), 3}, x);
  (void)rng.gamma({2, 3}, 0.5, float32);
  (void)rng.beta(x.shape(), 2, x);
  (void)rng.dirichlet(x);
  (void)rng.poisson(x.shape(), x);
  (void)rng.binomial({x.shape(0), 3}, 10, 0.5);
  (void)normal({2, 3});
  const RandomStream copy = rng;
  (void)copy;
}
[[maybe_unused]] void use_42() {
  Tensor xs = matrix("xs"), h0 = vector("h0");
  auto [last, ys] = scan(
      [&](Tensor h, Tensor x) {
        Tensor n = tanh(h + x);
        return std::pair{n, n * 2};
      },
      h0, xs);
  (void)sum(last);
  (void)sum(ys);
}
[[maybe_unused]] void use_43() {
  Tensor xs = matrix("xs"), h0 = vector("h0");
  auto [last, ys] = scan(
      [&](const std::array<Tensor, 2>& c, Tensor x) {
        Tensor n = c[0] + x;
        return std::pair{std::array{n, c[1] * x}, n};
      },
      std::array{h0, h0}, xs, {.reverse = true});
  (void)last[1];
  (void)ys;
}
[[maybe_unused]] void use_44() {
  Tensor xs = matrix("xs"), h0 = vector("h0");
  ScanOptions o{.length = 3, .reverse = true};
  auto r = scan([](Tensor h, Tensor x) { return std::pair<Tensor, Tensor>{h + x, x}; }, h0, xs, o);
  (void)r.first;
  (void)r.second;
  Scanned s;
  (void)s.carry;
  (void)s.ys;
  Step<1, 1> t;
  (void)t.carry;
  (void)t.y;
}
[[maybe_unused]] void use_45() {
  Tensor x = vector("x");
  static const CustomOp op{"n", 1, [](std::span<const DType> in) { return in[0]; },
                           [](std::span<const Array>, std::span<Array>) {},
                           [](std::span<const Tensor>, std::span<const Tensor>, std::span<const Tensor> y_bar) {
                             return std::vector<Tensor>{y_bar[0]};
                           }};
  (void)apply(op, {x});
}
[[maybe_unused]] void use_46() {
  Tensor x = vector("x");
  CustomOp op;
  op.name = "n";
  (void)apply(op, {x, x}, Where::here());
}
[[maybe_unused]] void use_47() {
  Tensor x = vector("x");
  std::string s = debugprint(x);
  std::ostringstream o;
  o << x << Array{1.f};
  const ScopedConfig scope("floatX=float32");
}
[[maybe_unused]] void use_48() {
  try {
    throw std::runtime_error("x");
  } catch (const Error& e) { (void)e.what(); } catch (...) {
  }
}
[[maybe_unused]] void use_49() {
  Tensor x = vector("x");
  Shared w = shared(0.1);
  Tensor y = where(x > 0, w, 1);
  const Expr& e = w;
  (void)e.ndim();
  Tensor t(e);
  (void)x(slice(1, none), newaxis);
}
[[maybe_unused]] void use_50() {
  Tensor x = vector("x");
  Shared w = shared(Array{1.f});
  (void)set_subtensor(x[0], 5);
  (void)inc_subtensor(x[slice(0, 2)], 1.f);
  (void)x[0].set(2);
  (void)x[0].inc(w[0]);
}
[[maybe_unused]] void use_51() {
  Shared w = shared(0.1);
  Tensor c = w * 2;
  (void)grad(c, w);
  (void)grad(c, {w});
  (void)grad(c, std::vector<Shared>{w});
  (void)hessian_vector_product(c, w, w);
  std::vector<Shared> ps{w};
  Tensors t(ps);
  (void)stack(ps);
}
[[maybe_unused]] void use_52() {  // no outputs: updates alone
  Tensor x = vector("x");
  Shared w = shared(0.1);
  Updates u{{w, w + 1}};
  Procedure a = function({x}, {}, {{w, w + sum(x)}});
  Procedure b = function({}, {}, u);
  Procedure c = function({}, {}, optimizers::sgd(w * w, {w}));
  Procedure d = function(x, {}, {{w, w + sum(x)}, {w, 1}}, {.name = "n"});
  Procedure e = function({}, {}, u, {.name = "n"});
  Procedure f = function({}, {}, {{w, 0}});
}
[[maybe_unused]] void use_53() {
  Tensor x = vector("x");
  Shared w = shared(0.1), v = shared(0.2);
  Function f = function({}, w);
  FunctionOf<dynamic> g = function({}, std::vector<Shared>{w, v});
  FunctionOf<dynamic> h = function({}, std::vector<Shared>{w, v}, {{w, 1}});
  FunctionOf<1> i = function(x, {x});
  f.compile({});
  i.compile({{32}});
  function(matrix("m"), x).compile({{32, 784}});
  function({x, matrix("m")}, x).compile({{3}, {32, 784}});
  i.compile(std::vector<Extents>{{3}});
}
[[maybe_unused]] void use_54() {
  Tensor x = matrix("x");
  Shared w = shared(0.1);
  (void)sum(x).eval({{x, Array{{1.f}}}});
  (void)function(x, x)(std::vector<std::vector<float>>{{1, 2}, {3, 4}});
  (void)function(x, x)(std::vector<std::vector<bool>>{{true}});
  w.set_value(Array::scalar(1.0), true);
  w.set_value(2, Where::here());
  (void)w.get_value(true);
  w.set_default_update(w + 1);
  w.set_default_update(Tensor());
}
[[maybe_unused]] void use_55() {
  Tensor x = vector("x");
  Shared w = shared(0.1);
  (void)fmt::format("{} {} {} {} {:>10}", x, w, Array{1.f}, Extents{2, 3}, float32);
}

}  // namespace
