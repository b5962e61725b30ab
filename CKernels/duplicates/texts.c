// Entries: signatures and sets of shingles of many texts that lie apart, and the keys of bands.
#include <string.h>

#include "duplicates/sort_keys.h"
#include "include/near_duplicates.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/densify.h"
#include "sketch/update.h"
#include "text/shingle_hash.h"

// On one thread, of a byte of text.
static const double nanoseconds_per_byte = 1;

enum { task_bytes = 1 << 16, text_floor = 128 };

typedef struct {
  const farro_kernels *kernels;
  const farro_minhash *minhash;
  densifier filler;
  shingle_plan plan;
  const uint8_t *bytes;
  const farro_span *texts;
  const size_t *tasks; // the first text of each, and their number
  uint32_t *signatures;
  const uint64_t *places;
  uint64_t *hashes, *counts;
  bool lacks_memory; // set by any thread
} texts_work;

static bool are_within(const farro_span *texts, size_t count, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (texts[i].length > length || texts[i].begin > length - texts[i].length) return false;
  return true;
}

// Runs `body` over ranges of texts of about as many bytes.
static farro_status run(texts_work *work, const farro_shingler *shingler, size_t length, size_t count,
                        farro_body body) {
  work->kernels = farro_current_kernels();
  if (!work->kernels) return FARRO_ERROR_ISA;
  if (!shingle_plan_make(shingler, &work->plan)) return FARRO_ERROR_ARGUMENT;
  if (!can_exist(count, 4, 1) || !can_exist(length, 1, 1) || !are_within(work->texts, count, length))
    return FARRO_ERROR_ARGUMENT;
  if (count == 0) return FARRO_OK;
  size_t *tasks = farro_allocate((count + 1) * sizeof *tasks);
  if (!tasks) return FARRO_ERROR_MEMORY;
  size_t number = 0;
  double total = 0;
  for (size_t i = 0, bytes = task_bytes; i < count; i++) {
    if (bytes >= task_bytes) tasks[number++] = i, bytes = 0;
    // A text costs some bytes' time even when it is empty.
    bytes += text_floor + work->texts[i].length;
    total += text_floor + (double)work->texts[i].length;
  }
  tasks[number] = count;
  work->tasks = tasks;
  farro_parallel_for(number, 1, total * nanoseconds_per_byte, body, work);
  farro_release(tasks, (count + 1) * sizeof *tasks);
  return __atomic_load_n(&work->lacks_memory, __ATOMIC_RELAXED) ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- signatures ----

typedef struct {
  const texts_work *work;
  uint32_t *signature;
} signature_sink;

static void sign_hashes(void *context, const uint64_t *hashes, size_t count) {
  const signature_sink *sink = context;
  sketch_update(sink->work->kernels->sketch, sink->work->minhash, hashes, count, sink->signature);
}

static void sign_tasks(void *context, size_t first, size_t last) {
  texts_work *work = context;
  const size_t slots = work->minhash->slots, end = work->tasks[last];
  for (size_t i = work->tasks[first]; i < end; i++) {
    signature_sink sink = {work, work->signatures + i * slots};
    memset(sink.signature, 0xFF, slots * sizeof *sink.signature);
    work->kernels->text->shingle(&work->plan, work->bytes + work->texts[i].begin, work->texts[i].length, sign_hashes,
                                 &sink);
    if (work->minhash->engine == FARRO_MINHASH_BINS &&
        !densifier_fill(&work->filler, sink.signature, 1, sink.signature))
      __atomic_store_n(&work->lacks_memory, true, __ATOMIC_RELAXED);
  }
}

// Texts of fewer shingles than slots, at a guess: a word has some 6 bytes.
static size_t count_sparse(const farro_shingler *shingler, size_t slots, const farro_span *texts, size_t count) {
  const size_t most = slots * (shingler->unit == FARRO_SHINGLE_WORDS ? 6 : 1);
  size_t sparse = 0;
  for (size_t i = 0; i < count; i++) sparse += texts[i].length < most;
  return sparse;
}

farro_status farro_sign_texts(const farro_minhash *minhash, const farro_shingler *shingler, uint64_t seed,
                              const void *bytes, size_t length, const farro_span *texts, size_t count,
                              uint32_t *signatures) {
  if (minhash->slots == 0 || minhash->slots > 1 << 24 || minhash->engine > FARRO_MINHASH_BINS ||
      !can_exist(count, minhash->slots, 1))
    return FARRO_ERROR_ARGUMENT;
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  const size_t sparse =
      minhash->engine == FARRO_MINHASH_BINS ? count_sparse(shingler, minhash->slots, texts, count) : 0;
  texts_work work = {.minhash = minhash,
                     .filler = densifier_make(kernels->sketch, minhash->slots, seed, sparse),
                     .bytes = bytes,
                     .texts = texts,
                     .signatures = signatures};
  const farro_status status = run(&work, shingler, length, count, sign_tasks);
  densifier_release(&work.filler);
  return status;
}

// ---- sets ----

typedef struct {
  uint64_t *hashes; // NULL to count alone
  size_t count;
} set_sink;

static void take_hashes(void *context, const uint64_t *hashes, size_t count) {
  set_sink *sink = context;
  if (sink->hashes) memcpy(sink->hashes + sink->count, hashes, count * sizeof *hashes);
  sink->count += count;
}

static size_t take_text(const texts_work *work, size_t i, uint64_t *hashes) {
  set_sink sink = {hashes, 0};
  work->kernels->text->shingle(&work->plan, work->bytes + work->texts[i].begin, work->texts[i].length, take_hashes,
                               &sink);
  return sink.count;
}

static void count_tasks(void *context, size_t first, size_t last) {
  const texts_work *work = context;
  for (size_t i = work->tasks[first]; i < work->tasks[last]; i++) work->counts[i] = take_text(work, i, NULL);
}

static size_t keep_each_once(uint64_t *hashes, size_t count) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || hashes[kept - 1] != hashes[i]) hashes[kept++] = hashes[i];
  return kept;
}

static void set_tasks(void *context, size_t first, size_t last) {
  texts_work *work = context;
  for (size_t i = work->tasks[first]; i < work->tasks[last]; i++) {
    uint64_t *hashes = work->hashes + work->places[i];
    const size_t count = take_text(work, i, hashes);
    const size_t size = count * sizeof *hashes, bytes = size + (count + 1) * sizeof(uint32_t);
    uint64_t *space = farro_allocate(bytes);
    if (!space) {
      __atomic_store_n(&work->lacks_memory, true, __ATOMIC_RELAXED);
      return;
    }
    sort_hashes(hashes, count, space, (uint32_t *)(space + count));
    farro_release(space, bytes);
    work->counts[i] = keep_each_once(hashes, count);
  }
}

farro_status farro_count_shingles(const farro_shingler *shingler, const void *bytes, size_t length,
                                  const farro_span *texts, size_t count, uint64_t *counts) {
  texts_work work = {.bytes = bytes, .texts = texts, .counts = counts};
  return run(&work, shingler, length, count, count_tasks);
}

farro_status farro_shingle_sets(const farro_shingler *shingler, const void *bytes, size_t length,
                                const farro_span *texts, size_t count, const uint64_t *places, uint64_t *hashes,
                                uint64_t *counts) {
  texts_work work = {.bytes = bytes, .texts = texts, .places = places, .hashes = hashes, .counts = counts};
  return run(&work, shingler, length, count, set_tasks);
}

// ---- keys of bands ----

typedef struct {
  const uint32_t *signatures;
  size_t count, slots, bands, rows;
  uint64_t *keys;
} keys_work;

static uint64_t band_key(const uint32_t *slots, size_t rows, uint64_t band) {
  uint64_t key = (band + 1) * 0x9E3779B97F4A7C15u;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const uint64_t low = slots[i] | (uint64_t)slots[i + 1] << 32, high = slots[i + 2] | (uint64_t)slots[i + 3] << 32;
    key = fold_product(low ^ key, high ^ 0xD6E8FEB86659FD93u);
  }
  for (; i < rows; i++) key = fold_product(slots[i] ^ key, 0xD6E8FEB86659FD93u);
  return mix64(key + rows);
}

static void make_keys(void *context, size_t first, size_t last) {
  const keys_work *work = context;
  for (size_t i = first; i < last; i++)
    for (size_t b = 0; b < work->bands; b++)
      work->keys[b * work->count + i] = band_key(work->signatures + i * work->slots + b * work->rows, work->rows, b);
}

farro_status farro_band_keys(const uint32_t *signatures, size_t count, size_t slots, size_t bands, size_t rows,
                             uint64_t *keys) {
  if (rows == 0 || rows > slots || bands > slots / rows || !can_exist(count, slots, 1)) return FARRO_ERROR_ARGUMENT;
  keys_work work = {signatures, count, slots, bands, rows, keys};
  const double each = (double)bands * (4 + (double)rows);
  farro_parallel_for(count, (size_t)(50e3 / (each + 1)) + 1, (double)count * each, make_keys, &work);
  return FARRO_OK;
}
