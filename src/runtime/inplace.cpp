#include "runtime/inplace.h"

#include <algorithm>

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

Writer find_writer(const Program& p, int buffer) {
  for (std::size_t s = 0; s < p.steps.size(); ++s) {
    if (const auto* phase = std::get_if<Phase>(&p.steps[s]))
      for (const tile::Store& t : phase->stores)
        if (t.buffer == buffer) return {s, &t, phase, nullptr};
    if (const auto* host = std::get_if<tile::HostStep>(&p.steps[s]); host && host->out == buffer)
      return {s, nullptr, nullptr, host};
  }
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

/// The variable itself with some elements changed, by values that are none of its own.
bool changes_itself(const Program& p, const tile::HostStep& host, const std::vector<int>& old) {
  if (!ops::changes_argument(host.node)) return false;
  for (std::size_t k = 0; k < host.arguments.size(); ++k) {
    const int b = host.arguments[k];
    const bool is_old = std::find(old.begin(), old.end(), b) != old.end();
    if (k == 0 ? !is_old || p.buffers[at(b)].kind != tile::Buffer::Kind::leaf : is_old) return false;
  }
  return true;
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
    const std::vector<int> old = views_of(p, u.shared.node());
    bool ok = w.host ? changes_itself(p, *w.host, old)
                     : w.store && (w.phase->flat || w.phase->parallel.empty()) &&
                           w.store->index.size() == static_cast<std::size_t>(u.shared.ndim()) &&
                           !tile::checks(p.steps[w.step]) && identity_reads(p, w, old);
    for (std::size_t s = w.step + 1; ok && s < p.steps.size(); ++s)
      ok = !std::holds_alternative<tile::HostStep>(p.steps[s]) && !tile::checks(p.steps[s]) && !reads(p.steps[s], old);
    r.push_back(ok);
  }
  return r;
}

}  // namespace croton::runtime
