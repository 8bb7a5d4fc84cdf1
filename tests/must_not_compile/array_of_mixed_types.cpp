// error: static assertion failed: the elements of an Array have one type: write Array{1.0, 2.5}, not Array{1, 2.5}
#include <croton.h>
using namespace croton;
void mistake(Tensor x, Tensor y, Shared w, Function f, Array a) {
  (void)x, (void)y, (void)w, (void)f, (void)a;
  a = Array{1, 2.5};
}
