#include "tile/order.h"

#include <algorithm>
#include <utility>

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

class Order {
 public:
  explicit Order(const Program& p)
      : program_(p), readers_(p.buffers.size()), makers_(p.buffers.size()), is_output_(p.buffers.size(), false) {
    for (const int b : p.outputs) is_output_[at(root_of(p, b))] = true;
    for (std::size_t s = 0; s < p.steps.size(); ++s) {
      for (const int b : reads(s)) readers_[at(b)].push_back(s);
      for (const int b : writes(s)) makers_[at(b)].push_back(s);
    }
    standing_.assign(p.steps.size(), Standing::to_come);
  }

  std::vector<std::size_t> run() {
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      if (standing_[s] == Standing::placed) continue;
      if (can_wait(s)) {
        standing_[s] = Standing::waiting;
        if (reads_variable(s)) waiting_readers_.push_back(s);
        continue;
      }
      if (writes_output(s)) place_waiting_readers(s);
      for (const int b : reads(s))
        for (const std::size_t m : makers_[at(b)])
          if (standing_[m] == Standing::waiting) place(m);
      place(s);
    }
    return std::move(order_);
  }

 private:
  enum class Standing : std::uint8_t { to_come, waiting, placed };

  // What a region is written over counts as read: the step comes after those that make it.
  std::vector<int> reads(std::size_t s) const {
    std::vector<int> r = buffers_read(program_.steps[s]);
    for (const int b : buffers_written(program_.steps[s]))
      if (is_region(program_.buffers[at(b)])) r.push_back(b);
    for (int& b : r) b = root_of(program_, b);
    return r;
  }
  std::vector<int> writes(std::size_t s) const {
    std::vector<int> r = buffers_written(program_.steps[s]);
    for (int& b : r) b = root_of(program_, b);
    return r;
  }

  bool is_phase(std::size_t s) const { return std::holds_alternative<Phase>(program_.steps[s]); }
  bool writes_output(std::size_t s) const {
    const std::vector<int> w = writes(s);
    return std::any_of(w.begin(), w.end(), [&](int b) { return is_output_[at(b)]; });
  }
  bool reads_variable(std::size_t s) const {
    const std::vector<int> r = reads(s);
    return std::any_of(r.begin(), r.end(),
                       [&](int b) { return node(program_.buffers[at(b)].node).kind == NodeKind::shared; });
  }

  // A product that a phase reads before any other step does.
  bool can_wait(std::size_t s) const {
    const auto* call = std::get_if<LibraryCall>(&program_.steps[s]);
    return call && !readers_[at(call->out)].empty() && is_phase(readers_[at(call->out)][0]);
  }

  // Those that a step reads come last.
  void place_waiting_readers(std::size_t before) {
    const std::vector<int> wanted = reads(before);
    for (const std::size_t s : std::exchange(waiting_readers_, {})) {
      const int out = std::get<LibraryCall>(program_.steps[s]).out;
      if (standing_[s] == Standing::placed) continue;
      if (std::find(wanted.begin(), wanted.end(), out) != wanted.end()) continue;
      place(s);
      const std::size_t reader = readers_[at(out)][0];
      if (can_come_early(reader)) place(reader);
    }
  }

  bool can_come_early(std::size_t s) const {
    const std::vector<int> r = reads(s);
    return standing_[s] == Standing::to_come && !checks(program_.steps[s]) && !writes_output(s) &&
           std::all_of(r.begin(), r.end(), [&](int b) {
             return std::all_of(makers_[at(b)].begin(), makers_[at(b)].end(),
                                [&](std::size_t m) { return m == s || standing_[m] == Standing::placed; });
           });
  }

  void place(std::size_t s) {
    standing_[s] = Standing::placed;
    order_.push_back(s);
  }

  const Program& program_;
  std::vector<std::vector<std::size_t>> readers_;  // by buffer
  std::vector<std::vector<std::size_t>> makers_;   // by buffer: the steps that write it, or regions of it
  std::vector<bool> is_output_;                    // by buffer
  std::vector<Standing> standing_;                 // by step
  std::vector<std::size_t> waiting_readers_;       // products that wait and read a variable
  std::vector<std::size_t> order_;
};

}  // namespace

void bring_together(Program& p) {
  const std::vector<std::size_t> order = Order(p).run();
  std::vector<int> now(order.size());
  std::vector<Step> steps;
  for (const std::size_t s : order) {
    now[s] = static_cast<int>(steps.size());
    steps.push_back(std::move(p.steps[s]));
  }
  p.steps = std::move(steps);
  for (Buffer& b : p.buffers)
    if (b.made_by >= 0) b.made_by = now[at(b.made_by)];
}

}  // namespace croton::tile
