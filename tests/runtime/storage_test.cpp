#include "runtime/storage.h"

#include <thread>

#include "catch.h"
#include "fixture.h"
#include "runtime/queued.h"

using namespace croton;
using namespace croton::runtime;

TEST_CASE("the word of a shared variable lets many readers in, or one writer") {
  ReaderWriterWord word;
  long value[2] = {0, 0};
  std::atomic<int> torn{0}, inside{0}, most{0};
  std::vector<std::thread> all;
  for (int t = 0; t < 3; ++t) {
    all.emplace_back([&] {
      for (int i = 0; i < 3000; ++i) {
        word.lock_shared();
        const int now = ++inside;
        if (now > most) most = now;
        torn += value[0] == value[1] ? 0 : 1;
        --inside;
        word.unlock_shared();
      }
    });
  }
  for (int t = 0; t < 2; ++t) {
    all.emplace_back([&] {
      for (int i = 0; i < 3000; ++i) {
        word.lock();
        torn += inside == 0 ? 0 : 1;
        ++value[0];
        ++value[1];
        word.unlock();
      }
    });
  }
  for (auto& t : all) t.join();
  CHECK(torn == 0);
  CHECK(value[0] == 6000);
}

TEST_CASE("a waiting writer goes before readers that come later") {
  ReaderWriterWord word;
  std::atomic<int> order{0};
  int writer = 0, reader = 0;
  word.lock_shared();
  std::thread w([&] {
    word.lock();
    writer = ++order;
    word.unlock();
  });
  usleep(20'000);  // the writer waits by now
  std::thread r([&] {
    word.lock_shared();
    reader = ++order;
    word.unlock_shared();
  });
  usleep(20'000);
  word.unlock_shared();
  w.join();
  r.join();
  CHECK(writer == 1);
  CHECK(reader == 2);
}

TEST_CASE("a shared variable is on the host until a device uses it, and keeps its memory when it is set") {
  Device& cpu = device("cpu");
  SharedStorage s(Array{1.f, 2.f, 3.f});
  CHECK(s.device() == nullptr);
  CHECK(s.get().at<float>(1) == 2.f);
  void* const memory = s.on(cpu).data();
  CHECK(s.device() == &cpu);
  CHECK(static_cast<float*>(memory)[2] == 3.f);
  s.set(Array{4.f, 5.f, 6.f});
  CHECK(s.on(cpu).data() == memory);
  CHECK(static_cast<float*>(memory)[0] == 4.f);
  s.set(Array{7.f, 8.f});  // another extent
  CHECK(s.shape() == Extents{2});
  CHECK(s.get().at<float>(1) == 8.f);
  CHECK(s.on(cpu).bytes() == 8);
}

TEST_CASE("what get returns is not changed by later calls, and what set took is not changed by its owner") {
  Device& cpu = device("cpu");
  Array mine{1.f, 2.f};
  SharedStorage s(mine);
  mine.mutable_values<float>()[0] = 9;
  CHECK(s.get().at<float>(0) == 1.f);
  const Array before = s.get();
  static_cast<float*>(s.on(cpu).data())[0] = 5;
  CHECK(before.at<float>(0) == 1.f);
  const Array during = s.get();
  static_cast<float*>(s.on(cpu).data())[0] = 6;
  CHECK(during.at<float>(0) == 5.f);
}

TEST_CASE("a shared variable used from two devices is an error that names both; setting it lets it move") {
  Device& cpu = device("cpu");
  QueuedDevice other(cpu);
  SharedStorage s(Array{1.f, 2.f});
  s.on(cpu);
  const std::string error = error_of<DeviceError>([&] { s.on(other); });
  CHECK(has(error, "float32[2] lives on device cpu, and a function of device queued uses it"));
  s.set(s.get());
  CHECK_NOTHROW(s.on(other));
  CHECK(s.device() == &other);
  CHECK(s.get().at<float>(1) == 2.f);
}

TEST_CASE("shared variables are numbered in the order of their creation") {
  const SharedStorage a(Array{1.f}), b(Array{1.f});
  CHECK(a.id < b.id);
}

TEST_CASE("an array over a device's buffer waits for the work that makes its values") {
  QueuedDevice late(device("cpu"));
  const float value[2] = {1.f, 2.f};
  Buffer buffer(late, sizeof value);
  late.to_device(buffer.data(), value, sizeof value);
  const void* const memory = buffer.data();
  const Array a = to_array(CountedBuffer(std::move(buffer)), float32, {2});
  CHECK(late.waits() == 0);
  CHECK(a.at<float>(1) == 2.f);
  CHECK(late.waits() == 1);
  CHECK(a.values<float>().data() == memory);  // no copy was made
}
