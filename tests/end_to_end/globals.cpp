// Everything at namespace scope: the library must be there before main and after it, whatever the order of destruction.
#include <croton.h>

#include <cstdio>
#include <thread>

using namespace croton;

const RandomStream stream(7);
const Shared weights = shared(Array{1.0, 2.0}, "weights");
const Tensor input = vector("input");
const Function weighted = function(input, sum(input* weights));
const Procedure step = function({}, {}, {{weights, weights + 1}});

struct AtTheEnd {
  ~AtTheEnd() { std::printf("%g\n", weighted(Array{1.0, 1.0}).item<double>()); }
} const last_words;

int main() {
  step();
  std::thread([] { step(); }).join();
  std::printf("%g\n", weighted(Array{1.0, 1.0}).item<double>());
  return 0;
}
