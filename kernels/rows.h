// Rows that an index names: counted from the end where it is negative; reported, and read as row 0, where there is none.
namespace {

#ifndef CROTON_LANES_ARE_THREADS
/// *word becomes x where x is less.
CROTON_FN void lower(u64* word, u64 x) {
  u64 seen = __atomic_load_n(word, __ATOMIC_RELAXED);
  while (x < seen && !__atomic_compare_exchange_n(word, &seen, x, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}
#endif
/// Check `site` failed at element `at`: of all reports the slot keeps the smallest site, and of its the smallest element.
CROTON_SLOW void report(void* slot, u64 site, i64 at) { lower((u64*)slot, site << 48 | (u64)at); }

/// The row of n that i names; `at` is the number of the index's element.
CROTON_FN i64 row(i64 i, i64 n, void* slot, u64 site, i64 at) {
  const i64 r = i < 0 ? i + n : i;
  if ((u64)r < (u64)n) return r;
  report(slot, site, at);
  return 0;
}

#ifndef CROTON_LANES_ARE_THREADS
template <class X> CROTON_SLOW void report_lanes(X i, i64 n, void* slot, u64 site, i64 at, i64 step, i64 count) {
  for (i64 k = 0; k < count && k < lanes<X>; ++k) row(i[k], n, slot, site, at + k * step);
}
/// The same in the first `count` lanes, of elements a step apart; the others name any row.
template <class X> CROTON_FN X rows(X i, i64 n, void* slot, u64 site, i64 at, i64 step, i64 count) {
  const X none = all<X>(0), r = select(lt(i, none), add(i, all<X>(n)), i);
  const auto wrong = or_(lt(r, none), ge(r, all<X>(n)));
  if (hany(wrong)) report_lanes(i, n, slot, site, at, step, count);
  return select(wrong, none, r);
}
#endif

}  // namespace
