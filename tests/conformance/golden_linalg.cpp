// numpy.linalg and SciPy's solve_triangular.
#include <cmath>

#include "croton/linalg.h"
#include "croton/numpy.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

Tensor norm_of(const Tensor& x, const json& a) {
  const json order = a.value("ord", json());
  const Axes axes = a.contains("axis") ? Axes(a["axis"].get<int>()) : Axes();
  if (order.is_null() || order == "fro") return linalg::norm(x, axes);
  if (order == "nuc") return linalg::nuclear_norm(x);
  const double p = order == "inf" ? HUGE_VAL : order == "-inf" ? -HUGE_VAL : order.get<double>();
  return x.ndim() == 2 ? linalg::matrix_norm(x, p) : linalg::vector_norm(x, p, axes);
}

}  // namespace

void add_linalg(Table& t) {
  using In = std::vector<Tensor>;
  using Out = std::vector<Tensor>;
  t["linalg.cholesky"] = [](const In& in, const json&) -> Out { return {linalg::cholesky(in[0])}; };
  t["linalg.solve"] = [](const In& in, const json&) -> Out { return {linalg::solve(in[0], in[1])}; };
  t["solve_triangular"] = [](const In& in, const json& a) -> Out {
    return {linalg::solve_triangular(in[0], in[1], a.at("lower").get<bool>(), a.at("trans").get<int>() != 0)};
  };
  t["linalg.inv"] = [](const In& in, const json&) -> Out { return {linalg::inv(in[0])}; };
  t["linalg.det"] = [](const In& in, const json&) -> Out { return {linalg::det(in[0])}; };
  t["linalg.slogdet"] = [](const In& in, const json&) -> Out {
    const auto [sign, logabsdet] = linalg::slogdet(in[0]);
    return {sign, logabsdet};
  };
  t["linalg.matrix_power"] = [](const In& in, const json& a) -> Out {
    return {linalg::matrix_power(in[0], a.at("n").get<int>())};
  };
  t["linalg.svd"] = [](const In& in, const json&) -> Out {
    const auto [u, s, vt] = linalg::svd(in[0]);
    return {u, s, vt};
  };
  t["linalg.eigh"] = [](const In& in, const json&) -> Out {
    const auto [values, vectors] = linalg::eigh(in[0]);
    return {values, vectors};
  };
  t["linalg.qr"] = [](const In& in, const json& a) -> Out {
    if (a.at("mode") == "reduced") {
      const auto [q, r] = linalg::qr(in[0]);
      return {q, r};
    }
    const Tensor rows = in[0].shape(0), columns = in[0].shape(1);  // complete: q has a column for each row
    const auto [q, r] = linalg::qr(concatenate({in[0], eye({rows}, 0, in[0].dtype())}, 1));
    return {q, r(all, slice(columns))};
  };
  t["expm"] = [](const In& in, const json&) -> Out { return {linalg::expm(in[0])}; };
  t["linalg.pinv"] = [](const In& in, const json&) -> Out { return {linalg::pinv(in[0])}; };
  t["linalg.lstsq"] = [](const In& in, const json&) -> Out { return {linalg::lstsq(in[0], in[1])}; };
  t["linalg.norm"] = [](const In& in, const json& a) -> Out { return {norm_of(in[0], a)}; };
}

}  // namespace golden
