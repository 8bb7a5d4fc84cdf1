// A failing case made small: fewer results, nodes replaced by inputs that hold their values, smaller extents.
#pragma once
#include <functional>

#include "random_graph.h"

namespace croton::property {

/// The smallest case found for which `fails` still holds; `fails` is asked at most `tries` times.
Case shrink(Case, const std::function<bool(const Case&)>& fails, int tries = 400);

}  // namespace croton::property
