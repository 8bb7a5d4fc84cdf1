#include "tile/program.h"

#include <algorithm>

namespace croton::tile {

bool reads(const Step& step, const std::vector<int>& buffers) {
  const auto has = [&](int b) { return std::find(buffers.begin(), buffers.end(), b) != buffers.end(); };
  if (const auto* phase = std::get_if<Phase>(&step))
    return std::any_of(phase->values.begin(), phase->values.end(),
                       [&](const Value& v) { return v.buffer >= 0 && has(v.buffer); });
  if (const auto* call = std::get_if<LibraryCall>(&step)) return has(call->a) || has(call->b);
  const auto& host = std::get<HostStep>(step);
  return std::any_of(host.arguments.begin(), host.arguments.end(), has);
}

bool fills_lines(const Program& p, int partials) {
  const Buffer& b = p.buffers[static_cast<std::size_t>(partials)];
  const auto constant = [&](AxisId a) { return p.axes[static_cast<std::size_t>(a)].constant >= 0; };
  const auto constants = std::count_if(b.axes.begin(), b.axes.end(), constant);
  if (static_cast<std::size_t>(constants) + 1 != b.axes.size()) return false;
  return std::none_of(p.steps.begin(), p.steps.end(), [&](const Step& s) {
    const auto* phase = std::get_if<Phase>(&s);
    return phase && phase->flat && phase->parallel.size() > 1 && reads(s, {partials});
  });
}

bool checks(const Step& step) {
  const auto* phase = std::get_if<Phase>(&step);
  return phase && std::any_of(phase->values.begin(), phase->values.end(),
                              [](const Value& v) { return v.kind == Value::Kind::row; });
}

}  // namespace croton::tile
