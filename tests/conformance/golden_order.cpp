// Sorting, searching, counting, running folds, elements by indices.
#include "croton/numpy.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

using In = std::vector<Tensor>;
using Out = std::vector<Tensor>;

/// NumPy's axis=None is the flattened array.
template <class F>
Build along(F f) {
  return [f](const In& in, const json& a) -> Out {
    return {a.at("axis").is_null() ? f(flatten(in[0]), 0) : f(in[0], a["axis"].get<int>())};
  };
}

Out unique_of(const In& in, const json& a) {
  const Unique u = a.contains("axis") ? unique(in[0], a["axis"].get<int>()) : unique(in[0]);
  Out out{u.values};
  if (a.value("return_index", false)) out.push_back(u.index);
  if (a.value("return_inverse", false)) out.push_back(u.inverse);
  if (a.value("return_counts", false)) out.push_back(u.counts);
  return out;
}

}  // namespace

void add_order(Table& t) {
  t["sort"] = along([](const Tensor& x, int axis) { return sort(x, axis); });
  t["argsort"] = along([](const Tensor& x, int axis) { return argsort(x, axis); });
  t["topk"] = [](const In& in, const json& a) -> Out {
    const auto [values, indices] =
        topk(in[0], a.at("k").get<Index>(), a.at("axis").get<int>(), a.at("largest").get<bool>());
    return {values, indices};
  };
  t["searchsorted"] = [](const In& in, const json& a) -> Out {
    return {searchsorted(in.size() > 2 ? take(in[0], in[2]) : in[0], in[1], a.at("side") == "right")};
  };
  t["digitize"] = [](const In& in, const json&) -> Out { return {digitize(in[0], in[1])}; };
  t["bincount"] = [](const In& in, const json&) -> Out { return {bincount(in[0])}; };
  t["unique"] = unique_of;
  t["cumsum"] = along([](const Tensor& x, int axis) { return cumsum(x, axis); });
  t["cumprod"] = along([](const Tensor& x, int axis) { return cumprod(x, axis); });
  t["maximum.accumulate"] = along([](const Tensor& x, int axis) { return cummax(x, axis); });
  t["minimum.accumulate"] = along([](const Tensor& x, int axis) { return cummin(x, axis); });
  t["take_along_axis"] = [](const In& in, const json& a) -> Out {
    return {take_along_axis(in[0], in[1], a.at("axis").get<int>())};
  };
  t["put_along_axis"] = [](const In& in, const json& a) -> Out {
    return {put_along_axis(in[0], in[1], in[2], a.at("axis").get<int>())};
  };
  t["nonzero"] = [](const In& in, const json&) -> Out { return nonzero(in[0]); };
  t["argwhere"] = [](const In& in, const json&) -> Out { return {argwhere(in[0])}; };
  t["choose"] = [](const In& in, const json&) -> Out { return {choose(in[0], In(in.begin() + 1, in.end()))}; };
  t["ravel_multi_index"] = [](const In& in, const json& a) -> Out {
    return {ravel_multi_index(in, Extents(a.at("dims").get<std::vector<Index>>()))};
  };
  t["unravel_index"] = [](const In& in, const json& a) -> Out {
    return unravel_index(in[0], Extents(a.at("shape").get<std::vector<Index>>()));
  };
  t["tril_indices"] = [](const In&, const json& a) -> Out {
    const auto [rows, columns] = tril_indices(a.at("n").get<Index>(), a.at("k").get<Index>(), a.at("m").get<Index>());
    return {rows, columns};
  };
}

}  // namespace golden
