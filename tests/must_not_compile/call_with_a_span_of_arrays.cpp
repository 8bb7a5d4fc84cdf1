// error: no match for call to ‘(croton::Function {aka croton::FunctionOf<1>}) (std::span<const croton::Array>)’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  f(std::span<const Array>(&a, 1));
}
