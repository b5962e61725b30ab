// Small low-precision products: some at a time become f32 in the core's nearest memory, and go the way of f32 products
// there. Laying out words of several elements would take longer than the products save.
//
// The sums are those of the words of one f32 that the other path has, in the same order. Integers are exact: their zero
// points are subtracted first, and k is so short that no sum leaves the 24 bits of an f32.
#include "low_precision_job.h"

enum {
  near_bytes = 24 * 1024,  // of f32 at a time: half of L1
  most_bytes = 192 * 1024, // of f32 in a product, which has to stay in L2
  most_k = 258,            // of integers: 255 255 k <= 2^24
  padding = 16,            // f32 that widening may write behind its last
};

// Rough speed of one thread, and what a range of products should last at least.
static const double elements_per_nanosecond = 20, range_nanoseconds = 20e3;

typedef low_precision_job job;

// ---- the plan ----

// Whether one number serves all rows, or columns.
static bool has_one_zero_point(const farro_quantized_operand *by) { return !has_zero_point(by) || by->step == 0; }
static bool has_one_scale(const farro_quantized_operand *by) {
  return !by || !by->scale || (by->step == 0 && by->stride == 0);
}

static bool serves(const job *j) {
  const farro_matmul_shape *s = &j->shape;
  if (j->panels || s->batch < 2 || s->stride_b == 0 || s->k == 0) return false;
  double size = (double)s->m * (double)s->n * (double)s->k;
  if (s->transpose_b) size *= 16; // f32 has to pack it as well, and takes 2 to 4 times as long
  if (has_zero_point(j->by_a) || has_zero_point(j->by_b)) size /= 4; // the other path corrects each sum
  const double elements = (double)s->m * (double)s->k + ((double)s->k + (double)s->m) * (double)s->n;
  if (size > j->kernels->most_widened || elements * sizeof(float) > most_bytes) return false;
  if (!j->kernels->correct) return true;
  const bool is_scaled = j->result == to_scaled;
  return s->k <= most_k && has_one_zero_point(j->by_a) && has_one_zero_point(j->by_b) &&
         (!is_scaled || (has_one_scale(j->by_a) && has_one_scale(j->by_b)));
}

// The f32 operands lie without gaps, and so does C unless the product goes straight to its place.
bool farro_low_precision_plan_widened(job *j) {
  static const float one = 1;
  if (!serves(j)) return false;
  farro_matmul_shape s = j->shape;
  s.lda = s.transpose_a ? s.m : s.k, s.stride_a = s.m * s.k;
  s.ldb = s.transpose_b ? s.k : s.n, s.stride_b = s.k * s.n;
  if (j->result == to_narrow) s.ldc = s.n, s.stride_c = s.m * s.n;
  // With an epilogue the plan leaves operands in their roles.
  j->wide = (matmul_job){.kernels = j->kernels->wide,
                         .shape = s,
                         .alpha = j->alpha,
                         .beta = j->beta,
                         .one = &one,
                         .epilogue = j->epilogue};
  farro_matmul_plan_job(&j->wide);
  // C may be its own residual, so that k must not be cut.
  return j->wide.plan.path != FARRO_MATMUL_BLOCKED && j->wide.plan.k_block >= s.k;
}

// ---- one chunk ----

typedef struct {
  const job *job;
  size_t chunk; // products at a time
  float scale;  // of integers
  bool fused;   // an epilogue has something to do
  _Atomic bool failed;
} batch;

// `items` matrices of rows x columns.
typedef struct {
  size_t items, rows, columns, ld, stride;
} layout;

static bool is_gapless(const layout *l) { return l->ld == l->columns && l->stride == l->rows * l->columns; }

static void widen(const job *j, low_precision_widen row, const char *from, layout l, size_t item,
                  const farro_quantized_operand *by, float *to) {
  const size_t bytes = j->kernels->element_bytes;
  if (is_gapless(&l) && (!has_zero_point(by) || by->stride == 0))
    l = (layout){.items = 1, .rows = 1, .columns = l.items * l.rows * l.columns};
  else if (l.ld == l.columns)
    l.columns *= l.rows, l.rows = 1;
  for (size_t i = 0; i < l.items; i++)
    for (size_t r = 0; r < l.rows; r++, to += l.columns)
      row(from + (i * l.stride + r * l.ld) * bytes, l.columns, zero_point_of(by, item + i, 0), to);
}

// f32 without gaps, or where integers are to be, become what C holds.
static void narrow(const job *j, const float *from, layout l, void *c) {
  const bool in_place = j->result == to_integers;
  const size_t c_bytes = in_place ? sizeof(int32_t) : j->kernels->element_bytes;
  if (is_gapless(&l)) l = (layout){.items = 1, .rows = 1, .columns = l.items * l.rows * l.columns};
  for (size_t i = 0; i < l.items; i++)
    for (size_t r = 0; r < l.rows; r++, from += l.columns) {
      char *to = (char *)c + (i * l.stride + r * l.ld) * c_bytes;
      j->kernels->narrow(in_place ? (const void *)to : from, l.columns, to, false);
    }
}

// The visitor of a batch, called for a chunk that begins at product `item`.
typedef struct {
  const farro_epilogue *epilogue;
  size_t item;
} visitor;

static void visit_tile(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                       const void *tile, size_t ld) {
  const visitor *v = context;
  v->epilogue->visit(v->epilogue->visit_context, v->item + item, row, column, rows, columns, tile, ld);
}

static bool multiply_chunk(const batch *w, size_t item, size_t items, float *space) {
  const job *j = w->job;
  const farro_matmul_shape *s = &j->shape, *tight = &j->wide.shape;
  const low_precision_kernels *kernels = j->kernels;
  const size_t bytes = kernels->element_bytes;
  const layout of_a = {items, s->transpose_a ? s->k : s->m, tight->lda, s->lda, s->stride_a};
  const layout of_b = {items, s->transpose_b ? s->n : s->k, tight->ldb, s->ldb, s->stride_b};
  const layout of_c = {items, s->m, s->n, s->ldc, s->stride_c};
  float *a = space, *b = a + items * tight->stride_a + padding, *c = b + items * tight->stride_b + padding;
  widen(j, kernels->widen_a, (const char *)j->a + item * s->stride_a * bytes, of_a, item, j->by_a, a);
  widen(j, kernels->widen_b, (const char *)j->b + item * s->stride_b * bytes, of_b, item, j->by_b, b);
  char *result = (char *)j->c + item * s->stride_c * (j->result == to_narrow ? bytes : sizeof(float));
  if (j->result != to_narrow)
    c = (float *)result;
  else if (*j->beta != 0)
    widen(j, kernels->widen_a, result, of_c, item, NULL, c);
  matmul_job wide = j->wide;
  wide.shape.batch = items;
  wide.a = a, wide.b = b, wide.c = c;
  if (j->result == to_scaled) wide.alpha = &w->scale;
  farro_epilogue epilogue = *j->epilogue;
  if (epilogue.residual) epilogue.residual = (const float *)epilogue.residual + item * epilogue.stride_residual;
  visitor at = {j->epilogue, item};
  if (epilogue.visit) epilogue.visit = visit_tile, epilogue.visit_context = &at;
  wide.epilogue = w->fused ? &epilogue : NULL;
  if (!farro_matmul_run_tasks(&wide, 0, items * wide.plan.tasks)) return false;
  if (!epilogue.visit && (j->result == to_narrow || j->result == to_integers)) narrow(j, c, of_c, result);
  return true;
}

// ---- the batch ----

static size_t floats_of(const job *j) {
  const farro_matmul_shape *s = &j->wide.shape;
  return s->stride_a + s->stride_b + (j->result == to_narrow ? s->stride_c : 0);
}

static void multiply_range(void *context, size_t first, size_t last) {
  batch *w = context;
  const size_t most = smaller(w->chunk, last - first);
  const size_t bytes = (most * floats_of(w->job) + 3 * padding) * sizeof(float);
  float *space = farro_allocate(bytes);
  if (!space) w->failed = true;
  for (size_t item = first, items; item < last && space; item += items) {
    items = smaller(most, last - item);
    if (!multiply_chunk(w, item, items, space)) w->failed = true;
  }
  farro_release(space, bytes);
}

static float scale_of(const farro_quantized_operand *by) { return by && by->scale ? *by->scale : 1; }

bool farro_low_precision_run_widened(const job *j) {
  const farro_epilogue *e = j->epilogue;
  const size_t floats = floats_of(j);
  batch w = {.job = j,
             .chunk = larger(near_bytes / sizeof(float) / floats, 1),
             .scale = scale_of(j->by_a) * scale_of(j->by_b),
             .fused = e->scale || e->bias || e->activation || e->residual || e->visit};
  const double nanoseconds = farro_matmul_nanoseconds(&j->wide) + (double)floats / elements_per_nanosecond;
  const size_t items = (size_t)(range_nanoseconds / nanoseconds);
  farro_parallel_for(j->shape.batch, round_up(larger(items, 1), w.chunk), nanoseconds * (double)j->shape.batch,
                     multiply_range, &w);
  return !w.failed;
}
