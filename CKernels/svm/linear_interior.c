// The hinge and the insensitive loss by an interior point method: each row costs by one hinge, or by two, and a hinge
// k of the row x costs C max(0, t - sign x w). With g = sign x w - t and the unknown a of the dual problem, the minimum
// has low - high = g, a low = 0, (C - a) high = 0 and w = sum of a sign x, all of them at least 0 and a at most C.
// Newton steps go there along a path on which the products are m > 0 instead. Each needs one matrix, 1 + sum of weights
// x x', where rows whose hinges are decided weigh next to nothing.
#include <math.h>
#include <string.h>

#include "include/linear_algebra.h"
#include "linear.h"

enum { block_rows = 128, most_parts = 64, rows_of_part = 1024 };

// What one part of the rows adds up.
typedef struct {
  double loss, gap, most, least, violation; // at the point; gap: of the products
  double longest, slope, bend;              // along the step: 1 / its length, and how the products change
} sums;

typedef struct {
  const linear_rows *l;
  const farro_linear_svm_problem *problem;
  size_t size, room, rows, hinges, parts; // hinges: of each row
  double *w, *step, *factor;
  double *z, *dz, *square;                             // rows: decision, its change, and the row's square
  double *a, *low, *high, *low_product, *high_product; // hinges; the changes of products that the step is to make
  double *vectors;                                     // of each part: two of `room`, a Hessian and a block
  sums *part;
  int32_t *row;
  double centre;
  double rest; // the square of w less the sum: primal less dual objective is the products' gap and half of it
  farro_status status;
} interior;

typedef struct {
  double sign, target, limit;
} hinge;

typedef struct {
  double a, low, high;
} move;

static size_t part_elements(const interior *s) { return s->room + s->size * (s->size + block_rows) + 16; }

static hinge hinge_of(const interior *s, size_t i, size_t k) {
  const size_t row = (size_t)s->row[i];
  const double y = s->problem->y[row], c = s->problem->limits[row];
  if (s->hinges == 1) return (hinge){y, 1, c};
  const double sign = k == 0 ? 1 : -1;
  return (hinge){sign, sign * y - s->l->options->epsilon, c};
}

// The step of hinge k: with D = low / a + high / (C - a), D da + sign dz = r. All over a (C - a).
static double curvature(const interior *s, size_t k, double room) { return s->low[k] * room + s->high[k] * s->a[k]; }
static double pull(const interior *s, size_t k, const hinge *h, double room, double z) {
  const double rest = h->sign * z - h->target + s->high[k] - s->low[k];
  return s->low_product[k] * room - s->high_product[k] * s->a[k] - rest * s->a[k] * room;
}
static move move_of(const interior *s, size_t i, size_t k, const hinge *h) {
  const double a = s->a[k], room = h->limit - a;
  const double da = (pull(s, k, h, room, s->z[i]) - h->sign * s->dz[i] * a * room) / curvature(s, k, room);
  return (move){da, (s->low_product[k] - s->low[k] * da) / a, (s->high_product[k] + s->high[k] * da) / room};
}

static void add_block(interior *s, size_t rows, const double *block, double *hessian) {
  const farro_symmetric_shape shape = {.batch = 1, .n = s->size, .k = rows, .lda = s->size, .ldc = s->size};
  const farro_status status = farro_symmetric_product_f64(&shape, 1, block, 1, hessian);
  if (status != FARRO_OK) __atomic_store_n(&s->status, status, __ATOMIC_RELAXED);
}

// What a step of a alone would change of the hinge's own decision: 0 for all is the minimum.
static void take_violation(sums *sum, double g, double a, double limit, double square) {
  const double violation = g > 0 ? fmin(g, square * a) : -fmin(-g, square * (limit - a));
  sum->most = fmax(sum->most, violation), sum->least = fmin(sum->least, violation), sum->violation += fabs(violation);
}

// Decisions and what is left; the matrix, and the vectors of a and of the step that would make all products 0.
static void take_point(void *context, size_t first_part, size_t last_part) {
  interior *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *pulls = s->vectors + part * part_elements(s), *hessian = pulls + s->room;
    double *block = hessian + s->size * s->size;
    memset(pulls, 0, (s->room + s->size * s->size) * sizeof *pulls);
    sums sum = {.most = -INFINITY, .least = INFINITY};
    size_t first, last, rows = 0;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      const size_t row = (size_t)s->row[i];
      const double z = s->z[i] = svm_linear_decision(s->l, row, s->w);
      double weight = 0, force = 0;
      for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
        const hinge h = hinge_of(s, i, j);
        const double g = h.sign * z - h.target;
        s->low_product[k] = -s->a[k] * s->low[k], s->high_product[k] = -(h.limit - s->a[k]) * s->high[k];
        sum.gap -= s->low_product[k] + s->high_product[k];
        sum.loss += h.limit * fmax(-g, 0);
        take_violation(&sum, g, s->a[k], h.limit, s->square[i]);
        const double room = h.limit - s->a[k], inverse = 1 / curvature(s, k, room);
        weight += s->a[k] * room * inverse, force += h.sign * (s->a[k] + pull(s, k, &h, room, z) * inverse);
      }
      svm_linear_add(s->l, row, force, pulls);
      // All that is left out changes the matrix, which exceeds 1, by less than a thousandth.
      if (weight * s->square[i] * (double)s->rows < 1e-3) continue;
      svm_linear_copy(s->l, row, sqrt(weight), block + rows * s->size);
      if (++rows == block_rows) add_block(s, rows, block, hessian), rows = 0;
    }
    if (rows > 0) add_block(s, rows, block, hessian);
    s->part[part] = sum;
  }
}

static void take_changes(void *context, size_t first_part, size_t last_part) {
  interior *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double longest = 1, slope = 0, bend = 0;
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      s->dz[i] = svm_linear_decision(s->l, (size_t)s->row[i], s->step);
      for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
        const hinge h = hinge_of(s, i, j);
        const move m = move_of(s, i, k, &h);
        const double up = h.limit - s->a[k];
        // Hardly any row is longer than those before: seldom is it divided.
        if (-m.a > longest * s->a[k]) longest = -m.a / s->a[k];
        if (m.a > longest * up) longest = m.a / up;
        if (-m.low > longest * s->low[k]) longest = -m.low / s->low[k];
        if (-m.high > longest * s->high[k]) longest = -m.high / s->high[k];
        slope += s->a[k] * m.low + s->low[k] * m.a + up * m.high - s->high[k] * m.a;
        bend += m.a * (m.low - m.high);
      }
    }
    s->part[part].longest = longest, s->part[part].slope = slope, s->part[part].bend = bend;
  }
}

// Products are to be `centre`, and the step before tells how they bend.
static void take_correction(void *context, size_t first_part, size_t last_part) {
  interior *s = context;
  for (size_t part = first_part; part < last_part; part++) {
    double *pulls = s->vectors + part * part_elements(s);
    memset(pulls, 0, s->room * sizeof *pulls);
    size_t first, last;
    svm_linear_range(s->rows, s->parts, part, &first, &last);
    for (size_t i = first; i < last; i++) {
      double force = 0;
      for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
        const hinge h = hinge_of(s, i, j);
        const move m = move_of(s, i, k, &h);
        s->low_product[k] += s->centre - m.a * m.low, s->high_product[k] += s->centre + m.a * m.high;
        const double room = h.limit - s->a[k];
        force += h.sign * (s->a[k] + pull(s, k, &h, room, s->z[i]) / curvature(s, k, room));
      }
      svm_linear_add(s->l, (size_t)s->row[i], force, pulls);
    }
  }
}

static void advance(interior *s, double length) {
  for (size_t i = 0; i < s->rows; i++)
    for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
      const hinge h = hinge_of(s, i, j);
      const move m = move_of(s, i, k, &h);
      // Rounding may not take it to the limit.
      s->a[k] = fmin(s->a[k] + length * m.a, h.limit * (1 - 0x1p-52));
      s->low[k] += length * m.low, s->high[k] += length * m.high;
    }
  for (size_t i = 0; i < s->size; i++) s->w[i] += length * s->step[i];
}

// The parts' vectors, one after the other, into the first.
static void join(interior *s, size_t count) {
  for (size_t part = 1; part < s->parts; part++) {
    const double *more = s->vectors + part * part_elements(s);
    for (size_t i = 0; i < count; i++) s->vectors[i] += more[i];
  }
}

static sums total(const interior *s) {
  sums all = s->part[0];
  for (size_t part = 1; part < s->parts; part++) {
    const sums *p = &s->part[part];
    all.loss += p->loss, all.gap += p->gap, all.violation += p->violation;
    all.most = fmax(all.most, p->most), all.least = fmin(all.least, p->least);
    all.longest = fmax(all.longest, p->longest), all.slope += p->slope, all.bend += p->bend;
  }
  return all;
}

// (1 + sum of weights x x') step = pulls - w, where pulls begin with the sum of a sign x.
static sums take_step(interior *s, double work) {
  for (size_t i = 0; i < s->size; i++) s->step[i] = s->vectors[i] - s->w[i];
  const farro_cholesky_solve_shape solve = {.batch = 1, .n = s->size, .m = 1, .ldf = s->size, .ldb = 1};
  const farro_status status = farro_cholesky_solve_f64(&solve, s->factor, s->step, NULL);
  if (status != FARRO_OK) s->status = status;
  farro_parallel_for(s->parts, 1, work, take_changes, s);
  return total(s);
}

// Whether it ended at the minimum, or by what was asked for; else rounding is in the way.
static bool iterate(interior *s, farro_linear_svm_problem *problem) {
  const farro_linear_svm_options *o = s->l->options;
  const double elements = (double)s->rows * (double)s->size, work = elements / 4 + (double)(s->rows * s->hinges) * 20;
  const farro_cholesky_shape shape = {.batch = 1, .n = s->size, .lda = s->size};
  double first = 0;
  for (size_t i = 0; i < s->rows; i++)
    for (size_t j = 0; j < s->hinges; j++) first += fmax(hinge_of(s, i, j).target, 0);
  for (;; problem->iterations++) {
    if (svm_linear_is_cancelled(s->l)) {
      problem->was_cancelled = true;
      return true;
    }
    farro_parallel_for(s->parts, 1, work + elements * (double)(s->size + 4) / 16, take_point, s);
    if (s->status != FARRO_OK) return true;
    join(s, s->room + s->size * s->size);
    const sums point = total(s);
    double square = 0;
    for (size_t i = 0; i < s->size; i++) square += s->w[i] * s->w[i], s->factor[i * s->size + i] += 1;
    const bool is_still = svm_linear_is_regression(s->l) ? point.violation <= o->tolerance * first
                                                         : point.most - point.least <= o->tolerance;
    const double gap = (point.gap + s->rest / 2) / (square / 2 + point.loss);
    const bool is_near = gap <= 0.01 * fmin(o->tolerance, 1);
    problem->has_converged = (is_still && is_near) || gap <= 1e-14;
    if (problem->has_converged || problem->iterations >= o->max_iterations) return true;
    if (farro_cholesky_f64(&shape, s->factor, NULL) != FARRO_OK) return problem->has_converged = is_near;
    const sums straight = take_step(s, work);
    const double length = 1 / straight.longest, mean = point.gap / (double)(2 * s->rows * s->hinges);
    const double left = 1 + length * (straight.slope + length * straight.bend) / point.gap;
    s->centre = mean * left * left * left;
    farro_parallel_for(s->parts, 1, work, take_correction, s);
    join(s, s->room);
    const double longest = take_step(s, work).longest;
    if (!(longest < 1e6)) return problem->has_converged = is_near;
    const double part = 0.995 / longest;
    advance(s, part);
    s->rest *= (1 - part) * (1 - part);
  }
}

// All unknowns in the middle, or for classes of other weight such that their sums are 0, and the best multiple of the
// sum of a sign x for w.
static void start(interior *s) {
  double of_sign[2] = {0, 0}, along = 0, square = 0;
  for (size_t i = 0; i < s->rows; i++) of_sign[hinge_of(s, i, 0).sign > 0] += hinge_of(s, i, 0).limit;
  memset(s->vectors, 0, s->room * sizeof(double));
  for (size_t i = 0; i < s->rows; i++) {
    s->square[i] = svm_linear_square(s->l, (size_t)s->row[i]);
    double force = 0;
    for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
      const hinge h = hinge_of(s, i, j);
      const double own = of_sign[h.sign > 0], other = of_sign[h.sign <= 0];
      s->a[k] = h.limit / 2 * (other > 0 && other < own ? other / own : 1);
      force += h.sign * s->a[k], along += h.target * s->a[k];
    }
    svm_linear_add(s->l, (size_t)s->row[i], force, s->vectors);
  }
  for (size_t i = 0; i < s->size; i++) square += s->vectors[i] * s->vectors[i];
  const double part = square > 0 ? fmin(fmax(along / square, 0), 1) : 0;
  s->rest = (1 - part) * (1 - part) * square;
  for (size_t i = 0; i < s->size; i++) s->w[i] = part * s->vectors[i];
  for (size_t i = 0; i < s->rows; i++) {
    const double z = svm_linear_decision(s->l, (size_t)s->row[i], s->w);
    for (size_t j = 0, k = i; j < s->hinges; j++, k += s->rows) {
      const hinge h = hinge_of(s, i, j);
      const double g = h.sign * z - h.target;
      s->low[k] = fmax(g, 0) + 1, s->high[k] = fmax(-g, 0) + 1;
    }
  }
}

farro_status svm_linear_interior(const linear_rows *l, farro_linear_svm_problem *problem, double *w, bool *is_solved) {
  interior s = {.l = l, .problem = problem, .w = w, .size = l->rows->d + 1, .room = svm_linear_room(l)};
  for (size_t i = 0; i < l->rows->n; i++) s.rows += problem->limits[i] > 0;
  *is_solved = problem->has_converged = s.rows == 0;
  if (s.rows == 0) return FARRO_OK;
  s.hinges = svm_linear_is_regression(l) ? 2 : 1;
  // Not so many that their matrices take more than about half the memory of the rows.
  s.parts = larger(smaller(s.rows / larger(rows_of_part, 6 * s.size), most_parts), 1);
  const size_t doubles = s.room + s.rows * (3 + 5 * s.hinges) + s.parts * part_elements(&s);
  const size_t bytes = doubles * sizeof(double) + s.parts * sizeof(sums) + s.rows * sizeof(int32_t);
  s.step = farro_allocate(bytes);
  if (!s.step) return FARRO_ERROR_MEMORY;
  s.z = s.step + s.room, s.dz = s.z + s.rows, s.square = s.dz + s.rows;
  const size_t hinges = s.rows * s.hinges;
  s.a = s.square + s.rows, s.low = s.a + hinges, s.high = s.low + hinges;
  s.low_product = s.high + hinges, s.high_product = s.low_product + hinges;
  s.vectors = s.high_product + hinges, s.factor = s.vectors + s.room;
  s.part = (sums *)(void *)(s.vectors + s.parts * part_elements(&s));
  s.row = (int32_t *)(void *)(s.part + s.parts);
  memset(s.step, 0, s.room * sizeof(double));
  size_t rows = 0;
  for (size_t i = 0; i < l->rows->n; i++)
    if (problem->limits[i] > 0) s.row[rows++] = (int32_t)i;
  start(&s);
  *is_solved = iterate(&s, problem);
  farro_release(s.step, bytes);
  return s.status;
}
