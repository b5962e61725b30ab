#include "data.h"

#include <string.h>

static const void *row_at(const svm_rows *r, size_t place) {
  return r->data->d ? (const char *)r->x + svm_row(r->data, place) * r->data->ldx * r->element_bytes : r->x;
}

// Of each column, in order of the rows: products lose less to rounding. Distances do not change, nor do problems of the
// linear kernel, whose unknowns sum to 0.
static bool take_mean(svm_rows *r) {
  const size_t n = r->data->n, d = r->data->d;
  memset(r->mean, 0, d * r->element_bytes);
  const bool is_shifted = r->function->kernel == FARRO_SVM_RBF || r->function->kernel == FARRO_SVM_LINEAR;
  if (!is_shifted || n == 0) return true;
  double *sums = farro_allocate(d * sizeof *sums);
  if (!sums) return false;
  memset(sums, 0, d * sizeof *sums);
  for (size_t i = 0; i < n; i++) {
    const void *row = row_at(r, i);
    if (r->element_bytes == 8)
      for (size_t j = 0; j < d; j++) sums[j] += ((const double *)row)[j] / (double)n;
    else
      for (size_t j = 0; j < d; j++) sums[j] += (double)((const float *)row)[j] / (double)n;
  }
  for (size_t j = 0; j < d; j++) svm_set(r, r->mean, j, sums[j]);
  farro_release(sums, d * sizeof *sums);
  return true;
}

static farro_status pack(svm_rows *r, svm_piece *piece, void *space) {
  const size_t d = r->data->d, bytes = r->element_bytes;
  for (size_t i = 0; i < piece->count; i++) {
    const size_t place = piece->first + i;
    const double norm = r->kernels->centre(d, row_at(r, place), r->mean, (char *)space + i * d * bytes);
    svm_set(r, r->norms, place, norm);
  }
  if (d == 0) return FARRO_OK;
  return bytes == 8 ? farro_pack_f64(d, piece->count, true, space, d, &piece->packed)
                    : farro_pack_f32(d, piece->count, true, space, d, &piece->packed);
}

farro_status svm_check(const farro_svm_data *data, const farro_svm_function *f) {
  if (data->ldx < data->d || !can_exist(data->n, data->ldx, 1) || data->groups == 0 || data->n > INT32_MAX)
    return FARRO_ERROR_ARGUMENT;
  if (data->starts[0] != 0 || data->starts[data->groups] != data->n) return FARRO_ERROR_ARGUMENT;
  for (size_t g = 0; g < data->groups; g++)
    if (data->starts[g] > data->starts[g + 1]) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; data->order && i < data->n; i++)
    if (data->order[i] >= data->n) return FARRO_ERROR_ARGUMENT;
  if ((unsigned)f->kernel > FARRO_SVM_CUSTOM || f->degree < 0) return FARRO_ERROR_ARGUMENT;
  if (f->kernel == FARRO_SVM_CUSTOM && !f->values) return FARRO_ERROR_ARGUMENT;
  return __builtin_isfinite(f->gamma) && __builtin_isfinite(f->coef0) ? FARRO_OK : FARRO_ERROR_ARGUMENT;
}

farro_status svm_prepare(const farro_svm_data *data, const void *x, bool is_wide, const farro_svm_function *function,
                         svm_rows *r) {
  *r = (svm_rows){.data = data, .x = x, .function = function};
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const farro_status status = svm_check(data, function);
  if (status != FARRO_OK) return status;
  r->kernels = is_wide ? kernels->models->svm_f64 : kernels->models->svm_f32;
  r->solver = kernels->models->svm_solver;
  const size_t bytes = r->element_bytes = is_wide ? 8 : 4, d = data->d;
  for (size_t g = 0; g < data->groups; g++)
    r->pieces += ceil_divide(data->starts[g + 1] - data->starts[g], svm_piece_rows);
  r->mean = farro_allocate(d * bytes);
  r->norms = farro_allocate(data->n * bytes);
  r->piece = farro_allocate(r->pieces * sizeof *r->piece);
  r->first_piece = farro_allocate((data->groups + 1) * sizeof(size_t));
  if (r->piece) memset(r->piece, 0, r->pieces * sizeof *r->piece);
  bool has_memory = r->mean && r->norms && r->piece && r->first_piece;
  if (has_memory) {
    size_t at = 0;
    for (size_t g = 0; g < data->groups; g++) {
      r->first_piece[g] = at;
      for (size_t first = data->starts[g]; first < data->starts[g + 1]; first += svm_piece_rows)
        r->piece[at++] = (svm_piece){.first = first, .count = smaller(svm_piece_rows, data->starts[g + 1] - first)};
    }
    r->first_piece[data->groups] = at;
    has_memory = take_mean(r);
  }
  const size_t space_bytes = smaller(svm_piece_rows, data->n) * d * bytes;
  void *space = farro_allocate(space_bytes);
  farro_status done = has_memory && space ? FARRO_OK : FARRO_ERROR_MEMORY;
  for (size_t i = 0; i < r->pieces && done == FARRO_OK && function->kernel != FARRO_SVM_CUSTOM; i++)
    done = pack(r, &r->piece[i], space);
  farro_release(space, space_bytes);
  if (done != FARRO_OK) svm_release(r);
  return done;
}

void svm_release(svm_rows *r) {
  for (size_t i = 0; r->piece && i < r->pieces; i++) farro_packed_release(r->piece[i].packed);
  farro_release(r->mean, r->data->d * r->element_bytes);
  farro_release(r->norms, r->data->n * r->element_bytes);
  farro_release(r->piece, r->pieces * sizeof *r->piece);
  farro_release(r->first_piece, (r->data->groups + 1) * sizeof(size_t));
}

static void write_tile(void *context, size_t item, size_t row, size_t column, size_t rows, size_t columns,
                       const void *tile, size_t ld) {
  (void)item;
  const svm_block_rows *b = context;
  const svm_rows *r = b->rows;
  const size_t bytes = r->element_bytes, value = b->is_exact ? bytes : sizeof(float);
  const void *norms = (const char *)r->norms + (b->piece_first + column) * bytes;
  for (size_t i = 0; i < rows; i++) {
    const void *products = (const char *)tile + i * ld * bytes;
    void *to = (char *)b->to[row + i] + column * value;
    const double norm = svm_norm(r, b->products_norms, row + i);
    if (b->is_exact)
      r->kernels->exact(r->function, columns, products, norm, norms, to);
    else
      r->kernels->narrow(r->function, columns, products, norm, norms, to);
  }
}

farro_status svm_values(const svm_rows *r, const svm_piece *piece, size_t count, const void *from, const void *norms,
                        void *const *to, bool is_exact) {
  svm_block_rows block = {
      .rows = r, .products_norms = norms, .piece_first = piece->first, .to = to, .is_exact = is_exact};
  const size_t d = r->data->d;
  if (d == 0) { // all products are 0
    const double nothing[svm_piece_rows] = {0};
    for (size_t i = 0; i < count; i++) write_tile(&block, 0, i, 0, 1, piece->count, nothing, 0);
    return FARRO_OK;
  }
  const farro_epilogue epilogue = {.visit = write_tile, .visit_context = &block};
  const farro_matmul_shape shape = {.batch = 1, .m = count, .n = piece->count, .k = d, .lda = d, .ldc = piece->count};
  return r->element_bytes == 8 ? farro_matmul_packed_f64(&shape, 1, from, piece->packed, 0, NULL, &epilogue)
                               : farro_matmul_packed_f32(&shape, 1, from, piece->packed, 0, NULL, &epilogue);
}
