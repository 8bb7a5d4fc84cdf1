#include "runtime/bindings.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "array/access.h"
#include "base/error.h"
#include "graph/walk.h"
#include "runtime/inplace.h"
#include "runtime/result_memory.h"
#include "runtime/workspaces.h"

namespace croton::runtime {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

}  // namespace

Bindings::Bindings(const tile::Program& program, std::span<const Tensor> inputs, std::span<const Tensor> shared,
                   std::span<const UpdateTarget> updates, Device& device, std::string name)
    : program_(program),
      device_(device),
      name_(std::move(name)),
      on_host_(device.host_addressable()),
      separate_(device.separate_buffers()),
      fresh_(device.fresh_buffers()),
      written_in_place_(in_place(program, updates)),
      update_of_result_(program.outputs.size(), -1) {
  for (const UpdateTarget& u : updates) {
    update_of_result_[u.result] = static_cast<int>(updates_.size());
    updates_.push_back({&storage_of(u.shared), program.outputs[u.result]});
  }
  find_leaves(inputs, shared);
  upload_constants();
  for (const tile::Buffer& b : program.buffers)
    names_.push_back((b.kind == tile::Buffer::Kind::partial ? "partials of " : "") + formula(b.node, 40));
}

void Bindings::find_leaves(std::span<const Tensor> inputs, std::span<const Tensor> shared) {
  std::unordered_map<const Node*, int> buffers;
  for (std::size_t b = 0; b < program_.buffers.size(); ++b)
    if (program_.buffers[b].kind == tile::Buffer::Kind::leaf)
      buffers.emplace(program_.buffers[b].node.node(), static_cast<int>(b));
  const auto buffer_of = [&](const Tensor& leaf) {
    const auto there = buffers.find(leaf.node());
    return there == buffers.end() ? -1 : there->second;
  };
  for (const Tensor& t : inputs) input_buffers_.push_back(buffer_of(t));
  for (const Tensor& t : shared) {
    shared_.push_back(&storage_of(t));
    shared_buffers_.push_back(buffer_of(t));
  }
}

void Bindings::upload_constants() {
  constants_.resize(program_.buffers.size());
  for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
    const Node& n = node(program_.buffers[b].node);
    if (program_.buffers[b].kind != tile::Buffer::Kind::leaf || n.kind != NodeKind::constant) continue;
    const Array value = contiguous(n.value);
    const std::size_t bytes = static_cast<std::size_t>(value.size()) * size_of(value.dtype());
    constants_[b] = Buffer(device_, bytes);
    device_.to_device(constants_[b].data(), data(value), bytes);
  }
}

void Bindings::allocate(Workspace& w) const {
  const Plan& plan = *w.plan;
  if (plan.arena_bytes > 0 && !separate_) w.arena = Buffer(device_, plan.arena_bytes);
  if (!plan.integers.empty()) {
    w.integers = Buffer(device_, plan.integers.size() * sizeof(std::int64_t));
    device_.to_device(w.integers.data(), plan.integers.data(), w.integers.bytes());
  }
  if (!program_.checks.empty()) {
    w.errors = Buffer(device_, sizeof no_kernel_error);
    device_.clear_error(w.errors.data());
  }
  for (const auto& [buffer, bytes] : plan.stand_ins) {
    w.stand_ins.emplace_back(device_, bytes);
    device_.zero(w.stand_ins.back().data(), bytes);
  }
  w.pointers.assign(program_.buffers.size(), nullptr);
  for (std::size_t b = 0; b < plan.places.size(); ++b) {
    const Place& place = plan.places[b];
    if (place.home == Home::arena && w.arena)
      w.pointers[b] = static_cast<std::byte*>(w.arena.data()) + place.offset;
    else if (place.home == Home::plan)
      w.pointers[b] = static_cast<std::int64_t*>(w.integers.data()) + place.offset;
    else if (constants_[b])
      w.pointers[b] = constants_[b].data();
  }
  w.results.resize(update_of_result_.size());
  w.spares.resize(updates_.size());
  w.arguments.resize(input_buffers_.size());
  w.given.resize(update_of_result_.size());
  w.separate.resize(program_.buffers.size());
}

void Bindings::point(Workspace& w, std::span<const Array> in, std::span<Array> out) {
  const Plan& plan = *w.plan;
  for (std::size_t k = 0; k < input_buffers_.size(); ++k)
    if (input_buffers_[k] >= 0) w.pointers[at(input_buffers_[k])] = argument_memory(k, in[k], w);
  point_shared(w);
  std::size_t next = 0;
  for (std::size_t r = 0; r < update_of_result_.size(); ++r) {
    const int b = program_.outputs[r];
    const Place& place = plan.places[at(b)];
    const int u = update_of_result_[r];
    void*& memory = w.pointers[at(tile::root_of(program_, b))];
    if (u >= 0)
      memory = update_memory(at(u), place, w);
    else if (on_host_)
      memory = result_memory(place, w.results[r], w.replaced, in, out[next++]);
    else
      memory = memory_to_give(w.given[r], b, place);
  }
  if (separate_) give_each_its_own(w);
  point_views(w);
}

void Bindings::point(Workspace& w, std::span<const std::byte* const> in, std::span<std::byte* const> results) const {
  for (std::size_t k = 0; k < in.size(); ++k)
    if (const int b = input_buffers_[k]; b >= 0) w.pointers[at(b)] = const_cast<std::byte*>(in[k]);
  for (std::size_t r = 0; r < results.size(); ++r)
    w.pointers[at(tile::root_of(program_, program_.outputs[r]))] = results[r];
  point_views(w);
}

void Bindings::point_views(Workspace& w) const {
  const Plan& plan = *w.plan;
  for (std::size_t k = 0; k < plan.views.size(); ++k) {
    const int b = plan.views[k];
    w.pointers[at(b)] = static_cast<std::byte*>(w.pointers[at(plan.places[at(b)].base)]) + w.views.starts()[k];
  }
  for (std::size_t k = 0; k < plan.stand_ins.size(); ++k)
    w.pointers[at(plan.stand_ins[k].first)] = w.stand_ins[k].data();
}

void Bindings::point_shared(Workspace& w) const {
  for (std::size_t k = 0; k < shared_.size(); ++k)
    if (shared_buffers_[k] >= 0) w.pointers[at(shared_buffers_[k])] = shared_[k]->on(device_).data();
}

void Bindings::give_each_its_own(Workspace& w) const {
  const Plan& plan = *w.plan;
  for (std::size_t b = 0; b < plan.places.size(); ++b)
    if (plan.places[b].home == Home::arena && (fresh_ || !w.separate[b]))
      w.pointers[b] = (w.separate[b] = memory_for(static_cast<int>(b), plan.places[b])).data();
}

// That of one of the last two calls, once nobody else holds it.
void* Bindings::memory_to_give(Given& g, int buffer, const Place& place) const {
  const auto serves = [&] { return !fresh_ && g.last && g.last.alone(); };
  if (!serves()) std::swap(g.last, g.before);
  if (!serves()) g.last = CountedBuffer(memory_for(buffer, place));
  return g.last->data();
}

Buffer Bindings::memory_for(int buffer, const Place& place) const {
  try {
    return Buffer(device_, place.bytes);
  } catch (const OutOfMemory& e) {
    throw OutOfMemory(fmt::format("{}: no memory for {}, {}: {}", name_, names_[at(buffer)],
                                  type_text(program_.buffers[at(buffer)].node.dtype(), Extents(place.shape)),
                                  e.what()));
  }
}

void* Bindings::argument_memory(std::size_t input, const Array& a, Workspace& w) const {
  if (on_host_) return const_cast<std::byte*>(data(a));
  if (const void* there = memory_on(a, device_)) return const_cast<void*>(there);
  const std::size_t bytes = static_cast<std::size_t>(a.size()) * size_of(a.dtype());
  Buffer& mine = w.arguments[input];
  if (!mine || mine.bytes() != bytes) mine = Buffer(device_, bytes);
  device_.to_device(mine.data(), data(a), bytes);
  return mine.data();
}

void* Bindings::update_memory(std::size_t update, const Place& place, Workspace& w) {
  SharedStorage& s = *updates_[update].of;
  Buffer& now = s.on(device_);
  const bool same_shape = std::equal(place.shape.begin(), place.shape.end(), s.shape().begin(), s.shape().end());
  if (written_in_place_[update] && same_shape && !s.is_lent()) return now.data();
  CountedBuffer& spare = w.spares[update];
  if (!spare || !spare.alone() || spare->bytes() != place.bytes)
    spare = CountedBuffer(memory_for(updates_[update].buffer, place));
  return spare->data();
}

void Bindings::hand_out(Workspace& w, std::span<Array> out) const {
  if (on_host_) return;
  std::size_t next = 0;
  for (std::size_t r = 0; r < update_of_result_.size(); ++r) {
    if (update_of_result_[r] >= 0) continue;
    const int b = program_.outputs[r];
    out[next++] = to_array(w.given[r].last, program_.buffers[at(b)].node.dtype(), Extents(w.plan->places[at(b)].shape));
  }
}

void Bindings::commit(Workspace& w) noexcept {
  const Plan& plan = *w.plan;
  for (std::size_t u = 0; u < updates_.size(); ++u) {
    const auto& [of, buffer] = updates_[u];
    if (w.pointers[at(buffer)] != of->on(device_).data()) of->exchange(w.spares[u], plan.places[at(buffer)].shape);
  }
}

}  // namespace croton::runtime
