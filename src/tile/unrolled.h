// Which constant axes are written out, and which are loops.
#pragma once
#include "tile/items.h"

namespace croton::tile {

/// Axes that the types say to be short are constants, along which every element is a statement of its own. Here some of
/// them become loops: in front of rows, where nothing is folded along them; the last one of a part whose rows lie
/// apart, or lanes would run across them, unless it is very short; the longest ones of an item with too many elements.
void choose_unrolled(Items&);

}  // namespace croton::tile
