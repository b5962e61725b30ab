// Filling the empty slots of bins: each takes the value of the first slot that it tries and that is not empty.
#ifndef FARRO_SKETCH_DENSIFY_H
#define FARRO_SKETCH_DENSIFY_H

#include "sketch/sketch.h"

typedef struct densifier {
  size_t slots;
  uint64_t seed;
  const sketch_kernels *kernels;
  uint32_t *tries; // NULL, or by which try each slot meets each other: see densify.c
} densifier;

// A densifier that is about to meet some signatures of which `sparse` have most slots empty: where they are many, it
// prepares for them. What it fills is the same. Ends with densifier_release.
densifier densifier_make(const sketch_kernels *kernels, size_t slots, uint64_t seed, size_t sparse);
void densifier_release(densifier *d);

// Fills `rows` signatures; `to` may be `from`. On the calling thread; false when memory is short.
bool densifier_fill(const densifier *d, const uint32_t *from, size_t rows, uint32_t *to);

#endif
