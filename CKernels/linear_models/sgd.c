// Stochastic gradient descent: epochs over the rows in a shared random order, each output by itself.
#include "sgd.h"

#include <math.h>
#include <string.h>

#include "include/sgd.h"
#include "runtime/model_dispatch.h"
#include "runtime/sizes.h"

static const double least_scale = 1e-9, most_slope = 1e12, least_rate = 1e-6, sparse_intercept = 0.01;

// Rough speed of one thread, to decide about waking others.
static const double nanoseconds_per_row = 10, elements_per_nanosecond = 2;

// The weights are scale v. Where there is an average, the sum of all weights so far is `sum` + reach v, so that a step
// touches no more of it than of v.
typedef struct {
  double *v, *sum, *taken; // `taken`: what the l1 penalty has taken from each coefficient
  double scale, reach, intercept, intercept_sum, averaged;
  double owed; // what the l1 penalty asks of each coefficient
  double eta, steps;
  double best;
  size_t idle, epochs;
  bool is_done;
} sgd_output;

typedef struct {
  const farro_sgd_problem *problem;
  const sgd_kernels *kernels;
  const void *x; // rows, or the values of compressed ones
  size_t ldx;
  const int64_t *offsets; // NULL: dense rows
  const int32_t *indices;
  sgd_output *outputs;
  uint32_t *order;
  size_t learned;  // rows in `order`
  double *factors; // of a batch, for each output
  double first_optimal;
} sgd_work;

// ---- losses ----

typedef struct {
  double value, slope;
} sgd_slope;

static sgd_slope slope_of(const farro_sgd_problem *p, double z, double y) {
  const double m = z * y, r = z - y, beyond = fabs(r) - p->epsilon, side = r < 0 ? -1 : 1;
  switch (p->loss) {
  case FARRO_SGD_HINGE:
    return (sgd_slope){fmax(0, 1 - m), m <= 1 ? -y : 0};
  case FARRO_SGD_PERCEPTRON:
    return (sgd_slope){fmax(0, -m), m <= 0 ? -y : 0};
  case FARRO_SGD_SQUARED_HINGE:
    return (sgd_slope){m < 1 ? (1 - m) * (1 - m) : 0, m < 1 ? -2 * y * (1 - m) : 0};
  case FARRO_SGD_LOG:
    return (sgd_slope){log1p(exp(-fabs(m))) + fmax(0, -m), -y / (1 + exp(m))};
  case FARRO_SGD_MODIFIED_HUBER:
    if (m >= 1) return (sgd_slope){0, 0};
    return m >= -1 ? (sgd_slope){(1 - m) * (1 - m), -2 * y * (1 - m)} : (sgd_slope){-4 * m, -4 * y};
  case FARRO_SGD_HUBER:
    return beyond <= 0 ? (sgd_slope){r * r / 2, r}
                       : (sgd_slope){p->epsilon * (fabs(r) - p->epsilon / 2), side * p->epsilon};
  case FARRO_SGD_EPSILON_INSENSITIVE:
    return (sgd_slope){fmax(0, beyond), beyond > 0 ? side : 0};
  case FARRO_SGD_SQUARED_EPSILON_INSENSITIVE:
    return beyond > 0 ? (sgd_slope){beyond * beyond, 2 * side * beyond} : (sgd_slope){0, 0};
  default:
    return (sgd_slope){r * r / 2, r};
  }
}

// ---- rows ----

static const void *row_at(const sgd_work *w, size_t row) {
  return (const char *)w->x + row * w->ldx * w->kernels->element_bytes;
}

static double value_at(const sgd_work *w, int64_t place) {
  return w->kernels->element_bytes == sizeof(float) ? (double)((const float *)w->x)[place]
                                                    : ((const double *)w->x)[place];
}

static double product(const sgd_work *w, size_t row, const double *v) {
  if (!w->offsets) return w->kernels->dot(w->problem->columns, row_at(w, row), v);
  double sum = 0;
  for (int64_t place = w->offsets[row]; place < w->offsets[row + 1]; place++)
    sum += value_at(w, place) * v[w->indices[place]];
  return sum;
}

static void add_row(const sgd_work *w, size_t row, double factor, double *v) {
  if (!w->offsets) {
    w->kernels->add(w->problem->columns, factor, row_at(w, row), v);
    return;
  }
  for (int64_t place = w->offsets[row]; place < w->offsets[row + 1]; place++)
    v[w->indices[place]] += factor * value_at(w, place);
}

static double target_of(const farro_sgd_problem *p, size_t output, size_t row) {
  if (!p->labels) return p->targets[row];
  return p->labels[row] == (int32_t)(p->outputs == 1 ? 1 : output) ? 1 : -1;
}

static double weight_of(const farro_sgd_problem *p, size_t output, size_t row, double y) {
  const double weight = p->weights ? p->weights[row] : 1;
  return p->labels && p->label_weights ? weight * p->label_weights[2 * output + (y > 0)] : weight;
}

// ---- a step ----

static double rate_of(const sgd_work *w, const sgd_output *o) {
  switch (w->problem->rate) {
  case FARRO_SGD_OPTIMAL:
    return 1 / (w->problem->alpha * (w->first_optimal + o->steps - 1));
  case FARRO_SGD_INVSCALING:
    return o->eta / pow(o->steps, w->problem->power_t);
  default:
    return o->eta;
  }
}

// Makes the scale 1, and lets nothing else change.
static void fold(const sgd_work *w, sgd_output *o) {
  for (size_t j = 0; j < w->problem->columns; j++) {
    if (o->sum) o->sum[j] += o->reach * o->v[j];
    o->v[j] *= o->scale;
  }
  o->scale = 1, o->reach = 0;
}

static void take_l1(sgd_output *o, size_t j) {
  const double before = o->scale * o->v[j];
  double after = before;
  if (before > 0)
    after = fmax(0, before - (o->owed + o->taken[j]));
  else if (before < 0)
    after = fmin(0, before + (o->owed - o->taken[j]));
  o->taken[j] += after - before;
  const double v = after / o->scale;
  if (o->sum) o->sum[j] -= o->reach * (v - o->v[j]);
  o->v[j] = v;
}

static void penalize_row(const sgd_work *w, sgd_output *o, size_t row) {
  for (int64_t place = w->offsets[row]; place < w->offsets[row + 1]; place++) take_l1(o, (size_t)w->indices[place]);
}

// Returns the losses' sum.
static double take_step(const sgd_work *w, size_t output, const uint32_t *rows, size_t count, double *factors) {
  const farro_sgd_problem *p = w->problem;
  sgd_output *o = &w->outputs[output];
  double losses = 0, scale = o->scale;
  o->steps++;
  const double eta = rate_of(w, o);
  for (size_t i = 0; i < count; i++) {
    const double y = target_of(p, output, rows[i]), z = scale * product(w, rows[i], o->v) + o->intercept;
    const sgd_slope slope = slope_of(p, z, y);
    losses += slope.value;
    factors[i] =
        -eta / (double)count * weight_of(p, output, rows[i], y) * fmax(-most_slope, fmin(most_slope, slope.slope));
  }
  if (p->penalized && p->l1_ratio < 1) {
    o->scale *= fmax(0, 1 - (1 - p->l1_ratio) * eta * p->alpha);
    if (o->scale < least_scale) fold(w, o);
  }
  for (size_t i = 0; i < count; i++) {
    if (factors[i] == 0) continue;
    const double factor = factors[i] / o->scale;
    add_row(w, rows[i], factor, o->v);
    if (o->sum && o->reach != 0) add_row(w, rows[i], -o->reach * factor, o->sum);
    if (p->intercept) o->intercept += factors[i] * (w->offsets ? sparse_intercept : 1);
  }
  if (p->penalized && p->l1_ratio > 0) {
    o->owed += p->l1_ratio * eta * p->alpha;
    for (size_t i = 0; w->offsets && i < count; i++) penalize_row(w, o, rows[i]);
    for (size_t j = 0; !w->offsets && j < p->columns; j++) take_l1(o, j);
  }
  if (o->sum && o->steps >= (double)p->average) {
    o->reach += o->scale;
    o->intercept_sum += o->intercept;
    o->averaged++;
  }
  return losses;
}

// ---- an epoch ----

// Of the rows held out: the part whose side is right, or the coefficient of determination.
static double score(const sgd_work *w, size_t output) {
  const farro_sgd_problem *p = w->problem;
  const sgd_output *o = &w->outputs[output];
  double right = 0, total = 0, sum = 0, squares = 0, errors = 0;
  for (size_t row = 0; row < p->rows; row++) {
    if (!p->held_out[row]) continue;
    const double y = target_of(p, output, row), z = o->scale * product(w, row, o->v) + o->intercept;
    const double weight = p->weights ? p->weights[row] : 1;
    right += weight * ((z > 0) == (y > 0));
    total += weight, sum += weight * y, squares += weight * y * y, errors += weight * (z - y) * (z - y);
  }
  if (p->labels) return right / total;
  return 1 - errors / (squares - sum * sum / total);
}

static void conclude(const sgd_work *w, size_t output, double losses) {
  const farro_sgd_problem *p = w->problem;
  sgd_output *o = &w->outputs[output];
  o->epochs++;
  if (!(fabs(losses) < INFINITY)) {
    o->is_done = true;
    o->intercept = NAN;
  }
  if (isnan(p->tolerance)) return;
  // Larger is better.
  const double found = p->held_out ? score(w, output) : -losses / (double)larger(w->learned, 1);
  o->idle = found < o->best + p->tolerance ? o->idle + 1 : 0;
  o->best = fmax(o->best, found);
  if (o->idle < p->patience) return;
  if (p->rate == FARRO_SGD_ADAPTIVE && o->eta > least_rate)
    o->eta /= 5, o->idle = 0;
  else
    o->is_done = true;
}

static void run_epoch(void *context, size_t first, size_t last) {
  const sgd_work *w = context;
  const size_t batch = w->problem->batch;
  for (size_t output = first; output < last; output++) {
    if (w->outputs[output].is_done) continue;
    double losses = 0;
    for (size_t i = 0; i < w->learned; i += batch)
      losses += take_step(w, output, w->order + i, smaller(batch, w->learned - i), w->factors + output * batch);
    conclude(w, output, losses);
  }
}

// SplitMix64: S. Vigna, 2015.
static uint64_t random_word(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static void shuffle(uint32_t *order, size_t count, uint64_t *state) {
  for (size_t i = count; i > 1; i--) {
    const size_t other = (size_t)(((random_word(state) >> 32) * i) >> 32);
    const uint32_t item = order[i - 1];
    order[i - 1] = order[other], order[other] = item;
  }
}

static void run(sgd_work *w) {
  const farro_sgd_problem *p = w->problem;
  const double elements = w->offsets ? (double)w->offsets[p->rows] : (double)p->rows * (double)p->columns;
  const double nanoseconds = nanoseconds_per_row * (double)p->rows + elements / elements_per_nanosecond;
  uint64_t state = p->seed;
  for (size_t epoch = 0; epoch < p->epochs; epoch++) {
    size_t done = 0;
    for (size_t o = 0; o < p->outputs; o++) done += w->outputs[o].is_done;
    if (done == p->outputs || (p->stops && p->stops(p->context))) return;
    if (p->shuffle) shuffle(w->order, w->learned, &state);
    farro_parallel_for(p->outputs, 1, nanoseconds * (double)p->outputs, run_epoch, w);
  }
}

// ---- state in and out ----

static void begin(sgd_work *w, const farro_sgd_state *state, double *memory) {
  const farro_sgd_problem *p = w->problem;
  const size_t d = p->columns;
  const bool has_l1 = p->penalized && p->l1_ratio > 0;
  const double typical = sqrt(1 / sqrt(p->alpha > 0 ? p->alpha : 1));
  const double first = typical / fmax(1, slope_of(p, -typical, 1).slope);
  w->first_optimal = 1 / (first * (p->alpha > 0 ? p->alpha : 1));
  for (size_t i = 0; i < p->outputs; i++) {
    sgd_output *o = &w->outputs[i];
    const double *from = state->coefficients + i * (d + 1);
    *o = (sgd_output){.scale = 1, .intercept = from[d], .eta = p->eta0, .steps = state->steps[i], .best = -INFINITY};
    o->v = memory, memory += d;
    memcpy(o->v, from, d * sizeof *from);
    if (has_l1) {
      o->taken = memory, memory += d;
      memset(o->taken, 0, d * sizeof *o->taken);
    }
    if (!state->averages) continue;
    const double *average = state->averages + i * (d + 1);
    o->sum = memory, memory += d;
    o->averaged = fmax(0, o->steps - (double)p->average + 1);
    for (size_t j = 0; j < d; j++) o->sum[j] = average[j] * o->averaged;
    o->intercept_sum = average[d] * o->averaged;
  }
  w->learned = 0;
  for (size_t row = 0; row < p->rows; row++)
    if (!p->held_out || !p->held_out[row]) w->order[w->learned++] = (uint32_t)row;
}

static void end(sgd_work *w, farro_sgd_state *state) {
  const size_t d = w->problem->columns;
  for (size_t i = 0; i < w->problem->outputs; i++) {
    sgd_output *o = &w->outputs[i];
    fold(w, o);
    double *to = state->coefficients + i * (d + 1);
    memcpy(to, o->v, d * sizeof *to);
    to[d] = o->intercept;
    state->steps[i] = o->steps;
    state->epochs[i] = o->epochs;
    if (!o->sum) continue;
    double *average = state->averages + i * (d + 1);
    for (size_t j = 0; j <= d; j++)
      average[j] = o->averaged > 0 ? (j < d ? o->sum[j] : o->intercept_sum) / o->averaged : to[j];
  }
}

static farro_status learn(sgd_work *w, farro_sgd_state *state) {
  const farro_sgd_problem *p = w->problem;
  if (p->outputs == 0 || p->batch == 0 || p->rows > UINT32_MAX || p->loss < FARRO_SGD_HINGE ||
      p->loss > FARRO_SGD_SQUARED_EPSILON_INSENSITIVE || !can_exist(p->outputs, p->columns, 4) ||
      (!w->offsets && !are_rows(p->rows, p->columns, w->ldx)) || (p->rows > 0 && !p->labels && !p->targets))
    return FARRO_ERROR_ARGUMENT;
  farro_sgd_problem problem = *p;
  problem.batch = smaller(p->batch, larger(p->rows, 1));
  w->problem = &problem;
  if (!can_exist(p->outputs, problem.batch, 1)) return FARRO_ERROR_ARGUMENT;
  const size_t vectors = p->outputs * p->columns * 3 * sizeof(double), table = p->outputs * sizeof(sgd_output),
               factors = p->outputs * problem.batch * sizeof(double), order = p->rows * sizeof *w->order;
  const size_t bytes = vectors + table + factors + order;
  char *memory = farro_allocate(bytes);
  if (!memory) return FARRO_ERROR_MEMORY;
  w->outputs = (sgd_output *)(memory + vectors);
  w->factors = (double *)(memory + vectors + table);
  w->order = (uint32_t *)(memory + vectors + table + factors);
  begin(w, state, (double *)memory);
  run(w);
  end(w, state);
  farro_release(memory, bytes);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_sgd_##type(const farro_sgd_problem *problem, const scalar *x, size_t ldx,                         \
                                farro_sgd_state *state) {                                                              \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    sgd_work w = {.problem = problem, .kernels = kernels->models->sgd_##type, .x = x, .ldx = ldx};                     \
    return learn(&w, state);                                                                                           \
  }                                                                                                                    \
  farro_status farro_sgd_csr_##type(const farro_sgd_problem *problem, const farro_csr_##type *x,                       \
                                    farro_sgd_state *state) {                                                          \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (x->rows != problem->rows || x->columns != problem->columns || !x->offsets) return FARRO_ERROR_ARGUMENT;        \
    sgd_work w = {.problem = problem, .kernels = kernels->models->sgd_##type, .x = x->values};                         \
    w.offsets = x->offsets, w.indices = x->indices;                                                                    \
    return learn(&w, state);                                                                                           \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
