// Probes: what this CPU can do at most, measured with the same vectors and threads as the kernels use.
//
// Each call runs a simple loop for long enough to be timed and returns the seconds it took; the caller computes rates.
#ifndef FARRO_PROBE_H
#define FARRO_PROBE_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// Memory traffic patterns over `bytes` bytes in all, each thread on a share of its own.
typedef enum farro_traffic {
  FARRO_TRAFFIC_READ = 0,     // s += x[i]                        bytes read
  FARRO_TRAFFIC_WRITE = 1,    // y[i] = s                         bytes written
  FARRO_TRAFFIC_WRITE_NT = 2, // the same with non-temporal stores
  FARRO_TRAFFIC_COPY = 3,     // y[i] = x[i]                      half of the bytes read, half written
  FARRO_TRAFFIC_COPY_NT = 4,  // the same with non-temporal stores
  FARRO_TRAFFIC_TRIAD = 5,    // z[i] = x[i] + s y[i]             two thirds read, one third written
  FARRO_TRAFFIC_COUNT = 6,
} farro_traffic;

// "read", "write", "write_nt", "copy", "copy_nt", "triad".
FARRO_API const char *farro_traffic_name(farro_traffic traffic);

typedef struct farro_probe_result {
  double seconds;  // from the moment that the first thread starts until the last one ends
  double amount;   // operations (a multiply-add counts two) or bytes, over all threads
  int32_t threads; // that took part
} farro_probe_result;

// Peak rate of independent multiply-adds in registers: enough chains to hide the latency of two pipes, `rounds` rounds
// on each of farro_threads() threads. On an instruction set without fused multiply-add, of multiply and add pairs.
FARRO_API farro_status farro_probe_fma_f32(size_t rounds, farro_probe_result *result);
FARRO_API farro_status farro_probe_fma_f64(size_t rounds, farro_probe_result *result);

// The same for what tiles of low-precision matmul do (include/matmul_low_precision.h): products of bf16 added to f32,
// and of unsigned with signed bytes added to 32-bit integers; each multiply-add counts two operations. An instruction
// set with dot products of these types is measured at them, another one at what its tiles do instead: multiply-adds of
// f32, and dot products of pairs of 16-bit integers.
FARRO_API farro_status farro_probe_dot_bf16(size_t rounds, farro_probe_result *result);
FARRO_API farro_status farro_probe_dot_u8s8(size_t rounds, farro_probe_result *result);

// Bandwidth of `traffic` over a working set of `bytes` (all arrays and threads together), swept `sweeps` times by
// farro_threads() threads. `memory` holds at least `bytes` bytes, aligned to 64; bytes counts are those read and
// written by the program, without the reads that a cache makes before a plain write. Each thread's share is rounded
// down to a multiple of 1 KiB per array: less than that is FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_probe_traffic(farro_traffic traffic, size_t bytes, size_t sweeps, void *memory,
                                           farro_probe_result *result);

#ifdef __cplusplus
}
#endif
#endif
