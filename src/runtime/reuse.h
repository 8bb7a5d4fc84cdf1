// Memory used again in place: a value that a phase reads for the last time, element by element, lies where one that it
// makes of it will lie.
#pragma once
#include <span>
#include <vector>

#include "tile/nest.h"

namespace croton::runtime {

/// By buffer, the one in whose place it lies; -1: in its own. `nests`: of the phases, in their order. `for_good`: by
/// buffer, whether its memory is taken before its phase runs, as a shared variable's is.
std::vector<int> in_whose_place(const tile::Program&, std::span<const tile::Nest> nests,
                                const std::vector<bool>& for_good);

}  // namespace croton::runtime
