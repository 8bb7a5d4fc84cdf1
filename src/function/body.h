// What a Function points to. Counted; a call changes nothing in it but its caches.
#pragma once
#include <mutex>

#include "base/fork_safe.h"
#include "function/specialized.h"

namespace croton {

/// What one running call needs: its inputs as arrays, and memory for those that are not arrays.
struct Frame {
  std::vector<Array> inputs;
  std::vector<Array> kept;  // by input: a number's element, or a view of a caller's vector
};

struct FunctionBase::Body {
  std::atomic<int> count{1};
  Recipe recipe;
  Making making;
  ShortAxes short_axes;

  ForkSafeMutex mutex;  // of the list; specializations live as long as the function
  std::vector<std::unique_ptr<Specialized>> specialized;
  std::atomic<Specialized*> latest{nullptr};
  std::atomic<Frame*> spare{nullptr};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::int64_t> nanoseconds{0};

  Body(Recipe, Making);
  ~Body();

  void take(std::span<const Argument>, Frame&) const;
  void call(std::span<const Array> inputs, std::span<Array> outputs);
  /// Copies the results that lie in memory which was lent for the call only.
  void keep(std::span<Array> outputs, const Frame&) const;
  /// Calls f with the specialization for the shapes of now, the words of all shared variables held: exclusively those
  /// of the updated ones, and all of them where one has to move to the device first. Where there is no such
  /// specialization it is made, and compiled, before, without the words. No inputs: for any.
  template <class F>
  void with_specialized(std::span<const Array> inputs, F&& f);
  Specialized* fitting(std::span<const Array> inputs);
  /// Whether there is one now: not, where these inputs do not fit the graph. Then it is the one for any that knows how
  /// to say so.
  bool specialize(const std::vector<Extents>& shared_shapes, std::span<const Array> inputs);
  /// The one for any inputs; compiled where no inputs could ask for another.
  void begin();
  std::vector<Extents> shapes() const;
  std::vector<Shape> input_shapes(std::span<const Array> inputs) const;
  std::string profile_table();
};

template <class F>
void FunctionBase::Body::with_specialized(std::span<const Array> inputs, F&& f) {
  if (making.reference) inputs = {};
  std::span<const Array> typed_for = inputs;
  for (bool exclusive = false;;) {
    std::vector<Extents> wanted;
    Specialized* s = nullptr;
    {
      const Words words(recipe.shared, exclusive);
      s = fitting(typed_for);
      if (s && s->is_loaded()) {
        if (exclusive || !s->needs_exclusive()) return f(*s);
        exclusive = true;
        continue;
      }
      if (!s) wanted = shapes();
      // shapes that do not fit are refused before anything is compiled
      if (s && inputs.size() == recipe.inputs.size()) s->prepare(inputs);
    }
    // without the words: others go on
    if (s)
      s->load();
    else if (!specialize(wanted, typed_for))
      typed_for = {};
  }
}

}  // namespace croton
