// What every loop nest must satisfy before it is printed.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "base/dtype.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

template <class... A>
[[noreturn]] void broken(fmt::format_string<A...> text, A&&... a) {
  throw std::logic_error("loop nest: " + fmt::format(text, std::forward<A>(a)...));
}

class Checker {
 public:
  Checker(const Nest& nest, const Target& target)
      : nest_(nest),
        target_(target),
        registers_(nest.registers.size(), false),
        variables_(static_cast<std::size_t>(std::max(nest.variables, 3)), false) {}

  void run() {
    for (const Register& r : nest_.registers) width(r);
    for (const int v : {0, 1, 2}) variables_[static_cast<std::size_t>(v)] = true;
    // a loop that another resumes leaves its variable behind
    for (const Statement& s : nest_.body)
      if (s.kind == Statement::Kind::loop && s.resume) resumed_.push_back(s.variable);
    body(nest_.body, false);
  }

 private:
  // The prelude has the machine's own instructions for its own vectors only; bools are masks.
  void width(const Register& r) const {
    if (target_.device_class == DeviceClass::gpu || !r.lanes || r.dtype == boolean) return;
    if (const int bytes = static_cast<int>(size_of(r.dtype)) * nest_.lanes; bytes > target_.vector_bytes)
      broken("{} lanes of {} do not fit a vector of {} bytes", nest_.lanes, name_of(r.dtype), target_.vector_bytes);
  }

  // ---- what a statement may name
  const Register& reg(int r) const {
    if (r < 0 || static_cast<std::size_t>(r) >= registers_.size()) broken("r{} is no register of the nest", r);
    return nest_.registers[static_cast<std::size_t>(r)];
  }
  const Register& read(int r) const {
    reg(r);
    if (!registers_[static_cast<std::size_t>(r)]) broken("r{} is used before it is defined", r);
    return reg(r);
  }
  void define(int r, std::vector<int>& here) {
    reg(r);
    if (registers_[static_cast<std::size_t>(r)]) broken("r{} is defined twice", r);
    registers_[static_cast<std::size_t>(r)] = true;
    here.push_back(r);
  }
  const Word& word(int w) const {
    if (w < 0 || static_cast<std::size_t>(w) >= nest_.words.size()) broken("w{} is no word of the nest", w);
    return nest_.words[static_cast<std::size_t>(w)];
  }
  void variable(int v) const {
    if (v < 0 || static_cast<std::size_t>(v) >= variables_.size()) broken("v{} is no index variable of the nest", v);
    if (!variables_[static_cast<std::size_t>(v)]) broken("v{} is used before it is set", v);
  }
  void set(int v, std::vector<int>& here) {
    if (v < 3 || static_cast<std::size_t>(v) >= variables_.size()) broken("v{} is no index variable to set", v);
    variables_[static_cast<std::size_t>(v)] = true;
    here.push_back(v);
  }
  void factor(const Factor& f) const {
    if (f.word < 0) return;
    const Word::Kind kind = word(f.word).kind;
    if (kind == Word::Kind::pointer || kind == Word::Kind::scratch || kind == Word::Kind::scalar ||
        kind == Word::Kind::stream || kind == Word::Kind::errors)
      broken("w{} is no number of elements, yet an address multiplies by it", f.word);
  }
  void linear(const Linear& terms) const {
    for (const Term& t : terms) {
      if (t.variable >= 0) variable(t.variable);
      for (const Factor& f : t.factors) factor(f);
    }
  }

  // ---- statements
  void memory(const Statement& s, const Register& r, bool in_tail) const {
    const int base = s.word >= 0 ? s.word : s.scratch;
    const Word::Kind wanted = s.word >= 0 ? Word::Kind::pointer : Word::Kind::scratch;
    if (word(base).kind != wanted) broken("w{} holds no address, yet memory is reached through it", base);
    linear(s.address);
    if (s.reach == Reach::strided || s.reach == Reach::listed) factor(s.stride);
    if (s.row >= 0)
      row_if_any(s);
    else if (s.reach == Reach::listed)
      row_of_lanes(s);
    if (s.reach == Reach::own && target_.device_class != DeviceClass::gpu) broken("lanes go each their own way");
    if (r.dtype != s.dtype) broken("memory of {} meets a register of {}", name_of(s.dtype), name_of(r.dtype));
    if (r.lanes != (s.reach != Reach::scalar))
      broken("{} meets memory {}", r.lanes ? "a register of lanes" : "a scalar register",
             s.reach == Reach::scalar ? "of one element" : "of many");
    if (s.partial && !in_tail) broken("a part of the lanes is reached outside the rest of a loop over lanes");
    mask(s);
  }

  void mask(const Statement& s) const {
    if (s.mask >= 0 && (!read(s.mask).lanes || read(s.mask).dtype != boolean)) broken("r{} is no mask", s.mask);
  }

  void column(const Statement& s) const {
    if (s.reach != Reach::lanes || s.mask < 0 || begun_.count(s.slot) == 0) broken("slot {} is no column", s.slot);
    factor(s.stride);
    linear(s.to);
    memory(s, {s.dtype, true}, false);
  }

  void row_of_lanes(const Statement& s) const {
    if (s.kind != Statement::Kind::let_load || s.args.size() != 1 || !read(s.args[0]).lanes ||
        read(s.args[0]).dtype != int64)
      broken("memory is reached by a list that is no register of rows");
  }

  void row_if_any(const Statement& s) const {
    factor(s.row_stride);
    if (read(s.row).dtype != int64 || read(s.row).lanes != (s.reach == Reach::listed)) broken("r{} is no row", s.row);
    if (target_.device_class != DeviceClass::gpu) broken("r{} may be no row, and lanes have no such access", s.row);
  }

  void checked_row(const Statement& s, bool in_tail) const {
    if (word(s.word).kind != Word::Kind::errors) broken("w{} takes no reports", s.word);
    if (s.args.size() != 1 || reg(s.result).dtype != int64 || read(s.args[0]).dtype != int64)
      broken("r{} is no row", s.result);
    mask(s);
    if (s.partial && !in_tail) broken("a part of the lanes is checked outside the rest of a loop over lanes");
    linear(s.address);
    linear(s.from);
    linear(s.to);
    same_width(s);
  }

  void folded(const Statement& s) const {
    if ((s.across == Across::team || s.across == Across::teams) && nest_.warps < 0)
      broken("a team is spoken of, and there is none");
    if (s.rows > 0) return folded_rows(s);
    if (s.args.size() != 1 || read(s.args[0]).lanes == (s.across == Across::teams))
      broken("a fold takes no {}", s.across == Across::teams ? "value of a team" : "lanes");
  }

  /// Of the rows of a tile, by threads.
  void folded_rows(const Statement& s) const {
    const bool put = s.kind == Statement::Kind::put_fold;
    if (s.across != Across::block || s.rows > warp_lanes || warp_lanes % s.rows != 0 ||
        s.args.size() != static_cast<std::size_t>(put ? s.rows : 0))
      broken("{} values are no folds of {} rows", s.args.size(), s.rows);
    for (const int a : s.args)
      if (!read(a).lanes) broken("r{} folds no lanes", a);
  }

  /// Of several vectors, one a lane.
  void folded_each(const Statement& s) const {
    if (s.args.size() > static_cast<std::size_t>(nest_.lanes) || !reg(s.result).lanes)
      broken("{} folds do not fit into r{}", s.args.size(), s.result);
    for (const int a : s.args)
      if (!read(a).lanes) broken("r{} folds no lanes", s.result);
  }

  void same_width(const Statement& s) const {
    for (const int a : s.args)
      if (read(a).lanes != reg(s.result).lanes)
        broken("r{} {} lanes, its argument r{} {}", s.result, reg(s.result).lanes ? "has" : "has no", a,
               read(a).lanes ? "has" : "has not");
  }

  void define_value(const Statement& s, bool in_tail) const {
    using K = Statement::Kind;
    switch (s.kind) {
      case K::let_word:
        if (word(s.word).kind == Word::Kind::scalar && word(s.word).dtype != reg(s.result).dtype)
          broken("r{} is {}, w{} is {}", s.result, name_of(reg(s.result).dtype), s.word, name_of(word(s.word).dtype));
        return;
      case K::let_call:
      case K::let_convert:
      case K::let_identity: return same_width(s);
      case K::let_splat:
        if (s.args.size() != 1 || read(s.args[0]).lanes || !reg(s.result).lanes) broken("r{} is no splat", s.result);
        return;
      case K::let_pack:
        if (s.args.empty() || s.args.size() > static_cast<std::size_t>(nest_.lanes) || !reg(s.result).lanes)
          broken("{} values do not fit into r{}", s.args.size(), s.result);
        for (const int a : s.args)
          if (read(a).lanes || read(a).dtype != reg(s.result).dtype) broken("r{} is no lane of r{}", a, s.result);
        return;
      case K::let_lane:
        if (s.args.size() != 1 || !read(s.args[0]).lanes || read(s.args[0]).dtype != reg(s.result).dtype ||
            reg(s.result).lanes || s.integer < 0 || s.integer >= nest_.lanes)
          broken("r{} is no lane", s.result);
        return;
      case K::let_fold:
        if (s.args.size() > 1) return folded_each(s);
        folded(s);
        if (reg(s.result).lanes != (s.rows > 0 || s.across == Across::warps)) broken("r{} folds no lanes", s.result);
        return;
      case K::let_masked:
        if (!in_tail && s.mask < 0) broken("r{} masks lanes outside the rest of a loop over lanes", s.result);
        mask(s);
        return same_width(s);
      case K::let_own:
        if (reg(s.result).dtype != boolean || !reg(s.result).lanes) broken("r{} is no mask", s.result);
        linear(s.from);
        return linear(s.to);
      case K::let_first:
        if (s.args.size() != 1 || reg(s.result).dtype != boolean || read(s.args[0]).dtype != boolean)
          broken("r{} is no mask", s.result);
        return same_width(s);
      case K::let_column: return column(s);
      case K::let_load: return memory(s, reg(s.result), in_tail);
      case K::let_iota: linear(s.from); return linear(s.address);
      case K::let_place:
        if (s.args.size() != 1 || read(s.args[0]).lanes || reg(s.result).lanes || reg(s.result).dtype != DType::int32)
          broken("r{} is no place", s.result);
        return linear(s.address);
      case K::let_row: return checked_row(s, in_tail);
      default: return;  // numbers and identities name nothing
    }
  }

  void body(const Body& statements, bool in_tail) {
    std::vector<int> registers, variables;  // what ends with this body
    for (const Statement& s : statements) statement(s, in_tail, registers, variables);
    for (const int r : registers) registers_[static_cast<std::size_t>(r)] = false;
    for (const int v : variables) variables_[static_cast<std::size_t>(v)] = false;
  }

  void statement(const Statement& s, bool in_tail, std::vector<int>& registers, std::vector<int>& variables) {
    using K = Statement::Kind;
    switch (s.kind) {
      case K::assign:
        read(s.result);
        if (s.args.size() != 1 || read(s.args[0]).dtype != reg(s.result).dtype)
          broken("r{} becomes what it cannot be", s.result);
        return same_width(s);
      case K::update:
        read(s.result);
        if (s.args.empty() || s.args.size() > 2) broken("r{} is updated by {} values", s.result, s.args.size());
        return same_width(s);
      case K::store:
        if (s.args.size() != 1) broken("{} values are stored at once", s.args.size());
        if (s.stream >= 0 && word(s.stream).kind != Word::Kind::stream) broken("w{} says nothing of caches", s.stream);
        return memory(s, read(s.args[0]), in_tail);
      case K::put_fold: return folded(s);
      case K::begin_column: begun_.insert(s.slot); return column(s);
      case K::barrier: return;
      case K::prefetch:
        if (word(s.word).kind != Word::Kind::pointer) broken("w{} holds no address, yet it is prefetched", s.word);
        return linear(s.address);
      case K::index:
        for (const int a : s.args)
          if (read(a).lanes || read(a).dtype != int64) broken("v{} is set to r{}, which is no row", s.variable, a);
        linear(s.address);
        factor(s.divisor);
        factor(s.modulus);
        linear(s.to);
        return set(s.variable, variables);
      case K::ahead:
        if (s.address.size() != 1 || s.address[0].variable != lanes_of_ || !s.address[0].factors.empty())
          broken("v{} is ahead of no loop over lanes", s.variable);
        if (s.integer < 1 || s.integer >= vectors_)
          broken("v{} is {} of {} vectors ahead", s.variable, s.integer, vectors_);
        return set(s.variable, variables);
      case K::loop: return loop(s, in_tail, variables);
      case K::lane_loop: return lane_loop(s);
      case K::let_own: set(s.variable, variables); [[fallthrough]];
      default:
        for (const int a : s.args) read(a);
        define_value(s, in_tail);
        return define(s.result, registers);
    }
  }

  void loop(const Statement& s, bool in_tail, std::vector<int>& variables) {
    if (s.step < 1 || (s.dealt && s.step != 1)) broken("a loop over v{} steps by {}", s.variable, s.step);
    if ((s.dealt || s.alone) && nest_.warps < 0) broken("a loop over v{} is dealt out to no team", s.variable);
    if (!s.args.empty() && (s.args.size() != 2 || read(s.args[0]).dtype != int64 || read(s.args[1]).dtype != int64 ||
                            read(s.args[0]).lanes != read(s.args[1]).lanes || s.resume || s.dealt))
      broken("a loop over v{} has no such bounds", s.variable);
    linear(s.to);
    if (s.resume)
      variable(s.variable);
    else
      linear(s.from);
    std::vector<int> own;
    if (!s.resume) set(s.variable, own);
    body(s.body, in_tail);
    for (const int v : own) {
      bool stays = false;
      for (const int r : resumed_) stays = stays || r == v;
      if (stays)
        variables.push_back(v);
      else
        variables_[static_cast<std::size_t>(v)] = false;
    }
  }

  void lane_loop(const Statement& s) {
    linear(s.from);
    linear(s.to);
    std::vector<int> own;
    set(s.variable, own);
    if (s.vectors < 1 || (s.vectors > 1) == s.several.empty())
      broken("a loop over lanes v{} takes {} vectors at a time", s.variable, s.vectors);
    lanes_of_ = s.variable;
    vectors_ = s.vectors;
    body(s.several, false);
    lanes_of_ = -1;
    body(s.body, false);
    body(s.tail, true);
    variables_[static_cast<std::size_t>(s.variable)] = false;
  }

  const Nest& nest_;
  const Target& target_;
  std::vector<bool> registers_, variables_;  // defined at this point
  std::vector<int> resumed_;
  std::set<int> begun_;  // columns
  int lanes_of_ = -1;    // the variable of the loop over lanes whose several vectors are looked at
  Index vectors_ = 1;    // how many they are
};

}  // namespace

void verify(const Nest& nest, const Target& target) { Checker(nest, target).run(); }

}  // namespace croton::tile
