// A plan's launches as one graph: made once calls come with the same memory, and never used for other memory.
#include "runtime/replays.h"

#include "array/access.h"
#include "base/log.h"
#include "catch.h"
#include "croton/device.h"
#include "croton/function.h"
#include "croton/gradient.h"
#include "message.h"
#include "runtime/queued.h"

namespace croton {
namespace {

/// A network of one large layer: kernels and products, so several launches a step.
struct Network {
  Tensor x = tensor("x", float32, {any_extent, 64});
  Shared w = shared(filled({64, 64}), "w"), v = shared(filled({64, 64}), "v");
  Tensor loss = mean(square(dot(tanh(dot(x, w)), v)));

  static Array filled(const Extents& shape) {
    Array a = Array::zeros(shape, float32);
    int k = 0;
    for (float& f : a.mutable_values<float>()) f = static_cast<float>(k++ % 17 - 8) / 16;
    return a;
  }
  Function step() const { return function(x, loss, {{w, w - 0.1f * grad(loss, w)}, {v, v - 0.1f * grad(loss, v)}}); }
};

std::uint64_t graph_launches() { return device_counters().graph_launches; }

}  // namespace

TEST_CASE("from the third call with the same memory on a step is one graph, with the bits of single launches",
          "[emulator]") {
  const auto losses = [](const std::string& flags, std::uint64_t& graphs) {
    const ScopedConfig scope(flags);
    const Network n;
    const Function step = n.step();
    const Array x = Network::filled({32, 64});
    std::vector<float> r;
    const std::uint64_t before = graph_launches();
    for (int i = 0; i < 8; ++i) r.push_back(step(x).item<float>());
    graphs = graph_launches() - before;
    return r;
  };
  std::uint64_t with = 0, without = 0;
  CHECK(losses(on_gpu(), with) == losses(on_gpu() + ",cuda.graphs=False", without));
  CHECK(with >= 6);
  CHECK(without == 0);
}

TEST_CASE("a graph counts the kernels and products in it, and moves nothing", "[emulator]") {
  const ScopedConfig scope(on_gpu());
  const Network n;
  const auto step = function({}, {}, {{n.w, n.w - 0.1f * grad(n.loss, n.w)}},
                             {.givens = {{n.x, shared(Network::filled({32, 64}), "x")}}});
  step();
  const DeviceCounters first = device_counters();
  step();
  const DeviceCounters second = device_counters();
  for (int i = 0; i < 3; ++i) step();
  const DeviceCounters last = device_counters();
  CHECK(last.launches - second.launches == 3 * (second.launches - first.launches));
  CHECK(last.library_calls - second.library_calls == 3 * (second.library_calls - first.library_calls));
  CHECK(last.graph_launches - second.graph_launches == 3);
  CHECK(last.transfers_in == second.transfers_in);
  CHECK(last.transfers_out == second.transfers_out);
}

TEST_CASE("other memory is never reached by a graph that was made before", "[emulator]") {
  const auto run = [](const std::string& flags) {
    const ScopedConfig scope(flags);
    const Network n;
    const Function step = n.step(), lend = function({}, Out(n.w, true));
    const Array x = Network::filled({32, 64});
    std::vector<float> r;
    std::vector<Array> kept;
    const auto call = [&](int times, const Array& a) {
      for (int i = 0; i < times; ++i) kept.push_back(step(a));
    };
    call(4, x);
    const Array lent = lend();  // the variable's own memory, so the next value goes elsewhere
    call(4, x);
    call(2, Network::filled({5, 64}));  // another plan
    call(3, x);
    n.w.set_value(Network::filled({64, 64}));
    call(3, x);
    kept.erase(kept.begin(), kept.begin() + 6);  // their memory serves again
    call(4, x);
    for (const Array& a : kept) r.push_back(a.item<float>());
    for (const float f : lent.values<float>()) r.push_back(f);
    return r;
  };
  CHECK(run(on_gpu()) == run(on_gpu() + ",cuda.graphs=False"));
}

TEST_CASE("a host step and a checked index stand between graphs, and a wrong index is still this call's error",
          "[emulator]") {
  const ScopedConfig scope(on_gpu());
  const Tensor i = tensor("i", int64, {any_extent});
  const Shared table = shared(Network::filled({64, 64}), "table"), w = shared(Network::filled({64, 64}), "w");
  const Tensor y = mean(square(dot(tanh(dot(table[i], w)), w)));
  const Function step = function(i, y, {{w, w - 0.1f * grad(y, w)}});
  const Array good{Index{1}, Index{63}, Index{2}}, bad{Index{1}, Index{64}, Index{2}};
  for (int k = 0; k < 4; ++k) (void)step(good);
  const Array before = w.get_value();
  CHECK_THROWS_AS(step(bad), IndexError);
  CHECK(printed(w.get_value()) == printed(before));
  const float once = step(good).item<float>();
  w.set_value(before);
  CHECK(step(good).item<float>() == once);
}

TEST_CASE("a device that cannot make a graph is given the launches one by one, with one warning") {
  struct Refuses final : runtime::QueuedDevice {
    Refuses() : QueuedDevice(runtime::device("cpu")) {}
    std::unique_ptr<runtime::Recording> capture(const std::function<void()>&) override {
      throw DeviceError("no graphs today");
    }
  } device;
  runtime::Replays replays;
  void* pointers[] = {nullptr};
  int runs = 0;
  const WarningsHeard heard;
  for (int call = 0; call < 4; ++call) replays.of(pointers, 1).run(device, 0, [&] { ++runs; });
  CHECK(runs == 4);
  REQUIRE(heard.texts.size() == 1);
  CHECK(says(heard.texts[0], "no graphs today"));
}

}  // namespace croton
