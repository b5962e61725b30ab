// Memory traffic: loops that do as little as possible besides loading and storing. 16 vectors a turn keep the loop's
// own instructions below a tenth and cover whole cache lines at every width.

enum { traffic_floats = 256 };

// Tells the compiler that memory is read: stores before it are not dead.
#define TRAFFIC_BARRIER(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

static float traffic_read(float *x, size_t count) {
  enum { step = 16 * f32_lanes };
  f32v sums[16];
  for (size_t j = 0; j < 16; j++) sums[j] = broadcast(0.0f);
  for (size_t i = 0; i + step <= count; i += step)
    UNROLL for (size_t j = 0; j < 16; j++) sums[j] += load(x + i + j * f32_lanes);
  f32v total = sums[0];
  for (size_t j = 1; j < 16; j++) total += sums[j];
  TRAFFIC_BARRIER(x);
  return total[0] + total[f32_lanes - 1];
}

#define TRAFFIC_LOOP(body)                                                                                             \
  enum { step = 16 * f32_lanes };                                                                                      \
  for (size_t i = 0; i + step <= count; i += step) UNROLL for (size_t j = 0; j < 16; j++) {                            \
      const size_t at = i + j * f32_lanes;                                                                             \
      body                                                                                                             \
    }                                                                                                                  \
  TRAFFIC_BARRIER(memory);                                                                                             \
  return 0

static float traffic_write(float *memory, size_t count) {
  const f32v value = broadcast(1.0f);
  TRAFFIC_LOOP(store(memory + at, value););
}

static float traffic_write_nt(float *memory, size_t count) {
  const f32v value = broadcast(1.0f);
  TRAFFIC_LOOP(store_nontemporal(memory + at, value););
}

static float traffic_copy(float *memory, size_t count) { TRAFFIC_LOOP(store(memory + count + at, load(memory + at));); }

static float traffic_copy_nt(float *memory, size_t count) {
  TRAFFIC_LOOP(store_nontemporal(memory + count + at, load(memory + at)););
}

static float traffic_triad(float *memory, size_t count) {
  const f32v factor = broadcast(0.5f);
  TRAFFIC_LOOP(store(memory + 2 * count + at, multiply_add(factor, load(memory + count + at), load(memory + at))););
}

#undef TRAFFIC_LOOP
#undef TRAFFIC_BARRIER

static const probe_kernels probe = {
    .fma_f32 = probe_fma_f32,
    .fma_f64 = probe_fma_f64,
    .flops_per_round_f32 = 2.0 * fma_chains_f32 * fma_steps_f32 * f32_lanes,
    .flops_per_round_f64 = 2.0 * fma_chains_f64 * fma_steps_f64 * f64_lanes,
    .dot_bf16 = probe_dot_bf16,
    .dot_u8s8 = probe_dot_u8s8,
    .operations_per_round_bf16 = 2.0 * dot_bf16_in_word * dot_chains * dot_steps * f32_lanes,
    .operations_per_round_u8s8 = 2.0 * dot_u8s8_in_word * dot_chains * dot_steps * f32_lanes,
    .traffic = {[FARRO_TRAFFIC_READ] = traffic_read,
                [FARRO_TRAFFIC_WRITE] = traffic_write,
                [FARRO_TRAFFIC_WRITE_NT] = traffic_write_nt,
                [FARRO_TRAFFIC_COPY] = traffic_copy,
                [FARRO_TRAFFIC_COPY_NT] = traffic_copy_nt,
                [FARRO_TRAFFIC_TRIAD] = traffic_triad},
};
