// error: use of deleted function ‘croton::Expr::operator bool() const’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  if (x == y) return;
}
