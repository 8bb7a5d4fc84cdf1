// Writes at rows that integers name, brought to the form that phases can hold: which rows are written is worked out
// first, so that no two writes meet; then each is written once.
#pragma once
#include <unordered_set>

#include "graph/op.h"

namespace croton::tile {

// Ops of the fuser's own, made when regions are brought to form. Rows are int64; where one is negative, nothing is read
// or written.

/// inputs x, index; int64 of the index's shape: the row of x along params.integer("axis") that each element names,
/// counted from 0. A kernel checks it, and row_check says what it checks.
extern const Op row_numbers;
/// inputs x, rows [n]: x with its axis params.integer("axis") replaced by those rows of it, 0 where a row is negative.
extern const Op read_rows;
/// inputs x, rows [n], values: x, in whose memory the result lies, with those rows along params.integer("axis")
/// replaced by rows of values. No row is named twice.
extern const Op written_rows;
/// inputs values [n], rows [n], which are 0 ... n - 1 in any order: the values in the order of their rows.
extern const Op arranged_rows;
/// inputs start [n, ...], values [m, ...], list [m], first [n], end [n]: start[i], and to it added one after another
/// the rows of values that list[first[i]] ... list[end[i] - 1] name.
extern const Op added_rows;

/// The read whose index a node of row_numbers checks, for the text of the error.
Tensor row_check(const Tensor& row_numbers);

/// The axis along which a write replaces one row that an integer of no known value names, all other axes being whole;
/// -1: it is no such write. `known`: whose integers are known without any call.
int written_axis(const Tensor& write, const std::unordered_set<const Node*>& known);

/// A scatter, or a write along such an axis, into `whole`, which holds x, owned by the result. `inputs`: the node's.
Tensor scattered(const Tensor& scatter, std::vector<Tensor> inputs, const Tensor& whole);
Tensor row_written(const Tensor& write, std::vector<Tensor> inputs, const Tensor& whole, int axis);

}  // namespace croton::tile
