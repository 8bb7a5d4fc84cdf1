// Functions that work row by row, as users write them: softmax, what is made of it, and layer norm, with their
// gradients, in both precisions. It compiles them for the device of the configuration and runs nothing; with
// CROTON_GPU_KERNELS=FOLDER the emulator leaves their texts there for NVRTC.
#include <croton.h>

using namespace croton;

namespace {

// Rows whose length no type knows, and rows whose length a shared variable has.
void softmax_and_its_kin(DType dtype) {
  const Tensor x = tensor("x", dtype, {any_extent, any_extent}), seen = tensor("seen", dtype, {any_extent, any_extent}),
               classes = tensor("classes", int64, {any_extent});
  const Extents shapes[] = {{40, 100}, {40, 100}};
  function(x, softmax(x), {.name = "softmax"}).compile({shapes[0]});
  function(x, log_softmax(x), {.name = "log_softmax"}).compile({shapes[0]});
  function(x, logsumexp(x, 1), {.name = "logsumexp"}).compile({shapes[0]});
  function({x, seen}, grad(sum(softmax(x) * seen), x), {.name = "gradient of softmax"}).compile(shapes);
  function({x, seen}, grad(sum(log_softmax(x) * seen), x), {.name = "gradient of log_softmax"}).compile(shapes);
  const Tensor loss = mean(categorical_crossentropy(softmax(x), classes));
  function({x, classes}, loss, {.name = "cross-entropy"}).compile({{40, 100}, {40}});
  function({x, seen}, grad(mean(categorical_crossentropy(softmax(x), seen)), x), {.name = "gradient of cross-entropy"})
      .compile(shapes);
}

void layer_norm(DType dtype) {
  const Shared gain = shared(Array::zeros({100}, dtype), "gain"), bias = shared(Array::zeros({100}, dtype), "bias");
  const Tensor x = tensor("x", dtype, {any_extent, any_extent}), seen = tensor("seen", dtype, {any_extent, any_extent});
  const Extents shapes[] = {{40, 100}, {40, 100}};
  const Tensor centred = x - mean(x, 1, keepdims);
  const Tensor plain = centred * rsqrt(mean(square(centred), 1, keepdims) + 1e-5);
  const Tensor y = plain * gain + bias, loss = sum(y * seen);
  function(x, plain, {.name = "layer norm without gain"}).compile({shapes[0]});
  function(x, y, {.name = "layer norm"}).compile({shapes[0]});
  function({x, seen}, grad(loss, x), {.name = "gradient of layer norm"}).compile(shapes);
  function({x, seen}, {grad(loss, x), grad(loss, gain), grad(loss, bias)}, {.name = "gradients of layer norm"})
      .compile(shapes);
}

}  // namespace

int main() {
  for (const DType dtype : {float32, float64}) {
    softmax_and_its_kin(dtype);
    layer_norm(dtype);
  }
}
