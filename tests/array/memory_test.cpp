// Foreign memory, storage blocks that arrive late, and strided iteration.
#include <cstring>
#include <memory>
#include <thread>

#include "array/access.h"
#include "catch.h"
#include "message.h"

using namespace croton;

TEST_CASE("borrowed memory is read, and written where it may be, without a copy") {
  std::vector<float> memory{1, 2, 3, 4, 5, 6};
  Array a = Array::borrow(memory.data(), {2, 3});
  CHECK(is_foreign(a));
  CHECK(a.values<float>().data() == memory.data());
  a.mutable_values<float>()[0] = 10;
  CHECK(memory[0] == 10);
  const Array copy = a;
  a.mutable_values<float>()[1] = 20;
  CHECK(memory[1] == 2);
  CHECK(copy.at<float>(0, 1) == 2);
  CHECK_FALSE(is_foreign(a));
  CHECK_FALSE(is_foreign(owned(copy)));
}

TEST_CASE("borrowed const memory is never written") {
  const std::vector<int> memory{1, 2};
  Array a = Array::borrow(memory.data(), {2});
  a.mutable_values<int>()[0] = 10;
  CHECK(memory[0] == 1);
  CHECK(a.at<int>(0) == 10);
}

TEST_CASE("borrowed strides count elements: column-major, reversed and repeated") {
  const std::vector<int> memory{1, 2, 3, 4, 5, 6};
  const Array columns = Array::borrow(memory.data(), {2, 3}, {1, 2});
  CHECK(array_equal(columns, Array{{1, 3, 5}, {2, 4, 6}}));
  CHECK(array_equal(Array::borrow(memory.data() + 5, {3}, {-2}), Array{6, 4, 2}));
  CHECK(array_equal(Array::borrow(memory.data(), {2, 2}, {0, 1}), Array{{1, 2}, {1, 2}}));
  CHECK(message<ShapeError>([&] {
          Array::borrow(memory.data(), {2, 3}, {1});
        }) == "Array: 1 strides [1] were given for the shape [2, 3]; one an axis is needed, counted in elements");
}

TEST_CASE("borrowed memory that is not aligned to its elements is copied from") {
  std::vector<std::byte> memory(64);
  const std::vector<double> values{1.5, -2, 3};
  std::memcpy(memory.data() + 3, values.data(), 24);
  const auto* odd = reinterpret_cast<const double*>(memory.data() + 3);
  const Array a = Array::borrow(odd, {3}), back = Array::borrow(odd, {2}, {2});
  CHECK_FALSE(is_foreign(a));
  CHECK(array_equal(a, Array{1.5, -2.0, 3.0}));
  CHECK(array_equal(back, Array{1.5, 3.0}));
}

TEST_CASE("the owner of borrowed memory lives as long as the last copy or view, and not at all if borrowing fails") {
  auto memory = std::make_shared<std::vector<double>>(4, 1.5);
  const std::weak_ptr<std::vector<double>> watch = memory;
  Array row;
  {
    const Array a = Array::borrow(memory->data(), {2, 2}, {}, memory);
    memory.reset();
    row = a[1];
  }
  CHECK(row.at<double>(0) == 1.5);
  CHECK_FALSE(watch.expired());
  row = Array();
  CHECK(watch.expired());

  auto other = std::make_shared<std::vector<double>>(4);
  CHECK_THROWS_AS(Array::borrow(other->data(), {-1}, {}, other), ShapeError);
  CHECK(other.use_count() == 1);
}

namespace {
// A block whose values `ready` makes when they are first asked for.
Block* late_block(DType dtype, void (*ready)(Block&), void* owner = nullptr) {
  auto* const b = new Block;
  static double memory[2];
  b->bytes = reinterpret_cast<std::byte*>(memory);
  b->size = sizeof memory;
  b->dtype = dtype;
  b->owner = owner;
  b->ready = ready;
  return b;
}
// Counts how often it is asked.
void two_integers(Block& block) {
  ++*static_cast<std::atomic<int>*>(block.owner);
  int* const values = reinterpret_cast<int*>(block.bytes);
  values[0] = 7;
  values[1] = 8;
}
}  // namespace

TEST_CASE("ready is called once, at the first host access, and not for questions of shape", "[threads]") {
  std::atomic<int> calls{0};
  const Array a = from_block(late_block(int32, two_integers, &calls), {2});
  CHECK(a.size() == 2);
  CHECK(a[1].ndim() == 0);
  CHECK(calls == 0);
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> sum{0};
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { sum += a.at<int>(0) + a[1].item<int>(); });
  for (std::thread& t : threads) t.join();
  CHECK(sum == 4 * 15);
  CHECK(calls == 1);
}

TEST_CASE("a fault that ready reports is thrown by each access") {
  const Array a = from_block(late_block(float64, [](Block&) { throw IndexError("index 9 is out of range"); }), {1});
  CHECK(message<IndexError>([&] { a.values<double>(); }) == "index 9 is out of range");
  CHECK(message<IndexError>([&] { a.item<double>(); }) == "index 9 is out of range");
}

TEST_CASE("threads may gather one strided view at the same time", "[threads]") {
  const Array t = Array{{1, 2, 3}, {4, 5, 6}}.T();
  std::vector<std::thread> threads;
  threads.reserve(4);
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const Array copy = t;  // NOLINT(performance-unnecessary-copy-initialization): what is tried here
      right += copy.values<int>()[1] == 4;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 4);
}

TEST_CASE("memory is aligned to 64 bytes, also for no elements") {
  for (Index n : {0, 1, 1000}) CHECK(reinterpret_cast<std::uintptr_t>(data(empty({n}, int8))) % 64 == 0);
}

TEST_CASE("offsets are visited in row-major order") {
  std::vector<Index> seen;
  for_each_offset({2, 2, 2}, {1, 10, 100}, [&](Index o) { seen.push_back(o); });
  CHECK(seen == std::vector<Index>{0, 100, 10, 110, 1, 101, 11, 111});
  seen.clear();
  for_each_offset({}, {}, [&](Index o) { seen.push_back(o); });
  CHECK(seen == std::vector<Index>{0});
  for_each_offset({3, 0}, {1, 1}, [&](Index) { FAIL("an empty array has no elements"); });
}

TEST_CASE("broadcast and permuted views share the memory") {
  const Array row{1, 2, 3};
  const Array wide = broadcast_view(row, {2, 3});
  CHECK(array_equal(wide, Array{{1, 2, 3}, {1, 2, 3}}));
  CHECK(data(wide) == data(row));
  CHECK(message<ShapeError>([&] {
          broadcast_view(row, {2, 4});
        }) == "broadcast: int32[3] does not fit the shape [2, 4]; extents must be equal or 1");
  const Array cube = Array::zeros({2, 3, 4});
  CHECK(permute_view(cube, {2, 0, 1}).shape() == Extents{4, 2, 3});
}

TEST_CASE("set converts as astype does, get_index is exact") {
  Array a = Array::zeros({2}, int8);
  set(a, 0, 1e9);
  CHECK(get(a, 0) == 127);
  Array half = Array::zeros({1}, float16);
  set(half, 0, 0.1);
  CHECK(get(half, 0) == 0.0999755859375);
  CHECK(get_index(Array{std::int64_t{9007199254740993}}, 0) == 9007199254740993);
}
