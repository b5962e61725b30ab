// A dual problem by working sets. Unknowns are b = y alpha of LIBSVM, so that the gradients of all are K b and
// constants, and a step adds to one what it takes from another. Of regression each row has two: one of [0, C], one of
// [-C, 0].
#include "solver.h"

#include <math.h>
#include <string.h>

#include "columns.h"
#include "select.h"

typedef struct {
  const svm_rows *rows;
  const farro_svm_options *options;
  const farro_svm_problem *problem;
  svm_cache cache;
  svm_columns columns;
  size_t n, unknowns, working; // working: unknowns of a set, at most
  const double *limits;        // of the variant

  double least, most;              // gradients that violate most
  uint8_t *is_idle;                // n, by column
  double *b;                       // unknowns
  double *diagonal;                // n
  svm_candidate *rising, *falling; // unknowns each
  uint8_t *is_chosen;              // unknowns
  size_t size, size_before, fresh; // of the set, of the one before, and how many of the set were chosen anew
  int32_t *set, *before;           // unknowns, the latest first
  int32_t *set_rows, *row_at;      // different rows of the set; which of them each of the set has
  const float **k;                 // of these rows
  float *block, *block_before;     // (pitch, pitch) of this set and of the one before
  int32_t *kept;                   // the place in the set before of those that are not fresh
  double *small;                   // 5 pitches: gradient, up, down, diagonal, b before
  double *factors;                 // of rows
} solver;

static size_t row_of(const solver *s, size_t unknown) { return unknown < s->n ? unknown : unknown - s->n; }

static double sum_of(const solver *s, size_t row) { return s->columns.sums[s->columns.column_of[row]]; }

static double gradient_of(const solver *s, size_t unknown) {
  const double sum = sum_of(s, row_of(s, unknown));
  return !s->problem->is_regression ? sum : unknown < s->n ? sum + s->problem->epsilon : sum - s->problem->epsilon;
}

static double high_of(const solver *s, size_t unknown) {
  const size_t row = row_of(s, unknown);
  const bool is_positive = s->problem->is_regression ? unknown < s->n : s->problem->y[row] > 0;
  return is_positive ? s->limits[row] : 0;
}

static double low_of(const solver *s, size_t unknown) { return high_of(s, unknown) - s->limits[row_of(s, unknown)]; }

// ---- the working set ----

static void choose(solver *s, size_t unknown) {
  if (s->size == s->working || s->is_chosen[unknown]) return;
  if ((size_t)s->columns.column_of[row_of(s, unknown)] >= s->columns.active) return;
  s->is_chosen[unknown] = true;
  s->set[s->size++] = (int32_t)unknown;
}

// The unknowns of active columns, row by row; `v` stands for each.
#define FOR_ACTIVE(v)                                                                                                  \
  for (size_t column = 0; column < s->columns.active; column++)                                                        \
    for (size_t v = (size_t)s->columns.row_of[column]; v < s->unknowns; v += s->n)

// The greatest violation; chooses the next set.
static double choose_set(solver *s) {
  double least = INFINITY, most = -INFINITY;
  FOR_ACTIVE(v) {
    const double gradient = gradient_of(s, v);
    if (s->b[v] < high_of(s, v) && gradient < least) least = gradient;
    if (s->b[v] > low_of(s, v) && gradient > most) most = gradient;
  }
  s->least = least, s->most = most;
  const double gap = most - least;
  if (!(gap >= s->options->tolerance)) return gap;
  size_t rising = 0, falling = 0;
  FOR_ACTIVE(v) {
    const double gradient = gradient_of(s, v);
    if (s->b[v] < high_of(s, v) && gradient < most) s->rising[rising++] = (svm_candidate){gradient, (int32_t)v};
    if (s->b[v] > low_of(s, v) && gradient > least) s->falling[falling++] = (svm_candidate){-gradient, (int32_t)v};
  }
  const size_t before = s->size, fresh = before ? s->working / 2 : s->working, half = larger(fresh / 2, 1);
  memcpy(s->before, s->set, before * sizeof *s->set);
  float *block = s->block;
  s->block = s->block_before, s->block_before = block, s->size_before = before;
  for (size_t i = 0; i < before; i++) s->is_chosen[s->before[i]] = false;
  s->size = 0;
  const size_t up = smaller(rising, half), down = smaller(falling, half);
  svm_select(s->rising, rising, up);
  svm_select(s->falling, falling, down);
  for (size_t i = 0; i < larger(up, down); i++) {
    if (i < up) choose(s, (size_t)s->rising[i].unknown);
    if (i < down) choose(s, (size_t)s->falling[i].unknown);
  }
  s->fresh = s->size;
  for (size_t i = 0; i < before; i++) {
    const size_t size = s->size;
    choose(s, (size_t)s->before[i]);
    if (s->size > size) s->kept[size] = (int32_t)i;
  }
  return gap;
}

// ---- the small problem ----

// Rows of K are out of cache, so only those of unknowns that are fresh are read: what the others have among themselves
// is in the block before, and the rest is symmetric.
static void fill_values(solver *s, size_t pitch, size_t pitch_before) {
  enum { tile = 16 }; // rows that the nearest cache holds, a power of two apart
  const size_t size = s->size, fresh = s->fresh;
  int32_t columns[svm_most_working];
  for (size_t j = 0; j < size; j++) columns[j] = s->columns.column_of[s->set_rows[s->row_at[j]]];
  for (size_t i = 0; i < fresh; i++) {
    const float *from = s->k[s->row_at[i]];
    float *to = s->block + i * pitch;
    for (size_t j = 0; j < size; j++) to[j] = from[columns[j]];
  }
  for (size_t j = 0; j < fresh; j += tile)
    for (size_t i = fresh; i < size; i++)
      for (size_t t = j; t < smaller(j + tile, fresh); t++) s->block[i * pitch + t] = s->block[t * pitch + i];
  for (size_t i = fresh; i < size; i++) {
    const float *from = s->block_before + (size_t)s->kept[i] * pitch_before;
    float *to = s->block + i * pitch;
    for (size_t j = fresh; j < size; j++) to[j] = from[s->kept[j]];
  }
  for (size_t i = 0; i < size; i++) memset(s->block + i * pitch + size, 0, (pitch - size) * sizeof(float));
}

static farro_status fill_block(solver *s, svm_block *block) {
  size_t rows = 0;
  // A row's second unknown has the number of its first in the set; slots of rows are found through the candidates'
  // space.
  int32_t *place = (int32_t *)(void *)s->rising;
  for (size_t i = 0; i < s->size; i++) place[row_of(s, (size_t)s->set[i])] = -1;
  for (size_t i = 0; i < s->size; i++) {
    const size_t row = row_of(s, (size_t)s->set[i]);
    if (place[row] < 0) place[row] = (int32_t)rows, s->set_rows[rows++] = (int32_t)row;
    s->row_at[i] = place[row];
  }
  const farro_status status = svm_cache_take(&s->cache, rows, s->set_rows, s->k);
  if (status != FARRO_OK) return status;
  const size_t pitch = round_up(s->size, 16);
  *block = (svm_block){.size = s->size,
                       .pitch = pitch,
                       .k = s->block,
                       .diagonal = s->small + 3 * svm_most_working,
                       .gradient = s->small,
                       .up = s->small + svm_most_working,
                       .down = s->small + 2 * svm_most_working};
  fill_values(s, pitch, round_up(s->size_before, 16));
  double *diagonal = s->small + 3 * svm_most_working, *before = s->small + 4 * svm_most_working;
  for (size_t i = 0; i < pitch; i++) {
    const bool is_there = i < s->size;
    const size_t v = is_there ? (size_t)s->set[i] : 0;
    block->gradient[i] = is_there ? gradient_of(s, v) : 0;
    block->up[i] = is_there && s->b[v] < high_of(s, v) ? 0 : INFINITY;
    block->down[i] = is_there && s->b[v] > low_of(s, v) ? 0 : -INFINITY;
    diagonal[i] = is_there ? s->diagonal[row_of(s, v)] : 0;
    before[i] = is_there ? s->b[v] : 0;
  }
  return FARRO_OK;
}

static void move(solver *s, const svm_block *block, size_t i, double b, double high, double low) {
  const size_t v = (size_t)s->set[i];
  s->b[v] = b;
  block->up[i] = b < high ? 0 : INFINITY;
  block->down[i] = b > low ? 0 : -INFINITY;
}

static int64_t solve_block(solver *s, const svm_block *block, double tolerance, int64_t most) {
  const svm_solver_kernels *kernels = s->rows->solver;
  svm_pair pair = kernels->step(block, 0, 0, 0);
  int64_t steps = 0;
  for (; steps < most && pair.most - pair.least >= tolerance; steps++) {
    const size_t i = pair.first, j = kernels->partner(block, i);
    const size_t vi = (size_t)s->set[i], vj = (size_t)s->set[j];
    double curvature = block->diagonal[i] + block->diagonal[j] - 2 * (double)block->k[i * block->pitch + j];
    if (!(curvature > 1e-12)) curvature = 1e-12;
    const double high = high_of(s, vi), low = low_of(s, vj), room_up = high - s->b[vi], room_down = s->b[vj] - low;
    double step = (block->gradient[j] - block->gradient[i]) / curvature, to_i = s->b[vi] + step, to_j = s->b[vj] - step;
    if (step >= room_up || step >= room_down) {
      const bool ends_i = room_up <= room_down, ends_j = room_down <= room_up;
      step = ends_i ? room_up : room_down;
      to_i = ends_i ? high : s->b[vi] + step, to_j = ends_j ? low : s->b[vj] - step;
    }
    move(s, block, i, to_i, high, low_of(s, vi));
    move(s, block, j, to_j, high_of(s, vj), low);
    pair = kernels->step(block, i, j, step);
  }
  return steps;
}

// ---- all gradients ----

static void add_changes(solver *s) {
  const double *before = s->small + 4 * svm_most_working;
  memset(s->factors, 0, svm_most_working * sizeof *s->factors);
  size_t rows = 0;
  for (size_t i = 0; i < s->size; i++) {
    s->factors[s->row_at[i]] += s->b[s->set[i]] - before[i];
    rows = larger(rows, (size_t)s->row_at[i] + 1);
  }
  size_t count = 0;
  for (size_t i = 0; i < rows; i++) {
    if (s->factors[i] == 0) continue;
    if (s->columns.active < s->n) s->columns.late[s->set_rows[i]] += s->factors[i];
    s->factors[count] = s->factors[i], s->k[count++] = s->k[i];
  }
  svm_columns_add(&s->columns, 0, s->columns.active, count, s->k, s->factors);
}

// ---- rows that stay at their limits ----

// Whether no pair with the unknown violates anything as long as it is so far from those that do.
static bool is_safe(const solver *s, size_t v) {
  const double gradient = gradient_of(s, v);
  const bool rises = s->b[v]<high_of(s, v), falls = s->b[v]> low_of(s, v);
  return !(rises && gradient <= s->most) && !(falls && gradient >= s->least);
}

// Reordering what is kept of K costs as much as some changes of all gradients, so that many must be left out.
static void leave_out(solver *s) {
  size_t idle = 0;
  for (size_t column = 0; column < s->columns.active; column++) {
    const size_t row = (size_t)s->columns.row_of[column];
    s->is_idle[column] = is_safe(s, row) && (!s->problem->is_regression || is_safe(s, s->n + row));
    idle += s->is_idle[column];
  }
  if (idle >= s->columns.active / 4 + 1) svm_columns_leave_out(&s->columns, s->is_idle, idle);
}

static farro_status restore(solver *s) { return svm_columns_restore(&s->columns, s->set_rows, s->k, s->factors); }

// ---- what the solution says ----

// What the mean's product with the sum of the rows adds to rho, where rows were less the mean.
static double shift_of(const solver *s, const double *b) {
  const svm_rows *r = s->rows;
  const size_t d = r->data->d;
  double shift = 0;
  for (size_t i = 0; i < s->n && r->function->kernel == FARRO_SVM_LINEAR; i++) {
    if (b[i] == 0) continue;
    const size_t from = svm_row(r->data, svm_place(&s->cache.places, i)) * r->data->ldx;
    double product = 0;
    for (size_t j = 0; j < d; j++) {
      const double mean = svm_norm(r, r->mean, j);
      product += (svm_norm(r, r->x, from + j) - mean) * mean;
    }
    shift += b[i] * product;
  }
  return shift;
}

static void finish(solver *s, size_t variant) {
  const farro_svm_problem *p = s->problem;
  double most = -INFINITY, least = INFINITY, sum = 0, objective = 0;
  size_t count = 0;
  for (size_t v = 0; v < s->unknowns; v++) {
    const double high = high_of(s, v), low = low_of(s, v), gradient = gradient_of(s, v);
    const double target = gradient - sum_of(s, row_of(s, v)) - p->y[row_of(s, v)];
    objective += s->b[v] * (gradient + target) / 2;
    if (high <= low) continue;
    if (s->b[v] >= high)
      most = fmax(most, gradient);
    else if (s->b[v] <= low)
      least = fmin(least, gradient);
    else
      sum += gradient, count++;
  }
  const double between = isinf(most) ? least : isinf(least) ? most : (most + least) / 2;
  const double rho = count > 0 ? sum / (double)count : isfinite(between) ? between : 0;
  for (size_t i = 0; i < s->n; i++) p->b[variant * s->n + i] = p->is_regression ? s->b[i] + s->b[s->n + i] : s->b[i];
  p->rho[variant] = rho + shift_of(s, p->b + variant * s->n), p->objective[variant] = objective;
  if (p->sums)
    for (size_t i = 0; i < s->n; i++) p->sums[variant * s->n + i] = sum_of(s, i) + p->y[i] - rho;
}

// Shorter fits end before leaving rows out is worth its price.
enum { sets_between = 64 };

static farro_status solve_variant(solver *s, size_t variant) {
  const farro_svm_problem *p = s->problem;
  const farro_svm_options *o = s->options;
  s->limits = p->limits + variant * s->n, s->size = 0;
  s->columns.active = s->n;
  for (size_t i = 0; i < s->n; i++) s->columns.sums[i] = -p->y[s->columns.row_of[i]];
  memset(s->columns.late, 0, s->n * sizeof *s->columns.late);
  memset(s->b, 0, s->unknowns * sizeof *s->b);
  memset(s->is_chosen, 0, s->unknowns);
  // LIBSVM's limit: where rounding of K hides the minimum there would be no end.
  const int64_t limit = (int64_t)larger(10000000, 100 * s->n);
  const int64_t most = o->max_iterations < 0 ? limit : o->max_iterations;
  int64_t steps = 0, sets = 0;
  bool has_converged = false, is_stuck = false;
  for (;; sets++) {
    const double gap = choose_set(s);
    has_converged = !(gap >= o->tolerance);
    const bool ends = has_converged || is_stuck || steps >= most;
    if (ends && s->columns.active == s->n) break;
    if (ends) { // what all others say now
      const farro_status status = restore(s);
      if (status != FARRO_OK) return status;
      is_stuck = false, sets = 0;
      continue;
    }
    if (o->is_cancelled && o->is_cancelled(o->context)) return FARRO_ERROR_ARGUMENT;
    svm_block block;
    const farro_status status = fill_block(s, &block);
    if (status != FARRO_OK) return status;
    const int64_t left = most - steps, some = 100 * (int64_t)s->size;
    const int64_t taken = solve_block(s, &block, fmax(gap / 10, o->tolerance / 2), left < some ? left : some);
    steps += taken;
    add_changes(s);
    is_stuck = taken == 0; // what is left is rounding
    if (!o->shrinks || sets % sets_between != sets_between - 1) continue;
    const farro_status restored = restore(s);
    if (restored != FARRO_OK) return restored;
    leave_out(s);
  }
  finish(s, variant);
  p->iterations[variant] = steps, p->has_converged[variant] = has_converged;
  return FARRO_OK;
}

// ---- memory ----

svm_places svm_places_of(const farro_svm_data *data, const farro_svm_problem *p, size_t groups[2][2]) {
  const size_t *starts = data->starts;
  if (p->second_group >= data->groups) {
    groups[0][0] = 0, groups[0][1] = groups[1][0] = groups[1][1] = data->groups;
    return (svm_places){.n = data->n, .first = 0, .first_count = data->n, .second = 0};
  }
  groups[0][0] = p->first_group, groups[0][1] = p->first_group + 1;
  groups[1][0] = p->second_group, groups[1][1] = p->second_group + 1;
  const size_t first_count = starts[p->first_group + 1] - starts[p->first_group];
  return (svm_places){.n = first_count + starts[p->second_group + 1] - starts[p->second_group],
                      .first = starts[p->first_group],
                      .first_count = first_count,
                      .second = starts[p->second_group]};
}

typedef struct {
  void **at;
  size_t bytes;
} part;

// The diagonal of a custom kernel is asked for row by row.
static farro_status fill_diagonal(solver *s) {
  const svm_rows *r = s->rows;
  const farro_svm_function *f = r->function;
  for (size_t i = 0; i < s->n; i++) {
    const size_t place = svm_place(&s->cache.places, i), number = svm_row(r->data, place);
    float value = 1;
    if (f->kernel == FARRO_SVM_CUSTOM) {
      if (!f->values(f->context, 1, &number, place, 1, &value, 1)) return FARRO_ERROR_ARGUMENT;
    } else if (f->kernel != FARRO_SVM_RBF) {
      double square = svm_norm(r, r->norms, place), other = 0;
      if (r->element_bytes == 8)
        r->kernels->narrow(f, 1, &square, 0, &other, &value);
      else
        r->kernels->narrow(f, 1, &(float){(float)square}, 0, &other, &value);
    }
    s->diagonal[i] = (double)value;
  }
  return FARRO_OK;
}

farro_status svm_solve(const svm_rows *rows, const farro_svm_options *options, const farro_svm_problem *problem,
                       size_t slots, size_t working) {
  solver s = {.rows = rows, .options = options, .problem = problem};
  size_t groups[2][2];
  const svm_places places = svm_places_of(rows->data, problem, groups);
  s.n = places.n, s.unknowns = problem->is_regression ? 2 * s.n : s.n, s.working = smaller(working, s.unknowns);
  const size_t pitch = svm_most_working;
  const part parts[] = {{(void **)&s.columns.sums, s.n * sizeof(double)},
                        {(void **)&s.columns.late, s.n * sizeof(double)},
                        {(void **)&s.columns.row_of, s.n * sizeof(int32_t)},
                        {(void **)&s.columns.column_of, s.n * sizeof(int32_t)},
                        {(void **)&s.is_idle, s.n},
                        {(void **)&s.b, s.unknowns * sizeof(double)},
                        {(void **)&s.diagonal, s.n * sizeof(double)},
                        {(void **)&s.rising, s.unknowns * sizeof(svm_candidate)},
                        {(void **)&s.falling, s.unknowns * sizeof(svm_candidate)},
                        {(void **)&s.is_chosen, s.unknowns},
                        {(void **)&s.set, pitch * sizeof(int32_t)},
                        {(void **)&s.before, pitch * sizeof(int32_t)},
                        {(void **)&s.set_rows, pitch * sizeof(int32_t)},
                        {(void **)&s.row_at, pitch * sizeof(int32_t)},
                        {(void **)&s.k, pitch * sizeof(float *)},
                        {(void **)&s.block, pitch * pitch * sizeof(float)},
                        {(void **)&s.block_before, pitch * pitch * sizeof(float)},
                        {(void **)&s.kept, pitch * sizeof(int32_t)},
                        {(void **)&s.small, 5 * pitch * sizeof(double)},
                        {(void **)&s.factors, pitch * sizeof(double)}};
  farro_status status = svm_cache_open(&s.cache, rows, places, groups, slots, smaller(s.working, s.n));
  if (status != FARRO_OK) return status;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (!(*parts[i].at = farro_allocate(parts[i].bytes))) status = FARRO_ERROR_MEMORY;
  s.columns.cache = &s.cache, s.columns.n = s.columns.active = s.n;
  for (size_t i = 0; status == FARRO_OK && i < s.n; i++) s.columns.row_of[i] = s.columns.column_of[i] = (int32_t)i;
  if (status == FARRO_OK) status = fill_diagonal(&s);
  for (size_t v = 0; v < problem->variants && status == FARRO_OK; v++) status = solve_variant(&s, v);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) farro_release(*parts[i].at, parts[i].bytes);
  svm_cache_close(&s.cache);
  return status;
}
