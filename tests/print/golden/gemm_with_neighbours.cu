CROTON_KERNEL(kernel_0, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r1 = (f32)0x1p+1;
  {
    i64 v3 = v0 + thread();
    for (; v3 + 1792 < v1; v3 += 2048) {
      const i64 v4 = v3 + 256;
      const i64 v5 = v3 + 512;
      const i64 v6 = v3 + 768;
      const i64 v7 = v3 + 1024;
      const i64 v8 = v3 + 1280;
      const i64 v9 = v3 + 1536;
      const i64 v10 = v3 + 1792;
      const f32 r4 = load((const f32*)w2 + v3);
      const f32 r7 = load((const f32*)w2 + v4);
      const f32 r10 = load((const f32*)w2 + v5);
      const f32 r13 = load((const f32*)w2 + v6);
      const f32 r16 = load((const f32*)w2 + v7);
      const f32 r19 = load((const f32*)w2 + v8);
      const f32 r22 = load((const f32*)w2 + v9);
      const f32 r25 = load((const f32*)w2 + v10);
      const f32 r5 = r1;
      const f32 r8 = r1;
      const f32 r11 = r1;
      const f32 r14 = r1;
      const f32 r17 = r1;
      const f32 r20 = r1;
      const f32 r23 = r1;
      const f32 r26 = r1;
      const f32 r6 = mul(r4, r5);
      const f32 r9 = mul(r7, r8);
      const f32 r12 = mul(r10, r11);
      const f32 r15 = mul(r13, r14);
      const f32 r18 = mul(r16, r17);
      const f32 r21 = mul(r19, r20);
      const f32 r24 = mul(r22, r23);
      const f32 r27 = mul(r25, r26);
      store((f32*)w3 + v3, r6);
      store((f32*)w3 + v4, r9);
      store((f32*)w3 + v5, r12);
      store((f32*)w3 + v6, r15);
      store((f32*)w3 + v7, r18);
      store((f32*)w3 + v8, r21);
      store((f32*)w3 + v9, r24);
      store((f32*)w3 + v10, r27);
    }
    CROTON_ROLLED for (; v3 < v1; v3 += 256) {
      const f32 r0 = load((const f32*)w2 + v3);
      const f32 r2 = r1;
      const f32 r3 = mul(r0, r2);
      store((f32*)w3 + v3, r3);
    }
  }
}

CROTON_KERNEL(kernel_1, 12, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  const i64 w5 = words.w[5];
  void* const w6 = (void*)words.w[6];
  void* const w7 = (void*)words.w[7];
  const i64 w8 = words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 v0 = index_quotient(v2, w2) * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v7;
  const i64 v3 = index_quotient(v2, w2);
  const i64 v4 = index_remainder(v2, w2);
  const i64 v5 = v4 * w3;
  const i64 v6 = v5 + w3 < w4 ? v5 + w3 : w4;
  for (v7 = v0; v7 + 8 <= v1; v7 += 8) {
    const i64 v8 = v7 + 1;
    const i64 v9 = v7 + 2;
    const i64 v10 = v7 + 3;
    const i64 v11 = v7 + 4;
    const i64 v12 = v7 + 5;
    const i64 v13 = v7 + 6;
    const i64 v14 = v7 + 7;
    for (i64 v15 = v5 + thread(); v15 < v6; v15 += 256) {
      const f32 r0 = load((const f32*)w6 + v7 * w5 + v15);
      const f32 r1 = load((const f32*)w7 + v15);
      const f32 r2 = add(r0, r1);
      const f32 r3 = relu(r2);
      store((f32*)w9 + v7 * w8 + v15, r3);
      const f32 r4 = load((const f32*)w6 + v8 * w5 + v15);
      const f32 r5 = add(r4, r1);
      const f32 r6 = relu(r5);
      store((f32*)w9 + v8 * w8 + v15, r6);
      const f32 r7 = load((const f32*)w6 + v9 * w5 + v15);
      const f32 r8 = add(r7, r1);
      const f32 r9 = relu(r8);
      store((f32*)w9 + v9 * w8 + v15, r9);
      const f32 r10 = load((const f32*)w6 + v10 * w5 + v15);
      const f32 r11 = add(r10, r1);
      const f32 r12 = relu(r11);
      store((f32*)w9 + v10 * w8 + v15, r12);
      const f32 r13 = load((const f32*)w6 + v11 * w5 + v15);
      const f32 r14 = add(r13, r1);
      const f32 r15 = relu(r14);
      store((f32*)w9 + v11 * w8 + v15, r15);
      const f32 r16 = load((const f32*)w6 + v12 * w5 + v15);
      const f32 r17 = add(r16, r1);
      const f32 r18 = relu(r17);
      store((f32*)w9 + v12 * w8 + v15, r18);
      const f32 r19 = load((const f32*)w6 + v13 * w5 + v15);
      const f32 r20 = add(r19, r1);
      const f32 r21 = relu(r20);
      store((f32*)w9 + v13 * w8 + v15, r21);
      const f32 r22 = load((const f32*)w6 + v14 * w5 + v15);
      const f32 r23 = add(r22, r1);
      const f32 r24 = relu(r23);
      store((f32*)w9 + v14 * w8 + v15, r24);
    }
  }
  for (; v7 < v1; v7 += 1) {
    {
      i64 v16 = v5 + thread();
      for (; v16 + 768 < v6; v16 += 1024) {
        const i64 v17 = v16 + 256;
        const i64 v18 = v16 + 512;
        const i64 v19 = v16 + 768;
        const f32 r29 = load((const f32*)w6 + v7 * w5 + v16);
        const f32 r33 = load((const f32*)w6 + v7 * w5 + v17);
        const f32 r37 = load((const f32*)w6 + v7 * w5 + v18);
        const f32 r41 = load((const f32*)w6 + v7 * w5 + v19);
        const f32 r30 = load((const f32*)w7 + v16);
        const f32 r34 = load((const f32*)w7 + v17);
        const f32 r38 = load((const f32*)w7 + v18);
        const f32 r42 = load((const f32*)w7 + v19);
        const f32 r31 = add(r29, r30);
        const f32 r35 = add(r33, r34);
        const f32 r39 = add(r37, r38);
        const f32 r43 = add(r41, r42);
        const f32 r32 = relu(r31);
        const f32 r36 = relu(r35);
        const f32 r40 = relu(r39);
        const f32 r44 = relu(r43);
        store((f32*)w9 + v7 * w8 + v16, r32);
        store((f32*)w9 + v7 * w8 + v17, r36);
        store((f32*)w9 + v7 * w8 + v18, r40);
        store((f32*)w9 + v7 * w8 + v19, r44);
      }
      CROTON_ROLLED for (; v16 < v6; v16 += 256) {
        const f32 r25 = load((const f32*)w6 + v7 * w5 + v16);
        const f32 r26 = load((const f32*)w7 + v16);
        const f32 r27 = add(r25, r26);
        const f32 r28 = relu(r27);
        store((f32*)w9 + v7 * w8 + v16, r28);
      }
    }
  }
}

