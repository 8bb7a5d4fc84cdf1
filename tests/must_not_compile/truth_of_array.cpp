// error: use of deleted function ‘croton::Array::operator bool() const’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  if (a) return;
}
