// Entries of the distances between rows of bits, all pairs and row by row.
//
// A task takes some rows of x and some of y, lays the latter out as panels, and runs its rows of x over those. Counts
// are exact, so that nothing depends on the cut.
#include "include/bit_distance.h"

#include "distance/bits_job.h"
#include "runtime/cpu.h"
#include "runtime/extent.h"
#include "runtime/streaming.h"

#include <string.h>

enum {
  x_rows = 256,             // of a block: laying out y costs as much as some 10 of them
  x_bytes = 256 * 1024,     // at most, of a block
  panel_bytes = 16 * 1024,  // a third of an L1 cache
  paired_bytes = 64 * 1024, // of x that one task reads
};

const bit_kernels *farro_current_bit_kernels(void) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return NULL;
  return kernels->bits_popcount && farro_cpu_counts_bits() ? kernels->bits_popcount : kernels->bits;
}

bool bit_job_is_valid(const bit_job *job) {
  return (unsigned)job->metric < FARRO_BIT_METRIC_COUNT && job->bytes <= bit_row_bytes &&
         are_rows(job->m, job->bytes, job->ldx) && are_rows(job->n, job->bytes, job->ldy) && job->m <= PTRDIFF_MAX &&
         job->n <= PTRDIFF_MAX;
}

// ---- layout ----

bit_block bit_block_of(const bit_job *job) {
  const size_t row = larger(4 * bit_words(job->bytes), 4), columns = job->kernels->columns;
  bit_block block;
  block.x_rows = smaller(smaller(x_rows, larger(x_bytes / row, 4)), job->m);
  block.y_rows = smaller(round_up(larger(panel_bytes / row, 1), columns), round_up(job->n, columns));
  block.space = round_up((block.x_rows + block.y_rows) * (row + 4) + 64, 64); // what follows it is aligned
  return block;
}

bit_space bit_space_in(const bit_job *job, const bit_block *block, void *memory) {
  const size_t words = bit_words(job->bytes);
  bit_space s;
  s.y = memory;
  s.y_counts = s.y + block->y_rows * words;
  s.x = s.y_counts + block->y_rows;
  s.x_counts = s.x + block->x_rows * words;
  return s;
}

void bit_lay_out_x(const bit_job *job, const bit_space *space, size_t first, size_t rows) {
  const size_t words = bit_words(job->bytes);
  for (size_t row = 0; row < rows; row++) {
    uint32_t *to = space->x + row * words, count = 0;
    if (words) to[words - 1] = 0;
    if (words) memcpy(to, job->x + (first + row) * job->ldx, job->bytes);
    for (size_t w = 0; w < words; w++) count += (uint32_t)__builtin_popcount(to[w]);
    space->x_counts[row] = count;
  }
}

void bit_lay_out_y(const bit_job *job, const bit_space *space, size_t first, size_t rows) {
  const size_t words = bit_words(job->bytes), columns = job->kernels->columns;
  for (size_t row = 0; row < rows; row += columns)
    job->kernels->pack(smaller(columns, rows - row), job->bytes, job->y + (first + row) * job->ldy, job->ldy,
                       space->y + row * words, space->y_counts + row);
}

// ---- all pairs ----

typedef struct {
  const bit_job *job;
  bit_block block;
  size_t blocks, chunk, chunks; // of x; rows of y that one task takes, and how many of these there are
  bool streams, failed;
  char *out;
  size_t ld_out;
} pairwise;

static void measure_chunks(void *context, size_t begin, size_t end) {
  pairwise *p = context;
  const bit_job *job = p->job;
  void *memory = farro_allocate(p->block.space);
  if (!memory) {
    __atomic_store_n(&p->failed, true, __ATOMIC_RELAXED);
    return;
  }
  const bit_space space = bit_space_in(job, &p->block, memory);
  for (size_t item = begin; item < end; item++) {
    const size_t first = item % p->blocks * p->block.x_rows, row = item / p->blocks * p->chunk;
    bit_tile tile = {
        .metric = job->metric, .words = bit_words(job->bytes), .rows = smaller(p->block.x_rows, job->m - first)};
    tile.x = space.x, tile.x_counts = space.x_counts, tile.y = space.y, tile.y_counts = space.y_counts;
    tile.ld_out = p->ld_out, tile.streams = p->streams;
    bit_lay_out_x(job, &space, first, tile.rows);
    const size_t last = smaller(row + p->chunk, job->n);
    for (size_t y = row; y < last; y += p->block.y_rows) {
      tile.columns = smaller(p->block.y_rows, last - y);
      tile.out = p->out + (first * p->ld_out + y) * 4;
      bit_lay_out_y(job, &space, y, tile.columns);
      job->kernels->distances(&tile);
    }
  }
  farro_release(memory, p->block.space);
}

// Items are (row of x, chunk of y).
static void measure_directly(void *context, size_t begin, size_t end) {
  pairwise *p = context;
  const bit_job *job = p->job;
  for (size_t item = begin; item < end; item++) {
    const size_t row = item / p->chunks, y = item % p->chunks * p->chunk;
    job->kernels->paired(job->metric, smaller(p->chunk, job->n - y), job->bytes, job->x + row * job->ldx, 0,
                         job->y + y * job->ldy, job->ldy, p->out + (row * p->ld_out + y) * 4);
  }
}

farro_status farro_pairwise_bit_distances(farro_bit_metric metric, size_t m, size_t n, size_t bytes, const uint8_t *x,
                                          size_t ldx, const uint8_t *y, size_t ldy, void *out, size_t ld_out) {
  const bit_job job = {.kernels = farro_current_bit_kernels(),
                       .metric = metric,
                       .m = m,
                       .n = n,
                       .bytes = bytes,
                       .x = x,
                       .y = y,
                       .ldx = ldx,
                       .ldy = ldy};
  if (!job.kernels) return FARRO_ERROR_ISA;
  if (!bit_job_is_valid(&job) || !are_rows(m, n, ld_out)) return FARRO_ERROR_ARGUMENT;
  if (m == 0 || n == 0) return FARRO_OK;
  pairwise p = {.job = &job, .out = out, .ld_out = ld_out};
  if (bit_job_is_direct(&job)) {
    p.chunk = larger(paired_bytes / larger(bytes, 1), 1);
    p.chunks = ceil_divide(n, p.chunk);
    farro_parallel_for(m * p.chunks, 1, bit_nanoseconds(&job), measure_directly, &p);
    return FARRO_OK;
  }
  p.block = bit_block_of(&job);
  p.blocks = ceil_divide(m, p.block.x_rows);
  p.chunk = round_up(512, p.block.y_rows);
  p.streams = (uintptr_t)out % 64 == 0 && (ld_out * 4) % 64 == 0 && farro_should_stream(m * n * 4);
  farro_parallel_for(p.blocks * ceil_divide(n, p.chunk), 1, bit_nanoseconds(&job), measure_chunks, &p);
  return p.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- row by row ----

typedef struct {
  const bit_job *job;
  char *out;
} paired;

static void measure_pairs(void *context, size_t begin, size_t end) {
  const paired *p = context;
  const bit_job *job = p->job;
  job->kernels->paired(job->metric, end - begin, job->bytes, job->x + begin * job->ldx, job->ldx,
                       job->y + begin * job->ldy, job->ldy, p->out + begin * 4);
}

farro_status farro_paired_bit_distances(farro_bit_metric metric, size_t rows, size_t bytes, const uint8_t *x,
                                        size_t ldx, const uint8_t *y, size_t ldy, void *out) {
  // A distance of 0 is one row.
  const bit_job job = {.kernels = farro_current_bit_kernels(),
                       .metric = metric,
                       .m = ldx == 0 ? smaller(rows, 1) : rows,
                       .n = ldy == 0 ? smaller(rows, 1) : rows,
                       .bytes = bytes,
                       .x = x,
                       .y = y,
                       .ldx = ldx,
                       .ldy = ldy};
  if (!job.kernels) return FARRO_ERROR_ISA;
  if (!bit_job_is_valid(&job) || !can_exist(rows, 1, 1)) return FARRO_ERROR_ARGUMENT;
  paired p = {.job = &job, .out = out};
  farro_parallel_for(rows, larger(paired_bytes / larger(bytes, 1), 1), (double)rows * (double)(bytes + 16) / 30,
                     measure_pairs, &p);
  return FARRO_OK;
}

const char *farro_bit_metric_name(farro_bit_metric metric) {
  static const char *const names[FARRO_BIT_METRIC_COUNT] = {"hamming", "jaccard", "dice"};
  return (unsigned)metric < FARRO_BIT_METRIC_COUNT ? names[metric] : "unknown";
}
