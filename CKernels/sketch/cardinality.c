// HyperLogLog: entries, the sparse form and the estimate.
#include <math.h>
#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "sketch/counting.h"
#include "sketch/keys.h"

enum { sparse_precision = 26, rank_bits = 6, sparse_most_rank = 65 - sparse_precision };

static bool is_precision(uint32_t precision) { return precision >= 4 && precision <= 18; }

farro_status farro_hyperloglog_update(uint8_t *registers, uint32_t precision, const uint64_t *hashes, size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_precision(precision) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  kernels->counting->rank(precision, hashes, count, registers);
  return FARRO_OK;
}

farro_status farro_hyperloglog_update_keys(uint8_t *registers, uint32_t precision, uint64_t seed, const uint64_t *keys,
                                           size_t count) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_precision(precision) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  uint64_t hashes[counting_piece];
  for (size_t i = 0; i < count; i += counting_piece) {
    const size_t some = smaller(counting_piece, count - i);
    kernels->counting->mix(seed_key(seed), keys + i, some, hashes);
    kernels->counting->rank(precision, hashes, some, registers);
  }
  return FARRO_OK;
}

farro_status farro_mix_keys(uint64_t seed, const uint64_t *keys, size_t count, uint64_t *hashes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  kernels->counting->mix(seed_key(seed), keys, count, hashes);
  return FARRO_OK;
}

// What a register of high precision holds, at a lower one: the `less` lower bits of its index are the first of the
// rank.
static void raise(uint8_t *registers, size_t index, uint32_t rank, uint32_t less) {
  const uint64_t middle = index & ((1u << less) - 1);
  if (middle)
    rank = (uint32_t)__builtin_clzll(middle) - (64 - less) + 1;
  else
    rank += less;
  uint8_t *reg = registers + (index >> less);
  if (rank > *reg) *reg = (uint8_t)rank;
}

farro_status farro_hyperloglog_merge(uint8_t *into, uint32_t precision, const uint8_t *from, uint32_t from_precision) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_precision(precision) || !is_precision(from_precision) || from_precision < precision)
    return FARRO_ERROR_ARGUMENT;
  const size_t count = (size_t)1 << from_precision;
  if (from_precision == precision)
    kernels->counting->maximum(into, from, count);
  else
    for (size_t i = 0; i < count; i++)
      if (from[i]) raise(into, i, from[i], from_precision - precision);
  return FARRO_OK;
}

// ---- the estimate ----

// x + sum over k of x^(2^k) 2^(k - 1): of registers that are 0.
static double sigma(double x) {
  double sum = x, before, scale = 1;
  do {
    x *= x;
    before = sum;
    sum += x * scale;
    scale *= 2;
  } while (sum != before);
  return sum;
}

// (1 - x - sum over k of (1 - x^(2^-k))^2 2^-k) / 3: of registers whose hashes have ended.
static double tau(double x) {
  if (x == 0 || x == 1) return 0;
  double sum = 1 - x, before, scale = 1;
  do {
    x = sqrt(x);
    before = sum;
    scale /= 2;
    sum -= (1 - x) * (1 - x) * scale;
  } while (sum != before);
  return sum / 3;
}

farro_status farro_hyperloglog_estimate(const uint8_t *registers, uint32_t precision, double *estimate) {
  if (!is_precision(precision)) return FARRO_ERROR_ARGUMENT;
  // Four histograms: neighbours are often equal, and a count would wait for the one before it.
  uint32_t counts[4][256] = {0};
  const size_t m = (size_t)1 << precision, last = 65 - precision;
  for (size_t i = 0; i < m; i += 4)
    for (size_t j = 0; j < 4; j++) counts[j][registers[i + j]]++;
  for (size_t k = 0; k < 256; k++) {
    counts[0][k] += counts[1][k] + counts[2][k] + counts[3][k];
    if (k > last && counts[0][k]) return FARRO_ERROR_ARGUMENT;
  }
  const uint32_t *of = counts[0];
  *estimate = 0;
  if (of[0] == m) return FARRO_OK;
  double z = (double)m * tau(1 - (double)of[last] / (double)m);
  for (size_t k = last - 1; k > 0; k--) z = 0.5 * (z + of[k]);
  z += (double)m * sigma(of[0] / (double)m);
  // 1 / (2 ln 2) in the limit of many registers; of few, the estimate would be too high by about 1 / m (P. Flajolet and
  // others, figure 3).
  const double alpha = 0.72134752044448170368 / (1 + 1.079 / (double)m);
  *estimate = alpha * (double)m * (double)m / z;
  return FARRO_OK;
}

// ---- the sparse form ----

// Adds a code, unless there is no room: the place of its index is found by halving.
static bool add(uint32_t *codes, size_t *count, size_t capacity, uint32_t code) {
  size_t low = 0, high = *count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (codes[middle] >> rank_bits < code >> rank_bits)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < *count && codes[low] >> rank_bits == code >> rank_bits) {
    if (code > codes[low]) codes[low] = code;
    return true;
  }
  if (*count >= capacity) return false;
  memmove(codes + low + 1, codes + low, (*count - low) * sizeof *codes);
  codes[low] = code;
  *count += 1;
  return true;
}

size_t farro_hyperloglog_sparse_update(uint32_t *codes, size_t *count, size_t capacity, const uint64_t *hashes,
                                       size_t n) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t rank = (uint32_t)__builtin_clzll(hashes[i] << sparse_precision | 1ull << (sparse_precision - 1)) + 1;
    const uint32_t index = (uint32_t)(hashes[i] >> (64 - sparse_precision));
    if (!add(codes, count, capacity, index << rank_bits | rank)) return i;
  }
  return n;
}

size_t farro_hyperloglog_sparse_merge(uint32_t *codes, size_t *count, size_t capacity, const uint32_t *from, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!add(codes, count, capacity, from[i])) return i;
  return n;
}

farro_status farro_hyperloglog_expand(const uint32_t *codes, size_t count, uint8_t *registers, uint32_t precision) {
  if (!is_precision(precision)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < count; i++)
    raise(registers, codes[i] >> rank_bits, codes[i] & ((1 << rank_bits) - 1), sparse_precision - precision);
  return FARRO_OK;
}

double farro_hyperloglog_sparse_estimate(size_t count) {
  // -ln(1 - x) by its series, for x below 2^-6: the same on every machine, which a library's logarithm is not.
  const double m = 1 << sparse_precision, x = (double)count / m;
  double sum = 0;
  for (int n = 10; n > 0; n--) sum = (sum + 1.0 / n) * x;
  return m * sum;
}

bool farro_hyperloglog_sparse_is_sound(const uint32_t *codes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t rank = codes[i] & ((1 << rank_bits) - 1);
    if (rank < 1 || rank > sparse_most_rank) return false;
    if (i > 0 && codes[i - 1] >> rank_bits >= codes[i] >> rank_bits) return false;
  }
  return true;
}
