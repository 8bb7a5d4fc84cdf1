// Parameters in files, optimizers, initial values, gradients checked by differences, dumps.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "array/access.h"
#include "message.h"

namespace croton {
namespace {

struct Folder {
  std::string path =
      std::string(CROTON_BINARY_DIR) + "/function_test_" + std::to_string(::getpid()) + "_" + std::to_string(next());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  static int next() {
    static int count = 0;
    return count++;
  }
};

}  // namespace

TEST_CASE("parameters are saved and loaded by name") {
  const Folder folder;
  const std::string path = folder.path + "/m.npz";
  const Shared w = shared(Array{{1.f, 2.f}}, "W1"), b = shared(std::vector{3.0}, "b1");
  save_npz(path, {w, b});
  w.set_value(0);
  b.set_value(0);
  load_into({b, w}, path);
  REQUIRE(printed(w.get_value()) == "[[1. 2.]]");
  REQUIRE(printed(b.get_value()) == "[3.]");
}

TEST_CASE("load_into lists all that does not fit, and assigns nothing") {
  const Folder folder;
  const std::string path = folder.path + "/m.npz";
  save_npz(path, {{"W1", Array::zeros({2, 3})}, {"b1", Array{5.f}}, {"old", Array::zeros({1})}});
  const Shared w = shared(Array::zeros({2, 4}), "W1"), b = shared(std::vector{1.f}, "b1"),
               c = shared(std::vector{1.0}, "c");
  REQUIRE(message<FileError>([&] {
            load_into({w, b, c}, path);
          }) == "load_into(\"" + path +
                    "\"): nothing was assigned:\n"
                    "  W1: the parameter is float64[2, 4], the file holds float64[2, 3]\n"
                    "  c: the file holds no array of that name\n"
                    "  old: in the file, but no parameter has that name");
  REQUIRE(printed(b.get_value()) == "[1.]");
  const Shared narrow = shared(std::vector{1.f}, "W1"), fits = shared(std::vector{1.0}, "b1");
  save_npz(path, {{"W1", Array{0.1}}, {"b1", Array{5.f}}});
  REQUIRE(message<FileError>([&] {
            load_into({fits, narrow}, path);
          }) == "load_into(\"" + path +
                    "\"): nothing was assigned:\n  W1: the parameter is float32[1], the file holds float64[1]");
  REQUIRE(printed(fits.get_value()) == "[1.]");
  const Shared nameless = shared(1.0);
  REQUIRE(
      says(message<GraphError>([&] { save_npz(path, {nameless}); }), "has no name; a parameter is stored by its name"));
  REQUIRE(says(message<GraphError>([&] {
                 save_npz(path, {b, shared(1.0, "b1")});
               }),
               "two parameters have the name \"b1\""));
}

TEST_CASE("optimizers follow their formulas") {
  const auto minimized = [](auto&& updates_of) {
    const Shared p = shared(std::vector{1.0, -2.0}, "p");
    const Tensor loss = sum(square(p));  // gradient 2p
    const Function step = function({}, loss, updates_of(loss, p));
    (void)step();
    (void)step();
    return p.get_value();
  };
  const Array sgd = minimized([](const Tensor& l, const Shared& p) { return optimizers::sgd(l, {p}, {.rate = 0.25}); });
  REQUIRE(printed(sgd) == "[ 0.25 -0.5 ]");
  const Array slow = minimized(
      [](const Tensor& l, const Shared& p) { return optimizers::momentum(l, {p}, {.rate = 0.25, .momentum = 0.5}); });
  REQUIRE(printed(slow) == "[0. 0.]");  // v = -0.5 p; then 0.5 v - 0.25 p
  const Array ahead = minimized([](const Tensor& l, const Shared& p) {
    return optimizers::momentum(l, {p}, {.rate = 0.25, .momentum = 0.5, .nesterov = true});
  });
  REQUIRE(ahead.at<double>(0) == Approx(0.25 + 0.5 * (0.5 * -0.5 - 0.125) - 0.125));
  const Array adam =
      minimized([](const Tensor& l, const Shared& p) { return optimizers::adam(l, {p}, {.rate = 0.1}); });
  double x = 1, m = 0, v = 0;
  for (int t = 1; t <= 2; ++t) {
    m = 0.9 * m + 0.1 * 2 * x;
    v = 0.999 * v + 0.001 * 4 * x * x;
    x -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
  }
  REQUIRE(adam.at<double>(0) == Approx(x).epsilon(1e-12));
}

TEST_CASE("optimizers with a rate for each element follow their formulas") {
  const auto after_two = [](auto&& updates_of) {
    const Shared p = shared(std::vector{1.0}, "p");
    const Function step = function({}, sum(square(p)), updates_of(sum(square(p)), p));
    (void)step();
    (void)step();
    return p.get_value().at<double>(0);
  };
  double x = 1, s = 0;
  for (int t = 0; t < 2; ++t) {
    s = 0.8 * s + 0.2 * 4 * x * x;
    x -= 0.1 * 2 * x / std::sqrt(s + 1e-6);
  }
  CHECK(after_two([](const Tensor& l, const Shared& p) {
          return optimizers::rmsprop(l, {p}, {.rate = 0.1, .decay = 0.8});
        }) == Approx(x).epsilon(1e-12));
  x = 1, s = 0;
  for (int t = 0; t < 2; ++t) {
    s += 4 * x * x;
    x -= 0.1 * 2 * x / std::sqrt(s + 1e-6);
  }
  CHECK(after_two([](const Tensor& l, const Shared& p) { return optimizers::adagrad(l, {p}, {.rate = 0.1}); }) ==
        Approx(x).epsilon(1e-12));
  x = 1, s = 0;
  double m = 0;
  for (int t = 0; t < 2; ++t) {
    s = 0.95 * s + 0.05 * 4 * x * x;
    const double d = 2 * x * std::sqrt(m + 1e-6) / std::sqrt(s + 1e-6);
    m = 0.95 * m + 0.05 * d * d;
    x -= d;
  }
  CHECK(after_two([](const Tensor& l, const Shared& p) { return optimizers::adadelta(l, {p}); }) ==
        Approx(x).epsilon(1e-12));
}

TEST_CASE("the rate of an optimizer may be a tensor that changes from step to step") {
  const auto sgd = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::sgd(l, {p}, {.rate = r});
  };
  const auto momentum = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::momentum(l, {p}, {.rate = r, .momentum = 2 * *r.t});
  };
  const auto nesterov = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::momentum(l, {p}, {.rate = r, .momentum = r, .nesterov = true});
  };
  const auto adam = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::adam(l, {p}, {.rate = r});
  };
  const auto rmsprop = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::rmsprop(l, {p}, {.rate = r});
  };
  const auto adagrad = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::adagrad(l, {p}, {.rate = r});
  };
  const auto adadelta = [](const Tensor& l, const Shared& p, const optimizers::Rate& r) {
    return optimizers::adadelta(l, {p}, {.rate = r});
  };
  using Optimizer = Updates (*)(const Tensor&, const Shared&, const optimizers::Rate&);
  for (const Optimizer optimizer : std::initializer_list<Optimizer>{sgd, nesterov, adam, rmsprop, adagrad, adadelta}) {
    // a rate that is a number; the same in a variable of another dtype; the same again, after a step of rate 0
    const auto stepped = [&](auto&& rate, auto&& between) {
      const Shared p = shared(std::vector{1.f, -2.f}, "p");
      const Function step = function({}, sum(square(p)), optimizer(sum(square(p)), p, rate));
      (void)step();
      between(p);
      (void)step();
      CHECK(p.get_value().dtype() == float32);
      return printed(p.get_value());
    };
    const Shared rate = shared(0.25, "rate");
    const std::string number = stepped(0.25, [](const Shared&) {});
    CHECK(stepped(rate, [](const Shared&) {}) == number);
    std::string first;
    const std::string stopped = stepped(rate, [&](const Shared& p) {
      first = printed(p.get_value());
      rate.set_value(0.0);
    });
    CHECK(first != "[ 1. -2.]");
    if (optimizer == sgd) CHECK(stopped == first);
  }
  // an expression of a counter: 1/2, then 1/4 of the gradient 2p; and a momentum that is one
  const Shared p = shared(1.0, "p"), q = shared(1.0, "q"), t = shared(1.0, "t");
  Updates updates = sgd(square(p), p, 0.25 / t);
  updates += momentum(square(q), q, 0.25 / t);
  updates.add(t, 2 * t);
  const Procedure step = function({}, {.updates = updates});
  step();
  step();
  CHECK(p.get_value().item<double>() == 0.5 - 0.125);
  CHECK(q.get_value().item<double>() == 0.5 + 0.25 * -0.5 - 0.125);
  CHECK(message<GraphError>([&] { (void)adam(square(p), p, Tensor()); }) ==
        "HERE: adam: rate is an empty Tensor (declared, never assigned)");
  const Shared many = shared(std::vector{0.1, 0.2}, "many");
  CHECK(message<ShapeError>([&] { (void)adam(square(p), p, many); }) ==
        "HERE: adam: rate is many, float64[2]: it must be a scalar");
  CHECK(message<ShapeError>([&] { (void)optimizers::momentum(square(p), {p}, {.momentum = many}); }) ==
        "HERE: momentum: momentum is many, float64[2]: it must be a scalar");
}

TEST_CASE("gradients that are longer than a norm together are brought to it") {
  const Tensor a = dvector("a"), b = dscalar("b"), most = dscalar("most");
  const std::vector<Tensor> clipped = optimizers::clip_by_global_norm({a, b}, most);
  const auto f = function({a, b, most}, {clipped[0], clipped[1]});
  const auto run = [&](const Array& first, double second, double norm) {
    const auto [x, y] = f(first, second, norm);
    return std::vector{x.at<double>(0), x.at<double>(1), y.item<double>()};
  };
  CHECK(run(Array{2., 3.}, 6., 7.) == std::vector{2., 3., 6.});
  CHECK(run(Array{2., 3.}, 6., 3.5) == std::vector{1., 1.5, 3.});
  CHECK(run(Array{0., 0.}, 0., 1.) == std::vector{0., 0., 0.});
  CHECK(std::isnan(run(Array{2., std::nan("")}, 6., 1.)[1]));
  CHECK(run(Array{2., std::nan("")}, 6., 1.)[2] == 6);
  const Tensor half = vector("half", float16);  // whose squares are infinite in float16
  CHECK(array_equal(function(half, optimizers::clip_by_global_norm({half}, 5)[0])(Array{300., 400.}.astype(float16)),
                    Array{3., 4.}.astype(float16)));
  CHECK(message<GraphError>([&] { optimizers::clip_by_global_norm({a}, -1); }) ==
        "HERE: clip_by_global_norm: max_norm is -1; it is positive");
  CHECK(message<ShapeError>([&] { optimizers::clip_by_global_norm({a}, a); }) ==
        "HERE: clip_by_global_norm: max_norm is a, float64[?]: it must be a scalar");
  CHECK(message<DTypeError>([&] { optimizers::clip_by_global_norm({lvector("i")}, 1); }) ==
        "HERE: clip_by_global_norm: i is int64[?]; gradients are floating");
}

TEST_CASE("an optimizer takes gradients in place of a loss") {
  const Shared p = shared(std::vector{3.0, 4.0}, "p"), q = shared(2.0, "q");
  const Tensor loss = 0.5 * (sum(square(p)) + square(q));
  (void)function({}, loss, optimizers::sgd(grad(loss, {p, q}), {p, q}, {.rate = 0.5}))();
  CHECK(array_equal(p.get_value(), Array{1.5, 2.0}));
  (void)function({}, loss, optimizers::sgd(optimizers::clip_by_global_norm({grad(loss, p)}, 0.5), {p}, {.rate = 1}))();
  CHECK(array_equal(p.get_value(), Array{1.2, 1.6}));
  CHECK(message<GraphError>([&] {
          optimizers::adam(grad(loss, {p, q}), {p});
        }) == "HERE: adam: 2 gradients for 1 parameters; each has one");
  CHECK(message<ShapeError>([&] {
          optimizers::momentum(std::vector<Tensor>{grad(loss, q)}, {p});
        }).starts_with("HERE: momentum: gradient 0 is "));
}

TEST_CASE("optimizers keep the dtype of float32 parameters under floatX=float64") {
  const Shared p = shared(std::vector{1.f, 2.f}, "p");
  const Tensor loss = sum(square(p));
  (void)function({}, loss, optimizers::adam(loss, {p}))();
  (void)function({}, loss, optimizers::momentum(loss, {p}))();
  (void)function({}, loss, optimizers::rmsprop(loss, {p}))();
  (void)function({}, loss, optimizers::adagrad(loss, {p}))();
  (void)function({}, loss, optimizers::adadelta(loss, {p}))();
  REQUIRE(p.get_value().dtype() == float32);
  REQUIRE(p.get_value().at<float>(0) < 1);
}

TEST_CASE("an epsilon that is 0 in the dtype of a parameter is refused") {
  const Shared w = shared(Array::full({3}, 1.0, float16), "w"), b = shared(Array::full({3}, 1.0, bfloat16), "b");
  const Tensor loss = sum(sqr(w)) + cast(sum(sqr(b)), float16);
  CHECK(message<DTypeError>([&] {
          (void)optimizers::adam(loss, {b, w});
        }) ==
        "HERE: adam: epsilon 1e-08 is 0 in float16, the dtype of w (shared, HERE): give a larger one, "
        "{.epsilon = 1e-4}");
  CHECK_THROWS_AS(optimizers::rmsprop(loss, {w}, {.epsilon = 1e-9}), DTypeError);
  const Function f = function({}, loss, optimizers::adam(loss, {w, b}, {.rate = 0.1, .epsilon = 1e-4}));
  for (int i = 0; i < 20; ++i) REQUIRE(std::isfinite(f().item<double>()));
  CHECK(f().item<double>() < 3);
  CHECK_NOTHROW(optimizers::rmsprop(loss, {w}, {.epsilon = 0}));
}

TEST_CASE("initial values have their limits and shapes") {
  const Array g = eval(initializers::glorot({20, 30})), h = eval(initializers::he({500, 20}, float32));
  REQUIRE(g.shape() == Extents{20, 30});
  const double limit = std::sqrt(6.0 / 50);
  double most = 0, squares = 0;
  for (const double v : g.values<double>()) most = std::max(most, std::abs(v));
  REQUIRE(most <= limit);
  REQUIRE(most > 0.9 * limit);
  REQUIRE(h.dtype() == float32);
  for (const float v : h.values<float>()) squares += static_cast<double>(v) * static_cast<double>(v);
  REQUIRE(squares / 10000 == Approx(2.0 / 500).epsilon(0.1));  // 10,000 draws: 1.4% standard error
  REQUIRE(says(message<ShapeError>([] { (void)initializers::glorot({3}); }),
               "the shape is {fan_in, fan_out}, both at least 1, not [3]"));
}

TEST_CASE("verify_grad accepts right gradients and refuses wrong ones") {
  for (const DType dtype : {float32, float64}) {
    const Tensor x = vector("x", dtype), w = matrix("w", dtype);
    const Tensor right = sum(tanh(dot(x, w)));
    const std::vector<Array> values{Array{0.3, -0.7}.astype(dtype), Array{{0.1, 0.2}, {-0.4, 0.9}}.astype(dtype)};
    REQUIRE_NOTHROW(verify_grad(right, {x, w}, values));
    const Tensor wrong = sum(square(x) * zero_grad(x));  // x^3 with the gradient of c x^2
    REQUIRE(says(
        message<GraphError>([&] { verify_grad(wrong, {x}, {values[0]}); }),
        "verify_grad: the gradient with respect to x (vector, HERE) is wrong: along a random direction grad gives"));
    REQUIRE(
        message<GraphError>([&] { verify_grad(x, {x}, {values[0]}); }).starts_with("grad: the cost must be a scalar"));
  }
}

TEST_CASE("a dump holds the graph after each pass and the kernels") {
  const Folder folder;
  const ScopedConfig scope{"dump=" + folder.path};
  const Tensor x = vector("x");
  (void)function(x, log(1 + exp(x)), {.name = "soft plus"});
  std::vector<std::string> files;
  for (const auto& f : std::filesystem::recursive_directory_iterator(folder.path))
    if (f.is_regular_file()) files.push_back(f.path().string().substr(folder.path.size() + 4));
  std::sort(files.begin(), files.end());
  REQUIRE(files.front() == "_soft_plus/00_asked_for.graph.txt");
  const auto has = [&](const std::string& end) {
    return std::any_of(files.begin(), files.end(), [&](const std::string& f) { return f.ends_with(end); });
  };
  REQUIRE(has("_stabilize.graph.txt"));
  REQUIRE(has("_tile_program.txt"));
  REQUIRE(has("_kernels.cpp"));
  const ScopedConfig nowhere{"dump=/dev/null/x"};
  REQUIRE(says(message<FileError>([&] { (void)function(x, x); }), "dump: cannot make the folder /dev/null/x/"));
}

}  // namespace croton
