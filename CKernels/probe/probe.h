// The probes of one instruction set.
#ifndef FARRO_PROBE_PROBE_H
#define FARRO_PROBE_PROBE_H

#include "runtime.h"

#include "include/probe.h"

typedef struct probe_kernels {
  // Runs `rounds` rounds of independent multiply-adds in registers; returns a value that depends on all of them.
  double (*fma_f32)(size_t rounds), (*fma_f64)(size_t rounds);
  double flops_per_round_f32, flops_per_round_f64;
  // The same of the dot products of low-precision matmul.
  double (*dot_bf16)(size_t rounds), (*dot_u8s8)(size_t rounds);
  double operations_per_round_bf16, operations_per_round_u8s8;

  // One sweep over arrays of `count` floats, a multiple of 256, aligned to 64; the arrays lie `count` floats apart.
  float (*traffic[FARRO_TRAFFIC_COUNT])(float *memory, size_t count);
} probe_kernels;

#endif
