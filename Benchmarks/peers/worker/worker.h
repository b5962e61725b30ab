// What a backend (one library behind the worker) offers, and what it may ask of the worker.
#ifndef PEERS_WORKER_H
#define PEERS_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { most_inputs = 6 };

// One call on one set of operands. Answers 0, or the library's own code of failure.
typedef int (*worker_call)(const void *const *inputs, void *output);

// A parameter of the row being loaded: "" or 0 where the row does not give it.
const char *parameter(const char *name);
size_t size_parameter(const char *name);

typedef struct backend {
  const char *name;
  // Loads the library at `path`; on failure says why on stderr.
  bool (*open)(const char *path, int threads);
  // Writes the version, a tab, and the instruction set that the library chose.
  void (*facts)(char *text, size_t size);
  // Makes ready for the row's parameters; NULL and a reason in *why where the library cannot run it. *how may be set
  // to a word on the way that it takes.
  worker_call (*load)(const char **why, const char **how);
  // The limit "fma_f32", "fma_f64" (FLOP/s), "read" or "copy" (bytes/s over `amount` bytes); NULL where it has no
  // probes.
  bool (*probe)(const char *limit, size_t amount, double *rate);
} backend;

// Looks up `name` in the library opened last by open_library.
bool open_library(const char *path);
void *symbol(const char *name);

// Farro's operators on arrays (operators/).
worker_call load_operator(const char *operation, const char *type, const char **why);

// Ends every list: NULL.
extern const backend *const backends[];

#endif
