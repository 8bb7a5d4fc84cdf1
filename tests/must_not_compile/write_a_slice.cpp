// error: use of deleted function ‘croton::Tensor& croton::Tensor::operator=(const croton::Tensor&) &&’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  x(all, slice(1, 3)) = y;
}
