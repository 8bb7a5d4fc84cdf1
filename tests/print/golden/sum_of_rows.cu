CROTON_KERNEL(kernel_0, 10, 256) {
  const i64 v2 = block();
  const auto team = team_of<256>(words.w[2]);
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
    for (i64 v4 = team.lane; v4 < w3; v4 += team.lanes) {
      const f32 r2 = load((const f32*)w5 + v3 * w4 + v4);
      const f32 r3 = exp(r2);
      r1 = add(r1, r3);
    }
    barrier_of_team(team);
    fold_sum_of_team<256, 0>(r1, team);
    barrier_of_team(team);
    const f32 r4 = folded_sum_of_team<256, 0>(r1, team);
    const f32 r5 = log(r4);
    r0 = add(r0, r5);
  }
  barrier_of_teams(team);
  fold_sum_of_teams<256, 0>(r0, team);
  barrier_of_teams(team);
  const f32 r6 = folded_sum_of_teams<256, 0>(r0, team);
  if (thread() == 0) store((f32*)w6 + v2 * w7, r6);
}

CROTON_KERNEL(kernel_1, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  f32 r0 = (f32)0;
  for (i64 v3 = thread(); v3 < w1; v3 += 256) {
    const f32 r1 = load((const f32*)w2 + v3 * w0);
    r0 = add(r0, r1);
  }
  barrier();
  fold_sum<256, 0>(r0);
  barrier();
  const f32 r2 = folded_sum<256, 0, f32>();
  barrier();
  if (thread() == 0) store((f32*)w3 + 0, r2);
}

