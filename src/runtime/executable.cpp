#include "runtime/executable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "array/access.h"
#include "base/config.h"
#include "base/error.h"
#include "base/log.h"
#include "print/printer.h"
#include "runtime/compiled.h"
#include "runtime/host_step.h"
#include "runtime/index_checks.h"
#include "runtime/inplace.h"
#include "runtime/plan.h"
#include "runtime/result_memory.h"
#include "runtime/signature.h"
#include "runtime/storage.h"
#include "runtime/views.h"
#include "runtime/work.h"
#include "runtime/workspaces.h"

namespace croton::runtime {
namespace {

// Of a workspace: some hundred bytes each.
constexpr std::size_t most_found_starts = 8192;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

struct Executable::Body {
  std::vector<Tensor> results, inputs;
  std::vector<UpdateTarget> updates;
  std::vector<int> update_of_result;  // -1: goes back to the caller
  Device& device;
  const bool on_host = device.host_addressable(), separate = device.separate_buffers(), fresh = device.fresh_buffers();
  // calls that find fresh memory are never alike
  const bool replays = device.gains_by_replays() && !fresh && config_snapshot()->flag("cuda.graphs");
  std::string name;
  const Compiled compiled;
  const tile::Program& program = compiled.program;
  const IndexChecks index_checks{program, inputs};
  std::vector<bool> written_in_place;
  Layout layout{.separate = separate, .for_good = {}};
  const std::vector<Tensor> shared = leaves(results, NodeKind::shared);
  const Signatures signatures{program, inputs, shared};
  const MovingViews moving{program, signatures.deciding()};
  std::vector<SharedStorage*> stored, updated;     // by shared leaf; by update
  std::vector<int> input_buffers, shared_buffers;  // by leaf; -1: not read
  std::vector<Buffer> constants;                   // by buffer
  std::vector<std::string> buffer_names;
  Workspaces workspaces;
  std::atomic<bool> profiling{false};
  mutable std::mutex times_mutex;
  std::vector<StepTime> times;

  Body(std::vector<Tensor> r, std::vector<Tensor> i, std::vector<UpdateTarget> u, Device& d, std::string n)
      : results(std::move(r)),
        inputs(std::move(i)),
        updates(std::move(u)),
        device(d),
        name(std::move(n)),
        compiled(compile(results, updates, device, name)),
        written_in_place(in_place(program, updates)) {
    update_of_result.assign(results.size(), -1);
    for (std::size_t k = 0; k < updates.size(); ++k) update_of_result[updates[k].result] = static_cast<int>(k);
    layout.for_good.resize(program.buffers.size());
    for (const UpdateTarget& u : updates) layout.for_good[at(program.outputs[u.result])] = true;
    for (const std::string& label : compiled.labels) times.push_back({label});
    find_leaves();
    upload_constants();
    for (const tile::Buffer& b : program.buffers)
      buffer_names.push_back((b.kind == tile::Buffer::Kind::partial ? "partials of " : "") + formula(b.node, 40));
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

  void find_leaves() {
    std::unordered_map<const Node*, int> buffers;
    for (std::size_t b = 0; b < program.buffers.size(); ++b)
      if (program.buffers[b].kind == tile::Buffer::Kind::leaf)
        buffers.emplace(program.buffers[b].node.node(), static_cast<int>(b));
    const auto buffer_of = [&](const Tensor& leaf) {
      const auto there = buffers.find(leaf.node());
      return there == buffers.end() ? -1 : there->second;
    };
    for (const Tensor& t : shared) stored.push_back(&storage_of(t));
    for (const UpdateTarget& u : updates) updated.push_back(&storage_of(u.shared));
    for (const Tensor& t : inputs) input_buffers.push_back(buffer_of(t));
    for (const Tensor& t : shared) shared_buffers.push_back(buffer_of(t));
  }

  void upload_constants() {
    constants.resize(program.buffers.size());
    for (std::size_t b = 0; b < program.buffers.size(); ++b) {
      const Node& n = node(program.buffers[b].node);
      if (program.buffers[b].kind != tile::Buffer::Kind::leaf || n.kind != NodeKind::constant) continue;
      const Array value = contiguous(n.value);
      const std::size_t bytes = static_cast<std::size_t>(value.size()) * size_of(value.dtype());
      constants[b] = Buffer(device, bytes);
      device.to_device(constants[b].data(), data(value), bytes);
    }
  }

  // ---- plans
  std::shared_ptr<const Plan> planned(std::span<const Array> in) {
    std::vector<Index> signature = signatures.of(in);
    if (auto there = workspaces.find(signature)) return there;
    if (moving.any())
      for (const auto& plan : workspaces.alike(signature, signatures.words_of_shapes()))
        if (moving.starts(*plan, signatures.integers(in))) return plan;
    Plan plan = make(in);
    plan.signature = std::move(signature);
    return workspaces.add(std::move(plan));
  }

  Plan make(std::span<const Array> in) const {
    Integers integers = signatures.integers(in);
    const Shapes shapes = infer(program, signatures.shapes(in), integers);
    check_updates(shapes);
    Plan plan = make_plan(program, compiled.nests, shapes, integers, compiled.target, layout);
    moving.remember(plan, shapes, integers);
    for (const PlannedStep& s : plan.steps)
      if (const auto* g = std::get_if<PlannedGemm>(&s)) device.check(g->gemm);
    return plan;
  }

  std::string work() const {
    const auto plan = workspaces.latest();
    return plan ? work_text(program, *plan) : std::string();
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
      if (signatures.matches(w->signature, in) || aim(*w, in)) return w;
      workspaces.keep(std::move(w));
    }
    const auto plan = planned(in);
    auto w = workspaces.idle(plan);
    if (!w) w = new_workspace(plan);
    (void)aim(*w, in);
    return w;
  }

  // The views of the workspace to where this call's integers say; false where its plan does not serve the call.
  bool aim(Workspace& w, std::span<const Array> in) const {
    if (!moving.any()) return false;
    std::vector<Index> signature = signatures.of(in);
    const auto words = static_cast<std::ptrdiff_t>(signatures.words_of_shapes());
    if (!std::equal(signature.begin(), signature.begin() + words, w.signature.begin())) return false;
    auto found = w.found_starts.find(signature);
    if (found == w.found_starts.end()) {
      auto starts = moving.starts(*w.plan, signatures.integers(in));
      if (!starts) return false;
      if (w.found_starts.size() == most_found_starts) w.found_starts.clear();
      found = w.found_starts.emplace(signature, std::move(*starts)).first;
    }
    w.starts = found->second, w.signature = std::move(signature);
    return true;
  }

  std::unique_ptr<Workspace> new_workspace(const std::shared_ptr<const Plan>& plan) {
    auto w = std::make_unique<Workspace>();
    w->plan = plan, w->signature = plan->signature;
    for (const int b : plan->views) w->starts.push_back(plan->places[at(b)].offset);
    if (plan->arena_bytes > 0 && !separate) w->arena = Buffer(device, plan->arena_bytes);
    if (!plan->integers.empty()) {
      w->integers = Buffer(device, plan->integers.size() * sizeof(std::int64_t));
      device.to_device(w->integers.data(), plan->integers.data(), w->integers.bytes());
    }
    if (!program.checks.empty()) {
      w->errors = Buffer(device, sizeof no_kernel_error);
      device.clear_error(w->errors.data());
    }
    for (const auto& [buffer, bytes] : plan->stand_ins) {
      w->stand_ins.emplace_back(device, bytes);
      device.zero(w->stand_ins.back().data(), bytes);
    }
    place_what_stays(*plan, *w);
    w->launches.resize(plan->steps.size());
    for (std::size_t s = 0; s < plan->steps.size(); ++s)
      if (const auto* l = std::get_if<PlannedLaunch>(&plan->steps[s])) fill(*l, *w, w->launches[s]);
    w->results.resize(results.size());
    w->spares.resize(updates.size());
    w->arguments.resize(inputs.size());
    w->given.resize(results.size());
    w->separate.resize(program.buffers.size());
    return w;
  }

  // What lies in one place as long as the workspace lives.
  void place_what_stays(const Plan& plan, Workspace& w) const {
    w.pointers.assign(program.buffers.size(), nullptr);
    for (std::size_t b = 0; b < plan.places.size(); ++b) {
      const Place& place = plan.places[b];
      if (place.home == Home::arena && w.arena)
        w.pointers[b] = static_cast<std::byte*>(w.arena.data()) + place.offset;
      else if (place.home == Home::plan)
        w.pointers[b] = static_cast<std::int64_t*>(w.integers.data()) + place.offset;
      else if (constants[b])
        w.pointers[b] = constants[b].data();
    }
  }

  void fill(const PlannedLaunch& l, const Workspace& w, WorkspaceLaunch& to) const {
    to.words = l.words;
    for (const auto& [buffer, access] : l.uses)
      to.uses.push_back({nullptr, w.plan->places[at(buffer)].bytes, access, buffer_names[at(buffer)].c_str()});
    if (l.errors >= 0) {
      to.words[at(l.errors)] = reinterpret_cast<std::int64_t>(w.errors.data());
      to.uses.push_back({w.errors.data(), w.errors.bytes(), Access::rw, "failed checks"});
    }
    for (const Buffer& b : w.stand_ins) to.uses.push_back({b.data(), b.bytes(), Access::r, "a row of nothing"});
    to.launch = {.kernel = compiled.kernels[at(l.kernel)],
                 .chunks = l.chunks,
                 .args = to.words.data(),
                 .args_bytes = to.words.size() * sizeof(std::int64_t),
                 .buffers = to.uses,
                 .scratch_bytes = l.scratch_bytes};
  }

  // What each call brings: arguments, shared variables and results, and the views of them.
  void point(const Plan& plan, Workspace& w, std::span<const Array> in, std::span<Array> out) {
    for (std::size_t k = 0; k < input_buffers.size(); ++k)
      if (input_buffers[k] >= 0) w.pointers[at(input_buffers[k])] = argument_memory(k, in[k], w);
    point_shared(w);
    std::size_t next = 0;
    for (std::size_t r = 0; r < update_of_result.size(); ++r) {
      const int b = program.outputs[r];
      const Place& place = plan.places[at(b)];
      const int u = update_of_result[r];
      if (u >= 0)
        w.pointers[at(b)] = update_memory(at(u), place, w);
      else if (on_host)
        w.pointers[at(b)] = result_memory(place, w.results[r], w.replaced, in, out[next++]);
      else
        w.pointers[at(b)] = memory_to_give(w.given[r], b, place);
    }
    if (separate) give_each_its_own(plan, w);
    point_views(plan, w);
  }

  static void point_views(const Plan& plan, Workspace& w) {
    for (std::size_t k = 0; k < plan.views.size(); ++k) {
      const int b = plan.views[k];
      w.pointers[at(b)] = static_cast<std::byte*>(w.pointers[at(plan.places[at(b)].base)]) + w.starts[k];
    }
    for (std::size_t k = 0; k < plan.stand_ins.size(); ++k)
      w.pointers[at(plan.stand_ins[k].first)] = w.stand_ins[k].data();
  }

  void point_shared(Workspace& w) {
    for (std::size_t k = 0; k < stored.size(); ++k)
      if (shared_buffers[k] >= 0) w.pointers[at(shared_buffers[k])] = stored[k]->on(device).data();
  }

  void give_each_its_own(const Plan& plan, Workspace& w) {
    for (std::size_t b = 0; b < plan.places.size(); ++b)
      if (plan.places[b].home == Home::arena && (fresh || !w.separate[b]))
        w.pointers[b] = (w.separate[b] = memory_for(static_cast<int>(b), plan.places[b])).data();
  }

  // That of one of the last two calls, once nobody else holds it.
  void* memory_to_give(Given& g, int buffer, const Place& place) {
    const auto serves = [&] { return !fresh && g.last && g.last.alone(); };
    if (!serves()) std::swap(g.last, g.before);
    if (!serves()) g.last = CountedBuffer(memory_for(buffer, place));
    return g.last->data();
  }

  Buffer memory_for(int buffer, const Place& place) {
    try {
      return Buffer(device, place.bytes);
    } catch (const OutOfMemory& e) {
      throw OutOfMemory(fmt::format("{}: no memory for {}, {}: {}", name, buffer_names[at(buffer)],
                                    type_text(program.buffers[at(buffer)].node.dtype(), Extents(place.shape)),
                                    e.what()));
    }
  }

  void* argument_memory(std::size_t k, const Array& a, Workspace& w) {
    if (on_host) return const_cast<std::byte*>(data(a));
    if (const void* there = memory_on(a, device)) return const_cast<void*>(there);
    const std::size_t bytes = static_cast<std::size_t>(a.size()) * size_of(a.dtype());
    if (!w.arguments[k] || w.arguments[k].bytes() != bytes) w.arguments[k] = Buffer(device, bytes);
    device.to_device(w.arguments[k].data(), data(a), bytes);
    return w.arguments[k].data();
  }

  void* update_memory(std::size_t u, const Place& place, Workspace& w) {
    SharedStorage& s = *updated[u];
    Buffer& now = s.on(device);
    const bool same_shape = std::equal(place.shape.begin(), place.shape.end(), s.shape().begin(), s.shape().end());
    if (written_in_place[u] && same_shape && !s.is_lent()) return now.data();
    CountedBuffer& spare = w.spares[u];
    if (!spare || !spare.alone() || spare->bytes() != place.bytes)
      spare = CountedBuffer(memory_for(program.outputs[updates[u].result], place));
    return spare->data();
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

  // Results stay on the device until the host reads them.
  void hand_out(const Plan& plan, Workspace& w, std::span<Array> out) {
    if (on_host) return;
    std::size_t next = 0;
    for (std::size_t r = 0; r < results.size(); ++r) {
      if (update_of_result[r] >= 0) continue;
      const int b = program.outputs[r];
      out[next++] = to_array(w.given[r].last, program.buffers[at(b)].node.dtype(), Extents(plan.places[at(b)].shape));
    }
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

  // After everything that can fail: the new values take the old ones' place together.
  void commit(const Plan& plan, Workspace& w) noexcept {
    for (std::size_t u = 0; u < updated.size(); ++u) {
      SharedStorage& s = *updated[u];
      const Place& place = plan.places[at(program.outputs[updates[u].result])];
      if (w.pointers[at(program.outputs[updates[u].result])] == s.on(device).data()) continue;
      s.exchange(w.spares[u], place.shape);
    }
  }
};

Executable::Executable(std::vector<Tensor> results, std::vector<Tensor> inputs, std::vector<UpdateTarget> updates,
                       Device& device, std::string name)
    : body_(
          std::make_unique<Body>(std::move(results), std::move(inputs), std::move(updates), device, std::move(name))) {}
Executable::~Executable() = default;

void Executable::run(std::span<const Array> given, std::span<Array> outputs) {
  Body& b = *body_;
  std::vector<Array> dense;
  std::span<const Array> inputs = given;
  for (const Array& a : given)
    if (!is_contiguous(a)) {
      for (const Array& each : given) dense.push_back(contiguous(each));
      inputs = dense;
      break;
    }
  auto w = b.workspace(inputs);
  const Plan& plan = *w->plan;
  b.point(plan, *w, inputs, outputs);
  if (plan.scratch_bytes > 0) b.device.reserve_scratch(plan.scratch_bytes);
  for (const int site : plan.unseen) b.index_checks.check(at(site), plan, inputs);
  b.execute(plan, *w, inputs);
  b.commit(plan, *w);
  b.hand_out(plan, *w, outputs);
  w->replaced.clear();
  b.workspaces.give_back(std::move(w));
}

bool Executable::has_series() const {
  const Body& b = *body_;
  return b.on_host && !b.separate && !b.fresh && b.updates.empty() && b.program.checks.empty();
}

Executable::Series::Series(Executable& of, std::span<const Array> inputs)
    : body_(*of.body_), workspace_(body_.workspace(inputs)) {
  if (workspace_->plan->scratch_bytes > 0) body_.device.reserve_scratch(workspace_->plan->scratch_bytes);
  body_.point_shared(*workspace_);
}

Executable::Series::~Series() { body_.workspaces.give_back(std::move(workspace_)); }

Extents Executable::Series::shape(std::size_t result) const {
  return Extents(workspace_->plan->places[at(body_.program.outputs[result])].shape);
}

void Executable::Series::run(std::span<const std::byte* const> inputs, std::span<std::byte* const> results) {
  Workspace& w = *workspace_;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    if (const int b = body_.input_buffers[k]; b >= 0) w.pointers[at(b)] = const_cast<std::byte*>(inputs[k]);
  for (std::size_t r = 0; r < results.size(); ++r) w.pointers[at(body_.program.outputs[r])] = results[r];
  Body::point_views(*w.plan, w);
  body_.execute(*w.plan, w, {});
}

void Executable::prepare(std::span<const Extents> shapes) {
  std::vector<Array> inputs;
  for (std::size_t k = 0; k < shapes.size(); ++k) inputs.push_back(Array::zeros(shapes[k], body_->inputs[k].dtype()));
  body_->planned(inputs);
}

bool Executable::decides_shapes(const Tensor& input) const { return body_->signatures.decides_shapes(input); }

const std::vector<SharedStorage*>& Executable::shared_variables() const { return body_->stored; }

std::string Executable::source() const { return body_->compiled.text; }

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
  std::string r = tile::text(body_->program);
  for (const std::string& reason : body_->program.reasons) r += "not fused: " + reason + "\n";
  for (const auto& [first, last] : body_->compiled.side_by_side())
    r += fmt::format("steps {} to {}: one kernel, side by side\n", first, last);
  for (std::size_t u = 0; u < body_->updates.size(); ++u)
    r += fmt::format("update of {}: {}\n", formula(body_->updates[u].shared),
                     body_->written_in_place[u] ? "in place" : "exchanged at the end");
  return r + body_->work();
}

void Executable::set_profiling(bool on) { body_->profiling.store(on, std::memory_order_relaxed); }

std::vector<Executable::StepTime> Executable::step_times() const {
  const std::lock_guard lock(body_->times_mutex);
  return body_->times;
}

int Executable::launches_per_run() const {
  const auto& nests = body_->compiled.nests;
  const auto beside = std::count_if(nests.begin(), nests.end(), [](const tile::Nest& n) { return n.beside; });
  return static_cast<int>(body_->program.steps.size()) - static_cast<int>(beside);
}

}  // namespace croton::runtime
