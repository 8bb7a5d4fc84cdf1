// The golden cases (data/README.md): what NumPy, SciPy, ONNX and PyTorch answer.
#pragma once
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "croton/array.h"
#include "croton/tensor.h"

namespace golden {

/// Their descriptions, in the order of the archives.
std::vector<nlohmann::json> cases();

/// not_yet.txt: a line an operation, or "case NAME"; "#" begins a comment.
struct NotYet {
  std::set<std::string> operations, cases;
  NotYet();
};

/// A case as a graph of ours, with its data. What the operation refuses when it is built is thrown.
struct Built {
  std::vector<croton::Tensor> inputs, outputs;
  std::vector<croton::Array> values;    // of the inputs
  std::vector<croton::Array> expected;  // none where an error is
};
Built build(const nlohmann::json& info);

inline bool raises(const nlohmann::json& info) { return info.value("raises", false); }
/// Where NumPy's answer is a choice, and ours may be another or an error.
inline bool is_policy(const nlohmann::json& info) { return info.value("policy", false); }

/// "" where these are the answers expected; else what differs.
std::string difference(const std::vector<croton::Array>& got, const Built& want, const nlohmann::json& info);

}  // namespace golden
