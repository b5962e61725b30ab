// The backends of the worker that opens its library at run time.
#include "worker.h"

extern const backend farro_backend, cblas_backend, xxhash_backend;

const backend *const backends[] = {&farro_backend, &cblas_backend, &xxhash_backend, NULL};
