// Products and the phases beside them, as relays: steps that pass rows on, so that a device may run a kernel on the
// rows that a product has just made.
#pragma once
#include <vector>

#include "tile/program.h"

namespace croton::tile {

/// Steps [first, end), one of them a product. Each reads what the step before it makes, and reads what any of them
/// makes, at its own rows only: a share of its rows, in order, needs the same share of theirs. (Rows are the product's
/// rows, and the points of a phase.) Only the last may check indices.
struct Relay {
  std::size_t first = 0, end = 0;
};
/// Of at most `longest` steps, one after another.
std::vector<Relay> relays(const Program&, std::size_t longest);

}  // namespace croton::tile
