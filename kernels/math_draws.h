// Draws of distributions that have parameters: gamma, Poisson, binomial, by rejection. All that a draw needs is made of u, a uniform
// draw: word n is the block of u's bits under the key n, so that attempts follow each other in one element, and no other is asked.
// Counts are whole numbers, -1 where a parameter is none. Single precision is computed in double.
namespace {

CROTON_PART NatsOf<X> word_of(X u, int n) { return philox(bits_as<NatsOf<X>>(u), all<NatsOf<X>>(n)); }
/// In (0, 1): the upper 52 bits, taken in the middle of their step.
CROTON_PART X unit_of(NatsOf<X> word) {
  return bits_as<X>((NatsOf<X>)((word >> 12) | all<NatsOf<X>>(0x3ff0000000000000u))) - (1 - 0x1p-53);
}
constexpr int most_attempts = 128;  // more than 2/3 of them succeed

/// log(1 + t) - t + t^2/2 - t^3/3 for t > -1.
CROTON_PART X log1p_from_fourth(X t) {
  const X square = t * t;
  const X near = square * square * polynomial(t, -1.0 / 4, 1.0 / 5, -1.0 / 6, 1.0 / 7, -1.0 / 8, 1.0 / 9, -1.0 / 10, 1.0 / 11,
                                              -1.0 / 12, 1.0 / 13, -1.0 / 14, 1.0 / 15, -1.0 / 16, 1.0 / 17);
  return abs(t) < 0.125 ? near : log(1 + t) - t * (1 - t * (0.5 - t * (1.0 / 3)));
}
/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000): d (1 + c x)^3 for a normal x, d = k - 1/3 and
/// c = 1 / sqrt(9 d). Their log(u) < x^2/2 + d - d v + d log v is written without what cancels. For k < 1 a draw of k + 1 times
/// U^(1/k). The logarithm of a draw neither overflows nor underflows.
template <b8 of_log, class X> CROTON_SLOW X gamma_draw_in_double(X u, X k) {
  const X one = all<X>(1), inf = all<X>(infinite);
  const auto drawn = (u >= 0) & (u < 1), inside = drawn & (k > 0) & (k < inf), low = inside & (k < 1);
  const X d = (inside ? (low ? k + 1 : k) : one) - 1.0 / 3, c = 1 / (3 * sqrt(d));
  X v = one;
  auto going = inside;
  for (int i = 1; i < most_attempts && any_lane(going); ++i) {
    // the turn is the lower half of a word, and what decides the whole: 2^-33 of that depend on each other
    const auto word = word_of(u, 2 * i + 1);
    const X turn = unit_of<X>((NatsOf<X>)((word << 32) | all<NatsOf<X>>(0x80000000u)));
    const X t = c * box_muller(unit_of<X>(word_of(u, 2 * i)), 0.5 * turn - 0.25), s = 1 + t, tt = t * t, share = unit_of<X>(word);
    // log(share) < share - 1, and what it has to be below is above -3/4 d t^4 / min(1, s)
    auto taken = (1 - share) * lesser(s, one) > 0.75 * d * (tt * tt);
    const auto open = going & (s > 0) & (taken == 0);
    if (any_lane(open)) taken = taken | (open & (log(share) < 3 * d * log1p_from_fourth(open ? t : all<X>(0))));
    v = going & taken ? s * s * s : v;
    going = going & (taken == 0);
  }
  X r = of_log ? log(d * v) : d * v;
  if (any_lane(low)) {
    const X e = log(unit_of<X>(word_of(u, 1))) / (low ? greater(k, all<X>(0x1p-1000)) : one);
    r = low ? (of_log ? r + e : r * exp(e)) : r;
  }
  return inside ? r : drawn & (k == 0) ? (of_log ? -inf : all<X>(0)) : all<X>(not_a_number);
}

constexpr f64 greatest_count = 9.2e18, most_by_sums = 32;  // from there on rejection is faster
/// sqrt(square) e^exponent.
template <class X> struct Mass { X square, exponent; };
/// m^x e^-m / x! for whole x >= 0: from 8 on sqrt(2 pi x), Stirling's series, and x log(x / m) - (x - m) without what cancels
/// (Loader, "Fast and accurate computation of binomial probabilities" (2000)).
CROTON_PART Mass<X> count_mass(X x, X m) {
  const X away = x - m, t = away / (x + m), z = t * t, v = 1 / x, stirling = v * stirling_series(v * v);
  const X deviance = fma(x * t, z * polynomial(z, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17), away * t);
  Mass<X> r = {v * 0.15915494309189533577, -(deviance + stirling)};
  const auto few = x < 8;
  const auto far = few | (abs(t) > 0.1);
  if (any_lane(far)) {
    const X l = log(few ? m : x / m);
    X factorial = all<X>(1);
    for (int i = 2; i < 8; ++i) factorial = x >= i ? factorial * i : factorial;
    r.square = few ? 1 / (factorial * factorial) : r.square;
    r.exponent = few ? x * l - m : far ? (away - x * l) - stirling : r.exponent;
  }
  return r;
}
/// Hormann's hat over a distribution of counts, around mean + shift.
template <class X> struct Hat { X a, b, mean, shift, height, sure; };
/// Transformed rejection with a decision at once for most: whole numbers from 0 to most whose probabilities are mass(x), or in
/// proportion to it, in the wanted lanes.
template <class X, class M, class F> CROTON_FN X count_under(const Hat<X>& hat, X u, X most, M wanted, F mass) {
  const X whole = floor(hat.mean), part = (hat.mean - whole) + hat.shift;  // rounding moves no count, however large
  X count = all<X>(0);
  M going = wanted;
  for (int i = 1; i < most_attempts && any_lane(going); ++i) {
    const X at = unit_of<X>(word_of(u, 2 * i)) - 0.5, share = unit_of<X>(word_of(u, 2 * i + 1)), edge = 0.5 - abs(at);
    const X steep = hat.a / edge, x = whole + floor(fma(2 * steep + hat.b, at, part));
    auto taken = (edge >= 0.07) & (share <= hat.sure);
    const auto open = going & (taken == 0) & (x >= 0) & (x <= most);
    if (any_lane(open)) {
      const Mass<X> has = mass(open ? x : hat.mean);
      taken = taken | (open & (share * hat.height * edge <= fma(hat.b, edge, steep) * sqrt(has.square) * exp(has.exponent)));
    }
    count = going & taken ? x : count;
    going = going & (taken == 0);
  }
  return count;
}
/// The count where the sum of masses passes u: the first is `mass`, number i is (more + scale i) / i times the one before.
template <class X, class M> CROTON_FN X count_by_sum(X u, X mass, X more, X scale, M wanted) {
  const X least = lesser(mass, all<X>(0x1p-57));  // what follows is less than a step of u
  X count = all<X>(0), rest = u;
  M going = wanted & (rest >= mass);
  for (int i = 1; i < 256 && any_lane(going); ++i) {
    rest = rest - mass;
    mass = mass * fma(more, all<X>(1.0 / i), scale);
    count = going ? all<X>(i) : count;
    going = going & (rest >= mass) & (mass > least);
  }
  return count;
}

template <class X> struct PoissonMass {
  X rate;
  CROTON_FN Mass<X> operator()(X x) const { return count_mass(x, rate); }
};
/// Below a rate of 32 by sums, then by Hormann, "The transformed rejection method for generating Poisson random variables" (1993),
/// PTRS. His hat (1.1239 in place of 1.1313) lies 0.4% too low at some counts, and decides too early (0.9277, not 0.916) at some.
template <class X> CROTON_SLOW X poisson_draw_in_double(X u, X rate) {
  const auto inside = (u >= 0) & (u < 1) & (rate >= 0) & (rate <= greatest_count), broad = inside & (rate >= most_by_sums);
  const auto small = inside & (broad == 0);
  X count = all<X>(-1);
  if (any_lane(small)) {
    const X m = small ? rate : all<X>(0);
    count = small ? count_by_sum(u, exp(-m), m, all<X>(0), small) : count;
  }
  if (any_lane(broad)) {
    const X m = broad ? rate : all<X>(32), b = fma(sqrt(m), all<X>(2.53), all<X>(0.931));
    const Hat<X> hat = {fma(b, all<X>(0.02483), all<X>(-0.059)), b, m, all<X>(0.43), 1.1313 + 1.1328 / (b - 3.4), 0.916 - 3.6224 / (b - 2)};
    count = broad ? count_under(hat, u, all<X>(infinite), broad, PoissonMass<X>{m}) : count;
  }
  return count;
}

/// That of x over that of `mode`, of n trials with np and nq expected on either side.
template <class X> struct BinomialMass {
  X n, np, nq;
  Mass<X> of_mode;
  CROTON_FN Mass<X> operator()(X x) const {
    const auto a = count_mass(x, np), b = count_mass(n - x, nq);
    return {a.square * b.square / of_mode.square, a.exponent + b.exponent - of_mode.exponent};
  }
};
/// Below an expected 32 by sums, then by Hormann, "The generation of binomial random variates" (1993), BTRS; for p > 1/2 what is left
/// of n.
template <class X> CROTON_SLOW X binomial_draw_in_double(X u, X n0, X p0) {
  const X zero = all<X>(0), one = all<X>(1), n = abs(n0);
  const auto inside = (u >= 0) & (u < 1) & (n0 >= 0) & (n <= greatest_count) & (p0 >= 0) & (p0 <= 1);
  const auto most = inside & (p0 > 0.5);
  const X p = inside ? (most ? 1 - p0 : p0) : zero, q = 1 - p;
  const auto broad = inside & (n * p >= most_by_sums), small = inside & (broad == 0);
  X count = all<X>(-1);
  if (any_lane(small)) {
    const X m = small ? n : zero, odds = p / q;
    count = small ? lesser(count_by_sum(u, exp(m * log1p(-p)), (m + 1) * odds, -odds, small), m) : count;
  }
  if (any_lane(broad)) {
    const X m = broad ? n : all<X>(64), share = broad ? p : all<X>(0.5), rest = 1 - share, np = m * share, nq = m * rest;
    const X deviation = sqrt(np * rest), b = fma(deviation, all<X>(2.53), all<X>(1.15)), mode = floor((m + 1) * share);
    const Hat<X> hat = {fma(b, all<X>(0.0248), all<X>(-0.0873)) + 0.01 * share, b, np, all<X>(0.5), (2.83 + 5.1 / b) * deviation, 0.92 - 4.2 / b};
    BinomialMass<X> mass = {m, np, nq, {one, zero}};
    mass.of_mode = mass(mode);
    count = broad ? count_under(hat, u, m, broad, mass) : count;
  }
  return most ? n - count : count;
}

struct GammaDrawInDouble {
  template <class X> CROTON_FN X operator()(X u, X k) const { return gamma_draw_in_double<false>(u, k); }
};
struct LogGammaDrawInDouble {
  template <class X> CROTON_FN X operator()(X u, X k) const { return gamma_draw_in_double<true>(u, k); }
};
struct PoissonDrawInDouble {
  template <class X> CROTON_FN X operator()(X u, X rate) const { return poisson_draw_in_double(u, rate); }
};
struct BinomialDrawInDouble {
  template <class X> CROTON_FN X operator()(X u, X n, X p) const { return binomial_draw_in_double(u, n, p); }
};
CROTON_MATH(gamma_draw)(X u, X k) {
  if constexpr (single<X>) return in_double(GammaDrawInDouble{}, u, k);
  else return gamma_draw_in_double<false>(u, k);
}
CROTON_SCALAR_OF_2(gamma_draw)
CROTON_MATH(log_gamma_draw)(X u, X k) {
  if constexpr (single<X>) return in_double(LogGammaDrawInDouble{}, u, k);
  else return gamma_draw_in_double<true>(u, k);
}
CROTON_SCALAR_OF_2(log_gamma_draw)
CROTON_MATH(poisson_draw)(X u, X rate) {
  if constexpr (single<X>) return in_double(PoissonDrawInDouble{}, u, rate);
  else return poisson_draw_in_double(u, rate);
}
CROTON_SCALAR_OF_2(poisson_draw)
CROTON_MATH(binomial_draw)(X u, X n, X p) {
  if constexpr (single<X>) return in_double(BinomialDrawInDouble{}, u, n, p);
  else return binomial_draw_in_double(u, n, p);
}
CROTON_SCALAR_OF_3(binomial_draw)

}  // namespace
