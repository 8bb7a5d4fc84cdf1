#include "gputest.h"

#include <croton.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <thread>

#include "base/error.h"

using namespace croton;
using runtime::Buffer;
using runtime::Device;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The numbers of numpy.random.RandomState(22).rand(n), so that the printed results are those in Theano's documentation.
std::vector<float> classic_values() {
  std::mt19937 draw(22);  // NOLINT: a fixed seed is the point
  std::vector<float> values(std::size_t{10} * 30 * 768);
  for (float& v : values) {
    const auto high = static_cast<double>(draw() >> 5), low = static_cast<double>(draw() >> 6);
    v = static_cast<float>((high * 67108864.0 + low) / 9007199254740992.0);
  }
  return values;
}

double largest_ulp_of_exp(const std::vector<float>& results, const std::vector<float>& values) {
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double exact = std::exp(double{values[i]});
    const auto near = static_cast<float>(exact);
    const double ulp = double{std::nextafter(near, std::numeric_limits<float>::infinity())} - double{near};
    const double error = std::fabs(double{results[i]} - exact) / ulp;
    largest = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(largest, error);
  }
  return largest;
}

// Best of a few tries, within half a second.
double best_seconds(const std::function<void()>& work) {
  double best = std::numeric_limits<double>::infinity();
  const auto start = Clock::now();
  for (int i = 0; i < 10 && (i < 2 || seconds_since(start) < 0.5); ++i) {
    const auto before = Clock::now();
    work();
    best = std::min(best, seconds_since(before));
  }
  return best;
}

}  // namespace

struct Watch::State {
  std::mutex door;
  std::condition_variable bell;
  bool is_over = false;
  std::string what;
  Clock::time_point until = Clock::time_point::max();
};

Watch::Watch(std::function<void(const std::string&)> says, int exit_status) : state_(std::make_shared<State>()) {
  std::thread([state = state_, says = std::move(says), exit_status] {
    std::unique_lock lock(state->door);
    while (!state->is_over) {
      if (state->until == Clock::time_point::max())
        state->bell.wait(lock);
      else
        state->bell.wait_until(lock, state->until);
      if (state->is_over || Clock::now() < state->until) continue;
      says(state->what);
      std::_Exit(exit_status);  // destructors would wait for what hangs
    }
  }).detach();
}

Watch::~Watch() {
  const std::lock_guard guard(state_->door);
  state_->is_over = true;
  state_->bell.notify_all();
}

void Watch::step(const std::string& what, double seconds) {
  const std::lock_guard guard(state_->door);
  state_->what = what;
  state_->until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  state_->bell.notify_all();
}

ExpRun run_exp(const std::string& name, int loops, Watch& watch) {
  constexpr double compiling = 120;  // the compiler has a limit of its own, and a loaded machine is slow
  watch.step("opening the device " + name, compiling);
  const ScopedConfig scope(fmt::format("device={}", name));
  Device& device = runtime::device(name);
  const std::vector<float> values = classic_values();
  const Shared x = shared(Array(std::span<const float>(values), {static_cast<Index>(values.size())}), "x");
  watch.step("compiling exp for " + name, compiling);
  const Function f = function({}, exp(x), {.name = "gputest"});
  f();
  const auto launches = device.counters().launches;
  ExpRun run;
  Array result;
  const auto start = Clock::now();
  while (run.loops < loops && run.seconds < 4) {
    watch.step("running exp on " + name);
    result = f();
    ++run.loops;
    run.seconds = seconds_since(start);
  }
  const auto first = result.values<float>();
  run.results.assign(first.begin(), first.end());
  run.seconds = seconds_since(start);
  run.ulp = largest_ulp_of_exp(run.results, values);
  run.is_on_gpu = device.device_class() == DeviceClass::gpu && device.counters().launches > launches;
  return run;
}

Speeds measure(Device& device, Watch& watch) {
  constexpr std::size_t bytes = 64 << 20;
  Speeds speeds;
  watch.step("copying on " + device.name());
  const Buffer a(device, bytes), b(device, bytes);
  std::vector<std::byte> host(bytes, std::byte{1});
  const auto rate = [&](double moved, const std::function<void()>& work) {
    watch.step("copying on " + device.name());
    return moved / 1e9 / best_seconds([&] {
             work();
             device.synchronize();
           });
  };
  speeds.to_device = rate(bytes, [&] { device.to_device(a.data(), host.data(), bytes); });
  speeds.to_host = rate(bytes, [&] { device.to_host(host.data(), a.data(), bytes); });
  speeds.copy = rate(2.0 * bytes, [&] { device.copy(b.data(), a.data(), bytes); });
  constexpr Index n = 1024;
  device.zero(a.data(), bytes);
  device.zero(b.data(), bytes);
  const Buffer c(device, n * n * sizeof(float));
  const runtime::Gemm product{.dtype = float32,
                              .m = n,
                              .n = n,
                              .k = n,
                              .a = a.data(),
                              .lda = n,
                              .b = b.data(),
                              .ldb = n,
                              .c = c.data(),
                              .ldc = n};
  watch.step("opening the library of matrix products", 60);
  try {
    device.gemm(product);
    device.synchronize();
    watch.step("multiplying matrices on " + device.name());
    speeds.gflops = 2.0 * n * n * n / 1e9 / best_seconds([&] {
                      device.gemm(product);
                      device.synchronize();
                    });
  } catch (const DeviceError& e) { speeds.gemm_problem = e.what(); }
  return speeds;
}
