#include "tile/chunks.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/dtype.h"
#include "expr/functions.h"

namespace croton::tile {
namespace {

// One chunk's work, in nominal units: the tutorial's step (5000 examples, 1000 hidden units) is 63 chunks of 80
// examples.
constexpr double usual_work = 3.68e6;
std::atomic<double> work_of_a_chunk{usual_work};
constexpr Index most_chunks = 256;
// Small phases are cut finer, into up to so many chunks, so that few threads share them evenly.
constexpr double few_chunks = 32, finer = 4;
// A chunk of rows adds up its points one after another, and the error of a sum of like numbers grows with them: no more
// than so many, where that is not too many chunks.
constexpr double most_rows_of_a_sum = 4096;
// Partials stay below this share of the bytes that the phase moves.
constexpr double share_of_partials = 0.02;

bool is_parallel(const Phase& p, AxisId a) {
  return std::find(p.parallel.begin(), p.parallel.end(), a) != p.parallel.end();
}

double inner_points(const Phase& p, const std::vector<AxisId>& axes, const ExtentOf& extent) {
  double n = 1;
  for (const AxisId a : axes)
    if (a != no_axis && !is_parallel(p, a)) n *= static_cast<double>(extent(a));
  return n;
}

double bytes_per_point(const Program& g, const Phase& p, const ExtentOf& extent) {
  double bytes = 0;
  for (const Value& v : p.values)
    if (v.kind == Value::Kind::load) bytes += static_cast<double>(size_of(v.dtype)) * inner_points(p, v.axes, extent);
  for (const Store& s : p.stores)
    if (g.buffers[static_cast<std::size_t>(s.buffer)].kind != Buffer::Kind::partial)
      bytes += static_cast<double>(size_of(p.values[static_cast<std::size_t>(s.value)].dtype)) *
               inner_points(p, s.index, extent);
  return bytes;
}

Index rounded_up(Index n, Index unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

double work_per_point(const Program& g, const Phase& p, const ExtentOf& extent) {
  double work = bytes_per_point(g, p, extent) / 4;
  for (const Value& v : p.values) {
    std::vector<AxisId> axes = v.axes;
    axes.insert(axes.end(), v.over.begin(), v.over.end());
    const bool varies = std::any_of(axes.begin(), axes.end(), [&](AxisId a) { return is_parallel(p, a); });
    if (!varies && !p.parallel.empty()) continue;  // once a chunk
    if (v.kind == Value::Kind::call)
      work += expr::function(v.function).cost * inner_points(p, v.axes, extent);
    else if (v.kind == Value::Kind::reduce || v.kind == Value::Kind::combine)
      work += inner_points(p, axes, extent);
  }
  return work;
}

void set_work_of_a_chunk(double work) { work_of_a_chunk = work > 0 ? work : usual_work; }

Chunking chunking(const Program& g, const Phase& p, const ExtentOf& extent, DeviceClass) {
  Chunking c{.points = 1};
  for (const AxisId a : p.parallel) c.points *= extent(a);
  if (p.parallel.empty()) return c;
  double most = most_chunks;
  double partial_bytes = 0;
  for (const Store& s : p.stores) {
    const Buffer& b = g.buffers[static_cast<std::size_t>(s.buffer)];
    if (b.kind == Buffer::Kind::partial)
      partial_bytes += static_cast<double>(size_of(b.partial_dtype)) * inner_points(p, b.axes, extent);
  }
  const double points = static_cast<double>(c.points), moved = bytes_per_point(g, p, extent) * points;
  if (partial_bytes > 64) most = std::min(most, std::max(1.0, share_of_partials * moved / partial_bytes));
  const double chunks = work_per_point(g, p, extent) * points / work_of_a_chunk;
  double wanted = std::min(most, std::ceil(std::max(chunks, std::min(few_chunks, finer * chunks))));
  if (partial_bytes > 0 && !p.flat) wanted = std::max(wanted, std::min(most, std::ceil(points / most_rows_of_a_sum)));
  const Index unit = p.flat ? 64 : 8;
  c.chunk_points = rounded_up(std::max<Index>(1, static_cast<Index>(std::ceil(points / std::max(1.0, wanted)))), unit);
  c.chunks = (c.points + c.chunk_points - 1) / c.chunk_points;
  return c;
}

}  // namespace croton::tile
