// The loop nest: one phase made for one target. Loops are bound to chunks, rows, lanes or nothing; every access has its
// address; every register its type. It is all that the printer sees, and the printer decides nothing.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "expr/target.h"
#include "tile/program.h"

namespace croton::tile {

/// One 64-bit word of a kernel's arguments: what the planner puts there.
struct Word {
  enum class Kind : std::uint8_t {
    pointer,       ///< of buffer
    extent,        ///< of axis
    padded,        ///< extent of axis, rounded up to whole lines of memory of dtype
    stride,        ///< of buffer along dim, in elements
    parallel,      ///< points of the parallel axes: the product of their extents
    chunk_points,  ///< points of a chunk
    pieces,        ///< into how many pieces rows are cut, each a chunk's (tile/chunks)
    piece,         ///< elements of a piece
    row,           ///< elements of one row of partials in buffer
    rows,          ///< how many rows of partials buffer has
    row_points,    ///< points of a chunk of the phase that made buffer: what one row stands for
    all_points,    ///< points of that phase
    scratch,       ///< byte offset of scratch piece `buffer` in the chunk's scratch
    scalar,        ///< a number: its bits as dtype (of halves: as float32)
    stream,        ///< bytes of the pieces in which stores to buffer go past the caches; 0: they do not
    errors,        ///< where failed checks are reported
    warps,         ///< 1: each warp of a block has rows of its own; 0: all threads of a block work at one row
  };
  Kind kind = Kind::pointer;
  int buffer = -1;
  int dim = -1;
  AxisId axis = no_axis;
  DType dtype = DType::int64;
  double number = 0;
  Index integer = 0;
  friend bool operator==(const Word&, const Word&) = default;
};

/// Scratch of a running chunk: copies x (the axis's extent, in whole lines of memory where lanes are no threads)
/// elements.
struct Scratch {
  DType dtype = DType::float64;
  Index copies = 1;
  AxisId axis = no_axis;
};

/// A factor of an address: a number, or a word of the arguments.
struct Factor {
  Index number = 1;
  int word = -1;
  friend bool operator==(const Factor&, const Factor&) = default;
};
/// constant + the sum of factor x factor x index variable. Index variables are numbered; -1 stands for 1.
struct Term {
  int variable = -1;
  std::vector<Factor> factors = {};
  friend bool operator==(const Term&, const Term&) = default;
};
using Linear = std::vector<Term>;

struct Register {
  DType dtype = DType::float64;
  bool lanes = false;
};

/// How a load or a store meets its lanes: one element; neighbours; elements a stride apart; elements a stride apart in
/// a list of rows, args[0] (loads only) or `row`; where lanes are threads, at an address that each has for itself.
enum class Reach : std::uint8_t { scalar, lanes, strided, listed, own };

/// Whose values a fold of threads takes: all those of the block; those of the team that works at a row; one of each
/// team, which are as one where a block is one team; those of the threads that stand at one place of their warps.
enum class Across : std::uint8_t { block, team, teams, warps };

struct Statement;
using Body = std::vector<Statement>;
struct Statement {
  enum class Kind : std::uint8_t {
    let_word,      ///< result = the scalar in word
    let_number,    ///< result = number or integer
    let_call,      ///< result = function(args)
    let_convert,   ///< result = args[0] as the result's dtype
    let_splat,     ///< result = args[0] in all lanes
    let_pack,      ///< result = args, one in each of the first lanes; 0 in the others
    let_lane,      ///< result = lane `integer` of args[0]
                   ///< (let_pack, let_lane, let_load, put_fold, let_fold with `rows`: lanes stand for so many rows, see
                   ///< Nest)
    let_load,      ///< result = memory[address]
    let_own,       ///< index variable `variable` = number `integer` of the elements that are the thread's own, of those
                   ///< from 0 to `to`: thread + integer * lanes. result: whether there is such an element.
                   ///< dealt: of those from `from` to `to` the one at the thread's place in its group (`columns` of the
                   ///< nest); all groups have the same
    let_first,     ///< result = args[0], in the block's first group; false in the others
    begin_column,  ///< the first rows of what let_column of the same slot folds are on their way
    let_column,    ///< result = memory[address + k * stride] folded by monoid over the rows k below `to` that are the
                   ///< warp's: groups take turns, by one, and those of a warp are folded together
    let_iota,      ///< result = address + lane number * from (0: the same in all lanes)
    let_place,     ///< result = which lane's number args[0] is, where lane 0 has address: int32, -1 before them, and
                   ///< the number of lanes behind them
    let_row,   ///< result = the row of `to` that args[0] names, or 0 and a report of check `integer`, to the slot in
               ///< `word`, at element address (of the first lane, the next ones `from` apart)
    let_fold,  ///< result = args[0] folded across its lanes by monoid; several args: the folds of each, one a lane;
               ///< of threads: what put_fold made of slot `slot`
    put_fold,  ///< args[0], folded by monoid across the threads that `across` says, goes to slot `slot`
    barrier,   ///< threads wait for each other: folds that were read may be put again, those that were put may be read
               ///< (where `across` needs it: a team that is a warp has its folds without slots)
    let_masked,    ///< result = args[0], lanes beyond the count replaced by monoid's identity
    let_identity,  ///< result = monoid's identity, or args[0]; a variable
    assign,        ///< result = args[0], in place of what it was
    update,        ///< result = result (monoid) args[0]; with two args and sum: result = fma(args[0], args[1], result)
    store,         ///< memory[address] = args[0]
    prefetch,      ///< brings memory[address] nearer: it will be read soon
    index,      ///< index variable `variable` = (address / divisor) % modulus (each where given), at most `to` (where
                ///< given); with args: args[0]
    ahead,      ///< index variable `variable` = address, the variable of the loop over lanes around it, `integer`
                ///< whole vectors further on
    loop,       ///< for variable from `from` to `to` by `step`: body. With args: from args[0] to args[1], where lanes
                ///< are threads perhaps each by its own
    lane_loop,  ///< for variable from `from` by `vectors` whole vectors: several; by one: body; what is left: tail.
                ///< No tail: the body's last vector may reach beyond `to`. No body: the tail for every vector.
    ///< (Where a lane is a thread, from `from` + the thread's number, and as many threads' elements as the
    ///< nest or its teams have lanes are a vector: `several` while the last of its vectors has an element
    ///< of this thread, then body. `several` loads all that it loads before it stores.)
  };
  Kind kind = Kind::let_call;
  int result = -1;
  std::vector<int> args = {};
  std::string_view function = {};
  bool in_line = false;  // let_call: the function's body stands here, instead of a call of it
  Monoid monoid = Monoid::sum;
  double number = 0;
  Index integer = 0;
  int word = -1;                  // let_word; let_load, store: the word of the pointer, -1: scratch
  int slot = 0;                   // put_fold, let_fold, begin_column, let_column
  Across across = Across::block;  // put_fold, let_fold, barrier
  int scratch = -1;               // let_load, store: the word of the offset into scratch
  DType dtype = DType::float64;   // of memory
  Linear address = {};
  Reach reach = Reach::scalar;
  Factor stride = {};  // strided, listed: elements between lanes, or between rows
  int row = -1;        // let_load, store: a register: so many times row_stride further on; where it is negative a
                       // load gives 0 and nothing is stored
  Factor row_stride = {};
  bool partial = false;  // only the first `count` lanes
  int mask = -1;         // let_load and let_row (else 0), store, let_masked: only threads for which this register holds
  Index rows = 0;        // lanes stand for rows of a tile
  int stream = -1;       // store of lanes: the word that says whether it goes past the caches
  int variable = -1;
  Linear from = {}, to = {};
  bool resume = false;       // loop: goes on from where the variable stands
  bool whole_steps = false;  // loop: only steps that end before `to`
  bool dealt = false;  // loop: teams take turns, by one: from + the team's number, by the number of teams; let_own
  bool alone = false;  // loop: only where a block is one team
  Index step = 1;
  Factor divisor = {}, modulus = {0, -1};
  Index vectors = 1;  // lane_loop
  Body several = {}, body = {}, tail = {};
};

/// Of a warp, on every GPU.
inline constexpr int warp_lanes = 32;

/// A kernel: `void entry(const void* words, long chunk, void* scratch)`, or a kernel of a GPU with a block for each
/// chunk. Index variable 0 is the first point of the chunk, 1 the point after its last, 2 the chunk's number. With a
/// word `pieces` chunks of the same points, one for each piece of the rows, follow each other. On a GPU `lanes` are the
/// threads of a block, a register without lanes is the same in all of them, and a scalar store is done by one. With a
/// word `warps` the threads of a block are one team or, each warp, a team of its own: what stands in a loop that is
/// dealt out (or runs where there is one team) is a team's, its lanes are the team's threads, and scratch is a team's
/// too. A value with `rows` is one of each row of a tile: equally many threads of each warp stand for each row.
struct Nest {
  std::vector<Word> words;
  std::vector<Scratch> scratch;
  std::vector<Register> registers;
  int variables = 3;
  int lanes = 1;
  int warps = -1;  // the word
  bool by_warps =
      false;  // each warp is a team, whatever the word says; let_own then counts from the thread's place in it
  int first_lane = -1;       // with a word `pieces`: the index variable at which the chunk's piece begins
  int columns = warp_lanes;  // where partials are added up: so many neighbouring threads have neighbouring columns, and
                             // such groups share out the rows
  Body body;
  bool beside = false;  // it shares the kernel of the nest before it, as blocks of its own
};
/// The first of these nests, with those that share its kernel.
std::span<const Nest> one_kernel(std::span<const Nest>);
/// Of each thread of a block, for columns whose warps' sums are folded together, at most (`places` in
/// kernels/prelude_gpu.h).
inline constexpr std::size_t bytes_of_columns = 20;
/// 32 elements for each thread of a warp.
inline constexpr Index longest_row_of_a_warp = 1024;

/// The loop nest of a phase. `program` gives axes and buffers. `threads`: of a GPU's block, for a phase of one point;
/// 0: as few as do.
Nest lower(const Program& program, const Phase& phase, const Target& target, int threads = 0);
/// How many threads a GPU's block has for a phase without rows; 0 where it is one point, and may have any number.
int threads_of_block(const Program& program, const Phase& phase, const Target& target);

/// The notation: words, scratch, then the body, a statement a line.
std::string text(const Nest&);
/// Throws std::logic_error if a rule is broken: a register or an index variable used before it is defined, or outside
/// the loop that defines it; a word that is not there or holds something else; memory of another dtype or width than
/// its register; lanes that are left over outside the rest of a loop; a register of lanes that no vector of the target
/// holds.
void verify(const Nest&, const Target&);
/// Throws std::logic_error where threads that are lanes would need a barrier: a fold, or a store by one thread, inside
/// a loop over lanes; scratch, or memory that the nest both reads and writes by one pointer, that is not reached by the
/// same thread each time; a load after a store where a turn takes several vectors. Loops over lanes deal elements out
/// from the same start in the same stride, as does let_own, however many vectors a turn takes, so it is enough that an
/// element's address holds the loop's variable (or one that is ahead of it, or an own one) once, unmultiplied. Teams
/// have a row each, so they must not store to one place either, nor read back another team's: the address holds what
/// tells the row. (That strides keep apart the rows and elements which an address tells apart is not looked into, nor
/// that the rows in a register `row` of stores are different ones, as tile/scatter makes them.)
void check_threads(const Nest&);

/// What each word of the nest is, in the user's names: "W1", "X.shape[0]", "chunks of partials of ...".
std::vector<std::string> describe_words(const Program&, const Nest&);
/// What a phase computes, a line for each value that the user wrote: "v6 = tanh(dot(X, W1) + b1), moons.cpp:21".
std::vector<std::string> describe_phase(const Phase&);

}  // namespace croton::tile
