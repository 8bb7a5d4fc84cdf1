CROTON_KERNEL(kernel_0, 11, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  const i64 w6 = words.w[6];
  const i64 w7 = words.w[7];
  void* const w8 = (void*)words.w[8];
  const i64 v0 = index_quotient(v2, w2) * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v8;
  const i64 v3 = index_quotient(v2, w2);
  const i64 v4 = index_remainder(v2, w2);
  const i64 v5 = v4 * w3;
  const i64 v6 = v5 + w3 < w4 ? v5 + w3 : w4;
  const f32 r0 = (f32)0;
  for (i64 v7 = v5 + thread(); v7 < v6; v7 += 256) {
    store((f32*)w5 + v3 * w6 + v7, r0);
  }
  for (v8 = v0; v8 + 8 <= v1; v8 += 8) {
    const i64 v9 = v8 + 1;
    const i64 v10 = v8 + 2;
    const i64 v11 = v8 + 3;
    const i64 v12 = v8 + 4;
    const i64 v13 = v8 + 5;
    const i64 v14 = v8 + 6;
    const i64 v15 = v8 + 7;
    for (i64 v16 = v5 + thread(); v16 < v6; v16 += 256) {
      f32 r1 = load((const f32*)w5 + v3 * w6 + v16);
      const f32 r2 = load((const f32*)w8 + v8 * w7 + v16);
      r1 = add(r1, r2);
      const f32 r3 = load((const f32*)w8 + v9 * w7 + v16);
      r1 = add(r1, r3);
      const f32 r4 = load((const f32*)w8 + v10 * w7 + v16);
      r1 = add(r1, r4);
      const f32 r5 = load((const f32*)w8 + v11 * w7 + v16);
      r1 = add(r1, r5);
      const f32 r6 = load((const f32*)w8 + v12 * w7 + v16);
      r1 = add(r1, r6);
      const f32 r7 = load((const f32*)w8 + v13 * w7 + v16);
      r1 = add(r1, r7);
      const f32 r8 = load((const f32*)w8 + v14 * w7 + v16);
      r1 = add(r1, r8);
      const f32 r9 = load((const f32*)w8 + v15 * w7 + v16);
      r1 = add(r1, r9);
      store((f32*)w5 + v3 * w6 + v16, r1);
    }
  }
  for (; v8 < v1; v8 += 1) {
    {
      i64 v17 = v5 + thread();
      for (; v17 + 768 < v6; v17 += 1024) {
        const i64 v18 = v17 + 256;
        const i64 v19 = v17 + 512;
        const i64 v20 = v17 + 768;
        f32 r12 = load((const f32*)w5 + v3 * w6 + v17);
        f32 r14 = load((const f32*)w5 + v3 * w6 + v18);
        f32 r16 = load((const f32*)w5 + v3 * w6 + v19);
        f32 r18 = load((const f32*)w5 + v3 * w6 + v20);
        const f32 r13 = load((const f32*)w8 + v8 * w7 + v17);
        const f32 r15 = load((const f32*)w8 + v8 * w7 + v18);
        const f32 r17 = load((const f32*)w8 + v8 * w7 + v19);
        const f32 r19 = load((const f32*)w8 + v8 * w7 + v20);
        r12 = add(r12, r13);
        r14 = add(r14, r15);
        r16 = add(r16, r17);
        r18 = add(r18, r19);
        store((f32*)w5 + v3 * w6 + v17, r12);
        store((f32*)w5 + v3 * w6 + v18, r14);
        store((f32*)w5 + v3 * w6 + v19, r16);
        store((f32*)w5 + v3 * w6 + v20, r18);
      }
      CROTON_ROLLED for (; v17 < v6; v17 += 256) {
        f32 r10 = load((const f32*)w5 + v3 * w6 + v17);
        const f32 r11 = load((const f32*)w8 + v8 * w7 + v17);
        r10 = add(r10, r11);
        store((f32*)w5 + v3 * w6 + v17, r10);
      }
    }
  }
}

CROTON_KERNEL(kernel_1, 9, 512) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  const f32 w5 = bits_as<f32>((i32)words.w[5]);
  void* const w6 = (void*)words.w[6];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r4 = w5;
  for (i64 v3 = v0; v3 < v1; v3 += 32) {
    const i64 v4 = v3 + (thread() & 31);
    const b8 r0 = v4 < v1;
    const b8 r1 = r0 && thread() < 32;
    const auto c0 = column_rows<512, 32>((const f32*)w2 + v4, w3, w4, r0, (f32)0);
    const f32 r2 = column_sum<512, 32>(c0, (const f32*)w2 + v4, w3, w4, r0, (f32)0);
    barrier();
    fold_sum_of_warps<512, 0>(r2);
    barrier();
    const f32 r3 = folded_sum_of_warps<512, 0, f32>();
    const f32 r5 = r4;
    const f32 r6 = div(r3, r5);
    if (r1) store((f32*)w6 + v4, r6);
  }
}

CROTON_KERNEL(kernel_2, 14, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  const i64 w6 = words.w[6];
  const i64 w7 = words.w[7];
  void* const w8 = (void*)words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 w10 = words.w[10];
  void* const w11 = (void*)words.w[11];
  const i64 v0 = index_quotient(v2, w2) * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v8;
  const i64 v3 = index_quotient(v2, w2);
  const i64 v4 = index_remainder(v2, w2);
  const i64 v5 = v4 * w3;
  const i64 v6 = v5 + w3 < w4 ? v5 + w3 : w4;
  const f32 r0 = (f32)0;
  for (i64 v7 = v5 + thread(); v7 < v6; v7 += 256) {
    store((f32*)w5 + v3 * w6 + v7, r0);
  }
  for (v8 = v0; v8 + 8 <= v1; v8 += 8) {
    const i64 v9 = v8 + 1;
    const i64 v10 = v8 + 2;
    const i64 v11 = v8 + 3;
    const i64 v12 = v8 + 4;
    const i64 v13 = v8 + 5;
    const i64 v14 = v8 + 6;
    const i64 v15 = v8 + 7;
    for (i64 v16 = v5 + thread(); v16 < v6; v16 += 256) {
      f32 r1 = load((const f32*)w5 + v3 * w6 + v16);
      const f32 r2 = load((const f32*)w8 + v8 * w7 + v16);
      const f32 r3 = load((const f32*)w9 + v16);
      const f32 r4 = sub(r2, r3);
      r1 = fma(r4, r4, r1);
      const f32 r5 = load((const f32*)w8 + v9 * w7 + v16);
      const f32 r6 = sub(r5, r3);
      r1 = fma(r6, r6, r1);
      const f32 r7 = load((const f32*)w8 + v10 * w7 + v16);
      const f32 r8 = sub(r7, r3);
      r1 = fma(r8, r8, r1);
      const f32 r9 = load((const f32*)w8 + v11 * w7 + v16);
      const f32 r10 = sub(r9, r3);
      r1 = fma(r10, r10, r1);
      const f32 r11 = load((const f32*)w8 + v12 * w7 + v16);
      const f32 r12 = sub(r11, r3);
      r1 = fma(r12, r12, r1);
      const f32 r13 = load((const f32*)w8 + v13 * w7 + v16);
      const f32 r14 = sub(r13, r3);
      r1 = fma(r14, r14, r1);
      const f32 r15 = load((const f32*)w8 + v14 * w7 + v16);
      const f32 r16 = sub(r15, r3);
      r1 = fma(r16, r16, r1);
      const f32 r17 = load((const f32*)w8 + v15 * w7 + v16);
      const f32 r18 = sub(r17, r3);
      r1 = fma(r18, r18, r1);
      store((f32*)w5 + v3 * w6 + v16, r1);
      store((f32*)w11 + v8 * w10 + v16, r4);
      store((f32*)w11 + v9 * w10 + v16, r6);
      store((f32*)w11 + v10 * w10 + v16, r8);
      store((f32*)w11 + v11 * w10 + v16, r10);
      store((f32*)w11 + v12 * w10 + v16, r12);
      store((f32*)w11 + v13 * w10 + v16, r14);
      store((f32*)w11 + v14 * w10 + v16, r16);
      store((f32*)w11 + v15 * w10 + v16, r18);
    }
  }
  for (; v8 < v1; v8 += 1) {
    {
      i64 v17 = v5 + thread();
      for (; v17 + 768 < v6; v17 += 1024) {
        const i64 v18 = v17 + 256;
        const i64 v19 = v17 + 512;
        const i64 v20 = v17 + 768;
        f32 r23 = load((const f32*)w5 + v3 * w6 + v17);
        f32 r27 = load((const f32*)w5 + v3 * w6 + v18);
        f32 r31 = load((const f32*)w5 + v3 * w6 + v19);
        f32 r35 = load((const f32*)w5 + v3 * w6 + v20);
        const f32 r24 = load((const f32*)w8 + v8 * w7 + v17);
        const f32 r28 = load((const f32*)w8 + v8 * w7 + v18);
        const f32 r32 = load((const f32*)w8 + v8 * w7 + v19);
        const f32 r36 = load((const f32*)w8 + v8 * w7 + v20);
        const f32 r25 = load((const f32*)w9 + v17);
        const f32 r29 = load((const f32*)w9 + v18);
        const f32 r33 = load((const f32*)w9 + v19);
        const f32 r37 = load((const f32*)w9 + v20);
        const f32 r26 = sub(r24, r25);
        const f32 r30 = sub(r28, r29);
        const f32 r34 = sub(r32, r33);
        const f32 r38 = sub(r36, r37);
        r23 = fma(r26, r26, r23);
        r27 = fma(r30, r30, r27);
        r31 = fma(r34, r34, r31);
        r35 = fma(r38, r38, r35);
        store((f32*)w5 + v3 * w6 + v17, r23);
        store((f32*)w5 + v3 * w6 + v18, r27);
        store((f32*)w5 + v3 * w6 + v19, r31);
        store((f32*)w5 + v3 * w6 + v20, r35);
        store((f32*)w11 + v8 * w10 + v17, r26);
        store((f32*)w11 + v8 * w10 + v18, r30);
        store((f32*)w11 + v8 * w10 + v19, r34);
        store((f32*)w11 + v8 * w10 + v20, r38);
      }
      CROTON_ROLLED for (; v17 < v6; v17 += 256) {
        f32 r19 = load((const f32*)w5 + v3 * w6 + v17);
        const f32 r20 = load((const f32*)w8 + v8 * w7 + v17);
        const f32 r21 = load((const f32*)w9 + v17);
        const f32 r22 = sub(r20, r21);
        r19 = fma(r22, r22, r19);
        store((f32*)w5 + v3 * w6 + v17, r19);
        store((f32*)w11 + v8 * w10 + v17, r22);
      }
    }
  }
}

CROTON_KERNEL(kernel_3, 8, 512) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r4 = (f32)0x1p+0;
  for (i64 v3 = v0; v3 < v1; v3 += 32) {
    const i64 v4 = v3 + (thread() & 31);
    const b8 r0 = v4 < v1;
    const b8 r1 = r0 && thread() < 32;
    const auto c0 = column_rows<512, 32>((const f32*)w2 + v4, w3, w4, r0, (f32)0);
    const f32 r2 = column_sum<512, 32>(c0, (const f32*)w2 + v4, w3, w4, r0, (f32)0);
    barrier();
    fold_sum_of_warps<512, 0>(r2);
    barrier();
    const f32 r3 = folded_sum_of_warps<512, 0, f32>();
    const f32 r5 = r4;
    const f32 r6 = add(r3, r5);
    const f32 r7 = rsqrt(r6);
    if (r1) store((f32*)w5 + v4, r7);
  }
}

CROTON_KERNEL(kernel_4, 12, 256) {
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
      const f32 r2 = mul(r0, r1);
      store((f32*)w9 + v7 * w8 + v15, r2);
      const f32 r3 = load((const f32*)w6 + v8 * w5 + v15);
      const f32 r4 = mul(r3, r1);
      store((f32*)w9 + v8 * w8 + v15, r4);
      const f32 r5 = load((const f32*)w6 + v9 * w5 + v15);
      const f32 r6 = mul(r5, r1);
      store((f32*)w9 + v9 * w8 + v15, r6);
      const f32 r7 = load((const f32*)w6 + v10 * w5 + v15);
      const f32 r8 = mul(r7, r1);
      store((f32*)w9 + v10 * w8 + v15, r8);
      const f32 r9 = load((const f32*)w6 + v11 * w5 + v15);
      const f32 r10 = mul(r9, r1);
      store((f32*)w9 + v11 * w8 + v15, r10);
      const f32 r11 = load((const f32*)w6 + v12 * w5 + v15);
      const f32 r12 = mul(r11, r1);
      store((f32*)w9 + v12 * w8 + v15, r12);
      const f32 r13 = load((const f32*)w6 + v13 * w5 + v15);
      const f32 r14 = mul(r13, r1);
      store((f32*)w9 + v13 * w8 + v15, r14);
      const f32 r15 = load((const f32*)w6 + v14 * w5 + v15);
      const f32 r16 = mul(r15, r1);
      store((f32*)w9 + v14 * w8 + v15, r16);
    }
  }
  for (; v7 < v1; v7 += 1) {
    {
      i64 v16 = v5 + thread();
      for (; v16 + 768 < v6; v16 += 1024) {
        const i64 v17 = v16 + 256;
        const i64 v18 = v16 + 512;
        const i64 v19 = v16 + 768;
        const f32 r20 = load((const f32*)w6 + v7 * w5 + v16);
        const f32 r23 = load((const f32*)w6 + v7 * w5 + v17);
        const f32 r26 = load((const f32*)w6 + v7 * w5 + v18);
        const f32 r29 = load((const f32*)w6 + v7 * w5 + v19);
        const f32 r21 = load((const f32*)w7 + v16);
        const f32 r24 = load((const f32*)w7 + v17);
        const f32 r27 = load((const f32*)w7 + v18);
        const f32 r30 = load((const f32*)w7 + v19);
        const f32 r22 = mul(r20, r21);
        const f32 r25 = mul(r23, r24);
        const f32 r28 = mul(r26, r27);
        const f32 r31 = mul(r29, r30);
        store((f32*)w9 + v7 * w8 + v16, r22);
        store((f32*)w9 + v7 * w8 + v17, r25);
        store((f32*)w9 + v7 * w8 + v18, r28);
        store((f32*)w9 + v7 * w8 + v19, r31);
      }
      CROTON_ROLLED for (; v16 < v6; v16 += 256) {
        const f32 r17 = load((const f32*)w6 + v7 * w5 + v16);
        const f32 r18 = load((const f32*)w7 + v16);
        const f32 r19 = mul(r17, r18);
        store((f32*)w9 + v7 * w8 + v16, r19);
      }
    }
  }
}

