// The plan of a program for one signature of shapes: where each buffer lies, what each kernel is told, in which order
// things happen.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "runtime/device.h"
#include "runtime/shapes.h"
#include "tile/nest.h"
#include "tile/relay.h"

namespace croton::runtime {

/// Where a buffer's memory comes from at each call.
enum class Home : std::uint8_t { leaf, plan, arena, result, base };
struct Place {
  Home home = Home::arena;
  DType dtype = float32;
  std::size_t bytes = 0;
  std::size_t offset = 0;  // arena; integers of the plan; base: from the base's first byte
  int base = -1;
  std::vector<Index> strides;  // elements
  Shape shape;
};

struct PlannedLaunch {
  struct Stream {
    int word, buffer;
    Index piece;  // bytes
  };
  int kernel = 0;                                  // by nest, the first of its own; then those of products of views
  std::vector<std::int64_t> words = {};            // pointers still 0
  std::vector<std::pair<int, int>> pointers = {};  // word, buffer
  std::vector<Stream> streams = {};                // past the caches, if it lies on lines and is not read here
  std::vector<std::pair<int, Access>> uses = {};   // buffer
  int errors = -1;                                 // word: where it reports
  std::optional<tile::WholeCopy> copy = {};        // it is nothing else: left out where both lie in one place
  long chunks = 1;
  Index rows = 1, chunk_rows = 1;  // points of all chunks, and of one
  std::size_t scratch_bytes = 0;
};
struct PlannedGemm {
  Gemm gemm;  // pointers still null
  int a = -1, b = -1, out = -1, bias = -1;
};
struct PlannedHost {
  Tensor node;
  std::vector<int> arguments;
  std::vector<std::optional<std::vector<int>>> axes;  // as a HostStep's
  std::vector<Shape> shapes;                          // of the arguments that have axes
  int out = -1;
};
/// What the launch before it does too.
struct PlannedBeside {};
using PlannedStep = std::variant<PlannedLaunch, PlannedBeside, PlannedGemm, PlannedHost>;

/// Steps [first, end) that follow each other without the host: launches and products, or one host step.
struct Stretch {
  std::size_t first = 0, end = 0;
  bool reads_errors = false;  ///< after it the slot is read
};

struct Plan {
  std::vector<Index> signature;
  std::vector<Place> places;  // by buffer
  std::vector<int> views;     // buffers whose home is a base, each after its base
  std::vector<PlannedStep> steps;
  std::vector<Stretch> stretches;      // all steps
  std::vector<tile::Relay> relays;     // some of them, none across a stretch's end
  std::vector<std::int64_t> integers;  // values of shape_of leaves
  std::size_t arena_bytes = 0;
  std::size_t scratch_bytes = 0;  // the most that a launch needs
  // ---- of what takes integers of leaves: see MovingViews
  Shapes shapes;
  Integers known;
  // ---- indices that kernels check
  std::vector<Shape> checked;                          // by site: what rows are taken of
  std::vector<int> unseen;                             // sites with elements that no kernel comes to
  std::vector<std::pair<int, std::size_t>> stand_ins;  // buffer, bytes: what is read at wrong rows of nothing
};

/// How memory is laid out: `separate`, no value in another's place, or even where another lay before; for_good: by
/// buffer, whether its memory is taken before its phase runs, as an updated variable's is.
struct Layout {
  bool separate = false;
  std::vector<bool> for_good;
};
/// `nests`: of the steps that are kernels, in their order.
Plan make_plan(const tile::Program&, std::span<const tile::Nest> nests, const Shapes&, const Integers&, const Target&,
               const Layout&);

}  // namespace croton::runtime
