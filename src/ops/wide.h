// Loops over many words by the widest vectors that the processor has: this library is made for any processor of its
// kind.
#pragma once
#include <cstddef>

namespace croton::ops {

namespace wide {
#if defined(__x86_64__)
template <class F, class... X>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl"), gnu::flatten]] auto by_avx512(const F& f, X... x) {
  return f.template operator()<64>(x...);
}
template <class F, class... X>
[[gnu::target("avx2"), gnu::flatten]] auto by_avx2(const F& f, X... x) {
  return f.template operator()<32>(x...);
}
#endif
}  // namespace wide

/// Calls f<bytes of a vector>(x...), compiled for vectors of that size. What its loops use should be among x: what it
/// captures may have changed with every store.
template <class F, class... X>
auto by_vectors(const F& f, X... x) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return wide::by_avx512(f, x...);
  if (__builtin_cpu_supports("avx2")) return wide::by_avx2(f, x...);
#endif
  return f.template operator()<16>(x...);
}

}  // namespace croton::ops
