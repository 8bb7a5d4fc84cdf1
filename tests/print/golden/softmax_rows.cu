CROTON_KERNEL(kernel_0, 11, 256) {
  const i64 v2 = block();
  const auto team = team_of<256>(words.w[2]);
  char* const scratch = scratch_of(words.w[9], words.w[10], team);
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  void* const w6 = (char*)scratch + words.w[6];
  const i64 w7 = words.w[7];
  void* const w8 = (void*)words.w[8];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0 + team.number; v3 < v1; v3 += team.count) {
    f32 r0 = (f32)-infinite;
    for (i64 v4 = team.lane; v4 < w3; v4 += team.lanes) {
      const f32 r1 = load((const f32*)w5 + v3 * w4 + v4);
      r0 = running_max(r0, r1);
    }
    barrier_of_team(team);
    fold_max_of_team<256, 0>(r0, team);
    barrier_of_team(team);
    const f32 r2 = folded_max_of_team<256, 0>(r0, team);
    f32 r3 = (f32)0;
    for (i64 v5 = team.lane; v5 < w3; v5 += team.lanes) {
      const f32 r4 = load((const f32*)w5 + v3 * w4 + v5);
      const f32 r5 = r2;
      const f32 r6 = sub(r4, r5);
      const f32 r7 = exp(r6);
      store((f32*)w6 + v5, r7);
      r3 = add(r3, r7);
    }
    barrier_of_team(team);
    fold_sum_of_team<256, 0>(r3, team);
    barrier_of_team(team);
    const f32 r8 = folded_sum_of_team<256, 0>(r3, team);
    for (i64 v6 = team.lane; v6 < w3; v6 += team.lanes) {
      const f32 r9 = load((const f32*)w6 + v6);
      const f32 r10 = r8;
      const f32 r11 = div(r9, r10);
      store((f32*)w8 + v3 * w7 + v6, r11);
    }
  }
}

