template <b8 Warps> CROTON_FN void kernel_0_by(const Words<11>& words) {
  const i64 v2 = block();
  const auto team = team_of<256, Warps>();
  constexpr i64 lanes = Team<256, Warps>::lanes;
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
    {
      i64 v4 = team.lane;
      for (; v4 + 3 * lanes < w3; v4 += 4 * lanes) {
        const i64 v5 = v4 + lanes;
        const i64 v6 = v4 + 2 * lanes;
        const i64 v7 = v4 + 3 * lanes;
        const f32 r2 = load((const f32*)w5 + v3 * w4 + v4);
        const f32 r3 = load((const f32*)w5 + v3 * w4 + v5);
        const f32 r4 = load((const f32*)w5 + v3 * w4 + v6);
        const f32 r5 = load((const f32*)w5 + v3 * w4 + v7);
        r0 = running_max(r0, r2);
        r0 = running_max(r0, r3);
        r0 = running_max(r0, r4);
        r0 = running_max(r0, r5);
      }
      CROTON_ROLLED for (; v4 < w3; v4 += lanes) {
        const f32 r1 = load((const f32*)w5 + v3 * w4 + v4);
        r0 = running_max(r0, r1);
      }
    }
    barrier_of_team(team);
    fold_max_of_team<256, 0>(r0, team);
    barrier_of_team(team);
    const f32 r6 = folded_max_of_team<256, 0>(r0, team);
    f32 r7 = (f32)0;
    {
      i64 v8 = team.lane;
      for (; v8 + 3 * lanes < w3; v8 += 4 * lanes) {
        const i64 v9 = v8 + lanes;
        const i64 v10 = v8 + 2 * lanes;
        const i64 v11 = v8 + 3 * lanes;
        const f32 r12 = load((const f32*)w5 + v3 * w4 + v8);
        const f32 r16 = load((const f32*)w5 + v3 * w4 + v9);
        const f32 r20 = load((const f32*)w5 + v3 * w4 + v10);
        const f32 r24 = load((const f32*)w5 + v3 * w4 + v11);
        const f32 r13 = r6;
        const f32 r17 = r6;
        const f32 r21 = r6;
        const f32 r25 = r6;
        const f32 r14 = sub(r12, r13);
        const f32 r18 = sub(r16, r17);
        const f32 r22 = sub(r20, r21);
        const f32 r26 = sub(r24, r25);
        const f32 r15 = exp(r14);
        const f32 r19 = exp(r18);
        const f32 r23 = exp(r22);
        const f32 r27 = exp(r26);
        r7 = add(r7, r15);
        r7 = add(r7, r19);
        r7 = add(r7, r23);
        r7 = add(r7, r27);
        store((f32*)w6 + v8, r15);
        store((f32*)w6 + v9, r19);
        store((f32*)w6 + v10, r23);
        store((f32*)w6 + v11, r27);
      }
      CROTON_ROLLED for (; v8 < w3; v8 += lanes) {
        const f32 r8 = load((const f32*)w5 + v3 * w4 + v8);
        const f32 r9 = r6;
        const f32 r10 = sub(r8, r9);
        const f32 r11 = exp(r10);
        store((f32*)w6 + v8, r11);
        r7 = add(r7, r11);
      }
    }
    barrier_of_team(team);
    fold_sum_of_team<256, 0>(r7, team);
    barrier_of_team(team);
    const f32 r28 = folded_sum_of_team<256, 0>(r7, team);
    {
      i64 v12 = team.lane;
      for (; v12 + 3 * lanes < w3; v12 += 4 * lanes) {
        const i64 v13 = v12 + lanes;
        const i64 v14 = v12 + 2 * lanes;
        const i64 v15 = v12 + 3 * lanes;
        const f32 r32 = load((const f32*)w6 + v12);
        const f32 r35 = load((const f32*)w6 + v13);
        const f32 r38 = load((const f32*)w6 + v14);
        const f32 r41 = load((const f32*)w6 + v15);
        const f32 r33 = r28;
        const f32 r36 = r28;
        const f32 r39 = r28;
        const f32 r42 = r28;
        const f32 r34 = div(r32, r33);
        const f32 r37 = div(r35, r36);
        const f32 r40 = div(r38, r39);
        const f32 r43 = div(r41, r42);
        store((f32*)w8 + v3 * w7 + v12, r34);
        store((f32*)w8 + v3 * w7 + v13, r37);
        store((f32*)w8 + v3 * w7 + v14, r40);
        store((f32*)w8 + v3 * w7 + v15, r43);
      }
      CROTON_ROLLED for (; v12 < w3; v12 += lanes) {
        const f32 r29 = load((const f32*)w6 + v12);
        const f32 r30 = r28;
        const f32 r31 = div(r29, r30);
        store((f32*)w8 + v3 * w7 + v12, r31);
      }
    }
  }
}
CROTON_KERNEL(kernel_0, 11, 256) { words.w[2] != 0 ? kernel_0_by<true>(words) : kernel_0_by<false>(words); }

