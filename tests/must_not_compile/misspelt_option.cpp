// error: no matching function for call to ‘function(<brace-enclosed initializer list>, croton::Tensor&, <brace-enclosed initializer list>)’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  auto g = function({x}, y, {.nmae = "g"});
}
