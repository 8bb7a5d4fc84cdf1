// The ops of sorted.cpp and order.cpp, for the functions that are made of them.
#pragma once
#include "graph/op.h"

namespace croton::ops {

extern const Op argsort;       // params axis, descending
extern const Op sort;          // params axis
extern const Op argtopk;       // params axis, descending, k
extern const Op argmedian;     // params axis
extern const Op unique;        // of a vector
extern const Op argunique;     // of a vector
extern const Op row_order;     // of a matrix
extern const Op searchsorted;  // inputs: a sorted vector, values of its dtype; params right
extern const Op bincount;      // params least

}  // namespace croton::ops
