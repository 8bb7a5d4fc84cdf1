// Linear algebra: NumPy's numpy.linalg and SciPy's solve_triangular. Matrices are the last two axes; axes before them
// are a batch. Floats keep their dtype (halves too), integers become floatX. Factorizations are steps on the host: of
// small matrices in the next wider type, of large ones in float64 by the LAPACK in the BLAS library. Everything here has
// a gradient.
#pragma once
#include "croton/ops.h"

namespace croton::linalg {

/// The lower triangle L with L L^T = a, for a symmetric positive definite matrix. Only the lower triangle of a is read
/// (and only it has a gradient). ShapeError for a matrix that is not square; Error, when it runs, for one that is not
/// positive definite.
Tensor cholesky(const Operand& a, Where = Where::here());
/// x with a x = b: b is a vector if it has one axis, else columns. Leading axes broadcast. ShapeError for shapes that
/// do not fit; Error, when it runs, for a singular matrix.
Tensor solve(const Operand& a, const Operand& b, Where = Where::here());
/// The same for a triangular matrix, the upper one or the `lower` one; the other triangle is not read. `transposed`
/// solves a^T x = b.
Tensor solve_triangular(const Operand& a, const Operand& b, bool lower = false, bool transposed = false,
                        Where = Where::here());
/// The inverse. solve(a, b) is better than dot(inv(a), b).
Tensor inv(const Operand& a, Where = Where::here());
/// The determinant; 1 of a matrix without rows. Its gradient needs the inverse, and is an Error for a singular matrix.
Tensor det(const Operand& a, Where = Where::here());

/// The determinant without overflow: sign * exp(logabsdet).
struct SignAndLogDet {
  Tensor sign;       ///< 1, -1, or 0 of a singular matrix
  Tensor logabsdet;  ///< -infinity of a singular matrix
};
/// ShapeError for a matrix that is not square, as for det.
SignAndLogDet slogdet(const Operand& a, Where = Where::here());
/// a times itself n times; the inverse's power for a negative n, the identity for 0.
Tensor matrix_power(const Operand& a, int n, Where = Where::here());

/// a = u diag(s) vt, with r = min(m, n) singular values of an m x n matrix in falling order: u is m x r, vt r x n,
/// their columns and rows are orthogonal and of length 1. The signs of vectors are not fixed. Where singular values are
/// equal or 0, vectors have no gradient, and 0 stands for it.
struct SingularValues {
  Tensor u, s, vt;
};
SingularValues svd(const Operand& a, Where = Where::here());
/// a = vectors diag(values) vectors^T for a symmetric matrix, of which the lower triangle is read: the values in rising
/// order, the vectors as columns. The same holds for signs, and for equal values.
struct Eigenvalues {
  Tensor values, vectors;
};
Eigenvalues eigh(const Operand& a, Where = Where::here());
/// a = q r, with k = min(m, n) for an m x n matrix: the columns of q, m x k, are orthogonal and of length 1, r, k x n, is
/// zero below its diagonal, whose signs are LAPACK's. (NumPy's qr, mode reduced.) The gradient is an Error, when it runs,
/// where the first k columns of a depend on each other.
struct OrthogonalFactor {
  Tensor q, r;
};
/// ShapeError for what is no matrix.
OrthogonalFactor qr(const Operand& a, Where = Where::here());
/// The exponential of a square matrix: the sum of a^k / k! (SciPy's expm). NaN where a is not finite. ShapeError for a
/// matrix that is not square.
Tensor expm(const Operand& a, Where = Where::here());
/// The pseudo-inverse. Singular values below max(m, n) roundings of the largest one count as 0.
Tensor pinv(const Operand& a, Where = Where::here());
/// The x of least length among those that make a x - b least: pinv(a) b.
Tensor lstsq(const Operand& a, const Operand& b, Where = Where::here());

/// The root of the sum of squares over axes: Euclid's norm of a vector, Frobenius' of a matrix. Its gradient at 0 is 0.
Tensor norm(const Operand&, const Axes& = Axes(), Where = Where::here());
/// The sum of the order-th powers of the sizes, and its order-th root; infinity is the largest size, -infinity the
/// smallest, 0 counts what is not 0. Its gradient at 0 is 0, for orders from 1 on.
Tensor vector_norm(const Operand&, double order, const Axes& = Axes(), Where = Where::here());
/// Of the last two axes. 2 and -2: the largest and smallest singular value; 1 and -1: the largest and smallest sum of
/// the sizes in a column; infinity and -infinity: in a row. ShapeError for another order.
Tensor matrix_norm(const Operand&, double order, Where = Where::here());
/// The sum of the singular values.
Tensor nuclear_norm(const Operand&, Where = Where::here());

}  // namespace croton::linalg
