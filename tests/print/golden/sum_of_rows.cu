template <b8 Warps> CROTON_FN void kernel_0_by(const Words<10>& words) {
  const i64 v2 = block();
  const auto team = team_of<256, Warps>();
  constexpr i64 lanes = Team<256, Warps>::lanes;
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  void* const w6 = (void*)words.w[6];
  const i64 w7 = words.w[7];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  f32 r0 = (f32)0;
  for (i64 v3 = v0 + team.number; v3 < v1; v3 += team.count) {
    f32 r1 = (f32)0;
    {
      i64 v4 = team.lane;
      for (; v4 + 3 * lanes < w3; v4 += 4 * lanes) {
        const i64 v5 = v4 + lanes;
        const i64 v6 = v4 + 2 * lanes;
        const i64 v7 = v4 + 3 * lanes;
        const f32 r4 = load((const f32*)w5 + v3 * w4 + v4);
        const f32 r6 = load((const f32*)w5 + v3 * w4 + v5);
        const f32 r8 = load((const f32*)w5 + v3 * w4 + v6);
        const f32 r10 = load((const f32*)w5 + v3 * w4 + v7);
        const f32 r5 = exp(r4);
        const f32 r7 = exp(r6);
        const f32 r9 = exp(r8);
        const f32 r11 = exp(r10);
        r1 = add(r1, r5);
        r1 = add(r1, r7);
        r1 = add(r1, r9);
        r1 = add(r1, r11);
      }
      CROTON_ROLLED for (; v4 < w3; v4 += lanes) {
        const f32 r2 = load((const f32*)w5 + v3 * w4 + v4);
        const f32 r3 = exp(r2);
        r1 = add(r1, r3);
      }
    }
    barrier_of_team(team);
    fold_sum_of_team<256, 0>(r1, team);
    barrier_of_team(team);
    const f32 r12 = folded_sum_of_team<256, 0>(r1, team);
    const f32 r13 = log(r12);
    r0 = add(r0, r13);
  }
  barrier_of_teams(team);
  fold_sum_of_teams<256, 0>(r0, team);
  barrier_of_teams(team);
  const f32 r14 = folded_sum_of_teams<256, 0>(r0, team);
  if (thread() == 0) store((f32*)w6 + v2 * w7, r14);
}
CROTON_KERNEL(kernel_0, 10, 256) { words.w[2] != 0 ? kernel_0_by<true>(words) : kernel_0_by<false>(words); }

CROTON_KERNEL(kernel_1, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  void* const w1 = (void*)words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  f32 r0 = (f32)0;
  for (i64 v3 = thread(); v3 < w0; v3 += 256) {
    const f32 r1 = load((const f32*)w1 + v3 * w2);
    r0 = add(r0, r1);
  }
  barrier();
  fold_sum<256, 0>(r0);
  barrier();
  const f32 r2 = folded_sum<256, 0, f32>();
  barrier();
  if (thread() == 0) store((f32*)w3 + 0, r2);
}

