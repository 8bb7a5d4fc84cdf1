// What fastmath puts in place of the same names in single precision: a GPU's own approximations, with a step or two around them.
// The bounds stand in expr/functions. Infinities, NaN, zeros and subnormals go where those of the exact forms go, but where a
// bound says otherwise.
namespace {

CROTON_FN f32 fast_div(f32 a, f32 b) { return rough_quotient(a, b); }
CROTON_FN f32 fast_reciprocal(f32 x) { return rough_reciprocal(x); }
CROTON_FN f32 fast_sqrt(f32 x) { return rough_root(x); }
CROTON_FN f32 fast_rsqrt(f32 x) { return rough_root_reciprocal(x); }
CROTON_FN f32 fast_exp2(f32 x) { return rough_exp2(x); }
/// The product is rounded: what is lost grows with |x|.
CROTON_FN f32 fast_exp(f32 x) { return rough_exp2(x * 0x1.715476p+0f); }
CROTON_FN f32 fast_log2(f32 x) { return rough_log2(x); }
CROTON_FN f32 fast_log(f32 x) { return rough_log2(x) * 0x1.62e43p-1f; }
CROTON_FN f32 fast_log10(f32 x) { return rough_log2(x) * 0x1.344136p-2f; }
CROTON_FN f32 fast_tanh(f32 x) { return rough_tanh(x); }
CROTON_FN f32 fast_sigmoid(f32 x) { return rough_reciprocal(1 + fast_exp(-x)); }
/// Far below 0 the sigmoid is 0, and x is kept from being infinite there; NaN at -infinity, as the exact one.
CROTON_FN f32 fast_silu(f32 x) {
  const f32 y = greater(-120.0f, x) * fast_sigmoid(x);
  return x > (f32)-infinite ? y : (f32)not_a_number;
}

}  // namespace
