// The notation of loop nests: words, scratch, then the body, a statement a line. What the printer makes of it can be
// checked against this line by line.
#include <fmt/format.h>

#include <algorithm>

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

std::string_view monoid(Monoid m) {
  static constexpr std::string_view names[] = {"sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "spread"};
  return names[static_cast<std::size_t>(m)];
}

std::string word(const Word& w) {
  switch (w.kind) {
    case Word::Kind::pointer: return fmt::format("pointer of b{}", w.buffer);
    case Word::Kind::extent: return fmt::format("extent of a{}", w.axis);
    case Word::Kind::padded: return fmt::format("extent of a{} in whole lines of {}", w.axis, name_of(w.dtype));
    case Word::Kind::stride: return fmt::format("stride of b{} along {}", w.buffer, w.dim);
    case Word::Kind::parallel: return "points";
    case Word::Kind::chunk_points: return "points of a chunk";
    case Word::Kind::pieces: return "pieces of a row";
    case Word::Kind::piece: return "elements of a piece";
    case Word::Kind::row: return fmt::format("row of b{}", w.buffer);
    case Word::Kind::rows: return fmt::format("rows of b{}", w.buffer);
    case Word::Kind::row_points: return fmt::format("points of a row of b{}", w.buffer);
    case Word::Kind::all_points: return fmt::format("points of all rows of b{}", w.buffer);
    case Word::Kind::scratch: return fmt::format("scratch {}", w.buffer);
    case Word::Kind::stream: return fmt::format("whether b{} goes past the caches", w.buffer);
    case Word::Kind::errors: return "where failed checks are reported";
    case Word::Kind::warps: return "whether each warp is a team";
    case Word::Kind::scalar: break;
  }
  return fmt::format("{} {}", name_of(w.dtype),
                     is_float(w.dtype) ? fmt::format("{}", w.number) : std::to_string(w.integer));
}

std::string_view across(Across a) {
  static constexpr std::string_view names[] = {"", " of a team", " of teams", " of warps"};
  return names[static_cast<std::size_t>(a)];
}

std::string factor(const Factor& f) { return f.word >= 0 ? fmt::format("w{}", f.word) : std::to_string(f.number); }

std::string linear(const Linear& terms) {
  std::string all;
  for (const Term& t : terms) {
    std::string product = t.variable >= 0 ? fmt::format("v{}", t.variable) : "";
    for (const Factor& f : t.factors)
      if (f.word >= 0 || f.number != 1 || (t.variable < 0 && t.factors.size() == 1))
        product += (product.empty() ? "" : " * ") + factor(f);
    all += (all.empty() ? "" : " + ") + (product.empty() ? "1" : product);
  }
  return all.empty() ? "0" : all;
}

class Writer {
 public:
  explicit Writer(const Nest& nest) : nest_(nest) {}

  std::string run() {
    for (std::size_t k = 0; k < nest_.words.size(); ++k) out_ += fmt::format("w{} = {}\n", k, word(nest_.words[k]));
    for (std::size_t k = 0; k < nest_.scratch.size(); ++k) {
      const Scratch& s = nest_.scratch[k];
      out_ += fmt::format("scratch {} = {}[{}{}]\n", k, name_of(s.dtype), s.copies,
                          s.axis == no_axis ? "" : fmt::format(", a{}", s.axis));
    }
    out_ += fmt::format("{} lanes; chunk v2 has the points v0 to v1\n", nest_.lanes);
    body(nest_.body, 0);
    return std::move(out_);
  }

 private:
  std::string args(const Statement& s) const {
    std::string r;
    for (const int a : s.args) r += fmt::format("{}r{}", r.empty() ? "" : ", ", a);
    return r;
  }

  static std::string rows(const Statement& s) { return s.rows > 0 ? fmt::format(" for {} rows", s.rows) : ""; }
  static std::string where(const Statement& s) { return s.mask >= 0 ? fmt::format(" where r{}", s.mask) : ""; }

  std::string memory(const Statement& s) const {
    const std::string base = fmt::format("w{}[{}]", s.word >= 0 ? s.word : s.scratch, linear(s.address));
    if (s.row >= 0)
      return base + (s.reach == Reach::lanes ? " lanes" : "") +
             fmt::format(" row r{} of {}, if any", s.row, factor(s.row_stride)) + where(s);
    const std::string reach = s.reach == Reach::scalar   ? ""
                              : s.reach == Reach::lanes  ? " lanes"
                              : s.reach == Reach::own    ? " of each thread"
                              : s.reach == Reach::listed ? fmt::format(" rows {} of {}", args(s), factor(s.stride))
                                                         : fmt::format(" lanes {} apart", factor(s.stride));
    return base + reach + rows(s) + (s.partial ? " that are left" : "") + where(s);
  }

  std::string value(const Statement& s) const {
    using K = Statement::Kind;
    const DType d = nest_.registers[static_cast<std::size_t>(s.result)].dtype;
    switch (s.kind) {
      case K::let_word: return fmt::format("w{}", s.word);
      case K::let_number: return is_float(d) ? fmt::format("{}", s.number) : std::to_string(s.integer);
      case K::let_call: return fmt::format("{}({}){}", s.function, args(s), s.in_line ? " in line" : "");
      case K::let_convert: return fmt::format("{}({})", name_of(d), args(s));
      case K::let_splat: return fmt::format("splat {}", args(s));
      case K::let_pack: return fmt::format("lanes {}", args(s));
      case K::let_lane: return fmt::format("lane {} of {}", s.integer, args(s));
      case K::let_load: return memory(s);
      case K::let_iota: {
        const std::string step = linear(s.from);
        return fmt::format("index {}{}", linear(s.address), step == "0" || step == "1" ? "" : " by " + step);
      }
      case K::let_place: return fmt::format("place {} from {}", args(s), linear(s.address));
      case K::let_row:
        return fmt::format("row {} of {}{}, check {} at {}{}{} to w{}", args(s), linear(s.to), where(s), s.integer,
                           linear(s.address), s.from.empty() ? "" : fmt::format(" by {}", linear(s.from)),
                           s.partial ? " of those that are left" : "", s.word);
      case K::let_own: return fmt::format("whether v{} < {}", s.variable, linear(s.to));
      case K::let_first: return fmt::format("{} in the first group", args(s));
      case K::let_column:
        return fmt::format("{} of rows {} apart up to {}, dealt out to groups, of {}, begun in {}", monoid(s.monoid),
                           factor(s.stride), linear(s.to), memory(s), s.slot);
      case K::let_fold:
        return fmt::format("{} across lanes{} of {}{}{}", monoid(s.monoid), across(s.across),
                           s.args.size() > 1 ? "each of " : "", args(s), rows(s));
      case K::let_masked:
        return fmt::format("{}{}, identity of {} in lanes beyond", args(s), where(s), monoid(s.monoid));
      case K::let_identity: return s.args.empty() ? fmt::format("identity of {}", monoid(s.monoid)) : args(s);
      default: return {};
    }
  }

  void line(int depth, const std::string& text) {
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += text + "\n";
  }

  void body(const Body& statements, int depth) {
    for (const Statement& s : statements) write(s, depth);
  }

  void write(const Statement& s, int depth) {
    using K = Statement::Kind;
    switch (s.kind) {
      case K::assign: return line(depth, fmt::format("r{} = {}", s.result, args(s)));
      case K::update:
        return line(depth, s.args.size() == 2
                               ? fmt::format("r{} = fma({}, r{})", s.result, args(s), s.result)
                               : fmt::format("r{} = {}(r{}, {})", s.result, monoid(s.monoid), s.result, args(s)));
      case K::store:
        return line(depth, fmt::format("{} := {}{}", memory(s), args(s),
                                       s.stream >= 0 ? fmt::format(", past the caches if w{}", s.stream) : ""));
      case K::prefetch: return line(depth, fmt::format("prefetch {}", memory(s)));
      case K::put_fold:
        return line(depth, fmt::format("slot {} := {} across threads{} of {}{}", s.slot, monoid(s.monoid),
                                       across(s.across), args(s), rows(s)));
      case K::begin_column: return line(depth, fmt::format("begin {} with {}", s.slot, memory(s)));
      case K::barrier: return line(depth, fmt::format("barrier{}", across(s.across)));
      case K::index: return index(s, depth);
      case K::ahead:
        return line(depth, fmt::format("v{} = {} + {}", s.variable, linear(s.address),
                                       nest_.warps < 0 ? std::to_string(s.integer * nest_.lanes)
                                                       : fmt::format("{} * lanes of a team", s.integer)));
      case K::loop:
        line(depth, fmt::format("for v{} {} {} by {}{}{}{}", s.variable,
                                s.resume         ? "on to"
                                : s.args.empty() ? fmt::format("from {} to", linear(s.from))
                                                 : fmt::format("from r{} to", s.args[0]),
                                s.args.empty() ? linear(s.to) : fmt::format("r{}", s.args[1]), s.step,
                                s.whole_steps ? ", whole steps" : "", s.dealt ? ", dealt out to teams" : "",
                                s.alone ? ", where there is one team" : ""));
        return body(s.body, depth + 1);
      case K::lane_loop:
        line(depth, fmt::format("lanes v{} from {} to {}{}", s.variable, linear(s.from), linear(s.to),
                                s.vectors > 1 ? fmt::format(", {} vectors at a time", s.vectors) : ""));
        if (s.vectors > 1) {
          body(s.several, depth + 1);
          line(depth, "then one vector at a time");
        }
        body(s.body, depth + 1);
        if (s.tail.empty()) return;
        line(depth, s.body.empty() ? "each as the rest" : "rest");
        return body(s.tail, depth + 1);
      case K::let_own:
        line(depth, s.dealt ? fmt::format("v{} = {} + the thread's place in its group of {}", s.variable,
                                          linear(s.from), nest_.columns)
                            : fmt::format("v{} = element {} of the thread's own", s.variable, s.integer));
        [[fallthrough]];
      default: {
        const Register& r = nest_.registers[static_cast<std::size_t>(s.result)];
        line(depth, fmt::format("r{} : {}{} = {}", s.result, name_of(r.dtype), r.lanes ? " lanes" : "", value(s)));
      }
    }
  }

  void index(const Statement& s, int depth) {
    std::string v = s.args.empty() ? linear(s.address) : "r" + std::to_string(s.args[0]);
    if (s.divisor.word >= 0 || s.divisor.number != 1) v = fmt::format("({}) / {}", v, factor(s.divisor));
    if (s.modulus.word >= 0 || s.modulus.number != 0) v = fmt::format("({}) % {}", v, factor(s.modulus));
    line(depth, fmt::format("v{} = {}{}", s.variable, v, s.to.empty() ? "" : ", at most " + linear(s.to)));
  }

  const Nest& nest_;
  std::string out_;
};

}  // namespace

std::string text(const Nest& nest) { return Writer(nest).run(); }

std::vector<std::string> describe_phase(const Phase& phase) {
  std::vector<std::string> lines;
  for (std::size_t v = 0; v < phase.values.size(); ++v) {
    const Value& value = phase.values[v];
    const bool is_read = value.kind == Value::Kind::load && value.args.empty();
    if (!value.node.node() || is_read || value.kind == Value::Kind::constant) continue;
    const std::string at = place(node(value.node).where);
    lines.push_back(fmt::format("v{} = {}{}", v, formula(value.node, 80), at.empty() ? "" : ", " + at));
  }
  return lines;
}

}  // namespace croton::tile
