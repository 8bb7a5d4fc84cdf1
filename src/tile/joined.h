// Neighbouring axes that nothing tells apart, as one.
#pragma once
#include "tile/items.h"

namespace croton::tile {

/// Height and width of images, of which only sums over both, and one number for both, are wanted, are one axis: loops
/// over rows of 56 elements become loops over 3136, and a fold over both is one loop. Axes are joined where each item
/// that has one has the other right behind it, everything lies dense along both, and either something folds both or
/// something is the same along both and what is inside them. A fold stays two where what is left of it is so few rows
/// that a machine would wait: batches of the outer axis are rows too. `fills_machine`: as many as keep it busy.
void join_axes(Items&, Index fills_machine);

}  // namespace croton::tile
