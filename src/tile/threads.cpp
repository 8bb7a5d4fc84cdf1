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

/// Index variables that are elements of the thread's own; those that every group has, and the masks of one group.
struct Own {
  std::set<int> all, of_every_group, masks_of_one;
};
void find_own(const Body& body, Own& own) {
  for (const Statement& s : body) {
    if (s.kind == Kind::let_own) (s.dealt ? own.of_every_group : own.all).insert(s.variable);
    if (s.kind == Kind::let_first) own.masks_of_one.insert(s.result);
    find_own(s.body, own);
  }
}

/// The loops around a statement, or null: over lanes; over the rows of a team.
struct Around {
  const Statement* lane = nullptr;
  const Statement* team = nullptr;
};

class Checker {
 public:
  explicit Checker(const Nest& nest)
      : has_teams_(nest.warps >= 0), by_warps_(nest.by_warps), first_lane_(nest.first_lane) {
    find_written(nest.body, written_);
    find_own(nest.body, own_);
    find_made(nest.body);
  }

  void check(const Body& body, const Around& around = {}) const {
    const Statement* const lane = around.lane;
    const bool in_team = around.team != nullptr;
    for (const Statement& s : body) {
      if (lane != nullptr && (s.kind == Kind::put_fold || s.kind == Kind::barrier || s.kind == Kind::lane_loop))
        broken("threads of one block part");
      const bool folds = s.kind == Kind::put_fold || s.kind == Kind::let_fold || s.kind == Kind::barrier;
      if (folds && (s.across == Across::team) != in_team) broken("teams of one block part");
      if (has_teams_ && !in_team && (lane != nullptr || s.kind == Kind::lane_loop)) broken("lanes of no team");
      if (s.partial || (s.kind == Kind::let_masked && s.mask < 0) || !s.tail.empty()) broken("a thread is masked");
      if (s.kind == Kind::store && (s.reach != Reach::scalar) != runs_along_lanes(s, around))
        broken("a scalar is stored by many threads, or lanes by one");
      if (s.kind == Kind::store && !is_of_one_team(s, around)) broken("several teams store at one place");
      if (is_memory(s) && shared_by_loops(s) && !(its_own(s, around) && is_of_one_team(s, around)))
        broken("one thread reads what another one wrote");
      vectors_are_apart(s.several);
      const bool lanes = s.kind == Kind::lane_loop, team = s.kind == Kind::loop && (s.dealt || s.alone);
      const Around inside{lanes ? &s : lane, team ? &s : around.team};
      check(s.several, inside);
      check(s.body, inside);
    }
  }

 private:
  // What variables are made of: those ahead of a loop's over lanes; those that are a sum, a quotient or a rest of one
  // variable.
  void find_made(const Body& body) {
    for (const Statement& s : body) {
      if (s.kind == Kind::ahead) ahead_[s.variable] = s.address[0].variable;
      if (s.kind == Kind::index && s.args.empty() && s.to.empty() && is_one_variable(s.address))
        made_of_[s.address[0].variable].push_back(&s);
      find_made(s.several);
      find_made(s.body);
    }
  }
  // With a number added, perhaps.
  static bool is_one_variable(const Linear& address) {
    return !address.empty() && address[0].factors.empty() &&
           std::all_of(address.begin() + 1, address.end(), [](const Term& t) { return t.variable < 0; });
  }
  // Vectors of one turn: no load waits for a store, and no two store at one place.
  static void vectors_are_apart(const Body& several) {
    std::vector<const Statement*> stores;
    for (const Statement& s : several) {
      if (s.kind == Kind::let_load && !stores.empty()) broken("a vector's load waits for another one's store");
      if (s.kind != Kind::store) continue;
      for (const Statement* o : stores)
        if (o->word == s.word && o->scratch == s.scratch && o->address == s.address && o->row == s.row)
          broken("two vectors are stored at one place");
      stores.push_back(&s);
    }
  }
  bool shared_by_loops(const Statement& s) const { return s.word < 0 || (s.kind == Kind::let_load && reads_back(s)); }
  bool reads_back(const Statement& s) const { return written_.count(s.word) > 0; }
  bool its_own(const Statement& s, const Around& around) const {
    if (around.lane == nullptr)
      return s.reach != Reach::scalar && s.rows == 0 &&
             holds_once(s.address, [&](int v) { return is_own(v, s.mask, around); });
    const Linear& from = around.lane->from;
    return (from.empty() || from == Linear{{first_lane_, {}}}) &&
           holds_once(s.address, [&](int v) { return is_lane(v, *around.lane); });
  }
  bool is_lane(int variable, const Statement& lane) const {
    const auto ahead = ahead_.find(variable);
    return (ahead == ahead_.end() ? variable : ahead->second) == lane.variable;
  }
  /// Whether it is for an element of the thread's own. Where warps are teams, each has such elements of its row alone.
  bool is_own(int variable, int mask, const Around& around) const {
    return (own_.all.count(variable) > 0 && (!by_warps_ || around.team != nullptr)) ||
           (own_.of_every_group.count(variable) > 0 && own_.masks_of_one.count(mask) > 0);
  }
  bool runs_along_lanes(const Statement& s, const Around& around) const {
    if (s.row >= 0 && s.reach == Reach::listed) return around.lane != nullptr || own_.masks_of_one.count(s.mask) > 0;
    return std::any_of(s.address.begin(), s.address.end(), [&](const Term& t) {
      return around.lane != nullptr ? is_lane(t.variable, *around.lane) : is_own(t.variable, s.mask, around);
    });
  }
  /// Teams have scratch of their own each; of other memory they meet different rows, as all do that a store names.
  bool is_of_one_team(const Statement& s, const Around& around) const {
    return s.word < 0 || s.row >= 0 || around.team == nullptr || around.team->alone ||
           tells(s.address, around.team->variable);
  }
  /// Whether what the address holds says which value the variable has: itself, what is a number beyond it, or both rest
  /// and quotient of a division.
  bool tells(const Linear& address, int variable) const {
    if (std::any_of(address.begin(), address.end(), [&](const Term& t) { return t.variable == variable; })) return true;
    const auto made = made_of_.find(variable);
    if (made == made_of_.end()) return false;
    const auto told = [&](const Factor& divisor, const Factor& modulus) {
      return std::any_of(made->second.begin(), made->second.end(), [&](const Statement* s) {
        return s->divisor == divisor && s->modulus == modulus && tells(address, s->variable);
      });
    };
    const Factor one = {}, none = {0, -1};
    return told(one, none) || std::any_of(made->second.begin(), made->second.end(), [&](const Statement* s) {
             return s->modulus != none && told(one, s->modulus) && told(s->modulus, none);
           });
  }
  template <class F>
  static bool holds_once(const Linear& address, F&& is_mine) {
    const auto mine = [&](const Term& t) { return is_mine(t.variable); };
    return std::count_if(address.begin(), address.end(), mine) == 1 &&
           std::find_if(address.begin(), address.end(), mine)->factors.empty();
  }

  bool has_teams_, by_warps_;
  int first_lane_;
  std::set<int> written_;
  Own own_;
  std::map<int, int> ahead_;
  std::map<int, std::vector<const Statement*>> made_of_;  // by variable: the index variables that are made of it
};

}  // namespace

void check_threads(const Nest& nest) { Checker(nest).check(nest.body); }

}  // namespace croton::tile
