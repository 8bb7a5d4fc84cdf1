// error: no matching function for call to ‘sum(croton::Tensor&, bool)’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  sum(x, true);
}
