#include "runtime/executable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "array/access.h"
#include "base/config.h"
#include "base/error.h"
#include "base/fork_safe.h"
#include "base/log.h"
#include "print/printer.h"
#include "runtime/bindings.h"
#include "runtime/compiled.h"
#include "runtime/host_step.h"
#include "runtime/index_checks.h"
#include "runtime/plan.h"
#include "runtime/signature.h"
#include "runtime/views.h"
#include "runtime/work.h"
#include "runtime/workspaces.h"

namespace croton::runtime {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

/// Thrown where axes are so long that positions need 64 bits.
struct LongPositions {};

}  // namespace

struct Executable::Body {
  std::vector<Tensor> results, inputs;
  std::vector<UpdateTarget> updates;
  Device& device;
  const bool on_host = device.host_addressable();
  // calls that find fresh memory are never alike
  const bool replays = device.gains_by_replays() && !device.fresh_buffers() && config_snapshot()->flag("cuda.graphs");
  std::string name;
  const bool long_positions;
  const Compiled compiled;
  Loaded loaded;  // where is_loaded
  ForkSafeMutex door_of_loaded;
  std::atomic<bool> is_loaded{false};
  const std::shared_ptr<const Config> config = config_snapshot();
  const tile::Program& program = compiled.program;
  const IndexChecks index_checks{program, inputs};
  Layout layout{.separate = device.separate_buffers(), .for_good = {}};
  const std::vector<Tensor> shared = leaves(results, NodeKind::shared);
  const Signatures signatures{program, inputs, shared};
  const MovingViews moving{program, signatures.deciding()};
  Bindings bindings{program, inputs, shared, updates, device, name};
  std::function<void(const Shapes&, const Integers&)> check;
  Workspaces workspaces;
  std::atomic<bool> profiling{false};
  mutable std::mutex times_mutex;
  std::vector<StepTime> times;
  mutable ForkSafeMutex door_of_longer;
  std::unique_ptr<Body> longer;  // the same for calls that ask for long positions; null before the first of them

  Body(std::vector<Tensor> r, std::vector<Tensor> i, std::vector<UpdateTarget> u, Device& d, std::string n,
       bool has_long_positions = false)
      : results(std::move(r)),
        inputs(std::move(i)),
        updates(std::move(u)),
        device(d),
        name(std::move(n)),
        long_positions(has_long_positions),
        compiled(compile(results, updates, device, name, long_positions)) {
    layout.for_good.resize(program.buffers.size());
    for (const UpdateTarget& u : updates) layout.for_good[at(tile::root_of(program, program.outputs[u.result]))] = true;
    for (const std::string& label : compiled.labels) times.push_back({label});
  }

  // The work that calls gave may still be under way where the device works later: it uses the module and the names.
  ~Body() {
    if (on_host) return;
    try {
      device.synchronize();
    } catch (const Lost&) {
    } catch (const Error& e) { warn(fmt::format("{}: the last of its work failed: {}", name, e.what())); }
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  // Nothing is held while the compiler runs: a child that is forked then compiles for itself.
  void load() {
    if (is_loaded.load(std::memory_order_acquire)) return;
    const ConfigInUse scope(config);
    Loaded made = runtime::load(compiled, device);
    const std::lock_guard lock(door_of_loaded);
    if (is_loaded.load(std::memory_order_relaxed)) return;  // another thread was here
    loaded = std::move(made);
    is_loaded.store(true, std::memory_order_release);
  }

  // ---- calls with long axes
  /// f(the body for such a call); f throws where this is not the one.
  template <class F>
  decltype(auto) with_fitting(F&& f) {
    try {
      return f(*this);
    } catch (const LongPositions&) { return f(for_long_positions()); }
  }

  Body& for_long_positions() {
    {
      const std::lock_guard lock(door_of_longer);
      if (longer) return *longer;
    }
    const ConfigInUse scope(config);
    auto made = std::make_unique<Body>(results, inputs, updates, device, name, true);
    made->check = check;
    const std::lock_guard lock(door_of_longer);
    if (!longer) longer = std::move(made);  // else another thread was here
    longer->profiling = profiling.load(std::memory_order_relaxed);
    return *longer;
  }

  /// f(body) for each that there is.
  template <class F>
  void for_each(F&& f) {
    f(*this);
    const std::lock_guard lock(door_of_longer);
    if (longer) f(*longer);
  }

  // ---- plans
  std::shared_ptr<const Plan> planned(std::span<const Array> in) {
    std::vector<Index> signature = signatures.of(in);
    if (auto there = workspaces.find(signature)) return there;
    if (moving.any())
      for (const auto& plan : workspaces.all())
        if (signatures.same_shapes(signature, plan->signature) && moving.starts(*plan, signatures.integers(in))) {
          workspaces.find(plan->signature);  // used again
          return plan;
        }
    Plan plan = make(in);
    plan.signature = std::move(signature);
    return workspaces.add(std::move(plan));
  }

  Plan make(std::span<const Array> in) const {
    Integers integers = signatures.integers(in);
    const Shapes of_leaves = signatures.shapes(in);
    if (check) check(of_leaves, integers);
    const Shapes shapes = infer(program, of_leaves, integers);
    check_updates(shapes);
    const auto extent_of = [&](tile::AxisId a) { return extent(program.axes[at(a)], shapes); };
    if (!long_positions && !tile::positions_fit(program, extent_of)) throw LongPositions();
    Plan plan = make_plan(program, compiled.nests, shapes, integers, compiled.target, layout);
    moving.remember(plan, shapes, integers);
    for (const PlannedStep& s : plan.steps)
      if (const auto* g = std::get_if<PlannedGemm>(&s)) device.check(g->gemm);
    return plan;
  }

  std::string explain() const {
    std::string r = tile::text(program);
    for (const std::string& reason : program.reasons) r += "not fused: " + reason + "\n";
    for (const auto& [first, last] : compiled.side_by_side())
      r += fmt::format("steps {} to {}: one kernel, side by side\n", first, last);
    for (std::size_t u = 0; u < updates.size(); ++u)
      r += fmt::format("update of {}: {}\n", formula(updates[u].shared),
                       bindings.written_in_place()[u] ? "in place" : "exchanged at the end");
    const auto plan = workspaces.latest();
    return r + (plan ? work_text(program, *plan) : std::string());
  }

  void check_updates(const Shapes& shapes) const {
    for (const UpdateTarget& u : updates) {
      const Shape& now = shapes.at(program.buffers[at(program.outputs[u.result])].node.node());
      const Shape& type = node(u.shared).type.shape;
      for (std::size_t d = 0; d < now.size(); ++d)
        if (type[d] == 1 && now[d] != 1)
          fail_at<ShapeError>(
              node(results[u.result]).where,
              "update of {}: the new value has shape {}, but axis {} of the variable has extent 1 for good",
              describe(u.shared), croton::text(now), d);
    }
  }

  // ---- running
  std::unique_ptr<Workspace> workspace(std::span<const Array> in) {
    if (auto w = workspaces.take()) {
      if (w->views.move_to(*w->plan, moving, signatures, in)) return w;
      workspaces.keep(std::move(w));
    }
    const auto plan = planned(in);
    auto w = workspaces.idle(plan);
    if (!w) w = new_workspace(plan);
    (void)w->views.move_to(*plan, moving, signatures, in);
    return w;
  }

  std::unique_ptr<Workspace> new_workspace(const std::shared_ptr<const Plan>& plan) {
    load();
    auto w = std::make_unique<Workspace>(plan);
    bindings.allocate(*w);
    w->launches.resize(plan->steps.size());
    for (std::size_t s = 0; s < plan->steps.size(); ++s)
      if (const auto* l = std::get_if<PlannedLaunch>(&plan->steps[s])) fill(*l, *w, w->launches[s]);
    return w;
  }

  void fill(const PlannedLaunch& l, const Workspace& w, WorkspaceLaunch& to) const {
    to.words = l.words;
    for (const auto& [buffer, access] : l.uses)
      to.uses.push_back({nullptr, w.plan->places[at(buffer)].bytes, access, bindings.names()[at(buffer)].c_str()});
    if (l.errors >= 0) {
      to.words[at(l.errors)] = reinterpret_cast<std::int64_t>(w.errors.data());
      to.uses.push_back({w.errors.data(), w.errors.bytes(), Access::rw, "failed checks"});
    }
    for (const Buffer& b : w.stand_ins) to.uses.push_back({b.data(), b.bytes(), Access::r, "a row of nothing"});
    to.launch = {.kernel = loaded.kernels[at(l.kernel)],
                 .chunks = l.chunks,
                 .args = to.words.data(),
                 .args_bytes = to.words.size() * sizeof(std::int64_t),
                 .buffers = to.uses,
                 .scratch_bytes = l.scratch_bytes};
  }

  void execute(const Plan& plan, Workspace& w, std::span<const Array> in) {
    const bool timed = profiling.load(std::memory_order_relaxed);
    Replays::Set* const set = replays && !timed ? &w.replays.of(w.pointers, plan.stretches.size()) : nullptr;
    for (std::size_t k = 0; k < plan.stretches.size(); ++k) {
      const Stretch& stretch = plan.stretches[k];
      const auto work = [&] { timed ? execute_timed(plan, stretch, w) : execute(plan, stretch, w); };
      if (set != nullptr && stretch.end - stretch.first > 1)
        set->run(device, k, work);
      else
        work();
      if (!stretch.reads_errors) continue;
      if (const auto e = device.commit(w.errors.data())) index_checks.refuse(*e, plan, in);
    }
    if (on_host) device.synchronize();  // else whoever reads a result waits for it
  }

  // One after another.
  void execute_timed(const Plan& plan, const Stretch& stretch, Workspace& w) {
    for (std::size_t s = stretch.first; s < stretch.end; ++s) {
      if (std::holds_alternative<PlannedBeside>(plan.steps[s])) continue;
      const auto begin = std::chrono::steady_clock::now();
      execute(plan, s, w);
      device.synchronize();
      const std::lock_guard lock(times_mutex);
      ++times[s].calls;
      times[s].seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
  }

  void execute(const Plan& plan, const Stretch& stretch, Workspace& w) {
    auto next = std::lower_bound(plan.relays.begin(), plan.relays.end(), stretch.first,
                                 [](const tile::Relay& r, std::size_t s) { return r.first < s; });
    for (std::size_t s = stretch.first; s < stretch.end;) {
      if (next != plan.relays.end() && next->first == s)
        relay(plan, *next, w), s = next++->end;
      else
        execute(plan, s++, w);
    }
  }

  void execute(const Plan& plan, std::size_t step, Workspace& w) {
    const auto* const l = std::get_if<PlannedLaunch>(&plan.steps[step]);
    if (l && l->copy && w.pointers[at(l->copy->from)] == w.pointers[at(l->copy->to)]) return;
    if (l)
      device.launch({&launch(*l, w.launches[step], w), 1});
    else if (const auto* g = std::get_if<PlannedGemm>(&plan.steps[step]))
      device.gemm(gemm(*g, w));
    else if (const auto* h = std::get_if<PlannedHost>(&plan.steps[step]))
      run_host_step(*h, program, plan, w.pointers, device);
  }

  void relay(const Plan& plan, const tile::Relay& r, Workspace& w) {
    std::array<RowStep, most_steps_of_a_relay> steps;
    Gemm product;
    for (std::size_t s = r.first; s < r.end; ++s) {
      RowStep& step = steps[s - r.first];
      if (const auto* l = std::get_if<PlannedLaunch>(&plan.steps[s]))
        step = {.launch = &launch(*l, w.launches[s], w), .rows = l->rows, .chunk_rows = l->chunk_rows};
      else
        product = gemm(std::get<PlannedGemm>(plan.steps[s]), w), step.gemm = &product;
    }
    device.relay({steps.data(), r.end - r.first});
  }

  // The launch and the product with this call's pointers.
  static const Launch& launch(const PlannedLaunch& l, WorkspaceLaunch& mine, const Workspace& w) {
    for (const auto& [word, buffer] : l.pointers)
      mine.words[at(word)] = reinterpret_cast<std::int64_t>(w.pointers[at(buffer)]);
    for (std::size_t k = 0; k < l.uses.size(); ++k) mine.uses[k].data = w.pointers[at(l.uses[k].first)];
    for (const auto& [word, buffer, piece] : l.streams) {
      const void* const to = w.pointers[at(buffer)];
      const bool read_too = std::any_of(mine.uses.begin(), mine.uses.end(),
                                        [&](const BufferUse& u) { return u.access == Access::r && u.data == to; });
      mine.words[at(word)] = reinterpret_cast<std::uintptr_t>(to) % 64 == 0 && !read_too ? piece : 0;
    }
    return mine.launch;
  }
  static Gemm gemm(const PlannedGemm& g, const Workspace& w) {
    Gemm call = g.gemm;
    call.a = w.pointers[at(g.a)];
    call.b = w.pointers[at(g.b)];
    call.c = w.pointers[at(g.out)];
    if (g.bias >= 0) call.bias = w.pointers[at(g.bias)];
    return call;
  }
};

Executable::Executable(std::vector<Tensor> results, std::vector<Tensor> inputs, std::vector<UpdateTarget> updates,
                       Device& device, std::string name)
    : body_(
          std::make_unique<Body>(std::move(results), std::move(inputs), std::move(updates), device, std::move(name))) {}
Executable::~Executable() = default;

void Executable::run(std::span<const Array> given, std::span<Array> outputs) {
  std::vector<Array> dense;
  std::span<const Array> inputs = given;
  for (const Array& a : given)
    if (!is_contiguous(a)) {
      for (const Array& each : given) dense.push_back(contiguous(each));
      inputs = dense;
      break;
    }
  auto [body, w] = body_->with_fitting([&](Body& fitting) { return std::pair(&fitting, fitting.workspace(inputs)); });
  Body& b = *body;
  const Plan& plan = *w->plan;
  b.bindings.point(*w, inputs, outputs);
  if (plan.scratch_bytes > 0) b.device.reserve_scratch(plan.scratch_bytes);
  for (const int site : plan.unseen) b.index_checks.check(at(site), plan, inputs);
  b.execute(plan, *w, inputs);
  b.bindings.commit(*w);
  b.bindings.hand_out(*w, outputs);
  w->replaced.clear();
  b.workspaces.give_back(std::move(w));
}

void Executable::load() { body_->load(); }

bool Executable::has_series() const {
  const Body& b = *body_;
  return b.on_host && !b.device.separate_buffers() && !b.device.fresh_buffers() && b.updates.empty() &&
         b.program.checks.empty();
}

Executable::Series::Series(Executable& of, std::span<const Array> inputs)
    : body_(of.body_->with_fitting([&](Body& b) -> Body& { return b.planned(inputs), b; })),
      workspace_(body_.workspace(inputs)) {
  if (workspace_->plan->scratch_bytes > 0) body_.device.reserve_scratch(workspace_->plan->scratch_bytes);
  body_.bindings.point_shared(*workspace_);
}

Executable::Series::~Series() { body_.workspaces.give_back(std::move(workspace_)); }

Extents Executable::Series::shape(std::size_t result) const {
  return Extents(workspace_->plan->places[at(body_.program.outputs[result])].shape);
}

void Executable::Series::run(std::span<const std::byte* const> inputs, std::span<std::byte* const> results) {
  Workspace& w = *workspace_;
  body_.bindings.point(w, inputs, results);
  body_.execute(*w.plan, w, {});
}

void Executable::set_check(std::function<void(const Shapes&, const Integers&)> check) {
  body_->check = std::move(check);
}

void Executable::prepare(std::span<const Array> inputs) {
  body_->with_fitting([&](Body& b) { b.planned(inputs); });
}

bool Executable::decides_shapes(const Tensor& input) const { return body_->signatures.decides_shapes(input); }

const std::vector<SharedStorage*>& Executable::shared_variables() const { return body_->bindings.shared(); }

std::string Executable::source() const {
  std::string r;
  body_->for_each([&](const Body& b) { r += b.compiled.text; });
  return r;
}

std::vector<std::string> Executable::kernels_to_read() const {
  std::vector<print::Names> names;
  for (const tile::Step& s : body_->program.steps)
    if (const auto* phase = std::get_if<tile::Phase>(&s))
      names.push_back(
          {tile::describe_words(body_->program, body_->compiled.nests[names.size()]), tile::describe_phase(*phase)});
  std::vector<std::string> r;
  std::span<const print::Names> left = names;
  for (const auto kernel : body_->compiled.nests_of_kernels()) {
    r.push_back(print::kernel(kernel, print::entry_name(r.size()), print::dialect(body_->compiled.target),
                              left.first(kernel.size())));
    left = left.subspan(kernel.size());
  }
  return r;
}

std::vector<std::string> Executable::nests() const {
  std::vector<std::string> r;
  for (const auto kernel : body_->compiled.nests_of_kernels()) {
    r.emplace_back();
    for (const tile::Nest& n : kernel) r.back() += (n.beside ? "beside it:\n" : "") + tile::text(n);
  }
  return r;
}

std::string Executable::explain() const {
  std::string r;
  body_->for_each([&](const Body& b) {
    if (b.long_positions) r += "for axes along which positions have more than 32 bits:\n";
    r += b.explain();
  });
  return r;
}

void Executable::set_profiling(bool on) {
  body_->for_each([&](Body& b) { b.profiling.store(on, std::memory_order_relaxed); });
}

std::vector<Executable::StepTime> Executable::step_times() const {
  std::vector<StepTime> all;
  body_->for_each([&](const Body& b) {
    const std::lock_guard lock(b.times_mutex);
    all.insert(all.end(), b.times.begin(), b.times.end());
  });
  return all;
}

int Executable::launches_per_run() const {
  const auto& nests = body_->compiled.nests;
  const auto beside = std::count_if(nests.begin(), nests.end(), [](const tile::Nest& n) { return n.beside; });
  return static_cast<int>(body_->program.steps.size()) - static_cast<int>(beside);
}

}  // namespace croton::runtime
