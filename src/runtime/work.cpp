#include "runtime/work.h"

#include <fmt/format.h>

#include <map>

#include "array/access.h"
#include "base/dtype.h"
#include "graph/walk.h"
#include "runtime/strided.h"

namespace croton::runtime {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Estimate {
 public:
  Estimate(const tile::Program& program, const Plan& plan) : program_(program), plan_(plan) {
    for (std::size_t a = 0; a < program.axes.size(); ++a)
      if (program.axes[a].constant >= 0) extents_[static_cast<int>(a)] = program.axes[a].constant;
    for (const tile::Step& s : program.steps)
      if (const auto* phase = std::get_if<tile::Phase>(&s)) learn(*phase);
  }

  Work of(const tile::Step& step, std::size_t number) const {
    if (const auto* phase = std::get_if<tile::Phase>(&step)) return of(*phase);
    if (const auto* call = std::get_if<tile::LibraryCall>(&step)) {
      const Gemm& g = std::get<PlannedGemm>(plan_.steps[number]).gemm;
      const double bias = call->bias < 0 ? 0 : bytes(call->bias);
      return {bytes(call->a) + bytes(call->b) + bytes(call->out) + bias,
              2.0 * static_cast<double>(g.batch) * static_cast<double>(g.m) * static_cast<double>(g.n) *
                  static_cast<double>(g.k)};
    }
    if (const auto* product = std::get_if<tile::StridedProduct>(&step)) {
      const ProductSize n = size_of_product(*product, plan_.places);
      const double bias = product->bias < 0 ? 0 : bytes(product->bias);
      return {bytes(product->a) + bytes(product->b) + bytes(product->out) + bias,
              2.0 * static_cast<double>(n.batch * n.rows * n.columns) * static_cast<double>(n.terms)};
    }
    const auto& host = std::get<tile::HostStep>(step);
    Work w{bytes(host.out), 0};
    for (const int b : host.arguments) w.bytes += bytes(b);
    return w;
  }

 private:
  // An axis's extent stands in the shape of any buffer that runs along it.
  void learn(const tile::Phase& phase) {
    const auto along = [&](int buffer, const std::vector<tile::AxisId>& index) {
      const Shape& shape = plan_.places[at(buffer)].shape;
      for (std::size_t d = 0; d < index.size() && d < shape.size(); ++d)
        if (index[d] != tile::no_axis) extents_.emplace(index[d], shape[d]);
    };
    for (const tile::Value& v : phase.values)
      if (v.kind == tile::Value::Kind::load) along(v.buffer, v.index);
    for (const tile::Store& s : phase.stores) along(s.buffer, s.index);
  }

  double points(const std::vector<tile::AxisId>& axes) const {
    double n = 1;
    for (const tile::AxisId a : axes)
      if (const auto known = extents_.find(a); known != extents_.end()) n *= static_cast<double>(known->second);
    return n;
  }

  double bytes(int buffer) const { return static_cast<double>(plan_.places[at(buffer)].bytes); }

  Work of(const tile::Phase& phase) const {
    Work w;
    std::vector<bool> touched(program_.buffers.size(), false);
    const auto touch = [&](int b) {
      if (!touched[at(b)]) w.bytes += bytes(b);
      touched[at(b)] = true;
    };
    for (const tile::Value& v : phase.values) {
      for (const int b : tile::buffers_read(v)) touch(b);
      switch (v.kind) {
        case tile::Value::Kind::call:
        case tile::Value::Kind::convert: w.operations += points(v.axes); break;
        case tile::Value::Kind::reduce: w.operations += points(v.axes) * points(v.over); break;
        case tile::Value::Kind::combine: w.operations += bytes(v.buffer) / static_cast<double>(size_of(v.dtype)); break;
        default: break;
      }
    }
    for (const tile::Store& s : phase.stores) touch(s.buffer);
    return w;
  }

  const tile::Program& program_;
  const Plan& plan_;
  std::map<tile::AxisId, Index> extents_;
};

std::string_view kind(const tile::Step& s) {
  if (std::holds_alternative<tile::Phase>(s)) return "phase";
  return "step";
}

}  // namespace

std::vector<Work> work(const tile::Program& program, const Plan& plan) {
  const Estimate estimate(program, plan);
  std::vector<Work> all;
  for (std::size_t s = 0; s < program.steps.size(); ++s) all.push_back(estimate.of(program.steps[s], s));
  return all;
}

std::string work_text(const tile::Program& program, const Plan& plan) {
  std::vector<std::string> shapes;
  for (std::size_t b = 0; b < program.buffers.size(); ++b)
    if (const Tensor& t = program.buffers[b].node; program.buffers[b].kind == tile::Buffer::Kind::leaf && t.ndim() > 0)
      shapes.push_back(formula(t) + shape_text(Extents(plan.places[b].shape)));
  std::string out =
      fmt::format("at least, with {}:\n", shapes.empty() ? "no arrays" : fmt::format("{}", fmt::join(shapes, ", ")));
  const std::vector<Work> all = work(program, plan);
  for (std::size_t s = 0; s < all.size(); ++s) {
    out += fmt::format("  {} {}: {:.6g} bytes moved, {:.6g} operations", kind(program.steps[s]), s, all[s].bytes,
                       all[s].operations);
    if (const auto* launch = std::get_if<PlannedLaunch>(&plan.steps[s]))
      for (const PlannedLaunch::Stream& stream : launch->streams)
        out += fmt::format(", b{} past the caches {} bytes at a time", stream.buffer, stream.piece);
    out += '\n';
  }
  for (const tile::Relay& r : plan.relays)
    out += fmt::format("  steps {} to {} as a relay: they take turns where a product has several panels of rows\n",
                       r.first, r.end - 1);
  out += fmt::format("  memory between steps: {} bytes\n", plan.arena_bytes);
  return out;
}

}  // namespace croton::runtime
