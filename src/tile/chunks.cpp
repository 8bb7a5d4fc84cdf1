#include "tile/chunks.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/dtype.h"
#include "base/rounding.h"
#include "expr/functions.h"

namespace croton::tile {
namespace {

// What chunks a class of devices wants. `work`: of one chunk, in nominal units. On the CPU the tutorial's step (5000
// examples, 1000 hidden units) is 63 chunks of 80 examples. On a GPU a chunk is a block of threads, which costs next to
// nothing to begin: so many that each thread has a few elements; how many are too many, where they leave partials, says
// what follows. Pieces of 4096 floats of 64 rows are read at 17 GB/s on the CPU, whole rows at 20, pieces of 1024
// at 13.
struct Wish {
  double work;
  Index most, nominal;  // nominal: how many chunks run at once; 0: any number runs equally well
  Index flat_unit, row_unit;
  Index piece, piece_unit;  // elements of a piece of a row, at least, in all steps; a multiple
  double partials;          // their share of the bytes that the phase moves, at most
  double few, finer;  // small phases are cut finer, into up to so many chunks, so that few threads share them evenly
};
constexpr Wish wishes[] = {{.work = 3.68e6,
                            .most = 256,
                            .nominal = 0,
                            .flat_unit = 64,
                            .row_unit = 8,
                            .piece = 4096,
                            .piece_unit = 64,
                            .partials = 0.02,
                            .few = 32,
                            .finer = 4},
                           {.work = 4096,
                            .most = 2112,
                            .nominal = 132,
                            .flat_unit = 256,
                            .row_unit = 8,
                            .piece = 512,
                            .piece_unit = 32,
                            .partials = 0.05,
                            .few = 0,
                            .finer = 1}};
std::atomic<double> work_of_a_chunk{0};
// A chunk of rows adds up its points one after another, and the error of a sum of like numbers grows with them: no more
// than so many, where that is not too many chunks.
constexpr double most_rows_of_a_sum = 4096;
// Rows that the types know to be shorter are never cut; the same of rows whose elements go through the steps of a fold.
constexpr Index shortest_row_to_cut = 4096, shortest_row_of_steps = 128;
constexpr std::size_t shared_bytes_everywhere = 48 << 10;
// On a GPU. Points that a block takes in a turn, at most: eight for each thread (tile/in_flight); of long arrays a
// block takes two turns, so that what is read and written at one time lies together. (On an H200 x * 2 + 1 over 2^27
// elements takes 1.24 times as long as a copy in 1311 blocks.)
constexpr Index turn_of_a_block = 2048;
// Each is written out, and NVRTC would take seconds for hundreds.
constexpr Index most_columns_of_a_value = 16;
// Of float32 they are the 32 bytes that a GPU's caches move at once.
constexpr int narrowest_columns = 8;
// Rows of half a tile, which most nests know where threads keep their elements in registers (tile/rows).
constexpr Index half_a_tile = 4;
// Where a row is what a list names, added up, some rows have long lists: an index that comes often. All threads of the
// block have part in those, but where there are few elements for each. (Reckoned, not measured: a warp goes through the
// list once for each 32 elements.)
constexpr Index longest_row_of_lists = 128;
// Of elements that occupy a block by themselves: eight for each thread.
constexpr double long_row_of_a_block = 2048;
// Blocks of rows that leave no partials: each has its eight rows, or more.
constexpr double most_without_partials = 16384;
// Blocks a multiprocessor that leave a row of partials: adding up more costs more than they gain. (On an H200 the
// gradients of a layer norm of 65536 x 1024 take 242 us with 656 blocks, 262 with 1171.)
constexpr double most_with_partials = 5;
// Of 256 threads, on a multiprocessor.
constexpr Index blocks_at_once = 8;
// Of an index: two comparisons, an addition, a choice.
constexpr double work_of_a_check = 4;

bool is_parallel(const Phase& p, AxisId a) {
  return std::find(p.parallel.begin(), p.parallel.end(), a) != p.parallel.end();
}

double inner_points(const Phase& p, const std::vector<AxisId>& axes, const ExtentOf& extent) {
  double n = 1;
  for (const AxisId a : axes)
    if (a != no_axis && !is_parallel(p, a)) n *= static_cast<double>(extent(a));
  return n;
}

// Whether the types say how long rows are, and a block's threads may keep one in registers.
bool knows_short_rows(const Program& g, const Phase& p) {
  const auto is_short = [&](AxisId a) {
    const Index n = extent_by_type(g.axes[static_cast<std::size_t>(a)]);
    return is_parallel(p, a) || (n >= 1 && n <= longest_row_of_a_warp);
  };
  return std::all_of(p.values.begin(), p.values.end(), [&](const Value& v) {
    return std::all_of(v.axes.begin(), v.axes.end(), is_short) && std::all_of(v.over.begin(), v.over.end(), is_short);
  });
}

double bytes_per_point(const Program& g, const Phase& p, const ExtentOf& extent) {
  double bytes = 0;
  for (const Value& v : p.values)
    if (v.kind == Value::Kind::load || v.kind == Value::Kind::add_rows)
      bytes += static_cast<double>(size_of(v.dtype)) * inner_points(p, v.axes, extent);
  for (const Store& s : p.stores)
    if (g.buffers[static_cast<std::size_t>(s.buffer)].kind != Buffer::Kind::partial)
      bytes += static_cast<double>(size_of(p.values[static_cast<std::size_t>(s.value)].dtype)) *
               inner_points(p, s.index, extent);
  return bytes;
}

// Whether what all rows read, weights or the points to compare with, is more than what each has of its own: then rows
// are taken together.
bool rows_share_most(const Program& g, const Phase& p, const ExtentOf& extent) {
  double shared = 0;
  for (const Value& v : p.values)
    if (v.kind == Value::Kind::load &&
        std::none_of(v.axes.begin(), v.axes.end(), [&](AxisId a) { return is_parallel(p, a); }))
      shared += static_cast<double>(size_of(v.dtype)) * inner_points(p, v.axes, extent);
  return shared > bytes_per_point(g, p, extent) - shared;
}

// Points of a chunk, at least `least`: where only so many chunks run at once, the last round of them should be full,
// and two small ones on a multiprocessor wait less than a large one. (The tutorial's 5000 rows in 209 chunks of 24 take
// two rounds, one of them half empty: 250 chunks of 20 fill both.)
Index in_full_rounds(Index points, Index least, Index unit, Index nominal) {
  if (nominal == 0 || points > least * nominal * blocks_at_once) return least;
  Index best = least, best_time = std::numeric_limits<Index>::max();
  for (Index n = least; n <= 2 * least; n += unit) {
    const Index time = quotient_up(quotient_up(points, n), nominal) * n;
    if (time < best_time) best = n, best_time = time;
  }
  return best;
}

// Of a fold inside the lanes' loop: as many as each element of a piece goes through.
double steps_of_a_lane(const Phase& p, const ExtentOf& extent) {
  double steps = 1;
  for (const Value& v : p.values)
    if (v.kind == Value::Kind::reduce) steps = std::max(steps, inner_points(p, v.over, extent));
  return steps;
}

}  // namespace

AxisId axis_to_cut(const Program& g, const Phase& p) {
  if (p.parallel.empty() || p.flat || p.serial != no_axis) return no_axis;
  const auto inner = [&](const std::vector<AxisId>& axes) { return inner_axes(g, p, axes); };
  AxisId cut = no_axis;
  for (const Store& s : p.stores) {
    const bool is_partial = g.buffers[static_cast<std::size_t>(s.buffer)].kind == Buffer::Kind::partial;
    const std::vector<AxisId> lanes = inner(is_partial ? p.values[static_cast<std::size_t>(s.value)].axes : s.index);
    if (lanes.size() != 1 || (cut != no_axis && cut != lanes[0])) return no_axis;
    cut = lanes[0];
  }
  const auto folds_in_lanes = [&](const Value& v) {
    return !inner(v.over).empty() && std::find(v.axes.begin(), v.axes.end(), cut) == v.axes.end();
  };
  if (cut == no_axis || std::any_of(p.values.begin(), p.values.end(), folds_in_lanes)) return no_axis;
  const bool has_steps =
      std::any_of(p.values.begin(), p.values.end(), [&](const Value& v) { return !inner(v.over).empty(); });
  const Index n = extent_by_type(g.axes[static_cast<std::size_t>(cut)]);
  return n < 0 || n >= (has_steps ? shortest_row_of_steps : shortest_row_to_cut) ? cut : no_axis;
}

double work_per_point(const Program& g, const Phase& p, const ExtentOf& extent) {
  double work = bytes_per_point(g, p, extent) / 4;
  for (const Value& v : p.values) {
    std::vector<AxisId> axes = v.axes;
    axes.insert(axes.end(), v.over.begin(), v.over.end());
    const bool varies = std::any_of(axes.begin(), axes.end(), [&](AxisId a) { return is_parallel(p, a); });
    if (!varies && !p.parallel.empty()) continue;  // once a chunk
    if (v.kind == Value::Kind::call)
      work += expr::function(v.function).cost * inner_points(p, v.axes, extent);
    else if (v.kind == Value::Kind::row)
      work += work_of_a_check * inner_points(p, v.axes, extent);
    else if (v.kind == Value::Kind::reduce || v.kind == Value::Kind::combine)
      work += inner_points(p, axes, extent);
  }
  return work;
}

bool rows_by_warps(const Nest& nest, const Chunking& chunks, const ExtentOf& extent) {
  if (nest.by_warps) return true;
  if (nest.warps < 0 || chunks.points < nest.lanes / warp_lanes || chunks.pieces > 1) return false;
  Index longest = 0, most = longest_row_of_a_warp;
  const auto length = [&](const Linear& to) {
    if (to[0].variable >= 0) return chunks.piece;
    const Factor& n = to[0].factors[0];
    return n.word < 0 ? n.number : extent(nest.words[static_cast<std::size_t>(n.word)].axis);
  };
  const std::function<void(const Body&)> look = [&](const Body& body) {
    for (const Statement& s : body) {
      look(s.body);
      if (s.kind == Statement::Kind::loop && !s.args.empty()) most = longest_row_of_lists;
      if (s.kind != Statement::Kind::lane_loop) continue;
      longest = std::max(longest, length(s.to));
    }
  };
  look(nest.body);
  const auto teams = static_cast<std::size_t>(nest.lanes / warp_lanes);
  return longest <= most &&
         scratch_bytes(nest, extent, DeviceClass::gpu) * teams + fold_bytes(nest) <= shared_bytes_everywhere;
}

int columns_at_once(const Program& g, const Phase& p, DeviceClass device) {
  const auto copies = [&](const Value& v) {
    Index n = 1;
    for (const AxisId a : v.axes)
      if (!is_parallel(p, a)) n *= std::max<Index>(1, g.axes[static_cast<std::size_t>(a)].constant);
    return n;
  };
  const auto has_columns = [&](const Value& v) {
    return v.kind == Value::Kind::combine &&
           std::any_of(v.axes.begin(), v.axes.end(), [&](AxisId a) { return is_parallel(p, a); });
  };
  const auto has_many = [&](const Value& v) { return has_columns(v) && copies(v) > most_columns_of_a_value; };
  const auto is_spread = [&](const Value& v) { return has_columns(v) && v.monoid == Monoid::spread; };
  const auto leaves_partials = [&](const Store& s) {
    return g.buffers[static_cast<std::size_t>(s.buffer)].kind == Buffer::Kind::partial;
  };
  const auto any = [&](auto&& is) { return std::any_of(p.values.begin(), p.values.end(), is); };
  if (device != DeviceClass::gpu || !p.flat || !any(has_columns) || any(has_many) ||
      std::any_of(p.stores.begin(), p.stores.end(), leaves_partials))
    return 0;
  if (any(is_spread)) return warp_lanes;
  Index columns = 1;
  for (const AxisId a : p.parallel) {
    const Index n = extent_by_type(g.axes[static_cast<std::size_t>(a)]);
    if (n < 0) return warp_lanes;
    columns *= n;
  }
  int width = warp_lanes;
  while (width > narrowest_columns && columns / width < wishes[static_cast<std::size_t>(device)].nominal) width /= 2;
  return width;
}

Index apart(Index elements, DType dtype, DeviceClass device) {
  const Index line = 64 / static_cast<Index>(size_of(dtype));
  return device == DeviceClass::gpu ? elements : (elements + line - 1) / line * line;
}

std::size_t scratch_bytes(const Nest& nest, const ExtentOf& extent, DeviceClass device,
                          std::vector<std::int64_t>* offsets) {
  std::size_t bytes = 0;
  for (const Scratch& s : nest.scratch) {
    if (offsets != nullptr) offsets->push_back(static_cast<std::int64_t>(bytes));
    const Index n = s.copies * (s.axis == no_axis ? 1 : apart(extent(s.axis), s.dtype, device));
    bytes += (size_of(s.dtype) * static_cast<std::size_t>(n) + 127) / 64 * 64;
  }
  return bytes;
}

std::size_t fold_bytes(const Nest& nest) {
  std::set<std::size_t> of_thread[2];  // bytes of each thread, by whether they are of columns
  const std::function<void(const Body&)> look = [&](const Body& body) {
    for (const Statement& s : body) {
      look(s.body);
      if (s.kind != Statement::Kind::put_fold) continue;
      const DType dtype = nest.registers[static_cast<std::size_t>(s.args[0])].dtype;
      const std::size_t word = std::max<std::size_t>(4, size_of(dtype));
      const bool columns = s.across == Across::warps;
      of_thread[columns].insert(columns ? bytes_of_columns / word * word : word);
    }
  };
  look(nest.body);
  std::size_t bytes = 0;
  for (const auto& sizes : of_thread) bytes = std::accumulate(sizes.begin(), sizes.end(), bytes);
  return bytes * static_cast<std::size_t>(nest.lanes);
}

void set_work_of_a_chunk(double work) { work_of_a_chunk = work; }

Chunking chunking(const Program& g, const Phase& p, const ExtentOf& extent, DeviceClass device) {
  const Wish& wish = wishes[static_cast<std::size_t>(device)];
  const double set = work_of_a_chunk, work = set > 0 ? set : wish.work;
  Chunking c{.points = 1};
  for (const AxisId a : p.parallel) c.points *= extent(a);
  if (p.parallel.empty()) return c;
  const auto cut = [&](Index points_of_a_chunk) {
    c.chunk_points = points_of_a_chunk;
    c.chunks = quotient_up(c.points, points_of_a_chunk);
    return c;
  };
  const AxisId axis = axis_to_cut(g, p);
  const Index length = axis == no_axis ? 0 : extent(axis);
  const double least_piece = set > 0 ? 1 : std::ceil(static_cast<double>(wish.piece) / steps_of_a_lane(p, extent));
  const Index most_pieces = length / rounded_up(static_cast<Index>(least_piece), wish.piece_unit);
  c.piece = length;
  if (const int columns = columns_at_once(g, p, device); columns > 0)
    return cut(rounded_up(std::max<Index>(1, quotient_up(c.points, wish.most)), columns));
  double most = static_cast<double>(wish.most);
  double partial_bytes = 0;
  for (const Store& s : p.stores) {
    const Buffer& b = g.buffers[static_cast<std::size_t>(s.buffer)];
    if (b.kind == Buffer::Kind::partial)
      partial_bytes += static_cast<double>(size_of(b.partial_dtype)) * b.parts * inner_points(p, b.axes, extent);
  }
  const bool gpu = device == DeviceClass::gpu;
  if (gpu && p.flat && partial_bytes == 0 && c.points >= 2 * wish.nominal * turn_of_a_block) {
    const bool is_longer = c.points >= 2 * blocks_at_once * wish.nominal * turn_of_a_block;
    return cut((is_longer ? 2 : 1) * turn_of_a_block);
  }
  const double points = static_cast<double>(c.points), moved = bytes_per_point(g, p, extent) * points;
  if (gpu && partial_bytes == 0) most = most_without_partials;
  if (partial_bytes > 64) {
    most = std::min(most, std::max(1.0, wish.partials * moved / partial_bytes));
    if (gpu && !p.flat) most = std::min(most, most_with_partials * static_cast<double>(wish.nominal));
  }
  const double chunks = work_per_point(g, p, extent) * points / work,
               evenly = std::ceil(std::max(chunks, std::min(wish.few, wish.finer * chunks)));
  double wanted = std::min(most, evenly);
  if (partial_bytes > 0 && !p.flat) wanted = std::max(wanted, std::min(most, std::ceil(points / most_rows_of_a_sum)));
  const auto least = static_cast<Index>(std::ceil(points / std::max(1.0, wanted)));
  // on a GPU rows that occupy a block by themselves, where they are too few to occupy all of it by eight
  const bool are_few_long =
      !gpu || (c.points < wish.row_unit * wish.nominal && bytes_per_point(g, p, extent) >= 4 * long_row_of_a_block);
  // and pieces of eight rows are too few to occupy it too
  const bool are_few_pieces = quotient_up(c.points, wish.row_unit) * most_pieces < std::max<Index>(2, 2 * wish.nominal);
  Index unit = wish.row_unit;
  if (p.flat)
    unit = wish.flat_unit;
  else if (gpu && partial_bytes > 64 && knows_short_rows(g, p))
    unit = half_a_tile;
  else if (least < unit && partial_bytes <= 64 && are_few_long && are_few_pieces && !rows_share_most(g, p, extent))
    unit = 1;
  cut(in_full_rounds(c.points, rounded_up(std::max<Index>(1, least), unit), unit, wish.nominal));
  if (most_pieces > 1 && c.chunks > 0) {
    const double pieces = std::ceil(std::min(evenly, most_without_partials) / static_cast<double>(c.chunks));
    const Index elements = quotient_up(length, std::clamp<Index>(static_cast<Index>(pieces), 1, most_pieces));
    c.piece = rounded_up(elements, wish.piece_unit);
    c.pieces = quotient_up(length, c.piece);
  }
  return c;
}

}  // namespace croton::tile
