// Memory that grows by parts.
#ifndef FARRO_RUNTIME_RESIZE_H
#define FARRO_RUNTIME_RESIZE_H

#include "runtime.h"

// Memory of `old` bytes becomes memory of `bytes`, with what both have; NULL has 0 bytes, and 0 gives it back. From 64
// KiB on it is the operating system's, outside the pool: it is moved there without a copy where that is possible
// (Linux), and weighs only as far as it has been written to. Aligned to 16. NULL when there is none, and then the old
// memory is as it was.
void *farro_resize(void *pointer, size_t old, size_t bytes);

#endif
