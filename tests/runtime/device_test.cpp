#include "runtime/device.h"

#include <sys/resource.h>

#include <cstdint>
#include <cstring>
#include <thread>

#include "catch.h"
#include "expr/functions.h"
#include "fixture.h"
#include "runtime/cpu/parallel.h"
#include "runtime/queued.h"

using namespace croton;
using namespace croton::runtime;

namespace {

long page_faults() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  return u.ru_minflt + u.ru_majflt;
}

struct AddArgs {
  const float* from;
  float* to;
  long n;
};
void add_one(const void* args, long chunk, void*) {
  const auto& a = *static_cast<const AddArgs*>(args);
  for (long i = chunk * 10; i < chunk * 10 + 10 && i < a.n; ++i) a.to[i] = a.from[i] + 1;
}
Launch launch_of(const AddArgs& a) {
  return {{.chunk = add_one, .module = nullptr, .entry = 0}, (a.n + 9) / 10, &a, sizeof a, {}, 0};
}

}  // namespace

TEST_CASE("buffers are aligned to 64 bytes, whatever their size") {
  Device& cpu = device("cpu");
  for (const std::size_t bytes : {0ul, 1ul, 100ul, 65'536ul, 100'000ul, 5'000'000ul}) {
    const Buffer b(cpu, bytes);
    CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
    if (bytes != 0) std::memset(b.data(), 1, bytes);
    if (bytes >= 2'000'000) CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % (2 << 20) == 0);
  }
}

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // whose shadow memory faults too
TEST_CASE("large buffers are backed by memory before they are handed out, and reused when released") {
  Device& cpu = device("cpu");
  constexpr std::size_t bytes = 40 << 20;
  { const Buffer warm(cpu, bytes); }
  const long before = page_faults();
  for (int i = 0; i < 20; ++i) {
    const Buffer b(cpu, bytes);
    for (std::size_t at = 0; at < bytes; at += 4096) static_cast<char*>(b.data())[at] = 1;
  }
  CHECK(page_faults() - before < 200);  // each pass over fresh memory would take 10,240
}
#endif

TEST_CASE("more memory than there is, is an error that says how much was asked for and how much is free") {
  Device& cpu = device("cpu");
  for (const std::size_t bytes : {std::size_t{1} << 60, ~std::size_t{0} - 100, std::size_t{1} << 45}) {
    const std::string error = error_of<DeviceError>([&] { const Buffer b(cpu, bytes); });
    CHECK(has(error, fmt::format("out of memory: {} bytes", bytes)));
    CHECK(has(error, "GiB are free"));
  }
}

TEST_CASE("launches run in order, each with all of its chunks") {
  Device& cpu = device("cpu");
  Buffer x(cpu, 1000), y(cpu, 1000);
  cpu.zero(x.data(), 1000);
  const AddArgs there{static_cast<float*>(x.data()), static_cast<float*>(y.data()), 250},
      back{static_cast<float*>(y.data()), static_cast<float*>(x.data()), 250};
  const Launch list[] = {launch_of(there), launch_of(back), launch_of(there)};
  const Counters before = cpu.counters();
  cpu.launch(list);
  CHECK(cpu.counters().launches == before.launches + 3);
  float out[250];
  cpu.to_host(out, y.data(), sizeof out);
  for (const float v : out) REQUIRE(v == 3);
  CHECK(cpu.counters().transfers_out == before.transfers_out + 1);
  CHECK(cpu.counters().bytes_out == before.bytes_out + 1000);
}

TEST_CASE("a failed check is reported by its site and smallest index, whoever is first") {
  const OwnCache cache;
  Device& cpu = device("cpu");
  const Source source{.text = "#define CROTON_VECTOR_BYTES 16\n" + expr::kernel_source({}) +
                              "struct Args { void* slot; };\n"
                              "extern \"C\" void check(const Args* a, long chunk, void*) {\n"
                              "  if (chunk % 3 == 1) report(a->slot, 7, chunk);\n"
                              "  if (chunk % 3 == 2) report(a->slot, 8, 0);\n"
                              "}\n",
                      .entries = {"check"}};
  const auto module = cpu.compile(source);
  Buffer slot(cpu, sizeof(std::uint64_t));
  cpu.clear_error(slot.data());
  CHECK_FALSE(cpu.commit(slot.data()));
  set_threads(3);
  void* const args = slot.data();
  for (int again = 0; again < 20; ++again) {
    cpu.clear_error(slot.data());
    const Launch launch{module->kernels()[0], 100, &args, sizeof args, {}, 0};
    cpu.launch({&launch, 1});
    CHECK(cpu.commit(slot.data()) == KernelError{7, 1});
  }
  set_threads(0);
}

TEST_CASE("a recording does nothing until it is replayed, then what was recorded") {
  QueuedDevice late(device("cpu"));
  for (Device* d : {&device("cpu"), static_cast<Device*>(&late)}) {
    Buffer x(*d, 40);
    d->zero(x.data(), 40);
    const float five[10] = {5};
    std::unique_ptr<Recording> recording;
    {
      AddArgs args{static_cast<float*>(x.data()), static_cast<float*>(x.data()), 10};
      recording = d->capture([&] {
        d->to_device(x.data(), five, sizeof five);
        const Launch l = launch_of(args);
        d->launch({&l, 1});
        d->launch({&l, 1});
        args.n = 0;  // the recording has its own copy
        CHECK(has(error_of<DeviceError>([&] { d->synchronize(); }), "a recording cannot wait"));
      });
    }
    float out[10];
    d->to_host(out, x.data(), sizeof out);
    CHECK(out[0] == 0);
    recording->replay();
    recording->replay();
    d->to_host(out, x.data(), sizeof out);
    CHECK(out[0] == 7);
    CHECK(out[9] == 2);
  }
}

TEST_CASE("the queued device does nothing until somebody waits, and poisons fresh memory") {
  QueuedDevice late(device("cpu"));
  CHECK(late.separate_buffers());
  Buffer x(late, 40);
  CHECK(static_cast<unsigned char*>(x.data())[39] == 0xcb);
  late.zero(x.data(), 40);
  AddArgs args{static_cast<float*>(x.data()), static_cast<float*>(x.data()), 10};
  Launch l = launch_of(args);
  late.launch({&l, 1});
  args.n = 0;  // args were copied
  const Ticket t = late.ticket();
  CHECK_FALSE(late.done(t));
  CHECK(static_cast<unsigned char*>(x.data())[39] == 0xcb);
  late.wait(t);
  CHECK(late.done(t));
  CHECK(static_cast<float*>(x.data())[9] == 1);
}

TEST_CASE("memory released on the queued device lives until the work that uses it is done") {
  QueuedDevice late(device("cpu"));
  Buffer y(late, 40);
  {
    Buffer x(late, 40);
    late.zero(x.data(), 40);
    const AddArgs args{static_cast<float*>(x.data()), static_cast<float*>(y.data()), 10};
    const Launch l = launch_of(args);
    late.launch({&l, 1});
  }
  float out[10];
  late.to_host(out, y.data(), sizeof out);
  CHECK(out[3] == 1);
}

TEST_CASE("several threads may launch at once") {
  Device& cpu = device("cpu");
  std::atomic<int> wrong{0};
  std::vector<std::thread> all;
  all.reserve(4);
  for (int t = 0; t < 4; ++t) {
    all.emplace_back([&] {
      Buffer x(cpu, 4000);
      cpu.zero(x.data(), 4000);
      const AddArgs args{static_cast<float*>(x.data()), static_cast<float*>(x.data()), 1000};
      const Launch l = launch_of(args);
      for (int i = 0; i < 100; ++i) cpu.launch({&l, 1});
      for (int i = 0; i < 1000; ++i) wrong += static_cast<float*>(x.data())[i] == 100 ? 0 : 1;
    });
  }
  for (auto& t : all) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("a launch of one chunk, or on one thread, allocates nothing and takes no page fault") {
  Device& cpu = device("cpu");
  Buffer x(cpu, 400'000);
  const AddArgs args{static_cast<float*>(x.data()), static_cast<float*>(x.data()), 100'000};
  Launch l = launch_of(args);
  l.scratch_bytes = 10'000;
  cpu.launch({&l, 1});
  const long before = page_faults();
  for (int i = 0; i < 50; ++i) cpu.launch({&l, 1});
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  const long allowed = 200;  // shadow memory faults too; one fault a page and launch would be 4,900
#else
  const long allowed = 10;
#endif
  CHECK(page_faults() - before < allowed);
}

TEST_CASE("a device that cannot be had says why, and names the ways out", "[unsanitized]") {
  setenv("CUDA_VISIBLE_DEVICES", "", 1);  // also on a machine that has a GPU
  for (const char* name : {"gpu", "gpu0", "cuda", "cuda12", "GPU"}) {
    const std::string error = error_of<DeviceError>([&] { device(name); });
    CHECK((has(error, ": no NVIDIA driver: libcuda.so.1 was not found\n") ||
           has(error, ": no GPU is visible, because CUDA_VISIBLE_DEVICES is ''\n")));
    for (const char* way : {"device=cpu", "device=auto", "device=emulator"}) CHECK(has(error, way));
  }
  CHECK(has(error_of<DeviceError>([] { device("tpu"); }), "device=tpu: there is no such device; devices are cpu, "));
  for (const char* name : {"cpu1", "cudax", "gpu-1", "cuda1x", "gpu99999999999"})
    CHECK(has(error_of<DeviceError>([&] { device(name); }), "there is no such device"));
}

TEST_CASE("device=auto takes the CPU where there is no GPU and says why, once", "[unsanitized]") {
  setenv("CUDA_VISIBLE_DEVICES", "", 1);
  const WarningsHeard heard;
  CHECK(&device("auto") == &device("cpu"));
  device("auto");
  REQUIRE(heard.texts.size() == 1);
  CHECK(has(heard.texts[0], "device=auto: functions run on the CPU: no "));
}

TEST_CASE("the description names processor, instruction set and threads") {
  set_threads(2);
  CHECK(has(device("cpu").description(), "cpu: "));
  CHECK(has(device("cpu").description(), device("cpu").target().isa + ", 2 threads"));
  set_threads(0);
}
