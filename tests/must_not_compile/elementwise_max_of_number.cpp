// error: static assertion failed: max reduces axes; the elementwise maximum is maximum(a, b)
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  max(x, 0.f);
}
