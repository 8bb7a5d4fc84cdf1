#include "runtime/compiled.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/config.h"
#include "base/signals.h"
#include "graph/walk.h"
#include "print/printer.h"
#include "print/product.h"
#include "runtime/cpu/cpu_count.h"
#include "tile/beside.h"
#include "tile/build.h"
#include "tile/chunks.h"
#include "tile/epilogue.h"

namespace croton::runtime {
namespace {

// Of the nests in one translation unit: the host compiler takes some tenths of a second for so many, and several texts
// are compiled side by side.
constexpr std::size_t most_registers = 2000;

// As many compilers at once as there are threads. The first error is thrown when all have ended.
std::vector<std::shared_ptr<Module>> compile_side_by_side(Device& device, const std::vector<Source>& sources) {
  std::vector<std::shared_ptr<Module>> modules(sources.size());
  std::vector<std::exception_ptr> errors(sources.size());
  std::atomic<std::size_t> next{0};
  const auto config = config_snapshot();
  const auto work = [&] {
    const ConfigInUse scope(config);
    for (std::size_t k; (k = next.fetch_add(1)) < sources.size();) try {
        modules[k] = device.compile(sources[k]);
      } catch (...) { errors[k] = std::current_exception(); }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t most = std::min(sources.size(), static_cast<std::size_t>(threads_allowed()));
    try {
      const SignalsBlocked scope;
      for (std::size_t t = 1; t < most; ++t) others.emplace_back(work);
    } catch (const std::system_error&) {}  // no more threads: fewer do the same work
    work();
  }
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
  return modules;
}

Target target_with_config(const Device& device) {
  Target target = device.target();
  target.fast = target.device_class == DeviceClass::gpu && config_snapshot()->flag("nvcc.fastmath") &&
                config_snapshot()->text("math") != "exact";
  return target;
}

// Kernels of one text are one: the layers of a network differ in what they read and write alone.
struct Distinct {
  std::vector<tile::Nest> nests;     // of each text once
  std::vector<std::size_t> kernels;  // by kernel: which of those it is
};
Distinct distinct(std::span<const std::span<const tile::Nest>> kernels, const Target& target) {
  Distinct r;
  std::unordered_map<std::string, std::size_t> known;
  for (const auto nests : kernels) {
    const auto [at, is_new] = known.emplace(print::kernel(nests, "kernel", print::dialect(target)), known.size());
    if (is_new) r.nests.insert(r.nests.end(), nests.begin(), nests.end());
    r.kernels.push_back(at->second);
  }
  return r;
}

std::vector<Source> translation_units(std::span<const tile::Nest> nests, const Target& target,
                                      const std::string& name) {
  const bool exact = config_snapshot()->text("math") == "exact";
  std::vector<Source> sources;
  for (std::size_t first = 0, end = 0; first < nests.size(); first = end) {
    Source s{.text = {}, .entries = {}, .name = name};
    std::size_t registers = 0;
    while (end < nests.size()) {
      const auto together = tile::one_kernel(nests.subspan(end));
      std::size_t more = 0, fold_bytes = 0;
      for (const tile::Nest& n : together) more += n.registers.size(), fold_bytes += tile::fold_bytes(n);
      if (end > first && registers + more > most_registers) break;
      s.threads.push_back(together[0].lanes);
      s.fold_bytes.push_back(fold_bytes);
      registers += more;
      end += together.size();
      s.entries.push_back(print::entry_name(s.entries.size()));
    }
    s.text = print::translation_unit(nests.subspan(first, end - first), target);
    if (exact) s.text = "#define CROTON_EXACT\n" + s.text;
    sources.push_back(std::move(s));
  }
  return sources;
}

// The dtypes of the products of views, in their order.
std::vector<DType> products_of_views(const tile::Program& program) {
  std::vector<DType> r;
  for (const tile::Step& s : program.steps)
    if (const auto* product = std::get_if<tile::StridedProduct>(&s))
      r.push_back(program.buffers[static_cast<std::size_t>(product->out)].node.dtype());
  return r;
}

Source product_source(DType d, const Target& target, const std::string& name) {
  Source s{.text = print::product_unit(d, target), .entries = {}, .name = name};
  for (std::size_t w = 0; w < print::product_ways; ++w) s.entries.push_back(print::entry_name(w));
  return s;
}

std::string label(const tile::Step& s, std::size_t number) {
  const auto product = [&](std::string_view what, const auto& p) {
    return fmt::format("{}: {}{}{}", number, what, p.bias < 0 ? "" : " + bias", p.relu ? ", relu" : "");
  };
  if (const auto* call = std::get_if<tile::LibraryCall>(&s)) return product("gemm", *call);
  if (const auto* views = std::get_if<tile::StridedProduct>(&s)) return product("product of views", *views);
  if (const auto* host = std::get_if<tile::HostStep>(&s))
    return fmt::format("{}: host {}", number, node(host->node).op->name);
  const auto& phase = std::get<tile::Phase>(s);
  std::string what;
  for (const tile::Store& t : phase.stores) {
    const Tensor& made = phase.values[static_cast<std::size_t>(t.value)].node;
    if (made.node()) what += (what.empty() ? "" : ", ") + formula(made, 24);
  }
  return fmt::format("{}: kernel {}", number, what);
}

// Nests and labels. Phases side by side share a kernel, as far as its parameters hold the words of all, and the label
// of the first.
void lower_phases(Compiled& c, std::span<const UpdateTarget> updates, bool check_ir) {
  std::vector<tile::Replacement> replacements;
  replacements.reserve(updates.size());
  for (const UpdateTarget& u : updates)
    replacements.push_back({u.shared, tile::root_of(c.program, c.program.outputs[u.result])});
  const std::vector<tile::Beside> groups = tile::side_by_side(c.program, replacements, c.target);
  auto group = groups.begin();
  std::size_t first_nest = 0, first_step = 0;  // of the kernel
  for (std::size_t s = 0; s < c.program.steps.size(); ++s) {
    c.labels.push_back(label(c.program.steps[s], s));
    const auto* phase = std::get_if<tile::Phase>(&c.program.steps[s]);
    if (!phase) continue;
    while (group != groups.end() && group->end <= s) ++group;
    const bool in_group = group != groups.end() && group->first <= s;
    c.nests.push_back(tile::lower(c.program, *phase, c.target, in_group ? group->threads : 0));
    if (check_ir) tile::verify(c.nests.back(), c.target);
    const auto together = std::span(c.nests).subspan(first_nest);
    if (in_group && group->first < s &&
        print::gpu_words(together) * sizeof(std::int64_t) <= print::most_gpu_parameters) {
      c.nests.back().beside = true;
      c.labels[first_step] += "; " + c.labels.back();
    } else {
      first_nest = c.nests.size() - 1, first_step = s;
    }
  }
}

}  // namespace

std::vector<std::span<const tile::Nest>> Compiled::nests_of_kernels() const {
  std::vector<std::span<const tile::Nest>> r;
  for (std::span<const tile::Nest> left = nests; !left.empty(); left = left.subspan(r.back().size()))
    r.push_back(tile::one_kernel(left));
  return r;
}

std::vector<std::pair<std::size_t, std::size_t>> Compiled::side_by_side() const {
  std::vector<std::pair<std::size_t, std::size_t>> r;
  std::size_t nest = 0, first = 0;
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    if (!std::holds_alternative<tile::Phase>(program.steps[s])) continue;
    if (!nests[nest].beside) first = s;
    if (++nest < nests.size() && nests[nest].beside) continue;
    if (first < s) r.emplace_back(first, s);
  }
  return r;
}

Compiled compile(std::span<const Tensor> results, std::span<const UpdateTarget> updates, Device& device,
                 const std::string& name, bool long_positions) {
  Compiled c;
  c.target = target_with_config(device);
  const auto named_rows = device.host_addressable() ? tile::NamedRows::by_host : tile::NamedRows::by_phases;
  c.program = tile::build(results, {.named_rows = named_rows,
                                    .products_of_views = c.target.products_of_views,
                                    .fills_machine = tile::rows_that_fill(c.target.device_class),
                                    .long_positions = long_positions});
  tile::take_epilogues(c.program, c.target);
  const bool check_ir = config_snapshot()->flag("check_ir");
  if (check_ir) tile::verify(c.program);
  lower_phases(c, updates, check_ir);
  const auto kernels = c.nests_of_kernels();
  const Distinct once = distinct(kernels, c.target);
  c.sources = translation_units(once.nests, c.target, name);
  for (std::size_t k = 0; k < kernels.size(); ++k)
    c.entries.insert(c.entries.end(), kernels[k].size(), once.kernels[k]);
  std::size_t all = 0;
  for (const Source& s : c.sources) all += s.entries.size();
  std::map<DType, std::size_t> first;  // entry of the products of a dtype
  for (const DType d : products_of_views(c.program)) {
    const auto [at, is_new] = first.emplace(d, all);
    if (is_new) {
      c.sources.push_back(product_source(d, c.target, name));
      all += print::product_ways;
    }
    for (std::size_t w = 0; w < print::product_ways; ++w) c.entries.push_back(at->second + w);
  }
  for (const Source& s : c.sources) c.text += s.text;
  return c;
}

Loaded load(const Compiled& c, Device& device) {
  Loaded l{compile_side_by_side(device, c.sources), {}};
  std::vector<Kernel> all;
  for (const auto& m : l.modules) all.insert(all.end(), m->kernels().begin(), m->kernels().end());
  for (const std::size_t e : c.entries) l.kernels.push_back(all[e]);
  return l;
}

}  // namespace croton::runtime
