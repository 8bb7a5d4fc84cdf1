// Rows that integers name: read (gather), and written or added to (scatter).
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "base/dtype.h"
#include "base/error.h"
#include "ops/evaluate.h"
#include "ops/evaluate/put.h"
#include "ops/evaluate/steps.h"
#include "ops/host.h"

namespace croton::ops {
namespace {

// What a thread takes at a time.
constexpr Index bytes_of_a_chunk = 1 << 20;
// Each chunk looks at every index: one for so many bytes that it moves.
constexpr Index bytes_for_an_index = 128;
// A piece of the indices has sums of its own where it adds so many numbers to a row.
constexpr Index numbers_for_a_row = 4;

[[noreturn]] void out_of_range(const Call& call, Index i, Index linear) {
  const Array &x = call.argument(0), &index = call.argument(1);
  const auto called = [](const Tensor& t, const Array& a) {
    return fmt::format("{} {}", t.name().empty() ? formula(t) : t.name(), type_text(a));
  };
  std::string at;
  for (std::size_t axis = index.shape().size(); axis-- > 0; linear /= std::max<Index>(1, index.shape()[axis]))
    at = fmt::format("{}{}{}", linear % std::max<Index>(1, index.shape()[axis]), at.empty() ? "" : ", ", at);
  refuse_values(call.node(), at);
  const Index n = x.shape()[0];
  const std::string valid = n == 0 ? "it has no rows" : fmt::format("valid: {} .. {}", -n, n - 1);
  const std::string_view maker = node(call.input(1)).part_of;  // what a function made of its own is not shown
  const bool is_made_within = !maker.empty() && maker == call.node().part_of;
  const Tensor& rows = call.input(0);
  std::string asked, axis = fmt::format("axis 0 of {}", called(rows, x));
  if (meaning<Iota>(rows)) {  // the positions of an axis: a function wanted the index alone
    if (!call.node().part_of.empty()) asked = fmt::format("{}: ", call.node().part_of);
    axis = rows.name().empty() ? fmt::format("an axis of {} elements", n) : rows.name();
  }
  const std::string element = index.ndim() == 0 || is_made_within
                                  ? ""
                                  : fmt::format(", at element [{}] of {}", at, called(call.input(1), index));
  fail_at<IndexError>(call.node().where, "{}index {} is out of range for {} ({}){}", asked, i, axis, valid, element);
}

/// The rows that an index names, each counted from 0. IndexError for one that there is not.
class NamedRows {
 public:
  NamedRows(const Call& call, const Host& host)
      : index_(contiguous(call.argument(1))), rows_(call.argument(0).shape()[0]) {
    const auto all_there = [this](std::span<const Index> given) {
      bool all = true;
      for (const Index i : given) all &= is_there(i);
      return all;
    };
    std::atomic<bool> all = true;
    host.each(pieces(), 0, [&](long piece, void*) {
      each_block(piece, [&](Index, std::span<const Index> given) {
        if (!all_there(given)) all = false;
      });
    });
    for (long piece = 0; piece < pieces() && !all; ++piece)
      each_block(piece, [&](Index first, std::span<const Index> given) {
        const auto wrong = std::find_if(given.begin(), given.end(), [&](Index i) { return !is_there(i); });
        if (wrong != given.end()) out_of_range(call, *wrong, first + (wrong - given.begin()));
      });
  }
  Index size() const { return index_.size(); }
  /// Parts of the indices, as many whatever threads there are.
  long pieces() const { return std::clamp<Index>(size() / indices_of_a_piece, 1, 64); }
  /// f(number of the index, row), in their order, of one piece.
  template <class F>
  void each_of(long piece, F&& f) const {
    each_block(piece, [&](Index number, std::span<const Index> given) {
      for (std::size_t k = 0; k < given.size(); ++k) f(number + static_cast<Index>(k), counted(given[k]));
    });
  }
  /// The same of all, for rows in [first, end).
  template <class F>
  void each(Index first, Index end, F&& f) const {
    const bool all = first == 0 && end == rows_;
    const auto wanted_of = [&](Index number, std::span<const Index> given) {
      std::array<std::int16_t, block> wanted;  // found without a branch for each: nobody can foresee them
      std::size_t n = 0;
      for (std::size_t k = 0; k < given.size(); ++k) {
        wanted[n] = static_cast<std::int16_t>(k);
        const Index row = counted(given[k]);
        n += row >= first && row < end;
      }
      for (std::size_t w = 0; w < n; ++w) f(number + wanted[w], counted(given[static_cast<std::size_t>(wanted[w])]));
    };
    for (long piece = 0; piece < pieces(); ++piece) all ? each_of(piece, f) : each_block(piece, wanted_of);
  }

 private:
  static constexpr std::size_t block = 512;
  static constexpr Index indices_of_a_piece = 16384;

  bool is_there(Index given) const { return given >= -rows_ && given < rows_; }
  Index counted(Index given) const { return given < 0 ? given + rows_ : given; }
  template <class F>
  void each_block(long piece, F&& f) const {
    std::array<Index, block> some;
    const Index end = size() * (piece + 1) / pieces();
    for (Index first = size() * piece / pieces(); first < end; first += static_cast<Index>(block)) {
      const std::size_t n = std::min(static_cast<std::size_t>(end - first), block);
      f(first, loaded(first, {some.data(), n}));
    }
  }
  /// Where they lie, or converted into `room`.
  std::span<const Index> loaded(Index first, std::span<Index> room) const {
    if (index_.dtype() == DType::int64) return {data_as<Index>(index_) + first, room.size()};
    visit_dtype(index_.dtype(), [&]<class T>(T) {
      if constexpr (std::integral<T>)
        std::transform(data_as<T>(index_) + first, data_as<T>(index_) + first + static_cast<Index>(room.size()),
                       room.begin(), [](T i) { return static_cast<Index>(i); });
    });
    return room;
  }

  Array index_;
  Index rows_;
};

Index elements_of_row(const Array& x) {
  Index n = 1;
  for (std::size_t axis = 1; axis < x.shape().size(); ++axis) n *= x.shape()[axis];
  return n;
}

/// Where the rows of an array begin: row-major each, one as far from the next as any.
struct RowsOf {
  Array array;
  Index step;
};
RowsOf rows_of(const Array& x, int index_axes, Index row_elements) {
  if (index_axes != 1) return {contiguous(x), row_elements};
  const Extents dense = row_major_strides(x.shape());
  bool as_it_lies = true;
  for (std::size_t axis = 1; axis < x.shape().size(); ++axis)
    as_it_lies = as_it_lies && (strides(x)[axis] == dense[axis] || x.shape()[axis] == 1);
  if (as_it_lies) return {x, strides(x)[0]};
  return {contiguous(x), row_elements};
}

bool is_one_number(const Array& x) {
  return std::all_of(strides(x).begin(), strides(x).end(), [](Index s) { return s == 0; });
}

/// Rows [first, end) of x, which is row-major or one number, in `out`, where all of its rows lie.
template <class T>
void copy_rows(const Array& x, Index first, Index end, Index n, T* out) {
  if (is_one_number(x))
    std::fill(out + first * n, out + end * n, *data_as<T>(x));
  else
    std::memcpy(out + first * n, data_as<T>(x) + first * n, static_cast<std::size_t>((end - first) * n) * sizeof(T));
}

template <bool set, class T>
void put_row(T* __restrict to, const T* __restrict from, Index n) {
  for (Index k = 0; k < n; ++k) put_element(to[k], from[k], set);
}

}  // namespace

void refuse_values(const Node& gather, std::string_view row) {
  std::string_view rule, of;
  for (const auto& [name, value] : gather.params)
    if (const auto* const words = std::get_if<std::string>(&value)) (name == "refused" ? rule : of) = *words;
  if (!rule.empty())
    fail_at<Error>(gather.where, "{}: {}; those of {}{} are not", gather.part_of, rule,
                   row.empty() ? "" : fmt::format("row [{}] of ", row), of);
}

Array gathered(const Call& call, const Array& x) {
  const NamedRows named(call, Host());
  const Array from = contiguous(x);
  Array out = empty(extents_of(call.result().shape), x.dtype());
  if (out.size() == 0) return out;
  const std::size_t bytes = static_cast<std::size_t>(elements_of_row(from)) * size_of(x.dtype());
  std::byte* const to = mutable_data(out);
  named.each(0, from.shape()[0], [&](Index i, Index row) {
    std::memcpy(to + static_cast<std::size_t>(i) * bytes, data(from) + static_cast<std::size_t>(row) * bytes, bytes);
  });
  return out;
}

/// What can be added to anything without a change, to -0 too.
template <class T>
T no_addend() {
  if constexpr (std::integral<T>)
    return T();
  else if constexpr (std::floating_point<T>)
    return static_cast<T>(-0.0);
  else
    return narrowed<T>(-0.0);
}

// Many numbers added to few: each piece of the indices is added up by itself, then the pieces.
template <class T>
void add_in_pieces(const NamedRows& named, const T* from, Index step, std::span<T> to, const Host& host) {
  std::vector<std::unique_ptr<T[]>> sums;
  for (long piece = 0; piece < named.pieces(); ++piece) {
    sums.push_back(std::make_unique<T[]>(to.size()));
    std::fill_n(sums.back().get(), to.size(), no_addend<T>());
  }
  host.each(named.pieces(), 0, [&](long piece, void*) {
    T* const mine = sums[static_cast<std::size_t>(piece)].get();
    named.each_of(piece, [&](Index i, Index row) { mine[row] = added(mine[row], from[i * step]); });
  });
  for (const auto& mine : sums)
    for (std::size_t row = 0; row < to.size(); ++row) to[row] = added(to[row], mine[row]);
}

// Threads share the rows, and each goes over all indices: so what is added to a row is added in the order of the
// indices, however many threads there are.
void scatter_into(const Call& call, std::span<const Array> arguments, std::byte* out, const Host& host) {
  const NamedRows named(call, host);
  const Index rows = arguments[0].shape()[0], n = elements_of_row(arguments[0]);
  if (rows * n == 0) return;
  const bool lies_there = data(arguments[0]) == out;
  const Array x = is_one_number(arguments[0]) ? arguments[0] : contiguous(arguments[0]);
  const RowsOf values = rows_of(arguments[2], arguments[1].ndim(), n);
  const Index moved = static_cast<Index>(size_of(x.dtype())) * n * ((lies_there ? 0 : rows) + 2 * named.size());
  const Index chunks = std::clamp<Index>(
      std::min(moved / bytes_of_a_chunk, moved / (bytes_for_an_index * std::max<Index>(1, named.size()))), 1, rows);
  visit_dtype(x.dtype(), [&]<class T>(T) {
    T* const to = reinterpret_cast<T*>(out);
    const T* const from = data_as<T>(values.array);
    const bool few_rows = numbers_for_a_row * named.pieces() * rows <= named.size();
    if (n == 1 && !call.params().flag("set") && named.pieces() > 1 && few_rows) {
      if (!lies_there) copy_rows(x, 0, rows, 1, to);
      return add_in_pieces(named, from, values.step, std::span<T>(to, static_cast<std::size_t>(rows)), host);
    }
    const auto write = [&]<bool set>(std::bool_constant<set>) {
      host.each(chunks, 0, [&](long c, void*) {
        const Index first = rows * c / chunks, end = rows * (c + 1) / chunks;
        if (!lies_there) copy_rows(x, first, end, n, to);
        named.each(first, end, [&](Index i, Index row) {
          if (n == 1)
            put_element(to[row], from[i * values.step], set);
          else
            put_row<set>(to + row * n, from + i * values.step, n);
        });
      });
    };
    call.params().flag("set") ? write(std::true_type()) : write(std::false_type());
  });
}

}  // namespace croton::ops
