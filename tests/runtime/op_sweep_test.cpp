// Every op's samples through generated code, held against the reference evaluator within its bounds. All samples of a
// family are outputs of one program: compiling is what costs time.
#include <fmt/format.h>

#include <algorithm>

#include "catch.h"
#include "croton/config.h"
#include "croton/ops.h"
#include "gpu.h"
#include "ops/families.h"
#include "ops/sweep.h"
#include "rewrite/passes.h"
#include "runtime/programs.h"

namespace croton {
namespace {

/// A node, and several sets of values for its inputs.
struct Trial {
  std::string title;
  std::vector<Tensor> inputs;
  Tensor node;
  std::vector<std::vector<Array>> runs;
};

struct Counts {
  Index elements = 0, doubtful = 0;
};

/// Whether the sign of a zero is part of the answer: what moves or transforms single elements keeps it.
bool signs_zero(const Tensor& t) { return meaning<Pointwise>(t) && is_float(t.dtype()); }

/// "" where `got` lies within the bound of every element; else the first element that does not.
std::string difference(const Array& got, const ops::Bounded& want, bool signs, Counts& counts) {
  if (got.dtype() != want.value.dtype() || got.shape() != want.value.shape())
    return fmt::format("{} instead of {}", type_text(got), type_text(want.value));
  std::string first;
  Index wrong = 0, last = 0;
  for (Index i = 0; i < got.size(); ++i) {
    ++counts.elements;
    if (get(want.doubtful, i) != 0) {
      ++counts.doubtful;
      continue;
    }
    const double x = get(got, i), y = get(want.value, i), bound = get(want.bound, i);
    if (std::isnan(x) && std::isnan(y)) continue;
    const bool exact = is_int(got.dtype()) ? get_index(got, i) == get_index(want.value, i) : x == y;
    if (exact && (!signs || x != 0 || std::signbit(x) == std::signbit(y))) continue;
    if (!exact && is_float(got.dtype()) && std::fabs(x - y) <= bound) continue;
    if (++wrong == 1)
      first = fmt::format("element {} of {}: {:.17g} instead of {:.17g}, bound {:.3g}", i, type_text(got), x, y, bound);
    last = i;
  }
  return wrong < 2 ? first : first + fmt::format("; {} are wrong, the last of them {}", wrong, last);
}

std::string types_of(const std::vector<Array>& values) {
  std::string r;
  for (const Array& a : values) r += (r.empty() ? "" : ", ") + type_text(a);
  return r;
}

/// All trials in one program, run once for each set of values.
Counts check(const std::vector<Trial>& trials, runtime::Device& device) {
  std::vector<Tensor> nodes, inputs;
  for (const Trial& t : trials) {
    nodes.push_back(t.node);
    inputs.insert(inputs.end(), t.inputs.begin(), t.inputs.end());
  }
  const ScopedConfig scope("check_ir=True");
  runtime::Programs program(rewrite::run(nodes, {.check = true}), inputs, {}, device, "sweep");
  Counts counts;
  for (std::size_t run = 0; run < trials.front().runs.size(); ++run) {
    std::vector<Array> values, out(trials.size());
    for (const Trial& t : trials) values.insert(values.end(), t.runs[run].begin(), t.runs[run].end());
    program.run(values, out);
    for (std::size_t k = 0; k < trials.size(); ++k) {
      const Trial& t = trials[k];
      ops::Values leaves;
      for (std::size_t i = 0; i < t.inputs.size(); ++i) leaves[t.inputs[i].node()] = t.runs[run][i];
      INFO(t.title << ", run " << run << " on " << types_of(t.runs[run]));
      CHECK(difference(out[k], ops::evaluate_bounded({&t.node, 1}, leaves)[0], signs_zero(t.node), counts) == "");
    }
  }
  return counts;
}

bool is_half(const Type& t) { return t.dtype == float16 || t.dtype == bfloat16; }

// ---- samples as they are declared
std::vector<Trial> declared(ops::Family family) {
  std::vector<Trial> trials;
  for (const Op* op : family)
    for (const Sample& s : op->samples()) {
      if (const auto* host = meaning<HostCall>(*op); host && host->sizes_itself)
        continue;  // several programs: function/
      const Sampled one = sampled(*op, s);
      Trial t{one.title, one.inputs, one.node, {one.values, {}}};
      for (const Array& a : one.values) t.runs[1].push_back(spread_out(a));
      trials.push_back(std::move(t));
    }
  return trials;
}

// ---- samples with extents that are known only when the program runs
constexpr Index sizes[][3] = {{1, 1, 1}, {3, 5, 2}, {16, 17, 3}, {17, 16, 1}, {70, 33, 2}, {0, 3, 2}, {15, 14, 2}};
constexpr std::size_t nothing_run = 5, special_run = 6;

bool can_be_free(const Op& op, const Sample& s) {
  if (!meaning<Pointwise>(op) && !meaning<Convert>(op) && !meaning<Reduce>(op) && !meaning<Contract>(op) &&
      !meaning<Expansion>(op))
    return false;
  bool many = false;
  for (const Type& t : s.inputs) {
    if (is_half(t) || (meaning<Expansion>(op) && !is_float(t.dtype))) return false;  // an integer input names a class
    for (const Index n : t.shape) {
      if (n == 0) return false;
      many |= n != 1;
    }
  }
  return many;
}

/// A fold of nothing that has no value.
bool needs_elements(const Op& op) {
  if (const auto* r = meaning<Reduce>(op))
    return r->monoid == Monoid::max || r->monoid == Monoid::min || r->monoid == Monoid::argmax ||
           r->monoid == Monoid::argmin;
  return meaning<Expansion>(op) != nullptr;
}

/// NaN, infinities, zeros and subnormals, or a type's ends, in every combination along two axes.
double special(DType d, Index at, double usual) {
  if (!is_float(d)) {
    const double ends[] = {-0x1p63, 0x1p63, 0, 1, -1};
    return at % 6 == 5 ? usual : ends[at % 6];
  }
  const double tiny = d == float64 ? 3e-310 : 2e-40;
  const double all[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, 0.0, -0.0, 1, -1, 0.5, tiny, -tiny};
  return at % 14 < 10 ? all[at % 14] : usual;
}

void put_specials(Array& a, std::size_t input) {
  const Index columns = a.ndim() == 0 ? 1 : a.shape().back();
  for (Index i = 0; i < a.size(); ++i) {
    const Index row = i / columns, column = i % columns;
    set(a, i, special(a.dtype(), input == 0 ? row : input == 1 ? column : row + column, get(a, i)));
  }
}

/// The values lie in every second column, as a transposed matrix.
Array woven(const Array& a) {
  std::vector<int> axes;
  for (int d = a.ndim(); d-- > 0;) axes.push_back(d);
  const Array turned = contiguous(permute_view(a, axes));
  Extents wide = turned.shape();
  wide[wide.size() - 1] = 2 * wide.back() + 1;
  Array r = Array::full(wide, 77, a.dtype());
  const Index columns = turned.shape().back();
  for (Index i = 0; i < turned.size(); ++i) set(r, i / columns * wide.back() + 2 * (i % columns) + 1, get(turned, i));
  return r;
}
Tensor unwoven(const Tensor& x) { return x(ellipsis, slice(1, none, 2)).T(); }

Trial with_free_extents(const Op& op, const Sample& s) {
  std::vector<Index> symbols;  // extents of the sample, in the order in which they appear
  const auto symbol = [&](Index n) {
    const auto at = std::find(symbols.begin(), symbols.end(), n);
    if (at == symbols.end()) return symbols.push_back(n), symbols.size() - 1;
    return static_cast<std::size_t>(at - symbols.begin());
  };
  Trial trial;
  std::vector<Tensor> operands;
  std::vector<bool> is_woven;
  trial.title = std::string(op.name) + s.params.text();
  for (const Type& t : s.inputs) {
    Type free = t;
    for (Index& n : free.shape)
      if (n != 1) symbol(n), n = -1;
    const bool weave = t.dtype == float32 && t.rank() > 0 && t.shape[0] != 1;
    if (weave) std::reverse(free.shape.begin(), free.shape.end());
    is_woven.push_back(weave);
    trial.inputs.push_back(make_input(free, fmt::format("x{}", trial.inputs.size()), Where{"sweep.cpp", 1, ""}));
    operands.push_back(weave ? unwoven(trial.inputs.back()) : trial.inputs.back());
    trial.title += (operands.size() == 1 ? " of " : ", ") + text(free) + (weave ? " (transposed and strided)" : "");
  }
  trial.node = apply(op, s.params, operands, Where{"sweep.cpp", 2, ""});
  for (std::size_t run = 0; run < std::size(sizes); ++run) {
    Draw draw(run);
    std::vector<Array> values;
    const Index* size = run == nothing_run && needs_elements(op) ? sizes[1] : sizes[run];
    for (std::size_t k = 0; k < s.inputs.size(); ++k) {
      Type t = s.inputs[k];
      for (Index& n : t.shape)
        if (n != 1) n = size[symbol(n) % 3];
      values.push_back(drawn(t, k < s.intervals.size() ? s.intervals[k] : Interval{}, draw));
      if (run == special_run) put_specials(values.back(), k);
      if (is_woven[k]) values.back() = woven(values.back());
    }
    trial.runs.push_back(std::move(values));
  }
  return trial;
}

std::vector<Trial> freed(ops::Family family) {
  std::vector<Trial> trials;
  for (const Op* op : family)
    for (const Sample& s : op->samples())
      if (can_be_free(*op, s)) trials.push_back(with_free_extents(*op, s));
  return trials;
}

/// The families in parts, which run side by side.
constexpr std::size_t parts = 4;
void sweep(std::vector<Trial> (*trials_of)(ops::Family), runtime::Device& device, std::size_t part,
           Index least_elements) {
  Counts all;
  const auto families = ops::families();
  for (std::size_t k = part - 1; k < families.size(); k += parts) {
    const std::vector<Trial> trials = trials_of(families[k]());
    if (trials.empty()) continue;
    const Counts c = check(trials, device);
    all.elements += c.elements, all.doubtful += c.doubtful;
  }
  INFO(all.doubtful << " of " << all.elements << " elements are doubtful");
  CHECK(all.elements > least_elements);
  CHECK(all.doubtful * 50 < all.elements);
}
constexpr Index least_declared = 1000, least_freed = 1000;

}  // namespace

#define CROTON_PARTS ((std::size_t Part), Part), 1, 2, 3, 4

TEMPLATE_TEST_CASE_SIG("every op's samples are what the reference says, contiguous and spread out", "", CROTON_PARTS) {
  sweep(declared, runtime::device("cpu"), Part, least_declared);
}

TEMPLATE_TEST_CASE_SIG("every op's samples are what the reference says on the emulated GPU", "[emulator][gpu]",
                       CROTON_PARTS) {
  sweep(declared, runtime::device(gpu_name()), Part, least_declared);
}

TEMPLATE_TEST_CASE_SIG(
    "every op with extents known late: few and many rows, none, views, NaN, infinities, zeros and type ends", "",
    CROTON_PARTS) {
  sweep(freed, runtime::device("cpu"), Part, least_freed);
}

TEMPLATE_TEST_CASE_SIG("every op with extents known late on the emulated GPU", "[emulator][gpu]", CROTON_PARTS) {
  sweep(freed, runtime::device(gpu_name()), Part, least_freed);
}

}  // namespace croton
