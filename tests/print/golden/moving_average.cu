CROTON_KERNEL(kernel_0, 12, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  void* const w4 = (void*)words.w[4];
  const i64 w5 = words.w[5];
  void* const w6 = (void*)words.w[6];
  const i64 w7 = words.w[7];
  void* const w8 = (void*)words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w3 + v3);
    f32 r1 = r0;
    const f32 r2 = load((const f32*)w4 + v3);
    for (i64 v4 = 0; v4 < w2; v4 += 1) {
      const i64 v5 = w2 + -1 + v4 * -1;
      const f32 r3 = load((const f32*)w6 + v5 * w5 + v3);
      const f32 r4 = exp(r3);
      const f32 r5 = sub(r4, r1);
      const f32 r6 = fma(r2, r5, r1);
      const f32 r7 = tanh(r6);
      store((f32*)w8 + v5 * w7 + v3, r7);
      r1 = r6;
    }
    store((f32*)w9 + v3, r1);
  }
}

