// error: use of deleted function ‘std::span<const T> croton::Array::values() const && [with T = float]’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  for (float v : f(a).values<float>()) (void)v;
}
