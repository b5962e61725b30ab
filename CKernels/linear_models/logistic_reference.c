// Logistic regression's loss and gradient by plain loops in double.
#include <math.h>

#include "include/logistic.h"

static void add_row(const farro_logistic_problem *p, size_t k, size_t row, const double *z, double *residuals,
                    double *loss) {
  const double weight = p->weights ? p->weights[row] : 1;
  const size_t label = (size_t)p->labels[row];
  if (k == 1) {
    const double own = label ? z[0] : -z[0];
    *loss += weight * (log1p(exp(-fabs(own))) + fmax(-own, 0));
    residuals[0] = weight * (label ? -1 : 1) / (1 + exp(own));
    return;
  }
  double top = z[0], sum = 0;
  for (size_t c = 1; c < k; c++) top = fmax(top, z[c]);
  for (size_t c = 0; c < k; c++) sum += exp(z[c] - top);
  *loss += weight * (log(sum) + top - z[label]);
  for (size_t c = 0; c < k; c++) residuals[c] = weight * (exp(z[c] - top) / sum - (c == label));
}

#define REFERENCE(type, scalar)                                                                                        \
  farro_status farro_logistic_loss_reference_##type(const farro_logistic_problem *p, const scalar *x, size_t ldx,      \
                                                    const double *coefficients, double *loss, double *gradient) {      \
    const size_t d = p->columns, k = p->classes == 2 ? 1 : p->classes;                                                 \
    double weight = 0, *z = farro_allocate(2 * k * sizeof *z), *residuals = z + k;                                     \
    if (!z) return FARRO_ERROR_MEMORY;                                                                                 \
    *loss = 0;                                                                                                         \
    for (size_t i = 0; i < k * (d + 1); i++) gradient[i] = 0;                                                          \
    for (size_t i = 0; i < p->rows; i++) {                                                                             \
      for (size_t c = 0; c < k; c++) {                                                                                 \
        z[c] = coefficients[c * (d + 1) + d];                                                                          \
        for (size_t j = 0; j < d; j++) z[c] += coefficients[c * (d + 1) + j] * (double)x[i * ldx + j];                 \
      }                                                                                                                \
      add_row(p, k, i, z, residuals, loss);                                                                            \
      weight += p->weights ? p->weights[i] : 1;                                                                        \
      for (size_t c = 0; c < k; c++) {                                                                                 \
        for (size_t j = 0; j < d; j++) gradient[c * (d + 1) + j] += residuals[c] * (double)x[i * ldx + j];             \
        if (p->intercept) gradient[c * (d + 1) + d] += residuals[c];                                                   \
      }                                                                                                                \
    }                                                                                                                  \
    const double share = weight > 0 ? 1 / weight : 1;                                                                  \
    *loss *= share;                                                                                                    \
    for (size_t c = 0; c < k; c++)                                                                                     \
      for (size_t j = 0; j <= d; j++) {                                                                                \
        const double w = j < d ? coefficients[c * (d + 1) + j] : 0;                                                    \
        gradient[c * (d + 1) + j] = gradient[c * (d + 1) + j] * share + p->l2 * w;                                     \
        *loss += p->l2 / 2 * w * w;                                                                                    \
      }                                                                                                                \
    farro_release(z, 2 * k * sizeof *z);                                                                               \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float)
REFERENCE(f64, double)
