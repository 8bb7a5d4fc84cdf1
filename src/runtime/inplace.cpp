#include "runtime/inplace.h"

#include <algorithm>
#include <unordered_map>

#include "ops/evaluate.h"

namespace croton::runtime {
namespace {

using tile::Phase;
using tile::Program;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

struct Writer {
  std::size_t step = 0;
  const tile::Store* store = nullptr;  // of `phase`
  const Phase* phase = nullptr;
  const tile::HostStep* host = nullptr;
};
struct Read {
  std::size_t step = 0;
  const tile::Value* value = nullptr;  // of a phase
};

/// Who writes and who reads, found in one walk over the program.
class Accesses {
 public:
  explicit Accesses(const Program& p) : program_(p), seen_(p.buffers.size()), writers_(p.buffers.size()) {
    for (std::size_t b = 0; b < p.buffers.size(); ++b) {
      const tile::Buffer& x = p.buffers[b];
      if (x.kind == tile::Buffer::Kind::leaf) seen_[b] = x.node.node()->shared.get();
      if (x.kind == tile::Buffer::Kind::alias) seen_[b] = seen_[at(x.base)];
    }
    for (std::size_t s = 0; s < p.steps.size(); ++s) {
      if (std::holds_alternative<tile::HostStep>(p.steps[s]) || tile::checks(p.steps[s])) safe_from_ = s + 1;
      if (const auto* phase = std::get_if<Phase>(&p.steps[s])) {
        add(*phase, s);
        continue;
      }
      for (const int b : tile::buffers_read(p.steps[s])) read(b, {s});
      for (const int b : tile::buffers_written(p.steps[s]))
        writers_[at(b)].push_back({.step = s, .host = std::get_if<tile::HostStep>(&p.steps[s])});
    }
  }

  bool in_place(int result, const Tensor& shared) const {
    const SharedValue* const variable = node(shared).shared.get();
    const std::vector<Writer>& all = writers_[at(result)];
    return std::all_of(all.begin(), all.end(), [&](const Writer& w) {
      if (goes_nowhere(w.step, variable, result)) return true;
      const bool may_be = w.host           ? changes(*w.host, variable) && w.step + 1 >= safe_from_
                          : all.size() > 1 ? w.store && w.step >= safe_from_
                                           : goes_by_elements(w, shared.ndim());
      return may_be && comes_after_reads(w, variable, result, all.size() == 1);
    });
  }

 private:
  /// A copy of the whole variable to the result, which is left out where that lies in the variable's place.
  bool goes_nowhere(std::size_t step, const SharedValue* variable, int result) const {
    const auto copy = tile::whole_copy(program_, program_.steps[step]);
    return copy && seen_[at(copy->from)] == variable && copy->to == result;
  }

  /// `alone`: of one writer, which may read an element before it writes it.
  bool comes_after_reads(const Writer& w, const SharedValue* variable, int result, bool alone) const {
    const auto reads = reads_.find(variable);
    if (reads == reads_.end()) return true;
    return std::all_of(reads->second.begin(), reads->second.end(), [&](const Read& r) {
      if (r.step == w.step) return alone && (w.host || is_identity(*r.value, *w.store));
      return r.step < w.step || goes_nowhere(r.step, variable, result);
    });
  }

  void add(const Phase& phase, std::size_t step) {
    for (const tile::Value& v : phase.values)
      for (const int b : tile::buffers_read(v)) read(b, {step, &v});
    for (const tile::Store& t : phase.stores)
      writers_[at(tile::root_of(program_, t.buffer))].push_back({step, &t, &phase, nullptr});
  }

  void read(int buffer, const Read& r) {
    if (seen_[at(buffer)] != nullptr) reads_[seen_[at(buffer)]].push_back(r);
  }

  bool goes_by_elements(const Writer& w, int rank) const {
    return w.store && w.step >= safe_from_ && (w.phase->flat || w.phase->parallel.empty()) &&
           w.store->index.size() == static_cast<std::size_t>(rank);
  }

  /// The variable itself with some elements changed, by values that are none of its own; indices are looked at before
  /// anything is written.
  bool changes(const tile::HostStep& host, const SharedValue* variable) const {
    if (!ops::changes_argument(host.node) || host.axes[0]) return false;
    for (std::size_t k = 0; k < host.arguments.size(); ++k)
      if ((seen_[at(host.arguments[k])] == variable) != (k == 0)) return false;
    return program_.buffers[at(host.arguments[0])].kind == tile::Buffer::Kind::leaf;
  }

  bool is_identity(const tile::Value& v, const tile::Store& s) const {
    return program_.buffers[at(v.buffer)].kind != tile::Buffer::Kind::alias && v.index == s.index;
  }

  const Program& program_;
  std::vector<const SharedValue*> seen_;  // by buffer: the variable that is read through it, by its own leaf or a view
  std::vector<std::vector<Writer>> writers_;  // by buffer: of it, or of regions of it
  std::unordered_map<const SharedValue*, std::vector<Read>> reads_;
  std::size_t safe_from_ = 0;  // the first step after all that can fail
};

}  // namespace

std::vector<bool> in_place(const Program& p, std::span<const UpdateTarget> updates) {
  const Accesses accesses(p);
  std::vector<bool> r;
  r.reserve(updates.size());
  for (const UpdateTarget& u : updates) {
    const int result = p.outputs[u.result];
    r.push_back(tile::root_of(p, result) == result && accesses.in_place(result, u.shared));
  }
  return r;
}

}  // namespace croton::runtime
