// The emulated GPU: each check finds its planted bug, clean kernels give no report, and the stream is as late as it may
// be.
#include "runtime/emulator/emulator_driver.h"

#include <cmath>

#include "array/access.h"
#include "catch.h"
#include "croton/ops.h"
#include "expr/functions.h"
#include "rewrite/passes.h"
#include "runtime/executable.h"
#include "runtime/fixture.h"
#include "runtime/gpu/gpu_device.h"

namespace croton::runtime {
namespace {

using emulator::EmulatorDriver;
using emulator::Options;

/// A GPU of its own, which may be lost.
GpuDevice emulated(Options options = {}) { return {"emulator", std::make_unique<EmulatorDriver>(options)}; }
constexpr Options checked{.check = true};

/// A kernel as the printer writes them: `in` and `out` are float buffers, words 2 on are numbers.
Source kernel(const std::string& body, int threads = 64) {
  return {.text = expr::gpu_kernel_source({}) + "namespace croton {\nCROTON_KERNEL(kernel_0, 5, " +
                  std::to_string(threads) +
                  ") {\n  const f32* const in = (const f32*)words.w[0];\n  f32* const out = (f32*)words.w[1];\n"
                  "  const i64 n = words.w[2];\n" +
                  body + "\n}\n}\n",
          .entries = {"kernel_0"},
          .threads = {threads},
          .name = "planted"};
}

struct Run {
  std::vector<float> in = {}, out = {};
  long blocks = 1;
  std::size_t scratch = 0;
  std::int64_t number = 0;
};

/// The kernel on fresh buffers; `out` stays unwritten where it does not write.
std::vector<float> run(GpuDevice& device, const Source& source, const Run& r) {
  const auto module = device.compile(source);
  const std::size_t in_bytes = r.in.size() * sizeof(float), out_bytes = r.out.size() * sizeof(float);
  Buffer in(device, in_bytes), out(device, out_bytes);
  device.to_device(in.data(), r.in.data(), in_bytes);
  const std::int64_t words[] = {reinterpret_cast<std::int64_t>(in.data()), reinterpret_cast<std::int64_t>(out.data()),
                                r.number};
  const BufferUse uses[] = {{in.data(), in_bytes, Access::r, "in"}, {out.data(), out_bytes, Access::w, "out"}};
  const Launch launch{module->kernels()[0], r.blocks, words, sizeof words, uses, r.scratch};
  device.launch({&launch, 1});
  std::vector<float> result(r.out.size());
  device.to_host(result.data(), out.data(), out_bytes);
  return result;
}

/// What the device says of a planted bug.
std::string report(Options options, const std::string& body, Run r = {}) {
  if (r.in.empty()) r.in.assign(64, 1.0f);
  if (r.out.empty()) r.out.assign(64, 0.0f);
  GpuDevice device = emulated(options);
  return error_of<DeviceError>([&] { run(device, kernel(body), r); });
}

}  // namespace

TEST_CASE("threads of a block are lanes, and blocks are chunks", "[emulator]") {
  GpuDevice device = emulated();
  Run r{.in = std::vector<float>(256), .out = std::vector<float>(256), .blocks = 4};
  for (std::size_t k = 0; k < 256; ++k) r.in[k] = static_cast<float>(k);
  const auto out =
      run(device, kernel("const i64 v = block() * 64 + thread(); store(out + v, mul(load(in + v), (f32)2));"), r);
  CHECK(out[0] == 0);
  CHECK(out[255] == 510);
}

TEST_CASE("a fold gives every thread the same, whatever the order of threads and blocks", "[emulator]") {
  Run r{.in = std::vector<float>(64), .out = std::vector<float>(64)};
  for (std::size_t k = 0; k < 64; ++k)
    r.in[k] = std::ldexp(1.0f, static_cast<int>(k % 40) - 20) * (k % 3 == 0 ? -1.1f : 1.3f);
  const Source source = kernel(
      "barrier(); fold_sum<64, 0>(load(in + thread())); barrier(); store(out + thread(), folded_sum<64, 0, f32>());");
  std::vector<float> first;
  for (const bool check : {false, true})  // the plain build folds at once, the checked one by exchanges
    for (const std::uint64_t seed : {0, 1, 2, 7}) {
      GpuDevice device = emulated({.check = check, .seed = seed});
      const auto out = run(device, source, r);
      if (first.empty()) first = out;
      CHECK(out == first);
      CHECK(out[63] == out[0]);
    }
}

TEST_CASE("an access beyond a buffer ends the launch, names what was touched, and the device is lost", "[emulator]") {
  const Run r{.in = std::vector<float>(64), .out = std::vector<float>(64)};
  GpuDevice device = emulated();
  const std::string text = error_of<DeviceError>(
      [&] { run(device, kernel("store(out + thread(), thread() == 17 ? load(in + 64) : (f32)0);"), r); });
  CHECK(has(text, "kernel_0 of planted, block 0, thread 17: touches byte 256 of a buffer of 256 bytes"));
  CHECK(has(error_of<DeviceError>([&] { device.synchronize(); }), "device emulator is lost"));
  CHECK(has(error_of<DeviceError>([&] { run(device, kernel("store(out, (f32)0);"), r); }), "thread 17"));
}

TEST_CASE("an address of the host is none of the device, and the reverse", "[emulator]") {
  float there = 0;
  const std::string text = report({}, "store((f32*)n, (f32)1);", {.number = reinterpret_cast<std::int64_t>(&there)});
  CHECK(has(text, "touches an address that is no memory of the device"));
  GpuDevice device = emulated();
  const Buffer buffer(device, 64);
  CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) > (std::uintptr_t{1} << 47));
}

TEST_CASE("a thread that needs more stack than it has says so, however far it goes at once", "[emulator]") {
  for (const std::string floats : {"66000", "120000"}) {
    const std::string text = report({}, "volatile f32 much[" + floats + "]; much[7] = 1; store(out, much[7]);", {});
    INFO(text);
    CHECK(has(text, "kernel_0 of planted, block 0, thread 0: needs more than 256 KiB of stack"));
  }
}

TEST_CASE("memory that was released cannot be touched", "[emulator]") {
  GpuDevice device = emulated();
  Buffer gone(device, 256);
  const auto address = reinterpret_cast<std::int64_t>(gone.data());
  gone = Buffer();
  const std::string text = error_of<DeviceError>([&] {
    run(device, kernel("store(out + thread(), load((const f32*)n));"),
        {.in = {1}, .out = std::vector<float>(64), .number = address});
  });
  CHECK(has(text, "which was released"));
}

TEST_CASE("fresh memory is full of NaN", "[emulator]") {
  GpuDevice device = emulated();
  const auto out =
      run(device, kernel("if (thread() == 0) store(out, (f32)3);"), {.in = {1}, .out = std::vector<float>(8)});
  CHECK(out[0] == 3);
  CHECK(std::isnan(out[7]));
}

TEST_CASE("a barrier that some threads do not come to says who waits where", "[emulator]") {
  const std::string text = report({}, "if (thread() < 32)\n    barrier();\n  store(out + thread(), (f32)1);");
  CHECK(has(text, "block 0: threads of a block wait at a barrier that others do not come to"));
  CHECK(has(text, "threads 0-31 wait at a barrier at line"));
  CHECK(has(text, ": barrier();"));
  CHECK(has(text, "threads 32-63 have ended"));
}

TEST_CASE("two barriers at different places are not one", "[emulator]") {
  CHECK(has(report({}, "if (thread() < 32) barrier();\n  else\n    barrier();\n  store(out + thread(), (f32)1);"),
            "threads 32-63 wait at a barrier"));
}

TEST_CASE("an exchange without all threads of the warp says who is missing", "[emulator]") {
  const std::string text =
      report({}, "if (thread() < 16) store(out + thread(), unpacked<f32>(exchanged((u32)1, 1, CROTON_LINE)));");
  CHECK(has(text, "threads 0-15 wait for an exchange of their warp"));
  CHECK(has(text, "threads 16-31 have ended"));
}

TEST_CASE("a launch beyond the limits of the device is refused", "[emulator]") {
  EmulatorDriver driver({.major = 7, .minor = 5});
  const Source source = kernel("store(out, (f32)1);");
  const auto code = driver.load(driver.compile(source), source);
  const auto refused = [&](const gpu::LaunchShape& shape, std::size_t parameters = 40) {
    const std::vector<std::byte> bytes(parameters);
    return error_of<DeviceError>([&] { driver.launch(code->function("kernel_0"), shape, bytes, {}); });
  };
  CHECK(has(refused({.grid = 1, .block = 128}), "128 threads a block, but it is made for 64"));
  CHECK(has(refused({.grid = 0, .block = 64}), "0 blocks"));
  CHECK(has(refused({.grid = 1, .block = 64, .shared_bytes = 100 << 10}),
            "102400 bytes of shared memory, of at most 65536"));
  CHECK(has(refused({.grid = 1, .block = 64}, 4104), "4104 bytes of arguments, of at most 4096"));
}

TEST_CASE("arguments beyond 4096 bytes lie in memory", "[emulator]") {
  GpuDevice device = emulated();
  const Source source{.text = expr::gpu_kernel_source({}) +
                              "namespace croton {\nCROTON_KERNEL_FAR(kernel_0, 600, 1) {\n"
                              "  store((f32*)words.w[0], (f32)words.w[597]);\n}\n}\n",
                      .entries = {"kernel_0"},
                      .threads = {1},
                      .name = "far"};
  const auto module = device.compile(source);
  const Buffer out(device, sizeof(float));
  std::vector<std::int64_t> words(598);
  words.front() = reinterpret_cast<std::int64_t>(out.data());
  words.back() = 42;
  const Launch launch{module->kernels()[0], 1, words.data(), words.size() * 8, {}, 0};
  device.launch({&launch, 1});
  float result = 0;
  device.to_host(&result, out.data(), sizeof result);
  CHECK(result == 42);
}

/// in[0] + in[1] + ... for as many operands as make a kernel's words overflow its parameters.
constexpr std::size_t many = 600;
std::vector<Tensor> many_inputs() {
  std::vector<Tensor> inputs;
  for (std::size_t k = 0; k < many; ++k) inputs.push_back(tensor(fmt::format("x{}", k), float32, {any_extent}));
  return inputs;
}
std::vector<Array> many_values() {
  std::vector<Array> values;
  for (std::size_t k = 0; k < many; ++k) values.push_back(Array::full({3}, static_cast<double>(k), float32));
  return values;
}

TEST_CASE("the launches of a function of hundreds of operands stay within what a driver takes", "[emulator]") {
  GpuDevice device = emulated(checked);  // its driver refuses more than 4096 bytes of parameters
  const std::vector<Tensor> inputs = many_inputs();
  Tensor sum = inputs[0];
  for (std::size_t k = 1; k < many; ++k) sum = sum + inputs[k];
  Executable all(rewrite::run(std::vector<Tensor>{sum}, {}), inputs, {}, device, "many");
  CHECK(has(all.source(), "CROTON_KERNEL_FAR("));
  std::vector<Array> out(1);
  for (int run = 0; run < 2; ++run) {
    all.run(many_values(), out);
    CHECK(get(out[0], 2) == 599 * 300);
  }
}

TEST_CASE("arguments that lie in memory are in a recording too, as they were when it was made", "[emulator]") {
  GpuDevice device = emulated(checked);
  const Source source{.text = expr::gpu_kernel_source({}) +
                              "namespace croton {\nCROTON_KERNEL_FAR(kernel_0, 600, 1) {\n"
                              "  f32* const out = (f32*)words.w[0];\n"
                              "  store(out, add(load(out), (f32)words.w[597]));\n}\n}\n",
                      .entries = {"kernel_0"},
                      .threads = {1},
                      .name = "far"};
  const auto module = device.compile(source);
  const Buffer out(device, sizeof(float));
  device.zero(out.data(), sizeof(float));
  std::vector<std::int64_t> words(598);
  words.front() = reinterpret_cast<std::int64_t>(out.data());
  const BufferUse use{out.data(), sizeof(float), Access::rw, "out"};
  const Launch launch{module->kernels()[0], 1, words.data(), words.size() * 8, {&use, 1}, 0};
  const auto again = device.capture([&] {
    words.back() = 40;
    device.launch({&launch, 1});
    words.back() = 2;
    device.launch({&launch, 1});
  });
  words.back() = 1000;
  const std::uint64_t before = device.counters().launches;
  again->replay();
  again->replay();
  float result = 0;
  device.to_host(&result, out.data(), sizeof result);
  CHECK(result == 84);
  CHECK(device.counters().launches == before + 4);
}

TEST_CASE("scratch lies in the shared memory of a block where folds leave room for it", "[emulator]") {
  GpuDevice device = emulated();
  const auto is_shared = [&](std::size_t scratch, std::size_t folds) {
    Source source = kernel("store(out, (f32)(words.w[3] == 0));", 256);
    source.fold_bytes = {folds};
    return run(device, source, {.in = {1}, .out = {0}, .scratch = scratch}) == std::vector<float>{1};
  };
  constexpr std::size_t all = 48 << 10;
  CHECK(is_shared(all, 0));
  CHECK_FALSE(is_shared(all + 1, 0));
  CHECK(is_shared(all - 3072, 3072));
  CHECK_FALSE(is_shared(all - 2048, 3072));
}

TEST_CASE("a recording holds scratch, uploads and products, though none ran before it", "[emulator]") {
  GpuDevice device = emulated(checked);
  const std::string body =
      "f32* const s = (f32*)scratch_of(words.w[3], words.w[4]);\n"
      "  for (i64 v = thread(); v < 20000; v += 64) store(s + v, load(in + 0));\n"
      "  barrier();\n  store(out + thread(), load(s + 19999 - thread()));";
  const auto module = device.compile(kernel(body));
  const Buffer a(device, sizeof(float)), b(device, 64 * sizeof(float)), c(device, 64 * sizeof(float));
  const std::int64_t words[] = {reinterpret_cast<std::int64_t>(a.data()), reinterpret_cast<std::int64_t>(b.data()), 0};
  const BufferUse uses[] = {{a.data(), a.bytes(), Access::r, "in"}, {b.data(), b.bytes(), Access::w, "out"}};
  const Launch launch{module->kernels()[0], 1, words, sizeof words, uses, 20000 * sizeof(float)};
  const auto again = device.capture([&] {
    float x = 3;
    device.to_device(a.data(), &x, sizeof x);
    x = 4;
    device.launch({&launch, 1});
    device.gemm({.dtype = float32,
                 .m = 64,
                 .n = 1,
                 .k = 1,
                 .a = b.data(),
                 .lda = 1,
                 .b = a.data(),
                 .ldb = 1,
                 .c = c.data(),
                 .ldc = 1});
  });
  { const Buffer larger(device, 64 << 10); }  // what the recording holds is its own
  again->replay();
  std::vector<float> result(64);
  device.to_host(result.data(), c.data(), c.bytes());
  CHECK(result == std::vector<float>(64, 9));
  CHECK(device.counters().transfers_in == 0);
}

TEST_CASE("what a driver cannot put into a graph is refused inside a capture", "[emulator]") {
  EmulatorDriver driver;
  void* const p = driver.allocate(16);
  float x = 0;
  driver.begin_capture();
  const auto refused = [&](const auto& f) { return has(error_of<DeviceError>(f), "part of a captured graph"); };
  CHECK(refused([&] { driver.allocate(4); }));
  CHECK(refused([&] { driver.to_device(p, &x, 4); }));
  CHECK(refused([&] { driver.to_host(&x, p, 4); }));
  CHECK(refused([&] { driver.synchronize(); }));
  CHECK(refused([&] { driver.mark(); }));
  CHECK(refused([&] { driver.begin_capture(); }));
  CHECK(refused([&] { driver.gemm({.m = 1, .n = 1, .k = 1, .a = p, .lda = 1, .b = p, .ldb = 1, .c = p, .ldc = 1}); }));
  driver.zero(p, 16);
  const auto graph = driver.end_capture();
  graph->launch();
  driver.to_host(&x, p, 4);
  CHECK(x == 0);
}

TEST_CASE("scratch that fits no shared memory is a piece of memory for each block", "[emulator]") {
  constexpr int n = 20000;  // floats a block
  const std::string body =
      "f32* const s = (f32*)scratch_of(words.w[3], words.w[4]);\n"
      "  for (i64 v = thread(); v < 20000; v += 64) store(s + v, (f32)(v + block()));\n"
      "  barrier();\n  store(out + block() * 64 + thread(), load(s + 19999 - thread()));";
  GpuDevice device = emulated(checked);
  const auto out =
      run(device, kernel(body), {.in = {1}, .out = std::vector<float>(128), .blocks = 2, .scratch = n * sizeof(float)});
  CHECK(out[0] == 19999);
  CHECK(out[127] == 19937);
}

TEST_CASE("memory that runs out names the largest buffers, and the device still works", "[emulator]") {
  GpuDevice device = emulated({.memory_bytes = 1 << 20});
  const std::string text = error_of<DeviceError>([&] { const Buffer b(device, 2 << 20); });
  CHECK(has(text, "out of memory: 2097152 bytes were asked for"));
  CHECK(has(text, "buffers hold"));
  const Buffer small(device, 4096);
}

TEST_CASE("a function whose result does not fit names it, its shape and its size, and works with less", "[emulator]") {
  GpuDevice device = emulated({.memory_bytes = 1 << 20});
  const Tensor x = tensor("x", float32, {any_extent});
  const std::vector<Tensor> wanted{x * 2.0f + 1.0f};
  Executable grow(rewrite::run(wanted, {}), {x}, {}, device, "grow");
  std::vector<Array> in{Array::zeros({150000}, float32)}, out(1);
  const std::string text = error_of<DeviceError>([&] { grow.run(in, out); });
  CHECK(has(text, "grow: no memory for "));
  CHECK(has(text, "float32[150000]"));
  CHECK(has(text, "600000 bytes were asked for"));
  in[0] = Array::zeros({1000}, float32);
  grow.run(in, out);
  CHECK(get(out[0], 999) == 1);
}

TEST_CASE("work waits until somebody waits for it, in the order in which it was given", "[emulator]") {
  GpuDevice device = emulated();
  Buffer a(device, 8);
  const Buffer b(device, 8);
  std::int64_t x = 1;
  device.to_device(a.data(), &x, 8);
  x = 2;  // the copy has been staged
  device.copy(b.data(), a.data(), 8);
  device.zero(a.data(), 8);
  a = Buffer();
  device.to_host(&x, b.data(), 8);
  CHECK(x == 1);
}

TEST_CASE("a recording runs again on the memory that it was made with", "[emulator]") {
  GpuDevice device = emulated();
  const Buffer a(device, 8), b(device, 8);
  const auto again = device.capture([&] { device.copy(b.data(), a.data(), 8); });
  for (std::int64_t x : {5, 6}) {
    device.to_device(a.data(), &x, 8);
    again->replay();
    std::int64_t y = 0;
    device.to_host(&y, b.data(), 8);
    CHECK(y == x);
  }
}

TEST_CASE("checked: a race in a block", "[emulator]") {
  const std::string body = "store(out + thread(), (f32)thread());\n  store(out + 63 - thread(), (f32)1);";
  const std::string text = report(checked, body);
  CHECK(has(text, "writes what thread"));
  CHECK(has(text, "of the same block writes, with no barrier between"));
  CHECK(has(text, "buffer of 256 bytes (out)"));
  CHECK(has(text, ": store(out + thread(), (f32)thread());"));  // by the thread that came second
  CHECK(report({}, body) == "");
  CHECK(report(checked, "store(out + thread(), (f32)thread());\n  barrier();\n  store(out + 63 - thread(), (f32)1);") ==
        "");
}

TEST_CASE("checked: an exchange is no barrier", "[emulator]") {
  CHECK(has(
      report(
          checked,
          "u32* const w = fold_words<64, u32>();\n  w[thread()] = thread();\n"
          "  const u32 x = exchanged((u32)1, 1, CROTON_LINE);\n  store(out + thread(), (f32)(x + w[63 - thread()]));"),
      "reads what"));
}

TEST_CASE("checked: two blocks write to one place", "[emulator]") {
  const std::string text = report(checked, "store(out + thread(), (f32)1);", {.blocks = 2});
  CHECK(has(text, "writes what block"));
  CHECK(has(text, "of the same launch writes"));
  CHECK(report({}, "store(out + thread(), (f32)1);", {.blocks = 2}) == "");
}

TEST_CASE("checked: a block reads what another one writes", "[emulator]") {
  const std::string body =
      "if (block() == 0) store(out + thread(), (f32)1);\n  else if (thread() == 5) store(out + 100, load(out + 7));";
  CHECK(has(report(checked, body, {.out = std::vector<float>(128), .blocks = 2}),
            "reads what block 0 of the same launch writes"));
}

TEST_CASE("checked: a read of what nobody wrote, in memory and in shared memory", "[emulator]") {
  CHECK(has(report(checked, "store(out + thread(), add(load(in + thread()), load(out + thread())));"),
            "reads what nobody has written"));
  CHECK(
      has(report(checked, "char* const s = scratch_of(0, 0);\n  store(out + thread(), load((const f32*)s + thread()));",
                 {.scratch = 256}),
          "reads what nobody has written"));
  CHECK(report(checked,
               "char* const s = scratch_of(0, 0);\n  store((f32*)s + thread(), (f32)1);\n"
               "  store(out + thread(), load((const f32*)s + thread()));",
               {.scratch = 256}) == "");
}

TEST_CASE("checked: the bytes between a buffer's end and the guard page", "[emulator]") {
  const Run r{.in = std::vector<float>(63, 1.0f), .out = std::vector<float>(63)};
  const std::string body = "if (thread() < 63) store(out + thread() + (thread() == 62 ? 1 : 0), (f32)1);";
  CHECK(report({}, body, r) == "");
  CHECK(
      has(report(checked, body, r), "writes memory that the launch does not name: byte 252 of a buffer of 252 bytes"));
}

TEST_CASE("checked: an access across its alignment", "[emulator]") {
  CHECK(has(report(checked, "if (thread() == 0) store((f32*)((char*)out + 2), (f32)1);"), "no multiple of 4"));
}

TEST_CASE("checked: a write to what the launch says it only reads", "[emulator]") {
  const std::string body = "store((f32*)in + thread(), (f32)1);";
  CHECK(report({}, body) == "");
  CHECK(has(report(checked, body), "writes a buffer that the launch only reads"));
}

}  // namespace croton::runtime
