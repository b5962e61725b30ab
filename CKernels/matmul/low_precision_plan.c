// How a low-precision product is cut, and what work space it takes. Only shape, element type and instruction set
// decide, so that results do not depend on threads.
#include "low_precision_job.h"

enum {
  line_words = 16,
  chunk_bytes = 256 * 1024, // of packed B that one task multiplies with at a time: it stays in L2
  most_chunk_panels = 8,    // of B in a task,
  row_chunk_panels = 16,    // and of rows
  gathered_row_panels = 2,  // up to so many, B is not packed as a whole,
  gathered_words = 256,     // but a piece of k at a time: with 8 panels 256 KiB
};

// Rough speed of one thread, to decide about waking others; and what a task should last at least.
static const double words_per_nanosecond = 60, task_nanoseconds = 20e3;
// Products of a batch that take less than this run side by side, each on one thread.
static const double alone_nanoseconds = 500e3;

typedef low_precision_job job;

static void cut(job *j) {
  j->row_panels = ceil_divide(j->shape.m, j->rows);
  j->column_panels = j->padded_n / j->columns;
  const size_t panel_bytes = (j->piece + 1) * j->columns * sizeof(uint32_t);
  j->column_chunk = smaller(panel_bytes > chunk_bytes ? 1 : chunk_bytes / panel_bytes, most_chunk_panels);
  j->row_chunk = row_chunk_panels;
  const double tile = j->nanoseconds / (double)(j->row_panels * j->column_panels);
  // Enough tasks to share, as long as they last.
  while (j->row_chunk > 2 && tile * (double)(j->row_chunk * j->column_chunk) > 2 * task_nanoseconds &&
         ceil_divide(j->row_panels, j->row_chunk) * ceil_divide(j->column_panels, j->column_chunk) < 16)
    j->row_chunk /= 2;
}

void farro_low_precision_plan(job *j) {
  const farro_matmul_shape *s = &j->shape;
  const low_precision_kernels *kernels = j->kernels;
  if ((j->widens = farro_low_precision_plan_widened(j))) return;
  j->words = ceil_divide(s->k, kernels->group);
  j->rows = larger(ceil_divide(s->m, larger(ceil_divide(s->m, kernels->rows), 1)), 1); // as even as possible
  j->columns = kernels->columns;
  j->padded_n = round_up(s->n, j->columns);
  j->copies_a = !kernels->reads_a_in_place || s->transpose_a || s->k % kernels->group != 0 ||
                (s->m > 1 && rows_share_sets(s->lda * kernels->element_bytes));
  j->a_pitch = s->transpose_a ? j->words * j->rows : round_up(j->words, line_words) + line_words;
  if (!s->transpose_a && rows_share_sets(j->a_pitch * sizeof(uint32_t))) j->a_pitch += line_words;
  j->packs_once = !j->panels && s->batch > 1 && s->stride_b == 0;
  j->nanoseconds = (double)s->m * (double)j->padded_n * (double)(j->words + 4) / words_per_nanosecond;
  j->side_by_side = s->batch > 1 && j->nanoseconds < alone_nanoseconds;
  const bool is_near = j->side_by_side && j->padded_n * j->words * sizeof(uint32_t) <= chunk_bytes;
  j->gathers = !j->panels && !j->packs_once && !is_near && s->m <= gathered_row_panels * kernels->rows;
  j->piece = j->gathers ? smaller(gathered_words, j->words) : j->words;
  j->grain = j->nanoseconds < task_nanoseconds ? (size_t)(task_nanoseconds / (j->nanoseconds + 1)) : 1;
  cut(j);
}

size_t farro_low_precision_workspace(const job *j, low_precision_workspace *at, uint32_t *base) {
  size_t words = 0;
  const size_t rows = round_up(j->shape.m, j->rows);
  const bool has_panels = j->panels || j->packs_once;
  const size_t pieces[] = {has_panels || j->gathers ? 0 : j->padded_n * j->words,
                           has_panels || !has_zero_point(j->by_a) ? 0 : j->padded_n,
                           !j->copies_a           ? 0
                           : j->shape.transpose_a ? rows / j->rows * j->a_pitch
                                                  : rows * j->a_pitch,
                           has_zero_point(j->by_b) ? rows : 0};
  uint32_t **parts[] = {&at->panels, &at->sums_b, &at->a, &at->sums_a};
  for (size_t i = 0; i < 4; i++) {
    const bool is_there = pieces[i] || parts[i] != &at->sums_a; // sums_a is NULL when nothing asks for it
    *parts[i] = base && is_there ? base + words : NULL;
    words += round_up(pieces[i], line_words);
  }
  return words;
}

size_t farro_low_precision_gathered_words(const job *j) {
  return j->column_chunk * j->columns * (j->piece + j->row_panels * j->rows);
}

farro_matmul_plan farro_low_precision_plan_of(const job *j) {
  const farro_matmul_shape *s = &j->shape;
  if (s->batch == 0 || s->m == 0 || s->n == 0)
    return (farro_matmul_plan){.path = FARRO_MATMUL_EMPTY, .tile_columns = j->columns};
  if (j->widens) {
    farro_matmul_plan wide = j->wide.plan;
    wide.path = FARRO_MATMUL_WIDENED;
    return wide;
  }
  farro_matmul_plan p = {.path = FARRO_MATMUL_BLOCKED,
                         .tile_rows = smaller(j->rows, s->m),
                         .tile_columns = j->columns,
                         .k_block = s->k,
                         .row_block = smaller(j->row_chunk * j->rows, s->m),
                         .column_block = smaller(j->column_chunk, j->column_panels) * j->columns,
                         .copies_a = j->copies_a,
                         .packs_b = !j->panels};
  p.tasks = ceil_divide(j->row_panels, j->row_chunk) * ceil_divide(j->column_panels, j->column_chunk);
  low_precision_workspace at;
  size_t words = farro_low_precision_workspace(j, &at, NULL);
  if (j->gathers) {
    p.path = FARRO_MATMUL_GATHERED;
    p.k_block = smaller(j->piece * j->kernels->group, s->k);
    p.row_block = s->m;
    p.tasks = ceil_divide(j->column_panels, j->column_chunk);
    words += farro_low_precision_gathered_words(j);
  }
  if (j->side_by_side) { // one thread runs all of a product
    if (!j->gathers) p.path = FARRO_MATMUL_PACKED;
    p.tasks = 1, p.row_block = s->m, p.column_block = s->n;
  }
  p.workspace = words * sizeof(uint32_t);
  if (j->packs_once) {
    size_t bytes;
    farro_low_precision_layout(j->kernels, s->k, s->n, &bytes);
    p.workspace += bytes;
  }
  return p;
}
