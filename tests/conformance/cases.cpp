#include "cases.h"

#include <fmt/format.h>

#include <fstream>

#include "compare.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {

std::vector<json> cases() {
  std::vector<json> all;
  for (const char* pack : {"public", "windows", "fourier"}) {
    std::ifstream in(fmt::format("{}/{}/cases.jsonl", CROTON_GOLDEN_DIR, pack));
    for (std::string line; std::getline(in, line);) {
      all.push_back(json::parse(line));
      all.back()["pack"] = pack;
    }
  }
  return all;
}

NotYet::NotYet() {
  std::ifstream in(CROTON_NOT_YET);
  for (std::string line; std::getline(in, line);) {
    line.resize(std::min(line.size(), line.find('#')));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (line.starts_with("case "))
      cases.insert(line.substr(5));
    else if (!line.empty())
      operations.insert(line);
  }
}

Built build(const json& info) {
  const Npz data = load_npz(fmt::format("{}/{}/{}.npz", CROTON_GOLDEN_DIR, info.at("pack").get<std::string>(),
                                        info.at("name").get<std::string>()));
  Built b;
  for (int k = 0; data.has(fmt::format("in_{}", k)); ++k) {
    b.values.push_back(data[fmt::format("in_{}", k)]);
    b.inputs.push_back(tensor(fmt::format("in_{}", k), b.values.back().dtype(), b.values.back().shape()));
  }
  for (int k = 0; data.has(fmt::format("out_{}", k)); ++k) b.expected.push_back(data[fmt::format("out_{}", k)]);
  b.outputs = operations().at(info.at("op"))(b.inputs, info.at("attrs"));
  return b;
}

std::string difference(const std::vector<Array>& got, const Built& want, const json& info) {
  if (raises(info)) return is_policy(info) ? "" : "an error was expected";
  if (got.size() < want.expected.size()) return "there are fewer results";
  if (info.at("tol").at("kind") == "property")
    return broken_property(got, want.expected, want.values[0], info.at("tol"));
  for (std::size_t k = 0; k < want.expected.size(); ++k) {
    std::string d = difference(got[k], want.expected[k], info.at("tol"));
    if (!d.empty() && !is_policy(info)) return d;
  }
  return "";
}

}  // namespace golden
