// The real CudaDriver on a stand-in for libcuda that is lazy and hostile.
#include "runtime/cuda/cuda_driver.h"

#include <algorithm>
#include <numeric>

#include "cuda_fixture.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

std::span<const std::byte> bytes_of(const std::vector<float>& v) { return std::as_bytes(std::span(v)); }

std::vector<float> values_of(gpu::Driver& d, const void* p, std::size_t n) {
  std::vector<float> v(n);
  d.to_host(v.data(), p, n * sizeof(float));
  return v;
}

void* on_device(gpu::Driver& d, const std::vector<float>& v) {
  void* const p = d.allocate(v.size() * sizeof(float));
  d.to_device(p, v.data(), v.size() * sizeof(float));
  return p;
}

std::vector<float> counting(std::size_t n, float from = 0) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), from);
  return v;
}

}  // namespace

TEST_CASE("a driver says what its device is, and which versions work together") {
  const auto d = open_stand_in();
  CHECK(d->properties().name == "Stand-in 0");
  CHECK(d->properties().arch() == "sm_90");
  CHECK(d->properties().shared_bytes_opt_in == 227 << 10);
  CHECK(d->properties().memory_bytes == std::size_t{1} << 30);
  CHECK(without_paths(d->versions()) ==
        "driver for CUDA 13.0 (STAND_INS/libcuda.so.1), NVRTC 13.9 (STAND_INS/libnvrtc.so.13)");
}

TEST_CASE("the second of two devices is another one, and a third is not there") {
  const Variable two("FAKE_CUDA_DEVICES", "2");
  CHECK(open_stand_in(stand_ins(), 1)->properties().name == "Stand-in 1");
  CHECK(error_of<DeviceError>([] { open_stand_in(stand_ins(), 2); }) ==
        "there is no GPU number 2: the driver shows cuda0 (Stand-in 0), cuda1 (Stand-in 1)");
}

TEST_CASE("a transfer takes its source before it returns, though the copy runs later") {
  const auto d = open_stand_in();
  for (const std::size_t n :
       {std::size_t{1}, std::size_t{1000}, Staging::block_bytes / 4, 3 * Staging::block_bytes / 4 + 7}) {
    std::vector<float> v = counting(n);
    void* const p = on_device(*d, v);
    std::fill(v.begin(), v.end(), -1.f);
    CHECK(values_of(*d, p, n) == counting(n));
    d->release(p, n * 4);
  }
}

TEST_CASE("transfers work where there is no pinned memory") {
  const Variable none("FAKE_CUDA_NO_PINNED", "1");
  const auto d = open_stand_in();
  std::vector<float> v = counting(100'000);
  void* const p = on_device(*d, v);
  v.assign(v.size(), 0);
  CHECK(values_of(*d, p, 100'000) == counting(100'000));
}

TEST_CASE("copy and zero run in the stream's order, behind what was given before") {
  const auto d = open_stand_in();
  void *const a = on_device(*d, counting(10)), *const b = d->allocate(40);
  d->copy(b, a, 40);
  d->zero(a, 40);
  CHECK(values_of(*d, b, 10) == counting(10));
  CHECK(values_of(*d, a, 10) == std::vector<float>(10));
  d->copy(b, a, 0);
  d->zero(b, 0);
  CHECK(values_of(*d, b, 10) == counting(10));
}

TEST_CASE("device memory is aligned to 256 bytes, also an empty block") {
  const auto d = open_stand_in();
  for (const std::size_t bytes : {0ul, 1ul, 300ul})
    CHECK(reinterpret_cast<std::uintptr_t>(d->allocate(bytes)) % 256 == 0);
}

TEST_CASE("more memory than the GPU has is OutOfMemory, which says who holds what; trimming makes room") {
  const Variable memory("FAKE_CUDA_MEMORY", "1000000");
  const auto d = open_stand_in();
  void* const a = d->allocate(600'000);
  CHECK(error_of<OutOfMemory>([&] { d->allocate(600'000); }) ==
        "cuda0 (Stand-in 0): out of memory: 600000 bytes: CUDA_ERROR_OUT_OF_MEMORY (out of memory)\n"
        "  585.9 KiB are in use by Croton, which holds 585.9 KiB; 390.6 KiB of the GPU's 976.6 KiB are free");
  d->release(a, 600'000);
  d->synchronize();
  d->trim();
  CHECK_NOTHROW(d->allocate(900'000));
}

TEST_CASE("cuda.pool_cap is the most that is held") {
  gpu::CudaOptions options = stand_ins();
  options.pool_cap = 1 << 20;
  const auto d = open_stand_in(options);
  d->allocate(1 << 19);
  CHECK(
      error_of<OutOfMemory>([&] { d->allocate((1 << 19) + 1); }) ==
      "cuda0 (Stand-in 0): out of memory: 524289 bytes: CUDA_ERROR_OUT_OF_MEMORY (out of memory)\n"
      "  512.0 KiB are in use by Croton, which holds 512.0 KiB, of at most 1.0 MiB (cuda.pool_cap); 1023.5 MiB of the "
      "GPU's 1.0 GiB are free");
}

TEST_CASE("the n-th allocation fails alone: the next one works") {
  const auto d = open_stand_in();
  const Variable third("FAKE_CUDA_FAIL_ALLOCATION", "3");
  d->allocate(100);
  d->allocate(100);
  CHECK_THROWS_AS(d->allocate(100), OutOfMemory);
  CHECK_NOTHROW(d->allocate(100));
}

TEST_CASE("a launch hands over grid, block, shared memory and the bytes of its parameters") {
  const auto d = open_stand_in();
  const Source source = kernel_source("first second");
  const auto code = d->load(d->compile(source), source);
  const std::vector<float> parameters = {1, 2, 3};
  d->launch(code->function("second"), {.grid = 7, .block = 256, .shared_bytes = 100}, bytes_of(parameters), {});
  d->launch(code->function("first"), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  const std::size_t before = launches().size();
  d->synchronize();
  REQUIRE(launches().size() == before + 2);
  const FakeLaunch& l = launches()[before];
  CHECK(l.name == "second");
  CHECK((l.grid == 7 && l.block == 256 && l.shared_bytes == 100));
  CHECK(l.parameters.size() == 12);
  const std::byte* const given = reinterpret_cast<const std::byte*>(parameters.data());
  CHECK(std::equal(given, given + 12, reinterpret_cast<const std::byte*>(l.parameters.data())));
  CHECK(launches()[before + 1].parameters.empty());
}

TEST_CASE("shared memory above 48 KiB is asked for, and above the device's limit refused by name") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  const gpu::Function k = code->function("k");
  CHECK_NOTHROW(d->launch(k, {.grid = 1, .block = 32, .shared_bytes = 200 << 10}, {}, {}));
  CHECK(error_of<DeviceError>([&] { d->launch(k, {.grid = 1, .block = 32, .shared_bytes = 227 << 10}, {}, {}); }) ==
        "cuda0: kernel k of train asks for 232448 + 1024 bytes of shared memory a block, and Stand-in 0 has 232448");
  CHECK_NOTHROW(d->synchronize());
}

TEST_CASE("a launch that the driver refuses names the kernel and what it asked for, and the device goes on") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  CHECK(
      error_of<DeviceError>(
          [&] { d->launch(code->function("k"), {.grid = 3, .block = 2048, .shared_bytes = 0}, {}, {}); }) ==
      "cuda0 (Stand-in 0): launching k of train with 3 blocks of 2048 threads, 0 bytes of dynamic shared memory and 32 "
      "registers a thread fails: CUDA_ERROR_INVALID_VALUE (a fault that the stand-in was told to show)");
  CHECK_NOTHROW(d->synchronize());
}

TEST_CASE("a kernel that is not in the code is an error that names both") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  CHECK(error_of<DeviceError>([&] { code->function("j"); }) == "cuda0: the code of train has no kernel j");
}

TEST_CASE("after an illegal address the first error is kept, names the kernel, and every later call repeats it") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  void* const p = on_device(*d, counting(4));
  d->synchronize();
  const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "1");
  d->launch(code->function("k"), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  const std::string first = error_of<DeviceError>([&] { d->synchronize(); });
  CHECK(first ==
        "cuda0 (Stand-in 0) is lost: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered), seen in "
        "cuStreamSynchronize\n  at fault: kernel k of train\n  the GPU takes no more work of this process; functions "
        "on the "
        "CPU go on");
  float x = 0;
  CHECK(error_of<DeviceError>([&] { d->to_host(&x, p, 4); }) == first);
  CHECK(error_of<DeviceError>([&] { d->allocate(4); }) == first);
  CHECK(error_of<DeviceError>([&] { d->mark(); }) == first);
  CHECK(error_of<DeviceError>([&] { d->begin_capture(); }) == first);
  CHECK_NOTHROW(d->release(p, 16));
}

TEST_CASE(
    "a device that is lost says so by a type of its own, so that what is left behind may be let go of in silence") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "1");
  d->launch(code->function("k"), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  CHECK_THROWS_AS(d->synchronize(), DeviceError);
  CHECK_THROWS_AS(d->synchronize(), Lost);
}

TEST_CASE("a driver that closed itself, as the process ends, is lost at once and blames no kernel") {
  const auto d = open_stand_in();
  const Variable ending("FAKE_CUDA_ENDING", "1");
  CHECK_THROWS_AS(d->synchronize(), Lost);
  CHECK(error_of<Lost>([&] { d->mark(); }) ==
        "cuda0 (Stand-in 0): the process ends, and the driver has closed itself before this");
}

TEST_CASE("where several kernels may be at fault all of them are named, those that ended well are not") {
  const auto d = open_stand_in();
  const Source source = kernel_source("good one two three");
  const auto code = d->load(d->compile(source), source);
  const auto launch = [&](const char* name) {
    d->launch(code->function(name), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  };
  const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "3");
  launch("good");
  d->wait(d->mark());
  for (const char* name : {"one", "two", "three"}) launch(name);
  CHECK(has(error_of<DeviceError>([&] { d->synchronize(); }),
            "\n  at fault: one of the last 3 kernels:\n    one of train\n    two of train\n    three of train\n"
            "  CUDA_LAUNCH_BLOCKING=1 in the environment tells which\n"));
}

TEST_CASE("with CUDA_LAUNCH_BLOCKING the last kernel alone is named") {
  const Variable blocking("CUDA_LAUNCH_BLOCKING", "1");
  const auto d = open_stand_in();
  const Source source = kernel_source("one two");
  const auto code = d->load(d->compile(source), source);
  const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "2");
  for (const char* name : {"one", "two"})
    d->launch(code->function(name), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  CHECK(has(error_of<DeviceError>([&] { d->synchronize(); }), "\n  at fault: kernel two of train\n"));
}

TEST_CASE("another device works after one is lost") {
  const Source source = kernel_source();
  {
    const auto lost = open_stand_in();
    const auto code = lost->load(lost->compile(source), source);
    const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "1");
    lost->launch(code->function("k"), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
    CHECK_THROWS_AS(lost->synchronize(), DeviceError);
  }
  const auto d = open_stand_in();
  CHECK(values_of(*d, on_device(*d, counting(3)), 3) == counting(3));
}

TEST_CASE("a mark is reached when the work before it is done, and no earlier") {
  const auto d = open_stand_in();
  void* const p = d->allocate(40);
  d->zero(p, 40);
  d->zero(p, 20);
  const Ticket early = d->mark();
  d->zero(p, 4);
  const Ticket late = d->mark();
  CHECK_FALSE(d->reached(early));
  CHECK_FALSE(d->reached(late));
  d->wait(early);
  CHECK(d->reached(early));
  CHECK_FALSE(d->reached(late));
  d->synchronize();
  CHECK(d->reached(late));
  CHECK_NOTHROW(d->wait(early));
}

TEST_CASE("a thousand marks use few events, and each can be waited for") {
  const auto d = open_stand_in();
  void* const p = d->allocate(4);
  std::vector<Ticket> tickets;
  for (int i = 0; i < 1000; ++i) {
    d->zero(p, 4);
    tickets.push_back(d->mark());
  }
  for (const std::size_t i : {500ul, 3ul, 999ul}) {
    d->wait(tickets[i]);
    CHECK(d->reached(tickets[i]));
  }
}

TEST_CASE("a captured graph runs when it is launched, as often as it is, with the parameters of its capture") {
  const auto d = open_stand_in();
  const Source source = kernel_source();
  const auto code = d->load(d->compile(source), source);
  void *const a = on_device(*d, counting(4, 1)), *const b = d->allocate(16);
  d->zero(b, 16);
  d->synchronize();
  const std::size_t before = launches().size();
  std::vector<float> parameters = {5};
  d->begin_capture();
  d->launch(code->function("k"), {.grid = 2, .block = 64, .shared_bytes = 0}, bytes_of(parameters), {});
  d->copy(b, a, 16);
  const auto graph = d->end_capture();
  parameters[0] = 6;
  CHECK(values_of(*d, b, 4) == std::vector<float>(4));
  CHECK(launches().size() == before);
  graph->launch();
  graph->launch();
  CHECK(values_of(*d, b, 4) == counting(4, 1));
  REQUIRE(launches().size() == before + 2);
  float kept = 0;
  std::memcpy(&kept, launches()[before + 1].parameters.data(), 4);
  CHECK(kept == 5);
}

TEST_CASE("a fault in a graph names the graph's kernels") {
  const auto d = open_stand_in();
  const Source source = kernel_source("one two");
  const auto code = d->load(d->compile(source), source);
  d->begin_capture();
  for (const char* name : {"one", "two"})
    d->launch(code->function(name), {.grid = 1, .block = 32, .shared_bytes = 0}, {}, {});
  const auto graph = d->end_capture();
  d->synchronize();
  const Variable fault("FAKE_CUDA_FAULT_LAUNCH", "2");
  graph->launch();
  CHECK(
      has(error_of<DeviceError>([&] { d->synchronize(); }), "at fault: kernel graph of one of train, two of train\n"));
}

TEST_CASE("allocating, transferring and waiting inside a capture are errors; releasing waits for its end") {
  const auto d = open_stand_in();
  void* const p = d->allocate(16);
  float x = 0;
  d->begin_capture();
  CHECK(error_of<DeviceError>([&] { d->allocate(4); }) ==
        "cuda0: allocating memory cannot be part of a captured graph");
  CHECK_THROWS_AS(d->to_device(p, &x, 4), DeviceError);
  CHECK_THROWS_AS(d->to_host(&x, p, 4), DeviceError);
  CHECK_THROWS_AS(d->synchronize(), DeviceError);
  CHECK_THROWS_AS(d->mark(), DeviceError);
  CHECK_THROWS_AS(d->begin_capture(), DeviceError);
  d->zero(p, 16);
  d->release(p, 16);
  const auto graph = d->end_capture();
  CHECK_NOTHROW(d->synchronize());
}

TEST_CASE("a capture that the driver gives up is an error, and eager work goes on") {
  const auto d = open_stand_in();
  void* const p = d->allocate(16);
  d->begin_capture();
  d->zero(p, 16);
  {
    const Variable broken("FAKE_CUDA_CAPTURE", "901");
    CHECK(has(error_of<DeviceError>([&] { d->end_capture(); }),
              "cuStreamEndCapture fails: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"));
  }
  d->zero(p, 16);
  CHECK(values_of(*d, p, 4) == std::vector<float>(4));
}

TEST_CASE("a forked child is told that CUDA does not work there") {
  if (!can_fork) return;
  const auto d = open_stand_in();
  void* const p = d->allocate(16);
  const pid_t child = in_child([&] {
    const std::string opened = error_of<DeviceError>([] { open_stand_in(); });
    const std::string used = error_of<DeviceError>([&] { d->zero(p, 16); });
    return has(opened, "this process was forked after its parent had opened the GPU") &&
           has(used, "cuda0: this process was forked after its parent had opened the GPU");
  });
  CHECK(ended_well(child));
  CHECK_NOTHROW(d->zero(p, 16));
}

TEST_CASE("the key of compiled code names compiler, build, options and what the environment adds to them") {
  const auto d = open_stand_in();
  const std::string key = d->compiler_key();
  CHECK(has(key, "nvrtc 13.9 "));
  CHECK(has(key, "; --gpu-architecture=sm_90 --std=c++20 --fmad=false"));
  const Variable more("NVRTC_APPEND_FLAGS", "-G");
  CHECK(has(d->compiler_key(), "; NVRTC_APPEND_FLAGS=-G;"));
}

TEST_CASE("products of row-major matrices, transposed or not, added or not, in batches or not") {
  const auto d = open_stand_in();
  const Index m = 3, n = 4, k = 5, batch = GENERATE(1, 2);
  const bool ta = GENERATE(false, true), tb = GENERATE(false, true);
  const double beta = GENERATE(0.0, 1.0), alpha = 2;
  const Index lda = (ta ? m : k) + 1, ldb = (tb ? k : n) + 2, ldc = n + 3;  // rows are longer than what is used
  const Index rows_a = ta ? k : m, rows_b = tb ? n : k;
  const std::vector<float> a = counting(static_cast<std::size_t>(batch * rows_a * lda), 1),
                           b = counting(static_cast<std::size_t>(batch * rows_b * ldb), -7),
                           c = counting(static_cast<std::size_t>(batch * m * ldc), 100);
  std::vector<float> wanted = c;
  for (Index g = 0; g < batch; ++g) {
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        double sum = 0;
        for (Index q = 0; q < k; ++q) {
          const Index at_a = g * rows_a * lda + (ta ? q * lda + i : i * lda + q);
          const Index at_b = g * rows_b * ldb + (tb ? j * ldb + q : q * ldb + j);
          sum += double(a[static_cast<std::size_t>(at_a)]) * double(b[static_cast<std::size_t>(at_b)]);
        }
        float& out = wanted[static_cast<std::size_t>(g * m * ldc + i * ldc + j)];
        out = static_cast<float>(alpha * sum + beta * double(out));
      }
    }
  }
  void* const to = on_device(*d, c);
  const Gemm g{.dtype = float32,
               .transpose_a = ta,
               .transpose_b = tb,
               .m = m,
               .n = n,
               .k = k,
               .alpha = alpha,
               .a = on_device(*d, a),
               .lda = lda,
               .b = on_device(*d, b),
               .ldb = ldb,
               .beta = beta,
               .c = to,
               .ldc = ldc,
               .batch = batch,
               .stride_a = rows_a * lda,
               .stride_b = rows_b * ldb,
               .stride_c = m * ldc};
  d->gemm(g);
  CHECK(values_of(*d, to, c.size()) == wanted);
}

TEST_CASE("an empty product is a sum of nothing, and writes no byte beside its rows") {
  const auto d = open_stand_in();
  const std::vector<float> old = counting(10, 1);
  void* const c = on_device(*d, old);
  Gemm g{.dtype = float32, .m = 2, .n = 3, .k = 0, .c = c, .ldc = 5};
  g.beta = 1;
  d->gemm(g);
  CHECK(values_of(*d, c, 10) == old);
  g.beta = 0;
  d->gemm(g);
  CHECK(values_of(*d, c, 10) == std::vector<float>{0, 0, 0, 4, 5, 0, 0, 0, 9, 10});
}

TEST_CASE("a product adds its bias to each row, also where the sums are of nothing, and takes relu of it") {
  const auto d = open_stand_in();
  void *const a = on_device(*d, {1, 2, 3, 4}), *const b = on_device(*d, {1, 0, 2, 0, 1, 1}),
              *const c = on_device(*d, counting(10, 1));
  const std::vector<float> row{10, -20, 30};
  Gemm g{.dtype = float32, .m = 2, .n = 3, .k = 2, .a = a, .lda = 2, .b = b, .ldb = 3, .c = c, .ldc = 5};
  g.bias = on_device(*d, row);
  const auto rows = [&] {
    d->gemm(g);
    return values_of(*d, c, 10);
  };
  CHECK(rows() == std::vector<float>{11, -18, 34, 4, 5, 13, -16, 40, 9, 10});
  g.relu = true;
  CHECK(rows() == std::vector<float>{11, 0, 34, 4, 5, 13, 0, 40, 9, 10});
  g.k = 0;
  CHECK(rows() == std::vector<float>{10, 0, 30, 4, 5, 10, 0, 30, 9, 10});
  g.relu = false;
  CHECK(rows() == std::vector<float>{10, -20, 30, 4, 5, 10, -20, 30, 9, 10});
  g.bias = on_device(*d, {1, 2, 3});
  CHECK(rows() == std::vector<float>{1, 2, 3, 4, 5, 1, 2, 3, 9, 10});
}

TEST_CASE("an empty product with a bias can stand in a graph once it is prepared, and graphs keep their zeros") {
  const auto d = open_stand_in();
  void* const c = on_device(*d, counting(600));
  Gemm g{.dtype = float32, .m = 1, .n = 2, .k = 0, .c = c, .ldc = 2, .bias = on_device(*d, {5, 6})};
  d->prepare(g);
  d->begin_capture();
  d->gemm(g);
  const auto graph = d->end_capture();
  g.m = 300;
  d->begin_capture();
  CHECK(error_of<DeviceError>([&] { d->gemm(g); }) ==
        "cuda0: the first product of empty matrices with a bias, cannot be part of a captured graph");
  d->end_capture();
  d->gemm(g);
  CHECK(values_of(*d, c, 600).back() == 6);
  d->zero(c, 600 * sizeof(float));
  graph->launch();
  CHECK(values_of(*d, c, 3) == std::vector<float>{5, 6, 0});
}

TEST_CASE("what one graph was prepared for is there when it is captured, however many products came before") {
  const auto d = open_stand_in();
  void *const a = on_device(*d, counting(4096)), *const b = on_device(*d, {3}),
              *const c = on_device(*d, counting(4096));
  const auto rows = [&](Index m) {
    return Gemm{.dtype = float32, .m = m, .n = 1, .k = 1, .a = a, .lda = 1, .b = b, .ldb = 1, .c = c, .ldc = 1};
  };
  for (Index m = 1; m < 512; ++m) d->prepare(rows(m));
  for (const Index m : {1000, 1001, 1002}) d->prepare(rows(m));
  d->begin_capture();
  for (const Index m : {1000, 1001, 1002}) CHECK_NOTHROW(d->gemm(rows(m)));
  d->end_capture();
}

TEST_CASE("a product can stand in a graph once it is prepared, and not before") {
  const auto d = open_stand_in();
  void *const a = on_device(*d, {2}), *const b = on_device(*d, {3}), *const c = on_device(*d, {0});
  const Gemm g{.dtype = float32, .m = 1, .n = 1, .k = 1, .a = a, .lda = 1, .b = b, .ldb = 1, .c = c, .ldc = 1};
  d->begin_capture();
  CHECK(error_of<DeviceError>([&] { d->gemm(g); }) ==
        "cuda0: the first product of matrices, which opens cuBLASLt, cannot be part of a captured graph");
  d->end_capture();
  d->prepare(g);
  CHECK(has(without_paths(d->versions()), ", cuBLASLt 13.9.0 (STAND_INS/libcublasLt.so.13)"));
  d->begin_capture();
  d->gemm(g);
  const auto graph = d->end_capture();
  CHECK(values_of(*d, c, 1) == std::vector<float>{0});
  graph->launch();
  CHECK(values_of(*d, c, 1) == std::vector<float>{6});
}
