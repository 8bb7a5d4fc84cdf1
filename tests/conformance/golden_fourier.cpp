// numpy.fft.
#include "croton/fft.h"
#include "golden_ops.h"

using namespace croton;
using nlohmann::json;

namespace golden {
namespace {

FftOptions options(const json& a) {
  FftOptions o;
  const json n = a.contains("s") ? a["s"] : a["n"], axes = a.contains("axes") ? a["axes"] : a["axis"];
  if (n.is_array())
    o.n = Extents(n.get<std::vector<Index>>());
  else if (!n.is_null())
    o.n = n.get<Index>();
  o.axes = axes.is_array() ? Axes(axes.get<std::vector<int>>()) : axes.is_null() ? Axes() : Axes(axes.get<int>());
  const std::string norm = a.at("norm");
  o.norm = norm == "ortho" ? FftNorm::ortho : norm == "forward" ? FftNorm::forward : FftNorm::backward;
  return o;
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
