// OpenBLAS, BLIS and MKL, through CBLAS and, in MKL, its batched and low-precision products.
#include "worker.h"

#include <stdio.h>
#include <string.h>

enum { row_major = 101, no_transpose = 111, fixed_offset = 173 };

static void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
static void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *,
                     int);
static void (*sgemm_strided)(int, int, int, int, int, int, float, const float *, int, int, const float *, int, int,
                             float, float *, int, int, int);
static void (*dgemm_strided)(int, int, int, int, int, int, double, const double *, int, int, const double *, int, int,
                             double, double *, int, int, int);
static void (*bf16_gemm)(int, int, int, int, int, int, float, const uint16_t *, int, const uint16_t *, int, float,
                         float *, int);
static void (*int8_gemm)(int, int, int, int, int, int, int, float, const void *, int, int8_t, const void *, int, int8_t,
                         float, int32_t *, int, const int32_t *);

static int batch, m, n, k;

static bool open(const char *path, int threads) {
  (void)threads; // by the environment: each library has its own variable, and all are set
  if (!open_library(path)) return false;
  sgemm = symbol("cblas_sgemm");
  dgemm = symbol("cblas_dgemm");
  sgemm_strided = symbol("cblas_sgemm_batch_strided");
  dgemm_strided = symbol("cblas_dgemm_batch_strided");
  bf16_gemm = symbol("cblas_gemm_bf16bf16f32");
  int8_gemm = symbol("cblas_gemm_s8u8s32");
  if (!sgemm || !dgemm) fprintf(stderr, "%s has no CBLAS\n", path);
  return sgemm && dgemm;
}

// MKL names no instruction set on a CPU that is not Intel's, but it loads one library per instruction set, at the first
// call.
static const char *mkl_kernels(void) {
  const float one = 1;
  float product;
  sgemm(row_major, no_transpose, no_transpose, 1, 1, 1, 1, &one, 1, &one, 1, 0, &product, 1);
  static const char *const names[] = {"libmkl_avx10", "libmkl_avx512", "libmkl_avx2", "libmkl_mc3", "libmkl_def"};
  const char *found = "unknown";
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[1024];
  while (maps && fgets(line, sizeof line, maps))
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      if (strstr(line, names[i])) found = names[i];
  if (maps) fclose(maps);
  return found;
}

static void facts(char *text, size_t size) {
  struct {
    int major, minor, update;
    char *product_status, *build, *processor, *platform;
  } version;
  void (*mkl_version)(void *) = symbol("mkl_get_version");
  char *(*openblas_config)(void) = symbol("openblas_get_config"), *(*corename)(void) = symbol("openblas_get_corename");
  const char *(*blis_version)(void) = symbol("bli_info_get_version_str");
  int (*blis_id)(void) = symbol("bli_arch_query_id");
  const char *(*blis_name)(int) = symbol("bli_arch_string");
  if (mkl_version) {
    mkl_version(&version);
    // Its makers write 2026.2 for major 2026, minor 0, update 2.
    snprintf(text, size, "MKL %d.%d\t%s (%s)", version.major, version.update, mkl_kernels(), version.processor);
  } else if (openblas_config && corename) {
    snprintf(text, size, "%s\t%s", openblas_config(), corename());
  } else if (blis_version) {
    snprintf(text, size, "BLIS %s\t%s", blis_version(), blis_id && blis_name ? blis_name(blis_id()) : "unknown");
  } else {
    snprintf(text, size, "unknown\tunknown");
  }
}

static int matmul_f32(const void *const *in, void *out) {
  sgemm(row_major, no_transpose, no_transpose, m, n, k, 1, in[0], k, in[1], n, 0, out, n);
  return 0;
}

static int matmul_f64(const void *const *in, void *out) {
  dgemm(row_major, no_transpose, no_transpose, m, n, k, 1, in[0], k, in[1], n, 0, out, n);
  return 0;
}

static int strided_f32(const void *const *in, void *out) {
  sgemm_strided(row_major, no_transpose, no_transpose, m, n, k, 1, in[0], k, m * k, in[1], n, k * n, 0, out, n, m * n,
                batch);
  return 0;
}

static int strided_f64(const void *const *in, void *out) {
  dgemm_strided(row_major, no_transpose, no_transpose, m, n, k, 1, in[0], k, m * k, in[1], n, k * n, 0, out, n, m * n,
                batch);
  return 0;
}

static int loop_f32(const void *const *in, void *out) {
  const size_t a = (size_t)m * (size_t)k, b = (size_t)k * (size_t)n, c = (size_t)m * (size_t)n;
  for (size_t i = 0; i < (size_t)batch; i++)
    sgemm(row_major, no_transpose, no_transpose, m, n, k, 1, (const float *)in[0] + i * a, k,
          (const float *)in[1] + i * b, n, 0, (float *)out + i * c, n);
  return 0;
}

static int loop_f64(const void *const *in, void *out) {
  const size_t a = (size_t)m * (size_t)k, b = (size_t)k * (size_t)n, c = (size_t)m * (size_t)n;
  for (size_t i = 0; i < (size_t)batch; i++)
    dgemm(row_major, no_transpose, no_transpose, m, n, k, 1, (const double *)in[0] + i * a, k,
          (const double *)in[1] + i * b, n, 0, (double *)out + i * c, n);
  return 0;
}

static int matmul_bf16(const void *const *in, void *out) {
  bf16_gemm(row_major, no_transpose, no_transpose, m, n, k, 1, in[0], k, in[1], n, 0, out, n);
  return 0;
}

// In row-major order, A is the unsigned operand.
static int matmul_u8s8(const void *const *in, void *out) {
  const int32_t zero = 0;
  int8_gemm(row_major, no_transpose, no_transpose, fixed_offset, m, n, k, 1, in[0], k, 0, in[1], n, 0, 0, out, n,
            &zero);
  return 0;
}

static worker_call load(const char **why, const char **how) {
  if (strcmp(parameter("operation"), "matmul") != 0) {
    *why = "no such operation";
    return NULL;
  }
  batch = (int)size_parameter("batch");
  m = (int)size_parameter("m");
  n = (int)size_parameter("n");
  k = (int)size_parameter("k");
  const char *type = parameter("type");
  const bool f32 = strcmp(type, "f32") == 0, f64 = strcmp(type, "f64") == 0;
  *why = "no product of this type";
  if (f32 || f64) {
    if (batch == 1) return f32 ? matmul_f32 : matmul_f64;
    if (sgemm_strided && dgemm_strided) {
      *how = "batch_strided";
      return f32 ? strided_f32 : strided_f64;
    }
    *how = "a loop of calls";
    return f32 ? loop_f32 : loop_f64;
  }
  if (batch != 1) return NULL;
  if (strcmp(type, "bf16") == 0 && bf16_gemm) return matmul_bf16;
  if (strcmp(type, "u8s8") == 0 && int8_gemm) return matmul_u8s8;
  return NULL;
}

const backend cblas_backend = {"cblas", open, facts, load, NULL};
