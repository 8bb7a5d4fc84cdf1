CROTON_KERNEL(kernel_0, 9, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 w4 = words.w[4];
  const i64 w5 = words.w[5];
  void* const w6 = (void*)words.w[6];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v4;
  const f32 r0 = (f32)0;
  for (i64 v3 = thread(); v3 < w2; v3 += 256) {
    store((f32*)w3 + v2 * w4 + v3, r0);
  }
  for (v4 = v0; v4 + 4 <= v1; v4 += 4) {
    const i64 v5 = v4 + 1;
    const i64 v6 = v4 + 2;
    const i64 v7 = v4 + 3;
    for (i64 v8 = thread(); v8 < w2; v8 += 256) {
      f32 r1 = load((const f32*)w3 + v2 * w4 + v8);
      const f32 r2 = load((const f32*)w6 + v4 * w5 + v8);
      r1 = add(r1, r2);
      const f32 r3 = load((const f32*)w6 + v5 * w5 + v8);
      r1 = add(r1, r3);
      const f32 r4 = load((const f32*)w6 + v6 * w5 + v8);
      r1 = add(r1, r4);
      const f32 r5 = load((const f32*)w6 + v7 * w5 + v8);
      r1 = add(r1, r5);
      store((f32*)w3 + v2 * w4 + v8, r1);
    }
  }
  for (; v4 < v1; v4 += 1) {
    for (i64 v9 = thread(); v9 < w2; v9 += 256) {
      f32 r6 = load((const f32*)w3 + v2 * w4 + v9);
      const f32 r7 = load((const f32*)w6 + v4 * w5 + v9);
      r6 = add(r6, r7);
      store((f32*)w3 + v2 * w4 + v9, r6);
    }
  }
}

CROTON_KERNEL(kernel_1, 9, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 w4 = words.w[4];
  const f32 w5 = bits_as<f32>((i32)words.w[5]);
  void* const w6 = (void*)words.w[6];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r2 = w5;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    f32 r0 = (f32)0;
    for (i64 v4 = 0; v4 < w2; v4 += 1) {
      const f32 r1 = load((const f32*)w3 + v4 * w4 + v3);
      r0 = add(r0, r1);
    }
    const f32 r3 = r2;
    const f32 r4 = div(r0, r3);
    store((f32*)w6 + v3, r4);
  }
}

CROTON_KERNEL(kernel_2, 12, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 w4 = words.w[4];
  const i64 w5 = words.w[5];
  void* const w6 = (void*)words.w[6];
  void* const w7 = (void*)words.w[7];
  const i64 w8 = words.w[8];
  void* const w9 = (void*)words.w[9];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  i64 v4;
  const f32 r0 = (f32)0;
  for (i64 v3 = thread(); v3 < w2; v3 += 256) {
    store((f32*)w3 + v2 * w4 + v3, r0);
  }
  for (v4 = v0; v4 + 4 <= v1; v4 += 4) {
    const i64 v5 = v4 + 1;
    const i64 v6 = v4 + 2;
    const i64 v7 = v4 + 3;
    for (i64 v8 = thread(); v8 < w2; v8 += 256) {
      f32 r1 = load((const f32*)w3 + v2 * w4 + v8);
      const f32 r2 = load((const f32*)w6 + v4 * w5 + v8);
      const f32 r3 = load((const f32*)w7 + v8);
      const f32 r4 = sub(r2, r3);
      r1 = fma(r4, r4, r1);
      const f32 r5 = load((const f32*)w6 + v5 * w5 + v8);
      const f32 r6 = sub(r5, r3);
      r1 = fma(r6, r6, r1);
      const f32 r7 = load((const f32*)w6 + v6 * w5 + v8);
      const f32 r8 = sub(r7, r3);
      r1 = fma(r8, r8, r1);
      const f32 r9 = load((const f32*)w6 + v7 * w5 + v8);
      const f32 r10 = sub(r9, r3);
      r1 = fma(r10, r10, r1);
      store((f32*)w3 + v2 * w4 + v8, r1);
      store((f32*)w9 + v4 * w8 + v8, r4);
      store((f32*)w9 + v5 * w8 + v8, r6);
      store((f32*)w9 + v6 * w8 + v8, r8);
      store((f32*)w9 + v7 * w8 + v8, r10);
    }
  }
  for (; v4 < v1; v4 += 1) {
    for (i64 v9 = thread(); v9 < w2; v9 += 256) {
      f32 r11 = load((const f32*)w3 + v2 * w4 + v9);
      const f32 r12 = load((const f32*)w6 + v4 * w5 + v9);
      const f32 r13 = load((const f32*)w7 + v9);
      const f32 r14 = sub(r12, r13);
      r11 = fma(r14, r14, r11);
      store((f32*)w3 + v2 * w4 + v9, r11);
      store((f32*)w9 + v4 * w8 + v9, r14);
    }
  }
}

CROTON_KERNEL(kernel_3, 8, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  const i64 w2 = words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 w4 = words.w[4];
  void* const w5 = (void*)words.w[5];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r2 = (f32)0x1p+0;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    f32 r0 = (f32)0;
    for (i64 v4 = 0; v4 < w2; v4 += 1) {
      const f32 r1 = load((const f32*)w3 + v4 * w4 + v3);
      r0 = add(r0, r1);
    }
    const f32 r3 = r2;
    const f32 r4 = add(r0, r3);
    const f32 r5 = rsqrt(r4);
    store((f32*)w5 + v3, r5);
  }
}

CROTON_KERNEL(kernel_4, 10, 256) {
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
  for (v3 = v0; v3 + 4 <= v1; v3 += 4) {
    const i64 v4 = v3 + 1;
    const i64 v5 = v3 + 2;
    const i64 v6 = v3 + 3;
    for (i64 v7 = thread(); v7 < w2; v7 += 256) {
      const f32 r0 = load((const f32*)w4 + v3 * w3 + v7);
      const f32 r1 = load((const f32*)w5 + v7);
      const f32 r2 = mul(r0, r1);
      store((f32*)w7 + v3 * w6 + v7, r2);
      const f32 r3 = load((const f32*)w4 + v4 * w3 + v7);
      const f32 r4 = mul(r3, r1);
      store((f32*)w7 + v4 * w6 + v7, r4);
      const f32 r5 = load((const f32*)w4 + v5 * w3 + v7);
      const f32 r6 = mul(r5, r1);
      store((f32*)w7 + v5 * w6 + v7, r6);
      const f32 r7 = load((const f32*)w4 + v6 * w3 + v7);
      const f32 r8 = mul(r7, r1);
      store((f32*)w7 + v6 * w6 + v7, r8);
    }
  }
  for (; v3 < v1; v3 += 1) {
    for (i64 v8 = thread(); v8 < w2; v8 += 256) {
      const f32 r9 = load((const f32*)w4 + v3 * w3 + v8);
      const f32 r10 = load((const f32*)w5 + v8);
      const f32 r11 = mul(r9, r10);
      store((f32*)w7 + v3 * w6 + v8, r11);
    }
  }
}

