// Branches of captured graphs, as the driver's stand-in sees them.
#include "runtime/cuda/branches.h"

#include <array>

#include "cuda_fixture.h"
#include "runtime/gpu/gpu_device.h"

namespace croton::runtime::cuda {
namespace {

using Numbers = std::vector<int>;

/// What the nodes of a graph wait for whose pieces, one kernel each, wait for these.
std::vector<Numbers> edges(CudaDriver& d, const std::vector<Numbers>& pieces) {
  const Source source = kernel_source();
  const auto code = d.load(d.compile(source), source);
  const gpu::Function k = code->function("k");
  d.begin_capture();
  for (const Numbers& waits_for : pieces) {
    d.begin_piece(waits_for);
    d.launch(k, {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  }
  const auto graph = d.end_capture();
  graph->launch();
  d.synchronize();
  std::vector<Numbers> r;
  for (const FakeNode& node : captured_graph()) r.push_back(node.waits_for);
  return r;
}

}  // namespace

TEST_CASE("pieces wait for what they were told to wait for, and for no more") {
  const auto d = open_stand_in();
  const std::vector<std::vector<Numbers>> graphs = {
      {{}},
      {{}, {0}, {1}, {2}},                           // a chain
      {{}, {0}, {0}},                                // a fork that ends apart
      {{}, {}, {}, {}},                              // side by side from the beginning
      {{}, {}, {0, 1}},                              // a join
      {{}, {0}, {0}, {1, 2}, {3}, {3}, {4, 5}},      // twice forked and joined
      {{}, {0}, {0}, {0}, {0}, {1, 2, 3, 4}},        // as many as there are branches
      {{}, {0}, {1}, {0}, {1}, {2, 3}, {1}, {4, 6}}  // behind one that another piece hides
  };
  for (const auto& pieces : graphs) CHECK(edges(*d, pieces) == pieces);
}

TEST_CASE("more branches than there may be go behind each other, and no edge is lost") {
  const auto d = open_stand_in();
  const std::vector<Numbers> found = edges(*d, {{}, {}, {}, {}, {}, {}, {0, 5}});
  CHECK(found == std::vector<Numbers>{{}, {}, {}, {}, {0}, {1}, {0, 5}});
}

TEST_CASE("what comes before the first piece comes before all, and products, copies and zeroes are pieces too") {
  const auto d = open_stand_in();
  std::array<void*, 4> p{};
  for (void*& each : p) {
    each = d->allocate(4);
    d->zero(each, 4);
  }
  const Gemm g{.dtype = float32, .m = 1, .n = 1, .k = 1, .a = p[0], .lda = 1, .b = p[1], .ldb = 1, .c = p[2], .ldc = 1};
  d->prepare(g);
  d->begin_capture();
  d->zero(p[0], 4);
  d->begin_piece({});
  d->zero(p[1], 4);
  d->begin_piece({});
  d->copy(p[3], p[0], 4);
  d->begin_piece(Numbers{0});
  d->gemm(g);
  const auto graph = d->end_capture();
  std::vector<std::string> names;
  std::vector<Numbers> waits;
  for (const FakeNode& node : captured_graph()) {
    names.push_back(node.name);
    waits.push_back(node.waits_for);
  }
  CHECK(names == std::vector<std::string>{"set", "set", "copy", "product"});
  CHECK(waits == std::vector<Numbers>{{}, {0}, {0}, {1}});
}

TEST_CASE("a forked capture that fails leaves a driver that captures the next one") {
  const auto d = open_stand_in();
  void *const a = d->allocate(16), *const b = d->allocate(16);
  const auto fork = [&] {
    d->begin_capture();
    for (void* p : {a, b}) {
      d->begin_piece({});
      d->zero(p, 16);
    }
    return d->end_capture();
  };
  {
    const Variable broken("FAKE_CUDA_CAPTURE", "901");
    CHECK_THROWS_AS(fork(), DeviceError);
  }
  for (int i = 0; i < 3; ++i) fork()->launch();
  d->synchronize();
  CHECK(captured_graph().size() == 2);
}

TEST_CASE("a device's capture forks where launches touch none of each other's memory") {
  GpuDevice device("cuda0", open_stand_in());
  Source source = kernel_source("first second third fourth");
  source.threads = {32, 32, 32, 32};
  const auto module = device.compile(source);
  const Buffer a(device, 64), b(device, 64), c(device, 64), d(device, 64);
  const auto launch = [&](std::size_t k, std::initializer_list<BufferUse> uses) {
    const std::vector<BufferUse> list = uses;
    const Launch l{module->kernels()[k], 1, nullptr, 0, list, 0};
    device.launch({&l, 1});
  };
  const auto use = [](const Buffer& x, Access access) { return BufferUse{x.data(), x.bytes(), access, "x"}; };
  const auto graph = device.capture([&] {
    launch(0, {use(a, Access::w)});
    launch(1, {use(a, Access::r), use(b, Access::w)});
    launch(2, {use(a, Access::r), use(c, Access::w)});
    const auto half = [](const Buffer& x) {
      return BufferUse{static_cast<std::byte*>(x.data()) + 32, 32, Access::r, "x"};
    };
    launch(3, {half(b), half(c), use(d, Access::w)});
    device.zero(d.data(), 4);
    device.gemm({.dtype = float32,
                 .m = 1,
                 .n = 1,
                 .k = 1,
                 .a = b.data(),
                 .lda = 1,
                 .b = b.data(),
                 .ldb = 1,
                 .c = c.data(),
                 .ldc = 1});
    device.gemm({.dtype = float32,
                 .m = 1,
                 .n = 1,
                 .k = 1,
                 .a = b.data(),
                 .lda = 1,
                 .b = b.data(),
                 .ldb = 1,
                 .c = a.data(),
                 .ldc = 1});
  });
  std::string nodes;
  for (const FakeNode& node : captured_graph())
    nodes += fmt::format("{} {{{}}}\n", node.name, fmt::join(node.waits_for, " "));
  // the first product reads b and writes the half of c that the fourth kernel does not read; the second one writes a,
  // which both before it have read, and waits for the workspace
  CHECK(nodes == "first {}\nsecond {0}\nthird {0}\nfourth {1 2}\nset {3}\nproduct {1 2}\nproduct {5}\n");
}

}  // namespace croton::runtime::cuda
