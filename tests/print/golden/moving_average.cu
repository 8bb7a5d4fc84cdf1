CROTON_KERNEL(kernel_0, 12, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  const i64 w3 = words.w[3];
  void* const w4 = (void*)words.w[4];
  const i64 w5 = words.w[5];
  void* const w6 = (void*)words.w[6];
  const i64 w7 = words.w[7];
  void* const w8 = (void*)words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w2 + v3);
    f32 r1 = r0;
    const f32 r2 = load((const f32*)w4 + v3);
    const i64 v4 = index_quotient(w3, 4);
    for (i64 v5 = 0; v5 < v4 * 4; v5 += 4) {
      const i64 v6 = w3 + v5 * -1 + -1;
      const f32 r3 = load((const f32*)w6 + v6 * w5 + v3);
      const i64 v7 = w3 + v5 * -1 + -2;
      const f32 r8 = load((const f32*)w6 + v7 * w5 + v3);
      const i64 v8 = w3 + v5 * -1 + -3;
      const f32 r13 = load((const f32*)w6 + v8 * w5 + v3);
      const i64 v9 = w3 + v5 * -1 + -4;
      const f32 r18 = load((const f32*)w6 + v9 * w5 + v3);
      const f32 r4 = exp(r3);
      const f32 r5 = sub(r4, r1);
      const f32 r6 = fma(r2, r5, r1);
      const f32 r7 = tanh(r6);
      store((f32*)w8 + v6 * w7 + v3, r7);
      const f32 r9 = exp(r8);
      const f32 r10 = sub(r9, r6);
      const f32 r11 = fma(r2, r10, r6);
      const f32 r12 = tanh(r11);
      store((f32*)w8 + v7 * w7 + v3, r12);
      const f32 r14 = exp(r13);
      const f32 r15 = sub(r14, r11);
      const f32 r16 = fma(r2, r15, r11);
      const f32 r17 = tanh(r16);
      store((f32*)w8 + v8 * w7 + v3, r17);
      const f32 r19 = exp(r18);
      const f32 r20 = sub(r19, r16);
      const f32 r21 = fma(r2, r20, r16);
      const f32 r22 = tanh(r21);
      store((f32*)w8 + v9 * w7 + v3, r22);
      r1 = r21;
    }
    for (i64 v10 = v4 * 4; v10 < w3; v10 += 1) {
      const i64 v11 = w3 + v10 * -1 + -1;
      const f32 r23 = load((const f32*)w6 + v11 * w5 + v3);
      const f32 r24 = exp(r23);
      const f32 r25 = sub(r24, r1);
      const f32 r26 = fma(r2, r25, r1);
      const f32 r27 = tanh(r26);
      store((f32*)w8 + v11 * w7 + v3, r27);
      r1 = r26;
    }
    store((f32*)w9 + v3, r1);
  }
}

