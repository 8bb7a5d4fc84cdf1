// A recipe made ready to run: rewritten and compiled for what is known of the shapes of its leaves.
#pragma once
#include <atomic>
#include <memory>
#include <optional>

#include "base/config.h"
#include "function/dump.h"
#include "function/recipe.h"
#include "function/typed.h"
#include "runtime/programs.h"

namespace croton {

/// How functions are made; read from options and configuration once, when function() is called.
struct Making {
  std::shared_ptr<const Config> config;  // in use whenever the function is made for other shapes
  bool reference = false;                // FAST_COMPILE, or check_nan: the reference evaluator
  bool check_nan = false;
  bool unsafe = false, check = false;
  bool profile = false, print_profile = false;  // measure the calls; print the table in the end
  runtime::Device* device = nullptr;            // null for the reference evaluator
  std::string dump;                             // a folder, or ""
};

class Specialized {
 public:
  /// For shared variables of these shapes, and inputs whose types shall say these (function/typed.h). An extent of a
  /// variable that is another than its type says is left open, so that one more specialization serves every later
  /// shape.
  Specialized(const Recipe&, const Making&, const std::vector<Extents>& shared_shapes,
              const std::vector<Shape>& input_shapes);

  /// Whether it can run while the shared variables have the shapes that they have now; their words are held.
  bool fits(const Recipe&) const;
  bool is_for(const std::vector<Shape>& input_shapes) const;
  bool has_types_of(const Specialized&) const;
  /// Whether these are the types for such arguments, which the recipe's types allow.
  bool is_for(const Recipe&, const ShortAxes&, std::span<const Array> inputs) const;
  /// Whether inputs can have extents of 1 in their types: calls of several programs have no plan that could be refused.
  bool takes_ones() const { return executable_ && executable_->only(); }
  /// Whether run() has to move a shared variable to the device first.
  bool needs_exclusive() const;
  /// The words are held. Nothing has been updated when it throws.
  void run(std::span<const Array> inputs, std::span<Array> outputs);
  void prepare(std::span<const Array> inputs);

  /// Compiles what it runs, without the words.
  void load();
  bool is_loaded() const { return is_loaded_.load(std::memory_order_acquire); }
  /// Whether it ran, or had a plan made.
  bool was_wanted() const { return was_wanted_.load(std::memory_order_relaxed); }
  /// For people: a line for each leaf that is typed anew.
  const std::string& note() const { return note_; }
  std::string source() const;
  std::string explain() const;
  std::vector<runtime::Executable::StepTime> step_times() const;

 private:
  /// An output that is borrowed, and nothing but a view.
  struct Borrowed {
    std::size_t output = 0;
    Tensor view;
  };
  void check_as(const TypedGraph& asked, const runtime::Shapes&, const runtime::Integers&) const;
  void set_views_apart(const Recipe&);
  void compile(const Making&, const std::string& title, Dump&);
  std::vector<Array> views(std::span<const Array> inputs) const;
  void compute(std::span<const Array> inputs, std::span<Array> outputs);
  void evaluate(std::span<const Array> inputs, std::span<Array> outputs);
  void check_update(std::size_t u, const Array& value) const;
  std::string views_text() const;

  std::atomic<bool> is_loaded_{false}, was_wanted_{false};
  std::string note_;
  std::vector<Tensor> results_, inputs_, leaves_;  // results that are computed: outputs, then new values
  std::vector<runtime::UpdateTarget> updates_;
  std::vector<Borrowed> borrowed_;
  std::vector<Tensor> borrowed_shared_;  // the variables that they need
  runtime::Device* device_ = nullptr;    // null for the reference evaluator
  std::unique_ptr<runtime::Programs> executable_;
  std::vector<runtime::SharedStorage*> on_device_;  // what it and the views read or update
  bool check_nan_ = false;
};

}  // namespace croton
