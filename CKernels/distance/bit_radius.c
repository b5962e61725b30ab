// Entry of the search for all rows of bits within a radius.
//
// As for the nearest, but what is near enough is known from the beginning: rows go to lists, one for each row of x and
// segment of y, which are joined and sorted.
#include "include/bit_distance.h"

#include "distance/bits_job.h"
#include "distance/neighbor_lists.h"

enum {
  segment_rows = 8192, // at least, of y: what all rows of x begin anew
  items_at_once = 256, // of a row of x, before they go to its list
};

typedef struct {
  bit_item *items;
  size_t count, capacity;
} bit_list;

typedef struct {
  const bit_job *job;
  const sorting_kernels *sorting;
  bit_block block;
  int32_t threshold;
  size_t blocks, segment, segments; // of x; rows of y that one task takes, and how many of these there are
  bool failed;
  bit_list *lists; // (m, segments)
  lists_in_work joined;
} radius_search;

// Where one task's candidates go.
typedef struct {
  radius_search *search;
  const bit_candidates *candidates; // of row x and those after it
  size_t x, segment;
} keeper;

static bool has_room(bit_list *list, size_t more) {
  if (list->count + more <= list->capacity) return true;
  const size_t capacity = larger(list->count + more, 2 * list->capacity);
  bit_item *items = farro_allocate(capacity * sizeof *items);
  if (!items) return false;
  __builtin_memcpy(items, list->items, list->count * sizeof *items);
  farro_release(list->items, list->capacity * sizeof *items);
  list->items = items, list->capacity = capacity;
  return true;
}

static void keep(void *context, bit_candidates *c) {
  const keeper *k = context;
  radius_search *s = k->search;
  bit_list *list = &s->lists[(k->x + (size_t)(c - k->candidates)) * s->segments + k->segment];
  if (c->count && has_room(list, c->count)) {
    __builtin_memcpy(list->items + list->count, c->items, c->count * sizeof *c->items);
    list->count += c->count;
  } else if (c->count) {
    __atomic_store_n(&s->failed, true, __ATOMIC_RELAXED);
  }
  c->count = 0;
}

static size_t space_of(const radius_search *s) {
  return s->block.x_rows * (items_at_once * sizeof(bit_item) + sizeof(bit_candidates)) + round_up(s->block.space, 8);
}

// Items are (segment, block of x).
static void search_items(void *context, size_t begin, size_t end) {
  radius_search *s = context;
  const bit_job *job = s->job;
  char *memory = farro_allocate(space_of(s));
  if (!memory) {
    __atomic_store_n(&s->failed, true, __ATOMIC_RELAXED);
    return;
  }
  const bit_space space = bit_space_in(job, &s->block, memory);
  bit_candidates *candidates = (bit_candidates *)(memory + round_up(s->block.space, 8));
  bit_item *items = (bit_item *)(candidates + s->block.x_rows);
  for (size_t item = begin; item < end; item++) {
    keeper k = {s, candidates, item % s->blocks * s->block.x_rows, item / s->blocks};
    const size_t rows = smaller(s->block.x_rows, job->m - k.x);
    const size_t first = k.segment * s->segment, last = smaller(first + s->segment, job->n);
    for (size_t i = 0; i < rows; i++) candidates[i] = (bit_candidates){items + i * items_at_once, 0, s->threshold};
    bit_tile tile = {.rows = rows, .candidates = candidates, .capacity = items_at_once, .choose = keep, .context = &k};
    bit_search_rows(job, &s->block, &space, &tile, k.x, first, last);
    for (size_t i = 0; i < rows; i++) keep(&k, &candidates[i]);
  }
  farro_release(memory, space_of(s));
}

// Segments follow on each other, so that a stable sort leaves equal distances in the order of their indices.
static void join_rows(void *context, size_t begin, size_t end) {
  radius_search *s = context;
  for (size_t row = begin; row < end; row++) {
    const size_t to = s->joined.offsets[row], count = s->joined.offsets[row + 1] - to;
    if (count == 0) continue;
    bit_item *items = farro_allocate(2 * count * sizeof *items);
    if (!items) {
      __atomic_store_n(&s->failed, true, __ATOMIC_RELAXED);
      return;
    }
    size_t joined = 0;
    for (size_t i = row * s->segments; i < (row + 1) * s->segments; i++) {
      const bit_list *list = &s->lists[i];
      if (list->count) __builtin_memcpy(items + joined, list->items, list->count * sizeof *items);
      joined += list->count;
    }
    s->sorting->sort_items(items, count, items + count);
    for (size_t i = 0; i < count; i++) {
      ((uint32_t *)s->joined.distances)[to + i] = items[i].distance;
      s->joined.indices[to + i] = (int64_t)items[i].index;
    }
    farro_release(items, 2 * count * sizeof *items);
  }
}

static farro_status find_all(radius_search *s, farro_neighbor_lists **lists) {
  const bit_job *job = s->job;
  farro_parallel_for(s->blocks * s->segments, 1, bit_nanoseconds(job), search_items, s);
  if (s->failed) return FARRO_ERROR_MEMORY;
  size_t total = 0;
  for (size_t i = 0; i < job->m * s->segments; i++) total += s->lists[i].count;
  s->joined = farro_neighbor_lists_allocate(job->m, total, sizeof(uint32_t));
  if (!s->joined.whole) return FARRO_ERROR_MEMORY;
  for (size_t row = 0; row < job->m; row++) {
    size_t end = s->joined.offsets[row];
    for (size_t i = 0; i < s->segments; i++) end += s->lists[row * s->segments + i].count;
    s->joined.offsets[row + 1] = end;
  }
  farro_parallel_for(job->m, 1, (double)total * 10, join_rows, s);
  if (!s->failed) {
    *lists = s->joined.whole;
    return FARRO_OK;
  }
  farro_neighbor_lists_release(s->joined.whole);
  return FARRO_ERROR_MEMORY;
}

// The first distance that is too far, as candidates have it. All distances are below INT32_MAX, as the bits of floats
// are.
static int32_t threshold_of(farro_bit_metric metric, double radius) {
  if (!(radius >= 0)) return 0;
  if (metric == FARRO_BIT_METRIC_HAMMING) return radius < INT32_MAX - 1 ? (int32_t)radius + 1 : INT32_MAX;
  if (radius >= 1) return INT32_MAX;
  const float rounded = (float)radius + 0.0F; // never -0
  int32_t bits;
  __builtin_memcpy(&bits, &rounded, sizeof bits);
  return (double)rounded > radius ? bits : bits + 1;
}

farro_status farro_bit_radius_neighbors(farro_bit_metric metric, size_t m, size_t n, size_t bytes, const uint8_t *x,
                                        size_t ldx, const uint8_t *y, size_t ldy, double radius,
                                        farro_neighbor_lists **lists) {
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
  if (!bit_job_is_valid(&job) || n > UINT32_MAX || radius != radius) return FARRO_ERROR_ARGUMENT;
  radius_search s = {.job = &job,
                     .sorting = farro_current_kernels()->sorting_f32,
                     .block = bit_block_of(&job),
                     .threshold = threshold_of(metric, radius)};
  const size_t threads = (size_t)farro_threads();
  s.blocks = m ? ceil_divide(m, s.block.x_rows) : 0;
  const size_t wanted = threads > 1 && s.blocks < 4 * threads ? ceil_divide(4 * threads, larger(s.blocks, 1)) : 1;
  s.segment = larger(ceil_divide(n, wanted), segment_rows);
  s.segments = larger(ceil_divide(n, s.segment), 1);
  const size_t space = m * s.segments * sizeof(bit_list);
  s.lists = farro_allocate(space);
  if (!s.lists) return FARRO_ERROR_MEMORY;
  __builtin_memset(s.lists, 0, space);
  const farro_status status = find_all(&s, lists);
  for (size_t i = 0; i < m * s.segments; i++) farro_release(s.lists[i].items, s.lists[i].capacity * sizeof(bit_item));
  farro_release(s.lists, space);
  return status;
}
