// What a thread of a GPU has under way: a turn of a loop over lanes takes several of its elements, and loads all of
// them before it stores one, for no compiler moves a load over a store that may write what is loaded.
#pragma once
#include "tile/nest.h"

namespace croton::tile {

/// How many elements of a thread a turn takes, of a loop over lanes whose body for one is `body`: 1, 2, 4 or, in a loop
/// over all points of a chunk (`flat`), 8. As many as bring some loads of 4 bytes under way, and no more than keep the
/// text short and the values in registers; 1 where nothing is loaded, where there is a loop inside, and where a store
/// must come before a load.
Index vectors_in_flight(const Body& body, const std::vector<Register>& registers, bool flat);

/// The copies of a body as one: the first statements of all copies, then the second ones, and so on; loops, which have
/// the same variable in each copy, are one.
Body side_by_side(std::vector<Body> copies);
/// The same, with stores last.
Body loads_first(std::vector<Body> copies);

}  // namespace croton::tile
