#include "runtime/plan.h"

#include <algorithm>
#include <bit>
#include <set>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "print/product.h"
#include "runtime/arena.h"
#include "runtime/reuse.h"
#include "runtime/strided.h"
#include "runtime/views.h"
#include "tile/chunks.h"
#include "tile/regions.h"

namespace croton::runtime {
namespace {

using tile::AxisId;
using tile::Program;
using tile::Word;

// Bytes past the caches at one time (kernels/memory.h).
constexpr Index least_streamed_piece = 16, most_streamed_piece = 32;

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Planner {
 public:
  Planner(const Program& program, std::span<const tile::Nest> nests, const Shapes& shapes, const Integers& integers,
          const Target& target, const Layout& layout)
      : program_(program), nests_(nests), shapes_(shapes), integers_(integers), target_(target), layout_(layout) {}

  Plan run() {
    if (target_.device_class == DeviceClass::cpu) plan_.relays = tile::relays(program_, most_steps_of_a_relay);
    count_chunks();
    find_uses();
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) plan_.places.push_back(place(static_cast<int>(b)));
    for (const int out : program_.outputs) plan_.places[at(tile::root_of(program_, out))].home = Home::result;
    if (target_.device_class == DeviceClass::cpu && !layout_.separate) use_places_again();
    for (std::size_t b = 0; b < plan_.places.size(); ++b)
      if (plan_.places[b].home == Home::base) plan_.views.push_back(static_cast<int>(b));
    lay_out_arena();
    std::size_t nest = 0, product_kernels = 0;
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      if (std::holds_alternative<tile::Phase>(program_.steps[s])) {
        if (nests_[nest].beside)
          plan_.steps.emplace_back(PlannedBeside{});
        else
          plan_.steps.emplace_back(launch(s, nest));
        ++nest;
      } else if (const auto* call = std::get_if<tile::LibraryCall>(&program_.steps[s]))
        plan_.steps.emplace_back(gemm(*call));
      else if (const auto* views = std::get_if<tile::StridedProduct>(&program_.steps[s])) {
        plan_.steps.emplace_back(product(*views, static_cast<int>(nests_.size() + product_kernels)));
        product_kernels += print::product_ways;
      } else {
        const auto& host = std::get<tile::HostStep>(program_.steps[s]);
        std::vector<Shape> shapes;
        for (std::size_t k = 0; k < host.axes.size(); ++k)
          shapes.push_back(!host.axes[k] ? Shape() : shapes_.at(node(host.node).inputs[k].node()));
        plan_.steps.emplace_back(PlannedHost{host.node, host.arguments, host.axes, std::move(shapes), host.out});
      }
    }
    cut_into_stretches();
    plan_checks();
    return std::move(plan_);
  }

 private:
  Index extent(AxisId a) const { return runtime::extent(program_.axes[at(a)], shapes_); }

  void count_chunks() {
    const auto of = [this](AxisId a) { return extent(a); };
    for (const tile::Step& s : program_.steps) {
      const auto* phase = std::get_if<tile::Phase>(&s);
      chunks_.push_back(phase ? tile::chunking(program_, *phase, of, target_.device_class) : tile::Chunking{});
    }
    for (const tile::Relay& r : plan_.relays)  // which hands on whole rows
      for (std::size_t s = r.first; s < r.end; ++s) chunks_[s].piece *= std::exchange(chunks_[s].pieces, 1);
  }

  void find_uses() {
    is_read_.resize(program_.buffers.size(), false);
    is_written_.resize(program_.buffers.size(), false);
    for (const tile::Step& s : program_.steps) {
      for (const int b : tile::buffers_read(s)) is_read_[at(b)] = true;
      for (const int b : tile::buffers_written(s)) is_written_[at(tile::root_of(program_, b))] = true;
    }
  }

  Index row_elements(const tile::Buffer& b) const {
    const bool lines = tile::fills_lines(program_, static_cast<int>(&b - program_.buffers.data()));
    Index n = b.parts;
    for (const AxisId a : b.axes)
      n *= lines && program_.axes[at(a)].constant < 0 ? tile::apart(extent(a), b.partial_dtype, target_.device_class)
                                                      : extent(a);
    return n;
  }

  Place place(int id) {
    const tile::Buffer& b = program_.buffers[at(id)];
    Place p;
    if (b.kind == tile::Buffer::Kind::partial) {
      // rows begin on lines of their own, so that no two chunks write to one line
      p.bytes = size_of(b.partial_dtype) * static_cast<std::size_t>(padded_row(b) * chunks_[at(b.made_by)].chunks);
      return p;
    }
    p.dtype = b.node.dtype();
    p.shape = shapes_.at(b.node.node());
    p.strides = row_major_strides(Extents(p.shape));
    // a product that a library call does more with lies nowhere
    p.bytes = b.kind == tile::Buffer::Kind::value && !is_written_[at(id)] ? 0 : size_of(p.dtype);
    for (const Index n : p.shape) p.bytes *= static_cast<std::size_t>(n);
    if (b.kind == tile::Buffer::Kind::leaf) leaf(b, p);
    if (b.kind == tile::Buffer::Kind::alias) alias(b, p);
    return p;
  }

  Index padded_row(const tile::Buffer& b) const {
    const Index line = 64 / static_cast<Index>(size_of(b.partial_dtype));
    const Index n = row_elements(b);
    return n <= 1 ? n : (n + line - 1) / line * line;
  }

  void leaf(const tile::Buffer& b, Place& p) {
    p.home = Home::leaf;
    if (!meaning<ShapeOf>(b.node)) return;
    p.home = Home::plan;
    p.offset = plan_.integers.size();
    plan_.integers.push_back(integers_.at(b.node.node())->at(0));
  }

  void alias(const tile::Buffer& b, Place& p) {
    p.home = Home::base;
    p.base = b.base;
    if (meaning<Reshape>(b.node) && !tile::is_region(b)) return;
    const ViewPlace view = view_place(b, plan_.places[at(b.base)].strides, p.shape, shapes_, integers_);
    if (is_empty(p.shape)) return;
    p.strides = view.strides, p.offset = view.offset;
  }

  void use_places_again() {
    const std::vector<int> places = in_whose_place(program_, nests_, layout_.for_good);
    for (std::size_t b = 0; b < places.size(); ++b)
      if (places[b] >= 0) plan_.places[b].home = Home::base, plan_.places[b].base = places[b];
  }

  // A buffer lives from the step that writes it to the last that reads it, the steps of a relay being one, as are those
  // side by side; aliases keep their base alive.
  void lay_out_arena() {
    std::vector<Lifetime> lives(program_.buffers.size());
    std::vector<int> time;
    std::size_t nest = 0;
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      const bool beside = std::holds_alternative<tile::Phase>(program_.steps[s]) && nests_[nest++].beside;
      time.push_back(beside ? time.back() : static_cast<int>(s));
    }
    for (const tile::Relay& r : plan_.relays)
      for (std::size_t s = r.first; s < r.end; ++s) time[s] = time[r.first];
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      for (const int b : tile::buffers_read(program_.steps[s])) lives[at(root(b))].touch(time[s]);
      for (const int b : tile::buffers_written(program_.steps[s])) lives[at(root(b))].touch(time[s]);
    }
    for (std::size_t b = 0; b < lives.size(); ++b)
      lives[b].bytes = plan_.places[b].home == Home::arena ? plan_.places[b].bytes : 0;
    const Arena arena = lay_out(lives, layout_.separate);
    for (std::size_t b = 0; b < lives.size(); ++b)
      if (plan_.places[b].home == Home::arena) plan_.places[b].offset = arena.offsets[b];
    plan_.arena_bytes = arena.bytes;
  }

  // Of that nest and those side by side with it: the words of each, then the chunks with which others begin.
  PlannedLaunch launch(std::size_t step, std::size_t nest) {
    const std::size_t together = tile::one_kernel(nests_.subspan(nest)).size();
    PlannedLaunch all = part(step, nest);
    std::vector<std::int64_t> begins;
    for (std::size_t k = 1; k < together; ++k) {
      const PlannedLaunch l = part(step + k, nest + k);
      const auto words = static_cast<int>(all.words.size());
      for (const auto& [word, buffer] : l.pointers) all.pointers.emplace_back(words + word, buffer);
      all.words.insert(all.words.end(), l.words.begin(), l.words.end());
      all.uses.insert(all.uses.end(), l.uses.begin(), l.uses.end());
      begins.push_back(all.chunks);
      all.chunks += l.chunks;
    }
    all.words.insert(all.words.end(), begins.begin(), begins.end());
    return all;
  }

  PlannedLaunch part(std::size_t step, std::size_t nest_number) {
    const tile::Nest& nest = nests_[nest_number];
    const auto& phase = std::get<tile::Phase>(program_.steps[step]);
    PlannedLaunch l{.kernel = static_cast<int>(nest_number), .chunks = chunks_[step].chunks * chunks_[step].pieces};
    l.rows = chunks_[step].points, l.chunk_rows = chunks_[step].chunk_points;
    l.copy = tile::whole_copy(program_, program_.steps[step]);
    const auto of = [this](AxisId a) { return extent(a); };
    const bool leaves_no_room = moved_bytes(phase) >= static_cast<std::size_t>(target_.l3_bytes) / 4 * 3;
    std::vector<std::int64_t> offsets;
    l.scratch_bytes = tile::scratch_bytes(nest, of, target_.device_class, &offsets);
    const bool warps = tile::rows_by_warps(nest, chunks_[step], of);
    if (warps) l.scratch_bytes *= static_cast<std::size_t>(nest.lanes / tile::warp_lanes);
    for (std::size_t k = 0; k < nest.words.size(); ++k) {
      const Word& w = nest.words[k];
      if (w.kind == Word::Kind::pointer) l.pointers.emplace_back(static_cast<int>(k), w.buffer);
      if (w.kind == Word::Kind::errors) l.errors = static_cast<int>(k);
      if (w.kind == Word::Kind::stream && leaves_no_room)
        if (const Index piece = streamed_piece(phase, nest, w.buffer))
          l.streams.push_back({static_cast<int>(k), w.buffer, piece});
      l.words.push_back(word(w, chunks_[step], offsets));
      if (w.kind == Word::Kind::warps) l.words.back() = warps;
    }
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, l.scratch_bytes);
    for (const tile::Value& v : phase.values)
      for (const int b : tile::buffers_read(v)) l.uses.emplace_back(root(b), Access::r);
    for (const tile::Store& s : phase.stores) l.uses.emplace_back(root(s.buffer), Access::w);
    return l;
  }

  // What the kernel reads and writes, each buffer once; of a concatenation all of it, as the other parts are written
  // one after another.
  std::size_t moved_bytes(const tile::Phase& phase) const {
    std::set<int> buffers;
    for (const tile::Value& v : phase.values)
      for (const int b : tile::buffers_read(v)) buffers.insert(b);
    for (const tile::Store& s : phase.stores)
      buffers.insert(tile::is_part(program_.buffers[at(s.buffer)]) ? tile::root_of(program_, s.buffer) : s.buffer);
    std::size_t bytes = 0;
    for (const int b : buffers) bytes += plan_.places[at(b)].bytes;
    return bytes;
  }

  // Where what the kernel reads and writes leaves no room in the last of the caches, a result that nothing reads again,
  // and that lies in no other value's place, goes past them: a store into a cache reads the line first. All of it goes
  // so, in pieces of the most bytes that every row begins and ends with, or the lines in which two rows meet would be
  // written twice. 0: it does not.
  Index streamed_piece(const tile::Phase& phase, const tile::Nest& nest, int buffer) const {
    const Place& p = plan_.places[at(buffer)];
    const int whole = tile::root_of(program_, buffer);
    const bool in_place = std::any_of(phase.values.begin(), phase.values.end(),
                                      [&](const tile::Value& v) { return v.buffer >= 0 && root(v.buffer) == whole; });
    if (plan_.places[at(whole)].home != Home::result || is_read_[at(whole)] || in_place) return 0;
    const auto bytes = static_cast<Index>(size_of(program_.buffers[at(buffer)].node.dtype()));
    Index piece = std::min(nest.lanes * bytes, most_streamed_piece);
    const bool one_run = phase.flat && phase.parallel.size() > 1;
    for (std::size_t d = 0; !one_run && d + 1 < p.strides.size(); ++d)
      while (p.strides[d] * bytes % piece != 0 || p.shape.back() * bytes % piece != 0) piece /= 2;
    return piece >= least_streamed_piece ? piece : 0;
  }

  const tile::Chunking& made(int partials) const { return chunks_[at(program_.buffers[at(partials)].made_by)]; }

  // The buffer that a view is of: the view's own bytes may lie apart.
  int root(int buffer) const {
    while (plan_.places[at(buffer)].home == Home::base) buffer = plan_.places[at(buffer)].base;
    return buffer;
  }

  std::int64_t word(const Word& w, const tile::Chunking& c, const std::vector<std::int64_t>& offsets) const {
    switch (w.kind) {
      case Word::Kind::pointer:
      case Word::Kind::errors:
      case Word::Kind::warps:
      case Word::Kind::stream: return 0;
      case Word::Kind::extent: return extent(w.axis);
      case Word::Kind::padded: return tile::apart(extent(w.axis), w.dtype, target_.device_class);
      case Word::Kind::stride: return plan_.places[at(w.buffer)].strides[at(w.dim)];
      case Word::Kind::parallel: return c.points;
      case Word::Kind::chunk_points: return c.chunk_points;
      case Word::Kind::pieces: return c.pieces;
      case Word::Kind::piece: return c.piece;
      case Word::Kind::row: return padded_row(program_.buffers[at(w.buffer)]);
      case Word::Kind::rows: return made(w.buffer).chunks;
      case Word::Kind::row_points: return made(w.buffer).chunk_points;
      case Word::Kind::all_points: return made(w.buffer).points;
      case Word::Kind::scratch: return offsets[at(w.buffer)];
      case Word::Kind::scalar: break;
    }
    if (w.dtype == float64) return std::bit_cast<std::int64_t>(w.number);
    if (is_float(w.dtype)) return std::bit_cast<std::int32_t>(static_cast<float>(w.number));
    return w.integer;
  }

  // The slot is read before a host step, which may fail for what a wrong row gave it, and after the last check: no
  // update is written in place before that.
  void cut_into_stretches() {
    const std::size_t n = program_.steps.size();
    const auto is_host = [&](std::size_t s) { return std::holds_alternative<tile::HostStep>(program_.steps[s]); };
    std::size_t last_check = n;
    for (std::size_t s = 0; s < n; ++s)
      if (tile::checks(program_.steps[s])) last_check = s;
    bool unread = false;
    std::size_t first = 0;
    for (std::size_t s = 0; s < n; ++s) {
      unread = unread || tile::checks(program_.steps[s]);
      const bool at_host = is_host(s) || (s + 1 < n && is_host(s + 1)), reads = unread && (at_host || s == last_check);
      if (!at_host && !reads && s + 1 < n) continue;
      plan_.stretches.push_back({first, s + 1, reads});
      first = s + 1;
      if (reads) unread = false;
    }
  }

  void plan_checks() {
    for (std::size_t site = 0; site < program_.checks.size(); ++site) {
      const Tensor& t = program_.checks[site];
      const auto of = [&](const Tensor& x) {
        const auto it = shapes_.find(x.node());
        return it == shapes_.end() ? Shape() : it->second;
      };
      plan_.checked.push_back(of(node(t).inputs[0]));
      if (is_empty(of(t)) && !is_empty(of(node(t).inputs[1]))) plan_.unseen.push_back(static_cast<int>(site));
    }
    for (const tile::Step& s : program_.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s))
        for (const tile::Value& v : phase->values)
          if (v.kind == tile::Value::Kind::load && v.row_dim >= 0) stand_in(v);
  }

  static bool is_empty(const Shape& s) { return std::find(s.begin(), s.end(), 0) != s.end(); }

  // A wrong index is read at row 0, before anybody knows that it is wrong: where there is no row, one is lent.
  void stand_in(const tile::Value& load) {
    const Place& p = plan_.places[at(load.buffer)];
    if (p.shape[at(load.row_dim)] != 0) return;
    std::size_t bytes = size_of(load.dtype);
    for (const Index n : p.shape) bytes *= static_cast<std::size_t>(std::max<Index>(n, 1));
    plan_.stand_ins.emplace_back(load.buffer, bytes);
  }

  PlannedLaunch product(const tile::StridedProduct& p, int kernel) {
    PlannedLaunch l = strided_launch(p, plan_.places, kernel, target_);
    l.uses = {{root(p.a), Access::r}, {root(p.b), Access::r}, {p.out, Access::w}};
    if (p.bias >= 0) l.uses.emplace_back(root(p.bias), Access::r);
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, l.scratch_bytes);
    return l;
  }

  PlannedGemm gemm(const tile::LibraryCall& c) const {
    const Place &a = plan_.places[at(c.a)], &out = plan_.places[at(c.out)];
    const auto product = [](const Shape& s, int first, int count) {
      Index n = 1;
      for (int i = first; i < first + count; ++i) n *= s[at(i)];
      return n;
    };
    Gemm g;
    g.dtype = program_.buffers[at(c.out)].node.dtype();
    g.transpose_a = c.a_transposed;
    g.transpose_b = c.b_transposed;
    g.batch = product(out.shape, 0, c.batch);
    g.m = product(out.shape, c.batch, c.a_free);
    g.n = product(out.shape, c.batch + c.a_free, c.b_free);
    g.k = product(a.shape, (c.a_repeats ? 0 : c.batch) + (c.a_transposed ? 0 : c.a_free), c.summed);
    g.lda = c.a_transposed ? g.m : g.k;
    g.ldb = c.b_transposed ? g.k : g.n;
    g.ldc = g.n;
    g.stride_a = c.a_repeats ? 0 : g.m * g.k;
    g.stride_b = c.b_repeats ? 0 : g.k * g.n;
    g.stride_c = g.m * g.n;
    g.relu = c.relu;
    return {g, c.a, c.b, c.out, c.bias};
  }

  const Program& program_;
  std::span<const tile::Nest> nests_;
  const Shapes& shapes_;
  const Integers& integers_;
  const Target& target_;
  const Layout& layout_;
  std::vector<tile::Chunking> chunks_;
  std::vector<bool> is_read_, is_written_;  // by buffer
  Plan plan_;
};

}  // namespace

Plan make_plan(const Program& program, std::span<const tile::Nest> nests, const Shapes& shapes,
               const Integers& integers, const Target& target, const Layout& layout) {
  return Planner(program, nests, shapes, integers, target, layout).run();
}

}  // namespace croton::runtime
