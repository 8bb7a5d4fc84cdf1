// Random numbers that are other ones at every call: RandomStream.
#pragma once
#include "croton/shared.h"

namespace croton {

/// A stream of random numbers (Philox 2x32-10, counter-based). Its state counts calls: every function that uses the
/// stream moves it on by one, so that each call draws other numbers; with {.no_default_updates = true} a function draws
/// the same ones again. Each tensor made here draws numbers of its own. eval() shows the numbers of the next call and
/// leaves the state as it is. Copies are the same stream.
///
/// The same seed and the same order of drawing give the same numbers in every mode, on every device and for any number
/// of threads: uniform ones, and what compares or counts them, to the bit; normal ones but for rounding, a few units
/// in the last place. So are draws by rejection (gamma to binomial, below), but where rounding decides, about once in
/// 10^12 draws (of counts of 10^15: in 10^8), the number is another. Drawing is part of the generated code, so that a mask
/// is made where it is used.
///
/// Element i of a call is made of block h + i of the generator, h being 64 bits that seed, draw and call are mixed into,
/// the lower 32 of them the key. No two calls of one draw have the same h, nor a block in common where they have at most
/// 2^32 elements. Those of different draws or seeds have the same h, and then the same numbers, with a probability of
/// 2^-64 for each pair of calls.
class RandomStream {
 public:
  /// Streams of one seed draw the same numbers.
  explicit RandomStream(std::uint64_t seed = 0);
  /// Evenly over [0, 1), in steps of 2^-53 (float32: 2^-24, float16: 2^-11, bfloat16: 2^-8). The shape is {x.shape(0), 3},
  /// Extents, one integer or x.shape(). DTypeError where the dtype is not floating.
  Tensor uniform(const Dims&, DType = floatX(), Where = Where::here());
  /// Standard normal: mean 0, variance 1, none beyond 9.5 (narrower than float64: 6.8).
  Tensor normal(const Dims&, DType = floatX(), Where = Where::here());
  /// Standard draws of other distributions, each the inverse of its distribution function at a uniform draw (Devroye,
  /// "Non-uniform random variate generation" (1986), II.2): another place and scale are a + b * rng.logistic(...). They
  /// are finite, and as fine as uniform draws are: in float64 none is beyond 38. DTypeError where the dtype is not
  /// floating.
  /// Density exp(-x) for x >= 0: mean 1, variance 1.
  Tensor exponential(const Dims&, DType = floatX(), Where = Where::here());
  /// Density exp(-x - exp(-x)): mean 0.5772 (Euler's constant), variance pi^2 / 6. The greatest of log(p) + gumbel
  /// stands at class i with probability p[i].
  Tensor gumbel(const Dims&, DType = floatX(), Where = Where::here());
  /// Density exp(-|x|) / 2: mean 0, variance 2.
  Tensor laplace(const Dims&, DType = floatX(), Where = Where::here());
  /// Density the derivative of sigmoid: mean 0, variance pi^2 / 3.
  Tensor logistic(const Dims&, DType = floatX(), Where = Where::here());
  /// Booleans, true with probability p: a number, or a tensor that broadcasts with the shape. A boolean times a float
  /// keeps the float's dtype: x * rng.bernoulli(x.shape(), 0.8) / 0.8. Error for a constant p beyond 0 and 1; any other
  /// is not checked: never true where it is NaN or below 0, always above 1.
  Tensor bernoulli(const Dims&, const Operand& p, Where = Where::here());
  /// The gamma distribution of that shape and scale 1 (Marsaglia and Tsang, "A simple method for generating gamma
  /// variables" (2000)): mean and variance are the shape. The shape, as each parameter below, is a number or a tensor that
  /// broadcasts to the dims. Error for a constant one that is negative or not finite; where another is, NaN. Of shape 0
  /// it is 0. Chi-squared with k degrees of freedom is 2 * rng.gamma(dims, k / 2), Student's t
  /// rng.normal(dims) * sqrt(k / 2 / rng.gamma(dims, k / 2)), the negative binomial distribution
  /// rng.poisson(dims, rng.gamma(dims, n) * (1 - p) / p). There is no gradient with respect to a parameter: asking for
  /// one of gamma, beta or dirichlet is a GraphError; that of counts is 0.
  Tensor gamma(const Dims&, const Operand& shape, DType = floatX(), Where = Where::here());
  /// The beta distribution, of two gamma draws' logarithms, so that small a and b do not underflow. Error for a constant a
  /// or b that is not above 0 or not finite; where another is negative, infinite or NaN, or both are 0: NaN.
  Tensor beta(const Dims&, const Operand& a, const Operand& b, DType = floatX(), Where = Where::here());
  /// Shares of a whole for each row of alpha, which holds concentrations along its last axis: of alpha's shape. A row is
  /// gamma draws over their sum, by logarithms. Errors and NaNs (the whole row) as of beta; ShapeError where alpha is a
  /// scalar.
  Tensor dirichlet(const Operand& alpha, DType = floatX(), Where = Where::here());
  /// Counts of the Poisson distribution, as int64: below a rate of 32 by its sums, from there on by Hormann, "The
  /// transformed rejection method for generating Poisson random variables" (1993). Rates are 0 to 9.2e18; Error for a
  /// constant beyond that, -1 where another is, or is NaN. From 2^53 on counts are rounded as float64 is.
  Tensor poisson(const Dims&, const Operand& rate, Where = Where::here());
  /// How many of n succeed, each with probability p, as int64: below 32 expected successes, or failures, by sums, from
  /// there on by Hormann, "The generation of binomial random variates" (1993). n is an integer, or integers; DTypeError
  /// for others. Error for a constant n beyond 0 and 9.2e18 or p beyond 0 and 1, -1 where others are, or p is NaN.
  Tensor binomial(const Dims&, const Operand& n, const Operand& p, Where = Where::here());
  /// Integers from low to below high, evenly (of up to 2^53), as int64; low and high are integer scalars or numbers. Where
  /// high <= low: low. DTypeError for ends that are no integers.
  Tensor integers(const Dims&, const Operand& low, const Operand& high, Where = Where::here());
  /// 0 to n - 1 in random order, an int64 vector; n is an integer scalar or number.
  Tensor permutation(const Operand& n, Where = Where::here());
  /// One of 0 to n - 1 for each row of p, which holds n weights along its last axis: int64, of p's shape without that axis.
  /// Each comes up as often as its share of the row's sum, which need not be 1; one of weight 0 never. Error
  /// that names the row (of constants at once, else when it runs) for a weight that is negative, infinite or NaN, and
  /// for a row of zeros. ShapeError where p is a scalar.
  Tensor categorical(const Operand& p, Where = Where::here());
  /// How often each comes up in so many draws from each row of p (NumPy's multinomial): int64, of p's shape. draws is an
  /// integer scalar or number; what one call draws is in memory at once. Errors as above.
  Tensor multinomial(const Operand& draws, const Operand& p, Where = Where::here());
  /// k different ones of 0 to n - 1 for each row of p, in the order in which they were drawn, each from those that were left
  /// (NumPy's choice without replacement): int64, of p's shape with k along the last axis. IndexError (when it runs, at
  /// the latest) where there are fewer than k; those of weight 0 come last. Error for weights as above, but for a row of
  /// zeros.
  Tensor choice(Index k, const Operand& p, Where = Where::here());
  /// How many calls have used the stream: an int64 scalar. Setting it goes back, or forward, to that call.
  const Shared& state() const { return key_; }

 private:
  Shared key_;
  std::uint64_t seed_ = 0;
};

}  // namespace croton
