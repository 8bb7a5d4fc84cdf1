// Captured graphs on the emulated GPU: pieces that touch none of each other's memory come in any order, and the rest in
// theirs.
#include <array>

#include "catch.h"
#include "expr/functions.h"
#include "runtime/emulator/emulator_driver.h"
#include "runtime/fixture.h"
#include "runtime/gpu/gpu_device.h"

namespace croton::runtime {
namespace {

GpuDevice emulated(std::uint64_t seed) {
  return {"emulator", std::make_unique<emulator::EmulatorDriver>(emulator::Options{.seed = seed})};
}

/// c[0] = 2 a[0] + b[0], on one thread.
const Source combine{.text = expr::gpu_kernel_source({}) +
                             "namespace croton {\nCROTON_KERNEL(kernel_0, 5, 1) {\n"
                             "  const f32* const a = (const f32*)words.w[0];\n"
                             "  const f32* const b = (const f32*)words.w[1];\n"
                             "  store((f32*)words.w[2], add(mul((f32)2, load(a)), load(b)));\n}\n}\n",
                     .entries = {"kernel_0"},
                     .threads = {1},
                     .name = "combine"};

/// A device with numbers in its memory.
struct Machine {
  GpuDevice device;
  std::shared_ptr<Module> module = device.compile(combine);
  std::vector<Buffer> numbers;

  Machine(std::uint64_t seed, std::size_t count) : device(emulated(seed)) {
    for (std::size_t k = 0; k < count; ++k) numbers.emplace_back(device, sizeof(float));
    set();
  }
  /// Number k is k + 1.
  void set() {
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const float x = static_cast<float>(k + 1);
      device.to_device(numbers[k].data(), &x, sizeof x);
    }
  }
  BufferUse use(std::size_t k, Access access) const { return {numbers[k].data(), sizeof(float), access, "number"}; }
  void launch(std::size_t a, std::size_t b, std::size_t c, std::span<const BufferUse> uses) {
    const std::int64_t words[] = {reinterpret_cast<std::int64_t>(numbers[a].data()),
                                  reinterpret_cast<std::int64_t>(numbers[b].data()),
                                  reinterpret_cast<std::int64_t>(numbers[c].data())};
    const Launch l{module->kernels()[0], 1, words, sizeof words, uses, 0};
    device.launch({&l, 1});
  }
  /// Number c = 2 a + b.
  void launch(std::size_t a, std::size_t b, std::size_t c) {
    launch(a, b, c, std::array{use(a, Access::r), use(b, Access::r), use(c, Access::w)});
  }
  void product(std::size_t a, std::size_t b, std::size_t c) {
    device.gemm({.dtype = float32,
                 .m = 1,
                 .n = 1,
                 .k = 1,
                 .a = numbers[a].data(),
                 .lda = 1,
                 .b = numbers[b].data(),
                 .ldb = 1,
                 .c = numbers[c].data(),
                 .ldc = 1});
  }
  std::vector<float> values() {
    std::vector<float> r(numbers.size());
    for (std::size_t k = 0; k < r.size(); ++k) device.to_host(&r[k], numbers[k].data(), sizeof(float));
    return r;
  }
};

}  // namespace

TEST_CASE("a graph of branches and joins gives what its work gives one by one, in every order that its edges allow",
          "[emulator]") {
  for (const std::uint64_t seed : {0, 1, 2, 7}) {
    Machine m(seed, 10);
    const auto work = [&] {
      m.launch(0, 1, 2);  // two that are independent, and a join
      m.launch(0, 1, 3);
      m.launch(2, 3, 4);
      m.launch(4, 0, 0);  // in place; two before it read what it writes
      m.device.copy(m.numbers[5].data(), m.numbers[0].data(), sizeof(float));
      m.product(5, 4, 6);
      m.product(3, 2, 7);
      m.device.zero(m.numbers[2].data(), sizeof(float));
      m.launch(6, 7, 8);
      const float x = 0.5f;
      m.device.to_device(m.numbers[9].data(), &x, sizeof x);
      m.launch(8, 9, 9);
      m.launch(2, 1, 1);
    };
    work();
    const std::vector<float> wanted = m.values();
    const auto graph = m.device.capture(work);
    for (int i = 0; i < 6; ++i) {  // each launch in an order of its own
      m.set();
      graph->replay();
      CHECK(m.values() == wanted);
    }
  }
}

TEST_CASE("a launch that does not name what it writes is found by a graph's hostile order", "[emulator]") {
  Machine m(1, 5);
  const auto graph = m.device.capture([&] {
    m.launch(0, 1, 2, std::array{m.use(0, Access::r), m.use(1, Access::r)});
    m.launch(2, 0, 3);
  });
  graph->replay();
  CHECK(m.values()[3] == 2 * 3 + 1);  // of what was there before: the right one is 2 * (2 * 1 + 2) + 1
}

TEST_CASE("a launch that names no memory keeps its place in a graph", "[emulator]") {
  Machine m(1, 5);
  const auto graph = m.device.capture([&] {
    m.launch(0, 1, 2, {});
    m.launch(2, 0, 3);
    m.launch(0, 3, 2, {});
  });
  graph->replay();
  CHECK(m.values() == std::vector<float>{1, 2, 11, 9, 5});
}

}  // namespace croton::runtime
