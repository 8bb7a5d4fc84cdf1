// Writes the files that threads.cpp and errors.cpp load.
#include <croton.h>
using namespace croton;
int main() {
  save_npz("model.npz", {{"w", Array::zeros({784, 10}, float32)}});
  save_npz("m.npz", {{"W1", Array::zeros({2, 3})}, {"W2", Array::zeros({3, 2})}, {"b1", Array::zeros({3})}, {"b2", Array::zeros({2})}});
}
