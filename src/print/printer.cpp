#include "print/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/dtype.h"
#include "expr/functions.h"

namespace croton::print {
namespace {

using tile::Factor;
using tile::Linear;
using tile::Nest;
using tile::Reach;
using tile::Statement;
using tile::Word;

class Printer {
 public:
  Printer(const Nest& nest, const Dialect& dialect, const Names* names, std::size_t first_word = 0, int depth = 1)
      : nest_(nest), dialect_(dialect), names_(names), first_word_(first_word), depth_(depth) {}

  /// What stands between the braces, where v2 is the chunk.
  std::string run() {
    find_updated(nest_.body);
    if (nest_.warps >= 0) {
      const std::string_view warps = nest_.by_warps ? "true" : "Warps";
      line("const auto team = team_of<{}, {}>();", nest_.lanes, warps);
      // by a name of its own, for NVRTC takes what follows `team.lanes <` for a type
      line("constexpr i64 lanes = Team<{}, {}>::lanes;", nest_.lanes, warps);
    }
    if (const std::string scratch = dialect_.scratch(nest_); !scratch.empty()) line("{}", scratch);
    declare_words();
    if (points_ >= 0)
      line("const i64 v0 = {} * w{}, v1 = v0 + w{} < w{} ? v0 + w{} : w{};",
           pieces_ >= 0 ? fmt::format("index_quotient(v2, w{})", pieces_) : "v2", points_, points_, total_, points_,
           total_);
    std::set<int> resumed;
    for (const Statement& s : nest_.body)
      if (s.kind == Statement::Kind::loop && s.resume && resumed.insert(s.variable).second)
        line("i64 v{};", s.variable);
    body(nest_.body);
    if (std::any_of(nest_.words.begin(), nest_.words.end(), [](const Word& w) { return w.kind == Word::Kind::stream; }))
      line("stream_end();");
    return std::move(out_);
  }

 private:
  template <class... A>
  void line(fmt::format_string<A...> text, A&&... a) {
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    fmt::format_to(std::back_inserter(out_), text, std::forward<A>(a)...);
    out_ += '\n';
  }

  std::string lanes() const { return std::to_string(nest_.lanes); }

  void declare_words() {
    for (std::size_t k = 0; k < nest_.words.size(); ++k) {
      const Word& w = nest_.words[k];
      const std::string note = names_ ? "  // " + names_->words[k] : "";
      const std::string raw = dialect_.word(first_word_ + k);
      if (w.kind == Word::Kind::chunk_points) points_ = static_cast<int>(k);
      if (w.kind == Word::Kind::pieces) pieces_ = static_cast<int>(k);
      if (w.kind == Word::Kind::parallel) total_ = static_cast<int>(k);
      switch (w.kind) {
        case Word::Kind::errors:
        case Word::Kind::pointer: line("void* const w{} = (void*){};{}", k, raw, note); break;
        case Word::Kind::scratch: line("void* const w{} = (char*)scratch + {};{}", k, raw, note); break;
        case Word::Kind::warps: break;  // the team knows it
        case Word::Kind::scalar:
          line("const {} w{} = {};{}", dialect_.type(w.dtype), k, scalar_word(w.dtype, raw), note);
          break;
        default: line("const i64 w{} = {};{}", k, raw, note);
      }
    }
  }

  std::string scalar_word(DType d, const std::string& raw) const {
    if (d == float64) return fmt::format("bits_as<f64>({})", raw);
    if (d == float32) return fmt::format("bits_as<f32>((i32){})", raw);
    if (is_float(d)) return fmt::format("cast<{}>(bits_as<f32>((i32){}))", dialect_.type(d), raw);
    return fmt::format("({}){}", dialect_.type(d), raw);
  }

  static std::string factor(const Factor& f) {
    return f.word >= 0 ? fmt::format("w{}", f.word) : std::to_string(f.number);
  }

  static std::string linear(const Linear& terms) {
    std::string r;
    for (const tile::Term& t : terms) {
      if (std::any_of(t.factors.begin(), t.factors.end(), [](const Factor& f) { return f.word < 0 && f.number == 0; }))
        continue;
      std::string product = t.variable >= 0 ? fmt::format("v{}", t.variable) : "";
      for (const Factor& f : t.factors) {
        if (f.word < 0 && f.number == 1) continue;
        product += (product.empty() ? "" : " * ") + factor(f);
      }
      if (product.empty()) product = "1";
      r += (r.empty() ? "" : " + ") + product;
    }
    return r.empty() ? "0" : r;
  }

  std::string type(int reg) const {
    const tile::Register& r = nest_.registers[static_cast<std::size_t>(reg)];
    return r.lanes && !dialect_.threads ? fmt::format("V<{}, {}>", dialect_.type(r.dtype), nest_.lanes)
                                        : dialect_.type(r.dtype);
  }
  // A vector in this dialect.
  bool is_lanes(int reg) const { return !dialect_.threads && nest_.registers[static_cast<std::size_t>(reg)].lanes; }
  DType dtype(int reg) const { return nest_.registers[static_cast<std::size_t>(reg)].dtype; }

  std::string in_lanes(int reg, std::string scalar) const {
    return is_lanes(reg) ? fmt::format("splat<{}>({})", nest_.lanes, scalar) : scalar;
  }

  std::string identity(int reg, Monoid m) const { return in_lanes(reg, identity(dtype(reg), m)); }
  std::string identity(DType d, Monoid m) const {
    const std::string t = dialect_.type(d);
    const auto extreme = [&](bool least) {
      if (d == boolean) return fmt::format("({}){}", t, least ? 0 : 1);
      if (is_float(d)) return fmt::format("({}){}infinite", t, least ? "-" : "");
      const int bits = static_cast<int>(size_of(d)) * 8;
      if (is_unsigned_int(d)) return least ? fmt::format("({})0", t) : fmt::format("({})~(u64)0", t);
      return least ? fmt::format("({})((u64)1 << {})", t, bits - 1)
                   : fmt::format("({})(((u64)1 << {}) - 1)", t, bits - 1);
    };
    switch (m) {
      case Monoid::prod:
      case Monoid::all: return fmt::format("({})1", t);
      case Monoid::max:
      case Monoid::argmax: return extreme(true);
      case Monoid::min:
      case Monoid::argmin: return extreme(false);
      default: return fmt::format("({})0", t);
    }
  }

  static std::string_view combine(Monoid m) {
    switch (m) {
      case Monoid::prod: return "mul";
      case Monoid::max: return "running_max";
      case Monoid::min: return "running_min";
      case Monoid::any: return "or_";
      case Monoid::all: return "and_";
      default: return "add";
    }
  }
  static std::string_view across(Monoid m) {
    switch (m) {
      case Monoid::prod: return "prod";
      case Monoid::max: return "max";
      case Monoid::min: return "min";
      case Monoid::any: return "any";
      case Monoid::all: return "all";
      default: return "sum";
    }
  }

  std::string number(const Statement& s) const {
    const DType d = dtype(s.result);
    if (is_float(d) && d != float32 && d != float64)
      return fmt::format("cast<{}>((f32){:a})", dialect_.type(d), s.number);
    if (is_float(d)) return fmt::format("({}){:a}", dialect_.type(d), s.number);
    return fmt::format("({}){}", dialect_.type(d), s.integer);
  }

  std::string list(const std::vector<int>& regs) const {
    std::string r;
    for (const int a : regs) r += fmt::format("{}r{}", r.empty() ? "" : ", ", a);
    return r;
  }

  std::string memory(const Statement& s, bool reads) const {
    const int base = s.word >= 0 ? s.word : s.scratch;
    return fmt::format("({}{}*)w{} + {}", reads ? "const " : "", dialect_.type(s.dtype), base, linear(s.address));
  }

  std::string load(const Statement& s) const {
    const std::string m = memory(s, true);
    if (s.row >= 0)
      return fmt::format("load_where({}r{} >= 0, {} + {})", s.mask >= 0 ? fmt::format("r{} && ", s.mask) : "", s.row, m,
                         rows_on(s.row, s.row_stride));
    if (s.reach == Reach::listed) return load_rows(s, m);
    if (s.rows > 0) return fmt::format("load({} + row_of_thread<{}>() * {})", m, s.rows, factor(s.stride));
    if (s.mask >= 0) return fmt::format("load_where(r{}, {})", s.mask, m);
    if (dialect_.threads) return fmt::format("load({})", m);
    switch (s.reach) {
      case Reach::scalar: return fmt::format("load({})", m);
      case Reach::lanes:
        return s.partial ? fmt::format("load_n<{}>({}, n)", nest_.lanes, m)
                         : fmt::format("load<{}>({})", nest_.lanes, m);
      case Reach::strided:
      case Reach::listed:
      case Reach::own: break;
    }
    return s.partial ? fmt::format("gather_n<{}>({}, {}, n)", nest_.lanes, m, factor(s.stride))
                     : fmt::format("gather<{}>({}, {})", nest_.lanes, m, factor(s.stride));
  }

  // So many elements further on.
  static std::string rows_on(int row, const Factor& stride) {
    const bool unit = stride.word < 0 && stride.number == 1;
    return fmt::format("r{}", row) + (unit ? "" : " * " + factor(stride));
  }

  std::string load_rows(const Statement& s, const std::string& m) const {
    const std::string at = rows_on(s.args[0], s.stride);
    if (s.mask >= 0) return fmt::format("load_where(r{}, {} + {})", s.mask, m, at);
    return dialect_.threads ? fmt::format("load({} + {})", m, at) : fmt::format("gather_at({}, {})", m, at);
  }

  std::string column(const Statement& s) const {
    return fmt::format("{}, {}, {}, r{}, {}", memory(s, true), factor(s.stride), linear(s.to), s.mask,
                       identity(s.dtype, s.monoid));
  }

  // The arguments of what takes a fold apart or together: nothing more where all threads of the block fold.
  std::string fold(const Statement& s, std::string_view verb, bool typed) const {
    static constexpr std::string_view of[] = {"", "_of_team", "_of_teams", "_of_warps"};
    const bool block = s.across == tile::Across::block || s.across == tile::Across::warps;
    if (s.rows > 0)
      return typed ? fmt::format("{}_{}_of_rows<{}, {}, {}, {}>()", verb, across(s.monoid), nest_.lanes, s.slot, s.rows,
                                 dialect_.type(dtype(s.result)))
                   : fmt::format("{}_{}_of_rows<{}, {}>(CROTON_LINE, {})", verb, across(s.monoid), nest_.lanes, s.slot,
                                 list(s.args));
    const std::string type = typed && block ? std::string(", ") + dialect_.type(dtype(s.result)) : "";
    const std::string value = typed && block ? "" : fmt::format("r{}", s.args[0]);
    return fmt::format("{}_{}{}<{}, {}{}>({}{})", verb, across(s.monoid), of[static_cast<std::size_t>(s.across)],
                       nest_.lanes, s.slot, type, value, block ? "" : ", team");
  }

  void barrier(const Statement& s) {
    static constexpr std::string_view spelled[] = {"barrier();", "barrier_of_team(team);", "barrier_of_teams(team);"};
    line("{}", spelled[static_cast<std::size_t>(s.across)]);
  }

  std::string row(const Statement& s) const {
    const std::string checked =
        fmt::format("r{}, {}, w{}, {}, {}", s.args[0], linear(s.to), s.word, s.integer, linear(s.address));
    if (s.mask >= 0) return fmt::format("r{} ? row({}) : 0", s.mask, checked);
    if (!is_lanes(s.result)) return fmt::format("row({})", checked);
    return fmt::format("rows({}, {}, {})", checked, linear(s.from), s.partial ? "n" : lanes());
  }

  void store(const Statement& s) {
    const std::string m = memory(s, false);
    if (dialect_.threads) {
      const bool one = s.reach == Reach::scalar && nest_.lanes > 1;
      std::string who = s.mask >= 0 ? fmt::format("r{}", s.mask)
                        : !one      ? ""
                        : in_team_  ? "team.lane == 0"
                                    : "thread() == 0";
      if (s.row >= 0) who += fmt::format("{}r{} >= 0", who.empty() ? "" : " && ", s.row);
      return line("{}store({}{}, r{});", who.empty() ? "" : fmt::format("if ({}) ", who), m,
                  s.row < 0 ? "" : " + " + rows_on(s.row, s.row_stride), s.args[0]);
    }
    switch (s.reach) {
      case Reach::scalar: line("store({}, r{});", m, s.args[0]); break;
      case Reach::lanes:
        line("{}{}({}, r{}{}{});", s.partial ? "store_n" : "store", s.stream >= 0 ? "_past" : "", m, s.args[0],
             s.partial ? ", n" : "", s.stream >= 0 ? fmt::format(", w{}", s.stream) : "");
        break;
      case Reach::strided:
        s.partial ? line("scatter_n({}, {}, r{}, n);", m, factor(s.stride), s.args[0])
                  : line("scatter({}, {}, r{});", m, factor(s.stride), s.args[0]);
        break;
      case Reach::listed:
      case Reach::own: break;  // loads only, or of threads
    }
  }

  void find_updated(const tile::Body& b) {
    updated_.resize(nest_.registers.size());
    for (const Statement& s : b) {
      if (s.kind == Statement::Kind::update || s.kind == Statement::Kind::assign)
        updated_[static_cast<std::size_t>(s.result)] = true;
      for (const tile::Body* inner : {&s.several, &s.body, &s.tail}) find_updated(*inner);
    }
  }

  void let(const Statement& s, const std::string& value) {
    line("{}{} r{} = {};", updated_[static_cast<std::size_t>(s.result)] ? "" : "const ", type(s.result), s.result,
         value);
  }

  void index(const Statement& s) {
    std::string v = s.args.empty() ? linear(s.address) : fmt::format("r{}", s.args[0]);
    if (s.divisor.word >= 0 || s.divisor.number != 1) v = fmt::format("index_quotient({}, {})", v, factor(s.divisor));
    if (s.modulus.word >= 0 || s.modulus.number != 0) v = fmt::format("index_remainder({}, {})", v, factor(s.modulus));
    if (!s.to.empty()) v = fmt::format("{0} < {1} ? {0} : {1}", v, linear(s.to));
    line("const i64 v{} = {};", s.variable, v);
  }

  void loop(const Statement& s) {
    const std::string v = fmt::format("v{}", s.variable),
                      to = s.args.empty() ? linear(s.to) : fmt::format("r{}", s.args[1]);
    const bool outside = std::any_of(nest_.body.begin(), nest_.body.end(),
                                     [&](const Statement& o) { return o.resume && o.variable == s.variable; });
    const std::string first =
        (s.args.empty() ? linear(s.from) : fmt::format("r{}", s.args[0])) + (s.dealt ? " + team.number" : "");
    const std::string from = s.resume  ? s.dealt ? fmt::format("{} += team.number", v) : ""
                             : outside ? fmt::format("{} = {}", v, first)
                                       : fmt::format("i64 {} = {}", v, first);
    const std::string test =
        (s.alone ? "!team.is_warp && " : "") +
        (s.whole_steps ? fmt::format("{} + {} <= {}", v, s.step, to) : fmt::format("{} < {}", v, to));
    line("for ({}; {}; {} += {}) {{", from, test, v, s.dealt ? "team.count" : std::to_string(s.step));
    const bool before = std::exchange(in_team_, in_team_ || s.dealt || s.alone);
    nested(s.body);
    in_team_ = before;
    line("}}");
  }

  // Elements of so many vectors.
  std::string vectors(Index n) const {
    if (!in_team_) return std::to_string(n * nest_.lanes);
    return n == 1 ? "lanes" : fmt::format("{} * lanes", n);
  }

  void lane_loop(const Statement& s) {
    const std::string v = fmt::format("v{}", s.variable), to = linear(s.to);
    if (dialect_.threads) {
      const std::string from = (s.from.empty() ? "" : linear(s.from) + " + ") + (in_team_ ? "team.lane" : "thread()");
      if (s.vectors == 1) {
        line("for (i64 {0} = {1}; {0} < {2}; {0} += {3}) {{", v, from, to, vectors(1));
        nested(s.body);
        return line("}}");
      }
      line("{{");
      ++depth_;
      line("i64 {} = {};", v, from);
      line("for (; {0} + {1} < {2}; {0} += {3}) {{", v, vectors(s.vectors - 1), to, vectors(s.vectors));
      nested(s.several);
      line("}}");
      line("CROTON_ROLLED for (; {0} < {1}; {0} += {2}) {{", v, to, vectors(1));
      nested(s.body);
      line("}}");
      --depth_;
      return line("}}");
    }
    if (s.tail.empty()) {
      line("for (i64 {0} = {1}; {0} < {2}; {0} += {3}) {{", v, linear(s.from), to, nest_.lanes);
      nested(s.body);
      return line("}}");
    }
    line("{{");
    ++depth_;
    line("i64 {} = {};", v, linear(s.from));
    const auto whole = [&](Index vectors, const tile::Body& b) {
      line("for (; {} + {} <= {}; {} += {}) {{", v, vectors * nest_.lanes, to, v, vectors * nest_.lanes);
      nested(b);
      line("}}");
    };
    if (s.vectors > 1) whole(s.vectors, s.several);
    const std::string left = fmt::format("{} - {}", to, v);
    if (s.body.empty()) {
      line("for (; {} < {}; {} += {}) {{", v, to, v, nest_.lanes);
      line("  const i64 n = {} < {} ? {} : {};", left, nest_.lanes, left, nest_.lanes);
    } else {
      whole(1, s.body);
      line("if ({} < {}) {{", v, to);
      line("  const i64 n = {};", left);
    }
    nested(s.tail);
    line("}}");
    --depth_;
    line("}}");
  }

  void nested(const tile::Body& b) {
    ++depth_;
    body(b);
    --depth_;
  }

  void body(const tile::Body& b) {
    for (const Statement& s : b) print(s);
  }

  void print(const Statement& s) {
    using K = Statement::Kind;
    switch (s.kind) {
      case K::let_word: return let(s, fmt::format("w{}", s.word));
      case K::let_number: return let(s, number(s));
      case K::let_call:
        return let(s,
                   fmt::format("{}({})", dialect_.function(expr::function(s.function), dtype(s.args.back()), s.in_line),
                               list(s.args)));
      case K::let_convert: return let(s, fmt::format("cast<{}>(r{})", dialect_.type(dtype(s.result)), s.args[0]));
      case K::let_splat:
        return let(s, dialect_.threads ? fmt::format("r{}", s.args[0])
                                       : fmt::format("splat<{}>(r{})", nest_.lanes, s.args[0]));
      case K::let_pack:
        return let(s, s.rows > 0 ? fmt::format("pack_rows({})", list(s.args))
                                 : fmt::format("pack<{}>({})", nest_.lanes, list(s.args)));
      case K::let_lane:
        return let(s, s.rows > 0 ? fmt::format("row_lane<{}, {}>(r{})", s.rows, s.integer, s.args[0])
                                 : fmt::format("lane(r{}, {})", s.args[0], s.integer));
      case K::let_own:
        if (s.dealt)
          line("const i64 v{} = {} + (thread() & {});", s.variable, linear(s.from), nest_.columns - 1);
        else if (nest_.by_warps)
          line("const i64 v{} = team.lane + {};", s.variable, s.integer * tile::warp_lanes);
        else
          line("const i64 v{} = thread() + {};", s.variable, s.integer * nest_.lanes);
        return let(s, fmt::format("v{} < {}", s.variable, linear(s.to)));
      case K::let_first: return let(s, fmt::format("r{} && thread() < {}", s.args[0], nest_.columns));
      case K::begin_column:
        return line("const auto c{} = column_rows<{}, {}>({});", s.slot, lanes(), nest_.columns, column(s));
      case K::let_column:
        return let(
            s, fmt::format("column_{}<{}, {}>(c{}, {})", across(s.monoid), lanes(), nest_.columns, s.slot, column(s)));
      case K::let_load: return let(s, load(s));
      case K::let_iota: return let(s, iota(s));
      case K::let_place:
        return let(s, fmt::format("place_in_lanes<{}>(r{}, (i64)({}))", nest_.lanes, s.args[0], linear(s.address)));
      case K::let_row: return let(s, row(s));
      case K::let_fold:
        return let(s, dialect_.threads
                          ? fold(s, "folded", true)
                          : fmt::format("h{}{}({})", across(s.monoid), s.args.size() > 1 ? "_rows" : "", list(s.args)));
      case K::put_fold: return line("{};", fold(s, "fold", false));
      case K::barrier: return barrier(s);
      case K::let_masked:
        if (s.mask >= 0)
          return let(s, fmt::format("select(r{}, r{}, {})", s.mask, s.args[0], identity(s.args[0], s.monoid)));
        return let(s, fmt::format("select(first_lanes<{}>(n), r{}, {})", nest_.lanes, s.args[0],
                                  identity(s.args[0], s.monoid)));
      case K::let_identity:
        return let(s, s.args.empty() ? identity(s.result, s.monoid) : fmt::format("r{}", s.args[0]));
      case K::assign: return line("r{} = r{};", s.result, s.args[0]);
      case K::update: return update(s);
      case K::store: return store(s);
      case K::prefetch: return line("prefetch({});", memory(s, true));
      case K::index: return index(s);
      case K::ahead: return line("const i64 v{} = {} + {};", s.variable, linear(s.address), vectors(s.integer));
      case K::loop: return loop(s);
      case K::lane_loop: return lane_loop(s);
    }
  }

  std::string iota(const Statement& s) const {
    const std::string t = dialect_.type(dtype(s.result));
    if (!is_lanes(s.result)) return fmt::format("cast<{}>((i64)({}))", t, linear(s.address));
    const std::string step = linear(s.from);
    if (s.address.empty() && step == "1") return fmt::format("iota<{}, {}>()", t, nest_.lanes);
    std::string steps = fmt::format("iota<{}, {}>()", t, nest_.lanes);
    if (step != "1") steps = fmt::format("mul({}, splat<{}>(({})({})))", steps, nest_.lanes, t, step);
    return fmt::format("add(splat<{}>(({})({})), {})", nest_.lanes, t, linear(s.address), steps);
  }

  void update(const Statement& s) {
    const DType d = dtype(s.result);
    if (d == float16 || d == bfloat16)  // each sum is rounded
      line("r{0} = cast<{1}>({2}(cast<f32>(r{0}), cast<f32>(r{3})));", s.result, dialect_.type(d), combine(s.monoid),
           s.args[0]);
    else if (s.args.size() == 2)
      line("r{} = fma(r{}, r{}, r{});", s.result, s.args[0], s.args[1], s.result);
    else
      line("r{} = {}(r{}, r{});", s.result, combine(s.monoid), s.result, s.args[0]);
  }

  const Nest& nest_;
  const Dialect& dialect_;
  const Names* names_;
  std::vector<bool> updated_;  // registers that are variables
  std::size_t first_word_;     // the nest's, among the kernel's
  int depth_;
  std::string out_;
  int points_ = -1, total_ = -1, pieces_ = -1;
  bool in_team_ = false;  // a team's own loop is around
};

void collect(const tile::Body& body, std::vector<std::string_view>& out) {
  for (const Statement& s : body) {
    if (s.kind == Statement::Kind::let_call && std::find(out.begin(), out.end(), s.function) == out.end())
      out.push_back(s.function);
    for (const tile::Body* inner : {&s.several, &s.body, &s.tail}) collect(*inner, out);
  }
}

// Each nest has the blocks from where those of the one before it end.
std::string side_by_side(std::span<const Nest> nests, const Dialect& dialect, std::span<const Names> names) {
  std::size_t begins = 0;
  for (const Nest& n : nests) begins += n.words.size();
  std::string text;
  std::size_t word = 0;
  for (std::size_t k = 0; k < nests.size(); ++k) {
    const bool last = k + 1 == nests.size();
    text +=
        (k == 0 ? "  " : " else ") + (last ? "{\n" : fmt::format("if (block() < {}) {{\n", dialect.word(begins + k)));
    text += "    const i64 v2 = block()" + (k == 0 ? "" : " - " + dialect.word(begins + k - 1)) + ";\n";
    text += Printer(nests[k], dialect, names.empty() ? nullptr : &names[k], word, 2).run() + "  }";
    word += nests[k].words.size();
  }
  return text + "\n";
}

}  // namespace

std::string kernel(std::span<const Nest> nests, std::string_view name, const Dialect& dialect,
                   std::span<const Names> names) {
  std::string text;
  for (const Names& n : names)
    for (const std::string& line : n.computes) text += "// " + line + "\n";
  text += dialect.signature(name, nests);
  text += nests.size() == 1 ? Printer(nests[0], dialect, names.empty() ? nullptr : names.data()).run()
                            : side_by_side(nests, dialect, names);
  return text + dialect.closing(name, nests);
}

std::vector<std::string_view> functions(const Nest& nest) {
  std::vector<std::string_view> r;
  collect(nest.body, r);
  return r;
}

std::string entry_name(std::size_t number) { return fmt::format("kernel_{}", number); }

std::string translation_unit(std::span<const Nest> nests, const Target& target) {
  std::vector<std::string_view> used;
  for (const Nest& n : nests)
    for (const std::string_view f : functions(n))
      if (std::find(used.begin(), used.end(), f) == used.end()) used.push_back(f);
  std::sort(used.begin(), used.end());
  const bool gpu = target.device_class == DeviceClass::gpu;
  std::string text =
      gpu ? expr::gpu_kernel_source(used, target.fast) + "namespace croton {\n"
          : fmt::format("#define CROTON_VECTOR_BYTES {}\n", target.vector_bytes) + expr::kernel_source(used);
  for (std::size_t number = 0; !nests.empty(); ++number) {
    const auto together = tile::one_kernel(nests);
    text += kernel(together, entry_name(number), dialect(target));
    nests = nests.subspan(together.size());
  }
  return gpu ? text + "}  // namespace croton\n" : text;
}

}  // namespace croton::print
