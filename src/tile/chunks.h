// How a phase is cut into chunks: by its work alone, in nominal units, so that borders (and with them every bit of a
// fold) depend on extents, dtypes and the program's text, never on threads or on the model of a device.
#pragma once
#include <functional>

#include "tile/nest.h"

namespace croton::tile {

using ExtentOf = std::function<Index(AxisId)>;

/// Nominal work of one point of the parallel axes: arithmetic 1, an elementary function 16, a byte moved 1/4.
double work_per_point(const Program&, const Phase&, const ExtentOf&);

struct Chunking {
  Index points = 0;  // of all parallel axes together
  Index chunk_points = 1;
  Index chunks = 1;
  Index pieces = 1;  // of rows that are cut (axis_to_cut): every chunk is so many
  Index piece = 0;   // elements of each
};
/// The axis along which few long rows may be cut into pieces, each with a chunk: lanes run along it alone, nothing is
/// folded over it, and all that leaves the phase has it. no_axis: there is none.
AxisId axis_to_cut(const Program&, const Phase&);
Chunking chunking(const Program&, const Phase&, const ExtentOf&, DeviceClass);

/// Where a phase adds up columns of partials by groups of a GPU's threads: how many columns a group has, and a block at
/// a time: as few as give every multiprocessor a block, from 8 (32 bytes are read at once) to a warp's 32. 0 elsewhere.
int columns_at_once(const Program&, const Phase&, DeviceClass);

/// How many elements apart the copies of an axis lie in memory that only kernels see: on the CPU, where vectors are
/// stored, whole lines of 64 bytes.
Index apart(Index elements, DType, DeviceClass);

/// Bytes of scratch of a chunk, or of a team where each warp is one: whole lines of 64. `offsets` receives where each
/// piece lies.
std::size_t scratch_bytes(const Nest&, const ExtentOf&, DeviceClass, std::vector<std::int64_t>* offsets = nullptr);

/// Bytes of a block's shared memory in which threads fold what they have: those of fold_words in
/// kernels/prelude_gpu.h, for words of 32 bits and for words of 64.
std::size_t fold_bytes(const Nest&);

/// Whether each warp of a block works at rows of its own, in a nest that knows teams: where no row has more than 1024
/// elements (a block's threads would wait for each other more than they work), there are as many rows as a block has
/// warps, and what they keep finds room in the shared memory that every GPU has; always, where a warp keeps its row in
/// registers.
bool rows_by_warps(const Nest&, const Chunking&, const ExtentOf&);

/// From here on a chunk has this much work; 0: as much as usual. Plans that are made keep theirs. For tests: what is
/// small in many chunks. (Columns of partials and long flat arrays of a GPU are cut by their points.)
void set_work_of_a_chunk(double work);

}  // namespace croton::tile
