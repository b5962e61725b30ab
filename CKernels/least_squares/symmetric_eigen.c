// Eigenvalues of symmetric matrices: Householder reflections to a tridiagonal one, then the implicit QL iteration.
#include <float.h>
#include <math.h>
#include <string.h>

#include "include/least_squares.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

enum { row_grain = 32 };

typedef struct {
  const vector_kernels *kernels;
  size_t n, lda;
  double *a;
  double *diagonal, *beside; // of the tridiagonal matrix; beside[i] stands between i and i + 1
  double *scale;   // of the reflections 1 - scale v v^T; v of reflection k stands in row k, behind the diagonal
  double *pending; // w of the reflection that rows are still to be updated by, with its v
  double *product; // of rows and the next v
  size_t k;        // the reflection at work
} eigen;

static double *row_of(const eigen *e, size_t i) { return e->a + i * e->lda; }

// Rows k + 1 + first..., updated by the reflection before and multiplied with this one's vector: one pass over them.
static void update_rows(void *context, size_t first, size_t last) {
  const eigen *e = context;
  const size_t k = e->k, from = k + 1, count = e->n - from;
  const double *next = row_of(e, k) + from;
  for (size_t i = from + first; i < from + last; i++) {
    double *row = row_of(e, i) + from;
    if (k == 0) {
      e->product[i] = e->kernels->dot(count, row, next);
      continue;
    }
    const double *v = row_of(e, k - 1), *w = e->pending;
    e->product[i] = e->kernels->update(count, -v[i], w + from, -w[i], v + from, next, row);
  }
}

// What the reflection before left to do, of the row k alone.
static void update_row_of(eigen *e, size_t k) {
  if (k == 0) return;
  const double *v = row_of(e, k - 1), *w = e->pending;
  e->kernels->add(e->n - k, -v[k], w + k, row_of(e, k) + k);
  e->kernels->add(e->n - k, -w[k], v + k, row_of(e, k) + k);
}

// Makes the vector of reflection k in the row k, and answers its scale; 0 where there is nothing to reflect.
static double make_reflection(eigen *e, size_t k) {
  double *x = row_of(e, k) + k + 1;
  const size_t count = e->n - k - 1;
  const double rest = e->kernels->dot(count - 1, x + 1, x + 1), head = x[0];
  e->beside[k] = head;
  if (rest == 0) {
    memset(x, 0, count * sizeof *x);
    return 0;
  }
  const double norm = sqrt(head * head + rest), to = head > 0 ? -norm : norm;
  e->beside[k] = to;
  x[0] = head - to;
  return 2 / (x[0] * x[0] + rest);
}

static void make_tridiagonal(eigen *e) {
  const size_t n = e->n;
  for (size_t k = 0; k < n; k++) {
    update_row_of(e, k);
    e->diagonal[k] = row_of(e, k)[k];
    if (k + 2 >= n) {
      // The last two rows have nothing to reflect; the last one is behind by what row n - 2 would have done.
      if (k + 2 == n) {
        e->beside[k] = row_of(e, k)[k + 1];
        double *last = row_of(e, n - 1) + n - 1;
        if (k > 0) *last -= 2 * row_of(e, k - 1)[n - 1] * e->pending[n - 1];
        e->diagonal[n - 1] = *last;
        e->scale[k] = 0;
      }
      break;
    }
    const double scale = make_reflection(e, k);
    e->scale[k] = scale, e->k = k;
    const size_t from = k + 1, count = n - from;
    farro_parallel_for(count, row_grain, (double)count * (double)count / 3, update_rows, e);
    const double *v = row_of(e, k) + from;
    const double half = scale * scale / 2 * e->kernels->dot(count, v, e->product + from);
    for (size_t i = from; i < n; i++) e->pending[i] = scale * e->product[i];
    e->kernels->add(count, -half, v, e->pending + from);
  }
}

// The product of all reflections, transposed, into the place of their vectors.
static void make_vectors(eigen *e) {
  const size_t n = e->n;
  double *sum = e->product;
  for (size_t k = n; k-- > 0;) {
    // Rows and columns from k + 1 on hold the product of the later reflections.
    double *v = row_of(e, k);
    const double scale = k + 2 < n ? e->scale[k] : 0;
    if (scale != 0) {
      memset(sum + k + 1, 0, (n - k - 1) * sizeof *sum);
      for (size_t i = k + 1; i < n; i++) e->kernels->add(n - k - 1, v[i], row_of(e, i) + k + 1, sum + k + 1);
      for (size_t i = k + 1; i < n; i++) e->kernels->add(n - k - 1, -scale * v[i], sum + k + 1, row_of(e, i) + k + 1);
    }
    memset(v + k, 0, (n - k) * sizeof *v);
    v[k] = 1;
    for (size_t i = k + 1; i < n; i++) row_of(e, i)[k] = 0;
  }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) {
      const double below = row_of(e, i)[j];
      row_of(e, i)[j] = row_of(e, j)[i], row_of(e, j)[i] = below;
    }
  }
}

// One sweep of rotations from row `last` up to `first`, with the shift that the 2 x 2 block at `first` suggests.
static void sweep(eigen *e, size_t first, size_t last, bool vectors) {
  double *d = e->diagonal, *b = e->beside;
  const double ratio = (d[first + 1] - d[first]) / (2 * b[first]);
  const double root = hypot(ratio, 1);
  double g = d[last] - d[first] + b[first] / (ratio + (ratio < 0 ? -root : root));
  double sine = 1, cosine = 1, shift = 0;
  for (size_t i = last; i-- > first;) {
    const double f = sine * b[i], h = cosine * b[i], length = hypot(f, g);
    b[i + 1] = length;
    if (length == 0) {
      d[i + 1] -= shift;
      b[last] = 0;
      return;
    }
    sine = f / length, cosine = g / length;
    const double middle = d[i + 1] - shift, turned = (d[i] - middle) * sine + 2 * cosine * h;
    shift = sine * turned;
    d[i + 1] = middle + shift;
    g = cosine * turned - h;
    if (vectors) e->kernels->rotate(e->n, cosine, sine, row_of(e, i + 1), row_of(e, i));
  }
  d[first] -= shift;
  b[first] = g;
  b[last] = 0;
}

static bool iterate(eigen *e, bool vectors) {
  const double *d = e->diagonal, *b = e->beside;
  e->beside[e->n - 1] = 0;
  for (size_t first = 0; first < e->n; first++) {
    for (size_t turn = 0;; turn++) {
      size_t last = first;
      while (last + 1 < e->n && fabs(b[last]) > DBL_EPSILON / 2 * (fabs(d[last]) + fabs(d[last + 1]))) last++;
      if (last == first) break;
      if (turn == 100) return false;
      sweep(e, first, last, vectors);
    }
  }
  return true;
}

static void exchange(const eigen *e, size_t i, size_t j, bool vectors) {
  const double value = e->diagonal[i];
  e->diagonal[i] = e->diagonal[j], e->diagonal[j] = value;
  if (!vectors) return;
  for (size_t k = 0; k < e->n; k++) {
    const double element = row_of(e, i)[k];
    row_of(e, i)[k] = row_of(e, j)[k], row_of(e, j)[k] = element;
  }
}

static void sort_ascending(const eigen *e, bool vectors) {
  for (size_t i = 0; i < e->n; i++) {
    size_t least = i;
    for (size_t j = i + 1; j < e->n; j++)
      if (e->diagonal[j] < e->diagonal[least]) least = j;
    if (least != i) exchange(e, i, least, vectors);
  }
}

static void fix_signs(const eigen *e) {
  for (size_t i = 0; i < e->n; i++) {
    double *row = row_of(e, i), most = 0;
    for (size_t k = 0; k < e->n; k++)
      if (fabs(row[k]) > fabs(most)) most = row[k];
    for (size_t k = 0; most < 0 && k < e->n; k++) row[k] = -row[k];
  }
}

farro_status farro_symmetric_eigen_f64(size_t n, double *a, size_t lda, bool vectors, double *values) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!are_rows(n, n, lda)) return FARRO_ERROR_ARGUMENT;
  if (n == 0) return FARRO_OK;
  double most = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      const double size = fabs(a[i * lda + j]);
      if (!(size <= DBL_MAX)) return FARRO_ERROR_ARGUMENT;
      most = size > most ? size : most;
    }
  }
  const size_t bytes = 4 * n * sizeof(double);
  double *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  int exponent = 0;
  if (most > 0) frexp(most, &exponent);
  // Squares of its elements neither overflow nor, where they matter, underflow.
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) a[i * lda + j] = ldexp(a[i * lda + j], -exponent);
  eigen e = {kernels->models->vectors, n, lda, a, values, space, space + n, space + 2 * n, space + 3 * n, 0};
  make_tridiagonal(&e);
  if (vectors) make_vectors(&e);
  const bool settled = iterate(&e, vectors);
  sort_ascending(&e, vectors);
  if (vectors) fix_signs(&e);
  for (size_t i = 0; i < n; i++) values[i] = ldexp(values[i], exponent);
  farro_release(space, bytes);
  return settled ? FARRO_OK : FARRO_ERROR_SINGULAR;
}
