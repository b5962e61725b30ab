// When results are written past the caches.
#ifndef FARRO_RUNTIME_STREAMING_H
#define FARRO_RUNTIME_STREAMING_H

#include "runtime.h"

// Whether a result should be written with non-temporal stores, where it and all that is read for it together have so
// many bytes: little of it will be found in the last-level cache afterwards, and a plain store first reads the line
// that it overwrites, which is a third of the traffic of a copy. Not for results written in place. The kernel ends with
// fence_nontemporal().
bool farro_should_stream(size_t bytes_moved);

#endif
