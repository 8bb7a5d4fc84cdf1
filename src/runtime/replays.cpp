#include "runtime/replays.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace croton::runtime {

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
  for (std::size_t k = 0; k < sets_.size(); ++k) {
    Set& s = sets_[(last_ + k) % sets_.size()];
    if (!std::equal(pointers.begin(), pointers.end(), s.pointers_.begin(), s.pointers_.end())) continue;
    last_ = (last_ + k) % sets_.size();
    return s;
  }
  last_ = (last_ + 1) % sets_.size();
  Set& s = sets_[last_];
  s.stretches_ = std::vector<Set::Stretch>(stretches);
  s.pointers_.assign(pointers.begin(), pointers.end());
  return s;
}

}  // namespace croton::runtime
