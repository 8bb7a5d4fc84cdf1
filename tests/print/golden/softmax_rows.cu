CROTON_KERNEL(kernel_0, 10, 256) {
  const i64 v2 = block();
  char* const scratch = scratch_of(words.w[8], words.w[9]);
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  const i64 w3 = words.w[3];
  void* const w4 = (void*)words.w[4];
  void* const w5 = (char*)scratch + words.w[5];
  const i64 w6 = words.w[6];
  void* const w7 = (void*)words.w[7];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0; v3 < v1; v3 += 1) {
    f32 r0 = (f32)-infinite;
    for (i64 v4 = thread(); v4 < w2; v4 += 256) {
      const f32 r1 = load((const f32*)w4 + v3 * w3 + v4);
      r0 = running_max(r0, r1);
    }
    barrier();
    fold_max<256, 0>(r0);
    barrier();
    const f32 r2 = folded_max<256, 0, f32>();
    f32 r3 = (f32)0;
    for (i64 v5 = thread(); v5 < w2; v5 += 256) {
      const f32 r4 = load((const f32*)w4 + v3 * w3 + v5);
      const f32 r5 = r2;
      const f32 r6 = sub(r4, r5);
      const f32 r7 = exp(r6);
      store((f32*)w5 + v5, r7);
      r3 = add(r3, r7);
    }
    barrier();
    fold_sum<256, 0>(r3);
    barrier();
    const f32 r8 = folded_sum<256, 0, f32>();
    for (i64 v6 = thread(); v6 < w2; v6 += 256) {
      const f32 r9 = load((const f32*)w5 + v6);
      const f32 r10 = r8;
      const f32 r11 = div(r9, r10);
      store((f32*)w7 + v3 * w6 + v6, r11);
    }
  }
}

