// Products of blocks of either element type, and batches.
#include "blocks.h"

#include <pthread.h>

#include "runtime/dispatch.h"

static farro_status multiply_f32(const farro_matmul_shape *shape, double alpha, const void *a, const void *b,
                                 double beta, void *c) {
  return farro_matmul_f32(shape, (float)alpha, a, b, (float)beta, c);
}

static farro_status multiply_f64(const farro_matmul_shape *shape, double alpha, const void *a, const void *b,
                                 double beta, void *c) {
  return farro_matmul_f64(shape, alpha, a, b, beta, c);
}

bool block_driver_f32(block_driver *d) {
  const farro_kernels *kernels = farro_current_kernels();
  if (kernels) *d = (block_driver){kernels->linear_algebra_f32, farro_current_isa(), multiply_f32};
  return kernels;
}

bool block_driver_f64(block_driver *d) {
  const farro_kernels *kernels = farro_current_kernels();
  if (kernels) *d = (block_driver){kernels->linear_algebra_f64, farro_current_isa(), multiply_f64};
  return kernels;
}

bool is_matrix(size_t rows, size_t length, size_t ld) { return rows == 0 || ld >= length; }

bool is_batch(size_t batch, size_t rows, size_t length, size_t ld, size_t stride) {
  return is_matrix(rows, length, ld) && (batch < 2 || rows == 0 || stride >= (rows - 1) * ld + length);
}

// ---- tasks ----

typedef struct {
  const block_driver *driver;
  block_task task;
  void *context;
  pthread_mutex_t mutex; // of what follows; taken by failing tasks alone
  farro_status status;
  farro_matrix_place place;
} task_list;

static void note_failure(task_list *list, farro_status status, farro_matrix_place place) {
  pthread_mutex_lock(&list->mutex);
  const bool is_first = list->status == FARRO_OK || place.item < list->place.item;
  if (status == FARRO_ERROR_MEMORY || (is_first && list->status != FARRO_ERROR_MEMORY)) {
    list->status = status;
    list->place = place;
  }
  pthread_mutex_unlock(&list->mutex);
}

// A worker thread has its own choice of an instruction set, which the products inside would follow.
static void run_range(void *context, size_t first, size_t last) {
  task_list *list = context;
  farro_isa previous = FARRO_ISA_NONE;
  farro_set_local_isa(list->driver->isa, &previous);
  for (size_t item = first; item < last; item++) {
    farro_matrix_place place = {.item = item};
    const farro_status status = list->task(list->context, item, &place.row);
    if (status != FARRO_OK) note_failure(list, status, place);
  }
  farro_set_local_isa(previous, NULL);
}

farro_status run_tasks(const block_driver *d, size_t count, double nanoseconds, block_task task, void *context,
                       farro_matrix_place *where) {
  // A task of this length keeps all threads busy by itself, also when there are fewer tasks than threads.
  static const double parallel_inside = 1e6;
  task_list list = {.driver = d, .task = task, .context = context, .mutex = PTHREAD_MUTEX_INITIALIZER};
  if (count < 2 || nanoseconds > parallel_inside) {
    run_range(&list, 0, count);
  } else {
    const double grain = 20e3 / (nanoseconds + 1);
    const size_t most = (count + 15) / 16;
    farro_parallel_for(count,
                       grain < 1              ? 1
                       : grain < (double)most ? (size_t)grain
                                              : most,
                       nanoseconds * (double)count, run_range, &list);
  }
  pthread_mutex_destroy(&list.mutex);
  if (list.status != FARRO_OK && list.status != FARRO_ERROR_MEMORY && where) *where = list.place;
  return list.status;
}
