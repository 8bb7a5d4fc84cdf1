// The CUDA dialect's words: types, comparisons, arithmetic, memory, folds over a block. A lane is a thread, so that every value
// is a scalar and V<T, L> is T. It includes nothing; what it needs of the machine is in primitives_cuda.h and its twin for the
// host, emulator_shim.h, one of which stands before it. Integers wrap; comparisons with NaN are false (ne: true).
#define CROTON_LANES_ARE_THREADS
#define CROTON_FMA
/// NAME_called(x): a copy of a large function for all of a kernel's calls, where there are too many for a copy each.
#define CROTON_CALL_OF(NAME) template <class X> CROTON_CALLED X NAME##_called(X x) { return NAME(x); }
#define CROTON_CALL_OF_2(NAME) template <class X> CROTON_CALLED X NAME##_called(X x, X y) { return NAME(x, y); }
#define CROTON_CALL_OF_3(NAME) template <class X> CROTON_CALLED X NAME##_called(X x, X y, X z) { return NAME(x, y, z); }

namespace croton {
namespace {

typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef bool b8;
struct f16 { u16 bits; };   // stored only: arithmetic is in f32, see cast
struct bf16 { u16 bits; };

// --- types ----------------------------------------------------------------------------------------------------------
template <int Bytes> struct int_of_bytes;
template <> struct int_of_bytes<1> { typedef i8 type; typedef u8 natural; };
template <> struct int_of_bytes<2> { typedef i16 type; typedef u16 natural; };
template <> struct int_of_bytes<4> { typedef i32 type; typedef u32 natural; };
template <> struct int_of_bytes<8> { typedef i64 type; typedef u64 natural; };
template <int Bytes> using Int = typename int_of_bytes<Bytes>::type;
template <int Bytes> using Nat = typename int_of_bytes<Bytes>::natural;

template <class A, class B> constexpr bool same = false;
template <class A> constexpr bool same<A, A> = true;
template <class T, int L> using V = T;
template <class X> using Element = X;
template <class X> constexpr int lanes = 1;
template <class X> constexpr bool is_scalar = true;
template <class T> constexpr bool is_floating = same<T, f32> || same<T, f64>;
template <class T> constexpr bool is_signed = (T)-1 < (T)0;
template <class X, class T> using With = T;
template <class X> using IntsOf = Int<sizeof(X)>;
template <class X> using NatsOf = Nat<sizeof(X)>;
template <class X> using BoolsOf = b8;

template <class To, class From> CROTON_FN To bits_as(From x) { return __builtin_bit_cast(To, x); }
template <class X> CROTON_FN IntsOf<X> int_bits(X x) { return bits_as<IntsOf<X>>(x); }
template <class X, class C> CROTON_FN X all(C c) { return (X)c; }
template <class To, class X> CROTON_FN To converted(X x) { return (To)x; }
constexpr f64 infinite = __builtin_bit_cast(f64, 0x7ff0000000000000UL), not_a_number = __builtin_bit_cast(f64, 0x7ff8000000000000UL);

// --- choices --------------------------------------------------------------------------------------------------------
template <class X> CROTON_FN X select(b8 c, X a, X b) { return c ? a : b; }
template <class X> CROTON_FN b8 lt(X a, X b) { return a < b; }
template <class X> CROTON_FN b8 le(X a, X b) { return a <= b; }
template <class X> CROTON_FN b8 gt(X a, X b) { return a > b; }
template <class X> CROTON_FN b8 ge(X a, X b) { return a >= b; }
template <class X> CROTON_FN b8 eq(X a, X b) { return a == b; }
template <class X> CROTON_FN b8 ne(X a, X b) { return a != b; }
template <class X> CROTON_FN X and_(X a, X b) { return (X)(a & b); }
template <class X> CROTON_FN X or_(X a, X b) { return (X)(a | b); }
template <class X> CROTON_FN X xor_(X a, X b) { return (X)(a ^ b); }
template <class X> CROTON_FN X not_(X a) {
  if constexpr (same<X, b8>) return !a;
  else return (X)~a;
}
template <class X> CROTON_FN X logical_and(X a, X b) { return and_(a, b); }
template <class X> CROTON_FN X logical_or(X a, X b) { return or_(a, b); }
template <class X> CROTON_FN X logical_xor(X a, X b) { return xor_(a, b); }
template <class X> CROTON_FN X logical_not(X a) { return not_(a); }

// --- arithmetic -----------------------------------------------------------------------------------------------------
/// Where the sum, difference or product of X is taken: a signed overflow is not defined, an unsigned one wraps.
template <class X, bool Whole = !is_floating<X>> struct wrapping { typedef Nat<(sizeof(X) < 4 ? 4 : sizeof(X))> type; };
template <class X> struct wrapping<X, false> { typedef X type; };
template <class X> using Wrapping = typename wrapping<X>::type;
template <class X> CROTON_FN X add(X a, X b) { return (X)((Wrapping<X>)a + (Wrapping<X>)b); }
template <class X> CROTON_FN X sub(X a, X b) { return (X)((Wrapping<X>)a - (Wrapping<X>)b); }
template <class X> CROTON_FN X mul(X a, X b) { return (X)((Wrapping<X>)a * (Wrapping<X>)b); }
template <class X> CROTON_FN X div(X a, X b) { return a / b; }  // floats only
template <class X> CROTON_FN X neg(X a) {
  if constexpr (is_floating<X>) return -a;
  else return (X)(0 - (Wrapping<X>)a);
}
template <class X> CROTON_FN X square(X a) { return mul(a, a); }
template <class X> CROTON_FN X reciprocal(X a) { return (X)1 / a; }
/// a * b + c, rounded once.
template <class X> CROTON_FN X fma(X a, X b, X c) {
  if constexpr (is_floating<X>) return fused(a, b, c);
  else return add(mul(a, b), c);
}
template <class X> CROTON_FN X abs(X x) {
  if constexpr (is_floating<X>) return magnitude(x);
  else if constexpr (!is_signed<X>) return x;
  else return x < 0 ? neg(x) : x;
}
template <class X> CROTON_FN IntsOf<X> sign_bit(X x) { return int_bits(x) & (Int<sizeof(X)>)((u64)1 << (8 * sizeof(X) - 1)); }
/// |a| with b's sign.
template <class X> CROTON_FN X copysign(X a, X b) { return with_sign(a, b); }
template <class X> CROTON_FN b8 isnan(X x) { return x != x; }
template <class X> CROTON_FN b8 isinf(X x) { return abs(x) == (X)infinite; }
template <class X> CROTON_FN b8 isfinite(X x) { return abs(x) < (X)infinite; }
/// -1, 0 or 1; NaN stays.
template <class X> CROTON_FN X sign(X x) {
  if constexpr (!is_signed<X>) return x > (X)0 ? (X)1 : (X)0;
  else {
    const X s = x > (X)0 ? (X)1 : x < (X)0 ? (X)-1 : (X)0;
    if constexpr (is_floating<X>) return x == x ? s : x;
    else return s;
  }
}
/// x < 0 ? 0 : x, so that NaN and -0 stay.
template <class X> CROTON_FN X relu(X x) { return x < (X)0 ? (X)0 : x; }
/// a > b ? a : b and a < b ? a : b, thus b where they are equal or unordered.
template <class X> CROTON_FN X greater(X a, X b) { return a > b ? a : b; }
template <class X> CROTON_FN X lesser(X a, X b) { return a < b ? a : b; }
/// Greater and lesser of two; a NaN operand gives NaN, and 0 is greater than -0.
template <class X> CROTON_FN X max(X a, X b) {
  if constexpr (is_floating<X>) {
    const X r = bits_as<X>((IntsOf<X>)(int_bits(greater(a, b)) & int_bits(greater(b, a))));
    return a != a || b != b ? a + b : r;
  } else return a > b ? a : b;
}
template <class X> CROTON_FN X min(X a, X b) {
  if constexpr (is_floating<X>) {
    const X r = bits_as<X>((IntsOf<X>)(int_bits(lesser(a, b)) | int_bits(lesser(b, a))));
    return a != a || b != b ? a + b : r;
  } else return a < b ? a : b;
}
/// The greater (lesser) of what was folded so far and one more: NaN once there is one; of equal ones the first.
template <class X> CROTON_FN X running_max(X so_far, X x) { return x != x || x > so_far ? x : so_far; }
template <class X> CROTON_FN X running_min(X so_far, X x) { return x != x || x < so_far ? x : so_far; }
template <class X> CROTON_FN X sqrt(X x) { return root(x); }
template <class X> CROTON_FN X rint(X x) { return whole_nearest(x); }
template <class X> CROTON_FN X floor(X x) { return whole_below(x); }
template <class X> CROTON_FN X ceil(X x) { return whole_above(x); }
template <class X> CROTON_FN X trunc(X x) { return whole_inside(x); }

/// Of indices: a >= 0, b > 0.
CROTON_FN i64 index_quotient(i64 a, i64 b) { return a / b; }
CROTON_FN i64 index_remainder(i64 a, i64 b) { return a % b; }

// --- memory ---------------------------------------------------------------------------------------------------------
/// A bool in memory is a byte 0 or 1.
template <class T> CROTON_FN T load(const T* p) {
  if constexpr (same<T, b8>) return *reached((const u8*)p) != 0;
  else return *reached(p);
}
/// 0 elsewhere.
template <class T> CROTON_FN T load_where(b8 here, const T* p) {
  if (here) return load(p);
  return T{};
}
template <class T> CROTON_FN void store(T* p, T x) {
  if constexpr (same<T, b8>) *reached((u8*)p) = x ? 1 : 0;
  else *reached(p) = x;
}
/// The block's scratch: a piece of memory where the launch gives one, else the shared memory of the block.
CROTON_FN char* scratch_of(i64 base, i64 bytes) {
  return base != 0 ? (char*)base + (i64)block() * bytes : dynamic_shared();
}

// --- teams ----------------------------------------------------------------------------------------------------------
/// The threads that work at one row: all of the block, or a warp of it, where each warp has rows of its own. A kernel is
/// compiled for either, so that a thread's elements lie at distances that are numbers.
template <int Threads, b8 Warps> struct Team {
  static constexpr b8 is_warp = Warps;
  /// How many threads it has, and how many teams there are in a block.
  static constexpr i64 lanes = Warps ? 32 : Threads, count = Threads / lanes;
  i64 lane, number;  // this thread's number in it, its own number in the block
};
template <int Threads, b8 Warps> CROTON_FN Team<Threads, Warps> team_of() {
  if constexpr (Warps) return {thread() & 31, thread() >> 5};
  else return {thread(), 0};
}
/// A team's part of the block's scratch.
template <int Threads, b8 Warps> CROTON_FN char* scratch_of(i64 base, i64 bytes, Team<Threads, Warps> team) {
  return scratch_of(base, bytes) + team.number * (bytes / (Threads / 32));
}

// --- folds over the threads of a block ------------------------------------------------------------------------------
/// What travels between threads: at least 32 bits.
template <class T> CROTON_FN auto packed(T x) {
  if constexpr (same<T, f32>) return bits_as<u32>(x);
  else if constexpr (same<T, f16> || same<T, bf16>) return (u32)bits_as<u16>(x);
  else if constexpr (sizeof(T) < 8) return (u32)x;
  else return bits_as<u64>(x);
}
template <class T, class P> CROTON_FN T unpacked(P x) {
  if constexpr (same<T, f32>) return bits_as<f32>((u32)x);
  else if constexpr (same<T, f16> || same<T, bf16>) return bits_as<T>((u16)x);
  else if constexpr (sizeof(T) < 8) return (T)x;
  else return bits_as<T>(x);
}
template <class T> using Packed = decltype(packed(T{}));
/// By all threads of a warp: those that differ in the highest bit first. The operations commute in their bits, so that both of
/// a pair get the same.
template <class Op, class T> CROTON_FN T fold_of_warp(T x, int line) {
  x = Op::of(x, unpacked<T>(exchanged(packed(x), 16, line)));
  x = Op::of(x, unpacked<T>(exchanged(packed(x), 8, line)));
  x = Op::of(x, unpacked<T>(exchanged(packed(x), 4, line)));
  x = Op::of(x, unpacked<T>(exchanged(packed(x), 2, line)));
  return Op::of(x, unpacked<T>(exchanged(packed(x), 1, line)));
}
/// words[From] to words[From + N - 1] folded by halves.
template <class Op, class T, int From, int N> CROTON_FN T fold_of_words(const Packed<T>* words) {
  if constexpr (N == 1) return unpacked<T>(words[From]);
  else return Op::of(fold_of_words<Op, T, From, N / 2>(words), fold_of_words<Op, T, From + N / 2, N / 2>(words));
}
// Slots 0 to 31 hold folds between a put and a get.
#ifdef CROTON_FOLDS_AT_ONCE  // the emulator's way round many switches of threads; it computes the same tree
template <class Op, class T> u64 fold_step(u64 a, u64 b) { return packed(Op::of(unpacked<T>(a), unpacked<T>(b))); }
template <class Op, int Threads, int Slot, class T> CROTON_FN void put_fold(T x, int) {
  put_at_once(Slot, packed(x), fold_step<Op, T>);
}
template <class Op, int Threads, int Slot, class T> CROTON_FN T get_fold() { return unpacked<T>(folded_at_once(Slot)); }
#else
/// Between two barriers, by all threads of the block, always by the same tree: in each warp, then the warps.
template <class Op, int Threads, int Slot, class T> CROTON_FN void put_fold(T x, int line) {
  x = fold_of_warp<Op>(x, line);
  if ((thread() & 31) == 0) fold_words<Threads, Packed<T>>()[Slot * (Threads / 32) + (thread() >> 5)] = packed(x);
}
/// After the second one.
template <class Op, int Threads, int Slot, class T> CROTON_FN T get_fold() {
  return fold_of_words<Op, T, Slot * (Threads / 32), Threads / 32>(fold_words<Threads, Packed<T>>());
}
#endif

// Folds of a tile's N rows, in slots Slot to Slot + N - 1, after which each thread has that of one row: the warp's threads stand
// for the rows, 32 / N neighbours for each. The tree of each fold is the one above; the rows share its exchanges.
template <int N> CROTON_FN u32 row_of_thread() { return (thread() & 31) / (32 / N); }
/// What each thread has for its row, of one value a row.
template <class T> CROTON_FN T pack_rows_from(u32, T x) { return x; }
template <class T, class... More> CROTON_FN T pack_rows_from(u32 row, T x, More... more) {
  const T rest = pack_rows_from(row - 1, more...);
  return row == 0 ? x : rest;
}
template <class... T> CROTON_FN auto pack_rows(T... x) { return pack_rows_from(row_of_thread<sizeof...(T)>(), x...); }
/// What the threads of a row have, to all.
template <int N, int Row, class T> CROTON_FN T row_lane(T x, int line = CROTON_LINE) {
  return unpacked<T>(sent(packed(x), Row * (32 / N), line));
}
#ifdef CROTON_FOLDS_AT_ONCE
template <class Op, int Threads, int Slot, class T> CROTON_FN void put_rows(int, T x) { put_fold<Op, Threads, Slot>(x, 0); }
template <class Op, int Threads, int Slot, class T, class... More> CROTON_FN void put_rows(int, T x, More... more) {
  put_fold<Op, Threads, Slot>(x, 0);
  put_rows<Op, Threads, Slot + 1>(0, more...);
}
template <class Op, int Threads, int Slot, int N, class T> CROTON_FN T get_row() {
  return unpacked<T>(folded_at_once(Slot + (int)row_of_thread<N>()));
}
#else
/// Of two rows: threads without the bit keep the first.
template <class Op, class T> CROTON_FN T half_of_rows(T first, T second, int bit, int line) {
  const b8 keeps_second = (thread() & bit) != 0;
  return Op::of(keeps_second ? second : first, unpacked<T>(exchanged(packed(keeps_second ? first : second), bit, line)));
}
template <class Op, int Bit, class T> CROTON_FN T rows_of_warp(int line, T x) {
  if constexpr (Bit == 0) return x;
  else return rows_of_warp<Op, Bit / 2>(line, Op::of(x, unpacked<T>(exchanged(packed(x), Bit, line))));
}
template <class Op, int Bit, class T> CROTON_FN T rows_of_warp(int line, T a, T b) {
  return rows_of_warp<Op, Bit / 2>(line, half_of_rows<Op>(a, b, Bit, line));
}
template <class Op, int Bit, class T> CROTON_FN T rows_of_warp(int line, T a, T b, T c, T d) {
  return rows_of_warp<Op, Bit / 2>(line, half_of_rows<Op>(a, c, Bit, line), half_of_rows<Op>(b, d, Bit, line));
}
template <class Op, int Bit, class T> CROTON_FN T rows_of_warp(int line, T a, T b, T c, T d, T e, T f, T g, T h) {
  return rows_of_warp<Op, Bit / 2>(line, half_of_rows<Op>(a, e, Bit, line), half_of_rows<Op>(b, f, Bit, line),
                                   half_of_rows<Op>(c, g, Bit, line), half_of_rows<Op>(d, h, Bit, line));
}
template <class Op, int Threads, int Slot, class... T> CROTON_FN void put_rows(int line, T... x) {
  constexpr int N = sizeof...(T);
  const auto folded = rows_of_warp<Op, 16>(line, x...);
  if ((thread() & (32 / N - 1)) == 0) fold_words<Threads, decltype(packed(folded))>()[(Slot + row_of_thread<N>()) * (Threads / 32) + (thread() >> 5)] = packed(folded);
}
template <class Op, int Threads, int Slot, int N, class T> CROTON_FN T get_row() {
  return fold_of_words<Op, T, 0, Threads / 32>(fold_words<Threads, Packed<T>>() + (Slot + row_of_thread<N>()) * (Threads / 32));
}
#endif
// Of a team: a warp needs no words and no barrier; all threads of the block go the way of the block.
template <int Threads, b8 Warps> CROTON_FN void barrier_of_team(Team<Threads, Warps> team, int line = CROTON_LINE) {
  if (!team.is_warp) barrier(line);
}
// Of one value of each team: where there is one team it is that.
template <int Threads, b8 Warps> CROTON_FN void barrier_of_teams(Team<Threads, Warps> team, int line = CROTON_LINE) {
  if (team.is_warp) barrier(line);
}
// Columns: Width neighbouring threads have neighbouring ones, and the block's groups of so many share out the rows.
/// Of a group: 256 of a block of 512 threads hide the way to memory.
template <int Width> constexpr int rows_at_once = Width / 2;
template <int Width, class T> struct Rows {
  T x[rows_at_once<Width>];
};
/// The first rows of a group: `apart` elements from one to the next, and so many times as far to the group's next one.
template <int Threads, int Width, class T> CROTON_FN Rows<Width, T> column_rows(const T* p, i64 apart, i64 rows, b8 here, T nothing, i64 first = 0) {
  constexpr int groups = Threads / Width;
  const i64 row = first + thread() / Width, step = apart * groups;
  p += row * apart;
  constexpr int most = groups * rows_at_once<Width>;
  const int left = !here ? 0 : rows - row < most ? (int)(rows - row) : most;  // one register where rows would take two each
  Rows<Width, T> r;
  CROTON_UNROLL for (int k = 0; k < rows_at_once<Width>; ++k) r.x[k] = k * groups < left ? load(p + k * step) : nothing;
  return r;
}
/// All rows of a group one after another, those that have been begun first.
template <class Op, int Threads, int Width, class T> CROTON_FN T column(Rows<Width, T> begun, const T* p, i64 apart, i64 rows, b8 here, T nothing) {
  T sum = nothing;
  for (i64 row = 0;;) {
    CROTON_UNROLL for (int k = 0; k < rows_at_once<Width>; ++k) sum = Op::of(sum, begun.x[k]);
    row += Threads / Width * rows_at_once<Width>;
    if (row >= rows) return sum;
    begun = column_rows<Threads, Width>(p, apart, rows, here, nothing, row);
  }
}
/// Of a warp's groups.
template <class Op, int Width, class T> CROTON_FN T fold_of_groups(T x, int line) {
  CROTON_UNROLL for (int bit = 16; bit >= Width; bit /= 2) x = Op::of(x, unpacked<T>(exchanged(packed(x), bit, line)));
  return x;
}
/// What the threads at one place of their warps have, folded by halves: between a put and a get a barrier, and before the next
/// put into that slot. Slots: what 20 bytes of each thread hold.
template <int Threads, class T> CROTON_FN Packed<T>* places() { return fold_words<Threads * (20 / (int)sizeof(Packed<T>)), Packed<T>>(); }
template <class Op, class T, int From, int N> CROTON_FN T fold_of_places(const Packed<T>* words) {
  if constexpr (N == 1) return unpacked<T>(words[From * 32 + (thread() & 31)]);
  else return Op::of(fold_of_places<Op, T, From, N / 2>(words), fold_of_places<Op, T, From + N / 2, N / 2>(words));
}
#define CROTON_FOLD(NAME, OP)                                                                                       \
  struct NAME##_step {                                                                                              \
    template <class T> static CROTON_FN T of(T a, T b) { return OP(a, b); }                                         \
  };                                                                                                                \
  template <int Threads, int Slot, class T> CROTON_FN void fold_##NAME(T x, int line = CROTON_LINE) {               \
    put_fold<NAME##_step, Threads, Slot>(x, line);                                                                  \
  }                                                                                                                 \
  template <int Threads, int Slot, class T> CROTON_FN T folded_##NAME() { return get_fold<NAME##_step, Threads, Slot, T>(); } \
  template <int Threads, int Slot, class... T> CROTON_FN void fold_##NAME##_of_rows(int line, T... x) {             \
    put_rows<NAME##_step, Threads, Slot>(line, x...);                                                               \
  }                                                                                                                 \
  template <int Threads, int Slot, int N, class T> CROTON_FN T folded_##NAME##_of_rows() {                          \
    return get_row<NAME##_step, Threads, Slot, N, T>();                                                             \
  }                                                                                                                 \
  template <int Threads, int Slot, class T, b8 Warps>                                                               \
  CROTON_FN void fold_##NAME##_of_team(T x, Team<Threads, Warps> team, int line = CROTON_LINE) {                    \
    if (!team.is_warp) put_fold<NAME##_step, Threads, Slot>(x, line);                                               \
  }                                                                                                                 \
  template <int Threads, int Slot, class T, b8 Warps>                                                               \
  CROTON_FN T folded_##NAME##_of_team(T x, Team<Threads, Warps> team, int line = CROTON_LINE) {                     \
    if (team.is_warp) return fold_of_warp<NAME##_step>(x, line);                                                    \
    return get_fold<NAME##_step, Threads, Slot, T>();                                                               \
  }                                                                                                                 \
  template <int Threads, int Slot, class T, b8 Warps> CROTON_FN void fold_##NAME##_of_teams(T x, Team<Threads, Warps> team) { \
    if (team.is_warp && team.lane == 0)                                                                             \
      fold_words<Threads, Packed<T>>()[Slot * (Threads / 32) + team.number] = packed(x);                            \
  }                                                                                                                 \
  template <int Threads, int Slot, class T, b8 Warps> CROTON_FN T folded_##NAME##_of_teams(T x, Team<Threads, Warps> team) { \
    if (!team.is_warp) return x;                                                                                    \
    return fold_of_words<NAME##_step, T, Slot * (Threads / 32), Threads / 32>(fold_words<Threads, Packed<T>>());    \
  }                                                                                                                 \
  template <int Threads, int Width, class T>                                                                        \
  CROTON_FN T column_##NAME(const Rows<Width, T>& begun, const T* p, i64 apart, i64 rows, b8 here, T nothing, int line = CROTON_LINE) { \
    return fold_of_groups<NAME##_step, Width>(column<NAME##_step, Threads, Width>(begun, p, apart, rows, here, nothing), line); \
  }                                                                                                                 \
  template <int Threads, int Slot, class T> CROTON_FN void fold_##NAME##_of_warps(T x) {                            \
    places<Threads, T>()[Slot * Threads + thread()] = packed(x);                                                    \
  }                                                                                                                 \
  template <int Threads, int Slot, class T> CROTON_FN T folded_##NAME##_of_warps() {                                \
    return fold_of_places<NAME##_step, T, 0, Threads / 32>(places<Threads, T>() + Slot * Threads);                  \
  }
CROTON_FOLD(sum, add)
CROTON_FOLD(prod, mul)
CROTON_FOLD(max, max)
CROTON_FOLD(min, min)
CROTON_FOLD(any, or_)
CROTON_FOLD(all, and_)

}  // namespace
}  // namespace croton
