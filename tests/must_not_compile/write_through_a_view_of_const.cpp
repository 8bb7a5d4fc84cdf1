// error: cannot convert ‘const croton::Array’ to ‘croton::Array&’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  const Array c = a; c.mutable_values<float>()[0] = 1;
}
