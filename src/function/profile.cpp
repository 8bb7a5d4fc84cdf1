#include "function/profile.h"

#include <fmt/format.h>

#include <algorithm>

namespace croton {
namespace {

std::string duration(double seconds) {
  if (seconds >= 1) return fmt::format("{:.3g} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.3g} ms", seconds * 1e3);
  return fmt::format("{:.3g} us", seconds * 1e6);
}

std::string row(double seconds, double whole, std::uint64_t calls, const std::string& what) {
  const double share = whole > 0 ? 100 * seconds / whole : 0;
  const double each = calls > 0 ? seconds / static_cast<double>(calls) : 0;
  return fmt::format("{:>6.1f}%  {:>10}  {:>8}  {:>10}  {}\n", share, duration(seconds), calls, duration(each), what);
}

}  // namespace

std::string profile_text(const std::string& name, std::uint64_t calls, double seconds,
                         std::vector<runtime::Executable::StepTime> steps) {
  std::string out = fmt::format("{}: {} calls, {}\n", name, calls, duration(seconds));
  if (calls == 0) return out;
  out += fmt::format("{:>7}  {:>10}  {:>8}  {:>10}  {}\n", "share", "time", "calls", "per call", "step");
  std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  double inside = 0;
  for (const auto& s : steps) {
    if (s.calls == 0) continue;
    inside += s.seconds;
    out += row(s.seconds, seconds, s.calls, s.label);
  }
  return out + row(std::max(0.0, seconds - inside), seconds, calls,
                   steps.empty() ? "reference evaluator" : "arguments, locks, memory");
}

}  // namespace croton
