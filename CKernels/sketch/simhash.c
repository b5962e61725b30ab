// SimHash: votes on 64 bits.
//
// Without weights, 8 bits of a hash vote at once: each becomes a byte by a table of 2 KiB, and eight words of eight
// bytes count up to 255 hashes before they are emptied. On Zen 5 a hash takes 1.4 ns.
#include <pthread.h>
#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/sketch.h"

static uint64_t spread[256]; // byte i is bit i of the index
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_spread(void) {
  for (size_t b = 0; b < 256; b++)
    for (size_t i = 0; i < 8; i++) spread[b] |= (uint64_t)(b >> i & 1) << 8 * i;
}

typedef struct {
  uint64_t set[64]; // hashes that have the bit
  uint64_t count;
} votes;

static void count_votes(void *context, const uint64_t *hashes, size_t count) {
  votes *v = context;
  v->count += count;
  while (count) {
    const size_t some = smaller(count, 255);
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < some; i++)
      for (size_t b = 0; b < 8; b++) sums[b] += spread[hashes[i] >> 8 * b & 255];
    for (size_t i = 0; i < 64; i++) v->set[i] += sums[i / 8] >> 8 * (i % 8) & 255;
    hashes += some;
    count -= some;
  }
}

static uint64_t result_of(const votes *v) {
  uint64_t result = 0;
  for (size_t i = 0; i < 64; i++) result |= (uint64_t)(2 * v->set[i] > v->count) << i;
  return result;
}

farro_status farro_simhash_vote(const uint64_t *hashes, const float *weights, size_t count, double sums[64]) {
  if (!can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  if (!weights) {
    pthread_once(&once, fill_spread);
    votes v = {0};
    count_votes(&v, hashes, count);
    for (size_t b = 0; b < 64; b++) sums[b] += 2 * (double)v.set[b] - (double)count;
    return FARRO_OK;
  }
  for (size_t i = 0; i < count; i++)
    for (size_t b = 0; b < 64; b++) sums[b] += hashes[i] >> b & 1 ? (double)weights[i] : -(double)weights[i];
  return FARRO_OK;
}

uint64_t farro_simhash_result(const double sums[64]) {
  uint64_t result = 0;
  for (size_t b = 0; b < 64; b++) result |= (uint64_t)(sums[b] > 0) << b;
  return result;
}

farro_status farro_simhash(const uint64_t *hashes, const float *weights, size_t count, uint64_t *result) {
  double sums[64] = {0};
  const farro_status status = farro_simhash_vote(hashes, weights, count, sums);
  if (status == FARRO_OK) *result = farro_simhash_result(sums);
  return status;
}

// ---- texts ----

typedef struct {
  const text_kernels *kernels;
  const shingle_plan *plan;
  const uint8_t *bytes;
  const uint64_t *offsets;
  uint64_t *results;
} simhash_work;

static void hash_texts(void *context, size_t first, size_t last) {
  const simhash_work *work = context;
  for (size_t i = first; i < last; i++) {
    votes v = {0};
    const size_t begin = work->offsets[i], length = work->offsets[i + 1] - begin;
    if (length) work->kernels->shingle(work->plan, work->bytes + begin, length, count_votes, &v);
    work->results[i] = result_of(&v);
  }
}

farro_status farro_simhash_texts(const farro_shingler *shingler, const void *bytes, const uint64_t *offsets,
                                 size_t count, uint64_t *results) {
  const farro_kernels *kernels = farro_current_kernels();
  shingle_plan plan;
  if (!kernels) return FARRO_ERROR_ISA;
  if (!shingle_plan_make(shingler, &plan) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < count; i++)
    if (offsets[i] > offsets[i + 1]) return FARRO_ERROR_ARGUMENT;
  if (count == 0) return FARRO_OK;
  pthread_once(&once, fill_spread);
  simhash_work work = {kernels->text, &plan, bytes, offsets, results};
  const double length = (double)(offsets[count] - offsets[0]), nanoseconds = 100.0 * (double)count + length;
  farro_parallel_for(count, (size_t)(20e3 * (double)count / nanoseconds) + 1, nanoseconds, hash_texts, &work);
  return FARRO_OK;
}
