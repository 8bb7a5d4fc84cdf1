// error: no match for ‘operator+’ (operand types are ‘croton::Tensor’ and ‘char’)
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  x + 'c';
}
