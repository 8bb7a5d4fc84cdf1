// Which pieces of work must wait for which, by the memory that they touch.
#include "runtime/gpu/dependencies.h"

#include <algorithm>
#include <random>
#include <set>

#include "catch.h"

namespace croton::runtime::gpu {
namespace {

using Numbers = std::vector<int>;

/// Bytes [first, end) of memory that is nobody's.
BufferUse bytes(std::size_t first, std::size_t end, Access access) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): nobody follows it
  return {reinterpret_cast<void*>((std::uintptr_t{1} << 20) + first), end - first, access, "x"};
}
BufferUse r(std::size_t first, std::size_t end) { return bytes(first, end, Access::r); }
BufferUse w(std::size_t first, std::size_t end) { return bytes(first, end, Access::w); }
BufferUse rw(std::size_t first, std::size_t end) { return bytes(first, end, Access::rw); }

/// What each of these pieces waits for.
std::vector<Numbers> waits(const std::vector<std::vector<BufferUse>>& pieces) {
  Dependencies d;
  std::vector<Numbers> all;
  all.reserve(pieces.size());
  for (const auto& uses : pieces) all.push_back(d.add(uses));
  return all;
}

/// The definition, pair by pair.
struct Plain {
  std::vector<std::vector<BufferUse>> pieces;
  std::vector<std::set<int>> follows;

  static bool collide(const std::vector<BufferUse>& earlier, const std::vector<BufferUse>& later) {
    for (const BufferUse& a : earlier)
      for (const BufferUse& b : later) {
        const auto first_a = reinterpret_cast<std::uintptr_t>(a.data),
                   first_b = reinterpret_cast<std::uintptr_t>(b.data);
        const bool overlap = a.bytes != 0 && b.bytes != 0 && first_a < first_b + b.bytes && first_b < first_a + a.bytes;
        if (overlap && (a.access != Access::r || b.access != Access::r)) return true;
      }
    return false;
  }
  Numbers add(std::vector<BufferUse> uses) {
    if (uses.empty()) uses.push_back({nullptr, SIZE_MAX, Access::rw, "anything"});
    Numbers waits;
    std::set<int> before;
    for (int k = static_cast<int>(pieces.size()); k-- > 0;)
      if (before.count(k) == 0 && collide(pieces[static_cast<std::size_t>(k)], uses)) {
        waits.push_back(k);
        before.insert(k);
        before.merge(std::set<int>(follows[static_cast<std::size_t>(k)]));
      }
    pieces.push_back(std::move(uses));
    follows.push_back(std::move(before));
    return waits;
  }
};

/// Pieces that touch some of `memory` bytes.
std::vector<std::vector<BufferUse>> random_pieces(unsigned seed, int count, std::size_t memory) {
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return random() % n; };
  std::vector<std::vector<BufferUse>> pieces(static_cast<std::size_t>(count));
  for (auto& uses : pieces) {
    if (below(50) == 0) continue;  // names nothing
    for (std::size_t k = 1 + below(4); k-- > 0;) {
      const std::size_t first = below(memory), bytes_used = below(8);
      uses.push_back(bytes(first, first + bytes_used, Access{static_cast<std::uint8_t>(below(3))}));
    }
  }
  return pieces;
}

using Pieces = std::vector<std::vector<BufferUse>>;
/// Each takes what the one before it gave.
Pieces chain(std::size_t count) {
  Pieces p;
  for (std::size_t k = 0; k < count; ++k) p.push_back({r(k * 8, k * 8 + 8), w(k * 8 + 8, k * 8 + 16)});
  return p;
}
Pieces apart(std::size_t count) {
  Pieces p;
  for (std::size_t k = 0; k < count; ++k) p.push_back({r(0, 8), w(k * 8 + 8, k * 8 + 16)});
  return p;
}
/// Half of them go forward; the others go back, and each takes what one of the first gave.
Pieces training_step(std::size_t count) {
  Pieces p = chain(count / 2);
  for (std::size_t k = count / 2; k < count; ++k)
    p.push_back({r((count - k) * 8, (count - k) * 8 + 8), r(k * 8, k * 8 + 8), w(k * 8 + 8, k * 8 + 16)});
  return p;
}
/// Many apart, one that takes them all, and as many that take one of the first and that one.
Pieces joined(std::size_t count) {
  Pieces p = apart(count / 2);
  p.push_back({r(8, count * 4 + 8), w(count * 8, count * 8 + 8)});
  for (std::size_t k = 0; k < count / 2; ++k) p.push_back({r(count * 8, count * 8 + 8), rw(k * 8 + 8, k * 8 + 16)});
  return p;
}
/// All read all of it, then a slice each, which others write later.
Pieces slices(std::size_t count) {
  Pieces p;
  for (std::size_t k = 0; k < count / 3; ++k) p.push_back({r(0, count * 8), w(count * (k + 9), count * (k + 9) + 1)});
  for (std::size_t k = 0; k < count / 3; ++k) p.push_back({r(k * 8, k * 8 + 8)});
  p.push_back({w(0, count * 8)});
  for (std::size_t k = 0; k < count / 3; ++k) p.push_back({w(k * 8, k * 8 + 8)});
  return p;
}

double looked_at_for_a_piece(const Pieces& pieces) {
  Dependencies d;
  for (const auto& uses : pieces) d.add(uses);
  return static_cast<double>(d.looked_at()) / static_cast<double>(pieces.size());
}

}  // namespace

TEST_CASE("a piece waits for what it reads, for who reads what it writes, and for who wrote it before") {
  const BufferUse first = GENERATE(r(0, 8), w(0, 8), rw(0, 8)), second = GENERATE(r(0, 8), w(0, 8), rw(0, 8));
  const bool both_read = first.access == Access::r && second.access == Access::r;
  CHECK(waits({{first}, {second}}) == std::vector<Numbers>{{}, both_read ? Numbers{} : Numbers{0}});
}

TEST_CASE("one byte in common is enough, and neighbours have none") {
  CHECK(waits({{w(8, 16)}, {r(15, 20)}})[1] == Numbers{0});
  CHECK(waits({{w(8, 16)}, {r(0, 9)}})[1] == Numbers{0});
  CHECK(waits({{w(8, 16)}, {r(0, 100)}})[1] == Numbers{0});
  CHECK(waits({{w(8, 16)}, {r(10, 11)}})[1] == Numbers{0});
  CHECK(waits({{w(8, 16)}, {r(16, 20)}})[1].empty());
  CHECK(waits({{w(8, 16)}, {r(0, 8)}})[1].empty());
  CHECK(waits({{w(8, 16)}, {r(12, 12)}})[1].empty());
}

TEST_CASE("a value that one name reads and another writes in place is written") {
  CHECK(waits({{r(0, 8), w(0, 8)}, {r(0, 8)}, {r(0, 8)}, {r(0, 8), w(0, 8)}}) ==
        std::vector<Numbers>{{}, {0}, {0}, {2, 1}});
}

TEST_CASE("what is waited for by way of another is left out") {
  CHECK(waits({{w(0, 8)}, {r(0, 8), w(8, 16)}, {r(0, 8), r(8, 16), w(16, 24)}}) == std::vector<Numbers>{{}, {0}, {1}});
  CHECK(waits({{w(0, 8)}, {r(0, 8), w(8, 16)}, {r(0, 8), w(16, 24)}, {r(0, 8), r(8, 24)}}) ==
        std::vector<Numbers>{{}, {0}, {0}, {2, 1}});
}

TEST_CASE("a piece that names no memory waits for all, and all wait for it") {
  CHECK(waits({{w(0, 8)}, {w(8, 16)}, {}, {w(16, 24)}, {w(0, 8)}}) == std::vector<Numbers>{{}, {}, {1, 0}, {2}, {2}});
}

TEST_CASE("pieces wait for the same ones as pair by pair") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    const std::size_t memory = seed % 3 == 0 ? 20 : seed % 3 == 1 ? 60 : 150;
    CAPTURE(seed, memory);
    Plain plain;
    Dependencies d;
    for (const auto& uses : random_pieces(seed, 150, memory)) REQUIRE(d.add(uses) == plain.add(uses));
  }
}

TEST_CASE("pieces of more branches than are kept wait, directly or by way of others, for the same ones") {
  for (const Pieces& pieces : {joined(400), random_pieces(1, 600, 4000)}) {
    Plain plain;
    Dependencies d;
    std::vector<std::set<int>> follows;
    for (const auto& uses : pieces) {
      plain.add(uses);
      follows.emplace_back();
      for (const int k : d.add(uses)) {
        const std::set<int> before = follows[static_cast<std::size_t>(k)];
        follows.back().insert(before.begin(), before.end());
        follows.back().insert(k);
      }
    }
    CHECK(follows == plain.follows);
  }
}

TEST_CASE("what a piece costs hardly grows with their number") {
  struct Row {
    const char* name;
    Pieces (*pieces)(std::size_t);
  };
  for (const Row& row : {Row{"chain", chain}, Row{"apart", apart}, Row{"training step", training_step},
                         Row{"joined", joined}, Row{"slices", slices}}) {
    CAPTURE(row.name);
    const double few = looked_at_for_a_piece(row.pieces(1'000)), many = looked_at_for_a_piece(row.pieces(10'000));
    CAPTURE(few, many);
    CHECK(many < 1.5 * few);
  }
}

TEST_CASE("a product touches its matrices from their first element to the last, in batches and with longer rows") {
  float m[1] = {};
  Gemm g{.dtype = float32, .m = 2, .n = 3, .k = 5, .a = m, .lda = 7, .b = m, .ldb = 11, .c = m, .ldc = 13};
  const auto sizes = [&] {
    const auto [a, b, c, bias] = uses_of(g);
    CHECK(bias.bytes == (g.bias == nullptr ? 0 : 3 * 4));
    CHECK(bias.access == Access::r);
    return Numbers{static_cast<int>(a.bytes), static_cast<int>(b.bytes), static_cast<int>(c.bytes)};
  };
  CHECK(sizes() == Numbers{(7 + 5) * 4, (4 * 11 + 3) * 4, (13 + 3) * 4});
  CHECK(uses_of(g)[0].access == Access::r);
  CHECK(uses_of(g)[2].access == Access::w);
  g.bias = m;
  sizes();
  g.bias = nullptr;
  g.transpose_a = g.transpose_b = true;
  CHECK(sizes() == Numbers{(4 * 7 + 2) * 4, (2 * 11 + 5) * 4, (13 + 3) * 4});
  g.batch = 3;
  g.stride_a = 100;
  g.stride_b = 0;
  g.stride_c = 50;
  g.dtype = float64;
  g.beta = 1;
  CHECK(sizes() == Numbers{(200 + 4 * 7 + 2) * 8, (2 * 11 + 5) * 8, (100 + 13 + 3) * 8});
  CHECK(uses_of(g)[2].access == Access::rw);
  g.k = 0;
  CHECK(sizes() == Numbers{0, 0, (100 + 13 + 3) * 8});
}

}  // namespace croton::runtime::gpu
