// The program that tests/house/gdb.cmake stops in.
#include <croton.h>

using namespace croton;

static void stop_here(const Tensor& loss, const Array& numbers) {
  (void)loss;
  (void)numbers;
}

int main() {
  const Tensor x = matrix("x");
  const Shared w = shared(Array{{1.0, 2.0}, {3.0, 4.0}}, "w");
  Tensor y = tanh(dot(x, w));
  y = 2.0 * y + x;  // a step into this line
  stop_here(y, w.get_value());
  return 0;
}
