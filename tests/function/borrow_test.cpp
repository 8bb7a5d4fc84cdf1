// Out(x, borrow): outputs that share memory with inputs and shared variables, and never change under whoever holds
// them.
#include <thread>

#include "array/access.h"
#include "croton/device.h"
#include "message.h"
#include "runtime/storage.h"

namespace croton {
namespace {

const void* at(const Array& a) { return data(a); }
bool inside(const Array& part, const Array& whole) {
  const std::byte* first = data(whole);
  const auto bytes = static_cast<std::ptrdiff_t>(whole.size()) * static_cast<std::ptrdiff_t>(size_of(whole.dtype()));
  return data(part) >= first && data(part) < first + bytes;
}

const std::string everywhere[] = {"mode=FAST_RUN", "mode=FAST_COMPILE", on_gpu()};

Array counting(const Extents& shape) {
  Array a = Array::zeros(shape);
  double n = 0;
  for (double& v : a.mutable_values<double>()) v = n++;
  return a;
}

}  // namespace

TEST_CASE("with borrow an output that is a view of an argument shares its memory; without, it is a copy") {
  for (const char* mode : {"mode=FAST_RUN", "mode=FAST_COMPILE"}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Tensor x = matrix("x"), i = scalar("i", int64);
    const auto f = function({x, i}, {Out(x, true), Out(x[i], true), Out(x.T(), true), Out(flatten(x), true),
                                     Out(broadcast_to(x[0], {2, 3}), true), Out(x[i])});
    Array a = counting({2, 3});
    const auto [whole, row, turned, flat, repeated, copy] = f(a, 1);
    CHECK(at(whole) == at(a));
    CHECK(at(row) == at(a[1]));
    CHECK(at(turned) == at(a));
    CHECK(at(flat) == at(a));
    CHECK(at(repeated) == at(a));
    CHECK_FALSE(inside(copy, a));
    CHECK(printed(row) == "[3. 4. 5.]");
    CHECK(printed(copy) == "[3. 4. 5.]");
    CHECK(printed(turned) == "[[0. 3.]\n [1. 4.]\n [2. 5.]]");
    CHECK(printed(flat) == "[0. 1. 2. 3. 4. 5.]");
    CHECK(printed(repeated) == "[[0. 1. 2.]\n [0. 1. 2.]]");
    a.mutable_values<double>()[3] = 9;  // arrays are values: whoever writes copies first
    CHECK(printed(row) == "[3. 4. 5.]");
    CHECK(printed(whole) == "[[0. 1. 2.]\n [3. 4. 5.]]");
  }
}

TEST_CASE("a borrowed output that has to be computed is as without borrow") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Tensor x = matrix("x");
    const auto f = function(x, {Out(flatten(x.T()), true), Out(x + 1, true), Out(x[0], true)});
    const auto [turned, more, first] = f(counting({2, 2}));
    CHECK(printed(turned) == "[0. 2. 1. 3.]");
    CHECK(printed(more) == "[[1. 2.]\n [3. 4.]]");
    CHECK(printed(first) == "[0. 1.]");
  }
}

TEST_CASE("a vector is lent for the call only: a borrowed view of one is copied") {
  const Tensor x = vector("x");
  const Function f = function(x, Out(x[slice(1, none)], true));
  std::vector<double> mine{1, 2, 3};
  const Array r = f(mine), again = f(mine);
  mine[1] = 9;
  CHECK(printed(r) == "[2. 3.]");
  CHECK(printed(again) == "[2. 3.]");
}

TEST_CASE("memory that the caller borrowed out (Array::borrow) is shared with borrow, and copied without") {
  for (const char* mode : {"mode=FAST_RUN", "mode=FAST_COMPILE"}) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Tensor x = vector("x");
    const auto f = function(x, {Out(x, true), Out(x)});
    double mine[] = {1, 2};
    const auto [shared_memory, copy] = f(Array::borrow(mine, {2}));
    mine[0] = 9;
    CHECK(printed(shared_memory) == "[9. 2.]");
    CHECK(printed(copy) == "[1. 2.]");
  }
}

TEST_CASE("with borrow an output that is a view of a shared variable shares its memory; without, it is a copy") {
  const ScopedConfig scope("device=cpu");  // whose memory the host sees
  const Shared w = shared(counting({3, 2}), "w");
  const Tensor i = scalar("i", int64);
  const auto f = function(i, {Out(w, true), Out(w[i], true), Out(w)});
  const auto [whole, row, copy] = f(1);
  CHECK(at(row) == static_cast<const std::byte*>(at(whole)) + 2 * sizeof(double));
  CHECK_FALSE(inside(copy, whole));
  CHECK(printed(row) == "[2. 3.]");
  CHECK(at(f(0)[0]) == at(whole));
  CHECK(says(f.explain(), "output 1 is borrowed, nothing is computed: w"));
}

TEST_CASE("an update leaves alone what the caller holds, borrowed or not, and works in place once it is let go") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(std::vector{1.0, 2.0}, "w");
    const auto look = function({}, {Out(w, true), Out(w[1], true), Out(w)});
    const Procedure step = function({}, {}, {{w, w * 2}});
    step();
    const auto before = look();
    step();
    step();
    CHECK(printed(before[0]) == "[2. 4.]");
    CHECK(printed(before[1]) == "4.0");
    CHECK(printed(before[2]) == "[2. 4.]");
    const auto after = look();
    CHECK(printed(after[0]) == "[ 8. 16.]");
    CHECK(printed(w.get_value()) == "[ 8. 16.]");
  }
}

TEST_CASE("a borrowed array that nobody holds costs an update nothing: it stays in place") {
  const ScopedConfig scope("device=cpu");  // whose memory the host sees
  const Shared w = shared(std::vector{1.0, 2.0}, "w");
  const Function look = function({}, Out(w, true));
  const Procedure step = function({}, {}, {{w, w * 2}});
  REQUIRE(says(step.explain(), "update of w: in place"));
  const void* const there = at(look());
  step();
  CHECK(at(look()) == there);
  {
    const Array held = look();
    step();
    CHECK(at(look()) != there);
    CHECK(printed(held) == "[2. 4.]");
  }
  CHECK(printed(look()) == "[4. 8.]");
}

TEST_CASE("set_value leaves alone what was borrowed") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(std::vector{1.0, 2.0}, "w");
    const Function look = function({}, Out(w, true));
    const Array before = look();
    w.set_value(std::vector{5.0, 6.0});
    const Array between = look();
    w.set_value(0);
    w.set_value(std::vector{1.0, 1.0, 1.0});
    CHECK(printed(before) == "[1. 2.]");
    CHECK(printed(between) == "[5. 6.]");
    CHECK(printed(look()) == "[1. 1. 1.]");
  }
}

TEST_CASE("a borrowed output of a function that updates the variable is the old value") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(std::vector{1.0, 2.0}, "w");
    const Function step = function({}, Out(w, true), {{w, w + 1}});
    const Array first = step(), second = step();
    CHECK(printed(first) == "[1. 2.]");
    CHECK(printed(second) == "[2. 3.]");
    CHECK(printed(w.get_value()) == "[3. 4.]");
  }
}

TEST_CASE("writing to a borrowed array does not write to the variable") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(std::vector{1.0, 2.0}, "w");
    const Function look = function({}, Out(w, true));
    Array a = look();
    a.mutable_values<double>()[0] = 9;
    CHECK(printed(w.get_value()) == "[1. 2.]");
    CHECK(printed(look()) == "[1. 2.]");
    std::vector<Array> out{look()};
    function({}, ones({2})).run({}, out);  // a result takes the place of an array that nobody else holds
    CHECK(printed(w.get_value()) == "[1. 2.]");
  }
}

TEST_CASE("a borrowed array may be the argument of the function that updates its variable") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    const Shared w = shared(std::vector{1.0, 2.0}, "w");
    const Tensor x = vector("x");
    const Function look = function({}, Out(w, true));
    const Procedure add = function(x, {}, {{w, w + x[slice(none, none, -1)]}});
    add(look());
    CHECK(printed(w.get_value()) == "[3. 3.]");
  }
}

TEST_CASE("a borrowed array outlives its variable and function") {
  for (const std::string& mode : everywhere) {
    INFO(mode);
    const ScopedConfig scope{mode};
    Array kept;
    {
      const Shared w = shared(std::vector{1.0, 2.0}, "w");
      kept = function({}, Out(w[slice(none, none, -1)], true))();
    }
    CHECK(printed(kept) == "[2. 1.]");
  }
}

TEST_CASE("lists of outputs take Out, tensors and options together; vectors of Out give as many results") {
  const Tensor x = vector("x");
  const Shared w = shared(std::vector{1.0, 2.0}, "w"), n = shared(0, "n");
  const auto f = function({x}, {Out(w, true), x, Out(n)}, {{n, n + 1}}, {.name = "f"});
  const auto g = function({x}, std::vector<Out>{Out(w), x}, Updates{{n, n + 1}});
  const auto h = function({x}, {Out(w, true), x}, {.updates = {{n, n + 1}}});
  CHECK(printed(f(w.get_value())[1]) == "[1. 2.]");
  CHECK(g(w.get_value()).size() == 2);
  CHECK(printed(h(w.get_value())[0]) == "[1. 2.]");
  CHECK(n.get_value().item<int>() == 3);
  const auto plain = function({}, {w, n});  // a list of shared variables alone is a list of tensors
  CHECK(plain()[1].item<int>() == 3);
  CHECK(message<GraphError>([&] { (void)function({}, Out(Tensor(), true)); }) ==
        "HERE: function: output 1 is an empty Tensor (declared, never assigned)");
}

TEST_CASE("a call that fails hands nothing out and leaves a variable that was lent in it usable") {
  const Shared w = shared(std::vector{1.0, 2.0}, "w");
  const Tensor i = vector("i", int64);
  const auto f = function(i, {Out(w, true), sum(w[i])}, {{w, w + 1}});
  CHECK_THROWS_AS(f(std::vector<std::int64_t>{5}), IndexError);
  CHECK(printed(f(std::vector<std::int64_t>{1})[0]) == "[1. 2.]");
  CHECK(printed(w.get_value()) == "[2. 3.]");
}

TEST_CASE("on a device a borrowed view stays there: nothing is launched or moved until it is read", "[emulator]") {
  const ScopedConfig scope{on_gpu()};
  const Tensor x = vector("x", float32);
  const Shared w = shared(Array::full({4, 2}, 3, float32), "w");
  const auto look = function({}, {Out(w, true), Out(w[1], true)});
  const Function twice = function(x, x * 2.0f), itself = function(x, Out(x, true));
  (void)look();  // the variable moves to the device
  (void)twice(Array{1.f, 2.f});
  const DeviceCounters before = device_counters();
  const auto [whole, row] = look();
  const Array made = twice(Array{1.f, 2.f}), same = itself(made);
  const DeviceCounters after = device_counters();
  CHECK(after.transfers_out == before.transfers_out);
  CHECK(after.transfers_in - before.transfers_in == 1);  // the argument of twice
  CHECK(after.launches - before.launches == 1);
  const runtime::Device& device = runtime::device(gpu_name());
  CHECK(runtime::memory_on(whole, device) == runtime::memory_on(look()[0], device));
  CHECK(runtime::memory_on(whole, device) != nullptr);
  CHECK(runtime::memory_on(same, device) == runtime::memory_on(made, device));
  CHECK(printed(row) == "[3. 3.]");
  CHECK(printed(same) == "[2. 4.]");
}

TEST_CASE("threads hold what they borrowed while others update", "[threads]") {
  const Shared w = shared(Array::zeros({1000}), "w");
  const Function look = function({}, Out(w, true));
  const Procedure step = function({}, {}, {{w, w + 1}});
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> pool;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      pool.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          if (t % 2 == 0) {
            step();
            continue;
          }
          const Array held = look();
          const double first = held.at<double>(0);
          for (const double v : held.values<double>()) wrong[t] += v != first;
        }
      });
    }
  }
  for (const int each : wrong) CHECK(each == 0);
  CHECK(w.get_value().at<double>(999) == 200);
}

}  // namespace croton
