// What arranges, joins and multiplies: pad, block, meshgrid, einsum, kron and their kin.
#include "croton/numpy.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

using In = std::vector<Tensor>;
using Out = std::vector<Tensor>;

PadMode pad_mode(const json& a) {
  static const std::map<std::string, PadMode> modes{
      {"constant", PadMode::constant}, {"edge", PadMode::edge},       {"linear_ramp", PadMode::linear_ramp},
      {"maximum", PadMode::maximum},   {"mean", PadMode::mean},       {"median", PadMode::median},
      {"minimum", PadMode::minimum},   {"reflect", PadMode::reflect}, {"symmetric", PadMode::symmetric},
      {"wrap", PadMode::wrap},
  };
  const PadMode mode = modes.at(a.at("mode"));
  if (a.value("reflect_type", "even") == "even") return mode;
  return mode == PadMode::reflect ? PadMode::reflect_odd : PadMode::symmetric_odd;
}

Out blocks(const In& in, const json& a) {
  std::vector<In> rows;
  for (const json& row : a.at("rows")) {
    rows.emplace_back();
    for (const json& k : row) rows.back().push_back(in.at(k.get<std::size_t>()));
  }
  return {block(rows)};
}

}  // namespace

void add_arranging(Table& t) {
  t["pad"] = [](const In& in, const json& a) -> Out {
    return {pad(in[0], a.at("width").get<std::vector<std::array<Index, 2>>>(), pad_mode(a))};
  };
  t["block"] = blocks;
  t["array_split"] = [](const In& in, const json& a) -> Out {
    return array_split(in[0], a.at("sections").get<int>(), a.at("axis").get<int>());
  };
  t["rot90"] = [](const In& in, const json& a) -> Out {
    return {rot90(in[0], a.at("k").get<int>(), a.at("axes").get<std::array<int, 2>>())};
  };
  t["meshgrid"] = [](const In& in, const json& a) -> Out {
    return meshgrid(in, a.at("indexing") == "ij" ? Indexing::ij : Indexing::xy);
  };
  t["logspace"] = [](const In&, const json& a) -> Out {
    return {logspace(a.at("start").get<double>(), a.at("stop").get<double>(), a.at("num").get<Index>())};
  };
  t["geomspace"] = [](const In&, const json& a) -> Out {
    return {geomspace(a.at("start").get<double>(), a.at("stop").get<double>(), a.at("num").get<Index>())};
  };
  t["vander"] = [](const In& in, const json& a) -> Out { return {vander(in[0], a.at("n").get<Index>())}; };
  t["einsum"] = [](const In& in, const json& a) -> Out { return {einsum(a.at("subscripts").get<std::string>(), in)}; };
  t["kron"] = [](const In& in, const json&) -> Out { return {kron(in[0], in[1])}; };
  t["cross"] = [](const In& in, const json&) -> Out { return {cross(in[0], in[1])}; };
}

}  // namespace golden
