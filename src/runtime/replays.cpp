#include "runtime/replays.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace croton::runtime {
namespace {

constexpr std::size_t most_sets = 32;

}  // namespace

void Replays::Set::run(Device& device, std::size_t stretch, const std::function<void()>& work) {
  Stretch& s = stretches_[stretch];
  if (s.was_run && !s.recording && !s.cannot) try {
      s.recording = device.capture(work);
    } catch (const DeviceError& e) {
      s.cannot = true;
      warn(fmt::format("device {}: launches cannot be made one graph and go one by one: {}", device.name(), e.what()));
    }
  if (s.recording) return s.recording->replay();
  work();
  s.was_run = true;
}

Replays::Set& Replays::of(std::span<void* const> pointers, std::size_t stretches) {
  auto set = std::find_if(sets_.begin(), sets_.end(), [&](const Set& s) {
    return std::equal(pointers.begin(), pointers.end(), s.pointers_.begin(), s.pointers_.end());
  });
  if (set == sets_.end()) {
    if (sets_.size() < most_sets)
      set = sets_.emplace(sets_.begin());
    else
      --set;
    set->stretches_ = std::vector<Set::Stretch>(stretches);
    set->pointers_.assign(pointers.begin(), pointers.end());
  }
  sets_.splice(sets_.begin(), sets_, set);
  return sets_.front();
}

}  // namespace croton::runtime
