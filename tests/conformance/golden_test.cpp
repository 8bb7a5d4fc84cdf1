// What NumPy and SciPy answer against what Croton's reference evaluator does.
#include <fmt/format.h>

#include "cases.h"
#include "catch.h"
#include "golden_ops.h"
#include "ops/evaluate.h"
#include "rewrite/passes.h"

using namespace croton;
using golden::operations;
using nlohmann::json;

namespace {

/// "" if Croton answers as expected; else what it did instead.
std::string fault(const json& info) {
  try {
    const golden::Built b = golden::build(info);
    ops::Values values;
    for (std::size_t k = 0; k < b.inputs.size(); ++k) values[b.inputs[k].node()] = b.values[k];
    // as eval() does it: the stabilizing rules run in every mode
    return golden::difference(ops::evaluate(rewrite::run(b.outputs, {.stabilize_only = true}), values), b, info);
  } catch (const Error& e) {
    return golden::raises(info) || golden::is_policy(info) ? "" : e.what();
  } catch (const std::exception& e) { return fmt::format("not a croton::Error: {}", e.what()); }
}

}  // namespace

TEST_CASE("every golden case whose operation exists gives NumPy's answer, or is listed in not_yet.txt") {
  const golden::NotYet not_yet;
  int tried = 0;
  for (const json& info : golden::cases()) {
    const std::string name = info.at("name"), op = info.at("op");
    if (!operations().contains(op)) continue;
    ++tried;
    INFO(name << ": " << info.at("attrs").dump() << info.value("note", ""));
    const std::string what = fault(info);
    if (not_yet.cases.contains(name)) {
      INFO("remove the line \"case " << name << "\" from not_yet.txt: it passes");
      CHECK(!what.empty());
    } else {
      CHECK(what == "");
    }
  }
  CHECK(tried > 1000);
}

TEST_CASE("not_yet.txt lists exactly the operations that are not there yet, and only cases that exist") {
  const golden::NotYet not_yet;
  std::set<std::string> names;
  for (const json& info : golden::cases()) {
    const std::string op = info.at("op");
    names.insert(info.at("name"));
    INFO(op);
    CHECK(operations().contains(op) != not_yet.operations.contains(op));
  }
  for (const std::string& name : not_yet.cases) {
    INFO(name);
    CHECK(names.contains(name));
  }
}
