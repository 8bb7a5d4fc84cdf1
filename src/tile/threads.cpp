#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "tile/nest.h"

namespace croton::tile {
namespace {

using Kind = Statement::Kind;

[[noreturn]] void broken(const char* what) { throw std::logic_error(std::string("loop nest: ") + what); }

bool is_memory(const Statement& s) { return s.kind == Kind::let_load || s.kind == Kind::store; }

void find_written(const Body& body, std::set<int>& words) {
  for (const Statement& s : body) {
    if (s.kind == Kind::store && s.word >= 0) words.insert(s.word);
    find_written(s.several, words);
    find_written(s.body, words);
  }
}

/// Index variables that are elements of the thread's own; those that every warp has, and the masks of one warp.
struct Own {
  std::set<int> all, of_every_warp, masks_of_one;
};
void find_own(const Body& body, Own& own) {
  for (const Statement& s : body) {
    if (s.kind == Kind::let_own) (s.dealt ? own.of_every_warp : own.all).insert(s.variable);
    if (s.kind == Kind::let_first) own.masks_of_one.insert(s.result);
    find_own(s.body, own);
  }
}

class Checker {
 public:
  explicit Checker(const Nest& nest) : has_teams_(nest.warps >= 0) {
    find_written(nest.body, written_);
    find_own(nest.body, own_);
    find_ahead(nest.body);
  }

  /// `lane`: the loop over lanes around it, or null. `in_team`: a team's own loop is around it.
  void check(const Body& body, const Statement* lane, bool in_team = false) const {
    for (const Statement& s : body) {
      if (lane != nullptr && (s.kind == Kind::put_fold || s.kind == Kind::barrier || s.kind == Kind::lane_loop))
        broken("threads of one block part");
      const bool folds = s.kind == Kind::put_fold || s.kind == Kind::let_fold || s.kind == Kind::barrier;
      if (folds && (s.across == Across::team) != in_team) broken("teams of one block part");
      if (has_teams_ && !in_team && (lane != nullptr || s.kind == Kind::lane_loop)) broken("lanes of no team");
      if (s.partial || (s.kind == Kind::let_masked && s.mask < 0) || !s.tail.empty()) broken("a thread is masked");
      const bool lanes = lane != nullptr || (s.reach != Reach::scalar && runs_along_own(s));
      if (s.kind == Kind::store && (s.reach == Reach::scalar) == lanes)
        broken("a scalar is stored by many threads, or lanes by one");
      if (is_memory(s) && shared_by_loops(s) && !its_own(s, lane)) broken("one thread reads what another one wrote");
      const Statement* inside = s.kind == Kind::lane_loop ? &s : lane;
      vectors_are_apart(s.several);
      check(s.several, inside, in_team);
      check(s.body, inside, in_team || s.dealt || s.alone);
    }
  }

 private:
  // Where variables lie: v by v, that of the loop over lanes which it is ahead of.
  void find_ahead(const Body& body) {
    for (const Statement& s : body) {
      if (s.kind == Kind::ahead) ahead_[s.variable] = s.address[0].variable;
      find_ahead(s.several);
      find_ahead(s.body);
    }
  }
  // Vectors of one turn: no load waits for a store, and no two store at one place.
  static void vectors_are_apart(const Body& several) {
    std::vector<const Statement*> stores;
    for (const Statement& s : several) {
      if (s.kind == Kind::let_load && !stores.empty()) broken("a vector's load waits for another one's store");
      if (s.kind != Kind::store) continue;
      for (const Statement* o : stores)
        if (o->word == s.word && o->scratch == s.scratch && o->address == s.address)
          broken("two vectors are stored at one place");
      stores.push_back(&s);
    }
  }
  bool shared_by_loops(const Statement& s) const { return s.word < 0 || (s.kind == Kind::let_load && reads_back(s)); }
  bool reads_back(const Statement& s) const { return written_.count(s.word) > 0; }
  bool its_own(const Statement& s, const Statement* lane) const {
    if (lane == nullptr) return s.reach != Reach::scalar && is_own(s);
    return lane->from.empty() && holds_once(s.address, [&](int v) {
             const auto ahead = ahead_.find(v);
             return (ahead == ahead_.end() ? v : ahead->second) == lane->variable;
           });
  }
  /// Whether it is for the thread's own element alone.
  bool is_own(const Statement& s) const {
    return s.rows == 0 && holds_once(s.address, [&](int v) { return is_own(v, s.mask); });
  }
  bool is_own(int variable, int mask) const {
    return own_.all.count(variable) > 0 ||
           (own_.of_every_warp.count(variable) > 0 && own_.masks_of_one.count(mask) > 0);
  }
  bool runs_along_own(const Statement& s) const {
    return std::any_of(s.address.begin(), s.address.end(), [&](const Term& t) { return is_own(t.variable, s.mask); });
  }
  template <class F>
  static bool holds_once(const Linear& address, F&& is_mine) {
    const auto mine = [&](const Term& t) { return is_mine(t.variable); };
    return std::count_if(address.begin(), address.end(), mine) == 1 &&
           std::find_if(address.begin(), address.end(), mine)->factors.empty();
  }

  bool has_teams_;
  std::set<int> written_;
  Own own_;
  std::map<int, int> ahead_;
};

}  // namespace

void check_threads(const Nest& nest) { Checker(nest).check(nest.body, nullptr); }

}  // namespace croton::tile
