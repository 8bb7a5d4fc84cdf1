// The list of all ops. Registration is explicit: a new family adds its list here and nowhere else.
#pragma once
#include <span>

#include "graph/codes.h"
#include "ops/elementwise.h"

namespace croton::ops {

/// Every op, in the order of its family's file.
std::span<const Op* const> all();
/// The op of that name, or null.
const Op* find(std::string_view name);

// The primitives by name beside those of elementwise.h, for rooms that build graphs (rules, gradients, tiles). Each is
// defined whole in its family's file. Extents and bounds: graph/codes.h. Nothing that a type does not fix is ever a
// number: what depends on another tensor's extent is an input made by shape_of.

extern const Op permute;  // params axes: result axis d is input axis axes[d]; -1 makes a new axis of extent 1; dropped
                          // axes must be 1
extern const Op
    broadcast;  // inputs: x, then int64 scalars for extents; params dims; an axis widens only where x's type says 1
extern const Op specify_one;   // params axis: states that this axis of x has extent 1
extern const Op specify_rows;  // params axis, rows: states that this axis of what scan goes over has that extent
extern const Op slice;  // params start/stop/step, one triple an axis; step 0: the integer index `start`, and the axis
                        // goes; inputs: x, bounds
extern const Op
    write;  // slice's params, set: x with that part replaced by (or increased by) value; inputs: x, value, bounds
extern const Op sliding_window_view;  // params axis, stride, dilation, dims: elements of a window, where the first one
                                      // begins, how many; own_extent: as many as there are; inputs: x, then int64
                                      // scalars for these
extern const Op
    fold_windows;  // params axis, stride, dilation, dims: the result's extent, where the first window begins
extern const Op gather, scatter;  // gather(x, index) along axis 0; scatter(x, index, rows), params set
extern const Op nonzero;      // inputs: a mask, then the extents that it must have: row-major numbers of its elements
extern const Op reshape;      // inputs: x, then int64 scalars for extents; params dims
extern const Op shape_of;     // params axis: int64 scalar
extern const Op iota;         // params dims, axes: int64; inputs: int64 scalars for extents
extern const Op concatenate;  // params axis
extern const Op roll;         // params axis; inputs: x, an int64 scalar
extern const Op contract;     // params a, b, out: labels of axes
extern const Op sum, prod, max, min, any, all_, argmax, argmin;  // params axes (sorted, not negative); axes disappear
extern const Op masked_product, masked_quotient;  // g * f and g / d, and 0 where g is 0: what pullbacks make
extern const Op zero_grad, disconnected_grad, grad_clip, grad_scale;  // x itself: rewriting may drop them
extern const Op softmax, log_softmax, categorical_crossentropy, binary_crossentropy;
extern const Op normal, uniform;  // params dims, dtype, stream; inputs: int64 scalars for extents
extern const Op philox;           // block number and key, both uint64: see expr/philox.h
extern const Op box_muller;       // share and turn, both floats: see expr/reference.h
extern const Op gamma_draw, log_gamma_draw, poisson_draw, binomial_draw;  // a uniform draw, then parameters: floats
extern const Op stream_normal, stream_uniform;  // params dims, dtype, seed, draw; inputs: the state (an int64 scalar
                                                // that counts calls), then extents

/// The sum of an n-ary list, left to right; the only arithmetic that the gradient room knows by itself.
Tensor add_all(std::span<const Tensor> terms, Where);
/// Sums g over the axes where `like` has static extent 1 and g has not, so that the result has like's shape.
Tensor sum_to(const Tensor& g, const Tensor& like);

}  // namespace croton::ops
