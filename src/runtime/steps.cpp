#include "runtime/steps.h"

#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/float_control.h"

namespace croton::runtime {

void Steps::launch(const Launch& l) {
  KeptLaunch kept{l.kernel, l.chunks, {}, l.args_bytes, {l.buffers.begin(), l.buffers.end()}, l.scratch_bytes};
  kept.args.resize((l.args_bytes + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
  if (l.args_bytes != 0) std::memcpy(kept.args.data(), l.args, l.args_bytes);
  list_.emplace_back(std::move(kept));
}

void Steps::to_device(void* to, const void* from, std::size_t bytes) {
  const auto* first = static_cast<const std::byte*>(from);
  list_.push_back(Upload{to, {first, first + bytes}});
}

void Steps::run(Device& device, const Step& step) {
  struct Do {
    Device& device;
    void operator()(const KeptLaunch& k) const {
      const Launch l{k.kernel, k.chunks, k.args.data(), k.args_bytes, k.buffers, k.scratch_bytes};
      device.launch({&l, 1});
    }
    void operator()(const Upload& u) const { device.to_device(u.to, u.bytes.data(), u.bytes.size()); }
    void operator()(const Copy& c) const { device.copy(c.to, c.from, c.bytes); }
    void operator()(const Zero& z) const { device.zero(z.to, z.bytes); }
    void operator()(const Gemm& g) const { device.gemm(g); }
    void operator()(const Release& r) const { device.release(r.data, r.bytes); }
  };
  std::visit(Do{device}, step);
}

void Steps::run(Device& device) const {
  const FloatControl control;  // work that was queued is done where the host program waits for it
  for (const Step& step : list_) run(device, step);
}

void Steps::use_up(Device& device) {
  const FloatControl control;
  std::size_t done = 0;
  const struct Leave {
    std::vector<Step>& list;
    const std::size_t& done;
    ~Leave() { list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(done)); }
  } leave{list_, done};
  for (; done < list_.size(); ++done) run(device, list_[done]);
}

thread_local constinit RecordingNow recording_now;

namespace {

class Replay final : public Recording {
 public:
  Replay(Device& device, Steps steps) : device_(device), steps_(std::move(steps)) {}
  void replay() override { steps_.run(device_); }

 private:
  Device& device_;
  Steps steps_;
};

}  // namespace

Steps noted(const Device& device, const std::function<void()>& work) {
  Steps steps;
  struct Restore {
    RecordingNow before = recording_now;
    ~Restore() { recording_now = before; }
  } restore;
  recording_now = {&device, &steps};
  work();
  return steps;
}

std::unique_ptr<Recording> record(Device& device, const std::function<void()>& work) {
  return std::make_unique<Replay>(device, noted(device, work));
}

void refuse_to_wait(const Device& device) {
  fail<DeviceError>("device {}: a recording cannot wait for the device", device.name());
}

}  // namespace croton::runtime
