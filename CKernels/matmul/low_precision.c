// The driver of low-precision products: lay out B (and A, where its words are not what lies in memory), run over tiles.
//
// k is not cut: a result of 16 bits is rounded once, an integer is corrected once, and packed operands take a half or a
// quarter of the memory of f32. Every tile sees k in one order, so the bits do not depend on threads.
#include <string.h>

#include "low_precision_job.h"

enum { line_words = 16 };

typedef low_precision_job job;
typedef low_precision_packing packing;
typedef low_precision_workspace workspace;

// ---- packing B ----

low_precision_contents farro_low_precision_layout(const low_precision_kernels *kernels, size_t k, size_t n,
                                                  size_t *bytes) {
  const size_t padded = round_up(n, kernels->columns), words = ceil_divide(k, kernels->group);
  low_precision_contents c = {.kernels = kernels, .sums = line_words};
  c.panels = c.sums + (kernels->correct ? round_up(padded, line_words) : 0);
  *bytes = (c.panels + padded * words) * sizeof(uint32_t);
  return c;
}

static void pack_panels(void *context, size_t first, size_t last) {
  const packing *w = context;
  const low_precision_kernels *kernels = w->kernels;
  const size_t width = kernels->columns, column = first * width, used = smaller(last * width, w->n) - column;
  const void *from = w->b + column * (w->transposed ? w->ldb : 1) * kernels->element_bytes;
  uint32_t *to = w->panels + column * w->words;
  (w->transposed ? kernels->pack_b_across : kernels->pack_b_along)(used, width, w->k, from, w->ldb, to);
  // The sum of a column is its product with ones.
  for (size_t i = first; i < last && w->sums; i++) {
    const low_precision_tile tile = {.words = w->words,
                                     .a = &kernels->ones,
                                     .b = w->panels + i * width * w->words,
                                     .b_step = width,
                                     .sums = w->sums + i * width};
    kernels->tile[1](&tile);
  }
}

void farro_low_precision_pack(const packing *w) {
  farro_parallel_for(ceil_divide(w->n, w->kernels->columns), 4, (double)(w->n * w->k) / 4, pack_panels, (void *)w);
}

// Products of a batch that run side by side are on one thread each.
static void run_parts(const job *j, size_t count, size_t grain, double nanoseconds, farro_body body, void *context) {
  if (j->side_by_side)
    body(context, 0, count);
  else
    farro_parallel_for(count, grain, nanoseconds, body, context);
}

// ---- one product ----

typedef struct {
  const job *job;
  size_t item;
  workspace space;
  const uint32_t *panels, *sums_b;
  _Atomic bool failed;
} product;

static const char *a_of(const job *j, size_t item, size_t row) {
  const farro_matmul_shape *s = &j->shape;
  return (const char *)j->a + (item * s->stride_a + row * (s->transpose_a ? 1 : s->lda)) * j->kernels->element_bytes;
}

// Where a tile finds its rows.
static void locate_rows(const product *w, size_t row, low_precision_tile *tile) {
  const job *j = w->job;
  if (!j->copies_a) {
    tile->a = a_of(j, w->item, row);
    tile->a_row = j->shape.lda * j->kernels->element_bytes;
    tile->a_step = sizeof(uint32_t);
  } else if (j->shape.transpose_a) {
    tile->a = w->space.a + row / j->rows * j->a_pitch;
    tile->a_row = sizeof(uint32_t);
    tile->a_step = j->rows * sizeof(uint32_t);
  } else {
    tile->a = w->space.a + row * j->a_pitch;
    tile->a_row = j->a_pitch * sizeof(uint32_t);
    tile->a_step = sizeof(uint32_t);
  }
}

// Panels of rows: copies where the words of A do not lie ready, and sums where B has zero points.
static void prepare_rows(void *context, size_t first, size_t last) {
  const product *w = context;
  const job *j = w->job;
  const farro_matmul_shape *s = &j->shape;
  const low_precision_kernels *kernels = j->kernels;
  const size_t row = first * j->rows, end = smaller(last * j->rows, s->m);
  if (j->copies_a && s->transpose_a)
    kernels->pack_a_along(end - row, j->rows, s->k, a_of(j, w->item, row), s->lda, w->space.a + first * j->a_pitch);
  for (size_t i = row; i < end && j->copies_a && !s->transpose_a; i++)
    kernels->words_of_a(a_of(j, w->item, i), s->k, w->space.a + i * j->a_pitch);
  if (!w->space.sums_a) return;
  uint32_t ones[low_precision_most_columns], sums[low_precision_most_rows * low_precision_most_columns];
  for (size_t i = 0; i < low_precision_most_columns; i++) ones[i] = kernels->ones;
  low_precision_tile tile = {.words = j->words, .b = ones, .sums = sums};
  for (size_t i = row; i < end; i += j->rows) {
    const size_t rows = smaller(j->rows, end - i);
    locate_rows(w, i, &tile);
    kernels->tile[rows](&tile);
    for (size_t r = 0; r < rows; r++) w->space.sums_a[i + r] = sums[r * j->columns];
  }
}

// ---- tiles ----

// What holds for rows or columns first..<first + count of a tile.
static void take_scales(const farro_quantized_operand *by, size_t item, size_t first, size_t count, float *to) {
  const float *scale = by && by->scale ? by->scale + item * by->stride : NULL;
  if (scale && by->step != 0)
    for (size_t i = 0; i < count; i++) to[i] = scale[(first + i) * by->step];
  else
    for (size_t i = 0; i < count; i++) to[i] = scale ? *scale : 1;
}

static void take_zero_points(const farro_quantized_operand *by, size_t item, size_t first, size_t count, int32_t *to) {
  for (size_t i = 0; i < count; i++) to[i] = zero_point_of(by, item, first + i);
}

static void correct(const product *w, const matmul_tile *to, size_t rows, uint32_t *sums) {
  const job *j = w->job;
  static const uint32_t no_sums[low_precision_most_columns];
  int32_t zero_a[low_precision_most_rows], zero_b[low_precision_most_columns] = {0};
  take_zero_points(j->by_a, w->item, to->row, rows, zero_a);
  take_zero_points(j->by_b, w->item, to->column, to->columns, zero_b);
  const low_precision_correction by = {.zero_a = zero_a,
                                       .zero_b = zero_b,
                                       .sums_a = w->space.sums_a ? w->space.sums_a + to->row : no_sums,
                                       .sums_b = has_zero_point(j->by_a) ? w->sums_b + to->column : no_sums,
                                       .k = (uint32_t)j->shape.k};
  j->kernels->correct(&by, rows, sums);
}

static void finish_integers(const product *w, const matmul_tile *to, size_t rows, uint32_t *sums) {
  const job *j = w->job;
  if (has_zero_point(j->by_a) || has_zero_point(j->by_b)) correct(w, to, rows, sums);
  if (j->result == to_integers) {
    j->kernels->finish_integers(to, rows, sums);
    return;
  }
  float scale_a[low_precision_most_rows], scale_b[low_precision_most_columns] = {0};
  take_scales(j->by_a, w->item, to->row, rows, scale_a);
  take_scales(j->by_b, w->item, to->column, to->columns, scale_b);
  j->kernels->finish_scaled(to, rows, sums, scale_a, scale_b);
}

static void finish_tile(const product *w, size_t row, size_t column, uint32_t *sums) {
  const job *j = w->job;
  const farro_matmul_shape *s = &j->shape;
  const size_t rows = smaller(j->rows, s->m - row), c_bytes = j->result == to_narrow ? 2 : 4;
  const matmul_tile to = {.columns = smaller(j->columns, s->n - column),
                          .c = (char *)j->c + (w->item * s->stride_c + row * s->ldc + column) * c_bytes,
                          .ldc = s->ldc,
                          .alpha = j->alpha,
                          .beta = j->beta,
                          .count = 1,
                          .epilogue = j->epilogue,
                          .item = w->item,
                          .row = row,
                          .column = column};
  if (j->result == to_f32)
    j->kernels->finish(&to, rows, (float *)sums);
  else if (j->result == to_narrow)
    j->kernels->finish_narrow(&to, rows, (float *)sums);
  else
    finish_integers(w, &to, rows, sums);
}

static void multiply_tile(const product *w, size_t row, size_t column) {
  const job *j = w->job;
  _Alignas(64) uint32_t sums[low_precision_most_rows * low_precision_most_columns];
  low_precision_tile tile = {.words = j->words, .b = w->panels + column * j->words, .b_step = j->columns, .sums = sums};
  locate_rows(w, row, &tile);
  j->kernels->tile[smaller(j->rows, j->shape.m - row)](&tile);
  finish_tile(w, row, column, sums);
}

static void multiply_chunks(void *context, size_t first, size_t last) {
  const product *w = context;
  const job *j = w->job;
  const size_t across = ceil_divide(j->column_panels, j->column_chunk);
  for (size_t task = first; task < last; task++) {
    const size_t row0 = task / across * j->row_chunk, row1 = smaller(row0 + j->row_chunk, j->row_panels);
    const size_t column0 = task % across * j->column_chunk;
    const size_t column1 = smaller(column0 + j->column_chunk, j->column_panels);
    for (size_t row = row0; row < row1; row++)
      for (size_t column = column0; column < column1; column++) multiply_tile(w, row * j->rows, column * j->columns);
  }
}

// ---- few rows ----

// All rows times one chunk of columns, whose B is packed piece of k by piece of k and used at once: B comes from memory
// once. Sums wait in between, in the order of k that a tile would have kept.
static void multiply_gathered(product *w, size_t column, uint32_t *panels, uint32_t *sums) {
  const job *j = w->job;
  const farro_matmul_shape *s = &j->shape;
  const low_precision_kernels *kernels = j->kernels;
  const size_t columns = smaller(j->column_chunk * j->columns, s->n - column), size = j->rows * j->columns;
  const low_precision_pack pack = s->transpose_b ? kernels->pack_b_across : kernels->pack_b_along;
  size_t word = 0;
  do {
    const size_t words = smaller(j->piece, j->words - word), k = word * kernels->group;
    const size_t at = w->item * s->stride_b + (s->transpose_b ? column * s->ldb + k : k * s->ldb + column);
    const void *from = (const char *)j->b + at * kernels->element_bytes;
    pack(columns, j->columns, smaller(words * kernels->group, s->k - k), from, s->ldb, panels);
    for (size_t p = 0; p * j->columns < columns; p++) {
      low_precision_tile tile = {
          .words = words, .b = panels + p * j->columns * words, .b_step = j->columns, .continues = word > 0};
      for (size_t i = 0; i < j->row_panels; i++) {
        locate_rows(w, i * j->rows, &tile);
        tile.a = (const char *)tile.a + word * tile.a_step;
        tile.sums = sums + (i * j->column_chunk + p) * size;
        kernels->tile[smaller(j->rows, s->m - i * j->rows)](&tile);
      }
      if (!has_zero_point(j->by_a)) continue;
      tile.a = &kernels->ones;
      tile.a_row = tile.a_step = 0;
      tile.sums = w->space.sums_b + column + p * j->columns;
      kernels->tile[1](&tile);
    }
    word += words;
  } while (word < j->words);
  for (size_t p = 0; p * j->columns < columns; p++)
    for (size_t i = 0; i < j->row_panels; i++)
      finish_tile(w, i * j->rows, column + p * j->columns, sums + (i * j->column_chunk + p) * size);
}

static void gather_chunks(void *context, size_t first, size_t last) {
  product *w = context;
  const job *j = w->job;
  const size_t sums = j->row_panels * j->column_chunk * j->rows * j->columns;
  const size_t bytes = farro_low_precision_gathered_words(j) * sizeof(uint32_t);
  uint32_t *space = farro_allocate(bytes);
  if (!space) w->failed = true;
  for (size_t chunk = first; chunk < last && space; chunk++)
    multiply_gathered(w, chunk * j->column_chunk * j->columns, space + sums, space);
  farro_release(space, bytes);
}

// op(B) of one product.
static packing packing_of(const job *j, size_t item, uint32_t *panels, uint32_t *sums) {
  const farro_matmul_shape *s = &j->shape;
  return (packing){.kernels = j->kernels,
                   .k = s->k,
                   .n = s->n,
                   .words = j->words,
                   .ldb = s->ldb,
                   .transposed = s->transpose_b,
                   .b = (const char *)j->b + item * s->stride_b * j->kernels->element_bytes,
                   .panels = panels,
                   .sums = has_zero_point(j->by_a) ? sums : NULL};
}

static bool run_product(const job *j, size_t item, workspace space) {
  const farro_matmul_shape *s = &j->shape;
  product w = {.job = j, .item = item, .space = space, .panels = j->panels, .sums_b = j->sums_b};
  if (!w.panels) w.panels = space.panels, w.sums_b = space.sums_b;
  if (!j->panels && !j->gathers) {
    packing b = packing_of(j, item, space.panels, space.sums_b);
    run_parts(j, j->column_panels, 4, (double)(s->n * s->k) / 4, pack_panels, &b);
  }
  if (j->copies_a || space.sums_a) run_parts(j, j->row_panels, 2, (double)(s->m * s->k) / 4, prepare_rows, &w);
  const size_t across = ceil_divide(j->column_panels, j->column_chunk);
  if (j->gathers)
    run_parts(j, across, 1, j->nanoseconds + (double)(s->n * s->k) / 8, gather_chunks, &w);
  else
    run_parts(j, ceil_divide(j->row_panels, j->row_chunk) * across, 1, j->nanoseconds, multiply_chunks, &w);
  return !w.failed;
}

// ---- the batch ----

typedef struct {
  const job *job;
  _Atomic bool failed;
} batch;

static void run_items(void *context, size_t first, size_t last) {
  batch *w = context;
  workspace space;
  const size_t bytes = farro_low_precision_workspace(w->job, &space, NULL) * sizeof(uint32_t);
  uint32_t *memory = farro_allocate(bytes);
  if (!memory) {
    w->failed = true;
    return;
  }
  farro_low_precision_workspace(w->job, &space, memory);
  for (size_t item = first; item < last; item++)
    if (!run_product(w->job, item, space)) w->failed = true;
  farro_release(memory, bytes);
}

farro_status farro_low_precision_run(job *j) {
  const farro_matmul_shape *s = &j->shape;
  if (s->batch == 0 || s->m == 0 || s->n == 0) return FARRO_OK;
  farro_low_precision_plan(j);
  if (j->widens) return farro_low_precision_run_widened(j) ? FARRO_OK : FARRO_ERROR_MEMORY;
  uint32_t *shared = NULL;
  size_t bytes = 0;
  if (j->packs_once) {
    const low_precision_contents at = farro_low_precision_layout(j->kernels, s->k, s->n, &bytes);
    shared = farro_allocate(bytes);
    if (!shared) return FARRO_ERROR_MEMORY;
    const packing b = packing_of(j, 0, shared + at.panels, shared + at.sums);
    farro_low_precision_pack(&b);
    j->panels = b.panels;
    j->sums_b = b.sums;
  }
  batch w = {.job = j};
  if (j->side_by_side)
    farro_parallel_for(s->batch, j->grain, j->nanoseconds * (double)s->batch, run_items, &w);
  else
    run_items(&w, 0, s->batch);
  farro_release(shared, bytes);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
