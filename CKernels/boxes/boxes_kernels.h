// Overlaps of boxes: one box against a vector of others, whose coordinates lie in an array each.
//
// Errors, for a width and a height of one rounding each: an area carries 3u, and so does the intersection, of itself;
// the union, which is at least half of the areas' sum and no less than the intersection, 4u + 4u of the areas, 3u of
// the intersection and u of its own: 12u. The quotient adds one: 16u. In the generalized form, the part of the hull
// that neither covers carries 12u of the union, 3u + 3u of the hull twice and two roundings, of what is at most 1.

typedef struct {
  VECTOR x1, y1, x2, y2, area;
} KERNEL(box);

INLINE KERNEL(box) KERNEL(box_broadcast)(const SCALAR *box) {
  return (KERNEL(box)){broadcast(box[0]), broadcast(box[1]), broadcast(box[2]), broadcast(box[3]),
                       broadcast((box[2] - box[0]) * (box[3] - box[1]))};
}

INLINE KERNEL(box) KERNEL(box_load)(const SCALAR *arrays, size_t capacity, size_t i) {
  return (KERNEL(box)){load(arrays + i), load(arrays + capacity + i), load(arrays + 2 * capacity + i),
                       load(arrays + 3 * capacity + i), load(arrays + 4 * capacity + i)};
}

// One instruction each. NaN is lost here, and comes back with the areas.
INLINE VECTOR KERNEL(larger_of)(VECTOR a, VECTOR b) { return a > b ? a : b; }
INLINE VECTOR KERNEL(smaller_of)(VECTOR a, VECTOR b) { return a < b ? a : b; }

// 0, or the product of the sides.
INLINE VECTOR KERNEL(box_area)(VECTOR width, VECTOR height) {
  const VECTOR zero = broadcast((SCALAR)0);
  return KERNEL(larger_of)(width, zero) * KERNEL(larger_of)(height, zero);
}

// 0 where there is no whole: with masks, that is part of the division.
INLINE VECTOR KERNEL(box_ratio)(VECTOR part, VECTOR whole) {
  return whole == (SCALAR)0 ? broadcast((SCALAR)0) : part / whole;
}

INLINE VECTOR KERNEL(box_overlap)(KERNEL(box) a, KERNEL(box) b, const bool generalized) {
  const VECTOR both = KERNEL(box_area)(KERNEL(smaller_of)(a.x2, b.x2) - KERNEL(larger_of)(a.x1, b.x1),
                                       KERNEL(smaller_of)(a.y2, b.y2) - KERNEL(larger_of)(a.y1, b.y1));
  const VECTOR either = a.area + b.area - both, overlap = KERNEL(box_ratio)(both, either);
  if (!generalized) return overlap;
  const VECTOR hull = KERNEL(box_area)(KERNEL(larger_of)(a.x2, b.x2) - KERNEL(smaller_of)(a.x1, b.x1),
                                       KERNEL(larger_of)(a.y2, b.y2) - KERNEL(smaller_of)(a.y1, b.y1));
  return overlap - KERNEL(box_ratio)(hull - either, hull);
}

static void KERNEL(box_lay_out)(size_t n, const void *from, void *to, size_t capacity) {
  const SCALAR *boxes = from;
  SCALAR *arrays = to;
  for (size_t i = 0; i < n; i++, boxes += 4) {
    for (size_t k = 0; k < 4; k++) arrays[k * capacity + i] = boxes[k];
    arrays[4 * capacity + i] = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1]);
  }
}

// ---- all pairs ----

typedef struct {
  KERNEL(box) x;
  const SCALAR *y; // of the first column
  size_t capacity;
} KERNEL(box_row);

INLINE VECTOR KERNEL(box_iou_value)(const void *context, size_t i, size_t n, const bool partial) {
  (void)n, (void)partial;
  const KERNEL(box_row) *row = context;
  return KERNEL(box_overlap)(row->x, KERNEL(box_load)(row->y, row->capacity, i), false);
}

INLINE VECTOR KERNEL(box_generalized_value)(const void *context, size_t i, size_t n, const bool partial) {
  (void)n, (void)partial;
  const KERNEL(box_row) *row = context;
  return KERNEL(box_overlap)(row->x, KERNEL(box_load)(row->y, row->capacity, i), true);
}

// Where the first cache line begins at or behind column `at` of a row; at the row's ends, these.
INLINE size_t KERNEL(box_line)(const SCALAR *row, size_t columns, size_t at) {
  if (at == 0 || at >= columns) return at < columns ? at : columns;
  const size_t begin = at + KERNEL(lines_of)(row + at, columns - at).first;
  return begin < columns ? begin : columns;
}

static void KERNEL(box_overlaps)(const box_tile *t) {
  const SCALAR *x = t->x;
  SCALAR *out = t->out;
  for (size_t i = 0; i < t->rows; i++, x += 4, out += t->ld_out) {
    const size_t first = KERNEL(box_line)(out, t->columns, t->first);
    const size_t last = KERNEL(box_line)(out, t->columns, t->last);
    const KERNEL(box_row) row = {KERNEL(box_broadcast)(x), (const SCALAR *)t->y + first, t->capacity};
    if (t->generalized)
      KERNEL(write_row)(KERNEL(box_generalized_value), &row, NULL, out + first, last - first, t->streams);
    else
      KERNEL(write_row)(KERNEL(box_iou_value), &row, NULL, out + first, last - first, t->streams);
  }
  if (t->streams) fence_nontemporal();
}

// ---- suppression ----

// The largest number of the element type that is not above the threshold: a quotient is above both or neither.
INLINE SCALAR KERNEL(box_threshold)(double threshold) {
  const SCALAR rounded = (SCALAR)threshold;
  if ((double)rounded <= threshold || rounded == 0) return rounded;
  BITS bits;
  memcpy(&bits, &rounded, sizeof bits);
  bits--;
  SCALAR below;
  memcpy(&below, &bits, sizeof below);
  return below;
}

static bool KERNEL(box_overlaps_any)(const void *box, int32_t box_class, const void *arrays, size_t capacity,
                                     const int32_t *classes, size_t first, size_t last, double threshold) {
  const KERNEL(box) x = KERNEL(box_broadcast)(box);
  const VECTOR most = broadcast(KERNEL(box_threshold)(threshold));
  for (size_t i = first; i < last; i += LANES) {
    const VECTOR overlap = KERNEL(box_overlap)(x, KERNEL(box_load)(arrays, capacity, i), false);
    const INTEGER_VECTOR above = overlap > most;
    if (__builtin_reduce_or(above) == 0) continue;
    for (size_t j = 0; j < LANES && i + j < last; j++)
      if (above[j] && (!classes || classes[i + j] == box_class)) return true;
  }
  return false;
}

// ---- formats ----

// Corner and opposite corner, or center and size: one half of a box comes from both halves, by one rounding.
INLINE void KERNEL(box_convert_one)(const farro_box_format from, const farro_box_format to, const SCALAR *x,
                                    SCALAR *y) {
  const SCALAR half = (SCALAR)0.5;
  const SCALAR a = x[0], b = x[1], c = x[2], d = x[3];
  if (from == FARRO_BOX_CORNERS) {
    const bool center = to == FARRO_BOX_CENTER_SIZE;
    y[0] = center ? a * half + c * half : a;
    y[1] = center ? b * half + d * half : b;
    y[2] = c - a;
    y[3] = d - b;
  } else if (to == FARRO_BOX_CORNERS) {
    const bool center = from == FARRO_BOX_CENTER_SIZE;
    y[0] = center ? a - c * half : a;
    y[1] = center ? b - d * half : b;
    y[2] = center ? a + c * half : a + c;
    y[3] = center ? b + d * half : b + d;
  } else {
    const bool to_center = to == FARRO_BOX_CENTER_SIZE;
    y[0] = to_center ? a + c * half : a - c * half;
    y[1] = to_center ? b + d * half : b - d * half;
    y[2] = c;
    y[3] = d;
  }
}

static void KERNEL(box_convert)(size_t n, farro_box_format from, farro_box_format to, const void *boxes, void *result) {
  const SCALAR *x = boxes;
  SCALAR *y = result;
#define EACH(a, b)                                                                                                     \
  if (from == a && to == b)                                                                                            \
    for (size_t i = 0; i < n; i++) KERNEL(box_convert_one)(a, b, x + 4 * i, y + 4 * i)
  EACH(FARRO_BOX_CORNERS, FARRO_BOX_CENTER_SIZE);
  EACH(FARRO_BOX_CORNERS, FARRO_BOX_CORNER_SIZE);
  EACH(FARRO_BOX_CENTER_SIZE, FARRO_BOX_CORNERS);
  EACH(FARRO_BOX_CENTER_SIZE, FARRO_BOX_CORNER_SIZE);
  EACH(FARRO_BOX_CORNER_SIZE, FARRO_BOX_CORNERS);
  EACH(FARRO_BOX_CORNER_SIZE, FARRO_BOX_CENTER_SIZE);
#undef EACH
  if (from == to && x != y) memcpy(y, x, n * 4 * sizeof *x);
}

static const box_kernels KERNEL(boxes) = {.element_bytes = sizeof(SCALAR),
                                          .lay_out = KERNEL(box_lay_out),
                                          .overlaps = KERNEL(box_overlaps),
                                          .overlaps_any = KERNEL(box_overlaps_any),
                                          .convert = KERNEL(box_convert)};
