#include "rewrite/passes.h"

#include "rewrite/rules/rules.h"
#include "rewrite/steps.h"

namespace croton::rewrite {
namespace {

using Graph = std::vector<Tensor>;

using Nodes = std::span<const Tensor>;

Graph merged(Nodes g, const Options&) { return merge(g); }
Graph folded(Nodes g, const Options&) { return fold(g); }
Graph canonicalize(Nodes g, const Options&) { return rewritten(g, canonical_rules()); }
Graph stabilized(Nodes g, const Options&) { return stabilize(g); }
Graph specialize(Nodes g, const Options&) { return rewritten(g, specializing_rules()); }
Graph unsafe(Nodes g, const Options&) { return rewritten(g, unsafe_rules()); }

/// The graphs inside nodes go through all passes by themselves.
Graph expanded(Nodes g, const Options& options) {
  Options of_inner = options;
  of_inner.observe = {};
  return with_inner_graphs(expand(g), [&](Nodes inner) { return run(inner, of_inner); });
}

Graph pushed_out(Nodes g, const Options&) { return push_out(g); }

enum class When { always, optimizing, unsafe_only };

struct Pass {
  std::string_view name;
  Graph (*run)(Nodes, const Options&);
  When when;
};

// The compiler's front half, in this order. Composites stay whole until the rules that look for them have run; what
// they expand to is folded, spelled canonically and merged like the rest.
constexpr Pass passes[] = {
    {"merge", merged, When::always},
    {"fold", folded, When::optimizing},
    {"canonicalize", canonicalize, When::optimizing},
    {"unsafe", unsafe, When::unsafe_only},
    {"stabilize", stabilized, When::always},
    {"expand", expanded, When::always},
    {"push_out", pushed_out, When::optimizing},
    {"fold", folded, When::optimizing},
    {"specialize", specialize, When::optimizing},
    {"merge", merged, When::always},
};

bool runs(const Pass& pass, const Options& options) {
  switch (pass.when) {
    case When::always: return true;
    case When::optimizing: return !options.stabilize_only;
    case When::unsafe_only: break;
  }
  return options.unsafe && !options.stabilize_only;
}

}  // namespace

std::vector<Tensor> run(std::span<const Tensor> outputs, const Options& options) {
  Graph graph(outputs.begin(), outputs.end());
  for (const Pass& pass : passes) {
    if (!runs(pass, options)) continue;
    graph = pass.run(graph, options);
    if (options.check) check_graph(graph, pass.name);
    if (options.observe) options.observe(pass.name, graph);
  }
  return graph;
}

std::vector<Tensor> stabilize(std::span<const Tensor> outputs, const std::unordered_set<const Node*>& keep) {
  return rewritten(outputs, stabilizing_rules(), keep);
}

}  // namespace croton::rewrite
