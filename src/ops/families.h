// The families of ops: each file of ops/ that declares ops gives them as one list; registry.cpp joins the lists.
#pragma once
#include <span>

#include "graph/op.h"

namespace croton::ops {

using Family = std::span<const Op* const>;

// each element
Family arithmetic_ops();
Family compare_ops();
Family logic_ops();
Family exponential_ops();
Family trigonometric_ops();
Family rounding_ops();
Family special_ops();
Family select_ops();
Family cast_ops();
Family masked_ops();
// folds
Family reduction_ops();
Family statistics_ops();
// along an axis, on the host
Family accumulate_ops();
Family sorted_ops();
Family order_ops();
// matrices, on the host
Family linalg_ops();
Family decomposition_ops();
Family qr_ops();
Family expm_ops();
// transforms, on the host
Family fourier_ops();
// data movement and products
Family view_ops();
Family identity_ops();
Family shape_ops();
Family index_ops();
Family roll_ops();
Family window_ops();
Family nonzero_ops();
Family concatenate_ops();
Family contract_ops();
Family neural_ops();
Family random_ops();
// graphs in a node
Family loop_ops();
Family ifelse_ops();

/// The lists above, one after another.
using FamilyList = Family (*)();
std::span<const FamilyList> families();

}  // namespace croton::ops
