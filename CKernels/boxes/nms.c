// Entry of non-maximum suppression.
//
// Candidates go by blocks in the order of their scores: all threads compare those of a block with the boxes kept so
// far, and one thread then compares what is left of it with those of its own block. Each candidate meets the kept boxes
// it would meet one by one.
#include "boxes.h"

#include "include/sorting.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

#include <math.h>
#include <string.h>

enum { block_candidates = 256, task_candidates = 16 };

// Of one comparison, on one thread.
static const double nanoseconds_per_box = 0.25;

typedef struct {
  const box_kernels *kernels;
  const char *boxes;
  const int32_t *classes;
  double threshold;
  const int64_t *order; // of the candidates
  size_t capacity, kept;
  void *arrays;     // the boxes kept, laid out
  int32_t *of_kept; // their classes
  size_t first;     // candidate of the block
  bool suppressed[block_candidates];
} suppression;

static bool is_suppressed(const suppression *s, size_t candidate, size_t from) {
  const size_t box = (size_t)s->order[candidate];
  return s->kernels->overlaps_any(s->boxes + box * 4 * s->kernels->element_bytes, s->classes ? s->classes[box] : 0,
                                  s->arrays, s->capacity, s->classes ? s->of_kept : NULL, from, s->kept, s->threshold);
}

static void compare_with_kept(void *context, size_t first, size_t last) {
  suppression *s = context;
  for (size_t i = first; i < last; i++) s->suppressed[i] = is_suppressed(s, s->first + i, 0);
}

static void keep(suppression *s, size_t candidate, int64_t *kept) {
  const size_t box = (size_t)s->order[candidate], bytes = s->kernels->element_bytes;
  s->kernels->lay_out(1, s->boxes + box * 4 * bytes, (char *)s->arrays + s->kept * bytes, s->capacity);
  if (s->classes) s->of_kept[s->kept] = s->classes[box];
  kept[s->kept++] = (int64_t)box;
}

static void suppress(suppression *s, size_t candidates, int64_t *kept) {
  for (s->first = 0; s->first < candidates; s->first += block_candidates) {
    const size_t count = smaller(block_candidates, candidates - s->first), before = s->kept;
    farro_parallel_for(count, task_candidates, (double)(count * before) * nanoseconds_per_box, compare_with_kept, s);
    for (size_t i = 0; i < count; i++)
      if (!s->suppressed[i] && !is_suppressed(s, s->first + i, before)) keep(s, s->first + i, kept);
  }
}

#define ENTRY(type, scalar)                                                                                            \
  /* Candidates with a score above the threshold: as scores descend, but for NaN, which comes first. */                \
  static size_t above_threshold_##type(size_t n, const scalar *scores, double threshold, int64_t *order) {             \
    size_t count = 0;                                                                                                  \
    for (size_t i = 0; i < n; i++)                                                                                     \
      if ((double)scores[order[i]] > threshold) order[count++] = order[i];                                             \
    return count;                                                                                                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_nms_##type(size_t n, const scalar *boxes, const scalar *scores, const int32_t *classes,           \
                                farro_nms_options options, int64_t *kept, size_t *count) {                             \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    if (n > UINT32_MAX || !(options.iou_threshold >= 0)) return FARRO_ERROR_ARGUMENT;                                  \
    if (n == 0) return *count = 0, FARRO_OK;                                                                           \
    suppression s = {.kernels = kernels->boxes_##type,                                                                 \
                     .boxes = (const char *)boxes,                                                                     \
                     .classes = classes,                                                                               \
                     .threshold = options.iou_threshold,                                                               \
                     .capacity = n + box_padding};                                                                     \
    const size_t arrays = box_arrays * s.capacity * sizeof(scalar);                                                    \
    const size_t space = n * sizeof(int64_t) + arrays + n * sizeof(int32_t);                                           \
    int64_t *order = farro_allocate(space);                                                                            \
    if (!order) return FARRO_ERROR_MEMORY;                                                                             \
    s.order = order;                                                                                                   \
    s.arrays = order + n;                                                                                              \
    s.of_kept = (int32_t *)((char *)s.arrays + arrays);                                                                \
    memset(s.arrays, 0, arrays);                                                                                       \
    const farro_status status = farro_sort_##type(1, n, true, scores, n, NULL, n, order, n);                           \
    if (status == FARRO_OK) {                                                                                          \
      if (options.uses_score_threshold) n = above_threshold_##type(n, scores, options.score_threshold, order);         \
      suppress(&s, n, kept);                                                                                           \
      *count = s.kept;                                                                                                 \
    }                                                                                                                  \
    farro_release(order, space);                                                                                       \
    return status;                                                                                                     \
  }

ENTRY(f32, float)
ENTRY(f64, double)
