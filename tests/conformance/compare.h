// An answer against the expected one, within a golden case's tolerance.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "croton/array.h"

namespace golden {

/// "" if it is within `tol` ({"kind": "exact" | "ulp" | "rel", ...}); else what differs first, and how many elements
/// do.
std::string difference(const croton::Array& got, const croton::Array& want, const nlohmann::json& tol);

}  // namespace golden
