CROTON_KERNEL(kernel_0, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w2 + v3);
    store((f32*)w3 + v3, r0);
  }
}

CROTON_KERNEL(kernel_1, 6, 256) {
  const i64 v2 = block();
  const i64 w0 = words.w[0];
  const i64 w1 = words.w[1];
  void* const w2 = (void*)words.w[2];
  void* const w3 = (void*)words.w[3];
  const i64 v0 = v2 * w1, v1 = v0 + w1 < w0 ? v0 + w1 : w0;
  for (i64 v3 = v0 + thread(); v3 < v1; v3 += 256) {
    const f32 r0 = load((const f32*)w2 + v3);
    store((f32*)w3 + v3, r0);
  }
}

