#include "pool.h"

#include <fmt/format.h>

#include <cmath>

#include "array/access.h"
#include "graph/type.h"
#include "runtime/storage.h"

namespace croton::property {
namespace {

// Where a leaf's value would make every later element infinite or the integers overflow, the node is not taken.
constexpr double largest = 1e6;
constexpr Index most_elements = 100'000;

}  // namespace

// Any extents; or one that is known when it runs beside a few small constants, which generated code unrolls.
void Pool::choose_extents() {
  const std::vector<Index> sizes{0, 1, 2, 3, 4, 7, 16, 17, 31, 33, 64, 70, 100, 257, 1000, 5000};
  const std::vector<Index> small{2, 3, 4, 5, 8, 10, 16}, large{17, 70, 100, 257, 1000};
  if (random_.chance(35)) {
    extents_.push_back({random_.pick(large), random_.chance(20)});
    const std::size_t constants = 1 + random_.below(3);
    for (std::size_t k = 0; k < constants; ++k) extents_.push_back({random_.pick(small), true});
    most_axes_ = 4;
    return;
  }
  const std::size_t kinds = 1 + random_.below(3);
  for (std::size_t k = 0; k < kinds; ++k) {
    Index n = random_.pick(sizes);
    if (n == 0 && random_.chance(70)) n = 5;  // what is empty finds less
    extents_.push_back({n, random_.chance(40)});
  }
}

DType Pool::some_dtype() {
  const std::vector<DType> rare{float16, bfloat16, int8, int16, int32, uint8, uint16, uint32, uint64};
  const std::size_t k = random_.below(20);
  return k < 9 ? float64 : k < 15 ? float32 : k < 17 ? int64 : k < 18 ? boolean : random_.pick(rare);
}

Array Pool::fresh(const Extents& shape, DType dtype) {
  Array a = empty(shape, dtype);
  const bool coarse = random_.chance(15);  // ties and exact zeros
  for (Index i = 0; i < a.size(); ++i) {
    const double x = random_.between(-2, 2);
    if (dtype == boolean)
      set(a, i, x > 0 ? 1 : 0);
    else if (is_float(dtype))
      set(a, i, coarse ? std::floor(x) : x);
    else
      set(a, i, std::floor(3 * (is_unsigned_int(dtype) ? x + 2 : x)));
  }
  return a;
}

void Pool::add_leaf() {
  Extents shape, type;
  const std::size_t rank = random_.chance(10) ? 0 : 1 + random_.below(most_axes_);
  Index elements = 1;
  for (std::size_t d = 0; d < rank; ++d) {
    Extent e = random_.pick(extents_);
    if (random_.chance(15) || elements * std::max<Index>(e.n, 1) > 20'000) e = {1, true};
    elements *= std::max<Index>(e.n, 1);
    shape.add(e.n);
    type.add(e.is_static || (e.n <= 4 && random_.chance(20)) ? e.n : any_extent);
  }
  add_leaf(shape, type, some_dtype());
}

void Pool::add_leaf(const Extents& shape, const Extents& type, DType dtype) {
  const Array value = fresh(shape, dtype);
  Tensor t;
  if (random_.chance(30)) {
    t = make_shared({dtype, Shape(type.begin(), type.end())}, std::make_shared<runtime::SharedStorage>(value),
                    fmt::format("s{}", case_.shared.size()), Where::here());
    case_.shared.push_back(t);
    case_.initial.push_back(value);
  } else {
    t = tensor(fmt::format("x{}", case_.inputs.size()), dtype, type);
    case_.inputs.push_back(t);
    case_.values.push_back(value);
  }
  known_[t.node()] = value;
  made_.push_back({t, value});
}

Tensor Pool::add_place(Index value) {
  Tensor t = tensor(fmt::format("x{}", case_.inputs.size()), int64, {});
  case_.inputs.push_back(t);
  case_.values.emplace_back(value);
  known_[t.node()] = case_.values.back();
  return t;
}

bool Pool::fits(const Made& a, const Made& b) {
  for (int d = 1; d <= std::min(a.t.ndim(), b.t.ndim()); ++d) {
    const bool ones = type(a.t).broadcasts(a.t.ndim() - d) || type(b.t).broadcasts(b.t.ndim() - d);
    if (!ones && a.value.shape(-d) != b.value.shape(-d)) return false;
  }
  return true;
}

bool Pool::take(const Tensor& t) {
  for (const Tensor& n : topological({&t, 1})) {
    if (known_.count(n.node()) > 0) continue;
    if (node(n).kind == NodeKind::constant) {
      known_[n.node()] = node(n).value;
      continue;
    }
    std::vector<Array> arguments;
    for (const Tensor& x : node(n).inputs) arguments.push_back(known_.at(x.node()));
    known_[n.node()] = ops::evaluate_node(n, arguments);
    kept_.push_back(n);
  }
  const Array& value = known_.at(t.node());
  if (value.size() > most_elements) return false;
  if (t.dtype() != boolean)
    for (Index i = 0; i < value.size(); ++i)
      if (!(std::abs(get(value, i)) <= largest) && !random_.chance(1)) return false;
  made_.push_back({t, value});
  return true;
}

}  // namespace croton::property
