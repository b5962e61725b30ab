// The worker of every C library, Farro included: loads a row's operands once, then times one repetition per line read
// on standard input. Calls go straight from C, so that none is charged for an interpreter.
//
//   worker BACKEND LIBRARY THREADS
//
// Requests and answers are lines of fields separated by tabs. An answer begins with "ok", "missing" (the library cannot
// run this row) or "error".
//   facts                       ok  version  instruction set
//   load  NAME=VALUE ...        ok  how it runs; in0=FILE in1=FILE ... output=BYTES sets=COUNT are for the worker, the
//                               rest for the backend
//   calibrate  SECONDS          ok  calls  seconds of the first call; fixes the calls of a repetition to last so long
//   run                         ok  seconds per call, of one repetition
//   result  FILE                ok; writes what one call on the first set of operands gives
//   probe  LIMIT  AMOUNT        ok  units per second
//   unload                      ok
#include "worker.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { most_parameters = 64, line_bytes = 16384, huge_page = 2 << 20 };

typedef struct {
  const void *inputs[most_inputs];
  void *output;
} operands;

static FILE *answers;
static void *library;
static char *parameters[most_parameters];
static int parameter_count;

static struct {
  operands *sets;
  size_t set_count, next_set, output_bytes, calls;
  size_t input_bytes[most_inputs];
  worker_call call;
} row;

// ---- for backends ----

bool open_library(const char *path) {
  library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  return library != NULL;
}

void *symbol(const char *name) { return dlsym(library, name); }

const char *parameter(const char *name) {
  const size_t length = strlen(name);
  for (int i = 0; i < parameter_count; i++)
    if (strncmp(parameters[i], name, length) == 0 && parameters[i][length] == '=') return parameters[i] + length + 1;
  return "";
}

size_t size_parameter(const char *name) { return strtoull(parameter(name), NULL, 10); }

// ---- operands ----

static void answer(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(answers, format, arguments);
  va_end(arguments);
  fputc('\n', answers);
  fflush(answers);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Zeroed, so that every page exists. Large arrays ask for huge pages, as NumPy's do.
static void *allocate(size_t bytes) {
  void *memory = NULL;
  const bool large = bytes >= 2 * (size_t)huge_page;
  if (posix_memalign(&memory, large ? huge_page : 64, bytes ? bytes : 1) != 0) {
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    exit(1);
  }
#ifdef MADV_HUGEPAGE
  if (large) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  memset(memory, 0, bytes);
  return memory;
}

static void unload(void) {
  for (size_t s = 0; s < row.set_count; s++) {
    for (int i = 0; i < most_inputs; i++) free((void *)row.sets[s].inputs[i]);
    free(row.sets[s].output);
  }
  free(row.sets);
  memset(&row, 0, sizeof row);
}

static void *read_whole(const char *path, size_t *bytes) {
  struct stat facts;
  FILE *file = fopen(path, "rb");
  if (!file || fstat(fileno(file), &facts) != 0) {
    perror(path);
    exit(1);
  }
  *bytes = (size_t)facts.st_size;
  void *memory = allocate(*bytes);
  if (fread(memory, 1, *bytes, file) != *bytes) {
    fprintf(stderr, "%s: cut short\n", path);
    exit(1);
  }
  fclose(file);
  return memory;
}

static void load(const backend *backend) {
  unload();
  const char *why = "this operation", *how = "";
  row.call = backend->load(&why, &how);
  if (!row.call) {
    answer("missing\t%s", why);
    return;
  }
  row.output_bytes = size_parameter("output");
  row.set_count = size_parameter("sets");
  row.sets = calloc(row.set_count, sizeof *row.sets);
  for (size_t s = 0; s < row.set_count; s++) {
    for (int i = 0; i < most_inputs; i++) {
      char name[8];
      snprintf(name, sizeof name, "in%d", i);
      if (parameter(name)[0] == 0) continue;
      if (s == 0) {
        row.sets[0].inputs[i] = read_whole(parameter(name), &row.input_bytes[i]);
      } else {
        void *copy = allocate(row.input_bytes[i]);
        memcpy(copy, row.sets[0].inputs[i], row.input_bytes[i]);
        row.sets[s].inputs[i] = copy;
      }
    }
    row.sets[s].output = allocate(row.output_bytes);
  }
  answer("ok\t%s", how);
}

// ---- timing ----

// The first failure ends the worker: a rate of calls that refuse would be worth nothing.
static double seconds_of(size_t calls) {
  const double begin = now();
  for (size_t i = 0; i < calls; i++) {
    const operands *set = &row.sets[row.next_set];
    const int code = row.call(set->inputs, set->output);
    if (code != 0) {
      fprintf(stderr, "the call failed with code %d\n", code);
      exit(1);
    }
    if (++row.next_set == row.set_count) row.next_set = 0;
  }
  return now() - begin;
}

// The least of three, so that an interruption is not taken for a slow call; long calls are let off with one.
static double least_seconds_of(size_t calls) {
  double least = seconds_of(calls);
  for (int more = 2; more > 0 && least < 0.1; more--) {
    const double seconds = seconds_of(calls);
    if (seconds < least) least = seconds;
  }
  return least;
}

static void calibrate(double wanted) {
  const double first = seconds_of(1);
  double seconds = 0;
  for (row.calls = 1; (seconds = least_seconds_of(row.calls)) < wanted / 4;) row.calls *= 2;
  const double per_call = seconds / (double)row.calls;
  row.calls = per_call < wanted ? (size_t)(wanted / per_call) : 1;
  answer("ok\t%zu\t%.9g", row.calls, first);
}

// The other side has had the caches and this side's threads have slept: a millisecond of calls before the clock starts
// puts both right, where a repetition is short enough to feel it.
static void run(void) {
  const double warm_until = now() + 1e-3;
  if (row.calls > 1) do
      seconds_of(1);
    while (now() < warm_until);
  answer("ok\t%.9g", seconds_of(row.calls) / (double)row.calls);
}

static void result(const char *path) {
  row.next_set = 0;
  seconds_of(1);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(row.sets[0].output, 1, row.output_bytes, file) != row.output_bytes || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
  answer("ok");
}

// ---- requests ----

static void serve(const backend *backend, char *line) {
  char *fields[most_parameters];
  int count = 0;
  for (char *field = strtok(line, "\t\n"); field && count < most_parameters; field = strtok(NULL, "\t\n"))
    fields[count++] = field;
  const char *request = count ? fields[0] : "";
  if (strcmp(request, "load") == 0) {
    parameter_count = count - 1;
    memcpy(parameters, fields + 1, sizeof *fields * (size_t)parameter_count);
    load(backend);
  } else if (strcmp(request, "facts") == 0) {
    char text[512] = "";
    backend->facts(text, sizeof text);
    answer("ok\t%s", text);
  } else if (strcmp(request, "probe") == 0 && count == 3) {
    double rate = 0;
    if (backend->probe && backend->probe(fields[1], strtoull(fields[2], NULL, 10), &rate))
      answer("ok\t%.9g", rate);
    else
      answer("missing\tno probe of %s", fields[1]);
  } else if (strcmp(request, "unload") == 0) {
    unload();
    answer("ok");
  } else if (!row.call) {
    answer("error\t'%s' before a row was loaded", request);
  } else if (strcmp(request, "calibrate") == 0 && count == 2) {
    calibrate(strtod(fields[1], NULL));
  } else if (strcmp(request, "run") == 0) {
    run();
  } else if (strcmp(request, "result") == 0 && count == 2) {
    result(fields[1]);
  } else {
    answer("error\tunknown request '%s'", request);
  }
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: worker BACKEND LIBRARY THREADS\n");
    return 64;
  }
  // Libraries print to standard output; answers go past them.
  answers = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO);
  const backend *chosen = NULL;
  for (const backend *const *b = backends; *b; b++)
    if (strcmp((*b)->name, argv[1]) == 0) chosen = *b;
  if (!chosen) {
    fprintf(stderr, "this worker has no backend '%s'\n", argv[1]);
    return 64;
  }
  if (!chosen->open(argv[2], atoi(argv[3]))) return 1;
  static char line[line_bytes];
  while (fgets(line, sizeof line, stdin)) serve(chosen, line);
  return 0;
}
