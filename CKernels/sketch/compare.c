// Entries that compare signatures: of 32 bits a slot, and of a few.
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/sketch.h"

enum { tile_bytes = 16 << 10 }; // of y, which stays in the first cache while the rows of x pass

typedef struct {
  const sketch_kernels *kernels;
  const uint32_t *x, *y;
  const uint64_t *packed_x, *packed_y;
  size_t m, n, slots, words, tile, row_tiles;
  uint32_t bits; // 0: not packed
  uint32_t *out;
  size_t ld_out;
} compare_work;

enum { row_tile = 64 };

// Items are (tile of x, tile of y).
static void compare_tiles(void *context, size_t first, size_t last) {
  const compare_work *w = context;
  for (size_t item = first; item < last; item++) {
    const size_t row = item % w->row_tiles * row_tile, last_row = smaller(row + row_tile, w->m);
    const size_t column = item / w->row_tiles * w->tile, columns = smaller(w->tile, w->n - column);
    for (size_t i = row; i < last_row; i++) {
      uint32_t *out = w->out + i * w->ld_out + column;
      if (w->bits)
        w->kernels->packed_matches(w->packed_x + i * w->words, w->packed_y + column * w->words, columns, w->slots,
                                   w->bits, out);
      else
        w->kernels->matches(w->x + i * w->slots, w->y + column * w->slots, columns, w->slots, out);
    }
  }
}

static farro_status compare(compare_work *w, size_t row_bytes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (w->slots == 0 || w->slots > UINT32_MAX || !are_rows(w->m, w->n, w->ld_out) || !can_exist(w->m, w->slots, 1) ||
      !can_exist(w->n, w->slots, 1))
    return FARRO_ERROR_ARGUMENT;
  if (w->m == 0 || w->n == 0) return FARRO_OK;
  w->kernels = kernels->sketch;
  w->tile = larger(1, tile_bytes / row_bytes);
  w->row_tiles = ceil_divide(w->m, row_tile);
  const double nanoseconds = (double)w->m * (double)w->n * (2 + (double)row_bytes / 64);
  farro_parallel_for(w->row_tiles * ceil_divide(w->n, w->tile), 1, nanoseconds, compare_tiles, w);
  return FARRO_OK;
}

farro_status farro_minhash_matches(const uint32_t *x, size_t m, const uint32_t *y, size_t n, size_t slots,
                                   uint32_t *out, size_t ld_out) {
  compare_work w = {.x = x, .y = y, .m = m, .n = n, .slots = slots, .out = out, .ld_out = ld_out};
  return compare(&w, larger(1, slots) * sizeof *x);
}

// ---- a few bits ----

static bool is_width(uint32_t bits) { return bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16; }

farro_status farro_minhash_packed_matches(const uint64_t *x, size_t m, const uint64_t *y, size_t n, size_t slots,
                                          uint32_t bits, uint32_t *out, size_t ld_out) {
  if (!is_width(bits)) return FARRO_ERROR_ARGUMENT;
  compare_work w = {.packed_x = x,
                    .packed_y = y,
                    .m = m,
                    .n = n,
                    .slots = slots,
                    .words = bits * ceil_divide(slots, 64),
                    .bits = bits,
                    .out = out,
                    .ld_out = ld_out};
  return compare(&w, larger(1, w.words) * sizeof *x);
}

typedef struct {
  const uint32_t *signatures;
  size_t slots;
  uint32_t bits;
  uint64_t *packed;
} pack_work;

static void pack_rows(void *context, size_t first, size_t last) {
  const pack_work *work = context;
  const size_t words = ceil_divide(work->slots, 64);
  for (size_t i = first; i < last; i++) {
    const uint32_t *row = work->signatures + i * work->slots;
    uint64_t *planes = work->packed + i * words * work->bits;
    for (size_t word = 0; word < words; word++) {
      uint64_t plane[16] = {0};
      for (size_t k = word * 64; k < smaller(word * 64 + 64, work->slots); k++) {
        // The lowest bits of a x + b depend on the lowest of x alone; the highest of a product on all.
        const uint32_t value = row[k] * 0x9E3779B1u >> (32 - work->bits);
        for (uint32_t b = 0; b < work->bits; b++) plane[b] |= (uint64_t)(value >> b & 1) << k % 64;
      }
      for (uint32_t b = 0; b < work->bits; b++) planes[b * words + word] = plane[b];
    }
  }
}

farro_status farro_minhash_pack(const uint32_t *signatures, size_t rows, size_t slots, uint32_t bits,
                                uint64_t *packed) {
  if (!is_width(bits) || slots == 0 || !can_exist(rows, slots, 1)) return FARRO_ERROR_ARGUMENT;
  pack_work work = {signatures, slots, bits, packed};
  farro_parallel_for(rows, 4096 / slots + 1, (double)rows * (double)slots * (1 + bits), pack_rows, &work);
  return FARRO_OK;
}
