#include "cache.h"

#include <string.h>

static size_t space_bytes(const svm_cache *c) {
  return c->most_rows * ((c->rows->data->d + 1) * c->rows->element_bytes + sizeof(void *) + sizeof(size_t));
}

farro_status svm_cache_open(svm_cache *c, const svm_rows *rows, svm_places places, const size_t groups[2][2],
                            size_t slots, size_t most_rows) {
  *c = (svm_cache){.rows = rows,
                   .places = places,
                   .pitch = round_up(places.n, 16),
                   .slots = slots,
                   .most_rows = most_rows,
                   .newest = -1,
                   .oldest = -1};
  memcpy(c->groups, groups, sizeof c->groups);
  c->values = farro_allocate(slots * c->pitch * sizeof(float));
  c->slot_of = farro_allocate(places.n * sizeof(int32_t));
  c->row_of = farro_allocate(slots * 3 * sizeof(int32_t));
  c->space = farro_allocate(space_bytes(c));
  c->spare_row = farro_allocate(c->pitch * sizeof(float));
  c->spare_sums = farro_allocate(places.n * sizeof(double));
  c->spare_columns = farro_allocate(places.n * sizeof(int32_t));
  if (!c->values || !c->slot_of || !c->row_of || !c->space || !c->spare_row || !c->spare_sums || !c->spare_columns) {
    svm_cache_close(c);
    return FARRO_ERROR_MEMORY;
  }
  c->newer = c->row_of + slots, c->older = c->newer + slots;
  memset(c->slot_of, 0xff, places.n * sizeof(int32_t));
  return FARRO_OK;
}

void svm_cache_close(svm_cache *c) {
  farro_release(c->values, c->slots * c->pitch * sizeof(float));
  farro_release(c->slot_of, c->places.n * sizeof(int32_t));
  farro_release(c->row_of, c->slots * 3 * sizeof(int32_t));
  farro_release(c->space, space_bytes(c));
  farro_release(c->spare_row, c->pitch * sizeof(float));
  farro_release(c->spare_sums, c->places.n * sizeof(double));
  farro_release(c->spare_columns, c->places.n * sizeof(int32_t));
}

static void reorder_row(svm_cache *c, float *row, const int32_t *from, size_t count) {
  for (size_t i = 0; i < count; i++) c->spare_row[i] = row[from[i]];
  memcpy(row, c->spare_row, count * sizeof *row);
}

void svm_cache_reorder(svm_cache *c, const int32_t *from, size_t count, const int32_t *row_of_column) {
  c->row_of_column = row_of_column;
  for (size_t slot = 0; slot < c->used; slot++) reorder_row(c, c->values + slot * c->pitch, from, count);
}

static void unlink_slot(svm_cache *c, int32_t slot) {
  const int32_t newer = c->newer[slot], older = c->older[slot];
  *(newer < 0 ? &c->newest : &c->older[newer]) = older;
  *(older < 0 ? &c->oldest : &c->newer[older]) = newer;
}

static void put_first(svm_cache *c, int32_t slot) {
  c->newer[slot] = -1, c->older[slot] = c->newest;
  *(c->newest < 0 ? &c->oldest : &c->newer[c->newest]) = slot;
  c->newest = slot;
}

static int32_t free_slot(svm_cache *c) {
  if (c->used < c->slots) return (int32_t)c->used++;
  const int32_t slot = c->oldest;
  unlink_slot(c, slot);
  c->slot_of[c->row_of[slot]] = -1;
  return slot;
}

// ---- values that are missing ----

typedef struct {
  svm_cache *cache;
  size_t count;
  const size_t *numbers; // of rows in x
  const void *from, *norms;
  float *const *to;
  farro_status status;
} missing;

static farro_status ask(const missing *m, const svm_piece *piece, size_t column) {
  const farro_svm_function *f = m->cache->rows->function;
  float *values = farro_allocate(m->count * piece->count * sizeof *values);
  if (!values) return FARRO_ERROR_MEMORY;
  const bool goes_on = f->values(f->context, m->count, m->numbers, piece->first, piece->count, values, piece->count);
  for (size_t i = 0; goes_on && i < m->count; i++)
    memcpy(m->to[i] + column, values + i * piece->count, piece->count * sizeof *values);
  farro_release(values, m->count * piece->count * sizeof *values);
  return goes_on ? FARRO_OK : FARRO_ERROR_ARGUMENT;
}

static void fill_piece(missing *m, const svm_piece *piece) {
  const svm_rows *r = m->cache->rows;
  const svm_places *p = &m->cache->places;
  const bool is_first = piece->first >= p->first && piece->first < p->first + p->first_count;
  const size_t column = is_first ? piece->first - p->first : piece->first - p->second + p->first_count;
  void *to[512];
  farro_status status = FARRO_OK;
  if (r->function->kernel == FARRO_SVM_CUSTOM) {
    status = ask(m, piece, column);
  } else {
    for (size_t done = 0; done < m->count && status == FARRO_OK; done += 512) {
      const size_t some = smaller(512, m->count - done);
      for (size_t i = 0; i < some; i++) to[i] = m->to[done + i] + column;
      status = svm_values(r, piece, some, (const char *)m->from + done * r->data->d * r->element_bytes,
                          (const char *)m->norms + done * r->element_bytes, to, false);
    }
  }
  if (status != FARRO_OK) __atomic_store_n(&m->status, status, __ATOMIC_RELAXED);
}

static void fill_pieces(void *context, size_t first, size_t last) {
  missing *m = context;
  const svm_cache *c = m->cache;
  const size_t *starts = c->rows->first_piece;
  const size_t pieces = starts[c->groups[0][1]] - starts[c->groups[0][0]];
  for (size_t i = first; i < last; i++) {
    const size_t piece = i < pieces ? starts[c->groups[0][0]] + i : starts[c->groups[1][0]] + i - pieces;
    fill_piece(m, &c->rows->piece[piece]);
  }
}

farro_status svm_cache_take(svm_cache *c, size_t count, const int32_t *rows, const float **values) {
  const svm_rows *r = c->rows;
  const size_t d = r->data->d, bytes = r->element_bytes;
  float **to = (float **)(void *)c->space;
  size_t *numbers = (size_t *)(void *)(c->space + c->most_rows * sizeof *to);
  char *from = (char *)(numbers + c->most_rows), *norms = from + c->most_rows * d * bytes;
  for (size_t i = 0; i < count; i++) {
    const int32_t slot = c->slot_of[rows[i]];
    if (slot < 0) continue;
    unlink_slot(c, slot);
    put_first(c, slot);
  }
  missing m = {.cache = c, .numbers = numbers, .from = from, .norms = norms, .to = to};
  for (size_t i = 0; i < count; i++) {
    if (c->slot_of[rows[i]] < 0) {
      const int32_t slot = free_slot(c);
      put_first(c, slot);
      c->slot_of[rows[i]] = slot, c->row_of[slot] = rows[i];
      numbers[m.count] = svm_row(r->data, svm_place(&c->places, (size_t)rows[i]));
      to[m.count] = c->values + (size_t)slot * c->pitch;
      const void *row = d ? (const char *)r->x + numbers[m.count] * r->data->ldx * bytes : r->x;
      svm_set(r, norms, m.count, r->kernels->centre(d, row, r->mean, from + m.count * d * bytes));
      m.count++;
    }
    values[i] = c->values + (size_t)c->slot_of[rows[i]] * c->pitch;
  }
  if (m.count == 0) return FARRO_OK;
  size_t pieces = 0;
  for (size_t g = 0; g < 2; g++) pieces += r->first_piece[c->groups[g][1]] - r->first_piece[c->groups[g][0]];
  farro_parallel_for(pieces, 1, (double)m.count * (double)c->places.n * (1 + (double)d / 25), fill_pieces, &m);
  for (size_t i = 0; c->row_of_column && i < m.count; i++) reorder_row(c, to[i], c->row_of_column, c->places.n);
  return m.status;
}
