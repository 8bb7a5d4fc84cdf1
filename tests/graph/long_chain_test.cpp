#include "catch.h"
#include "toy_ops.h"

#include <pthread.h>

#include <ctime>

#include "graph/parse.h"

using namespace croton;
using namespace croton::toy;

namespace {

template <class F>
void on_small_stack(F f) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{64} << 10) == 0);
  pthread_t thread;
  const auto run = [](void* p) -> void* { return (*static_cast<F*>(p))(), nullptr; };
  REQUIRE(pthread_create(&thread, &attributes, run, &f) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

Tensor chain(Tensor t, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) t = call(tanh_op, {t});
  return t;
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

TEST_CASE("a chain of a million nodes is built, walked, merged, rebuilt and freed on a stack of 64 KB") {
  constexpr std::size_t length = 1'000'000;
  const double start = processor_seconds();
  std::size_t walked = 0, after_merge = 0, after_rebuild = 0;
  on_small_stack([&] {
    const Tensor x = vector("x"), y = vector("y");
    Tensor t = chain(x, length);
    walked = count(t);
    t = merged(t);
    after_merge = count(t);
    t = rebuild({&t, 1}, {{x.node(), y}})[0];
    after_rebuild = count(t);
    check_graph({&t, 1}, "rebuild");
    CHECK(formula(t).size() <= 60);
  });
  CHECK(walked == length + 1);
  CHECK(after_merge == length + 1);
  CHECK(after_rebuild == length + 1);
  CHECK(processor_seconds() - start < 120);  // quadratic time would be hours
}

TEST_CASE("a wide node and a ladder of shared parts are freed and printed in one pass") {
  on_small_stack([] {
    Tensor t = scalar("x");
    for (int i = 0; i < 5000; ++i) t = call(add, {t, t});  // 2^5000 paths
    CHECK(count(t) == 5001);
    CHECK(print_graph({&t, 1}).size() < 1'000'000);
    CHECK(debugprint(t).size() < 2'000'000);
    const Tensor again = parse_graph(print_graph({&t, 1}), find)[0];
    CHECK(count(merged(again)) == 5001);
    CHECK(count(call(stack, std::vector<Tensor>(100'000, Tensor(1)))) == 2);
  });
}
