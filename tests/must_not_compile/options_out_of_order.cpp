// error: designator order for field ‘croton::FunctionOptions::mode’ does not match declaration order in ‘const croton::FunctionOptions’
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  auto g = function({x}, y, {.name = "g", .mode = Mode::FAST_RUN});
}
