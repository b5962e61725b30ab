// Consistent weighted sampling. Its random numbers are functions of (seed, element, slot), in plain doubles: additions,
// multiplications and divisions round alike everywhere, a library's logarithm does not.
#include <string.h>

#include "include/sketch.h"
#include "runtime/sizes.h"
#include "text/shingle_hash.h"

// The natural logarithm of a positive number, within 3e-15 of it or its relative value.
static double logarithm(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  // x = 2^e m, sqrt(1/2) <= m < sqrt(2).
  const int64_t e = (int64_t)(bits - 0x3FE6A09E667F3BCD) >> 52;
  bits -= (uint64_t)e << 52;
  double m;
  memcpy(&m, &bits, sizeof m);
  // ln m = 2 atanh(s), |s| < 0.172: s^23 / 23 is below 2^-60.
  const double s = (m - 1) / (m + 1), q = s * s;
  double sum = 1.0 / 21;
  for (int n = 19; n > 0; n -= 2) sum = sum * q + 1.0 / n;
  return (double)e * 0.69314718055994530942 + 2 * s * sum;
}

// In (0, 1): never 0, whose logarithm is infinite.
static double uniform(uint64_t word) { return ((double)(word >> 12) + 0.5) * 0x1p-52; }

static uint64_t draw(uint64_t key, uint64_t number) { return mix64(key + number * 0x9E3779B97F4A7C15u); }

static void sample(uint64_t seed, size_t slots, uint64_t hash, double log_weight, double *least, uint32_t *signature) {
  const uint64_t element = mix64(hash ^ mix64(seed));
  for (size_t k = 0; k < slots; k++) {
    const uint64_t key = draw(element, k + 1);
    // r and c are Gamma(2, 1): sums of two exponentials, which are minus the logarithm of a product.
    const double r = -logarithm(uniform(draw(key, 1)) * uniform(draw(key, 2)));
    const double c = -logarithm(uniform(draw(key, 3)) * uniform(draw(key, 4)));
    const double beta = uniform(draw(key, 5)), steps = log_weight / r + beta;
    const double t = (double)(int64_t)steps - (steps < (double)(int64_t)steps); // floor
    const double sampled = logarithm(c) - r * (t - beta + 1);
    if (!(sampled < least[k])) continue;
    least[k] = sampled;
    const uint32_t value = (uint32_t)draw(key, (uint64_t)(int64_t)t + 6);
    signature[k] = value - (value == farro_minhash_empty);
  }
}

farro_status farro_weighted_minhash_update(uint64_t seed, size_t slots, const uint64_t *hashes, const float *weights,
                                           size_t count, double *least, uint32_t *signature) {
  if (slots == 0 || !can_exist(slots, 1, 1) || !can_exist(count, 1, 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; i < count; i++)
    if (weights[i] > 0 && weights[i] < __builtin_inff())
      sample(seed, slots, hashes[i], logarithm((double)weights[i]), least, signature);
  return FARRO_OK;
}

farro_status farro_weighted_minhash_merge(size_t slots, double *least, uint32_t *signature, const double *other_least,
                                          const uint32_t *other_signature) {
  if (slots == 0 || !can_exist(slots, 1, 1)) return FARRO_ERROR_ARGUMENT;
  for (size_t k = 0; k < slots; k++)
    if (other_least[k] < least[k]) {
      least[k] = other_least[k];
      signature[k] = other_signature[k];
    }
  return FARRO_OK;
}
