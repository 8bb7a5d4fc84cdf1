// Steps that pass rows on, run in turns: chunks of a kernel as soon as the panels of the product before it have made
// their rows, while those are in the caches.
#pragma once
#include <span>

#include "runtime/cpu/blas.h"

namespace croton::runtime {

/// Whether taking turns gives what the steps give one after another, and gains something: the library may be called by
/// several threads, some product has more than one panel of rows, and no step writes over what one before it touches.
bool gains_by_turns(const Blas&, std::span<const RowStep>);

/// Runs them on all threads. Throws what parallel_for does.
void run_in_turns(const Blas&, std::span<const RowStep>);

}  // namespace croton::runtime
