// Bloom filters: entries and sizes.
#include <math.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/counting.h"
#include "sketch/keys.h"

static const size_t most_blocks = (size_t)1 << 31;

// Beyond half a megabyte, a filter shares the second cache with nothing else or is not in it.
static bool is_far(size_t blocks) { return blocks > 1 << 14; }

static bool is_filter(size_t blocks) { return blocks > 0 && blocks <= most_blocks; }

farro_status farro_bloom_insert(uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_filter(blocks) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < count; i += counting_piece)
    kernels->counting->insert(words, blocks, hashes + i, smaller(counting_piece, count - i), is_far(blocks));
  return FARRO_OK;
}

farro_status farro_bloom_insert_keys(uint32_t *words, size_t blocks, uint64_t seed, const uint64_t *keys,
                                     size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_filter(blocks) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  uint64_t hashes[counting_piece];
  for (size_t i = 0; i < count; i += counting_piece) {
    const size_t some = smaller(counting_piece, count - i);
    kernels->counting->mix(seed_key(seed), keys + i, some, hashes);
    kernels->counting->insert(words, blocks, hashes, some, is_far(blocks));
  }
  return FARRO_OK;
}

typedef struct {
  const counting_kernels *kernels;
  const uint32_t *words;
  size_t blocks, count;
  const uint64_t *elements;
  bool mixed; // elements are keys
  uint64_t key;
  bool *found;
} find_work;

static void find_pieces(void *context, size_t first, size_t last) {
  const find_work *work = context;
  const size_t end = smaller(last * counting_piece, work->count);
  uint64_t hashes[counting_piece];
  for (size_t i = first * counting_piece; i < end; i += counting_piece) {
    const size_t some = smaller(counting_piece, end - i);
    const uint64_t *from = work->elements + i;
    if (work->mixed) work->kernels->mix(work->key, from, some, hashes);
    work->kernels->find(work->words, work->blocks, work->mixed ? hashes : from, some, is_far(work->blocks),
                        work->found + i);
  }
}

static farro_status find(find_work *work) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_filter(work->blocks) || !can_exist(work->count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  work->kernels = kernels->counting;
  const double nanoseconds = (double)work->count * (is_far(work->blocks) ? 4 : 1.5);
  farro_parallel_for(ceil_divide(work->count, counting_piece), 16, nanoseconds, find_pieces, work);
  return FARRO_OK;
}

farro_status farro_bloom_find(const uint32_t *words, size_t blocks, const uint64_t *hashes, size_t count, bool *found) {
  find_work work = {.words = words, .blocks = blocks, .count = count, .elements = hashes, .found = found};
  return find(&work);
}

farro_status farro_bloom_find_keys(const uint32_t *words, size_t blocks, uint64_t seed, const uint64_t *keys,
                                   size_t count, bool *found) {
  find_work work = {.words = words,
                    .blocks = blocks,
                    .count = count,
                    .elements = keys,
                    .mixed = true,
                    .key = seed_key(seed),
                    .found = found};
  return find(&work);
}

farro_status farro_bloom_merge(uint32_t *into, const uint32_t *from, size_t blocks) {
  if (!is_filter(blocks)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < 8 * blocks; i++) into[i] |= from[i];
  return FARRO_OK;
}

// ---- sizes ----

double farro_bloom_false_positive_rate(size_t blocks, double count) {
  const double each = count / (double)blocks;
  // Then hardly a bit in 10^9 is not set; and e^-each is no number soon after.
  if (!(each < 700)) return 1;
  double sum = 0, probability = exp(-each), clear = 1;
  const double last = each + 12 * sqrt(each) + 40; // the rest is below 10^-20
  for (double i = 0; i < last; i++) {
    const double set = 1 - clear, square = set * set, fourth = square * square;
    sum += probability * fourth * fourth;
    probability *= each / (i + 1);
    clear *= 31.0 / 32;
  }
  return sum < 1 ? sum : 1;
}

size_t farro_bloom_blocks(double count, double rate) {
  if (farro_bloom_false_positive_rate(most_blocks, count) > rate) return SIZE_MAX;
  size_t low = 1, high = most_blocks; // the answer is among them, `high` suits
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (farro_bloom_false_positive_rate(middle, count) > rate)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}
