#include "expr/philox.h"

#include "catch.h"

using croton::expr::philox;

TEST_CASE("Philox 2x32-10 gives the published blocks") {
  // Random123's known answers for philox2x32 in 10 rounds: counter (low word first), key, block
  CHECK(philox(0, 0) == 0x6cd10df2ff1dae59);
  CHECK(philox(0xffffffffffffffff, 0xffffffff) == 0xab4fd7ad2c3f628b);
  CHECK(philox(0x85a308d3243f6a88, 0x13198a2e) == 0xf62a4c12dd7ce038);
}

TEST_CASE("Philox reads the low half of a key") { CHECK(philox(5, 0x123456789abcdef0) == philox(5, 0x9abcdef0)); }
