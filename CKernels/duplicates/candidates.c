// Entries: candidates of bands, the similar ones of them, and the groups that they make.
//
// A band's keys of one range of values are sorted with their sets' numbers; sets with the same key are candidates.
// Most of them are in one group already when they are met, from an earlier band or key, and are not measured again.
#include <string.h>

#include "duplicates/sort_keys.h"
#include "include/near_duplicates.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef struct {
  const farro_candidates *c;
  const farro_kernels *kernels;
  size_t first_band, parts, needed; // equal slots that are needed
  uint32_t *parents;
  farro_pair *pairs;
  size_t capacity, count; // of pairs: count is added to by any thread
  bool lacks_memory;      // set by any thread
} candidates_work;

// ---- similarity ----

static double set_similarity(const candidates_work *work, uint32_t a, uint32_t b) {
  const uint64_t *offsets = work->c->set_offsets, *elements = work->c->set_elements;
  const size_t m = offsets[a + 1] - offsets[a], n = offsets[b + 1] - offsets[b];
  if (m == 0 || n == 0) return m == n;
  // No more than the smaller one is in both. Divided as below, so that both round alike.
  if ((double)smaller(m, n) / (double)larger(m, n) < work->c->threshold) return 0;
  const size_t common = work->kernels->sets->common_u64(elements + offsets[a], m, elements + offsets[b], n);
  return (double)common / (double)(m + n - common);
}

// Whether two candidates are similar; how much, in *similarity.
static bool measure(const candidates_work *work, uint32_t a, uint32_t b, double *similarity) {
  const farro_candidates *c = work->c;
  if (c->verification == FARRO_VERIFY_SETS) {
    *similarity = set_similarity(work, a, b);
    return *similarity >= c->threshold;
  }
  if (c->verification == FARRO_VERIFY_NOTHING && work->parents) return true;
  uint32_t equal;
  work->kernels->sketch->matches(c->signatures + a * c->slots, c->signatures + b * c->slots, 1, c->slots, &equal);
  *similarity = (double)equal / (double)c->slots;
  return c->verification == FARRO_VERIFY_NOTHING || equal >= work->needed;
}

// ---- groups: parents that several threads change, always to smaller numbers ----

static uint32_t find(uint32_t *parents, uint32_t x) {
  for (;;) {
    uint32_t parent = __atomic_load_n(&parents[x], __ATOMIC_RELAXED);
    if (parent == x) return x;
    const uint32_t next = __atomic_load_n(&parents[parent], __ATOMIC_RELAXED);
    if (next != parent)
      __atomic_compare_exchange_n(&parents[x], &parent, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    x = next;
  }
}

static void join(uint32_t *parents, uint32_t a, uint32_t b) {
  for (;;) {
    a = find(parents, a), b = find(parents, b);
    if (a == b) return;
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    if (__atomic_compare_exchange_n(&parents[high], &high, low, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
  }
}

// Joins what is similar among sets with one key. Each that is found similar to one before is compared with those that
// are left, but for one that is equal to it, which would find nothing else: so like sets cost one comparison each, and
// unlike ones all pairs of those that differ.
static void join_alike(const candidates_work *work, const keyed *items, size_t count, uint32_t *left, uint32_t *queue) {
  uint32_t *parents = work->parents;
  const uint32_t first = find(parents, items[0].id);
  size_t others = 0;
  for (size_t i = 1; i < count; i++) others += find(parents, items[i].id) != first;
  if (others == 0) return;
  for (size_t i = 0; i < count; i++) left[i] = items[i].id;
  while (count > 1) {
    queue[0] = left[0], left[0] = left[--count];
    for (size_t done = 0, queued = 1; done < queued && count; done++) {
      size_t kept = 0;
      for (size_t i = 0; i < count; i++) {
        const uint32_t a = queue[done], b = left[i];
        double similarity = 0;
        const bool is_alike = measure(work, a, b, &similarity), is_joined = find(parents, a) == find(parents, b);
        if (is_alike && !is_joined) join(parents, a, b);
        if (!is_alike && !is_joined)
          left[kept++] = b;
        else if (similarity < 1)
          queue[queued++] = b;
      }
      count = kept;
    }
  }
}

// ---- pairs ----

static bool share_band_before(const farro_candidates *c, size_t band, uint32_t a, uint32_t b) {
  const uint32_t *x = c->signatures + a * c->slots, *y = c->signatures + b * c->slots;
  for (size_t i = 0; i < band; i++)
    if (memcmp(x + i * c->rows, y + i * c->rows, c->rows * sizeof *x) == 0) return true;
  return false;
}

static bool has_too_many(const candidates_work *work) {
  return !work->parents && __atomic_load_n(&work->count, __ATOMIC_RELAXED) > work->capacity;
}

static void list_alike(candidates_work *work, size_t band, const keyed *items, size_t count) {
  for (size_t i = 0; i < count && !has_too_many(work); i++)
    for (size_t j = i + 1; j < count; j++) {
      farro_pair pair = {items[i].id, items[j].id, 0};
      if (share_band_before(work->c, band, pair.first, pair.second)) continue;
      if (!measure(work, pair.first, pair.second, &pair.similarity)) continue;
      const size_t place = __atomic_fetch_add(&work->count, 1, __ATOMIC_RELAXED);
      if (place < work->capacity) work->pairs[place] = pair;
    }
}

// ---- bands ----

static size_t part_of(uint64_t key, size_t parts) { return (size_t)((key >> 32) * parts >> 32); }

// The keys of a band that are in a part, with their sets, ascending; just counted when `items` is NULL.
static size_t gather(const farro_candidates *c, size_t band, size_t part, size_t parts, keyed *items) {
  size_t found = 0;
  for (size_t p = 0; p < c->piece_count; p++) {
    const size_t first = c->pieces[p], count = c->pieces[p + 1] - first;
    const uint64_t *keys = c->keys + c->bands * first + band * count;
    if (parts == 1 && !items) {
      found += count;
      continue;
    }
    for (size_t i = 0; i < count; i++) {
      if (part_of(keys[i], parts) != part) continue;
      if (items) items[found] = (keyed){keys[i], (uint32_t)(first + i)};
      found++;
    }
  }
  return found;
}

static void walk_part(candidates_work *work, size_t band, size_t part) {
  if (has_too_many(work)) return;
  const size_t count = gather(work->c, band, part, work->parts, NULL), bytes = 2 * count * sizeof(keyed);
  if (count < 2) return;
  keyed *space = farro_allocate(bytes);
  if (!space) {
    __atomic_store_n(&work->lacks_memory, true, __ATOMIC_RELAXED);
    return;
  }
  gather(work->c, band, part, work->parts, space);
  const keyed *items = sort_keyed(space, space + count, count);
  uint32_t *left = (uint32_t *)(items == space ? space + count : space), *queue = left + count;
  for (size_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && items[end].key == items[i].key;) end++;
    if (end - i < 2) continue;
    if (work->parents)
      join_alike(work, items + i, end - i, left, queue);
    else
      list_alike(work, band, items + i, end - i);
  }
  farro_release(space, bytes);
}

static void walk_parts(void *context, size_t first, size_t last) {
  candidates_work *work = context;
  for (size_t i = first; i < last; i++) walk_part(work, work->first_band + i / work->parts, i % work->parts);
}

static bool are_candidates(const farro_candidates *c) {
  if (c->count >= UINT32_MAX || c->rows == 0 || c->rows > c->slots || c->bands > c->slots / c->rows) return false;
  if (c->verification > FARRO_VERIFY_SETS || !(c->threshold >= 0 && c->threshold <= 1)) return false;
  if (c->pieces[0] != 0 || c->pieces[c->piece_count] != c->count) return false;
  for (size_t p = 0; p < c->piece_count; p++)
    if (c->pieces[p] > c->pieces[p + 1]) return false;
  if (c->verification == FARRO_VERIFY_SETS) return c->set_offsets;
  return c->verification == FARRO_VERIFY_NOTHING || c->signatures;
}

// The least number of equal slots whose fraction, as a double, is not below the threshold.
static size_t slots_needed(const farro_candidates *c) {
  size_t needed = (size_t)(c->threshold * (double)c->slots);
  while ((double)needed / (double)c->slots < c->threshold) needed++;
  return needed;
}

static farro_status walk(candidates_work *work, size_t first_band, size_t last_band, size_t parts) {
  const farro_candidates *c = work->c;
  work->kernels = farro_current_kernels();
  if (!work->kernels) return FARRO_ERROR_ISA;
  if (!are_candidates(c) || first_band > last_band || last_band > c->bands || parts == 0 || parts > UINT32_MAX)
    return FARRO_ERROR_ARGUMENT;
  if (!work->parents && !c->signatures) return FARRO_ERROR_ARGUMENT;
  work->needed = slots_needed(c);
  work->first_band = first_band;
  work->parts = parts;
  const size_t tasks = (last_band - first_band) * parts;
  farro_parallel_for(tasks, 1, (double)tasks * (double)c->count * 30, walk_parts, work);
  return work->lacks_memory ? FARRO_ERROR_MEMORY : FARRO_OK;
}

farro_status farro_join_candidates(const farro_candidates *candidates, size_t first_band, size_t last_band,
                                   size_t parts, uint32_t *parents) {
  if (!parents) return FARRO_ERROR_ARGUMENT;
  candidates_work work = {.c = candidates, .parents = parents};
  return walk(&work, first_band, last_band, parts);
}

farro_status farro_list_candidates(const farro_candidates *candidates, size_t first_band, size_t last_band,
                                   size_t parts, farro_pair *pairs, size_t capacity, size_t *count) {
  candidates_work work = {.c = candidates, .pairs = pairs, .capacity = capacity};
  const farro_status status = walk(&work, first_band, last_band, parts);
  *count = work.count;
  return status;
}

void farro_flatten_groups(uint32_t *parents, size_t count) {
  // A parent is never larger, and has been seen to.
  for (size_t i = 0; i < count; i++) parents[i] = parents[parents[i]];
}

// ---- reference ----

farro_status farro_list_candidates_reference(const farro_candidates *candidates, farro_pair *pairs, size_t capacity,
                                             size_t *count) {
  candidates_work work = {.c = candidates, .kernels = farro_current_kernels()};
  if (!work.kernels) return FARRO_ERROR_ISA;
  if (!are_candidates(candidates) || !candidates->signatures) return FARRO_ERROR_ARGUMENT;
  work.needed = slots_needed(candidates);
  *count = 0;
  for (uint32_t i = 0; i < candidates->count; i++)
    for (uint32_t j = i + 1; j < candidates->count; j++) {
      farro_pair pair = {i, j, 0};
      if (!share_band_before(candidates, candidates->bands, i, j) || !measure(&work, i, j, &pair.similarity)) continue;
      if (*count < capacity) pairs[*count] = pair;
      ++*count;
    }
  return FARRO_OK;
}
