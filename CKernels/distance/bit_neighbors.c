// Entry of the search for the nearest rows of bits.
//
// As among all pairs, a task runs some rows of x over panels of y; but each distance is compared with the k-th best of
// its row so far, and only what beats it is kept. Where rows of x are too few for all threads, y is cut into segments,
// whose best are merged. Distances are exact and the order is total, so that nothing depends on the cut.
#include "include/bit_distance.h"

#include "distance/bits_job.h"

enum {
  most_neighbors = 1024,
  segment_rows = 8192, // at least, of y: what all rows of x begin anew
  direct_rows = 1024,  // whose distances from one row of x are taken at a time
};

typedef struct {
  const bit_job *job;
  const sorting_kernels *sorting;
  bit_block block;
  size_t k, capacity;
  size_t blocks, segment, segments; // of x; rows of y that one task takes, and how many of these there are
  bool failed;
  bit_item *partial; // (m, segments, k), where there are several segments
  size_t *counts;    // (m, segments)
  uint32_t *distances;
  int64_t *indices;
} search;

// What one task searches with.
typedef struct {
  const search *search;
  bit_item *spare;
} chooser;

// Sorting is stable: of equal distances, those of smaller indices stay.
static void choose(void *context, bit_candidates *c) {
  const chooser *chooser = context;
  const size_t k = chooser->search->k;
  chooser->search->sorting->sort_items(c->items, c->count, chooser->spare);
  if (c->count < k) return;
  c->count = k;
  c->threshold = (int32_t)c->items[k - 1].distance;
}

static void write_row(const search *s, size_t row, const bit_item *items, size_t count) {
  const float infinity = __builtin_inff();
  uint32_t farthest = INT32_MAX;
  if (s->job->metric != FARRO_BIT_METRIC_HAMMING) __builtin_memcpy(&farthest, &infinity, sizeof farthest);
  for (size_t i = 0; i < s->k; i++) {
    s->distances[row * s->k + i] = i < count ? items[i].distance : farthest;
    s->indices[row * s->k + i] = i < count ? (int64_t)items[i].index : -1;
  }
}

static void finish_row(const chooser *chooser, size_t row, size_t segment, bit_candidates *c) {
  const search *s = chooser->search;
  choose((void *)chooser, c);
  if (s->segments == 1) {
    write_row(s, row, c->items, c->count);
    return;
  }
  const size_t place = row * s->segments + segment;
  s->counts[place] = c->count;
  __builtin_memcpy(s->partial + place * s->k, c->items, c->count * sizeof *c->items);
}

// ---- rows of x against rows of y ----

// In panels.
static void search_panels(const bit_job *job, const bit_block *block, const bit_space *space, bit_tile *tile,
                          size_t first, size_t last) {
  tile->x = space->x, tile->x_counts = space->x_counts, tile->y = space->y, tile->y_counts = space->y_counts;
  for (size_t y = first; y < last; y += block->y_rows) {
    tile->first = y;
    tile->columns = smaller(block->y_rows, last - y);
    bit_lay_out_y(job, space, y, tile->columns);
    job->kernels->search(tile);
  }
}

// As rows lie.
static void search_row(const bit_job *job, const bit_tile *tile, size_t row, size_t first, size_t last,
                       bit_candidates *c) {
  int32_t distances[direct_rows];
  for (size_t y = first; y < last; y += direct_rows) {
    const size_t rows = smaller(direct_rows, last - y);
    job->kernels->paired(job->metric, rows, job->bytes, job->x + row * job->ldx, 0, job->y + y * job->ldy, job->ldy,
                         distances);
    for (size_t i = 0; i < rows; i++) {
      if (distances[i] >= c->threshold) continue;
      c->items[c->count++] = (bit_item){(uint32_t)distances[i], (uint32_t)(y + i)};
      if (c->count == tile->capacity) tile->choose(tile->context, c);
    }
  }
}

void bit_search_rows(const bit_job *job, const bit_block *block, const bit_space *space, bit_tile *tile, size_t x,
                     size_t first, size_t last) {
  tile->metric = job->metric, tile->words = bit_words(job->bytes);
  if (bit_job_is_direct(job)) {
    for (size_t i = 0; i < tile->rows; i++) search_row(job, tile, x + i, first, last, &tile->candidates[i]);
  } else {
    bit_lay_out_x(job, space, x, tile->rows);
    search_panels(job, block, space, tile, first, last);
  }
}

// ---- tasks ----

static size_t space_of(const search *s) {
  return (s->block.x_rows + 1) * s->capacity * sizeof(bit_item) + s->block.x_rows * sizeof(bit_candidates) +
         s->block.space;
}

// Items are (segment, block of x).
static void search_items(void *context, size_t begin, size_t end) {
  search *s = context;
  const bit_job *job = s->job;
  char *memory = farro_allocate(space_of(s));
  if (!memory) {
    __atomic_store_n(&s->failed, true, __ATOMIC_RELAXED);
    return;
  }
  const bit_space space = bit_space_in(job, &s->block, memory);
  bit_candidates *candidates = (bit_candidates *)(memory + s->block.space);
  bit_item *items = (bit_item *)(candidates + s->block.x_rows);
  chooser chooser = {.search = s, .spare = items + s->block.x_rows * s->capacity};
  for (size_t item = begin; item < end; item++) {
    const size_t segment = item / s->blocks, x = item % s->blocks * s->block.x_rows;
    const size_t rows = smaller(s->block.x_rows, job->m - x);
    const size_t first = segment * s->segment, last = smaller(first + s->segment, job->n);
    for (size_t i = 0; i < rows; i++) candidates[i] = (bit_candidates){items + i * s->capacity, 0, INT32_MAX};
    bit_tile tile = {.rows = rows, .candidates = candidates, .capacity = s->capacity};
    tile.choose = choose, tile.context = &chooser;
    bit_search_rows(job, &s->block, &space, &tile, x, first, last);
    for (size_t i = 0; i < rows; i++) finish_row(&chooser, x + i, segment, &candidates[i]);
  }
  farro_release(memory, space_of(s));
}

static void merge_rows(void *context, size_t begin, size_t end) {
  search *s = context;
  const size_t most = s->segments * s->k, bytes = 2 * most * sizeof(bit_item);
  bit_item *items = farro_allocate(bytes);
  if (!items) {
    __atomic_store_n(&s->failed, true, __ATOMIC_RELAXED);
    return;
  }
  for (size_t row = begin; row < end; row++) {
    size_t count = 0;
    for (size_t place = row * s->segments; place < (row + 1) * s->segments; place++) {
      __builtin_memcpy(items + count, s->partial + place * s->k, s->counts[place] * sizeof *items);
      count += s->counts[place];
    }
    s->sorting->sort_items(items, count, items + most);
    write_row(s, row, items, smaller(count, s->k));
  }
  farro_release(items, bytes);
}

static farro_status search_all(search *s) {
  const bit_job *job = s->job;
  farro_parallel_for(s->blocks * s->segments, 1, bit_nanoseconds(job), search_items, s);
  if (s->segments > 1 && !s->failed)
    farro_parallel_for(job->m, 16, (double)(job->m * s->segments * s->k) * 10, merge_rows, s);
  return s->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

farro_status farro_bit_neighbors(farro_bit_metric metric, size_t m, size_t n, size_t bytes, const uint8_t *x,
                                 size_t ldx, const uint8_t *y, size_t ldy, size_t k, void *distances,
                                 int64_t *indices) {
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
  if (!bit_job_is_valid(&job) || !can_exist(m, k, 1) || k < 1 || k > most_neighbors || n > UINT32_MAX)
    return FARRO_ERROR_ARGUMENT;
  if (m == 0) return FARRO_OK;
  search s = {.job = &job,
              .sorting = farro_current_kernels()->sorting_f32,
              .block = bit_block_of(&job),
              .k = k,
              .capacity = k + larger(k, 16),
              .distances = distances,
              .indices = indices};
  const size_t threads = (size_t)farro_threads();
  s.blocks = ceil_divide(m, s.block.x_rows);
  const size_t wanted = threads > 1 && s.blocks < 4 * threads ? ceil_divide(4 * threads, s.blocks) : 1;
  s.segment = larger(ceil_divide(n, wanted), larger(segment_rows, 16 * k));
  s.segments = larger(ceil_divide(n, s.segment), 1);
  if (s.segments == 1) return search_all(&s);
  const size_t items = m * s.segments * k * sizeof(bit_item), space = items + m * s.segments * sizeof(size_t);
  s.partial = farro_allocate(space);
  if (!s.partial) return FARRO_ERROR_MEMORY;
  s.counts = (size_t *)((char *)s.partial + items);
  const farro_status status = search_all(&s);
  farro_release(s.partial, space);
  return status;
}
