// Entries of MinHash: updates, signatures of many sets and texts, merging, filling and comparing.
#include "include/sketch.h"

#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/densify.h"
#include "sketch/update.h"
#include "text/shingle_hash.h"
#include "text/text.h"

enum { most_slots = 1 << 24 };

static const uint64_t golden_step = 0x9E3779B97F4A7C15;

void farro_minhash_parameters(uint64_t seed, size_t slots, uint32_t *multipliers, uint32_t *addends) {
  for (size_t k = 0; k < slots; k++) {
    const uint64_t word = mix64(seed + (k + 1) * golden_step);
    multipliers[k] = (uint32_t)word | 1;
    addends[k] = (uint32_t)(word >> 32);
  }
}

static bool is_minhash(const farro_minhash *minhash) {
  return minhash->slots > 0 && minhash->slots <= most_slots && minhash->engine <= FARRO_MINHASH_BINS;
}

farro_status farro_minhash_update(const farro_minhash *minhash, const uint64_t *hashes, size_t count,
                                  uint32_t *signature) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_minhash(minhash) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  if (count) sketch_update(kernels->sketch, minhash, hashes, count, signature);
  return FARRO_OK;
}

farro_status farro_minhash_update_u32(const farro_minhash *minhash, const uint32_t *hashes, size_t count,
                                      uint32_t *signature) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_minhash(minhash) || minhash->engine != FARRO_MINHASH_PERMUTATIONS || !can_exist(count, 1, 1))
    return FARRO_ERROR_ARGUMENT;
  if (count) kernels->sketch->permute(minhash, hashes, 1, count, signature);
  return FARRO_OK;
}

// ---- many sets ----

typedef struct {
  const farro_kernels *kernels;
  const farro_minhash *minhash;
  const shingle_plan *plan; // of texts
  const void *items;        // hashes, or bytes
  const uint64_t *offsets;
  size_t count, task; // sets, and items that begin in a task
  uint32_t *signatures;
} sets_work;

typedef struct {
  const sets_work *work;
  uint32_t *signature;
} text_sink;

static void take_shingles(void *context, const uint64_t *hashes, size_t count) {
  const text_sink *sink = context;
  sketch_update(sink->work->kernels->sketch, sink->work->minhash, hashes, count, sink->signature);
}

static void sign(const sets_work *work, size_t i) {
  uint32_t *signature = work->signatures + i * work->minhash->slots;
  const size_t first = work->offsets[i], count = work->offsets[i + 1] - first;
  memset(signature, 0xFF, work->minhash->slots * sizeof *signature);
  if (count == 0) return;
  if (!work->plan)
    return sketch_update(work->kernels->sketch, work->minhash, (const uint64_t *)work->items + first, count, signature);
  text_sink sink = {work, signature};
  work->kernels->text->shingle(work->plan, (const uint8_t *)work->items + first, count, take_shingles, &sink);
}

// The first set that begins at or after `offset`.
static size_t set_from(const sets_work *work, uint64_t offset) {
  size_t low = 0, high = work->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (work->offsets[middle] < offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Tasks are spans of items, so that their work is even, and have the sets that begin in them.
static void sign_spans(void *context, size_t first, size_t last) {
  const sets_work *work = context;
  const uint64_t base = work->offsets[0];
  const size_t end = set_from(work, base + last * work->task);
  for (size_t i = set_from(work, base + first * work->task); i < end; i++) sign(work, i);
}

static bool ascends(const uint64_t *offsets, size_t count) {
  bool result = true;
  for (size_t i = 0; i < count; i++) result &= offsets[i] <= offsets[i + 1];
  return result;
}

static farro_status sign_all(sets_work *work, double nanoseconds_per_item) {
  work->kernels = farro_current_kernels();
  if (!work->kernels) return FARRO_ERROR_ISA;
  if (!is_minhash(work->minhash) || !can_exist(work->count, work->minhash->slots, 1)) return FARRO_ERROR_ARGUMENT;
  if (work->count == 0) return FARRO_OK;
  if (!ascends(work->offsets, work->count)) return FARRO_ERROR_ARGUMENT;
  const double items = (double)(work->offsets[work->count] - work->offsets[0]);
  // A signature costs some nanoseconds per slot to begin; a task is about 50 us.
  const double each = 0.2 * (double)work->minhash->slots + 50;
  const double nanoseconds = items * nanoseconds_per_item + (double)work->count * each;
  work->task = (size_t)(50e3 * items / nanoseconds) + 1;
  const size_t tasks = (size_t)(items / (double)work->task) + 1; // sets at the very end are empty
  farro_parallel_for(tasks, 1, nanoseconds, sign_spans, work);
  return FARRO_OK;
}

farro_status farro_minhash_signatures(const farro_minhash *minhash, const uint64_t *hashes, const uint64_t *offsets,
                                      size_t count, uint32_t *signatures) {
  sets_work work = {.minhash = minhash, .items = hashes, .offsets = offsets, .count = count, .signatures = signatures};
  return sign_all(&work, minhash->engine == FARRO_MINHASH_BINS ? 0.5 : 0.03 * (double)minhash->slots);
}

farro_status farro_minhash_texts(const farro_minhash *minhash, const farro_shingler *shingler, const void *bytes,
                                 const uint64_t *offsets, size_t count, uint32_t *signatures) {
  shingle_plan plan;
  if (!shingle_plan_make(shingler, &plan)) return FARRO_ERROR_ARGUMENT;
  sets_work work = {
      .minhash = minhash, .plan = &plan, .items = bytes, .offsets = offsets, .count = count, .signatures = signatures};
  const double shingles = shingler->unit == FARRO_SHINGLE_WORDS ? 0.15 : 1; // per byte
  return sign_all(&work,
                  0.5 + shingles * (minhash->engine == FARRO_MINHASH_BINS ? 0.5 : 0.03 * (double)minhash->slots));
}

// ---- merging and filling ----

farro_status farro_minhash_merge(uint32_t *into, const uint32_t *from, size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  kernels->sketch->minimum(into, from, count);
  return FARRO_OK;
}

typedef struct {
  densifier filler;
  const uint32_t *signatures;
  uint32_t *filled;
  _Atomic bool failed;
} fill_work;

static void fill_rows(void *context, size_t first, size_t last) {
  fill_work *work = context;
  const size_t begin = first * work->filler.slots;
  if (!densifier_fill(&work->filler, work->signatures + begin, last - first, work->filled + begin)) work->failed = true;
}

farro_status farro_minhash_densify(const uint32_t *signatures, size_t rows, size_t slots, uint64_t seed,
                                   uint32_t *filled) {
  if (slots == 0 || slots > most_slots || !can_exist(rows, slots, 1)) return FARRO_ERROR_ARGUMENT;
  fill_work work = {.filler = densifier_make(NULL, slots, seed, 0), .signatures = signatures, .filled = filled};
  farro_parallel_for(rows, 4096 / slots + 1, 2.0 * (double)rows * (double)slots, fill_rows, &work);
  return work.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
