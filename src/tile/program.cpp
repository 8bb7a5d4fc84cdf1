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

bool checks(const Step& step) {
  const auto* phase = std::get_if<Phase>(&step);
  return phase && std::any_of(phase->values.begin(), phase->values.end(),
                              [](const Value& v) { return v.kind == Value::Kind::row; });
}

}  // namespace croton::tile
