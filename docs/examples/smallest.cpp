// The smallest program: a symbolic variable, an expression, a compiled function, a call.
#include <croton.h>
#include <iostream>

int main() {
  const croton::Tensor x = croton::scalar("x");
  const croton::Function square = croton::function(x, x * x);
  std::cout << square(3.0) << '\n';
}
