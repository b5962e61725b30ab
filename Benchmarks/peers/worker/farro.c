// Farro, through libfarro's C interface.
#include "worker.h"

#include <CKernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTION(name) static __typeof__(name) *p_##name
FUNCTION(farro_current_isa);
FUNCTION(farro_isa_name);
FUNCTION(farro_set_threads);
FUNCTION(farro_cpu_facts);
FUNCTION(farro_matmul_f32);
FUNCTION(farro_matmul_f64);
FUNCTION(farro_matmul_fused_f32);
FUNCTION(farro_matmul_bf16_f32);
FUNCTION(farro_matmul_u8s8_s32);
FUNCTION(farro_matmul_plan_f32);
FUNCTION(farro_matmul_plan_f64);
FUNCTION(farro_matmul_plan_describe);
FUNCTION(farro_probe_fma_f32);
FUNCTION(farro_probe_fma_f64);
FUNCTION(farro_probe_traffic);
#undef FUNCTION

static bool open(const char *path, int threads) {
  if (!open_library(path)) return false;
#define FETCH(name) p_##name = symbol(#name)
  FETCH(farro_current_isa);
  FETCH(farro_isa_name);
  FETCH(farro_set_threads);
  FETCH(farro_cpu_facts);
  FETCH(farro_matmul_f32);
  FETCH(farro_matmul_f64);
  FETCH(farro_matmul_fused_f32);
  FETCH(farro_matmul_bf16_f32);
  FETCH(farro_matmul_u8s8_s32);
  FETCH(farro_matmul_plan_f32);
  FETCH(farro_matmul_plan_f64);
  FETCH(farro_matmul_plan_describe);
  FETCH(farro_probe_fma_f32);
  FETCH(farro_probe_fma_f64);
  FETCH(farro_probe_traffic);
#undef FETCH
  if (!p_farro_current_isa || !p_farro_isa_name || !p_farro_set_threads || !p_farro_cpu_facts) {
    fprintf(stderr, "%s is no libfarro\n", path);
    return false;
  }
  p_farro_set_threads(threads);
  return true;
}

static void facts(char *text, size_t size) {
  const farro_isa isa = p_farro_current_isa();
  snprintf(text, size, "this tree\t%s", isa == FARRO_ISA_NONE ? "none" : p_farro_isa_name(isa));
}

// ---- limits ----

static bool bandwidth(farro_traffic traffic, size_t amount, double *rate) {
  static char *memory = NULL;
  static size_t held = 0;
  if (amount > held) {
    if (memory) free(memory);
    memory = aligned_alloc(2 << 20, (amount + (2 << 20) - 1) >> 21 << 21);
    if (!memory) return false;
    // Numbers, as rows have them: a Zen 5 copies zeros 10% faster.
    for (size_t i = 0; i < amount / sizeof(float); i++) ((float *)memory)[i] = (float)(i % 1000) + 1;
    held = amount;
  }
  farro_probe_result result = {0};
  if (!p_farro_probe_traffic || p_farro_probe_traffic(traffic, amount, 1, memory, &result) != FARRO_OK) return false;
  *rate = result.amount / result.seconds;
  return result.seconds > 0;
}

static bool probe(const char *limit, size_t amount, double *rate) {
  farro_probe_result result = {0};
  farro_status status = FARRO_ERROR_ARGUMENT;
  if (strcmp(limit, "fma_f32") == 0 && p_farro_probe_fma_f32) status = p_farro_probe_fma_f32(amount, &result);
  if (strcmp(limit, "fma_f64") == 0 && p_farro_probe_fma_f64) status = p_farro_probe_fma_f64(amount, &result);
  if (strcmp(limit, "read") == 0) return bandwidth(FARRO_TRAFFIC_READ, amount, rate);
  if (strcmp(limit, "copy") == 0) { // the faster of the two ways
    double plain, past;
    if (!bandwidth(FARRO_TRAFFIC_COPY, amount, &plain) || !bandwidth(FARRO_TRAFFIC_COPY_NT, amount, &past))
      return false;
    *rate = plain > past ? plain : past;
    return true;
  }
  if (status != FARRO_OK || result.seconds <= 0) return false;
  *rate = result.amount / result.seconds;
  return true;
}

// ---- matrix products ----

static farro_matmul_shape shape;
static farro_epilogue epilogue;

static int matmul_f32(const void *const *in, void *out) {
  return (int)p_farro_matmul_f32(&shape, 1, in[0], in[1], 0, out);
}

static int matmul_f64(const void *const *in, void *out) {
  return (int)p_farro_matmul_f64(&shape, 1, in[0], in[1], 0, out);
}

static int fused_f32(const void *const *in, void *out) {
  epilogue.bias = in[2];
  return (int)p_farro_matmul_fused_f32(&shape, 1, in[0], in[1], 0, out, &epilogue);
}

static int matmul_bf16(const void *const *in, void *out) {
  return (int)p_farro_matmul_bf16_f32(&shape, 1, in[0], in[1], 0, out, NULL);
}

static int matmul_u8s8(const void *const *in, void *out) {
  return (int)p_farro_matmul_u8s8_s32(&shape, NULL, NULL, in[0], in[1], out);
}

static worker_call load_matmul(const char *operation, const char *type, const char **why, const char **how) {
  const size_t m = size_parameter("m"), n = size_parameter("n"), k = size_parameter("k");
  shape = (farro_matmul_shape){
      .batch = size_parameter("batch"),
      .m = m,
      .n = n,
      .k = k,
      .lda = k,
      .ldb = n,
      .ldc = n,
      .stride_a = m * k,
      .stride_b = k * n,
      .stride_c = m * n,
  };
  const bool f32 = strcmp(type, "f32") == 0, f64 = strcmp(type, "f64") == 0;
  static char plan_text[256];
  farro_matmul_plan plan;
  __typeof__(p_farro_matmul_plan_f32) planner = f64 ? p_farro_matmul_plan_f64 : p_farro_matmul_plan_f32;
  if ((f32 || f64) && planner && p_farro_matmul_plan_describe && planner(&shape, &plan) == FARRO_OK) {
    p_farro_matmul_plan_describe(&plan, plan_text, sizeof plan_text);
    *how = plan_text;
  }
  if (strcmp(operation, "matmul_bias_gelu") == 0) {
    epilogue = (farro_epilogue){.activation = FARRO_ACTIVATION_GELU};
    *why = "libfarro has no farro_matmul_fused_f32";
    return f32 && p_farro_matmul_fused_f32 ? fused_f32 : NULL;
  }
  *why = "libfarro has no matmul of this type";
  if (f32 && p_farro_matmul_f32) return matmul_f32;
  if (f64 && p_farro_matmul_f64) return matmul_f64;
  if (strcmp(type, "bf16") == 0 && p_farro_matmul_bf16_f32) return matmul_bf16;
  if (strcmp(type, "u8s8") == 0 && p_farro_matmul_u8s8_s32) return matmul_u8s8;
  return NULL;
}

static worker_call load(const char **why, const char **how) {
  const char *operation = parameter("operation");
  if (strncmp(operation, "matmul", 6) == 0) return load_matmul(operation, parameter("type"), why, how);
  return load_operator(operation, parameter("type"), why);
}

const backend farro_backend = {"farro", open, facts, load, probe};
