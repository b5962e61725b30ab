// The Hessian of logistic regression's objective: for each pair of classes, a product of the rows with themselves,
// weighted.
#include <math.h>
#include <string.h>

#include "logistic_pass.h"

#include "include/matmul.h"
#include "runtime/sizes.h"

enum { most_ranges = 8, block_rows = 256 };

static const double products_per_nanosecond = 8;

typedef struct {
  logistic_pass *pass;
  size_t ranges, range, side, count;
  double *partials; // (ranges, count, count): of pairs of classes, the lower triangle's blocks
} hessian_work;

// Rows first...first+rows-1 in double, with a 1 behind each if there are intercepts, else 0.
static void widen(const logistic_pass *p, size_t first, size_t rows, size_t side, double *to) {
  const size_t d = side - 1;
  const bool is_single = p->kernels->element_bytes == sizeof(float);
  memset(to, 0, rows * side * sizeof *to);
  for (size_t i = 0; i < rows; i++, to += side) {
    to[d] = p->problem->intercept ? 1 : 0;
    if (p->offsets) {
      for (int64_t place = p->offsets[first + i]; place < p->offsets[first + i + 1]; place++)
        to[p->indices[place]] = is_single ? (double)((const float *)p->x)[place] : ((const double *)p->x)[place];
    } else if (is_single) {
      const float *row = (const float *)p->x + (first + i) * p->ldx;
      for (size_t j = 0; j < d; j++) to[j] = (double)row[j];
    } else {
      memcpy(to, (const double *)p->x + (first + i) * p->ldx, d * sizeof *to);
    }
  }
}

// Probabilities of a block's rows, (k, block_rows), from their residuals; of two classes that of the second.
static void find_probabilities(const logistic_pass *p, size_t first, size_t rows, char *z, double *probabilities) {
  const logistic_kernels *kernels = p->kernels;
  const size_t element = kernels->element_bytes, d = p->problem->columns;
  if (p->offsets)
    kernels->sparse_margins(rows, p->k, p->offsets + first, p->indices, p->x, p->w, p->intercepts, z, block_rows);
  else
    kernels->margins(rows, d, p->k, (const char *)p->x + first * p->ldx * element, p->ldx, p->w, d, p->intercepts, z,
                     block_rows);
  kernels->residuals(rows, p->k, p->problem->labels + first, NULL, z, block_rows);
  for (size_t c = 0; c < p->k; c++)
    for (size_t i = 0; i < rows; i++) {
      const size_t at = c * block_rows + i;
      const double residual = element == sizeof(float) ? (double)((const float *)z)[at] : ((const double *)z)[at];
      probabilities[at] = residual + (p->problem->labels[first + i] == (int32_t)(p->k == 1 ? 1 : c));
    }
}

static void add_block(const hessian_work *w, size_t first, size_t rows, double *spare, double *to) {
  const logistic_pass *p = w->pass;
  const size_t side = w->side, k = p->k;
  double *x = spare, *weighted = x + block_rows * side, *probabilities = weighted + block_rows * side;
  widen(p, first, rows, side, x);
  find_probabilities(p, first, rows, (char *)(probabilities + k * block_rows), probabilities);
  const farro_matmul_shape shape = {
      .batch = 1, .m = side, .n = side, .k = rows, .transpose_a = true, .lda = side, .ldb = side, .ldc = w->count};
  for (size_t a = 0; a < k; a++)
    for (size_t b = 0; b <= a; b++) {
      for (size_t i = 0; i < rows; i++) {
        const double pa = probabilities[a * block_rows + i], pb = probabilities[b * block_rows + i];
        const double weight = p->problem->weights ? p->problem->weights[first + i] : 1;
        const double factor = weight * pa * (a == b ? 1 - pb : -pb);
        for (size_t j = 0; j < side; j++) weighted[i * side + j] = factor * x[i * side + j];
      }
      if (farro_matmul_f64(&shape, 1, x, weighted, 1, to + a * side * w->count + b * side) != FARRO_OK)
        w->pass->failed = true;
    }
}

static void run_ranges(void *context, size_t first, size_t last) {
  const hessian_work *w = context;
  const size_t bytes = block_rows * (2 * w->side + 2 * w->pass->k) * sizeof(double);
  double *spare = farro_allocate(bytes);
  if (!spare) w->pass->failed = true;
  for (size_t r = first; spare && r < last; r++) {
    double *to = w->partials + r * w->count * w->count;
    memset(to, 0, w->count * w->count * sizeof *to);
    const size_t end = smaller((r + 1) * w->range, w->pass->problem->rows);
    for (size_t row = r * w->range; row < end; row += block_rows)
      add_block(w, row, smaller(block_rows, end - row), spare, to);
  }
  farro_release(spare, bytes);
}

bool farro_logistic_hessian(logistic_pass *p, const double *coefficients, double *hessian) {
  const size_t side = p->problem->columns + 1, count = p->k * side, n = p->problem->rows;
  hessian_work w = {.pass = p, .side = side, .count = count};
  w.range = round_up(larger(ceil_divide(n, most_ranges), 4 * block_rows), block_rows);
  w.ranges = ceil_divide(n, w.range);
  const size_t bytes = w.ranges * count * count * sizeof *w.partials;
  w.partials = farro_allocate(bytes);
  if (!w.partials) return false;
  farro_logistic_take_coefficients(p, coefficients);
  const double products = (double)n * (double)(p->k * (p->k + 1) / 2) * (double)(side * side);
  farro_parallel_for(w.ranges, 1, products / products_per_nanosecond, run_ranges, &w);
  const double share = 1 / p->weight;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < count; j++) {
      const bool is_below = i / side >= j / side;
      double sum = 0;
      for (size_t r = 0; r < w.ranges; r++)
        sum += w.partials[r * count * count + (is_below ? i * count + j : j * count + i)];
      hessian[i * count + j] = sum * share + (i == j && i % side < side - 1 ? p->problem->l2 : 0);
    }
  farro_release(w.partials, bytes);
  return !p->failed;
}
