// The ops of accumulate.cpp, for the functions that are made of them.
#pragma once
#include "graph/op.h"

namespace croton::ops {

extern const Op cumsum, cumprod;                 // params axis
extern const Op running_argmax, running_argmin;  // params axis

}  // namespace croton::ops
