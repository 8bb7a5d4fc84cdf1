// Writes of regions brought to the form that phases can hold, and where regions lie.
#pragma once
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/op.h"

namespace croton::tile {

/// Who writes rows that integers name: those of a scatter, and one whose number a plan need not know. Phases do, which
/// compare each row of a scatter with the others, or the host, who goes over them once; the host leaves one row to
/// phases as any other region, where a plan knows its number.
enum class NamedRows : std::uint8_t { by_phases, by_host };

/// The inputs of a node that only say how large something is: from `first` on, up to `last`.
struct ExtentInputs {
  std::size_t first = 0, last = 0;
};
ExtentInputs extent_inputs(const Tensor&);
/// Of nodes, operands before users, those whose integers a plan computes: from shapes, constants, and (where that is
/// asked for) what arguments and variables hold; not from what kernels compute.
std::unordered_set<const Node*> known_integers(std::span<const Tensor> nodes, bool of_leaves = true);
/// Whether all that says how large the node is, or where it lies (its inputs from `first` on), is known.
bool bounds_are_known(const Tensor&, std::size_t first, const std::unordered_set<const Node*>& known);

/// How often each node's elements are read: as inputs, where more than a shape is asked for, and as outputs.
std::unordered_map<const Node*, int> uses_of_elements(std::span<const Tensor> outputs);

/// The node in memory of its own.
Tensor copy_of(const Tensor&);
/// a + b, rounded once, as other arithmetic on halves; of booleans whether either holds.
Tensor sum_of(const Tensor& a, const Tensor& b, Where);

/// The writes whose bounds a plan knows, and that phases do, of these nodes, operands before users.
std::unordered_set<const Node*> writes_by_phases(std::span<const Tensor> nodes);
/// Every one of them becomes one that replaces (what is added to is read from the same region), and so do scatters and
/// writes of one row that phases do (tile/scatter.h), into a tensor whose memory it may take: x where nothing else uses
/// what a step computes for it, else a copy of x. What is written into the copy of a variable lies in memory before, as
/// the variable may be written in place.
std::vector<Tensor> owned_writes(std::span<const Tensor> outputs, NamedRows);
/// Whether a step computes the node into memory of its own.
bool is_computed(const Tensor&);
/// Whether the node is a tensor in whose memory a part was written over what lay there.
bool is_written_over(const Tensor&);
/// Whether the node is the same as its input, in memory of its own: a conversion to the dtype it has.
bool is_copy(const Tensor&);
/// Whether that is a variable.
bool is_copy_of_variable(const Tensor&);

/// Whether a part of this concatenation, or a row that is written into this tensor, is one run of its memory.
bool parts_are_dense(const Tensor& whole);
/// Whether what a slice reads, or a write replaces, is one run of memory where all of the tensor is.
bool is_dense_part(const Tensor& slice_or_write);
/// Of an axis of that tensor: the axis of the part that runs along it in single steps, or -1.
int axis_along(const Tensor& slice_or_write, int axis);

}  // namespace croton::tile
