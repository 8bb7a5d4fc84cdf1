CROTON_KERNEL(kernel_0, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r1 = (f32)0x1p+1;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w2 + v3);
    const f32 r2 = r1;
    const f32 r3 = mul(r0, r2);
    store((f32*)w3 + v3, r3);
  }
}

CROTON_KERNEL(kernel_1, 10, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  const i64 w3 = words.w[3];
  void* const w4 = (void*)words.w[4];
  void* const w5 = (void*)words.w[5];
  const i64 w6 = words.w[6];
  void* const w7 = (void*)words.w[7];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v3;
  for (v3 = v0; v3 + 8 <= v1; v3 += 8) {
    const i64 v4 = v3 + 1;
    const i64 v5 = v3 + 2;
    const i64 v6 = v3 + 3;
    const i64 v7 = v3 + 4;
    const i64 v8 = v3 + 5;
    const i64 v9 = v3 + 6;
    const i64 v10 = v3 + 7;
    for (i64 v11 = thread(); v11 < w2; v11 += 256) {
      const f32 r0 = load((const f32*)w4 + v3 * w3 + v11);
      const f32 r1 = load((const f32*)w5 + v11);
      const f32 r2 = add(r0, r1);
      const f32 r3 = relu(r2);
      store((f32*)w7 + v3 * w6 + v11, r3);
      const f32 r4 = load((const f32*)w4 + v4 * w3 + v11);
      const f32 r5 = add(r4, r1);
      const f32 r6 = relu(r5);
      store((f32*)w7 + v4 * w6 + v11, r6);
      const f32 r7 = load((const f32*)w4 + v5 * w3 + v11);
      const f32 r8 = add(r7, r1);
      const f32 r9 = relu(r8);
      store((f32*)w7 + v5 * w6 + v11, r9);
      const f32 r10 = load((const f32*)w4 + v6 * w3 + v11);
      const f32 r11 = add(r10, r1);
      const f32 r12 = relu(r11);
      store((f32*)w7 + v6 * w6 + v11, r12);
      const f32 r13 = load((const f32*)w4 + v7 * w3 + v11);
      const f32 r14 = add(r13, r1);
      const f32 r15 = relu(r14);
      store((f32*)w7 + v7 * w6 + v11, r15);
      const f32 r16 = load((const f32*)w4 + v8 * w3 + v11);
      const f32 r17 = add(r16, r1);
      const f32 r18 = relu(r17);
      store((f32*)w7 + v8 * w6 + v11, r18);
      const f32 r19 = load((const f32*)w4 + v9 * w3 + v11);
      const f32 r20 = add(r19, r1);
      const f32 r21 = relu(r20);
      store((f32*)w7 + v9 * w6 + v11, r21);
      const f32 r22 = load((const f32*)w4 + v10 * w3 + v11);
      const f32 r23 = add(r22, r1);
      const f32 r24 = relu(r23);
      store((f32*)w7 + v10 * w6 + v11, r24);
    }
  }
  for (; v3 < v1; v3 += 1) {
    for (i64 v12 = thread(); v12 < w2; v12 += 256) {
      const f32 r25 = load((const f32*)w4 + v3 * w3 + v12);
      const f32 r26 = load((const f32*)w5 + v12);
      const f32 r27 = add(r25, r26);
      const f32 r28 = relu(r27);
      store((f32*)w7 + v3 * w6 + v12, r28);
    }
  }
}

