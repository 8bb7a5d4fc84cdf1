CROTON_KERNEL(kernel_0, 16, 256) {
  const i64 v2 = block();
  char* const scratch = scratch_of(words.w[14], words.w[15]);
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (char*)scratch + words.w[2];
  const i64 w3 = words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  void* const w6 = (void*)words.w[6];
  void* const w7 = (void*)words.w[7];
  const i64 w8 = words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 w10 = words.w[10];
  const i64 w11 = words.w[11];
  const i64 w12 = words.w[12];
  void* const w13 = (void*)words.w[13];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v11;
  {
    i64 v3 = thread();
    for (; v3 + 768 < w3; v3 += 1024) {
      const i64 v4 = v3 + 256;
      const i64 v5 = v3 + 512;
      const i64 v6 = v3 + 768;
      const f32 r1 = load((const f32*)w5 + v3 * w4);
      const f32 r2 = load((const f32*)w5 + v4 * w4);
      const f32 r3 = load((const f32*)w5 + v5 * w4);
      const f32 r4 = load((const f32*)w5 + v6 * w4);
      store((f32*)w2 + v3, r1);
      store((f32*)w2 + v4, r2);
      store((f32*)w2 + v5, r3);
      store((f32*)w2 + v6, r4);
    }
    CROTON_ROLLED for (; v3 < w3; v3 += 256) {
      const f32 r0 = load((const f32*)w5 + v3 * w4);
      store((f32*)w2 + v3, r0);
    }
  }
  {
    i64 v7 = thread();
    for (; v7 + 768 < w3; v7 += 1024) {
      const i64 v8 = v7 + 256;
      const i64 v9 = v7 + 512;
      const i64 v10 = v7 + 768;
      const f32 r6 = load((const f32*)w5 + v7 * w4 + 1);
      const f32 r7 = load((const f32*)w5 + v8 * w4 + 1);
      const f32 r8 = load((const f32*)w5 + v9 * w4 + 1);
      const f32 r9 = load((const f32*)w5 + v10 * w4 + 1);
      store((f32*)w2 + v7 + w3, r6);
      store((f32*)w2 + v8 + w3, r7);
      store((f32*)w2 + v9 + w3, r8);
      store((f32*)w2 + v10 + w3, r9);
    }
    CROTON_ROLLED for (; v7 < w3; v7 += 256) {
      const f32 r5 = load((const f32*)w5 + v7 * w4 + 1);
      store((f32*)w2 + v7 + w3, r5);
    }
  }
  for (v11 = v0; v11 + 8 <= v1; v11 += 8) {
    const i64 v12 = v11 + 1;
    const i64 v13 = v11 + 2;
    const i64 v14 = v11 + 3;
    const i64 v15 = v11 + 4;
    const i64 v16 = v11 + 5;
    const i64 v17 = v11 + 6;
    const i64 v18 = v11 + 7;
    const i64 r10 = load((const i64*)w6 + v11);
    const i64 r11 = load((const i64*)w6 + v12);
    const i64 r12 = load((const i64*)w6 + v13);
    const i64 r13 = load((const i64*)w6 + v14);
    const i64 r14 = load((const i64*)w6 + v15);
    const i64 r15 = load((const i64*)w6 + v16);
    const i64 r16 = load((const i64*)w6 + v17);
    const i64 r17 = load((const i64*)w6 + v18);
    f32 r18 = (f32)0;
    f32 r19 = (f32)0;
    f32 r20 = (f32)0;
    f32 r21 = (f32)0;
    f32 r22 = (f32)0;
    f32 r23 = (f32)0;
    f32 r24 = (f32)0;
    f32 r25 = (f32)0;
    f32 r26 = (f32)0;
    f32 r27 = (f32)0;
    f32 r28 = (f32)0;
    f32 r29 = (f32)0;
    f32 r30 = (f32)0;
    f32 r31 = (f32)0;
    f32 r32 = (f32)0;
    f32 r33 = (f32)0;
    const i64 r34 = row(r10, w10, w9, 0, v11);
    const i64 r37 = row(r11, w10, w9, 0, v12);
    const i64 r39 = row(r12, w10, w9, 0, v13);
    const i64 r41 = row(r13, w10, w9, 0, v14);
    const i64 r43 = row(r14, w10, w9, 0, v15);
    const i64 r45 = row(r15, w10, w9, 0, v16);
    const i64 r47 = row(r16, w10, w9, 0, v17);
    const i64 r49 = row(r17, w10, w9, 0, v18);
    for (i64 v19 = thread(); v19 < w3; v19 += 256) {
      const i64 v20 = r34;
      const f32 r35 = load((const f32*)w7 + v19 + v20 * w11);
      const f32 r36 = load((const f32*)w2 + v19);
      r18 = fma(r35, r36, r18);
      const i64 v21 = r37;
      const f32 r38 = load((const f32*)w7 + v19 + v21 * w11);
      r19 = fma(r38, r36, r19);
      const i64 v22 = r39;
      const f32 r40 = load((const f32*)w7 + v19 + v22 * w11);
      r20 = fma(r40, r36, r20);
      const i64 v23 = r41;
      const f32 r42 = load((const f32*)w7 + v19 + v23 * w11);
      r21 = fma(r42, r36, r21);
      const i64 v24 = r43;
      const f32 r44 = load((const f32*)w7 + v19 + v24 * w11);
      r22 = fma(r44, r36, r22);
      const i64 v25 = r45;
      const f32 r46 = load((const f32*)w7 + v19 + v25 * w11);
      r23 = fma(r46, r36, r23);
      const i64 v26 = r47;
      const f32 r48 = load((const f32*)w7 + v19 + v26 * w11);
      r24 = fma(r48, r36, r24);
      const i64 v27 = r49;
      const f32 r50 = load((const f32*)w7 + v19 + v27 * w11);
      r25 = fma(r50, r36, r25);
      const f32 r51 = load((const f32*)w2 + v19 + w3);
      r26 = fma(r35, r51, r26);
      r27 = fma(r38, r51, r27);
      r28 = fma(r40, r51, r28);
      r29 = fma(r42, r51, r29);
      r30 = fma(r44, r51, r30);
      r31 = fma(r46, r51, r31);
      r32 = fma(r48, r51, r32);
      r33 = fma(r50, r51, r33);
    }
    barrier();
    fold_sum<256, 0>(r18);
    fold_sum<256, 1>(r19);
    fold_sum<256, 2>(r20);
    fold_sum<256, 3>(r21);
    fold_sum<256, 4>(r22);
    fold_sum<256, 5>(r23);
    fold_sum<256, 6>(r24);
    fold_sum<256, 7>(r25);
    fold_sum<256, 8>(r26);
    fold_sum<256, 9>(r27);
    fold_sum<256, 10>(r28);
    fold_sum<256, 11>(r29);
    fold_sum<256, 12>(r30);
    fold_sum<256, 13>(r31);
    fold_sum<256, 14>(r32);
    fold_sum<256, 15>(r33);
    barrier();
    const f32 r52 = folded_sum<256, 0, f32>();
    const f32 r53 = folded_sum<256, 1, f32>();
    const f32 r54 = folded_sum<256, 2, f32>();
    const f32 r55 = folded_sum<256, 3, f32>();
    const f32 r56 = folded_sum<256, 4, f32>();
    const f32 r57 = folded_sum<256, 5, f32>();
    const f32 r58 = folded_sum<256, 6, f32>();
    const f32 r59 = folded_sum<256, 7, f32>();
    const f32 r60 = folded_sum<256, 8, f32>();
    const f32 r61 = folded_sum<256, 9, f32>();
    const f32 r62 = folded_sum<256, 10, f32>();
    const f32 r63 = folded_sum<256, 11, f32>();
    const f32 r64 = folded_sum<256, 12, f32>();
    const f32 r65 = folded_sum<256, 13, f32>();
    const f32 r66 = folded_sum<256, 14, f32>();
    const f32 r67 = folded_sum<256, 15, f32>();
    if (thread() == 0) store((f32*)w13 + v11 * w12, r52);
    if (thread() == 0) store((f32*)w13 + v12 * w12, r53);
    if (thread() == 0) store((f32*)w13 + v13 * w12, r54);
    if (thread() == 0) store((f32*)w13 + v14 * w12, r55);
    if (thread() == 0) store((f32*)w13 + v15 * w12, r56);
    if (thread() == 0) store((f32*)w13 + v16 * w12, r57);
    if (thread() == 0) store((f32*)w13 + v17 * w12, r58);
    if (thread() == 0) store((f32*)w13 + v18 * w12, r59);
    if (thread() == 0) store((f32*)w13 + v11 * w12 + 1, r60);
    if (thread() == 0) store((f32*)w13 + v12 * w12 + 1, r61);
    if (thread() == 0) store((f32*)w13 + v13 * w12 + 1, r62);
    if (thread() == 0) store((f32*)w13 + v14 * w12 + 1, r63);
    if (thread() == 0) store((f32*)w13 + v15 * w12 + 1, r64);
    if (thread() == 0) store((f32*)w13 + v16 * w12 + 1, r65);
    if (thread() == 0) store((f32*)w13 + v17 * w12 + 1, r66);
    if (thread() == 0) store((f32*)w13 + v18 * w12 + 1, r67);
  }
  for (; v11 < v1; v11 += 1) {
    const i64 r68 = load((const i64*)w6 + v11);
    f32 r69 = (f32)0;
    f32 r70 = (f32)0;
    const i64 r71 = row(r68, w10, w9, 0, v11);
    {
      i64 v28 = thread();
      for (; v28 + 768 < w3; v28 += 1024) {
        const i64 v31 = v28 + 256;
        const i64 v33 = v28 + 512;
        const i64 v35 = v28 + 768;
        const i64 v30 = r71;
        const i64 v32 = r71;
        const i64 v34 = r71;
        const i64 v36 = r71;
        const f32 r75 = load((const f32*)w7 + v28 + v30 * w11);
        const f32 r78 = load((const f32*)w7 + v31 + v32 * w11);
        const f32 r81 = load((const f32*)w7 + v33 + v34 * w11);
        const f32 r84 = load((const f32*)w7 + v35 + v36 * w11);
        const f32 r76 = load((const f32*)w2 + v28);
        const f32 r79 = load((const f32*)w2 + v31);
        const f32 r82 = load((const f32*)w2 + v33);
        const f32 r85 = load((const f32*)w2 + v35);
        r69 = fma(r75, r76, r69);
        r69 = fma(r78, r79, r69);
        r69 = fma(r81, r82, r69);
        r69 = fma(r84, r85, r69);
        const f32 r77 = load((const f32*)w2 + v28 + w3);
        const f32 r80 = load((const f32*)w2 + v31 + w3);
        const f32 r83 = load((const f32*)w2 + v33 + w3);
        const f32 r86 = load((const f32*)w2 + v35 + w3);
        r70 = fma(r75, r77, r70);
        r70 = fma(r78, r80, r70);
        r70 = fma(r81, r83, r70);
        r70 = fma(r84, r86, r70);
      }
      CROTON_ROLLED for (; v28 < w3; v28 += 256) {
        const i64 v29 = r71;
        const f32 r72 = load((const f32*)w7 + v28 + v29 * w11);
        const f32 r73 = load((const f32*)w2 + v28);
        r69 = fma(r72, r73, r69);
        const f32 r74 = load((const f32*)w2 + v28 + w3);
        r70 = fma(r72, r74, r70);
      }
    }
    barrier();
    fold_sum<256, 0>(r69);
    fold_sum<256, 1>(r70);
    barrier();
    const f32 r87 = folded_sum<256, 0, f32>();
    const f32 r88 = folded_sum<256, 1, f32>();
    if (thread() == 0) store((f32*)w13 + v11 * w12, r87);
    if (thread() == 0) store((f32*)w13 + v11 * w12 + 1, r88);
  }
}

