// error: cannot bind non-const lvalue reference of type ‘croton::Tensor&’ to an rvalue of type ‘croton::Tensor’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  Tensor& r = w; r = y;
}
