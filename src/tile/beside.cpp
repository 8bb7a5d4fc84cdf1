#include "tile/beside.h"

#include <algorithm>
#include <set>

#include "tile/nest.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// A kernel holds the most registers that any of its parts takes.
constexpr std::size_t most_beside = 4;

class Neighbours {
 public:
  Neighbours(const Program& program, std::span<const Replacement> replacements, const Target& target)
      : program_(program), target_(target), places_(program.buffers.size()) {
    for (std::size_t b = 0; b < places_.size(); ++b) {
      const Buffer& buffer = program.buffers[b];
      const SharedValue* const variable = node(buffer.node).shared.get();
      places_[b] = buffer.kind == Buffer::Kind::leaf && variable ? variable : static_cast<const void*>(&buffer);
    }
    for (const Replacement& r : replacements) places_[at(r.result)] = node(r.shared).shared.get();
  }

  /// As many as may run at once, from that step on.
  Beside from(std::size_t first) {
    Beside found{first, first, 0};
    read_.clear(), parts_.clear(), written_.clear();
    while (found.end < program_.steps.size() && found.end - first < most_beside && takes(found)) ++found.end;
    if (found.threads == 0 && add_up_partials(found)) found.threads = target_.block_lanes;
    return found;
  }

 private:
  bool takes(Beside& group) {
    const Step& step = program_.steps[group.end];
    const auto* phase = std::get_if<Phase>(&step);
    if (phase == nullptr || !is_small(*phase)) return false;
    const int threads = threads_of_block(program_, *phase, target_);
    if (threads > 0 && group.threads > 0 && threads != group.threads) return false;
    if (may_be_left_out(step)) return false;
    Memory reads, parts, others;
    for (const int b : buffers_read(step)) reads.insert(place(b));
    for (const int b : buffers_written(step)) (is_part(program_.buffers[at(b)]) ? parts : others).insert(place(b));
    if (meet(reads, parts_) || meet(reads, written_) || meet(parts, read_) || meet(others, read_)) return false;
    if (meet(parts, written_) || meet(others, parts_) || meet(others, written_)) return false;
    read_.merge(reads), parts_.merge(parts), written_.merge(others);
    group.threads = std::max(group.threads, threads);
    return true;
  }

  // Single points of which some are sums of what others left: those have all threads of a block.
  bool add_up_partials(const Beside& group) const {
    const auto is_combine = [](const Value& v) { return v.kind == Value::Kind::combine; };
    return std::any_of(program_.steps.begin() + static_cast<std::ptrdiff_t>(group.first),
                       program_.steps.begin() + static_cast<std::ptrdiff_t>(group.end), [&](const Step& s) {
                         const std::vector<Value>& values = std::get<Phase>(s).values;
                         return std::any_of(values.begin(), values.end(), is_combine);
                       });
  }

  // The copy of a variable, where the result lies in its place.
  bool may_be_left_out(const Step& step) const {
    const auto copy = whole_copy(program_, step);
    return copy && places_[at(copy->from)] == places_[at(copy->to)];
  }

  bool is_small(const Phase& phase) const {
    const auto is_spread = [](const Value& v) { return v.monoid == Monoid::spread; };
    const auto is_partial = [this](const Store& s) {
      return program_.buffers[at(s.buffer)].kind == Buffer::Kind::partial;
    };
    return (phase.flat || phase.parallel.empty()) && phase.serial == no_axis && !checks(phase) &&
           std::none_of(phase.values.begin(), phase.values.end(), is_spread) &&
           std::none_of(phase.stores.begin(), phase.stores.end(), is_partial);
  }

  using Memory = std::set<const void*>;
  const void* place(int buffer) const { return places_[at(root_of(program_, buffer))]; }
  static bool meet(const Memory& a, const Memory& b) {
    return std::any_of(a.begin(), a.end(), [&](const void* x) { return b.count(x) > 0; });
  }

  const Program& program_;
  const Target& target_;
  std::vector<const void*> places_;  // by buffer: one name for what may lie at one place
  Memory read_, parts_, written_;    // by the group; parts_: of concatenations, of which no two meet
};

}  // namespace

std::vector<Beside> side_by_side(const Program& program, std::span<const Replacement> replacements,
                                 const Target& target) {
  std::vector<Beside> found;
  if (target.device_class != DeviceClass::gpu) return found;
  Neighbours neighbours(program, replacements, target);
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    const Beside group = neighbours.from(s);
    if (group.end - group.first < 2) continue;
    found.push_back(group);
    s = group.end - 1;
  }
  return found;
}

}  // namespace croton::tile
