#include "include/svm.h"

#include <math.h>

static double value(const farro_svm_function *f, double product, double square) {
  switch (f->kernel) {
  case FARRO_SVM_POLYNOMIAL:
    return pow(f->gamma * product + f->coef0, f->degree);
  case FARRO_SVM_RBF:
    return exp(-f->gamma * square);
  case FARRO_SVM_SIGMOID:
    return tanh(f->gamma * product + f->coef0);
  default:
    return product;
  }
}

#define DEFINE_SUMS(type, scalar)                                                                                      \
  farro_status farro_svm_sums_reference_##type(                                                                        \
      const farro_svm_data *data, const scalar *vectors, const farro_svm_function *function, size_t functions,         \
      const double *coefficients, size_t m, const scalar *queries, size_t ldq, double *out) {                          \
    for (size_t i = 0; i < m; i++)                                                                                     \
      for (size_t g = 0; g < data->groups; g++) {                                                                      \
        double *sums = out + (i * data->groups + g) * functions;                                                       \
        for (size_t f = 0; f < functions; f++) sums[f] = 0;                                                            \
        for (size_t j = data->starts[g]; j < data->starts[g + 1]; j++) {                                               \
          double product = 0, square = 0;                                                                              \
          for (size_t k = 0; k < data->d; k++) {                                                                       \
            const double a = (double)queries[i * ldq + k], b = (double)vectors[j * data->ldx + k];                     \
            product += a * b, square += (a - b) * (a - b);                                                             \
          }                                                                                                            \
          for (size_t f = 0; f < functions; f++)                                                                       \
            sums[f] += coefficients[f * data->n + j] * value(function, product, square);                               \
        }                                                                                                              \
      }                                                                                                                \
    return FARRO_OK;                                                                                                   \
  }

DEFINE_SUMS(f32, float)
DEFINE_SUMS(f64, double)
