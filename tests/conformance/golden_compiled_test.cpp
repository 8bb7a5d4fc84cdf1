// What NumPy and SciPy answer against what generated code does on the device of the configuration. Compiling is what
// costs time: many cases are one program.
#include <fmt/format.h>

#include <functional>
#include <optional>
#include <span>

#include "cases.h"
#include "catch.h"
#include "croton/config.h"
#include "golden_ops.h"
#include "rewrite/passes.h"
#include "runtime/programs.h"

using namespace croton;
using nlohmann::json;

namespace {

struct Case {
  json info;
  golden::Built graph;
  std::string name() const { return info.at("name").get<std::string>() + ": " + info.at("attrs").dump(); }
};

/// What the operations that exist make of their cases; those that are refused when they are built are left out: the
/// evaluator's test is about them.
std::vector<Case> built(bool raising) {
  const golden::NotYet not_yet;
  std::vector<Case> r;
  for (const json& info : golden::cases()) {
    if (!golden::operations().contains(info.at("op").get<std::string>())) continue;
    if (not_yet.cases.contains(info.at("name").get<std::string>())) continue;
    if (golden::raises(info) != raising || golden::is_policy(info)) continue;
    try {
      r.push_back({info, golden::build(info)});
    } catch (const Error&) {
      INFO(info.at("name"));
      CHECK(raising);
    }
  }
  return r;
}

/// The values of all outputs of all cases, by one program.
std::vector<Array> run(std::span<const Case> cases) {
  std::vector<Tensor> inputs, outputs;
  std::vector<Array> values;
  for (const Case& c : cases) {
    inputs.insert(inputs.end(), c.graph.inputs.begin(), c.graph.inputs.end());
    values.insert(values.end(), c.graph.values.begin(), c.graph.values.end());
    outputs.insert(outputs.end(), c.graph.outputs.begin(), c.graph.outputs.end());
  }
  runtime::Programs program(rewrite::run(outputs, {.check = true}), inputs, {}, runtime::device(config_value("device")),
                            "golden");
  std::vector<Array> results(outputs.size());
  program.run(values, results);
  return results;
}

void check(std::span<const Case> cases) {
  std::vector<Array> results;
  try {
    results = run(cases);
  } catch (const std::exception& e) {
    if (cases.size() == 1) {
      INFO(cases[0].name() << " throws " << e.what());
      CHECK(false);
      return;
    }
    // which of them it is
    check(cases.first(cases.size() / 2));
    check(cases.subspan(cases.size() / 2));
    return;
  }
  auto next = results.begin();
  for (const Case& c : cases) {
    const auto end = next + static_cast<std::ptrdiff_t>(c.graph.outputs.size());
    INFO(c.name());
    CHECK(golden::difference({next, end}, c.graph, c.info) == "");
    next = end;
  }
}

}  // namespace

TEST_CASE("generated code gives NumPy's answers to the golden cases") {
  const std::vector<Case> cases = built(false);
  constexpr std::size_t together = 80;
  for (std::size_t k = 0; k < cases.size(); k += together)
    check(std::span(cases).subspan(k, std::min(together, cases.size() - k)));
  CHECK(cases.size() > 1000);
}

TEST_CASE("golden cases that are refused for their values are refused by compiled programs") {
  const std::vector<Case> cases = built(true);
  for (const Case& c : cases) {
    INFO(c.name());
    CHECK_THROWS_AS(run({&c, 1}), Error);
  }
}
