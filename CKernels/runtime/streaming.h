// When results are written past the caches.
#ifndef FARRO_RUNTIME_STREAMING_H
#define FARRO_RUNTIME_STREAMING_H

#include "runtime.h"
#include "runtime/sizes.h"

// Whether a result should be written with non-temporal stores, where it and all that is read for it together have so
// many bytes: little of it will be found in the last-level cache afterwards, and a plain store first reads the line
// that it overwrites, which is a third of the traffic of a copy. Not for results written in place. The kernel ends with
// fence_nontemporal().
bool farro_should_stream(size_t bytes_moved);

// The same of a result that may be one of its operands: in place, each line has been read already.
static inline bool writes_past_caches(const void *x, const void *y, size_t bytes_moved) {
  return x != y && farro_should_stream(bytes_moved);
}

// How many of `rows` a thread takes at once. 64 KiB take more than 1 us, against 0.05 us for taking them from the
// queue. Out of cache, the first rows of a range are not fetched early and its end waits for the stores to drain:
// longer ranges make that rare. Rows of half of that stay with one thread; ranges of more are of one length, and four
// or a multiple, so that no thread waits long for another.
static inline size_t rows_of_range(size_t rows, size_t row_bytes, bool streams) {
  const size_t bytes = streams ? (size_t)2 << 20 : 64 * 1024;
  const size_t most = row_bytes < bytes ? bytes / (row_bytes + 1) + 1 : 1;
  return rows <= most / 2 ? larger(rows, 1) : ceil_divide(rows, round_up(ceil_divide(rows, most), 4));
}

#endif
