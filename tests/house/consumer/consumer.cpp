#include <croton.h>
#include <iostream>

int main() {
  const croton::Tensor x = croton::vector("x");
  std::cout << croton::function(x, x * x)(std::vector{1.0, 2.0, 3.0}) << '\n';
}
