#include "tile/emitter.h"

#include <algorithm>
#include <iterator>

#include "base/dtype.h"

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

bool is_comparison(std::string_view function) {
  constexpr std::string_view names[] = {"lt", "le", "gt", "ge", "eq", "ne"};
  return std::find(std::begin(names), std::end(names), function) != std::end(names);
}

}  // namespace

Emitter::Emitter(const Program& g, const Phase& p, const Target& t)
    : program(g), phase(p), target(t), places_(p.values.size()) {
  if (t.device_class == DeviceClass::gpu) {
    nest.lanes = t.block_lanes;
    return;
  }
  find_places();
  // Only what fills lanes counts: an int64 extent that a mean divides by must not halve a float32 loop's vectors.
  std::size_t widest = 4;
  const auto fills = [&](const std::vector<AxisId>& axes) {
    return !inner(axes).empty() ||
           (p.flat && std::any_of(axes.begin(), axes.end(), [&](AxisId a) { return is_parallel(a); }));
  };
  const auto count = [&](const Value& v) {
    if (v.dtype != boolean && !is_place(static_cast<int>(&v - p.values.data())))
      widest = std::max(widest, size_of(v.dtype));
  };
  for (const Value& v : p.values)
    if (fills(v.axes) || fills(v.over)) count(v);
  for (const Store& s : p.stores)
    if (fills(s.index)) count(p.values[at(s.value)]);
  nest.lanes = target.vector_bytes / static_cast<int>(widest);
}

void Emitter::find_places() {
  if (phase.flat) return;
  for (std::size_t i = 0; i < phase.values.size(); ++i) {
    const Value& v = phase.values[i];
    places_[i] = v.kind == Value::Kind::iota && v.index.size() == 1 && inner(v.axes).size() == 1;
  }
  const auto is_compared = [&](const Value& v, int place) {
    if (v.kind != Value::Kind::call || !is_comparison(v.function) || inner(v.axes).size() != 1) return false;
    const int other = v.args[v.args[0] == place ? 1 : 0];
    return other != place && inner(phase.values[at(other)].axes).empty();
  };
  for (const Value& v : phase.values)
    for (const int a : v.args)
      if (places_[at(a)] && !is_compared(v, a)) places_[at(a)] = false;
  for (const Store& s : phase.stores)
    for (const int v : {s.value, s.row})
      if (v >= 0) places_[at(v)] = false;
}

bool Emitter::is_parallel(AxisId a) const {
  return std::find(phase.parallel.begin(), phase.parallel.end(), a) != phase.parallel.end();
}

bool Emitter::has_parallel(const Value& v) const {
  return std::any_of(v.axes.begin(), v.axes.end(), [&](AxisId a) { return is_parallel(a); });
}

bool Emitter::is_serial(const Value& v) const {
  return phase.serial != no_axis && std::find(v.axes.begin(), v.axes.end(), phase.serial) != v.axes.end();
}

std::vector<AxisId> Emitter::inner(const std::vector<AxisId>& axes) const { return inner_axes(program, phase, axes); }

std::vector<AxisId> Emitter::unrolled(const std::vector<AxisId>& axes) const {
  std::vector<AxisId> r;
  for (const AxisId a : axes)
    if (a != no_axis && is_unrolled(a) && std::find(r.begin(), r.end(), a) == r.end()) r.push_back(a);
  return r;
}

std::vector<Indices> Emitter::combinations(const std::vector<AxisId>& axes) const {
  std::vector<Indices> r{{}};
  for (const AxisId a : axes) {
    std::vector<Indices> next;
    for (const Indices& i : r)
      for (Index k = 0; k < program.axes[at(a)].constant; ++k) {
        next.push_back(i);
        next.back()[a] = k;
      }
    r = std::move(next);
  }
  return r;
}

int Emitter::word(Word w) {
  const auto it = std::find(nest.words.begin(), nest.words.end(), w);
  if (it != nest.words.end()) return static_cast<int>(it - nest.words.begin());
  nest.words.push_back(w);
  return static_cast<int>(nest.words.size()) - 1;
}

int Emitter::new_register(DType dtype, bool lanes) {
  nest.registers.push_back({dtype, lanes});
  return static_cast<int>(nest.registers.size()) - 1;
}

Linear Emitter::extent(AxisId a) {
  const Index n = program.axes[at(a)].constant;
  if (n >= 0) return {{-1, {{n, -1}}}};
  return {{-1, {factor({.kind = Word::Kind::extent, .axis = a})}}};
}

int Emitter::let(Body& body, Statement s, DType dtype, bool lanes) {
  s.result = new_register(dtype, lanes);
  body.push_back(std::move(s));
  return body.back().result;
}

int Emitter::call(Body& body, std::string_view function, std::vector<int> args, DType dtype, bool lanes) {
  Statement s = statement(Statement::Kind::let_call);
  s.function = function;
  s.args = std::move(args);
  return let(body, std::move(s), dtype, lanes);
}

int Emitter::whole(Body& body, Linear number) {
  Statement s = statement(Statement::Kind::let_iota);
  s.address = std::move(number);
  return let(body, std::move(s), DType::int64, false);
}

int Emitter::splat(Body& body, int reg) {
  if (nest.registers[at(reg)].lanes) return reg;
  Statement s = statement(Statement::Kind::let_splat);
  s.args = {reg};
  return let(body, std::move(s), nest.registers[at(reg)].dtype, true);
}

int Emitter::splat(Scope& scope, int reg) {
  if (nest.registers[at(reg)].lanes) return reg;
  const auto [known, fresh] = scope.splats.try_emplace(reg, -1);
  if (fresh) known->second = splat(scope.body, reg);
  return known->second;
}

int Emitter::identity(Body& body, Monoid monoid, DType dtype, bool lanes) {
  Statement s = statement(Statement::Kind::let_identity);
  s.monoid = monoid;
  return let(body, std::move(s), dtype, lanes);
}

void Emitter::update(Body& body, int accumulator, Monoid monoid, std::vector<int> args) {
  Statement s = statement(Statement::Kind::update);
  s.result = accumulator;
  s.monoid = monoid;
  s.args = std::move(args);
  body.push_back(std::move(s));
}

std::vector<int> Emitter::fold_lanes(Body& body, const std::vector<Fold>& folds, Across across) {
  std::vector<int> r;
  const auto add = [&](Statement::Kind kind, std::size_t k, std::size_t first) {
    Statement s = statement(kind);
    s.monoid = folds[k].monoid;
    s.args = {folds[k].reg};
    s.slot = static_cast<int>(k - first);
    s.across = across;
    if (kind == Statement::Kind::let_fold)
      r.push_back(let(body, std::move(s), nest.registers[at(folds[k].reg)].dtype, across == Across::warps));
    else
      body.push_back(std::move(s));
  };
  for (std::size_t first = 0; first < folds.size(); first += fold_slots) {
    const std::size_t last = std::min(folds.size(), first + fold_slots);
    if (lanes_are_threads()) {
      Statement barrier = statement(Statement::Kind::barrier);
      if (across != Across::warps) barrier.across = across;
      body.push_back(barrier);
      for (std::size_t k = first; k < last; ++k) add(Statement::Kind::put_fold, k, first);
      body.push_back(std::move(barrier));
    }
    for (std::size_t k = first; k < last; ++k) add(Statement::Kind::let_fold, k, first);
  }
  return r;
}

Factor Emitter::stride(int buffer, std::size_t dim) {
  if (program.buffers[at(buffer)].unit == static_cast<int>(dim)) return {1, -1};
  return factor({.kind = Word::Kind::stride, .buffer = buffer, .dim = static_cast<int>(dim)});
}

Emitter::Number Emitter::number(const Value& row, const Indices& where, const std::map<AxisId, int>& variables,
                                AxisId lane) {
  Number r;
  const auto varies = [&](AxisId a) { return std::find(row.axes.begin(), row.axes.end(), a) != row.axes.end(); };
  if (phase.flat && phase.parallel.size() > 1) {
    const bool runs = varies(phase.parallel[0]);
    if (runs) r = {{{variables.at(phase.parallel[0]), {}}}, {{-1, {{1, -1}}}}};
    if (phase.serial != no_axis && varies(phase.serial))
      r.first.push_back({variables.at(phase.serial),
                         runs ? std::vector{factor({.kind = Word::Kind::parallel})} : std::vector<Factor>{}});
    return r;
  }
  std::vector<Factor> later;  // the extents of the axes further in
  for (std::size_t d = row.index.size(); d-- > 0;) {
    const AxisId a = row.index[d];
    if (a == no_axis) continue;
    if (varies(a) && is_unrolled(a)) {
      std::vector<Factor> factors{{where.at(a), -1}};
      factors.insert(factors.end(), later.begin(), later.end());
      r.first.push_back({-1, std::move(factors)});
    } else if (varies(a)) {
      r.first.push_back({variables.at(a), later});
      if (a == lane) r.lane_step = {{-1, later.empty() ? std::vector<Factor>{{1, -1}} : later}};
    }
    later.push_back(extent(a)[0].factors[0]);
  }
  return r;
}

Emitter::Where Emitter::locate(int buffer, const std::vector<AxisId>& index, const Indices& where,
                               const std::map<AxisId, int>& variables, AxisId lane) {
  Where r;
  if (phase.flat && phase.parallel.size() > 1) {  // one run over all of the buffer
    const bool runs =
        std::any_of(index.begin(), index.end(), [&](AxisId a) { return a != no_axis && a != phase.serial; });
    for (std::size_t d = 0; d < index.size(); ++d)
      if (index[d] != no_axis && index[d] == phase.serial)
        r.address.push_back({variables.at(index[d]), {stride(buffer, d)}});
    if (runs) r.address.push_back({variables.at(phase.parallel[0]), {}});
    r.lanes = runs;
    return r;
  }
  for (std::size_t d = 0; d < index.size(); ++d) {
    const AxisId a = index[d];
    if (a == no_axis) continue;
    const Factor apart = stride(buffer, d);
    if (is_unrolled(a)) {
      const Index k = where.at(a);
      if (k != 0) r.address.push_back({-1, {{k, -1}, apart}});
      continue;
    }
    r.address.push_back({variables.at(a), {apart}});
    if (a == lane) r.lanes = true, r.lane_stride = apart;
  }
  return r;
}

Linear Emitter::partial_address(int buffer, const Indices& where, int free_variable, int row_variable, Index part) {
  const Buffer& b = program.buffers[at(buffer)];
  Linear r;
  if (row_variable >= 0) r.push_back({row_variable, {factor({.kind = Word::Kind::row, .buffer = buffer})}});
  if (phase.flat && phase.parallel.size() > 1 && free_variable >= 0) {  // one run over all of the row
    r.push_back({free_variable, {}});
    return r;
  }
  Index number = part;
  AxisId open = no_axis;
  for (const AxisId a : b.axes) {
    if (program.axes[at(a)].constant >= 0)
      number = number * program.axes[at(a)].constant + where.at(a);
    else
      open = a;
  }
  if (number != 0 && open != no_axis)
    r.push_back({-1, {{number, -1}, in_lines(buffer) ? apart(open, b.partial_dtype) : extent(open)[0].factors[0]}});
  else if (number != 0)
    r.push_back({-1, {{number, -1}}});
  if (open != no_axis && free_variable >= 0) r.push_back({free_variable, {}});
  return r;
}

Factor Emitter::apart(AxisId axis, DType dtype) {
  return lanes_are_threads() ? extent(axis)[0].factors[0]
                             : factor({.kind = Word::Kind::padded, .axis = axis, .dtype = dtype});
}

int Emitter::scratch(Scratch piece) {
  nest.scratch.push_back(piece);
  return word({.kind = Word::Kind::scratch, .buffer = static_cast<int>(nest.scratch.size()) - 1});
}

std::pair<int, std::vector<Index>> Emitter::key(int value, const Indices& where, Index row) const {
  std::pair<int, std::vector<Index>> r{value, {}};
  const Value& v = phase.values[at(value)];
  for (const AxisId a : v.axes)
    if (is_unrolled(a)) r.second.push_back(where.at(a));
  if (has_parallel(v)) r.second.push_back(row);
  return r;
}

}  // namespace croton::tile
