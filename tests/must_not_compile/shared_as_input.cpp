// error: use of deleted function ‘croton::In::In(const croton::Shared&)’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  auto g = function({w}, y);
}
