// Entry of the search of inverted lists: which lists each query probes, then the queries of each list, then the lists,
// a piece at a time on several threads.
#include <math.h>

#include "lists/job.h"

enum {
  most_queries = 2048,    // at work: their tables and limits lie in the caches
  found_bytes = 64 << 20, // of what all queries at work have found and probe
  code_rows = 256,        // of a piece whose sums are held at a time
  row_bytes = 16 * 1024,  // of rows that stay in the L1 cache while all queries are measured against them
};

// Rough speeds of one thread, to decide about waking others.
static const double terms_per_nanosecond = 20, codes_per_nanosecond = 40;

static bool is_angle(const job *j) { return j->lists->metric == FARRO_METRIC_COSINE; }

// Squares of rows of length 1 are twice the distance; those of zeros, which have none, are made so.
static const float no_angle = 2;

static bool is_zero_row(const float *row, size_t d) {
  for (size_t k = 0; k < d; k++)
    if (row[k] != 0) return false;
  return true;
}

static float with_zeros(const job *j, float key, const float *row) {
  return is_angle(j) && fabsf(key - 1) < 0x1p-4f && is_zero_row(row, j->lists->d) ? no_angle : key;
}

// ---- what a piece of a list holds ----

// Rows of a list that are near enough, by what they are behind `place`, and their keys.
static void take(const job *j, const probe *p, int64_t place, size_t count, const uint32_t *hits, const float *keys,
                 const float *rows) {
  if (count == 0) return;
  const uint32_t *numbers = j->lists->numbers + place;
  nearest_rows *found = &j->found[p->query];
  farro_nearest_rows_hold(found);
  for (size_t i = 0; i < count; i++) {
    const uint32_t number = numbers[hits[i]];
    const float key = rows ? with_zeros(j, keys[i], rows + hits[i] * j->lists->d) : keys[i];
    if (!(key <= atomic_load_explicit(&found->limit, memory_order_relaxed))) continue;
    if (j->walk->accepted && !(j->walk->accepted[number / 64] >> number % 64 & 1)) continue;
    farro_nearest_rows_add(found, j->kernels->lists, (found_row){key, number}, j->lists->ids);
  }
  farro_nearest_rows_let_go(found);
}

static void take_near(const job *j, const probe *p, int64_t place, size_t count, const float *keys, const float *rows) {
  uint32_t hits[code_rows + nearest_rows_slack];
  float near[code_rows + nearest_rows_slack];
  const float limit = atomic_load_explicit(&j->found[p->query].limit, memory_order_relaxed);
  const size_t hit_count = j->kernels->lists->select(count, keys, limit, hits, near);
  take(j, p, place, hit_count, hits, near, rows);
}

// Two queries at a time against some rows, which stay in the L1 cache.
static void search_rows(const job *j, const piece *p, const probe *probes, size_t count) {
  const size_t d = j->lists->d, bytes = larger(d, 1) * sizeof(float);
  const size_t some = smaller(larger(row_bytes / bytes, 8), code_rows);
  for (size_t first = 0; first < p->count; first += some) {
    const size_t rows = smaller(some, p->count - first);
    const int64_t place = j->lists->starts[p->list] + (int64_t)(p->first + first);
    const float *entries = (const float *)j->lists->entries + (size_t)place * d;
    for (size_t i = 0; i < count; i += 2) {
      const probe *pair[2] = {probes + i, probes + (i + 1 < count ? i + 1 : i)};
      const float *queries[2] = {j->queries + pair[0]->query * d, j->queries + pair[1]->query * d};
      float keys[2][code_rows];
      j->kernels->lists->keys(is_product(j), d, queries, entries, rows, (float *const[2]){keys[0], keys[1]});
      for (size_t q = 0; q < 2 && i + q < count; q++) {
        if (is_angle(j) && j->is_zero[pair[q]->query])
          for (size_t row = 0; row < rows; row++) keys[q][row] = no_angle;
        take_near(j, pair[q], place, rows, keys[q], entries);
      }
    }
  }
}

// Where squares overflow, estimates say nothing, and any row may be the nearest.
static bool take_any(const job *j, const probe *p, int64_t place, size_t rows, float base, float factor) {
  if (__builtin_expect(isfinite(base) && isfinite(factor), 1)) return false;
  float keys[code_rows];
  for (size_t row = 0; row < rows; row++) keys[row] = INFINITY;
  take_near(j, p, place, rows, keys, NULL);
  return true;
}

static void search_bytes(const job *j, const piece *p, const probe *probes, size_t count) {
  const farro_lists *l = j->lists;
  uint32_t numbers[code_rows];
  for (size_t i = 0; i < code_rows; i++) numbers[i] = (uint32_t)i;
  const size_t bytes = farro_list_entry_bytes(l->codes, l->d, l->subspaces);
  for (size_t first = 0; first < p->count; first += code_rows) {
    const size_t rows = smaller(code_rows, p->count - first);
    const int64_t place = l->starts[p->list] + (int64_t)(p->first + first);
    const uint8_t *codes = (const uint8_t *)l->entries + (size_t)place * bytes;
    for (size_t i = 0; i < count; i++) {
      const coded_query *q = &j->coded[probes[i].query];
      int32_t sums[code_rows];
      float keys[code_rows];
      const float base = probes[i].base + q->bias;
      if (take_any(j, &probes[i], place, rows, base, q->factor)) continue;
      j->kernels->codes->dots_u8s8(rows, bytes, (const int8_t *)q->code, codes, bytes, numbers, sums);
      j->kernels->lists->estimate(rows, sums, l->terms + place, q->factor, base, keys);
      take_near(j, &probes[i], place, rows, keys, NULL);
    }
  }
}

static void search_tables(const job *j, const piece *p, const probe *probes, size_t count) {
  const farro_lists *l = j->lists;
  const size_t bytes = farro_list_entry_bytes(l->codes, l->d, l->subspaces);
  for (size_t first = 0; first < p->count; first += code_rows) {
    const size_t rows = smaller(code_rows, p->count - first);
    const int64_t place = l->starts[p->list] + (int64_t)(p->first + first);
    const uint8_t *codes = (const uint8_t *)l->entries + (size_t)place * bytes;
    for (size_t i = 0; i < count; i++) {
      const coded_query *q = &j->coded[probes[i].query];
      const float base = probes[i].base + q->bias;
      if (take_any(j, &probes[i], place, rows, base, q->factor)) continue;
      uint32_t hits[code_rows + nearest_rows_slack];
      float near[code_rows + nearest_rows_slack];
      const float limit = atomic_load_explicit(&j->found[probes[i].query].limit, memory_order_relaxed);
      const size_t hit_count = j->kernels->lists->scan_tables(rows, bytes, codes, q->code, l->terms + place, q->factor,
                                                              base, limit, hits, near);
      take(j, &probes[i], place, hit_count, hits, near, NULL);
    }
  }
}

static void search_pieces(void *context, size_t first, size_t last) {
  const job *j = context;
  for (size_t i = first; i < last; i++) {
    const piece *p = &j->pieces[i];
    const probe *probes = j->probes_of_lists + p->first_probe;
    if (j->lists->codes == FARRO_LIST_ROWS)
      search_rows(j, p, probes, p->probe_count);
    else if (j->lists->codes == FARRO_LIST_BYTES)
      search_bytes(j, p, probes, p->probe_count);
    else
      search_tables(j, p, probes, p->probe_count);
  }
}

// ---- before and after ----

static void prepare_queries(void *context, size_t first, size_t last) {
  job *j = context;
  const farro_lists *l = j->lists;
  const size_t bytes = (l->d + list_codewords * l->subspaces) * sizeof(float);
  float *space = farro_allocate(bytes);
  if (!space) {
    j->failed = true;
    return;
  }
  for (size_t i = first; i < last; i++) {
    j->is_zero[i] = is_angle(j) && is_zero_row(j->queries + i * l->d, l->d);
    if (l->codes != FARRO_LIST_ROWS)
      farro_query_encode(l, j->kernels->lists, j->queries + i * l->d, space, &j->coded[i]);
  }
  farro_release(space, bytes);
}

static float finished(const job *j, float key) {
  switch (j->lists->metric) {
  case FARRO_METRIC_EUCLIDEAN:
    return (float)sqrt((double)fmaxf(key, 0));
  case FARRO_METRIC_COSINE:
    return fminf(fmaxf(key, 0) / 2, 2);
  case FARRO_METRIC_INNER_PRODUCT:
    return -key;
  default:
    return fmaxf(key, 0);
  }
}

// Brings the k best of measured rows to the front, in order.
static size_t rank(const job *j, found_row *items, size_t count) {
  if (j->walk->k > most_sorted_rows) {
    farro_found_rows_sort(items, count, j->lists->ids);
    return count;
  }
  nearest_rows best = {.items = items, .wanted = smaller(j->walk->k, count), .limit = INFINITY};
  for (size_t i = 0; i < count; i++) { // best.count is i at most: what is written has been read
    const found_row row = items[i];
    if (row.key <= best.limit) farro_nearest_rows_add(&best, j->kernels->lists, row, j->lists->ids);
  }
  return best.count;
}

// Exact keys in place of estimates.
static size_t measure(const job *j, size_t query, found_row *items, size_t count) {
  enum { at_once = 64 };
  const farro_lists *l = j->lists;
  const float *x = j->queries + query * l->d;
  const neighbor_form form = is_product(j) ? neighbor_products : neighbor_squares;
  size_t kept = 0;
  for (size_t i = 0; i < count; i += at_once) {
    const size_t some = smaller(at_once, count - i);
    uint32_t numbers[at_once];
    double keys[at_once];
    for (size_t n = 0; n < some; n++) numbers[n] = items[i + n].number;
    for (size_t n = 0; n < some; n++)
      for (size_t k = 0; k < l->d && k < 256; k += 16) __builtin_prefetch(l->vectors + numbers[n] * l->d + k);
    j->kernels->rows_f32->measure(form, l->d, x, 1, l->vectors, l->d, some, numbers, keys);
    for (size_t n = 0; n < some; n++) {
      float key = (float)keys[n];
      if (is_angle(j)) key = j->is_zero[query] ? no_angle : with_zeros(j, key, l->vectors + numbers[n] * l->d);
      if (key == key) items[kept++] = (found_row){key, numbers[n]};
    }
  }
  return kept;
}

static void finish_queries(void *context, size_t first, size_t last) {
  job *j = context;
  const size_t k = j->walk->k;
  for (size_t query = first; query < last; query++) {
    found_row *items = j->found[query].items;
    const bool measures = j->lists->codes != FARRO_LIST_ROWS && j->lists->vectors;
    size_t count = farro_nearest_rows_finish(&j->found[query], j->kernels->lists, j->lists->ids, !measures);
    if (measures) {
      count = measure(j, query, items, count);
      count = rank(j, items, count);
    }
    for (size_t i = 0; i < k; i++) {
      const bool is_found = i < count;
      j->ids[query * k + i] = is_found ? j->lists->ids[items[i].number] : -1;
      j->distances[query * k + i] = is_found ? finished(j, items[i].key) : is_product(j) ? -INFINITY : INFINITY;
    }
  }
}

// ---- all of it ----

static farro_status search_lists(job *j, bool is_first) {
  const bool is_coded = j->lists->codes != FARRO_LIST_ROWS;
  double pairs;
  const size_t count = farro_lists_cut(j, is_first, NULL, &pairs), bytes = count * sizeof(piece);
  if (count == 0) return FARRO_OK;
  j->pieces = farro_allocate(bytes);
  if (!j->pieces) return FARRO_ERROR_MEMORY;
  farro_lists_cut(j, is_first, j->pieces, &pairs);
  const double work = pairs * (double)j->lists->d / (is_coded ? codes_per_nanosecond : terms_per_nanosecond);
  farro_parallel_for(count, 1, work, search_pieces, j);
  farro_release(j->pieces, bytes);
  return FARRO_OK;
}

static farro_status search_some(job *j, found_row *items, float *keys, uint8_t *codes) {
  const size_t room = nearest_rows_room(j->wanted), bytes = farro_query_code_bytes(j->lists);
  for (size_t i = 0; i < j->query_count; i++) {
    j->found[i] = (nearest_rows){.items = items + i * j->wanted,
                                 .keys = keys + 2 * i * room,
                                 .numbers = (uint32_t *)(keys + (2 * i + 1) * room),
                                 .wanted = j->wanted,
                                 .limit = INFINITY,
                                 .busy = ATOMIC_FLAG_INIT};
    j->coded[i].code = codes + i * bytes;
  }
  const double d = (double)j->lists->d, queries = (double)j->query_count;
  farro_parallel_for(j->query_count, 16, queries * d * 2, prepare_queries, j);
  farro_status status = farro_lists_choose(j);
  if (status == FARRO_OK) status = search_lists(j, true);
  if (status == FARRO_OK) status = search_lists(j, false);
  if (status != FARRO_OK) return status;
  farro_parallel_for(j->query_count, 8, queries * ((double)j->wanted * 20 + d), finish_queries, j);
  return j->failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- entry ----

bool farro_lists_are_valid(const farro_lists *l) {
  const farro_metric metric = l->metric;
  const bool is_served = metric == FARRO_METRIC_EUCLIDEAN || metric == FARRO_METRIC_SQUARED_EUCLIDEAN ||
                         metric == FARRO_METRIC_COSINE || metric == FARRO_METRIC_INNER_PRODUCT;
  if (!is_served || l->count >= UINT32_MAX || !can_exist(l->count, l->d, 1)) return false;
  if (l->codes == FARRO_LIST_PRODUCT)
    return l->d <= FARRO_LIST_MOST_ELEMENTS && l->subspaces >= 1 && l->subspaces <= FARRO_LIST_MOST_SUBSPACES &&
           l->d % l->subspaces == 0;
  return l->codes == FARRO_LIST_ROWS || (l->codes == FARRO_LIST_BYTES && l->d <= FARRO_LIST_MOST_ELEMENTS);
}

static void write_none(const farro_lists *l, size_t count, float *distances, int64_t *ids) {
  for (size_t i = 0; i < count; i++) {
    distances[i] = l->metric == FARRO_METRIC_INNER_PRODUCT ? -INFINITY : INFINITY;
    ids[i] = -1;
  }
}

farro_status farro_lists_search_f32(const farro_lists *l, const farro_lists_walk *walk, size_t m, const float *queries,
                                    float *distances, int64_t *ids) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!farro_lists_are_valid(l) || !can_exist(m, larger(l->d, walk->k), 1)) return FARRO_ERROR_ARGUMENT;
  size_t rows = 0;
  for (size_t i = 0; i < l->count; i++) rows += (size_t)l->counts[i];
  if (m == 0 || walk->k == 0) return FARRO_OK;
  if (rows == 0 || walk->probes == 0) return write_none(l, m * walk->k, distances, ids), FARRO_OK;
  const bool measures = l->codes != FARRO_LIST_ROWS && l->vectors;
  job j = {.lists = l, .walk = walk, .kernels = kernels, .probes = smaller(walk->probes, l->count)};
  j.wanted = smaller(measures ? larger(walk->measured, walk->k) : walk->k, rows);
  const size_t room = nearest_rows_room(j.wanted), code_bytes = farro_query_code_bytes(l);
  const size_t per_probe = sizeof(float) + sizeof(int64_t) + sizeof(probe);
  const size_t found_by_one =
      j.wanted * sizeof(found_row) + room * (sizeof(float) + sizeof(uint32_t)) + j.probes * per_probe;
  const size_t some = smaller(smaller(m, most_queries), larger(found_bytes / found_by_one, 16));
  const size_t per_query = sizeof(nearest_rows) + found_by_one + code_bytes + sizeof(coded_query) + sizeof(bool);
  const size_t bytes = some * per_query + (3 * l->count + 1) * sizeof(size_t);
  char *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  j.found = (nearest_rows *)space;
  uint8_t *codes = (uint8_t *)(j.found + some);
  j.coded = (coded_query *)(codes + some * code_bytes);
  found_row *items = (found_row *)(j.coded + some);
  j.center_numbers = (int64_t *)(items + some * j.wanted);
  j.probes_of_lists = (probe *)(j.center_numbers + some * j.probes);
  j.probe_starts = (size_t *)(j.probes_of_lists + some * j.probes);
  j.others = j.probe_starts + l->count + 1, j.next = j.others + l->count;
  float *keys = (float *)(j.next + l->count);
  j.center_distances = keys + 2 * some * room;
  j.is_zero = (bool *)(j.center_distances + some * j.probes);
  farro_status status = FARRO_OK;
  for (size_t first = 0; first < m && status == FARRO_OK; first += some) {
    j.query_count = smaller(some, m - first);
    j.queries = queries + first * l->d;
    j.distances = distances + first * walk->k;
    j.ids = ids + first * walk->k;
    status = search_some(&j, items, keys, codes);
  }
  farro_release(space, bytes);
  return status;
}
