#include "runtime/cpu/relay.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/dtype.h"
#include "runtime/cpu/parallel.h"

namespace croton::runtime {
namespace {

// More threads than these leave the others idle.
constexpr std::size_t most_workers = 256;

// One step, in tasks that are begun in their order; so many at a time make a group of rows.
struct Stage {
  const RowStep* step = nullptr;
  Panels panels{Gemm{}};  // of a product
  Index rows = 0, group_rows = 0;
  Index tasks = 0, tasks_of_a_group = 1;
  Index next = 0;  // the first task that nobody has begun

  void use(const RowStep& s) {
    step = &s;
    if (s.launch != nullptr) {
      rows = s.rows, group_rows = s.chunk_rows, tasks = s.launch->chunks;
      return;
    }
    panels = Panels(*s.gemm);
    rows = s.gemm->m, group_rows = panels.row_size, tasks = panels.count(), tasks_of_a_group = panels.columns;
  }
  // Rows before those of a task's group.
  Index first_row(Index task) const { return std::min(rows, task / tasks_of_a_group * group_rows); }
};

// Who does what. Tasks are large: one lock serves all.
class Turns {
 public:
  Turns(const Blas& blas, std::span<const RowStep> steps) : blas_(blas), count_(steps.size()) {
    for (std::size_t s = 0; s < count_; ++s) stages_[s].use(steps[s]);
  }

  std::size_t workers() const {
    Index most = 0;
    for (std::size_t s = 0; s < count_; ++s) most = std::max(most, stages_[s].tasks);
    return std::min({static_cast<std::size_t>(threads()), most_workers, static_cast<std::size_t>(most)});
  }

  void work(std::size_t worker, void* scratch) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const std::size_t s = begin(worker);
      if (s == nothing) {
        if (all_begun()) return;
        changed_.wait(lock);
        continue;
      }
      const Index task = at_work_[worker].task;
      lock.unlock();
      run(stages_[s], task, scratch);
      lock.lock();
      at_work_[worker].stage = nothing;
      changed_.notify_all();
    }
  }

 private:
  static constexpr std::size_t nothing = most_steps_of_a_relay;
  struct AtWork {
    std::size_t stage = nothing;
    Index task = 0;
  };

  // A task of the last step that has one ready: its rows were made a moment ago.
  std::size_t begin(std::size_t worker) {
    for (std::size_t s = count_; s-- > 0;) {
      Stage& stage = stages_[s];
      if (stage.next == stage.tasks || !is_ready(s)) continue;
      at_work_[worker] = {s, stage.next++};
      return s;
    }
    return nothing;
  }

  bool all_begun() const {
    return std::all_of(stages_.begin(), stages_.begin() + count_, [](const Stage& s) { return s.next == s.tasks; });
  }

  // Whether the step before has made the share of its rows that the next task reads.
  bool is_ready(std::size_t s) const {
    if (s == 0) return true;
    const Stage &stage = stages_[s], &before = stages_[s - 1];
    const Index end = std::min(stage.rows, stage.first_row(stage.next) + stage.group_rows);
    const Index needed =
        stage.rows > before.rows ? (end - 1) / (stage.rows / before.rows) + 1 : end * (before.rows / stage.rows);
    return rows_made(s - 1) >= needed;
  }

  Index rows_made(std::size_t s) const {
    Index first = stages_[s].next;
    for (const AtWork& w : at_work_)
      if (w.stage == s) first = std::min(first, w.task);
    return first == stages_[s].tasks ? stages_[s].rows : stages_[s].first_row(first);
  }

  void run(const Stage& stage, Index task, void* scratch) const {
    if (const Launch* l = stage.step->launch)
      l->kernel.chunk(l->args, task, scratch);
    else
      blas_.multiply(*stage.step->gemm, stage.panels, task);
  }

  const Blas& blas_;
  std::size_t count_;
  std::array<Stage, most_steps_of_a_relay> stages_;
  std::array<AtWork, most_workers> at_work_;  // by worker
  std::mutex mutex_;
  std::condition_variable changed_;  // a task is done
};

// Memory that a step reads or writes.
struct Range {
  std::uintptr_t first = 0, end = 0;
  bool written = false;
  bool meets(const Range& o) const { return first < o.end && o.first < end; }
};

template <class F>
bool any_range(const RowStep& s, F&& f) {
  const auto look = [&](const void* data, std::size_t bytes, bool written) {
    const auto first = reinterpret_cast<std::uintptr_t>(data);
    return f(Range{first, first + bytes, written});
  };
  if (s.launch != nullptr)
    return std::any_of(s.launch->buffers.begin(), s.launch->buffers.end(),
                       [&](const BufferUse& u) { return look(u.data, u.bytes, u.access != Access::r); });
  const Gemm& g = *s.gemm;
  const auto bytes = [&](Index rows, Index row) { return static_cast<std::size_t>(rows * row) * size_of(g.dtype); };
  return look(g.a, bytes(g.transpose_a ? g.k : g.m, g.lda), false) ||
         look(g.b, bytes(g.transpose_b ? g.n : g.k, g.ldb), false) || look(g.c, bytes(g.m, g.ldc), true);
}

// Whether the later step writes what the earlier one may still have to read, or writes itself; but for memory in which
// it takes elements that were made for it, and puts its own in their place.
bool writes_over(const RowStep& later, const RowStep& earlier) {
  const auto takes = [&](const Range& w) {
    return any_range(later, [&](const Range& r) { return !r.written && r.first == w.first && r.end == w.end; });
  };
  return any_range(later, [&](const Range& w) {
    return w.written && any_range(earlier, [&](const Range& r) { return r.meets(w) && !(r.written && takes(w)); });
  });
}

Index rows(const RowStep& s) { return s.launch != nullptr ? s.rows : s.gemm->m; }

// Whether shares of the rows of one are whole rows of the other.
bool share_rows(Index one, Index other) {
  return one > 0 && other > 0 && std::max(one, other) % std::min(one, other) == 0;
}

}  // namespace

bool gains_by_turns(const Blas& blas, std::span<const RowStep> steps) {
  if (!blas.reentrant()) return false;
  for (std::size_t later = 1; later < steps.size(); ++later) {
    if (!share_rows(rows(steps[later]), rows(steps[later - 1]))) return false;  // also where there are none
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (writes_over(steps[later], steps[earlier])) return false;
  }
  return std::any_of(steps.begin(), steps.end(),
                     [](const RowStep& s) { return s.gemm != nullptr && Panels(*s.gemm).rows > 1; });
}

void run_in_turns(const Blas& blas, std::span<const RowStep> steps) {
  std::size_t scratch_bytes = 0;
  for (const RowStep& s : steps)
    if (s.launch != nullptr) scratch_bytes = std::max(scratch_bytes, s.launch->scratch_bytes);
  Turns turns(blas, steps);
  const auto work = [](void* turns, long worker, void* scratch) {
    static_cast<Turns*>(turns)->work(static_cast<std::size_t>(worker), scratch);
  };
  parallel_for(static_cast<long>(turns.workers()), scratch_bytes, work, &turns);
}

}  // namespace croton::runtime
