CROTON_KERNEL(kernel_0, 8, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const f32 w4 = bits_as<f32>((i32)words.w[4]);
  void* const w5 = (void*)words.w[5];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  const f32 r2 = w4;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w2 + v3);
    const f32 r1 = load((const f32*)w3 + v3);
    const f32 r3 = r2;
    const f32 r4 = fma(r0, r1, r3);
    const f32 r5 = tanh(r4);
    const f32 r6 = neg(r0);
    const f32 r7 = exp(r6);
    const f32 r8 = abs(r1);
    const f32 r9 = sqrt(r8);
    const f32 r10 = fma(r5, r7, r9);
    store((f32*)w5 + v3, r10);
  }
}

