// Threads that call, set, compile and clear at once.
#include <atomic>
#include <thread>

#include "array/access.h"
#include "message.h"
#include "runtime/cache.h"

namespace croton {

TEST_CASE("two functions that update one variable from two threads lose no update", "[threads]") {
  for (const Mode mode : {Mode::FAST_RUN, Mode::FAST_COMPILE}) {
    const Shared n = shared(Array::zeros({300}), "n");
    const Procedure one = function({}, {.mode = mode, .updates = {{n, n + 1}}}),
                    two = function({}, {.mode = mode, .updates = {{n, n + 2}}});
    constexpr int calls = 500;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          for (int i = 0; i < calls; ++i) t % 2 == 0 ? one() : two();
        });
    }
    REQUIRE(array_equal(n.get_value(), Array::full({300}, 6.0 * calls)));
  }
}

TEST_CASE("threads may call, set values, compile and clear the cache at once", "[threads]") {
  // a cache of its own: the other tests find in theirs what was compiled before
  const ScopedConfig scope("compile.cache=" CROTON_BINARY_DIR "/test_home/cleared_at_once");
  const Tensor x = dvector("x");
  const Shared w = shared(Array::zeros({64}), "w");
  const Function f = function(x, x + w);
  const Function total = function({}, sum(w));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, compiled{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&] {
        const Array one = Array::full({64}, 1.0);
        while (!stop) {
          const Array y = f(one);  // all of an old or all of a new value
          for (Index i = 1; i < 64; ++i) wrong += get(y, i) != get(y, 0) ? 1 : 0;
          const double s = total().item<double>() / 64;
          wrong += s != static_cast<double>(static_cast<int>(s)) ? 1 : 0;
        }
      });
    threads.emplace_back([&] {
      for (int i = 0; !stop; ++i) w.set_value(Array::full({64}, static_cast<double>(i % 1000)));
    });
    threads.emplace_back([&] {
      runtime::CompileCache cache(*config_snapshot());
      while (!stop) {
        cache.clear();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    });
    for (int i = 0; i < 6; ++i) {
      Tensor y = x;
      for (int k = 0; k <= i; ++k) y = y * 3 - w;
      const Function g = function(x, y);
      wrong += g(Array::full({64}, 1.0)).size() == 64 ? 0 : 1;
      ++compiled;
    }
    stop = true;
  }
  REQUIRE(wrong == 0);
  REQUIRE(compiled == 6);
}

}  // namespace croton
