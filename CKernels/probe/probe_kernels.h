// Peak multiply-add rate of one element type.

// Chains of multiply-adds: two pipes of 4 cycles (5 on some) need 8 to 10; 12 also hide uneven scheduling, and with
// their two factors fit in 16 registers.
enum { KERNEL(fma_chains) = 12, KERNEL(fma_steps) = 8 };

static double KERNEL(probe_fma)(size_t rounds) {
  VECTOR sums[KERNEL(fma_chains)];
  VECTOR x = broadcast((SCALAR)0.999), y = broadcast((SCALAR)1e-3);
  for (size_t i = 0; i < KERNEL(fma_chains); i++) sums[i] = broadcast((SCALAR)i);
  for (size_t round = 0; round < rounds; round++) {
    // The factors could change here as far as the compiler knows, so that it cannot compute the rounds beforehand.
    __asm__ volatile("" : "+" VECTOR_REGISTER_CLASS(x), "+" VECTOR_REGISTER_CLASS(y));
    UNROLL for (size_t step = 0; step < KERNEL(fma_steps); step++)
        UNROLL for (size_t i = 0; i < KERNEL(fma_chains); i++) sums[i] = multiply_add(sums[i], x, y);
  }
  VECTOR total = sums[0];
  for (size_t i = 1; i < KERNEL(fma_chains); i++) total += sums[i];
  double sum = 0;
  for (size_t i = 0; i < LANES; i++) sum += (double)total[i];
  return sum;
}
