// What a function was asked for, checked: inputs, outputs and updates after the givens, before any rewriting.
#pragma once
#include "croton/function.h"
#include "function/words.h"
#include "graph/walk.h"

namespace croton {

struct InputSlot {
  Tensor variable;
  bool has_default = false;
  Array value = {};  // the default, in the input's dtype
};

struct Recipe {
  std::string name;  // "" where the user gave none
  Where where;
  std::vector<InputSlot> inputs;
  std::vector<Tensor> outputs;
  std::vector<bool> borrow;  // by output
  std::vector<Update> updates;
  std::vector<SharedUse> shared;  // all that it reads or updates, by id
  std::size_t nodes = 0;          // of the graph
  bool downcast = false;

  /// How errors call it: its name, or "function".
  std::string title() const { return name.empty() ? "function" : name; }
  /// "x float32[?, 784], y int64[?]"
  std::string signature() const;
  /// "train(x, y)"
  std::string call() const;
  std::size_t required_inputs() const;
};

/// Throws GraphError, DTypeError and ShapeError that name what does not fit, at the place where the function was asked
/// for.
Recipe make_recipe(const Inputs&, std::span<const Out> outputs, const FunctionOptions&, std::span<const Update>, Where);

/// The new value of a variable with the variable's dtype: a bare number fills it. Throws ShapeError and DTypeError for
/// one that does not fit; `verb` begins the texts: "function: updates".
Tensor fitted(const Update&, std::string_view verb, Where);

/// The outputs with the givens in place of their variables. `verb` begins error texts: "function", "eval".
std::vector<Tensor> with_givens(std::span<const Tensor> outputs, const Givens&, std::string_view verb, Where);

}  // namespace croton
