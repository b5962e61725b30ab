// The number of elements that two ascending lists have in common.
//
// Lists of like lengths: a block of 16 bytes of x meets one of y, each element of one with each of the other by turning
// y's round, and the block with the smaller last element is left. Longer blocks compare more than they leave behind.

// Where one list is so many times as long as the other, its elements are searched instead of walked over.
enum { set_search_ratio = 32 };

typedef uint32_t set_block_u32 __attribute__((ext_vector_type(4)));
typedef uint64_t set_block_u64 __attribute__((ext_vector_type(2)));

INLINE size_t set_matches_u32(set_block_u32 x, set_block_u32 y) {
  typedef int32_t block __attribute__((ext_vector_type(4)));
  const block same = (x == y) | (x == y.yzwx) | (x == y.zwxy) | (x == y.wxyz);
  return (size_t)-__builtin_reduce_add(same);
}

INLINE size_t set_matches_u64(set_block_u64 x, set_block_u64 y) {
  typedef int64_t block __attribute__((ext_vector_type(2)));
  const block same = (x == y) | (x == y.yx);
  return (size_t)-__builtin_reduce_add(same);
}

#define DEFINE_COMMON(type, element)                                                                                   \
  /* The first place from `from` on whose element is at least `wanted`. */                                             \
  INLINE size_t set_place_##type(const element *y, size_t from, size_t count, element wanted) {                        \
    size_t step = 1, below = from;                                                                                     \
    while (below < count && y[below] < wanted) from = below + 1, below += step, step *= 2;                             \
    size_t end = below < count ? below : count;                                                                        \
    while (from < end) {                                                                                               \
      const size_t middle = from + (end - from) / 2;                                                                   \
      if (y[middle] < wanted)                                                                                          \
        from = middle + 1;                                                                                             \
      else                                                                                                             \
        end = middle;                                                                                                  \
    }                                                                                                                  \
    return from;                                                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  static size_t set_search_##type(const element *x, size_t x_count, const element *y, size_t y_count) {                \
    size_t found = 0, place = 0;                                                                                       \
    for (size_t i = 0; i < x_count; i++) {                                                                             \
      place = set_place_##type(y, place, y_count, x[i]);                                                               \
      if (place == y_count) break;                                                                                     \
      found += y[place] == x[i];                                                                                       \
    }                                                                                                                  \
    return found;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  static size_t set_common_##type(const element *x, size_t x_count, const element *y, size_t y_count) {                \
    if (x_count > y_count / set_search_ratio && y_count > x_count / set_search_ratio) {                                \
      enum { block = sizeof(set_block_##type) / sizeof(element) };                                                     \
      size_t found = 0, i = 0, j = 0;                                                                                  \
      while (i + block <= x_count && j + block <= y_count) {                                                           \
        set_block_##type a, b;                                                                                         \
        memcpy(&a, x + i, sizeof a), memcpy(&b, y + j, sizeof b);                                                      \
        found += set_matches_##type(a, b);                                                                             \
        const element x_last = x[i + block - 1], y_last = y[j + block - 1];                                            \
        i += x_last <= y_last ? block : 0;                                                                             \
        j += y_last <= x_last ? block : 0;                                                                             \
      }                                                                                                                \
      while (i < x_count && j < y_count) {                                                                             \
        const element a = x[i], b = y[j];                                                                              \
        found += a == b;                                                                                               \
        i += a <= b;                                                                                                   \
        j += b <= a;                                                                                                   \
      }                                                                                                                \
      return found;                                                                                                    \
    }                                                                                                                  \
    return x_count < y_count ? set_search_##type(x, x_count, y, y_count) : set_search_##type(y, y_count, x, x_count);  \
  }

DEFINE_COMMON(u32, uint32_t)
DEFINE_COMMON(u64, uint64_t)

#undef DEFINE_COMMON

static const set_kernels sets = {.common_u32 = set_common_u32, .common_u64 = set_common_u64};
