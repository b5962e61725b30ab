// Assignment that remembers bounds from call to call (Yinyang k-means), so that it measures only what may have changed.
//
// Rows whose bounds do not tell are gathered some at a time; they are multiplied first with the centres of their own
// centre's group, which makes the upper bound exact, and then with those of other groups that may hold a nearer one.
#include <math.h>
#include <string.h>

#include "bounds.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum { some_rows = 512 };

static const double terms_per_nanosecond = 40;

// While more rows than this share of them, times k, change their labels, bounds tell little, and making them costs
// twice a plain call. Measured with uniform rows, for which bounds are of least use, and mixtures of Gaussians: d of 8
// to 128, k of 64 to 1024.
static const double calm = 1.0 / 4096;

// ---- some rows of one part ----

typedef struct {
  farro_bounds *b;
  const void *x, *weights;
  farro_assignment *out;
  double slack; // an error of a squared distance, divided by the squared norms
  double largest;
  _Atomic bool failed;
} bounded;

typedef struct {
  uint32_t rows[some_rows]; // numbers in x
  size_t count;
  double best[some_rows], norms[some_rows];
  int32_t label[some_rows];
  uint32_t group[some_rows]; // of the label
  double least[some_rows], second[some_rows];
  int32_t at[some_rows];
  void *ready, *gathered, *products, *scalar_norms;
  uint16_t *listed; // (groups, some_rows): rows that a group may be nearer to
  size_t *listed_count;
} work_space;

// What rounding to a float takes or adds at most: of numbers as small as floats can be, it is no share of them.
static const double least_error = 0x1p-148;

// Of a distance whose square is `key` and the squared norm of the row, at least; less what is added for movements.
static float lower_bound(const bounded *a, double key, double norm, double drift) {
  const double square = key + norm - a->slack * (norm + a->largest);
  const double value = drift + (square > 0 ? sqrt(square) : 0);
  return (float)(value * (1 - 0x1p-22) - least_error);
}

static float upper_bound(const bounded *a, double key, double norm, double drift) {
  const double square = key + norm, error = a->slack * (norm + a->largest);
  const double value = sqrt((square > 0 ? square : 0) + error) - drift;
  return (float)(value + fabs(value) * 0x1p-22 + least_error);
}

static void measure_group(const bounded *a, work_space *w, size_t group, size_t count, const uint16_t *list) {
  farro_bounds *b = a->b;
  const assign_type *t = &b->type;
  const size_t first = b->begins[group], width = b->begins[group + 1] - first, row_bytes = b->pitch * t->bytes;
  const void *rows = w->ready;
  if (count < w->count) {
    for (size_t i = 0; i < count; i++)
      memcpy((char *)w->gathered + i * row_bytes, (const char *)w->ready + list[i] * row_bytes, row_bytes);
    rows = w->gathered;
  }
  const farro_matmul_shape shape = {
      .batch = 1, .m = count, .n = width, .k = b->pitch, .lda = b->pitch, .ldc = width, .transpose_b = true};
  t->product(&shape, rows, b->packed[group], w->products); // serial, within a task
  t->kernels->nearest_two(count, width, element_at(t, b->offsets, first), w->products, width, w->least, w->second,
                          w->at);
  const double drift = b->group_drift[group];
  for (size_t i = 0; i < count; i++) {
    const size_t r = list[i];
    float *lower = b->lower + w->rows[r] * b->groups;
    const int32_t center = w->at[i] < 0 ? -1 : b->order[first + (size_t)w->at[i]];
    const bool is_nearer = center >= 0 && (w->label[r] < 0 || w->least[i] < w->best[r] ||
                                           (w->least[i] == w->best[r] && center < w->label[r]));
    lower[group] = lower_bound(a, is_nearer ? w->second[i] : w->least[i], w->norms[r], drift);
    if (!is_nearer) continue;
    if (w->label[r] >= 0) {
      const uint32_t other = w->group[r]; // what was nearest is the nearest of its group now
      lower[other] = lower_bound(a, w->best[r], w->norms[r], b->group_drift[other]);
    }
    w->best[r] = w->least[i], w->label[r] = center, w->group[r] = (uint32_t)group;
  }
}

static double measure_rows(const bounded *a, work_space *w) {
  farro_bounds *b = a->b;
  const assign_type *t = &b->type;
  const size_t groups = b->groups;
  for (size_t i = 0, run; i < w->count; i += run) {
    for (run = 1; i + run < w->count && w->rows[i + run] == w->rows[i] + run;) run++;
    t->rows->prepare(neighbor_squares, run, b->shape.d, element_at(t, a->x, w->rows[i] * b->shape.ldx), b->shape.ldx,
                     b->middle, (char *)w->ready + i * b->pitch * t->bytes, b->pitch,
                     (char *)w->scalar_norms + i * t->bytes);
  }
  double products = 0;
  memset(w->listed_count, 0, groups * sizeof(size_t));
  for (size_t r = 0; r < w->count; r++) {
    w->norms[r] = value_at(t, w->scalar_norms, r);
    const int32_t label = a->out->labels[w->rows[r]];
    w->label[r] = -1;
    w->group[r] = label < 0 ? 0 : b->group_of[label];
    w->listed[w->group[r] * some_rows + w->listed_count[w->group[r]]++] = (uint16_t)r;
  }
  uint32_t own[some_rows];
  memcpy(own, w->group, sizeof own);
  for (size_t g = 0; g < groups; g++) {
    if (w->listed_count[g]) measure_group(a, w, g, w->listed_count[g], w->listed + g * some_rows);
    products += (double)w->listed_count[g] * (b->begins[g + 1] - b->begins[g]);
  }
  if (groups > 1) {
    memset(w->listed_count, 0, groups * sizeof(size_t));
    for (size_t r = 0; r < w->count; r++) {
      const float *lower = b->lower + w->rows[r] * groups;
      const double upper = w->label[r] < 0 ? INFINITY : (double)upper_bound(a, w->best[r], w->norms[r], 0);
      for (size_t g = 0; g < groups; g++) {
        w->listed[g * some_rows + w->listed_count[g]] = (uint16_t)r;
        w->listed_count[g] += (g != own[r]) & !((double)lower[g] - b->group_drift[g] > upper);
      }
    }
    for (size_t g = 0; g < groups; g++) {
      if (w->listed_count[g]) measure_group(a, w, g, w->listed_count[g], w->listed + g * some_rows);
      products += (double)w->listed_count[g] * (b->begins[g + 1] - b->begins[g]);
    }
  }
  for (size_t r = 0; r < w->count; r++) {
    const int32_t label = w->label[r];
    a->out->labels[w->rows[r]] = label;
    b->upper[w->rows[r]] = label < 0 ? INFINITY : upper_bound(a, w->best[r], w->norms[r], b->drift[label]);
  }
  w->count = 0;
  return products;
}

// ---- parts ----

static bool is_certain(const farro_bounds *b, size_t row, int32_t label) {
  if (label < 0) return false;
  const double upper = (double)b->upper[row] + b->drift[label];
  const float *lower = b->lower + row * b->groups;
  bool is_certain = true;
  for (size_t g = 0; g < b->groups; g++) is_certain &= (double)lower[g] - b->group_drift[g] > upper;
  return is_certain;
}

static void assign_part(bounded *a, work_space *w, size_t part) {
  farro_bounds *b = a->b;
  const size_t begin = part * b->part_rows, end = smaller(begin + b->part_rows, b->shape.n);
  double products = 0;
  w->count = 0;
  if (begin < end) memcpy(b->before + begin, a->out->labels + begin, (end - begin) * sizeof(int32_t));
  for (size_t row = begin; row < end; row++) {
    if (b->has_bounds && is_certain(b, row, b->before[row])) continue;
    if (!b->has_bounds)
      for (size_t g = 0; g < b->groups; g++) b->lower[row * b->groups + g] = 0;
    w->rows[w->count++] = (uint32_t)row;
    if (w->count == some_rows) products += measure_rows(a, w);
  }
  if (w->count) products += measure_rows(a, w);
  b->products_in[part] = products;
  size_t moved = 0;
  for (size_t row = begin; row < end; row++) {
    b->moved[begin + moved] = (uint32_t)row;
    moved += a->out->labels[row] != b->before[row];
  }
  b->moved_in[part] = moved;
}

static void assign_parts(void *context, size_t first, size_t last) {
  bounded *a = context;
  farro_bounds *b = a->b;
  const size_t scalars = some_rows * (2 * b->pitch + b->widest + 1) * b->type.bytes,
               header = round_up(sizeof(work_space), 64);
  const size_t lists = b->groups * (some_rows + 1) * sizeof(uint16_t), counts = b->groups * sizeof(size_t);
  const size_t bytes = header + scalars + counts + lists;
  work_space *w = farro_allocate(bytes);
  if (!w) {
    a->failed = true;
    return;
  }
  w->ready = (char *)w + header;
  w->gathered = (char *)w->ready + some_rows * b->pitch * b->type.bytes;
  w->products = (char *)w->gathered + some_rows * b->pitch * b->type.bytes;
  w->scalar_norms = (char *)w->products + some_rows * b->widest * b->type.bytes;
  w->listed_count = (size_t *)((char *)w + header + scalars);
  w->listed = (uint16_t *)(w->listed_count + b->groups);
  for (size_t part = first; part < last; part++) assign_part(a, w, part);
  farro_release(w, bytes);
}

// ---- sums ----

enum { sum_tasks = 16 };

// Each task has some of the centres, and takes the rows in order.
static void move_rows(void *context, size_t first, size_t last) {
  bounded *a = context;
  farro_bounds *b = a->b;
  const assign_type *t = &b->type;
  const size_t d = b->shape.d, k = b->shape.k;
  for (size_t task = first; task < last; task++) {
    const int32_t from = (int32_t)(task * k / sum_tasks), to = (int32_t)((task + 1) * k / sum_tasks);
    for (size_t part = 0; part < b->parts; part++) {
      for (size_t i = 0; i < b->moved_in[part]; i++) {
        const uint32_t row = b->moved[part * b->part_rows + i];
        const int32_t ends[] = {b->before[row], a->out->labels[row]};
        for (int e = 0; e < 2; e++) {
          const int32_t center = ends[e];
          if (center < from || center >= to) continue;
          const double weight = (a->weights ? value_at(t, a->weights, row) : 1) * (e == 0 ? -1 : 1);
          if (weight == 0) continue;
          t->kernels->add(d, element_at(t, a->x, row * b->shape.ldx), weight, a->out->sums + (size_t)center * d);
          a->out->weights[center] += weight;
          b->members[center] += e == 0 ? (size_t)-1 : 1;
        }
      }
    }
    for (int32_t center = from; center < to; center++) {
      if (b->members[center]) continue;
      memset(a->out->sums + (size_t)center * d, 0, d * sizeof(double));
      a->out->weights[center] = 0;
    }
  }
}

// The sum over rows of (x - c)^2 less that of (x - o)^2, from the sums of x: W (c - o)^2 - 2 (c - o)(S - W o).
static double inertia_difference(const bounded *a, const void *centers, size_t ld) {
  const farro_bounds *b = a->b;
  const double *origin = b->origin;
  double sum = 0;
  for (size_t j = 0; j < b->shape.k; j++) {
    const double weight = a->out->weights[j], *sums = a->out->sums + j * b->shape.d;
    if (weight == 0) continue;
    for (size_t l = 0; l < b->shape.d; l++) {
      const double c = value_at(&b->type, centers, j * ld + l) - origin[l];
      sum += c * (weight * c - 2 * (sums[l] - weight * origin[l]));
    }
  }
  return sum;
}

// ---- a call ----

// How far the centres have moved; of each call the most in a group counts, which is at least what each one has.
static void add_movements(farro_bounds *b, const void *centers, size_t ld) {
  const assign_type *t = &b->type;
  for (size_t g = 0; g < b->groups; g++) {
    double most = 0;
    for (size_t i = b->begins[g]; i < b->begins[g + 1]; i++) {
      const size_t center = (size_t)b->order[i];
      double square = 0;
      for (size_t l = 0; l < b->shape.d; l++) {
        const double step = value_at(t, centers, center * ld + l) - value_at(t, b->centers, center * b->shape.d + l);
        square += step * step;
      }
      const double distance = sqrt(square) * (1 + 0x1p-40);
      b->drift[center] += distance;
      if (!(distance <= most)) most = distance; // NaN stays: nothing is certain then
    }
    b->group_drift[g] += most;
  }
}

static void copy_centers(farro_bounds *b, const void *centers, size_t ld) {
  for (size_t i = 0; i < b->shape.k; i++)
    memcpy((char *)b->centers + i * b->shape.d * b->type.bytes, element_at(&b->type, centers, i * ld),
           b->shape.d * b->type.bytes);
}

static farro_status prepare(bounded *a, const void *centers, size_t ld) {
  farro_bounds *b = a->b;
  const assign_type *t = &b->type;
  const size_t row_bytes = b->shape.d * t->bytes;
  add_movements(b, centers, ld);
  for (size_t i = 0; i < b->shape.k; i++) // in the order of groups
    memcpy((char *)b->centers + i * row_bytes, element_at(t, centers, (size_t)b->order[i] * ld), row_bytes);
  farro_assignment_shape shape = b->shape;
  shape.ld_centers = shape.d;
  farro_assign_prepare(t, &shape, b->centers, b->pitch, b->middle, b->ready, b->offsets);
  copy_centers(b, centers, ld);
  a->slack = (2 * (double)shape.d + 10) * (t->bytes == 4 ? 0x1p-24 : 0x1p-53);
  for (size_t i = 0; i < shape.k; i++) {
    const double square = value_at(t, b->offsets, i);
    if (isfinite(square) && square > a->largest) a->largest = square;
  }
  farro_status status = FARRO_OK;
  for (size_t g = 0; g < b->groups && status == FARRO_OK; g++)
    status = t->pack(b->pitch, b->begins[g + 1] - b->begins[g], true, element_at(t, b->ready, b->begins[g] * b->pitch),
                     b->pitch, &b->packed[g]);
  return status;
}

static farro_status assign_bounded(bounded *a, const void *centers, size_t ld) {
  farro_bounds *b = a->b;
  farro_status status = prepare(a, centers, ld);
  if (status == FARRO_OK) {
    const double terms = (double)b->shape.n * ((double)b->shape.k * b->products + 4) * (double)b->pitch;
    farro_parallel_for(b->parts, 1, terms / terms_per_nanosecond, assign_parts, a);
    if (a->failed) status = FARRO_ERROR_MEMORY;
  }
  for (size_t g = 0; g < b->groups; g++) farro_packed_release(b->packed[g]), b->packed[g] = NULL;
  if (status != FARRO_OK) return status;
  double products = 0;
  b->total_moved = 0;
  for (size_t part = 0; part < b->parts; part++) products += b->products_in[part], b->total_moved += b->moved_in[part];
  b->products = products / ((double)b->shape.n * (double)b->shape.k);
  b->has_bounds = true;
  farro_parallel_for(sum_tasks, 1, (double)b->total_moved * (double)(b->shape.d + 8), move_rows, a);
  a->out->inertia = fmax(b->squares + inertia_difference(a, centers, ld), 0);
  return FARRO_OK;
}

// Every row to its centre, while bounds would not pay.
static farro_status assign_all(bounded *a, const void *centers, size_t ld) {
  farro_bounds *b = a->b;
  farro_assignment_shape shape = b->shape;
  shape.ld_centers = ld;
  memcpy(b->before, a->out->labels, shape.n * sizeof(int32_t));
  const farro_status status = farro_assign_rows(&b->type, &shape, a->x, centers, a->weights, a->out);
  if (status != FARRO_OK) return status;
  b->products = 1;
  b->total_moved = 0;
  for (size_t i = 0; i < shape.n; i++) b->total_moved += a->out->labels[i] != b->before[i];
  copy_centers(b, centers, ld);
  b->squares = a->out->inertia - inertia_difference(a, centers, ld);
  return FARRO_OK;
}

// Groups, and the members of the centres of the call before.
static farro_status start(const bounded *a) {
  farro_bounds *b = a->b;
  memset(b->drift, 0, b->shape.k * sizeof(double));
  memset(b->group_drift, 0, b->groups * sizeof(double));
  memset(b->members, 0, b->shape.k * sizeof(size_t));
  for (size_t i = 0; i < b->shape.n; i++) {
    const int32_t label = a->out->labels[i];
    if (label >= 0 && (!a->weights || value_at(&b->type, a->weights, i) != 0)) b->members[label]++;
  }
  return farro_bounds_group(b, b->centers, b->shape.d);
}

static farro_status assign_rows(const assign_type *t, const farro_assignment_shape *s, const void *x,
                                const void *centers, const void *weights, farro_bounds **bounds,
                                farro_assignment *out) {
  if (!out->labels || !out->sums || !out->weights || s->n > UINT32_MAX) return FARRO_ERROR_ARGUMENT;
  bounded a = {.b = *bounds, .x = x, .weights = weights, .out = out};
  if (!a.b) {
    farro_status status = farro_assign_rows(t, s, x, centers, weights, out); // also checks the shape
    if (status == FARRO_OK) status = farro_bounds_create(t, s, centers, &a.b);
    if (status != FARRO_OK) return status;
    copy_centers(a.b, centers, s->ld_centers);
    a.b->squares = out->inertia - inertia_difference(&a, centers, s->ld_centers);
    a.b->products = 1, a.b->total_moved = s->n;
    *bounds = a.b;
    return FARRO_OK;
  }
  farro_bounds *b = a.b;
  const bool same = b->shape.n == s->n && b->shape.d == s->d && b->shape.k == s->k && b->shape.ldx == s->ldx;
  if (!same || s->ld_centers < s->d || b->type.bytes != t->bytes || out->distances) return FARRO_ERROR_ARGUMENT;
  b->type = *t;
  if (!b->has_bounds) {
    if ((double)b->total_moved > calm * (double)s->k * (double)s->n) return assign_all(&a, centers, s->ld_centers);
    const farro_status status = start(&a);
    if (status != FARRO_OK) return status;
  }
  return assign_bounded(&a, centers, s->ld_centers);
}

size_t farro_bounds_moved(const farro_bounds *b) { return b->total_moved; }
double farro_bounds_products(const farro_bounds *b) { return b->products; }

#define ENTRY(type, scalar)                                                                                            \
  farro_status farro_assign_bounded_##type(const farro_assignment_shape *shape, const scalar *x,                       \
                                           const scalar *centers, const scalar *weights, farro_bounds **bounds,        \
                                           farro_assignment *out) {                                                    \
    assign_type t;                                                                                                     \
    return farro_assign_type_##type(&t) ? assign_rows(&t, shape, x, centers, weights, bounds, out) : FARRO_ERROR_ISA;  \
  }

ENTRY(f32, float)
ENTRY(f64, double)
