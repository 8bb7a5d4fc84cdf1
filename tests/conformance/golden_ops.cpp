#include "golden_ops.h"

#include "croton/numpy.h"
#include "croton/ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

constexpr double pi = 3.14159265358979323846;

using In = std::vector<Tensor>;
using Out = std::vector<Tensor>;

DType dtype_named(const std::string& name) {
  for (const DType d : {boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64})
    if (name_of(d) == name) return d;
  throw std::runtime_error("dtype " + name);
}

Extents extents(const json& list) { return Extents(list.get<std::vector<Index>>()); }

/// NumPy's `axis`: null, one or several.
std::vector<int> axes(const json& attrs, const Tensor& x) {
  const json axis = attrs.value("axis", json());
  if (axis.is_array()) return axis.get<std::vector<int>>();
  if (axis.is_number()) return {axis.get<int>()};
  std::vector<int> every(static_cast<std::size_t>(x.ndim()));
  for (int i = 0; i < x.ndim(); ++i) every[static_cast<std::size_t>(i)] = i;
  return every;
}

// ---- folds
template <class Fold>
Build fold(Fold f) {
  return [f](const In& in, const json& a) -> Out {
    const bool everything = a.at("axis").is_null(), keep = a.value("keepdims", false);
    if (everything) return {keep ? f(in[0], Axes(), keepdims) : f(in[0])};
    return {keep ? f(in[0], Axes(axes(a, in[0])), keepdims) : f(in[0], Axes(axes(a, in[0])))};
  };
}

/// NumPy's ddof: the sum of squares by n - ddof in place of n.
template <class Fold, class F>
Build with_ddof(Fold f, F of_correction) {
  return [whole = fold(f), of_correction](const In& in, const json& a) -> Out {
    const Tensor y = whole(in, a)[0];
    const int ddof = a.value("ddof", 0);
    if (ddof == 0) return {y};
    Tensor n(1);
    for (const int axis : axes(a, in[0])) n = n * in[0].shape(axis);
    return {y * of_correction(cast(n, y.dtype()) / cast(n - ddof, y.dtype()))};
  };
}

// ---- indices
Bound bound(const json& b) { return b.is_null() ? Bound(none) : Bound(b.get<Index>()); }

IndexItem item(const json& i, const In& in) {
  if (i.is_number_integer()) return i.get<Index>();
  if (i == "newaxis") return newaxis;
  if (i == "ellipsis") return ellipsis;
  if (i.contains("in")) return in.at(i.at("in").get<std::size_t>());
  const json& s = i.at("slice");
  return slice(bound(s.at(0)), bound(s.at(1)), s.size() > 2 ? bound(s.at(2)) : Bound(none));
}

Tensor at(const Tensor& x, const std::vector<IndexItem>& i) {
  switch (i.size()) {
    case 0: return x(ellipsis);
    case 1: return x[i[0]];
    case 2: return x(i[0], i[1]);
    case 3: return x(i[0], i[1], i[2]);
    case 4: return x(i[0], i[1], i[2], i[3]);
    case 5: return x(i[0], i[1], i[2], i[3], i[4]);
    case 6: return x(i[0], i[1], i[2], i[3], i[4], i[5]);
    default: throw croton::IndexError("more indices than a case has");
  }
}

Tensor indexed(const In& in, const json& attrs) {
  std::vector<IndexItem> items;
  for (const json& i : attrs.at("index")) items.push_back(item(i, in));
  return at(in[0], items);
}

// ---- over several axes at once
template <class F>
Build over_axes(F f) {
  return [f](const In& in, const json& a) -> Out {
    const Tensor& x = in[0];
    const std::vector<int> over = axes(a, x);
    if (over.size() == 1) return {f(x, over[0])};
    if (static_cast<int>(over.size()) == x.ndim()) return {reshape(f(flatten(x), 0), x.shape())};
    Extents order, back;
    for (int d = 0; d < x.ndim(); ++d)
      if (std::find(over.begin(), over.end(), d) == over.end()) order.add(d);
    const Index kept = static_cast<Index>(order.size());
    for (const int d : over) order.add(d);
    const Tensor front = transpose(x, order);
    std::vector<Dim> dims;
    Dims shape{};
    for (int d = 0; d < kept; ++d) shape.list.emplace_back(front.shape(d));
    shape.list.emplace_back(-1);
    for (int d = 0; d < x.ndim(); ++d) back.add(std::find(order.begin(), order.end(), d) - order.begin());
    return {transpose(reshape(f(reshape(front, shape), static_cast<int>(kept)), front.shape()), back)};
  };
}

template <class F>
Build unary(F f) {
  return [f](const In& in, const json&) -> Out { return {f(in.at(0))}; };
}
template <class F>
Build binary(F f) {
  return [f](const In& in, const json&) -> Out { return {f(in.at(0), in.at(1))}; };
}

void add_each_element(Table& t) {
#define UNARY(name, f) t[name] = unary([](const Tensor& x) { return f; })
  UNARY("exp", exp(x));
  UNARY("exp2", exp2(x));
  UNARY("expm1", expm1(x));
  UNARY("log", log(x));
  UNARY("log2", log2(x));
  UNARY("log10", log10(x));
  UNARY("log1p", log1p(x));
  UNARY("tanh", tanh(x));
  UNARY("arcsinh", arcsinh(x));
  UNARY("arccosh", arccosh(x));
  UNARY("arctanh", arctanh(x));
  UNARY("cbrt", cbrt(x));
  UNARY("erfinv", erfinv(x));
  UNARY("erfcx", erfcx(x));
  UNARY("i0", i0(x));
  UNARY("i1", i1(x));
  UNARY("i0e", i0e(x));
  UNARY("i1e", i1e(x));
  UNARY("gammaln", gammaln(x));
  UNARY("digamma", digamma(x));
  UNARY("silu", silu(x));
  UNARY("gelu", gelu(x));
  UNARY("sigmoid", sigmoid(x));
  UNARY("expit", sigmoid(x));
  UNARY("softplus", softplus(x));
  UNARY("relu", relu(x));
  UNARY("sqrt", sqrt(x));
  UNARY("square", square(x));
  UNARY("reciprocal", reciprocal(x));
  UNARY("abs", abs(x));
  UNARY("sign", sign(x));
  UNARY("sin", sin(x));
  UNARY("cos", cos(x));
  UNARY("tan", tan(x));
  UNARY("arcsin", arcsin(x));
  UNARY("arccos", arccos(x));
  UNARY("arctan", arctan(x));
  UNARY("sinh", sinh(x));
  UNARY("cosh", cosh(x));
  UNARY("erf", erf(x));
  UNARY("erfc", erfc(x));
  UNARY("floor", floor(x));
  UNARY("ceil", ceil(x));
  UNARY("trunc", trunc(x));
  UNARY("rint", round(x));
  UNARY("signbit", signbit(x));
  UNARY("logit", logit(x));
  UNARY("entr", entr(x));
  UNARY("sinc", sinc(x));
  UNARY("nan_to_num", nan_to_num(x));
  UNARY("isnan", isnan(x));
  UNARY("isinf", isinf(x));
  UNARY("isfinite", isfinite(x));
  UNARY("logical_not", logical_not(x));
  UNARY("negative", -x);
  UNARY("invert", ~x);
  UNARY("positive", x(ellipsis));
  UNARY("deg2rad", x * (pi / 180));
  UNARY("rad2deg", x * (180 / pi));
  UNARY("log_expit", log(sigmoid(x)));
  // naive on purpose: the stabilizing rules see through them
  UNARY("log(1+x)", log(1 + x));
  UNARY("exp(x)-1", exp(x) - 1);
  UNARY("log(1+exp(x))", log(1 + exp(x)));
  UNARY("log(sigmoid(x))", log(sigmoid(x)));
  UNARY("log(1-sigmoid(x))", log(1 - sigmoid(x)));
  UNARY("1-erf(x)", 1 - erf(x));
  UNARY("sqrt(sum(x*x))", sqrt(sum(x * x)));
#undef UNARY
#define BINARY(name, f) t[name] = binary([](const Tensor& a, const Tensor& b) { return f; })
  BINARY("add", a + b);
  BINARY("subtract", a - b);
  BINARY("multiply", a * b);
  BINARY("divide", a / b);
  BINARY("remainder", a % b);
  BINARY("floor_divide", floor_divide(a, b));
  BINARY("power", pow(a, b));
  BINARY("maximum", maximum(a, b));
  BINARY("minimum", minimum(a, b));
  BINARY("arctan2", arctan2(a, b));
  BINARY("hypot", hypot(a, b));
  BINARY("copysign", copysign(a, b));
  BINARY("equal", a == b);
  BINARY("not_equal", a != b);
  BINARY("less", a < b);
  BINARY("less_equal", a <= b);
  BINARY("greater", a > b);
  BINARY("greater_equal", a >= b);
  BINARY("logical_and", logical_and(a, b));
  BINARY("logical_or", logical_or(a, b));
  BINARY("logical_xor", logical_xor(a, b));
  BINARY("bitwise_and", a & b);
  BINARY("bitwise_or", a | b);
  BINARY("bitwise_xor", a ^ b);
  BINARY("left_shift", left_shift(a, b));
  BINARY("right_shift", right_shift(a, b));
  BINARY("fmax", fmax(a, b));
  BINARY("fmin", fmin(a, b));
  BINARY("fmod", fmod(a, b));
  BINARY("logaddexp", logaddexp(a, b));
  BINARY("logaddexp2", logaddexp2(a, b));
  BINARY("xlogy", xlogy(a, b));
  BINARY("xlog1py", xlog1py(a, b));
  BINARY("gammainc", gammainc(a, b));
  BINARY("gammaincc", gammaincc(a, b));
  BINARY("dot", dot(a, b));
  BINARY("matmul", matmul(a, b));
  BINARY("outer", outer(a, b));
  BINARY("inner", tensordot(a, b, {a.ndim() - 1}, {b.ndim() - 1}));
  BINARY("vdot", dot(flatten(a), flatten(b)));
#undef BINARY
  t["where"] = [](const In& in, const json&) -> Out { return {where(in[0], in[1], in[2])}; };
  t["betainc"] = [](const In& in, const json&) -> Out { return {betainc(in[0], in[1], in[2])}; };
  t["clip"] = [](const In& in, const json&) -> Out { return {clip(in[0], in[1], in[2])}; };
  t["astype"] = [](const In& in, const json& a) -> Out { return {cast(in[0], dtype_named(a.at("dtype")))}; };
}

void add_folds(Table& t) {
#define FOLD(name, f) t[name] = fold([](const auto&... a) { return f(a...); })
  FOLD("sum", sum);
  FOLD("prod", prod);
  FOLD("max", max);
  FOLD("min", min);
  FOLD("mean", mean);
  t["var"] = with_ddof([](const auto&... a) { return var(a...); }, [](const Tensor& correction) { return correction; });
  t["std"] = with_ddof([](const auto&... a) { return stddev(a...); },
                       [](const Tensor& correction) { return sqrt(correction); });
  FOLD("any", any);
  FOLD("all", croton::all);
  FOLD("argmax", argmax);
  FOLD("argmin", argmin);
  FOLD("logsumexp", logsumexp);
  FOLD("median", median);
#undef FOLD
  t["nansum"] = fold([](const auto& x, const auto&... a) { return sum(where(isnan(x), 0, x), a...); });
  t["nanmean"] = fold([](const auto& x, const auto&... a) {
    return sum(where(isnan(x), 0, x), a...) / cast(sum(!isnan(x), a...), x.dtype());
  });
  t["nanmax"] = fold([](const auto& x, const auto&... a) { return max(where(isnan(x), -HUGE_VAL, x), a...); });
  t["nanmin"] = fold([](const auto& x, const auto&... a) { return min(where(isnan(x), HUGE_VAL, x), a...); });
  t["ptp"] = fold([](const auto& x, const auto&... a) { return max(x, a...) - min(x, a...); });
  t["log(softmax(x))"] = over_axes([](const Tensor& x, int axis) { return log(softmax(x, axis)); });
  t["log(sum(exp(x)))"] = fold([](const auto& x, const auto&... a) { return log(sum(exp(x), a...)); });
  t["softmax"] = over_axes([](const Tensor& x, int axis) { return softmax(x, axis); });
  t["log_softmax"] = over_axes([](const Tensor& x, int axis) { return log_softmax(x, axis); });
}

Out tensordot_of(const In& in, const json& a) {
  const json& given = a.at("axes");
  if (given.is_array())
    return {tensordot(in[0], in[1], given[0].get<std::vector<int>>(), given[1].get<std::vector<int>>())};
  return {tensordot(in[0], in[1], given.get<int>())};
}

Out flipped(const In& in, const json& a) {
  Tensor x = in[0];
  for (const int axis : axes(a, x)) x = flip(x, axis);
  return {x};
}

Out counted(const In&, const json& a) {
  const json& args = a.at("args");
  const auto number = [&](std::size_t k) {
    return args[k].is_number_integer() ? Tensor(args[k].get<Index>()) : Tensor(args[k].get<double>());
  };
  if (args.size() == 1) return {args[0].is_number_integer() ? arange(number(0)) : arange(0, number(0))};
  return {args.size() == 2 ? arange(number(0), number(1)) : arange(number(0), number(1), number(2))};
}

Out taken(const In& in, const json& a) {
  const bool whole = a.at("axis").is_null();
  const Tensor x = whole ? flatten(in[0]) : in[0];
  const int axis = whole ? 0 : a["axis"].get<int>();
  const std::string mode = a.value("mode", "raise");
  const Tensor n = x.shape(axis);
  return {take(x, mode == "wrap" ? in[1] % n : mode == "clip" ? clip(in[1], 0, n - 1) : in[1], axis)};
}

Extents all_axes(const Tensor& x) {
  Extents order;
  for (int d = 0; d < x.ndim(); ++d) order.add(d);
  return order;
}

Out swapped(const In& in, const json& a) {
  Extents order = all_axes(in[0]);
  const auto axis = [&](const char* name) -> Index& {
    const int d = a.at(name).get<int>();
    return order[static_cast<std::size_t>(d < 0 ? d + in[0].ndim() : d)];
  };
  std::swap(axis("axis1"), axis("axis2"));
  return {transpose(in[0], order)};
}

/// Takes an axis out and puts it in before position `to` of those that are left.
Out moved(const Tensor& x, int from, int to) {
  Extents order = all_axes(x);
  const auto wrap = [&](int d) { return d < 0 ? d + x.ndim() : d; };
  order.erase(order.begin() + wrap(from));
  order.insert(order.begin() + wrap(to), wrap(from));
  return {transpose(x, order)};
}

/// NumPy's stacks of lists of columns, rows and layers: each array is given axes first.
template <class F>
Build stacked(int axis_of_vectors, int axis, F with_axes) {
  return [=](const In& in, const json&) -> Out {
    In all;
    for (const Tensor& x : in) all.push_back(with_axes(x));
    return {concatenate(all, all[0].ndim() == 1 ? axis_of_vectors : axis)};
  };
}

Tensor at_least_2d(const Tensor& x) { return x.ndim() >= 2 ? x : x.ndim() == 1 ? x(newaxis) : x(newaxis, newaxis); }
Tensor as_column(const Tensor& x) { return x.ndim() == 1 ? x(croton::all, newaxis) : x; }
Tensor at_least_3d(const Tensor& x) {
  const Tensor two = at_least_2d(x);
  return two.ndim() == 2 ? two(croton::all, croton::all, newaxis) : two;
}

Out rolled(const In& in, const json& a) {
  const auto along = [](const Tensor& x, Index shift, int axis) {
    const Tensor length = x.shape(axis), cut = (length - shift) % maximum(length, 1);
    std::vector<IndexItem> front, back;
    for (int d = 0; d < x.ndim(); ++d) {
      const bool here = d == (axis < 0 ? axis + x.ndim() : axis);
      front.emplace_back(here ? slice(cut) : Slice(croton::all));
      back.emplace_back(here ? slice(cut, none) : Slice(croton::all));
    }
    return concatenate({at(x, back), at(x, front)}, axis);
  };
  if (a.at("axis").is_null()) return {reshape(along(flatten(in[0]), a.at("shift").get<Index>(), 0), in[0].shape())};
  const std::vector<int> over = axes(a, in[0]);
  Tensor x = in[0];
  for (std::size_t k = 0; k < over.size(); ++k)
    x = along(x, a.at("shift").is_array() ? a["shift"][k].get<Index>() : a["shift"].get<Index>(), over[k]);
  return {x};
}

Out diagonal_of_ones(const json& a) {
  const Index n = a.at("n").get<Index>(), m = a.contains("m") && !a["m"].is_null() ? a["m"].get<Index>() : n;
  const Tensor rows = arange(n)(croton::all, newaxis) + a.value("k", 0), columns = arange(m)(newaxis);
  return {cast(rows == columns, dtype_named(a.at("dtype")))};
}

Tensor number_of(const json& v) { return v.is_number_integer() ? Tensor(v.get<Index>()) : Tensor(v.get<double>()); }

Out split_as(const In& in, const json& a) {
  const json& how = a.at("indices_or_sections");
  const int axis = a.value("axis", 0);
  return how.is_array() ? split_at(in[0], extents(how), axis) : split(in[0], how.get<int>(), axis);
}

void add_diagonals(Table& t) {
  t["tril"] = [](const In& in, const json& a) -> Out { return {tril(in[0], a.value("k", 0))}; };
  t["triu"] = [](const In& in, const json& a) -> Out { return {triu(in[0], a.value("k", 0))}; };
  t["tri"] = [](const In&, const json& a) -> Out {
    const Index n = a.at("n").get<Index>(), m = a.contains("m") && !a["m"].is_null() ? a["m"].get<Index>() : n;
    return {tril(ones({n, m}, dtype_named(a.at("dtype"))), a.value("k", 0))};
  };
  t["diag"] = [](const In& in, const json& a) -> Out { return {diag(in[0], a.value("k", 0))}; };
  t["diagonal"] = [](const In& in, const json& a) -> Out {
    return {diagonal(in[0], a.value("offset", 0), a.value("axis1", 0), a.value("axis2", 1))};
  };
  t["trace"] = [](const In& in, const json& a) -> Out {
    return {trace(in[0], a.value("offset", 0), a.value("axis1", 0), a.value("axis2", 1))};
  };
}

void add_parts(Table& t) {
  t["diff"] = [](const In& in, const json& a) -> Out { return {diff(in[0], a.value("n", 1), a.value("axis", -1))}; };
  t["tile"] = [](const In& in, const json& a) -> Out { return {tile(in[0], extents(a.at("reps")))}; };
  t["repeat"] = [](const In& in, const json& a) -> Out {
    return {repeat(in[0], a.at("repeats").get<Index>(), a.at("axis").get<int>())};
  };
  t["split"] = split_as;
  t["linspace"] = [](const In&, const json& a) -> Out {
    return {linspace(number_of(a.at("start")), number_of(a.at("stop")), a.at("num").get<Index>(),
                     a.value("endpoint", true))};
  };
  t["compress"] = [](const In& in, const json& a) -> Out {
    std::vector<IndexItem> begin(a.at("axis").get<std::size_t>(), IndexItem(croton::all)), chosen = begin;
    begin.emplace_back(slice(in[0].shape(0)));  // the mask may be shorter
    chosen.emplace_back(in[0]);
    return {at(at(in[1], begin), chosen)};
  };
}

void add_shapes(Table& t) {
  t["swapaxes"] = swapped;
  t["moveaxis"] = [](const In& in, const json& a) -> Out {
    return moved(in[0], a.at("source").get<int>(), a.at("destination").get<int>());
  };
  t["rollaxis"] = [](const In& in, const json& a) -> Out {
    return moved(in[0], a.at("axis").get<int>(), a.value("start", 0));
  };
  t["hstack"] = stacked(0, 1, [](const Tensor& x) { return x.ndim() == 0 ? x(newaxis) : x; });
  t["vstack"] = stacked(0, 0, at_least_2d);
  t["column_stack"] = stacked(1, 1, as_column);
  t["dstack"] = stacked(2, 2, at_least_3d);
  t["roll"] = rolled;
  t["eye"] = [](const In&, const json& a) -> Out { return diagonal_of_ones(a); };
  t["identity"] = [](const In&, const json& a) -> Out { return diagonal_of_ones(a); };
  t["reshape"] = [](const In& in, const json& a) -> Out { return {reshape(in[0], extents(a.at("shape")))}; };
  t["ravel"] = [](const In& in, const json&) -> Out { return {flatten(in[0])}; };
  t["transpose"] = [](const In& in, const json& a) -> Out {
    return {a.contains("axes") && !a["axes"].is_null() ? transpose(in[0], extents(a["axes"])) : in[0].T()};
  };
  t["transpose+reshape"] = [](const In& in, const json& a) -> Out {
    return {reshape(transpose(in[0], extents(a.at("axes"))), extents(a.at("shape")))};
  };
  t["broadcast_to"] = [](const In& in, const json& a) -> Out { return {broadcast_to(in[0], extents(a.at("shape")))}; };
  t["expand_dims"] = [](const In& in, const json& a) -> Out { return {expand_dims(in[0], a.at("axis").get<int>())}; };
  t["squeeze"] = [](const In& in, const json& a) -> Out {
    const Tensor& x = in[0];
    if (a.contains("axis") && !a["axis"].is_null()) return {squeeze(x, a["axis"].get<int>())};
    throw croton::GraphError("squeeze takes an axis");
  };
  t["flip"] = flipped;
  t["full"] = [](const In& in, const json& a) -> Out { return {full(extents(a.at("shape")), in.at(0))}; };
  t["arange"] = counted;
  t["concatenate"] = [](const In& in, const json& a) -> Out {
    if (!a.at("axis").is_null()) return {concatenate(in, a["axis"].get<int>())};
    In flat;
    for (const Tensor& x : in) flat.push_back(flatten(x));
    return {concatenate(flat)};
  };
  t["stack"] = [](const In& in, const json& a) -> Out { return {stack(in, a.at("axis").get<int>())}; };
  t["tensordot"] = tensordot_of;
  t["take"] = taken;
  t["getitem"] = [](const In& in, const json& a) -> Out { return {indexed(in, a)}; };
  t["set_subtensor"] = [](const In& in, const json& a) -> Out { return {set_subtensor(indexed(in, a), in.back())}; };
  t["inc_subtensor"] = [](const In& in, const json& a) -> Out { return {inc_subtensor(indexed(in, a), in.back())}; };
}

}  // namespace

const Table& operations() {
  static const Table table = [] {
    Table t;
    add_each_element(t);
    add_folds(t);
    add_shapes(t);
    add_parts(t);
    add_diagonals(t);
    add_order(t);
    add_arranging(t);
    add_linalg(t);
    add_windows(t);
    add_fourier(t);
    return t;
  }();
  return table;
}

}  // namespace golden
