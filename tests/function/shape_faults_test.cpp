// A1: shapes that do not fit and are known at the call only: op, both shapes, axis and the user's line, in every mode.
#include <fmt/format.h>

#include "message.h"

namespace croton {
namespace {

/// What a call says where the shapes of its arguments do not fit: the same on every device and in every mode.
template <class Make>
std::string refused(Make&& make, const std::vector<Argument>& arguments) {
  std::string first;
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared count = shared(0, "count");
    const auto [inputs, output] = make();
    const Function f = function(inputs, Tensor(output), {{count, count + 1}});
    std::vector<Array> out(1);
    const std::string text = message<ShapeError>([&] { f.run(arguments, out); });
    CHECK(count.get_value().item<int>() == 0);
    if (first.empty()) first = text;
    CHECK(text == first);
  }
  return first;
}

using Asked = std::pair<std::vector<Tensor>, Tensor>;
Array zero(const Extents& shape) { return Array::zeros(shape); }

}  // namespace

TEST_CASE("A1: dot of inner sizes that differ at the call") {
  CHECK(
      refused(
          [] {
            const Tensor x = matrix("x"), y = matrix("y");
            return Asked{{x, y}, dot(x, y)};
          },
          {zero({5, 2}), zero({3, 4})}) ==
      "HERE: dot(x, y): inner sizes differ: x is float64[5, 2], y is float64[3, 4]; axis 1 of x has 2, axis 0 of y has "
      "3\n  x  matrix, HERE\n  y  matrix, HERE");
  CHECK(
      refused(
          [] {
            const Tensor x = matrix("x"), v = vector("v");
            return Asked{{x, v}, tanh(dot(x, v)) * 2};
          },
          {zero({5, 2}), zero({3})}) ==
      "HERE: dot(x, v): inner sizes differ: x is float64[5, 2], v is float64[3]; axis 1 of x has 2, axis 0 of v has 3\n"
      "  x  matrix, HERE\n  v  vector, HERE");
  CHECK(
      refused(
          [] {
            const Tensor x = tensor3("x"), y = tensor3("y");
            return Asked{{x, y}, matmul(x, y)};
          },
          {zero({2, 5, 3}), zero({4, 3, 5})}) ==
      "HERE: matmul(x, y): batch sizes differ: x is float64[2, 5, 3], y is float64[4, 3, 5]; axis 0 of x has 2, axis 0 "
      "of y "
      "has 4\n  x  tensor3, HERE\n  y  tensor3, HERE");
}

TEST_CASE("A1: extents that differ at the call do not broadcast") {
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), y = matrix("y");
              return Asked{{x, y}, exp(x - y)};
            },
            {zero({5, 2}), zero({5, 3})}) ==
        "HERE: sub: shapes [5, 2] and [5, 3] do not broadcast: axis 1 of x (matrix, HERE) is 2, axis 1 of y (matrix, "
        "HERE) "
        "is 3");
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), v = vector("v");
              return Asked{{x, v}, sum(x / v)};
            },
            {zero({5, 2}), zero({5})}) ==
        "HERE: div: shapes [5, 2] and [5] do not broadcast: axis 1 of x (matrix, HERE) is 2, axis 0 of v (vector, "
        "HERE) "
        "is 5");
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), y = matrix("y");
              return Asked{{x, y}, x + y};
            },
            {zero({1, 2}), zero({5, 2})}) ==
        "HERE: add: shapes [1, 2] and [5, 2] do not broadcast: axis 0 of x (matrix, HERE) is 1, axis 0 of y (matrix, "
        "HERE) "
        "is 5\n  a size of 1 broadcasts only where the type says so: write broadcastable(x, 0)");
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), y = matrix("y");
              return Asked{{x, y}, where(x > 0, y, 0)};
            },
            {zero({4, 2}), zero({5, 2})}) ==
        "HERE: where: shapes [4, 2] and [5, 2] do not broadcast: axis 0 of greater at HERE is 4, axis 0 of y (matrix, "
        "HERE) is 5");
  CHECK(
      refused(
          [] {
            const Tensor x = matrix("x"), n = scalar("n", int64);
            return Asked{{x, n}, broadcast_to(x, {n, Index{3}})};
          },
          {zero({2, 3}), 5}) ==
      "HERE: broadcast_to: axis 0 of x float64[2, 3] cannot become 5 long; only an axis whose extent is 1 in the type "
      "widens. State that with broadcastable(x, 0)");
}

TEST_CASE("A1: what is made of several ops has the name that the user called, and names the user's tensors") {
  const auto of_two = [](int axes, const Array& a, const Array& b, auto&& make) {
    return refused(
        [&] {
          const std::vector<Index> any(static_cast<std::size_t>(axes), any_extent);
          const Tensor x = tensor("x", float64, Extents(any)),
                       y = tensor("y", b.dtype(),
                                  Extents(b.shape().size() == 1 ? std::vector<Index>{any_extent} : any));
          return Asked{{x, y}, make(x, y)};
        },
        {a, b});
  };
  const auto classes = Array::zeros({5}, int64);
  CHECK(of_two(4, zero({2, 3, 8, 8}), zero({4, 5, 3, 3}),
               [](const Tensor& x, const Tensor& w) { return conv2d(x, w); }) ==
        "HERE: conv2d: axis 1 of y (tensor4, HERE) is 5, axis 1 of x (tensor4, HERE) is 3; they have to be equal");
  CHECK(
      of_two(4, zero({2, 4, 8, 8}), zero({4, 3, 3, 3}),
             [](const Tensor& x, const Tensor& w) { return conv2d(x, w, {.groups = 2}); }) ==
      "HERE: conv2d: axis 1 of y (tensor4, HERE) is 3, one of 2 equal parts of axis 1 of x (tensor4, HERE) is 2; they "
      "have to be equal");
  CHECK(of_two(4, zero({2, 5, 8, 8}), zero({4, 3, 3, 3}), [](const Tensor& x, const Tensor& w) {
          return conv2d(x, w, {.groups = 2});
        }) == "HERE: conv2d: axis 1 of x float64[2, 5, 8, 8] has 5 elements, which do not make 2 equal parts");
  const std::string rows =
      "HERE: categorical_crossentropy: axis 0 of y (vector, HERE) is 5, axis 0 of x (matrix, HERE) is 3; they have to "
      "be equal";
  CHECK(of_two(2, zero({3, 4}), classes,
               [](const Tensor& x, const Tensor& t) { return categorical_crossentropy(softmax(x), t); }) == rows);
  CHECK(of_two(2, zero({3, 4}), classes, [](const Tensor& x, const Tensor& t) {
          return grad(mean(categorical_crossentropy(softmax(x), t)), x);
        }) == rows);
  CHECK(
      of_two(2, zero({3, 4}), zero({3, 5}),
             [](const Tensor& x, const Tensor& t) { return categorical_crossentropy(x, t); }) ==
      "HERE: categorical_crossentropy: axis 1 of y (matrix, HERE) is 5, axis 1 of x (matrix, HERE) is 4; they have to "
      "be equal");
  CHECK(of_two(2, zero({3, 4}), zero({3}),
               [](const Tensor& x, const Tensor& v) { return batch_normalization_train(x, v, v, v, v).y; }) ==
        "HERE: batch_normalization_train: axis 0 of y (vector, HERE) is 3, axis 1 of x (matrix, HERE) is 4; they have "
        "to be equal");
  CHECK(of_two(2, zero({3, 4}), zero({2}), [](const Tensor& x, const Tensor& v) {
          return x(cast(v, int64), arange(3));
        }) == "HERE: indexing: axis 0 of y (vector, HERE) is 2, axis 0 of arange at HERE is 3; they have to be equal");
  CHECK(of_two(2, zero({3, 3}), zero({4}), [](const Tensor& x, const Tensor& v) { return linalg::solve(x, v); }) ==
        "HERE: solve: axis 0 of x (matrix, HERE) is 3, axis 0 of y (vector, HERE) is 4; they have to be equal");
  CHECK(of_two(2, zero({3, 4}), zero({5, 4}),
               [](const Tensor& x, const Tensor& y) { return tensordot(x, y, {0}, {0}); }) ==
        "HERE: tensordot: axis 0 of x (matrix, HERE) is 3, axis 0 of y (matrix, HERE) is 5; they have to be equal");
}

TEST_CASE("A1: sections that are not equal, and what an axis without elements has not, by the name that was called") {
  const auto of_one = [](const Array& a, auto&& make) {
    return refused(
        [&] {
          const Tensor x = matrix("x");
          return Asked{{x}, make(x)};
        },
        {a});
  };
  CHECK(of_one(zero({5, 3}), [](const Tensor& x) { return split(x, 2)[0]; }) ==
        "HERE: split: axis 0 of x float64[5, 3] has 5 elements, which do not make 2 equal parts");
  const auto of_nothing = [](std::string_view name, std::string_view axis) {
    return fmt::format("HERE: {}: axis {} has no elements; {} of nothing is not defined", name, axis, name);
  };
  CHECK(of_one(zero({0, 4}), [](const Tensor& x) { return argmax(x, 0); }) ==
        of_nothing("argmax", "0 of x float64[0, 4]"));
  CHECK(of_one(zero({0, 4}), [](const Tensor& x) { return argmin(x, 0); }) ==
        of_nothing("argmin", "0 of x float64[0, 4]"));
  CHECK(of_one(zero({3, 0}), [](const Tensor& x) { return softmax(x); }) ==
        of_nothing("softmax", "1 of x float64[3, 0]"));
  CHECK(of_one(zero({3, 0}), [](const Tensor& x) { return linalg::matrix_norm(x, 1); }) ==
        of_nothing("matrix_norm", "1 of x (matrix, HERE)"));
  CHECK(of_one(zero({3, 4}), [](const Tensor& x) { return linalg::matrix_power(x, 2); }) ==
        "HERE: matrix_power: axis 1 of x (matrix, HERE) is 4, axis 0 of x (matrix, HERE) is 3; they have to be equal");
  for (const int n : {0, 1})
    CHECK(
        of_one(zero({3, 4}), [n](const Tensor& x) { return linalg::matrix_power(x, n); }) ==
        "HERE: matrix_power: axis 0 of x (matrix, HERE) is 3, axis 1 of x (matrix, HERE) is 4; they have to be equal");
}

TEST_CASE("A1: draws of a random stream that cannot be") {
  RandomStream random;
  const Tensor v = vector("v"), n = scalar("n", int64);
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Function choice = function(v, random.choice(5, v)), normal = function(n, random.normal({n}));
    CHECK(message<IndexError>([&] { choice(zero({4})); }) ==
          "HERE: RandomStream::choice: the first 5 elements are out of range: axis 0 of v (vector, HERE) has 4");
    CHECK(message<ShapeError>([&] { normal(-2); }) ==
          "HERE: RandomStream::normal: an extent is a count, not negative; the shape asked for is [-2]");
  }
  const Tensor empty;
  CHECK(message<GraphError>([&] { (void)random.choice(1, empty); }) ==
        "HERE: the argument of RandomStream::choice is an empty Tensor (declared, never assigned)");
}

TEST_CASE("A1: concatenate and stack of parts that differ at the call") {
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), y = matrix("y");
              return Asked{{x, y}, concatenate({x, y}, 0)};
            },
            {zero({5, 2}), zero({5, 3})}) ==
        "HERE: concatenate: part 1, y, is float64[5, 3]; part 0, x, is float64[5, 2]: axis 1 has 3 and 2, and only "
        "axis 0 "
        "may differ");
  CHECK(
      refused(
          [] {
            const Tensor x = matrix("x"), y = matrix("y");
            return Asked{{x, y}, concatenate({x, y * 2, x}, 1)};
          },
          {zero({5, 2}), zero({4, 2})}) ==
      "HERE: concatenate: part 1, y * 2.0, is float64[4, 2]; part 0, x, is float64[5, 2]: axis 0 has 4 and 5, and only "
      "axis 1 may differ");
  CHECK(refused(
            [] {
              const Tensor x = vector("x"), y = vector("y");
              return Asked{{x, y}, stack({x, y})};
            },
            {zero({5}), zero({4})}) ==
        "HERE: stack: axis 0 of y (vector, HERE) is 4, axis 0 of x (vector, HERE) is 5; they have to be equal");
}

TEST_CASE("A1: reshape to another number of elements, known at the call only") {
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), n = scalar("n", int64);
              return Asked{{x, n}, reshape(x, {n, Index{2}})};
            },
            {zero({5, 2}), 4}) == "HERE: reshape: x float64[5, 2] has 10 elements, which do not make [4, 2]");
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), n = scalar("n", int64);
              return Asked{{x, n}, reshape(x, {Index{-1}, n})};
            },
            {zero({5, 2}), 3}) == "HERE: reshape: x float64[5, 2] has 10 elements, which do not make [?, 3]");
  CHECK(refused(
            [] {
              const Tensor x = matrix("x");
              return Asked{{x}, reshape(x * 2, {3, -1})};
            },
            {zero({5, 2})}) == "HERE: reshape: x * 2.0 float64[5, 2] has 10 elements, which do not make [3, ?]");
  CHECK(
      refused(
          [] {
            const Tensor x = matrix("x"), n = scalar("n", int64), m = scalar("m", int64);
            return Asked{{x, n, m}, reshape(x, {n, m})};
          },
          {zero({5, 2}), -1, -1}) ==
      "HERE: reshape: an extent is a count, not negative; the shape asked for x float64[5, 2] is [-1, -1]. To let one "
      "extent follow from the others write the number -1 for it");
  const Tensor x = matrix("x");
  CHECK(message<ShapeError>([&] {
          (void)reshape(x, {-1, -1});
        }) == "HERE: reshape: only one extent may be -1, to follow from the others; those of axes 0 and 1 are");
  CHECK(message<ShapeError>([&] {
          (void)reshape(tensor("y", float64, {5, 2}), {3, -1});
        }) == "HERE: reshape: y float64[5, 2] has 10 elements, which do not make [3, ?]");
}

TEST_CASE("A1: a value that does not fit the region it is written to, known at the call only") {
  CHECK(refused(
            [] {
              const Tensor x = matrix("x"), y = matrix("y");
              return Asked{{x, y}, x[slice(0, 2)].set(y)};
            },
            {zero({5, 2}), zero({3, 2})}) == "HERE: set_subtensor: the part has shape [2, 2], the value [3, 2]");
  const auto read = [](const IndexItem& to, const IndexItem& from) {
    return refused(
        [&] {
          const Tensor x = matrix("x"), y = matrix("y");
          return Asked{{x, y}, exp(x[to].set(y)[from] * 2)};
        },
        {zero({5, 2}), zero({3, 2})});
  };
  CHECK(read(slice(0, 2), slice(0, 2)) == "HERE: set_subtensor: the part has shape [2, 2], the value [3, 2]");
  CHECK(read(slice(1, none), slice(2, none)) == "HERE: set_subtensor: the part has shape [4, 2], the value [3, 2]");
  CHECK(read(all, all) == "HERE: set_subtensor: the part has shape [5, 2], the value [3, 2]");
}

TEST_CASE("A1: a tensor that does not widen to the extent asked for, known at the call only") {
  const auto widened = [](Tensor (*use)(const Tensor&)) {
    return refused(
        [&] {
          const Tensor x = vector("x"), n = lscalar("n");
          return Asked{{x, n}, use(broadcast_to(x, {n}))};
        },
        {zero({3}), Array(int64_t{7})});
  };
  const std::string expected =
      "HERE: broadcast_to: axis 0 of x float64[3] cannot become 7 long; only an axis whose extent is 1 in the type "
      "widens. State that with broadcastable(x, 0)";
  CHECK(widened([](const Tensor& t) { return t; }) == expected);
  CHECK(widened([](const Tensor& t) { return exp(t * 2); }) == expected);
  CHECK(widened([](const Tensor& t) { return sum(t); }) == expected);
  CHECK(widened([](const Tensor& t) { return t + ones({7}); }) == expected);
}

TEST_CASE("A1: what is spread beside a tensor has the tensor's extents, though rules no longer spread it") {
  const Tensor y = vector("y"), z = vector("z"), l = lscalar("l"), m = matrix("m");
  const struct {
    std::vector<Tensor> inputs;
    Tensor output;
    std::vector<Array> values;
    const char* says;
  } faults[] = {
      {{y, z}, zeros_like(z) + y, {zero({3}), zero({2})}, "add: axis 0 of y is 3 long, and 2 beside it"},
      {{y, z}, exp(y) * ones_like(z), {zero({3}), zero({2})}, "mul: axis 0 of exp(y) is 3 long, and 2 beside it"},
      {{y, l},
       maximum(y, full({l}, 2.0)),
       {zero({3}), Array(Index{1})},
       "maximum: axis 0 of y is 3 long, and 1 beside it"},
      {{y}, y + ones({Index{2}}), {zero({3})}, "add: axis 0 of y is 3 long, and 2 beside it"},
      {{m, z}, m + zeros_like(z), {zero({4, 3}), zero({2})}, "add: axis 1 of m is 3 long, and 2 beside it"},
      {{y, z}, where(zeros_like(z) > 1, y, y * 2), {zero({3}), zero({2})}, "is 3 long, and 2 beside it"},
      {{y, z},
       where(constant(Array(true)), y, z),
       {zero({3}), zero({2})},
       "where: axis 0 of y is 3 long, and 2 beside it"},
  };
  for (const auto& fault : faults) {
    INFO(fault.says);
    std::vector<Array> out(1);
    const std::vector<Argument> arguments(fault.values.begin(), fault.values.end());
    for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
      const ScopedConfig scope{mode};
      const Function f = function(fault.inputs, fault.output);
      const std::string text = message<ShapeError>([&] { f.run(arguments, out); });
      CHECK_FALSE(text.empty());
      if (mode == "mode=FAST_RUN") CHECK(text.find(fault.says) != std::string::npos);
    }
  }
  const Tensor same_rows = sum(m, 1) * ones_like(sum(square(m), 1)) + zeros_like(m(all, 0)) * 0;
  CHECK(function(m, same_rows)(zero({4, 3})).shape() == Extents{4});
}

TEST_CASE("A1: shared variables whose shapes set_value changed do not fit at the call") {
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(zero({2, 4}), "w"), v = shared(zero({4, 3}), "v");
    const Function f = function({}, dot(w, v));
    (void)f();
    w.set_value(zero({2, 5}));
    CHECK(message<ShapeError>([&] { (void)f(); }) ==
          "HERE: dot(w, v): inner sizes differ: w is float64[2, 5], v is float64[4, 3]; axis 1 of w has 5, axis 0 of v "
          "has "
          "4\n  w  shared, HERE\n  v  shared, HERE");
    w.set_value(zero({2, 4}));
    CHECK(f().shape() == Extents{2, 3});
  }
}

TEST_CASE("A1: a scan of another length than its rows names both, and what it needs") {
  const Tensor xs = dvector("xs"), n = iscalar("n"), three = tensor("three", float64, {3});
  const auto total = [](const Tensor& rows, const ScanOptions& o) {
    return scan([](const Tensor& c, const Tensor& x) { return std::pair{c + x, c}; }, Tensor(0.0), rows, o).first;
  };
  CHECK(message<ShapeError>([&] { static_cast<void>(total(three, {.length = 4})); }) ==
        "HERE: scan: length is 4, so what it goes over needs 4 rows, one for each step: three (vector, HERE) has 3");
  for (const std::string& mode : std::vector<std::string>{"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const auto looped = function({xs, n}, total(xs, {.length = n})), repeated = function(xs, total(xs, {.length = 1})),
               long_one = function(xs, total(xs, {.length = 20}));
    CHECK(message<ShapeError>([&] {
            looped(Array{1., 2.}, 3);
          }) ==
          "HERE: scan: length is n, 3, so what it goes over needs 3 rows, one for each step: xs (vector, HERE) has 2");
    CHECK(message<ShapeError>([&] {
            looped(Array{1., 2.}, -3);
          }) == "HERE: scan: length is n, -3; at least 0 is needed");
    CHECK(message<ShapeError>([&] {
            repeated(Array{1., 2.});
          }) ==
          "HERE: scan: length is 1, so what it goes over needs 1 row, one for each step: xs (vector, HERE) has 2");
    CHECK(message<ShapeError>([&] {
            long_one(Array{1., 2.});
          }) ==
          "HERE: scan: length is 20, so what it goes over needs 20 rows, one for each step: xs (vector, HERE) has 2");
  }
}

}  // namespace croton
