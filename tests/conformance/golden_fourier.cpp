// numpy.fft.
#include "croton/fft.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

Extents lengths(const json& n) {
  if (n.is_array()) return Extents(n.get<std::vector<Index>>());
  return n.is_null() ? Extents() : Extents{n.get<Index>()};
}
Axes axes(const json& a) {
  if (a.is_array()) return a.get<std::vector<int>>();
  return a.is_null() ? Axes() : Axes(a.get<int>());
}
FftNorm norm(const std::string& name) {
  return name == "ortho" ? FftNorm::ortho : name == "forward" ? FftNorm::forward : FftNorm::backward;
}
FftOptions options(const json& a) {
  const bool several = a.contains("axes");
  return {.n = lengths(a.at(several ? "s" : "n")),
          .axes = axes(a.at(several ? "axes" : "axis")),
          .norm = norm(a.at("norm"))};
}

}  // namespace

void add_fourier(Table& t) {
  using In = std::vector<Tensor>;
  using Out = std::vector<Tensor>;
  for (const char* name : {"fft.rfft", "fft.rfftn"})
    t[name] = [](const In& in, const json& a) -> Out { return {rfft(in[0], options(a))}; };
  for (const char* name : {"fft.irfft", "fft.irfftn"})
    t[name] = [](const In& in, const json& a) -> Out { return {irfft(in[0], options(a))}; };
  for (const char* name : {"fft.fft", "fft.fftn"})
    t[name] = [](const In& in, const json& a) -> Out { return {fft(in[0], options(a))}; };
  for (const char* name : {"fft.ifft", "fft.ifftn"})
    t[name] = [](const In& in, const json& a) -> Out { return {ifft(in[0], options(a))}; };
}

}  // namespace golden
