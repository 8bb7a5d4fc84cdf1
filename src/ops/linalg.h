// The ops of linalg.cpp, for the functions that are made of them.
#pragma once
#include "graph/op.h"

namespace croton::ops {

// Matrices are the last two axes of floats; the axes before them are equal in all inputs.
extern const Op cholesky;          // of a: the lower triangle
extern const Op solve;             // inputs: a, columns b
extern const Op solve_triangular;  // inputs: a, columns b; params lower, transposed
extern const Op det;               // without the last two axes
extern const Op slogdet;           // a last axis of 2 in their place: the sign, the logarithm

// decompositions.cpp. Factors lie one below the other, so that one step gives all; r is the smaller extent of an m x n
// matrix.
extern const Op svd;   // [m + 1 + n, r]: u, a row of the singular values (descending), v
extern const Op eigh;  // [1 + n, n]: a row of the eigenvalues (ascending), the eigenvectors as columns

extern const Op qr;    // qr.cpp: [m + r, n]: q, with zeros beside it where a is wide, and the triangle
extern const Op expm;  // expm.cpp: of a

/// ShapeError where the first input is no stack of square matrices.
void need_square(const TypeAt&);
/// Its last two axes exchanged.
Tensor turned(const Tensor& x);

}  // namespace croton::ops
