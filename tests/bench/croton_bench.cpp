// croton_bench [filter options of Google Benchmark]: each workload is checked, then timed beside its limit, on the
// configured device. Counters, in microseconds: the median and the least of all runs, the limit, and median / limit.
// On a GPU a run is one of many calls that are given without waiting, as in training.
#include <benchmark/benchmark.h>
#include <croton.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>

#include "expr/functions.h"
#include "floor.h"
#include "host_workloads.h"
#include "limits.h"
#include "workloads.h"

using namespace croton;

namespace {

/// Largest difference, in units of the largest element.
double difference(const Array& a, const Array& b) {
  if (a.shape() != b.shape()) throw std::runtime_error("shapes differ");
  const Array da = a.astype(DType::float64), db = b.astype(DType::float64);
  const auto x = da.values<double>(), y = db.values<double>();
  double worst = 0, largest = 1e-30;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) != std::isnan(y[i])) return 1e300;
    worst = std::max(worst, std::abs(x[i] - y[i]));
    largest = std::max(largest, std::abs(y[i]));
  }
  return worst / largest;
}

FunctionOf<dynamic> compiled(const bench::Problem& p, std::string_view name) {
  return function({}, p.outputs, p.updates, {.name = name});
}

/// The small problem, compiled against the reference evaluator; what is wrong, or "".
std::string fault(const bench::Workload& w) {
  const bench::Problem p = w.build(bench::Size::checked);
  std::vector<Array> wanted;
  for (const Tensor& t : p.outputs) wanted.push_back(eval(t));
  for (const Update& u : p.updates) wanted.push_back(eval(u.value));
  std::vector<Array> found = compiled(p, w.name)();
  for (const Update& u : p.updates) found.push_back(u.target.get_value());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (const double d = difference(found[i], wanted[i]); !(d <= w.tolerance))
      return fmt::format("result {} differs from the reference evaluator by {:.3g}", i, d);
  return "";
}

/// Times of single runs, in seconds, kept over the repeated calls that Google Benchmark makes.
void report(benchmark::State& state, std::vector<double> times, double limit) {
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  state.counters["median_us"] = 1e6 * median;
  state.counters["least_us"] = 1e6 * times.front();
  if (limit <= 0) return;
  state.counters["limit_us"] = 1e6 * limit;
  state.counters["ratio"] = median / limit;
  state.counters["least_ratio"] = times.front() / limit;
}

/// In turns with passes over memory, which the limits of most workloads are made of: some runs, then a pass.
std::vector<double> timed(benchmark::State& state, const std::function<void()>& run) {
  constexpr double seconds_between_passes = 0.03;
  run();
  run();
  std::vector<double> times;
  double processor = 0, since = 0;
  bench::forget_bandwidth();
  for (auto _ : state) {
    const double before = bench::processor_now();
    times.push_back(bench::least_seconds(1, run));
    processor += bench::processor_now() - before;
    state.SetIterationTime(times.back());
    since += times.back();
    if (since < seconds_between_passes) continue;
    since = 0;
    bench::measure_bandwidth();
    run();  // the caches are its own again
  }
  state.counters["processor_us"] = 1e6 * processor / static_cast<double>(times.size());
  return times;
}

/// Both in turns, so that they meet the same neighbours on the machine.
void run_in_turns(benchmark::State& state, const std::function<void()>& ours, const std::function<void()>& theirs) {
  ours();
  theirs();
  std::vector<double> times, limits;
  for (auto _ : state) {
    times.push_back(bench::least_seconds(1, ours));
    limits.push_back(bench::least_seconds(1, theirs));
    state.SetIterationTime(times.back());
  }
  std::sort(limits.begin(), limits.end());
  report(state, times, limits[limits.size() / 2]);
  state.counters["least_ratio"] = *std::min_element(times.begin(), times.end()) / limits.front();
}

void run_workload(benchmark::State& state, const bench::Workload& w) {
  if (const std::string f = fault(w); !f.empty()) return state.SkipWithError(f.c_str());
  const bench::Problem p = w.build(bench::Size::cpu);
  const auto f = compiled(p, w.name);
  std::vector<Array> out(p.outputs.size());
  if (w.beside)
    return run_in_turns(
        state, [&] { f.run({}, out); }, w.beside());
  const std::vector<double> times = timed(state, [&] { f.run({}, out); });
  report(state, times, w.limit ? w.limit() : 0);
}

/// A step on the host beside its peer.
void run_on_host(benchmark::State& state, const bench::HostWorkload& w) {
  const bench::HostProblem p = w.build();
  const auto f = compiled({p.outputs, {}}, w.name);
  std::vector<Array> out(p.outputs.size());
  f.run({}, out);
  p.peer();
  const std::vector<Array> wanted = p.results();
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (const double d = difference(out[i], wanted[i]); !(d <= w.tolerance))
      return state.SkipWithError(fmt::format("result {} differs from {} by {:.3g}", i, w.peer, d).c_str());
  run_in_turns(
      state, [&] { f.run({}, out); }, p.peer);
}

/// A training step beside its floor.
void run_step(benchmark::State& state, const bench::Workload& w, Index examples, Index hidden, DType dtype) {
  if (const std::string f = fault(w); !f.empty()) return state.SkipWithError(f.c_str());
  const bench::Tutorial t = bench::tutorial(examples, hidden, dtype);
  const bench::FloorStep floor = bench::floor_step(
      {t.x.get_value(), t.y.get_value(), t.w1.get_value(), t.b1.get_value(), t.w2.get_value(), t.b2.get_value()},
      bench::tutorial_rate, bench::tutorial_lambda);
  const auto f = compiled(t.problem, w.name);
  f.run({}, {});
  floor.run();
  const bench::Parameters after = floor.get();
  const double d = std::max({difference(t.w1.get_value(), after.w1), difference(t.b1.get_value(), after.b1),
                             difference(t.w2.get_value(), after.w2), difference(t.b2.get_value(), after.b2)});
  if (!(d <= w.tolerance)) return state.SkipWithError(fmt::format("the floor differs by {:.3g}", d).c_str());
  // In turns, so that both meet the same neighbours on the machine.
  std::vector<double> times, floors;
  double ours = 0, theirs = 0;
  for (auto _ : state) {
    const double p0 = bench::processor_now();
    times.push_back(bench::least_seconds(1, [&] { f.run({}, {}); }));
    const double p1 = bench::processor_now();
    floors.push_back(bench::least_seconds(1, floor.run));
    ours += p1 - p0;
    theirs += bench::processor_now() - p1;
    state.SetIterationTime(times.back());
  }
  std::sort(floors.begin(), floors.end());
  report(state, times, floors[floors.size() / 2]);
  const double turns = static_cast<double>(times.size());
  state.counters["processor_us"] = 1e6 * ours / turns;
  state.counters["floor_processor_us"] = 1e6 * theirs / turns;
  state.counters["processor_ratio"] = ours / theirs;
  state.counters["floor_least_us"] = 1e6 * floors.front();
  state.counters["least_ratio"] = *std::min_element(times.begin(), times.end()) / floors.front();
}

/// Seconds of one of many calls that are given one after another: as many as last `seconds`, waited for at their end.
std::vector<double> times_of_calls(const std::function<void()>& call, double seconds, int turns) {
  const auto time_of = [&](int calls) {
    const double start = bench::now();
    for (int i = 0; i < calls; ++i) call();
    bench::here().synchronize();
    return (bench::now() - start) / calls;
  };
  time_of(5);  // the first ones load code and make the graph
  const int calls = static_cast<int>(std::clamp(std::ceil(seconds / time_of(10)), 1., 1e5));
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(turns));
  for (int i = 0; i < turns; ++i) times.push_back(time_of(calls));
  return times;
}

void run_on_gpu(benchmark::State& state, const bench::Workload& w) {
  const ScopedConfig scope(w.config);
  if (const std::string f = fault(w); !f.empty()) return state.SkipWithError(f.c_str());
  const bench::Problem p = w.build(bench::Size::gpu);
  const auto f = compiled(p, w.name);
  std::vector<Array> out(p.outputs.size());
  const auto call = [&] { f.run({}, out); };
  constexpr double seconds = 0.02;
  constexpr int turns = 9;
  const std::vector<double> times = times_of_calls(call, seconds, turns);
  const DeviceCounters before = device_counters();
  call();
  const DeviceCounters after = device_counters();
  state.counters["launches"] = static_cast<double>(after.launches - before.launches);
  state.counters["graph_launches"] = static_cast<double>(after.graph_launches - before.graph_launches);
  double limit = w.limit ? w.limit() : 0;
  if (w.beside) {
    std::vector<double> bare = times_of_calls(w.beside(), seconds, turns);
    std::sort(bare.begin(), bare.end());
    limit = bare[bare.size() / 2];
  }
  for (auto _ : state) state.SetIterationTime(*std::min_element(times.begin(), times.end()));
  report(state, times, limit);
}

/// What a call of a training step costs the host, beside the bare launch of a graph of as many kernels: a step so small
/// that the GPU has done it before the next one comes.
void run_host_call(benchmark::State& state) {
  using namespace runtime;
  const bench::Tutorial t = bench::tutorial(64, 32, DType::float32);
  const auto f = compiled(t.problem, "host_call");
  for (int i = 0; i < 5; ++i) f.run({}, {});
  const DeviceCounters before = device_counters();
  f.run({}, {});
  const std::uint64_t kernels = device_counters().launches - before.launches;
  const auto module = bench::here().compile(
      {.text = expr::gpu_kernel_source({}) + "namespace croton {\nCROTON_KERNEL(nothing, 2, 32) {}\n}\n",
       .entries = {"nothing"},
       .threads = {32},
       .name = "nothing"});
  Launch nothing;
  nothing.kernel = module->kernels()[0];
  const auto bare = bench::here().capture([&] {
    for (std::uint64_t i = 0; i < kernels; ++i) bench::here().launch({&nothing, 1});
  });
  constexpr int calls = 100;
  const auto time_of_giving = [&](auto give) {
    const double start = bench::now();
    for (int i = 0; i < calls; ++i) give();
    const double end = bench::now();
    bench::here().synchronize();
    return (end - start) / calls;
  };
  std::vector<double> ours, theirs;
  for (auto _ : state) {
    ours.push_back(time_of_giving([&] { f.run({}, {}); }));
    theirs.push_back(time_of_giving([&] { bare->replay(); }));
    state.SetIterationTime(ours.back());
  }
  std::sort(theirs.begin(), theirs.end());
  report(state, ours, theirs[theirs.size() / 2]);
  state.counters["launches"] = static_cast<double>(kernels);
}

void run_scalar_call(benchmark::State& state, bool span) {
  const Tensor x = scalar("x");
  const Function f = function(x, x * 2 + 1, {.name = "scalar_call"});
  if (f(3).item<double>() != 7) return state.SkipWithError("2 * 3 + 1 is not 7");
  Array value = Array::scalar(3.0).astype(floatX());
  std::array<Array, 1> out;
  for (auto _ : state) {
    if (span) {
      const std::array<Argument, 1> in{Argument(value)};
      f.run(in, out);
    } else
      benchmark::DoNotOptimize(f(value));
  }
}
void run_counter(benchmark::State& state) {
  const Shared c = shared(std::int64_t{0}, "counter");
  const Procedure f = function({}, {.updates = {{c, c + 1}}, .name = "counter"});
  std::int64_t calls = 0;
  for (auto _ : state) {
    f.run({}, {});
    ++calls;
  }
  if (c.get_value().item<std::int64_t>() != calls) state.SkipWithError("the counter lost calls");
}
/// Rows of a variable by the number of their batch, `batches` of them in turns.
void run_batch_call(benchmark::State& state, std::int64_t batches) {
  const std::int64_t rows = 20;
  const Shared data = shared(Array::full({2500 * rows, rows}, 1.0).astype(float32), "data");
  const Tensor i = lscalar("i");
  const Function f = function(i, sum(data[slice(i * rows, i * rows + rows)]), {.name = "batch_call"});
  std::int64_t batch = 0;
  double all = 0, calls = 0;
  for (auto _ : state) {
    all += f(batch).item<float>() / static_cast<double>(rows * rows);
    ++calls;
    batch = (batch + 1) % batches;
  }
  if (all != calls) state.SkipWithError("a batch has other rows");
}
/// The same rows of a variable, or one, in the place of those it has, one batch after another.
void run_written_call(benchmark::State& state, bool one) {
  const std::int64_t batches = one ? 50000 : 2500, rows = one ? 1 : 20, length = 20;
  const Shared data = shared(Array::zeros({batches * rows, length}, float32), "data");
  const Shared news = shared(Array::full({rows, length}, 1.0).astype(float32), "news");
  const Tensor i = lscalar("i");
  const Tensor written =
      one ? inc_subtensor(data[i], news[0]) : inc_subtensor(data[slice(i * rows, i * rows + rows)], news);
  const Procedure f = function({i}, {.updates = {{data, written}}, .name = "written_call"});
  double calls = 0;
  std::int64_t batch = 0;
  for (auto _ : state) {
    f(batch);
    ++calls;
    batch = (batch + 1) % batches;
  }
  if (eval(sum(cast(data, float64))).item<double>() != calls * static_cast<double>(rows * length))
    state.SkipWithError("a batch was written elsewhere");
}

void register_for_gpu() {
  for (const bench::Workload& w : bench::gpu_workloads())
    benchmark::RegisterBenchmark(w.name.c_str(),
                                 [w](benchmark::State& state) {
                                   try {
                                     run_on_gpu(state, w);
                                   } catch (const Error& e) { state.SkipWithError(e.what()); }
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(1);
  benchmark::RegisterBenchmark("host_call", run_host_call)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(101);
}

void register_all() {
  using bench::Workload;
  const std::map<std::string, std::tuple<Index, Index, DType>> steps = {
      {"tutorial_step", {5000, 1000, DType::float32}},
      {"tutorial_step_float64", {5000, 1000, DType::float64}},
      {"tutorial_step_hidden_100", {5000, 100, DType::float32}},
      {"tutorial_step_hidden_10000", {5000, 10000, DType::float32}},
      {"tutorial_step_hidden_100000", {5000, 100000, DType::float32}},
      {"tutorial_step_examples_500", {500, 1000, DType::float32}},
      {"tutorial_step_examples_50000", {50000, 1000, DType::float32}},
      {"tutorial_step_examples_500000", {500000, 1000, DType::float32}},
  };
  for (const Workload& w : bench::workloads()) {
    const auto s = steps.find(w.name);
    auto* b =
        s == steps.end()
            ? benchmark::RegisterBenchmark(w.name.c_str(), [w](benchmark::State& state) { run_workload(state, w); })
            : benchmark::RegisterBenchmark(w.name.c_str(), [w, s = s->second](benchmark::State& state) {
                run_step(state, w, std::get<0>(s), std::get<1>(s), std::get<2>(s));
              });
    b->UseManualTime()->Unit(benchmark::kMicrosecond);
  }
  for (const bench::HostWorkload& w : bench::host_workloads())
    benchmark::RegisterBenchmark(w.name.c_str(), [w](benchmark::State& state) { run_on_host(state, w); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("scalar_call", [](benchmark::State& s) { run_scalar_call(s, true); });
  benchmark::RegisterBenchmark("scalar_call_operator", [](benchmark::State& s) { run_scalar_call(s, false); });
  benchmark::RegisterBenchmark("shared_update", run_counter);
  benchmark::RegisterBenchmark("batch_call_1", [](benchmark::State& s) { run_batch_call(s, 1); });
  benchmark::RegisterBenchmark("batch_call_2500", [](benchmark::State& s) { run_batch_call(s, 2500); });
  benchmark::RegisterBenchmark("written_row_call", [](benchmark::State& s) { run_written_call(s, true); });
  benchmark::RegisterBenchmark("written_region_call", [](benchmark::State& s) { run_written_call(s, false); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  set_config("floatX", "float32");
  std::fputs(bench::table().c_str(), stderr);
  if (bench::here().device_class() == DeviceClass::gpu)
    register_for_gpu();
  else
    register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
