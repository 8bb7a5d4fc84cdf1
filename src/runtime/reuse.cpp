#include "runtime/reuse.h"

#include <algorithm>

namespace croton::runtime {
namespace {

using tile::Buffer;
using tile::Nest;
using tile::Phase;
using tile::Program;
using tile::Statement;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

// Whether a nest comes to each element of two buffers in one loop over lanes alone, and has taken that of the first
// before it writes that of the second.
class OneLoop {
 public:
  OneLoop(const Nest& nest, int read, int written) : nest_(nest), read_(read), written_(written) {}
  bool holds() const { return of_chunk() == 1; }

 private:
  enum class Move : std::uint8_t { none, read, write };
  static constexpr int too_many = 2;

  Move move(const Statement& s) const {
    if (s.word < 0) return Move::none;
    const int buffer = nest_.words[at(s.word)].buffer;
    if (s.kind == Statement::Kind::let_load && buffer == read_) return Move::read;
    return s.kind == Statement::Kind::store && buffer == written_ ? Move::write : Move::none;
  }

  // Each step of a loop over the chunk's points is at points of its own; one that goes on is at others than those
  // before it.
  int of_chunk() const {
    int n = 0, before = 0;
    for (const Statement& s : nest_.body) {
      const bool loop = s.kind == Statement::Kind::loop;
      const int here = loop ? count(s.body) : of_statement(s);
      n += loop && s.resume ? std::max(here - before, 0) : here;
      if (loop) before = s.resume ? std::max(before, here) : here;
    }
    return n;
  }

  int count(const tile::Body& body) const {
    int n = 0;
    for (const Statement& s : body) n += of_statement(s);
    return n;
  }

  int of_statement(const Statement& s) const {
    if (s.kind == Statement::Kind::lane_loop) return of_lanes(s);
    return move(s) != Move::none || count(s.body) > 0 ? too_many : 0;
  }

  // The rows of a tile take turns in a loop's body: a row may be read after another was written.
  int of_lanes(const Statement& loop) const {
    bool any = false;
    for (const tile::Body* body : {&loop.several, &loop.body, &loop.tail}) {
      std::vector<std::vector<int>> written;
      for (const Statement& s : *body) {
        const Move m = move(s);
        const std::vector<int> where = m == Move::none ? std::vector<int>{} : variables(s);
        const bool again = m == Move::read && std::find(written.begin(), written.end(), where) != written.end();
        if (again || count(s.body) > 0) return too_many;
        if (m == Move::write) written.push_back(where);
        any = any || m != Move::none;
      }
    }
    return any;
  }

  // Those of an address: the elements of two buffers are others where they differ.
  static std::vector<int> variables(const Statement& s) {
    std::vector<int> r;
    for (const tile::Term& t : s.address)
      if (t.variable >= 0) r.push_back(t.variable);
    std::sort(r.begin(), r.end());
    return r;
  }

  const Nest& nest_;
  int read_, written_;
};

class Reuse {
 public:
  Reuse(const Program& p, const std::vector<bool>& for_good)
      : program_(p), for_good_(for_good), last_(p.buffers.size(), -1), taken_(p.buffers.size(), false) {
    for (std::size_t s = 0; s < p.steps.size(); ++s)
      for (const int b : tile::buffers_read(p.steps[s])) last_[at(tile::root_of(program_, b))] = static_cast<int>(s);
    for (const int b : p.outputs) last_[at(tile::root_of(program_, b))] = static_cast<int>(p.steps.size());
  }

  // From the last phase to the first: what lies in another's place lies where that one does.
  std::vector<int> run(std::span<const Nest> nests) {
    std::vector<int> home(program_.buffers.size(), -1);
    for (std::size_t s = program_.steps.size(); s-- > 0;) {
      const auto* phase = std::get_if<Phase>(&program_.steps[s]);
      if (phase == nullptr) continue;
      const Nest& nest = nests.back();
      nests = nests.first(nests.size() - 1);
      for (const tile::Store& store : phase->stores) {
        if (program_.buffers[at(store.buffer)].kind != Buffer::Kind::value || for_good_[at(store.buffer)]) continue;
        const int b = read_for_the_last_time(*phase, static_cast<int>(s), store, nest);
        if (b < 0) continue;
        taken_[at(b)] = true;
        home[at(b)] = home[at(store.buffer)] < 0 ? store.buffer : home[at(store.buffer)];
      }
    }
    return home;
  }

 private:
  // -1: none.
  int read_for_the_last_time(const Phase& phase, int step, const tile::Store& store, const Nest& nest) const {
    for (const tile::Value& v : phase.values) {
      if (v.buffer < 0 || taken_[at(v.buffer)] || last_[at(v.buffer)] != step) continue;
      const Buffer& b = program_.buffers[at(v.buffer)];
      if (b.kind != Buffer::Kind::value || b.node.dtype() != program_.buffers[at(store.buffer)].node.dtype()) continue;
      const bool by_elements = std::all_of(phase.values.begin(), phase.values.end(), [&](const tile::Value& other) {
        return other.buffer < 0 || tile::root_of(program_, other.buffer) != v.buffer ||
               (other.buffer == v.buffer && other.row_dim < 0 && other.index == store.index);
      });
      if (by_elements && OneLoop(nest, v.buffer, store.buffer).holds()) return v.buffer;
    }
    return -1;
  }

  const Program& program_;
  const std::vector<bool>& for_good_;  // by buffer
  std::vector<int> last_;              // by buffer: the last step that reads it
  std::vector<bool> taken_;            // by buffer: lies in another's place
};

}  // namespace

std::vector<int> in_whose_place(const Program& program, std::span<const Nest> nests,
                                const std::vector<bool>& for_good) {
  return Reuse(program, for_good).run(nests);
}

}  // namespace croton::runtime
