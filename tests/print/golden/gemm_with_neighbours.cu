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
  for (v3 = v0; v3 + 4 <= v1; v3 += 4) {
    const i64 v4 = v3 + 1;
    const i64 v5 = v3 + 2;
    const i64 v6 = v3 + 3;
    for (i64 v7 = thread(); v7 < w2; v7 += 256) {
      const f32 r0 = load((const f32*)w4 + v3 * w3 + v7);
      const f32 r1 = load((const f32*)w5 + v7);
      const f32 r2 = add(r0, r1);
      const f32 r3 = relu(r2);
      store((f32*)w7 + v3 * w6 + v7, r3);
      const f32 r4 = load((const f32*)w4 + v4 * w3 + v7);
      const f32 r5 = add(r4, r1);
      const f32 r6 = relu(r5);
      store((f32*)w7 + v4 * w6 + v7, r6);
      const f32 r7 = load((const f32*)w4 + v5 * w3 + v7);
      const f32 r8 = add(r7, r1);
      const f32 r9 = relu(r8);
      store((f32*)w7 + v5 * w6 + v7, r9);
      const f32 r10 = load((const f32*)w4 + v6 * w3 + v7);
      const f32 r11 = add(r10, r1);
      const f32 r12 = relu(r11);
      store((f32*)w7 + v6 * w6 + v7, r12);
    }
  }
  for (; v3 < v1; v3 += 1) {
    for (i64 v8 = thread(); v8 < w2; v8 += 256) {
      const f32 r13 = load((const f32*)w4 + v3 * w3 + v8);
      const f32 r14 = load((const f32*)w5 + v8);
      const f32 r15 = add(r13, r14);
      const f32 r16 = relu(r15);
      store((f32*)w7 + v3 * w6 + v8, r16);
    }
  }
}

