// error: no matching function for call to ‘grad(croton::Tensor, int)’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  grad(sum(x), 0);
}
