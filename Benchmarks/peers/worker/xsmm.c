// libxsmm: one kernel generated for the shape, then called for every product, the batch shared among OpenMP threads.
// Debian has libxsmm as static libraries only, so this worker is linked with it and LIBRARY is not looked at.
#include "worker.h"

#include <libxsmm.h>
#include <stdio.h>
#include <string.h>

// A kernel holds the whole product: no blocking. Beyond this it is not what libxsmm is for.
static const size_t most_products = 128 * 128 * 128;

static libxsmm_smmfunction kernel_f32;
static libxsmm_dmmfunction kernel_f64;
static size_t batch, m, n, k;
static int team;

static bool open(const char *path, int threads) {
  (void)path;
  libxsmm_init();
  team = threads;
  return true;
}

static void facts(char *text, size_t size) {
  snprintf(text, size, "libxsmm %s\t%s", LIBXSMM_CONFIG_VERSION, libxsmm_get_target_arch());
}

// The kernels are column-major: C^T = B^T A^T.
static int single_f32(const void *const *in, void *out) {
  kernel_f32(in[1], in[0], out);
  return 0;
}

static int single_f64(const void *const *in, void *out) {
  kernel_f64(in[1], in[0], out);
  return 0;
}

static int batched_f32(const void *const *in, void *out) {
  const float *a = in[0], *b = in[1];
  float *c = out;
#pragma omp parallel for num_threads(team) schedule(static)
  for (size_t i = 0; i < batch; i++) kernel_f32(b + i * k * n, a + i * m * k, c + i * m * n);
  return 0;
}

static int batched_f64(const void *const *in, void *out) {
  const double *a = in[0], *b = in[1];
  double *c = out;
#pragma omp parallel for num_threads(team) schedule(static)
  for (size_t i = 0; i < batch; i++) kernel_f64(b + i * k * n, a + i * m * k, c + i * m * n);
  return 0;
}

static worker_call load(const char **why, const char **how) {
  batch = size_parameter("batch");
  m = size_parameter("m");
  n = size_parameter("n");
  k = size_parameter("k");
  const bool f32 = strcmp(parameter("type"), "f32") == 0, f64 = strcmp(parameter("type"), "f64") == 0;
  *why = "no product of this type";
  if (strcmp(parameter("operation"), "matmul") != 0 || (!f32 && !f64)) return NULL;
  *why = "larger than one generated kernel";
  if (m * n * k > most_products) return NULL;
  const float zero_f32 = 0, one_f32 = 1;
  const double zero_f64 = 0, one_f64 = 1;
  const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
  const int columns = (int)n, rows = (int)m, depth = (int)k;
  if (f32)
    kernel_f32 = libxsmm_smmdispatch(columns, rows, depth, NULL, NULL, NULL, &one_f32, &zero_f32, &flags, &prefetch);
  else
    kernel_f64 = libxsmm_dmmdispatch(columns, rows, depth, NULL, NULL, NULL, &one_f64, &zero_f64, &flags, &prefetch);
  *why = "no kernel was generated";
  if (f32 ? !kernel_f32 : !kernel_f64) return NULL;
  *how = batch == 1 ? "one generated kernel, one thread" : "one generated kernel, the batch over threads";
  if (batch == 1) return f32 ? single_f32 : single_f64;
  return f32 ? batched_f32 : batched_f64;
}

static const backend xsmm_backend = {"xsmm", open, facts, load, NULL};
const backend *const backends[] = {&xsmm_backend, NULL};
