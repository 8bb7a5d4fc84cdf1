#include "runtime/inplace.h"

#include <algorithm>

namespace croton::runtime {
namespace {

using tile::Phase;
using tile::Program;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

struct Writer {
  std::size_t step = 0;
  const tile::Store* store = nullptr;
  const Phase* phase = nullptr;
};

Writer find_writer(const Program& p, int buffer) {
  for (std::size_t s = 0; s < p.steps.size(); ++s)
    if (const auto* phase = std::get_if<Phase>(&p.steps[s]))
      for (const tile::Store& t : phase->stores)
        if (t.buffer == buffer) return {s, &t, phase};
  return {};
}

// Every buffer through which the shared leaf is read: its own, and views of it.
std::vector<int> views_of(const Program& p, const Node* shared) {
  std::vector<int> r;
  for (std::size_t b = 0; b < p.buffers.size(); ++b) {
    const tile::Buffer& x = p.buffers[b];
    const bool leaf =
        x.kind == tile::Buffer::Kind::leaf && x.node.node()->shared && x.node.node()->shared == shared->shared;
    const bool view = x.kind == tile::Buffer::Kind::alias && std::find(r.begin(), r.end(), x.base) != r.end();
    if (leaf || view) r.push_back(static_cast<int>(b));
  }
  return r;
}

bool identity_reads(const Program& p, const Writer& w, const std::vector<int>& old) {
  for (const tile::Value& v : w.phase->values) {
    if (v.buffer < 0 || std::find(old.begin(), old.end(), v.buffer) == old.end()) continue;
    if (p.buffers[at(v.buffer)].kind == tile::Buffer::Kind::alias || v.index != w.store->index) return false;
  }
  return true;
}

}  // namespace

std::vector<bool> in_place(const Program& p, const std::vector<UpdateTarget>& updates) {
  std::vector<bool> r;
  for (const UpdateTarget& u : updates) {
    const Writer w = find_writer(p, p.outputs[u.result]);
    bool ok = w.store && (w.phase->flat || w.phase->parallel.empty()) &&
              w.store->index.size() == static_cast<std::size_t>(u.shared.ndim());
    const std::vector<int> old = views_of(p, u.shared.node());
    for (std::size_t s = w.step; ok && s < p.steps.size(); ++s) {
      if (std::holds_alternative<tile::HostStep>(p.steps[s]) || tile::checks(p.steps[s])) ok = false;
      if (s > w.step && reads(p.steps[s], old)) ok = false;
    }
    r.push_back(ok && identity_reads(p, w, old));
  }
  return r;
}

}  // namespace croton::runtime
