// The leaves that users declare.
#include "array/access.h"
#include "base/error.h"
#include "graph/node.h"

namespace croton {
namespace {
Tensor input(std::string_view name, DType d, Shape shape, Where w) {
  return make_input({d, std::move(shape)}, name, w);
}
constexpr Index any = any_extent;
}  // namespace

Tensor tensor(std::string_view name, DType d, const Extents& shape, Where w) {
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] < any_extent)
      fail_at<ShapeError>(w, "tensor \"{}\": axis {} has extent {}; an extent is a count, or any_extent (-1)", name, i,
                          shape[i]);
  if (shape.size() > 32) fail_at<ShapeError>(w, "tensor \"{}\": {} axes; at most 32 are allowed", name, shape.size());
  return input(name, d, Shape(shape.begin(), shape.end()), w);
}
Tensor scalar(std::string_view name, DType d, Where w) { return input(name, d, {}, w); }
Tensor vector(std::string_view name, DType d, Where w) { return input(name, d, {any}, w); }
Tensor matrix(std::string_view name, DType d, Where w) { return input(name, d, {any, any}, w); }
Tensor row(std::string_view name, DType d, Where w) { return input(name, d, {1, any}, w); }
Tensor col(std::string_view name, DType d, Where w) { return input(name, d, {any, 1}, w); }
Tensor tensor3(std::string_view name, DType d, Where w) { return input(name, d, {any, any, any}, w); }
Tensor tensor4(std::string_view name, DType d, Where w) { return input(name, d, {any, any, any, any}, w); }
Tensor tensor5(std::string_view name, DType d, Where w) { return input(name, d, {any, any, any, any, any}, w); }

Tensor fscalar(std::string_view name, Where w) { return scalar(name, float32, w); }
Tensor dscalar(std::string_view name, Where w) { return scalar(name, float64, w); }
Tensor iscalar(std::string_view name, Where w) { return scalar(name, int32, w); }
Tensor lscalar(std::string_view name, Where w) { return scalar(name, int64, w); }
Tensor fvector(std::string_view name, Where w) { return vector(name, float32, w); }
Tensor dvector(std::string_view name, Where w) { return vector(name, float64, w); }
Tensor ivector(std::string_view name, Where w) { return vector(name, int32, w); }
Tensor lvector(std::string_view name, Where w) { return vector(name, int64, w); }
Tensor fmatrix(std::string_view name, Where w) { return matrix(name, float32, w); }
Tensor dmatrix(std::string_view name, Where w) { return matrix(name, float64, w); }
Tensor imatrix(std::string_view name, Where w) { return matrix(name, int32, w); }
Tensor lmatrix(std::string_view name, Where w) { return matrix(name, int64, w); }
Tensor ftensor3(std::string_view name, Where w) { return tensor3(name, float32, w); }
Tensor dtensor3(std::string_view name, Where w) { return tensor3(name, float64, w); }
Tensor itensor3(std::string_view name, Where w) { return tensor3(name, int32, w); }
Tensor ltensor3(std::string_view name, Where w) { return tensor3(name, int64, w); }
Tensor ftensor4(std::string_view name, Where w) { return tensor4(name, float32, w); }
Tensor dtensor4(std::string_view name, Where w) { return tensor4(name, float64, w); }
Tensor itensor4(std::string_view name, Where w) { return tensor4(name, int32, w); }
Tensor ltensor4(std::string_view name, Where w) { return tensor4(name, int64, w); }
Tensor ftensor5(std::string_view name, Where w) { return tensor5(name, float32, w); }
Tensor dtensor5(std::string_view name, Where w) { return tensor5(name, float64, w); }
Tensor itensor5(std::string_view name, Where w) { return tensor5(name, int32, w); }
Tensor ltensor5(std::string_view name, Where w) { return tensor5(name, int64, w); }

/// The values are copied, however the Array is shared: later writes to it never reach the graph.
Tensor constant(const Array& a, std::string_view name, Where w) { return make_constant(a, name, w); }

}  // namespace croton
