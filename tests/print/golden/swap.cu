CROTON_KERNEL(kernel_0, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
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
      const f32 r1 = load((const f32*)w2 + v3);
      const f32 r2 = load((const f32*)w2 + v4);
      const f32 r3 = load((const f32*)w2 + v5);
      const f32 r4 = load((const f32*)w2 + v6);
      const f32 r5 = load((const f32*)w2 + v7);
      const f32 r6 = load((const f32*)w2 + v8);
      const f32 r7 = load((const f32*)w2 + v9);
      const f32 r8 = load((const f32*)w2 + v10);
      store((f32*)w3 + v3, r1);
      store((f32*)w3 + v4, r2);
      store((f32*)w3 + v5, r3);
      store((f32*)w3 + v6, r4);
      store((f32*)w3 + v7, r5);
      store((f32*)w3 + v8, r6);
      store((f32*)w3 + v9, r7);
      store((f32*)w3 + v10, r8);
    }
    CROTON_ROLLED for (; v3 < v1; v3 += 256) {
      const f32 r0 = load((const f32*)w2 + v3);
      store((f32*)w3 + v3, r0);
    }
  }
}

CROTON_KERNEL(kernel_1, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
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
      const f32 r1 = load((const f32*)w2 + v3);
      const f32 r2 = load((const f32*)w2 + v4);
      const f32 r3 = load((const f32*)w2 + v5);
      const f32 r4 = load((const f32*)w2 + v6);
      const f32 r5 = load((const f32*)w2 + v7);
      const f32 r6 = load((const f32*)w2 + v8);
      const f32 r7 = load((const f32*)w2 + v9);
      const f32 r8 = load((const f32*)w2 + v10);
      store((f32*)w3 + v3, r1);
      store((f32*)w3 + v4, r2);
      store((f32*)w3 + v5, r3);
      store((f32*)w3 + v6, r4);
      store((f32*)w3 + v7, r5);
      store((f32*)w3 + v8, r6);
      store((f32*)w3 + v9, r7);
      store((f32*)w3 + v10, r8);
    }
    CROTON_ROLLED for (; v3 < v1; v3 += 256) {
      const f32 r0 = load((const f32*)w2 + v3);
      store((f32*)w3 + v3, r0);
    }
  }
}

