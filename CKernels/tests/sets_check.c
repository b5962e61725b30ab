#include "check.h"

#define CHECK_SETS(type, element)                                                                                      \
  /* Sets of up to `most` numbers, with every bit of an element in use; the gaps make some of them common. With a gap  \
     of 0 they lie in four heaps far from each other. */                                                               \
  static farro_sets_##type random_##type(size_t sets, size_t most, size_t gap) {                                       \
    int64_t *offsets = guarded_allocate((sets + 1) * sizeof *offsets);                                                 \
    offsets[0] = 0;                                                                                                    \
    for (size_t i = 0; i < sets; i++) offsets[i + 1] = offsets[i] + (int64_t)random_below(most + 1);                   \
    const size_t count = (size_t)offsets[sets];                                                                        \
    element *elements = guarded_allocate(count * sizeof *elements);                                                    \
    for (size_t i = 0; i < sets; i++) {                                                                                \
      element next = ((element)1 << (sizeof(element) * 8 - 1)) - (element)(most * gap / 4);                            \
      const int64_t set = offsets[i + 1] - offsets[i];                                                                 \
      for (int64_t k = offsets[i]; k < offsets[i + 1]; k++) {                                                          \
        const element heap = (element)((k - offsets[i]) * 4 / set) << (sizeof(element) * 8 - 3);                       \
        elements[k] = (next += 1 + (element)random_below(gap ? gap : 3)) + (gap ? 0 : heap);                           \
      }                                                                                                                \
    }                                                                                                                  \
    return (farro_sets_##type){sets, offsets, elements};                                                               \
  }                                                                                                                    \
  static void free_##type(farro_sets_##type x) {                                                                       \
    guarded_free((void *)x.elements, (size_t)x.offsets[x.sets] * sizeof *x.elements);                                  \
    guarded_free((void *)x.offsets, (x.sets + 1) * sizeof *x.offsets);                                                 \
  }                                                                                                                    \
                                                                                                                       \
  static void check_problem_##type(size_t m, size_t n, size_t x_most, size_t y_most, size_t gap, size_t pad) {         \
    const farro_sets_##type x = random_##type(m, x_most, gap), y = random_##type(n, y_most, gap);                      \
    const size_t ld = n + pad, count = m ? (m - 1) * ld + n : 0, bytes = count * sizeof(float);                        \
    const size_t pairs = m < n ? m : n;                                                                                \
    float *out = guarded_allocate(bytes), *exact = guarded_allocate(bytes), *serial = guarded_allocate(bytes);         \
    float *paired = guarded_allocate(pairs * sizeof(float));                                                           \
    fill_f32(out, count);                                                                                              \
    memcpy(exact, out, bytes), memcpy(serial, out, bytes);                                                             \
    farro_status status = farro_set_distances_##type(&x, &y, out, ld);                                                 \
    farro_set_distances_reference_##type(&x, &y, exact, ld);                                                           \
    EXPECT(status == FARRO_OK && memcmp(out, exact, bytes) == 0, "sets_" #type " (%zu, %zu) of %zu and %zu", m, n,     \
           x_most, y_most);                                                                                            \
    farro_set_local_threads(1, NULL);                                                                                  \
    farro_set_distances_##type(&x, &y, serial, ld);                                                                    \
    farro_set_local_threads(0, NULL);                                                                                  \
    EXPECT(memcmp(out, serial, bytes) == 0, "sets_" #type " (%zu, %zu): bits depend on threads", m, n);                \
    const farro_sets_##type a = {pairs, x.offsets, x.elements}, b = {pairs, y.offsets, y.elements};                    \
    status = farro_paired_set_distances_##type(&a, &b, paired);                                                        \
    bool same = status == FARRO_OK;                                                                                    \
    for (size_t i = 0; i < pairs; i++) same = same && paired[i] == exact[i * ld + i];                                  \
    EXPECT(same, "%zu pairs of sets_" #type " of %zu and %zu", pairs, x_most, y_most);                                 \
    guarded_free(out, bytes), guarded_free(exact, bytes), guarded_free(serial, bytes);                                 \
    guarded_free(paired, pairs * sizeof(float));                                                                       \
    free_##type(x), free_##type(y);                                                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static void check_type_##type(void) {                                                                                \
    const size_t lengths[] = {0, 1, 2, 3, 4, 5, 8, 9, 17, 100};                                                        \
    for (size_t i = 0; i < 10; i++)                                                                                    \
      for (size_t j = 0; j < 10; j++)                                                                                  \
        check_problem_##type(1 + i * 3 % 7, 1 + j * 5 % 11, lengths[i], lengths[j], 1 + (i + j) % 4, i % 2);           \
    check_problem_##type(3, 4, 5, 2000, 3, 0); /* of unlike lengths */                                                 \
    check_problem_##type(4, 3, 2000, 5, 3, 0);                                                                         \
    check_problem_##type(130, 200, 40, 40, 2, 1);    /* on all threads */                                              \
    check_problem_##type(130, 200, 40, 40, 1000, 0); /* rare elements */                                               \
    check_problem_##type(130, 200, 40, 40, 0, 3);    /* in heaps */                                                    \
    check_problem_##type(60, 5000, 8, 8, 2, 0);      /* more sets than an index takes */                               \
    check_problem_##type(20, 900, 60, 100, 2, 0);    /* an index that several tasks make */                            \
    check_problem_##type(20, 900, 60, 100, 1000, 1);                                                                   \
    check_problem_##type(20, 300, 300, 20, 2, 1); /* elements that no set of y has */                                  \
    check_problem_##type(0, 3, 5, 5, 2, 0), check_problem_##type(3, 0, 5, 5, 2, 0);                                    \
    const farro_sets_##type two = random_##type(2, 3, 2), three = random_##type(3, 3, 2);                              \
    float out[9];                                                                                                      \
    EXPECT(farro_set_distances_##type(&two, &three, out, 2) == FARRO_ERROR_ARGUMENT, "ld_out < n");                    \
    EXPECT(farro_paired_set_distances_##type(&two, &three, out) == FARRO_ERROR_ARGUMENT, "pairs of 2 and 3");          \
    free_##type(two), free_##type(three);                                                                              \
  }

CHECK_SETS(u32, uint32_t)
CHECK_SETS(u64, uint64_t)

void check_sets(void) { check_type_u32(), check_type_u64(); }
