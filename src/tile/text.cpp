#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/dtype.h"
#include "base/error.h"
#include "graph/walk.h"
#include "tile/nest.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

std::string_view monoid(Monoid m) {
  static constexpr std::string_view names[] = {"sum", "prod", "max", "min", "any", "all", "argmax", "argmin", "spread"};
  return names[static_cast<std::size_t>(m)];
}

class Writer {
 public:
  explicit Writer(const Program& p) : p_(p) {}

  std::string run() {
    for (const Axis& a : p_.axes)
      out_ += fmt::format("axis {} = {}\n", a.name, a.constant >= 0 ? std::to_string(a.constant) : origin(a));
    for (std::size_t b = 0; b < p_.buffers.size(); ++b) buffer(static_cast<int>(b));
    for (std::size_t s = 0; s < p_.steps.size(); ++s)
      std::visit([&](const auto& step) { write(step, s); }, p_.steps[s]);
    out_ += "outputs";
    for (const int o : p_.outputs) out_ += fmt::format(" b{}", o);
    return out_ + "\n";
  }

 private:
  std::string name(AxisId a) const { return a == no_axis ? "0" : p_.axes[at(a)].name; }
  std::string axes(const std::vector<AxisId>& list) const {
    std::string r;
    for (const AxisId a : list) r += (r.empty() ? "" : ", ") + name(a);
    return "[" + r + "]";
  }
  // The axes along which an access goes, in the place of one of them the row.
  std::string place(const std::vector<AxisId>& index, int row_dim, const std::string& row) const {
    std::string r;
    for (std::size_t d = 0; d < index.size(); ++d)
      r += (d > 0 ? ", " : "") + (row_dim == static_cast<int>(d) ? row : name(index[d]));
    return "[" + r + "]";
  }
  std::string place(const Value& load) const {
    return place(load.index, load.row_dim, load.args.empty() ? "" : fmt::format("v{}", load.args[0]));
  }

  void buffer(int id) {
    static constexpr std::string_view kinds[] = {"leaf", "value", "view", "partials"};
    const Buffer& b = p_.buffers[at(id)];
    out_ += fmt::format("b{} {}", id, is_region(b) ? "region" : kinds[static_cast<std::size_t>(b.kind)]);
    if (b.kind == Buffer::Kind::partial)
      out_ += fmt::format(" {}{} of phase {}", name_of(b.partial_dtype), axes(b.axes), b.made_by) +
              (b.parts > 1 ? fmt::format(", {} parts", b.parts) : "");
    else
      out_ += " " + croton::text(type(b.node));
    if (b.kind == Buffer::Kind::alias) out_ += fmt::format(" of b{}", b.base);
    out_ += "  " + formula(b.node, 60) + "\n";
  }

  void write(const LibraryCall& c, std::size_t number) {
    out_ += fmt::format(
        "step {}: gemm b{} := b{}{} b{}{}{}{}{}\n", number, c.out, c.a, c.a_transposed ? "'" : "", c.b,
        c.b_transposed ? "'" : "", c.bias < 0 ? "" : fmt::format(" + b{}", c.bias), c.relu ? ", relu" : "",
        c.a_repeats || c.b_repeats ? fmt::format(", b{} for each of a batch", c.a_repeats ? c.a : c.b) : "");
  }
  void write(const StridedProduct& c, std::size_t number) {
    out_ += fmt::format("step {}: product of views b{} := b{} b{}{}{}\n", number, c.out, c.a, c.b,
                        c.bias < 0 ? "" : fmt::format(" + b{}", c.bias), c.relu ? ", relu" : "");
  }
  void write(const HostStep& h, std::size_t number) {
    out_ += fmt::format("step {}: host b{} := {}(", number, h.out, node(h.node).op->name);
    for (std::size_t k = 0; k < h.arguments.size(); ++k) {
      out_ += fmt::format("{}b{}", k ? ", " : "", h.arguments[k]);
      if (h.axes[k]) out_ += fmt::format(" as [{}]", fmt::join(*h.axes[k], ", "));
    }
    out_ += ")\n";
  }
  void write(const Phase& phase, std::size_t number) {
    out_ += fmt::format("phase {}: {} {}\n", number,
                        phase.parallel.empty() ? "once"
                        : phase.flat           ? "parallel lanes"
                                               : "parallel rows",
                        axes(phase.parallel));
    if (phase.serial != no_axis)
      out_ += fmt::format("  step by step along {}{}\n", name(phase.serial), phase.backwards ? ", backwards" : "");
    for (std::size_t v = 0; v < phase.values.size(); ++v) value(phase.values[v], v);
    for (const Phase::Carried& c : phase.carried) out_ += fmt::format("  next v{} = v{}\n", c.carry, c.next);
    for (const Store& s : phase.stores)
      out_ += fmt::format("  b{}{} := v{}\n", s.buffer,
                          p_.buffers[at(s.buffer)].kind == Buffer::Kind::partial
                              ? ""
                              : place(s.index, s.row_dim, fmt::format("v{}", s.row)),
                          s.value);
  }

  std::string arguments(const Value& v) const {
    std::string r;
    for (const int a : v.args) r += fmt::format("{}v{}", r.empty() ? "" : ", ", a);
    return r;
  }

  void value(const Value& v, std::size_t id) {
    out_ += fmt::format("  v{}{} : {} = ", id, axes(v.axes), name_of(v.dtype));
    switch (v.kind) {
      case Value::Kind::load: out_ += fmt::format("b{}{}{}", v.buffer, place(v), v.may_be_none ? ", or 0" : ""); break;
      case Value::Kind::add_rows:
        out_ += fmt::format("v{} {} b{}{}", v.args[0], v.monoid == Monoid::any ? "or" : "+", v.buffer,
                            place(v.index, v.row_dim, fmt::format("b{}[v{} ... v{}]", v.list, v.args[1], v.args[2])));
        break;
      case Value::Kind::combine: out_ += fmt::format("combine {} b{}", monoid(v.monoid), v.buffer); break;
      case Value::Kind::constant:
        out_ += is_float(v.dtype) ? fmt::format("{}", v.number) : fmt::format("{}", v.integer);
        break;
      case Value::Kind::row:
        out_ += fmt::format("row {} of {}, check {}", arguments(v), v.rows == no_axis ? "1" : name(v.rows), v.site);
        break;
      case Value::Kind::iota: out_ += "index " + axes(v.index); break;
      case Value::Kind::carry: out_ += fmt::format("carry, at first {}", arguments(v)); break;
      case Value::Kind::last: out_ += fmt::format("last {}", arguments(v)); break;
      case Value::Kind::call: out_ += fmt::format("{}({})", v.function, arguments(v)); break;
      case Value::Kind::convert: out_ += fmt::format("{}({})", name_of(v.dtype), arguments(v)); break;
      case Value::Kind::reduce:
        out_ += fmt::format("{} over {} of {}", monoid(v.monoid), axes(v.over), arguments(v));
        break;
    }
    out_ += '\n';
  }

  const Program& p_;
  std::string out_;
};

}  // namespace

std::string origin(const Axis& a) {
  std::string r;
  for (int k = 0; k < a.joined; ++k)
    r += fmt::format("{}{}.shape[{}]", k > 0 ? " * " : "", formula(a.witness, 40), a.witness_axis + k);
  return r;
}

std::string text(const Program& p) { return Writer(p).run(); }

std::vector<std::string> describe_words(const Program& p, const Nest& nest) {
  std::vector<std::string> r;
  const auto axis = [&](AxisId a) { return origin(p.axes[at(a)]); };
  const auto buffer = [&](int b) {
    const Buffer& x = p.buffers[at(b)];
    const std::string at = place(node(x.node).where);
    return (x.kind == Buffer::Kind::partial ? "partials of " : "") + formula(x.node, 60) +
           (at.empty() ? "" : ", " + at);
  };
  for (const Word& w : nest.words) switch (w.kind) {
      case Word::Kind::pointer: r.push_back(buffer(w.buffer)); break;
      case Word::Kind::extent: r.push_back(axis(w.axis)); break;
      case Word::Kind::padded: r.push_back(axis(w.axis) + " in whole lines of " + std::string(name_of(w.dtype))); break;
      case Word::Kind::errors: r.push_back("where failed checks are reported"); break;
      case Word::Kind::stride:
        r.push_back(fmt::format("stride of {} along axis {}", formula(p.buffers[at(w.buffer)].node, 60), w.dim));
        break;
      case Word::Kind::parallel: r.push_back("points of the parallel axes"); break;
      case Word::Kind::chunk_points: r.push_back("points of a chunk"); break;
      case Word::Kind::pieces: r.push_back("pieces of a row"); break;
      case Word::Kind::piece: r.push_back("elements of a piece"); break;
      case Word::Kind::row: r.push_back("elements from row to row of " + buffer(w.buffer)); break;
      case Word::Kind::rows: r.push_back("rows of " + buffer(w.buffer)); break;
      case Word::Kind::row_points: r.push_back("points that a row stands for, of " + buffer(w.buffer)); break;
      case Word::Kind::all_points: r.push_back("points that all rows stand for, of " + buffer(w.buffer)); break;
      case Word::Kind::scratch: r.push_back("of this chunk alone"); break;
      case Word::Kind::warps: r.push_back("whether each warp works at rows of its own"); break;
      case Word::Kind::stream: r.push_back("whether stores go past the caches: to " + buffer(w.buffer)); break;
      case Word::Kind::scalar:
        r.push_back(is_float(w.dtype) ? fmt::format("{}", w.number) : fmt::format("{}", w.integer));
        break;
    }
  return r;
}

}  // namespace croton::tile
