// An answer against the expected one, within a golden case's tolerance.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "croton/array.h"

namespace golden {

/// "" if it is within `tol` ({"kind": "exact" | "ulp" | "rel", ...}); else what differs first, and how many elements
/// do.
std::string difference(const croton::Array& got, const croton::Array& want, const nlohmann::json& tol);

/// "" if the factors of a matrix have the properties that `tol` names ({"kind": "property", ...}): NumPy's own are one
/// choice among several.
std::string broken_property(const std::vector<croton::Array>& got, const std::vector<croton::Array>& want,
                            const croton::Array& matrix, const nlohmann::json& tol);

}  // namespace golden
