// One executable for many cases, held against the reference evaluator's bounds.
#pragma once
#include <optional>

#include "random_graph.h"
#include "runtime/programs.h"

namespace croton::property {

struct Counts {
  std::size_t graphs = 0, elements = 0;
  std::size_t doubtful = 0;   // decided by a comparison within the bound
  std::size_t wide = 0;       // the bound is infinite, or so wide that its first order says nothing
  std::size_t replanned = 0;  // programs that ran with other extents too
};

struct Disagreement {
  std::size_t at = 0;  // which case; cases.size(): building or running them failed
  std::string what;
};

/// All results of the cases together: what each case's outputs and updated variables are after a run.
using Results = std::vector<std::vector<Array>>;

class Together {
 public:
  /// `optimized`: rewritten by all passes, else only as far as generated code needs.
  Together(std::vector<Case> cases, bool optimized, runtime::Device&);

  /// Runs from the initial values of the shared variables.
  Results run();
  /// Runs once more, from where the last run has left the shared variables.
  Results run_on();
  /// Gives every extent that no type fixes another value, where the graph then still fits; the values are repeated or
  /// cut. False where no case changes.
  bool change_extents();
  /// Gives every integer scalar that calls bring another value, where the graph then still fits: slices and rows lie
  /// elsewhere. False where no case changes.
  bool change_places();
  /// What the rewritten graphs' values are by the reference evaluator, and are not without optimization; what compiled
  /// code gives, and the reference does not, at the first run and at the one after it, with other places, and with
  /// other extents.
  std::optional<Disagreement> disagreement(Counts&);
  std::string explain() const { return program_->explain(); }
  std::string source() const { return program_->source(); }

 private:
  /// Every case to another of the same graph, where that still fits. False where none changes.
  bool change(const std::function<Case(Case)>&);
  std::optional<Disagreement> check_rewriting(Counts&) const;
  std::optional<Disagreement> check_runs(const std::string& when, Counts&);
  std::optional<Disagreement> compare(const Results&, const std::vector<ops::Values>&, Counts&) const;

  std::vector<Case> cases_;
  std::vector<std::vector<Tensor>> plain_;      // by case, as far as generated code needs, where rewritten_ is more
  std::vector<std::vector<Tensor>> rewritten_;  // by case: its outputs, then its updates
  std::unique_ptr<runtime::Programs> program_;
};

/// The same with what is thrown made a disagreement.
std::optional<Disagreement> disagreement(const std::vector<Case>&, bool optimized, runtime::Device&, Counts&);

}  // namespace croton::property
