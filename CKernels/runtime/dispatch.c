// The ordered list of instruction sets, chosen once; FARRO_ISA and a thread's own choice override it.
#include "dispatch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

extern const farro_kernels farro_kernels_baseline, farro_kernels_avx2, farro_kernels_avx512, farro_kernels_avx512_bf16,
    farro_kernels_neon;

static const struct {
  const char *name;
  const farro_kernels *kernels; // NULL: not part of this build
} implementations[FARRO_ISA_COUNT] = {
    [FARRO_ISA_BASELINE] = {"baseline", &farro_kernels_baseline},
#if defined(__x86_64__)
    [FARRO_ISA_AVX2] = {"avx2", &farro_kernels_avx2},
    [FARRO_ISA_AVX512] = {"avx512", &farro_kernels_avx512},
    [FARRO_ISA_AVX512_BF16] = {"avx512_bf16", &farro_kernels_avx512_bf16},
#else
    [FARRO_ISA_AVX2] = {"avx2", NULL},
    [FARRO_ISA_AVX512] = {"avx512", NULL},
    [FARRO_ISA_AVX512_BF16] = {"avx512_bf16", NULL},
#endif
#if defined(__aarch64__)
    [FARRO_ISA_NEON] = {"neon", &farro_kernels_neon},
#else
    [FARRO_ISA_NEON] = {"neon", NULL},
#endif
};

static bool supported[FARRO_ISA_COUNT];
static _Atomic farro_isa process_choice = FARRO_ISA_NONE;
static char refusal[256] = "FARRO_ISA is fine";
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local farro_isa local_choice = FARRO_ISA_NONE;

static void refuse(const char *value) {
  int length = snprintf(refusal, sizeof refusal, "FARRO_ISA=%.40s cannot be used here; this machine has:", value);
  for (int isa = 0; isa < FARRO_ISA_COUNT; isa++)
    if (supported[isa])
      length += snprintf(refusal + length, sizeof refusal - (size_t)length, " %s", implementations[isa].name);
}

static void choose(void) {
  farro_isa best = FARRO_ISA_BASELINE;
  for (int isa = 0; isa < FARRO_ISA_COUNT; isa++) {
    supported[isa] = implementations[isa].kernels && farro_cpu_has((farro_isa)isa);
    if (supported[isa]) best = (farro_isa)isa;
  }
  const char *wanted = getenv("FARRO_ISA");
  if (!wanted || !*wanted) {
    process_choice = best;
    return;
  }
  const farro_isa isa = farro_isa_named(wanted);
  if (isa == FARRO_ISA_NONE || !supported[isa])
    refuse(wanted);
  else
    process_choice = isa;
}

const char *farro_isa_name(farro_isa isa) {
  return isa >= 0 && isa < FARRO_ISA_COUNT ? implementations[isa].name : "none";
}

farro_isa farro_isa_named(const char *name) {
  for (int isa = 0; isa < FARRO_ISA_COUNT; isa++)
    if (strcmp(implementations[isa].name, name) == 0) return (farro_isa)isa;
  return FARRO_ISA_NONE;
}

bool farro_isa_supported(farro_isa isa) {
  pthread_once(&once, choose);
  return isa >= 0 && isa < FARRO_ISA_COUNT && supported[isa];
}

static farro_isa process_isa(void) {
  // Every kernel call comes through here: once chosen, one load.
  const farro_isa chosen = atomic_load_explicit(&process_choice, memory_order_acquire);
  if (chosen != FARRO_ISA_NONE) return chosen;
  pthread_once(&once, choose);
  return process_choice;
}

farro_isa farro_current_isa(void) { return local_choice != FARRO_ISA_NONE ? local_choice : process_isa(); }

bool farro_process_has_kernels(void) { return process_isa() != FARRO_ISA_NONE; }

farro_status farro_set_local_isa(farro_isa isa, farro_isa *previous) {
  if (isa != FARRO_ISA_NONE && !farro_isa_supported(isa)) return FARRO_ERROR_ISA;
  if (previous) *previous = local_choice;
  local_choice = isa;
  return FARRO_OK;
}

const farro_kernels *farro_current_kernels(void) {
  const farro_isa isa = farro_current_isa();
  return isa == FARRO_ISA_NONE ? NULL : implementations[isa].kernels;
}

const char *farro_status_message(farro_status status) {
  switch (status) {
  case FARRO_OK:
    return "ok";
  case FARRO_ERROR_ISA:
    pthread_once(&once, choose);
    return process_choice == FARRO_ISA_NONE ? refusal : "this machine lacks the instruction set asked for";
  case FARRO_ERROR_ARGUMENT:
    return "a size, stride or option is outside the range that the function allows";
  case FARRO_ERROR_MEMORY:
    return "no memory for the work space";
  case FARRO_ERROR_SINGULAR:
    return "a triangular matrix has a 0 on its diagonal";
  case FARRO_ERROR_NOT_POSITIVE_DEFINITE:
    return "a matrix is not positive definite";
  }
  return "unknown status";
}
