#include "tile/in_flight.h"

#include <algorithm>

#include "base/dtype.h"
#include "expr/functions.h"

namespace croton::tile {
namespace {

using Kind = Statement::Kind;

// 700 ns at 4.8 TB/s are 3.4 MB, or 12 bytes for each of 2048 threads on each of 132 multiprocessors; twice that, for
// seldom are so many threads there, and not all of them wait for memory.
constexpr Index most_bytes = 48;
// A row has seldom more than some elements for each thread, and what is left of it goes one by one.
constexpr Index most_vectors = 8, most_vectors_of_a_row = 4;
// Of all copies together, in instructions or so: beyond it a turn lasts long enough, and NVRTC works for nothing.
constexpr Index most_work = 80;
// An elementary function costs 16 in expr/functions, of which two are an instruction or so.
constexpr Index costs_an_instruction = 2;
constexpr Index work_of_a_check = 4;

bool is_same_memory(const Statement& a, const Statement& b) {
  return a.word == b.word && a.scratch == b.scratch && a.address == b.address;
}

// Whether a load comes after a store to its very place.
bool loads_what_it_stored(const Body& body) {
  for (std::size_t i = 0; i < body.size(); ++i)
    for (std::size_t j = i + 1; j < body.size(); ++j)
      if (body[i].kind == Kind::store && body[j].kind == Kind::let_load && is_same_memory(body[i], body[j]))
        return true;
  return false;
}

Index work(const Statement& s, const std::vector<Register>& registers) {
  const auto words = [&](int reg) {
    return static_cast<Index>(size_of(registers[static_cast<std::size_t>(reg)].dtype) > 4 ? 2 : 1);
  };
  switch (s.kind) {
    case Kind::let_call:
      return words(s.result) * std::max<Index>(expr::function(s.function).cost / costs_an_instruction, 1);
    case Kind::let_row: return work_of_a_check;
    case Kind::let_convert:
    case Kind::let_load:
    case Kind::let_iota:
    case Kind::let_place:
    case Kind::update: return words(s.result);
    case Kind::store: return 1;
    default: return 0;  // other names for what is there
  }
}

}  // namespace

Index vectors_in_flight(const Body& body, const std::vector<Register>& registers, bool flat) {
  Index bytes = 0, all = 0;
  for (const Statement& s : body) {
    if (s.kind == Kind::loop) return 1;
    if (s.kind == Kind::let_load) bytes += std::max<Index>(static_cast<Index>(size_of(s.dtype)), 4);
    all += work(s, registers);
  }
  if (bytes == 0 || loads_what_it_stored(body)) return 1;
  Index vectors = flat ? most_vectors : most_vectors_of_a_row;
  while (vectors > 1 && (vectors * bytes > most_bytes || vectors * all > most_work)) vectors /= 2;
  return vectors;
}

Body side_by_side(std::vector<Body> copies) {
  Body r;
  std::size_t longest = 0;
  for (const Body& c : copies) longest = std::max(longest, c.size());
  for (std::size_t k = 0; k < longest; ++k) {
    std::vector<Body> inside;
    for (Body& c : copies) {
      if (k >= c.size()) continue;
      const bool is_loop = c[k].kind == Kind::loop;
      if (is_loop) inside.push_back(std::move(c[k].body));
      if (!is_loop || inside.size() == 1) r.push_back(std::move(c[k]));
    }
    if (!inside.empty()) r.back().body = side_by_side(std::move(inside));
  }
  return r;
}

Body loads_first(std::vector<Body> copies) {
  Body r = side_by_side(std::move(copies));
  std::stable_partition(r.begin(), r.end(), [](const Statement& s) { return s.kind != Kind::store; });
  return r;
}

}  // namespace croton::tile
