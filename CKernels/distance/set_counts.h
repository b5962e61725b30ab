// What sets have in common with many others, counted by an index of these: for ELEMENT, as NAMED(name).
//
// The index lists, for each bucket of elements, which sets of y have one of them. A set of x looks up each of its
// elements and counts up the sets it finds, as a product of sparse matrices by rows does (F. Gustavson, "Two fast
// algorithms for sparse matrices", 1978): work is done for elements in common alone, where a merge walks over all.
// Buckets are ranges of elements, so that a set walks through them in order; where elements lie in heaps, and ranges
// would hold too many of them, buckets are of equal hashes.

typedef struct NAMED(set_index) {
  SETS y;
  ELEMENT least, most; // of y
  uint64_t factor;     // an element's bucket is (element - least) factor >> shift
  unsigned shift;
  size_t buckets, parts; // some buckets after others are a part, which a task enters
  bool is_exact;         // a bucket has one element only
  int64_t *bounds;       // (parts + 1, sets): where each set's elements of a part begin
  uint32_t *ends;        // of buckets among places; before them 0. As they are counted: how many there are
  uint16_t *sets;        // of each place, which one of y
  ELEMENT *elements;     // of each place, unless buckets are exact
} NAMED(set_index);

static inline size_t NAMED(bucket_of)(const NAMED(set_index) * index, ELEMENT element) {
  return (size_t)((uint64_t)(ELEMENT)(element - index->least) * index->factor >> index->shift);
}

// The first place of a set of y whose element is in a bucket from `bucket` on.
static int64_t NAMED(place_of)(const NAMED(set_index) * index, size_t set, size_t bucket) {
  int64_t from = index->y.offsets[set], end = index->y.offsets[set + 1];
  while (from < end) {
    const int64_t middle = from + (end - from) / 2;
    if (NAMED(bucket_of)(index, index->y.elements[middle]) < bucket)
      from = middle + 1;
    else
      end = middle;
  }
  return from;
}

static size_t NAMED(first_bucket)(const NAMED(set_index) * index, size_t part) {
  return index->buckets * part / index->parts;
}

static void NAMED(count_parts)(void *context, size_t first, size_t last) {
  const NAMED(set_index) *index = context;
  const size_t sets = index->y.sets;
  for (size_t part = first; part < last; part++) {
    const size_t bucket = NAMED(first_bucket)(index, part), end = NAMED(first_bucket)(index, part + 1);
    int64_t *bounds = index->bounds + part * sets;
    memset(index->ends + bucket, 0, (end - bucket) * sizeof *index->ends);
    for (size_t set = 0; set < sets; set++) {
      const int64_t set_end = index->y.offsets[set + 1];
      bounds[set] = part == 0 ? index->y.offsets[set] : NAMED(place_of)(index, set, bucket);
      const int64_t beyond = part + 1 == index->parts ? set_end : NAMED(place_of)(index, set, end);
      for (int64_t i = bounds[set]; i < beyond; i++) index->ends[NAMED(bucket_of)(index, index->y.elements[i])]++;
      if (part + 1 == index->parts) bounds[sets + set] = set_end;
    }
  }
}

static void NAMED(enter_parts)(void *context, size_t first, size_t last) {
  const NAMED(set_index) *index = context;
  const size_t sets = index->y.sets;
  for (size_t part = first; part < last; part++) {
    const int64_t *bounds = index->bounds + part * sets;
    uint32_t next = 0;
    for (size_t set = 0; set < sets; set++) next += (uint32_t)(bounds[set] - index->y.offsets[set]);
    for (size_t i = NAMED(first_bucket)(index, part); i < NAMED(first_bucket)(index, part + 1); i++) {
      const uint32_t count = index->ends[i];
      index->ends[i] = next;
      next += count;
    }
    for (size_t set = 0; set < sets; set++)
      for (int64_t i = bounds[set]; i < bounds[sets + set]; i++) {
        const ELEMENT element = index->y.elements[i];
        const uint32_t place = index->ends[NAMED(bucket_of)(index, element)]++;
        index->sets[place] = (uint16_t)set;
        if (!index->is_exact) index->elements[place] = element;
      }
  }
}

static void NAMED(count_buckets)(NAMED(set_index) * index, double elements) {
  farro_parallel_for(index->parts, 1, elements * nanoseconds_to_enter / 2, NAMED(count_parts), index);
}

static void NAMED(enter_sets)(NAMED(set_index) * index, double elements) {
  farro_parallel_for(index->parts, 1, elements * nanoseconds_to_enter / 2, NAMED(enter_parts), index);
  for (size_t i = 0; i < places_at_once; i++) index->sets[index->ends[index->buckets - 1] + i] = 0;
}

// How many places an element of x finds in its bucket, on average of some of them; once buckets are counted.
static double NAMED(places_found)(const NAMED(set_index) * index, const SETS *x) {
  const int64_t first = x->offsets[0], end = x->offsets[x->sets], step = (end - first) / sampled_elements + 1;
  double found = 0, sampled = 0;
  for (int64_t i = first; i < end; i += step, sampled++) {
    const ELEMENT element = x->elements[i];
    if (element < index->least || element > index->most) continue;
    found += index->ends[NAMED(bucket_of)(index, element)];
  }
  return found / (sampled + 1);
}

static void NAMED(use_ranges)(NAMED(set_index) * index, uint64_t elements) {
  const uint64_t range = (uint64_t)(ELEMENT)(index->most - index->least);
  index->factor = 1, index->shift = 0;
  if (range >= 2 * elements)
    while (range >> index->shift >= elements) index->shift++;
  index->buckets = (size_t)(range >> index->shift) + 1;
  index->is_exact = index->shift == 0;
  index->parts = smaller(most_parts, ceil_divide(elements, part_elements));
}

// By multiplication with a fraction of the golden ratio (D. Knuth, "The Art of Computer Programming", 6.4).
static void NAMED(use_hashes)(NAMED(set_index) * index, uint64_t elements) {
  const unsigned bits = 64 - (unsigned)__builtin_clzll(elements);
  index->factor = 0x9e3779b97f4a7c15, index->shift = 64 - bits;
  index->buckets = (size_t)1 << bits;
  index->is_exact = false;
  index->parts = 1;
}

// Counts up which sets of y have elements of buckets before `end`; returns how many of the elements those are.
static size_t NAMED(count_common)(const NAMED(set_index) * index, const ELEMENT *elements, size_t count, size_t end,
                                  uint32_t *common) {
  const uint16_t *sets = index->sets;
  const ELEMENT *entered = index->elements;
  size_t i = 0;
  for (; i < count && elements[i] <= index->most; i++) {
    const ELEMENT element = elements[i];
    if (element < index->least) continue;
    const size_t bucket = NAMED(bucket_of)(index, element);
    if (bucket >= end) break;
    const uint32_t last = index->ends[bucket];
    // Some at once, as the end of a short list is hard to foresee: what lies behind it counts nothing.
    if (index->is_exact) {
      for (uint32_t at = index->ends[(ptrdiff_t)bucket - 1]; at < last; at += places_at_once)
        for (uint32_t k = at; k < at + places_at_once; k++) common[sets[k]] += k < last;
    } else {
      for (uint32_t at = index->ends[(ptrdiff_t)bucket - 1]; at < last; at += places_at_once)
        for (uint32_t k = at; k < at + places_at_once; k++) common[sets[k]] += (k < last) & (entered[k] == element);
    }
  }
  return i;
}

typedef struct NAMED(counting) {
  NAMED(set_index) index;
  const SETS *x;
  const int32_t *sizes; // of the sets of y
  float *out;
  size_t ld_out;
} NAMED(counting);

// Some sets of x at a time go through the index part by part, so that a part stays in the L2 cache.
static void NAMED(count_rows)(void *context, size_t first, size_t last) {
  const NAMED(counting) *c = context;
  const NAMED(set_index) *index = &c->index;
  const size_t sets = index->y.sets, some = smaller(counted_sets, most_counts / sets);
  uint32_t common[most_counts];
  for (size_t row = first; row < last; row += some) {
    const size_t rows = smaller(some, last - row);
    const int64_t *offsets = c->x->offsets + row;
    size_t done[counted_sets] = {0};
    memset(common, 0, rows * sets * sizeof *common);
    for (size_t part = 0; part < index->parts; part++)
      for (size_t i = 0; i < rows; i++)
        done[i] += NAMED(count_common)(index, c->x->elements + offsets[i] + done[i],
                                       (size_t)(offsets[i + 1] - offsets[i]) - done[i],
                                       NAMED(first_bucket)(index, part + 1), common + i * sets);
    for (size_t i = 0; i < rows; i++)
      write_distances(sets, (int32_t)(offsets[i + 1] - offsets[i]), c->sizes, common + i * sets,
                      c->out + (row + i) * c->ld_out);
  }
}

// Whether distances were written: not where merges are cheaper, or memory is short. y has up to most_indexed_sets and
// most_indexed_elements, x no set of 2^30 elements.
static bool NAMED(measure_by_index)(const SETS *x, const SETS *y, double merge_nanoseconds, float *out, size_t ld_out) {
  const uint64_t elements = (uint64_t)(y->offsets[y->sets] - y->offsets[0]);
  const double looked_up = (double)(x->offsets[x->sets] - x->offsets[0]), pairs = (double)x->sets * (double)y->sets;
  const double least_nanoseconds =
      (double)elements * nanoseconds_to_enter + looked_up * nanoseconds_to_look_up + pairs * nanoseconds_to_write;
  if (elements == 0 || least_nanoseconds > merge_nanoseconds) return false;
  // In this order all are aligned.
  const size_t places = elements + places_at_once, ends = 2 * elements + 1, bounds = (most_parts + 1) * y->sets;
  const size_t bytes =
      bounds * sizeof(int64_t) + places * (sizeof(ELEMENT) + sizeof(uint16_t)) + (ends + y->sets) * sizeof(uint32_t);
  char *space = farro_allocate(bytes);
  if (!space) return false;
  NAMED(counting) c = {.index = {.y = *y, .least = (ELEMENT)-1}, .x = x, .out = out, .ld_out = ld_out};
  NAMED(set_index) *index = &c.index;
  index->bounds = (int64_t *)space;
  index->elements = (ELEMENT *)(index->bounds + bounds);
  uint32_t *before = (uint32_t *)(index->elements + places);
  index->ends = before + 1, *before = 0;
  int32_t *sizes = (int32_t *)(before + ends);
  index->sets = (uint16_t *)(sizes + y->sets);
  c.sizes = sizes;
  for (size_t i = 0; i < y->sets; i++) {
    const int64_t begin = y->offsets[i], end = y->offsets[i + 1];
    sizes[i] = (int32_t)(end - begin);
    if (begin == end) continue;
    if (y->elements[begin] < index->least) index->least = y->elements[begin];
    if (y->elements[end - 1] > index->most) index->most = y->elements[end - 1];
  }
  NAMED(use_ranges)(index, elements);
  NAMED(count_buckets)(index, (double)elements);
  double found = NAMED(places_found)(index, x);
  if (!index->is_exact && found > few_places) {
    const NAMED(set_index) ranges = *index;
    NAMED(use_hashes)(index, elements);
    NAMED(count_buckets)(index, (double)elements);
    const double hashed = NAMED(places_found)(index, x);
    if (hashed < found / 2)
      found = hashed;
    else
      *index = ranges, NAMED(count_buckets)(index, (double)elements);
  }
  const double work =
      looked_up * (nanoseconds_to_look_up + found * nanoseconds_to_count) + pairs * nanoseconds_to_write;
  const bool is_cheaper = (double)elements * nanoseconds_to_enter + work < merge_nanoseconds;
  if (is_cheaper) {
    NAMED(enter_sets)(index, (double)elements);
    farro_parallel_for(x->sets, counted_sets, work, NAMED(count_rows), &c);
  }
  farro_release(space, bytes);
  return is_cheaper;
}
