// Which updates may write where the old value lies.
#pragma once
#include <span>
#include <vector>

#include "runtime/update_target.h"
#include "tile/program.h"

namespace croton::runtime {

/// For each update: whether its kernel may write straight into the shared variable's memory. Proved: every read of the
/// old value is in that kernel's own iteration or in an earlier step, through the identity map; nothing that can fail
/// comes later; no view of it is read. Otherwise the new value goes to other memory, which is exchanged with the old at
/// the end.
std::vector<bool> in_place(const tile::Program&, std::span<const UpdateTarget>);

}  // namespace croton::runtime
