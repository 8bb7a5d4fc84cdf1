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
  {
    i64 v3 = v0 + thread();
    for (; v3 + 256 < v1; v3 += 512) {
      const i64 v4 = v3 + 256;
      const f32 r11 = load((const f32*)w2 + v3);
      const f32 r21 = load((const f32*)w2 + v4);
      const f32 r12 = load((const f32*)w3 + v3);
      const f32 r22 = load((const f32*)w3 + v4);
      const f32 r13 = r2;
      const f32 r23 = r2;
      const f32 r14 = fma(r11, r12, r13);
      const f32 r24 = fma(r21, r22, r23);
      const f32 r15 = tanh(r14);
      const f32 r25 = tanh(r24);
      const f32 r16 = neg(r11);
      const f32 r26 = neg(r21);
      const f32 r17 = exp(r16);
      const f32 r27 = exp(r26);
      const f32 r18 = abs(r12);
      const f32 r28 = abs(r22);
      const f32 r19 = sqrt(r18);
      const f32 r29 = sqrt(r28);
      const f32 r20 = fma(r15, r17, r19);
      const f32 r30 = fma(r25, r27, r29);
      store((f32*)w5 + v3, r20);
      store((f32*)w5 + v4, r30);
    }
    CROTON_ROLLED for (; v3 < v1; v3 += 256) {
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
}

