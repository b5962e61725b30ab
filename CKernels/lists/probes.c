// Which lists each query probes, the queries of each list, and the pieces that tasks take.
#include <math.h>
#include <string.h>

#include "lists/job.h"

enum {
  piece_rows = 1024,  // of a list that one task goes through,
  piece_probes = 128, // and for how many queries
};

// Where a centre is at no distance at all, as overflow has it, a search of all lists still is one.
static void complete_probes(job *j) {
  const size_t lists = j->lists->count;
  for (size_t query = 0; query < j->query_count && j->probes == lists; query++) {
    int64_t *numbers = j->center_numbers + query * lists;
    float *distances = j->center_distances + query * lists;
    size_t count = lists;
    while (count > 0 && numbers[count - 1] < 0) count--;
    for (size_t list = 0; list < lists && count < lists; list++) {
      bool is_there = false;
      for (size_t i = 0; i < count && !is_there; i++) is_there = numbers[i] == (int64_t)list;
      if (!is_there) numbers[count] = (int64_t)list, distances[count++] = INFINITY;
    }
  }
}

// The lists of the nearest centres, which are the rows of a single list themselves.
static farro_status find_centers(job *j) {
  const farro_lists *l = j->lists;
  const size_t bytes = l->count * (sizeof(int64_t) + sizeof(uint32_t));
  int64_t *ids = farro_allocate(bytes);
  if (!ids) return FARRO_ERROR_MEMORY;
  uint32_t *numbers = (uint32_t *)(ids + l->count);
  for (size_t i = 0; i < l->count; i++) ids[i] = (int64_t)i, numbers[i] = (uint32_t)i;
  const int64_t start = 0, count = (int64_t)l->count;
  const farro_lists centers = {.metric = is_product(j) ? FARRO_METRIC_INNER_PRODUCT : FARRO_METRIC_SQUARED_EUCLIDEAN,
                               .codes = FARRO_LIST_ROWS,
                               .count = 1,
                               .d = l->d,
                               .starts = &start,
                               .counts = &count,
                               .numbers = numbers,
                               .entries = (void *)(uintptr_t)l->centers,
                               .ids = ids};
  const farro_lists_walk walk = {.k = j->probes, .probes = 1};
  const farro_status status =
      farro_lists_search_f32(&centers, &walk, j->query_count, j->queries, j->center_distances, j->center_numbers);
  farro_release(ids, bytes);
  if (status == FARRO_OK) complete_probes(j);
  return status;
}

// All lists, whose distances nobody needs to know.
static void take_all_lists(job *j) {
  for (size_t i = 0; i < j->query_count * j->probes; i++)
    j->center_numbers[i] = (int64_t)(i % j->probes), j->center_distances[i] = 0;
}

static void enter_probe(job *j, size_t i) {
  const int64_t list = j->center_numbers[i];
  if (list < 0) return;
  const float far = j->center_distances[i];
  j->probes_of_lists[j->next[list]++] = (probe){(uint32_t)(i / j->probes), is_product(j) ? -far : far};
}

// A query's nearest list is searched before the others, as what it holds leaves little to be kept of them. Not so of
// rows, which would be read twice.
farro_status farro_lists_choose(job *j) {
  const farro_lists *l = j->lists;
  farro_status status = FARRO_OK;
  if (l->codes == FARRO_LIST_ROWS && j->probes == l->count)
    take_all_lists(j);
  else
    status = find_centers(j);
  if (status != FARRO_OK) return status;
  memset(j->probe_starts, 0, (l->count + 1) * sizeof *j->probe_starts);
  const size_t all = j->query_count * j->probes;
  for (size_t i = 0; i < all; i++)
    if (j->center_numbers[i] >= 0) j->probe_starts[j->center_numbers[i] + 1]++;
  for (size_t i = 0; i < l->count; i++) j->probe_starts[i + 1] += j->probe_starts[i];
  memcpy(j->next, j->probe_starts, l->count * sizeof *j->next);
  for (size_t i = 0; i < all && l->codes != FARRO_LIST_ROWS; i += j->probes) enter_probe(j, i);
  memcpy(j->others, j->next, l->count * sizeof *j->others);
  for (size_t i = 0; i < all; i++)
    if (l->codes == FARRO_LIST_ROWS || i % j->probes > 0) enter_probe(j, i);
  return FARRO_OK;
}

size_t farro_lists_cut(const job *j, bool is_first, piece *pieces, double *pairs) {
  size_t count = 0;
  *pairs = 0;
  for (size_t list = 0; list < j->lists->count; list++) {
    const size_t rows = (size_t)j->lists->counts[list];
    const size_t begin = is_first ? j->probe_starts[list] : j->others[list];
    const size_t end = is_first ? j->others[list] : j->probe_starts[list + 1];
    *pairs += (double)rows * (double)(end - begin);
    for (size_t first = 0; first < rows; first += piece_rows)
      for (size_t p = begin; p < end; p += piece_probes, count++)
        if (pieces)
          pieces[count] = (piece){list, first, smaller(piece_rows, rows - first), p, smaller(piece_probes, end - p)};
  }
  return count;
}
