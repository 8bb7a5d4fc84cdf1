// Which pieces of work must wait for which, by the memory that they touch.
#include "runtime/gpu/dependencies.h"

#include "catch.h"

namespace croton::runtime::gpu {
namespace {

using Numbers = std::vector<int>;

/// Bytes [first, end) of memory that is nobody's.
BufferUse bytes(std::size_t first, std::size_t end, Access access) {
  return {reinterpret_cast<void*>(std::uintptr_t{1} << 20 | first), end - first, access, "x"};
}
BufferUse r(std::size_t first, std::size_t end) { return bytes(first, end, Access::r); }
BufferUse w(std::size_t first, std::size_t end) { return bytes(first, end, Access::w); }
BufferUse rw(std::size_t first, std::size_t end) { return bytes(first, end, Access::rw); }

/// What each of these pieces waits for.
std::vector<Numbers> waits(const std::vector<std::vector<BufferUse>>& pieces) {
  Dependencies d;
  std::vector<Numbers> all;
  for (const auto& uses : pieces) all.push_back(d.add(uses));
  return all;
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

TEST_CASE("a product touches its matrices from their first element to the last, in batches and with longer rows") {
  float m[1] = {};
  Gemm g{.dtype = float32, .m = 2, .n = 3, .k = 5, .a = m, .lda = 7, .b = m, .ldb = 11, .c = m, .ldc = 13};
  const auto sizes = [&] {
    const auto [a, b, c] = uses_of(g);
    return std::vector<std::size_t>{a.bytes, b.bytes, c.bytes};
  };
  CHECK(sizes() == std::vector<std::size_t>{(7 + 5) * 4, (4 * 11 + 3) * 4, (13 + 3) * 4});
  CHECK(uses_of(g)[0].access == Access::r);
  CHECK(uses_of(g)[2].access == Access::w);
  g.transpose_a = g.transpose_b = true;
  CHECK(sizes() == std::vector<std::size_t>{(4 * 7 + 2) * 4, (2 * 11 + 5) * 4, (13 + 3) * 4});
  g.batch = 3;
  g.stride_a = 100;
  g.stride_b = 0;
  g.stride_c = 50;
  g.dtype = float64;
  g.beta = 1;
  CHECK(sizes() == std::vector<std::size_t>{(200 + 4 * 7 + 2) * 8, (2 * 11 + 5) * 8, (100 + 13 + 3) * 8});
  CHECK(uses_of(g)[2].access == Access::rw);
  g.k = 0;
  CHECK(sizes() == std::vector<std::size_t>{0, 0, (100 + 13 + 3) * 8});
}

}  // namespace croton::runtime::gpu
