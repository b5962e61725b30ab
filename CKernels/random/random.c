// Entry of random numbers: check, cut into tasks of whole blocks, run.
#include "random.h"

#include <math.h>

#include "runtime/dispatch.h"
#include "runtime/streaming.h"

enum { task_elements = 16 * 1024 }; // some microseconds; whole blocks, and whole lines of the result

// Rough speed of one thread in words, to decide about waking others.
static const double words_per_nanosecond = 4;

typedef struct {
  random_kernel *kernel;
  random_work work;
} random_call;

static void run_kernel(void *context, size_t first, size_t last) {
  const random_call *call = context;
  call->kernel(&call->work, first, last);
}

// In place, the lines of the result are in the cache already.
static farro_status run(random_kernel *kernel, random_work work, size_t element_bytes) {
  enum { line = 64 };
  work.streams =
      work.out != work.x && (uintptr_t)work.out % line == 0 && farro_should_stream(2 * work.n * element_bytes);
  random_call call = {kernel, work};
  farro_parallel_for(work.n, task_elements, (double)work.n / words_per_nanosecond, run_kernel, &call);
  return FARRO_OK;
}

farro_status farro_random_bits(const farro_philox *from, size_t n, uint32_t *words) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return run(kernels->random_words, (random_work){.from = *from, .n = n, .out = words}, sizeof *words);
}

static farro_status dropout(const random_kernels *kernels, random_work work, double p) {
  if (!(p >= 0 && p <= 1)) return FARRO_ERROR_ARGUMENT;
  work.scale = p < 1 ? 1 / (1 - p) : 0;
  work.limit = (int32_t)(rint(ldexp(p, dropout_bits)) - 1);
  return run(kernels->dropout, work, kernels->element_bytes);
}

#define ENTRIES(type, scalar, next_after)                                                                              \
  farro_status farro_random_uniform_##type(const farro_philox *from, scalar low, scalar high, size_t n, scalar *out) { \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (!(low < high) || !isfinite(high - low)) return FARRO_ERROR_ARGUMENT;                                           \
    const random_work work = {                                                                                         \
        .from = *from, .n = n, .out = out, .low = low, .high = high, .last = next_after(high, low)};                   \
    return run(kernels->random_##type->uniform, work, sizeof(scalar));                                                 \
  }                                                                                                                    \
  farro_status farro_dropout_##type(const farro_philox *from, double p, size_t n, const scalar *x, scalar *out) {      \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    return dropout(kernels->random_##type, (random_work){.from = *from, .n = n, .out = out, .x = x}, p);               \
  }

ENTRIES(f32, float, nextafterf)
ENTRIES(f64, double, nextafter)
