// Convolutions and pooling, as ONNX and PyTorch have them.
#include "croton/gradient.h"
#include "croton/nn.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

using In = std::vector<Tensor>;
using Out = std::vector<Tensor>;

Extents extents(const json& a, const char* key) {
  return a.contains(key) ? Extents(a.at(key).get<std::vector<Index>>()) : Extents();
}
Padding padding(const json& a) {
  const json& p = a.at("padding");
  return p.is_string() ? Padding("same") : Padding(p.get<std::vector<std::array<Index, 2>>>());
}

Tensor conv(const In& in, const json& a) {
  const ConvOptions o{.padding = padding(a),
                      .stride = extents(a, "stride"),
                      .dilation = extents(a, "dilation"),
                      .groups = a.at("groups").get<Index>()};
  const int axes = in[0].ndim() - 2;
  return axes == 1 ? conv1d(in[0], in[1], o) : axes == 2 ? conv2d(in[0], in[1], o) : conv3d(in[0], in[1], o);
}
Tensor conv_transpose(const In& in, const json& a) {
  const ConvTransposeOptions o{.padding = padding(a),
                               .stride = extents(a, "stride"),
                               .dilation = extents(a, "dilation"),
                               .output_padding = extents(a, "output_padding"),
                               .groups = a.at("groups").get<Index>()};
  const int axes = in[0].ndim() - 2;
  return axes == 1   ? conv1d_transpose(in[0], in[1], o)
         : axes == 2 ? conv2d_transpose(in[0], in[1], o)
                     : conv3d_transpose(in[0], in[1], o);
}
PoolOptions pool(const json& a) {
  return {.stride = extents(a, "stride"),
          .padding = padding(a),
          .dilation = extents(a, "dilation"),
          .ceil = a.at("ceil").get<bool>()};
}
Tensor max_pool(const In& in, const json& a) { return croton::max_pool(in[0], extents(a, "window"), pool(a)); }
Tensor avg_pool(const In& in, const json& a) {
  return croton::avg_pool(in[0], extents(a, "window"), pool(a), a.at("include_padding").get<bool>());
}
/// ONNX's has a bias.
Tensor biased(const Tensor& y, const In& in) {
  std::vector<int> axes(static_cast<std::size_t>(y.ndim()), -1);
  axes[1] = 0;
  return in.size() > 2 ? y + dimshuffle(in[2], axes) : y;
}

/// The value, then the gradients of its product with the last input along all others.
template <class F>
Build with_gradients(F f) {
  return [f](const In& in, const json& a) -> Out {
    const In of(in.begin(), in.end() - 1);
    const Tensor y = f(of, a);
    Out out{y};
    for (const Tensor& g : grad(sum(y * in.back()), of)) out.push_back(g);
    return out;
  };
}

}  // namespace

void add_windows(Table& t) {
  t["conv"] = [](const In& in, const json& a) -> Out { return {biased(conv(in, a), in)}; };
  t["conv_transpose"] = [](const In& in, const json& a) -> Out { return {biased(conv_transpose(in, a), in)}; };
  t["max_pool"] = [](const In& in, const json& a) -> Out { return {max_pool(in, a)}; };
  t["avg_pool"] = [](const In& in, const json& a) -> Out { return {avg_pool(in, a)}; };
  t["conv_grad"] = with_gradients(conv);
  t["conv_transpose_grad"] = with_gradients(conv_transpose);
  t["max_pool_grad"] = with_gradients(max_pool);
  t["avg_pool_grad"] = with_gradients(avg_pool);
}

}  // namespace golden
