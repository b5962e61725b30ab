// CRCs by folding: a block of 16 bytes, multiplied by what x to the power of its distance leaves, may be added to the
// block that far behind it, and the sum is the same.
//
// Four vectors are folded in turn, since a product takes four cycles and two start in one (Zen 5).

typedef uint64_t loose_word __attribute__((aligned(1), may_alias));

enum { crc_lanes = VECTOR_BYTES / 16 };

INLINE u64v crc_factors(const crc_polynomial *polynomial, size_t blocks) {
  u64v factors;
  UNROLL for (int i = 0; i < 2 * crc_lanes; i++) factors[i] = polynomial->factors[blocks][i & 1];
  return factors;
}

INLINE u64x2 crc_block(const uint8_t *data) {
  u64x2 block;
  memcpy(&block, data, sizeof block);
  return block;
}

// The lanes as one block, in the place of the last.
INLINE u64x2 crc_join(const crc_polynomial *polynomial, u64v x) {
  uint64_t words[2 * crc_lanes];
  store(words, x);
  u64x2 joined = {words[2 * crc_lanes - 2], words[2 * crc_lanes - 1]};
  UNROLL for (int i = 0; i < crc_lanes - 1; i++) {
    const uint64_t *factors = polynomial->factors[crc_lanes - 1 - i];
    joined ^= carryless_sum((u64x2){words[2 * i], words[2 * i + 1]}, (u64x2){factors[0], factors[1]});
  }
  return joined;
}

// length >= 16. `sum` enters with the first bytes; the result is a block whose own sum, from 0, is that of the message.
INLINE u64x2 crc_folded(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length) {
  u64x2 x;
  if (length >= VECTOR_BYTES) {
    u64v first = load((const uint64_t *)data);
    first.x ^= sum;
    data += VECTOR_BYTES, length -= VECTOR_BYTES;
    const u64v near = crc_factors(polynomial, crc_lanes);
    if (length >= 3 * VECTOR_BYTES) {
      const u64v far = crc_factors(polynomial, 4 * crc_lanes);
      u64v four[4] = {first};
      UNROLL for (size_t i = 1; i < 4; i++) four[i] = load((const uint64_t *)(data + (i - 1) * VECTOR_BYTES));
      data += 3 * VECTOR_BYTES, length -= 3 * VECTOR_BYTES;
      for (; length >= 4 * VECTOR_BYTES; data += 4 * VECTOR_BYTES, length -= 4 * VECTOR_BYTES)
        UNROLL for (size_t i = 0; i < 4; i++) four[i] =
            carryless_sums(four[i], far) ^ load((const uint64_t *)(data + i * VECTOR_BYTES));
      first = four[0];
      UNROLL for (size_t i = 1; i < 4; i++) first = carryless_sums(first, near) ^ four[i];
    }
    for (; length >= VECTOR_BYTES; data += VECTOR_BYTES, length -= VECTOR_BYTES)
      first = carryless_sums(first, near) ^ load((const uint64_t *)data);
    x = crc_join(polynomial, first);
  } else {
    x = crc_block(data);
    x.x ^= sum;
    data += 16, length -= 16;
  }
  const u64x2 one = {polynomial->factors[1][0], polynomial->factors[1][1]};
  for (; length >= 16; data += 16, length -= 16) x = carryless_sum(x, one) ^ crc_block(data);
  if (length) {
    // The block and the bytes behind it, pushed to the end of two blocks, with zeros in front.
    uint8_t bytes[48] = {0};
    memcpy(bytes + 16, &x, 16);
    memcpy(bytes + 32, data, length);
    x = carryless_sum(crc_block(bytes + length), one) ^ crc_block(bytes + 16 + length);
  }
  return x;
}

#if defined(HAS_CRC32C)
static uint32_t crc32c_by_words(uint32_t sum, const uint8_t *data, size_t length) {
  for (; length >= 8; data += 8, length -= 8) sum = crc32c_word(sum, *(const loose_word *)data);
  for (; length; data++, length--) sum = crc32c_byte(sum, *data);
  return sum;
}

static uint32_t crc32c(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length) {
  if (length < crc_least_for_folds) return crc32c_by_words(sum, data, length);
  const u64x2 x = crc_folded(polynomial, sum, data, length);
  return crc32c_word(crc32c_word(0, x.x), x.y);
}
#endif

#if defined(HAS_CRC32)
static uint32_t crc32_by_words(uint32_t sum, const uint8_t *data, size_t length) {
  for (; length >= 8; data += 8, length -= 8) sum = crc32_word(sum, *(const loose_word *)data);
  for (; length; data++, length--) sum = crc32_byte(sum, *data);
  return sum;
}

static uint32_t crc32(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length) {
  if (length < crc_least_for_folds) return crc32_by_words(sum, data, length);
  const u64x2 x = crc_folded(polynomial, sum, data, length);
  return crc32_word(crc32_word(0, x.x), x.y);
}
#else
static uint32_t crc32(const crc_polynomial *polynomial, uint32_t sum, const uint8_t *data, size_t length) {
  if (length < 16) return farro_crc_by_tables(polynomial, sum, data, length);
  const u64x2 x = crc_folded(polynomial, sum, data, length);
  return farro_crc_by_tables(polynomial, 0, (const uint8_t *)&x, 16);
}
#endif
