// What a text's shingles are made of, and the kernel that makes them.
#ifndef FARRO_TEXT_TEXT_H
#define FARRO_TEXT_TEXT_H

#include "include/text.h"

// Takes `count` more of a text's hashes; called several times per text.
typedef void shingle_sink(void *context, const uint64_t *hashes, size_t count);

// A shingler with what its seed makes.
typedef struct shingle_plan {
  farro_shingle_unit unit;
  farro_word_rule rule;
  uint32_t size;
  uint64_t keys[3];    // of words
  uint64_t units[256]; // the hashes of bytes, or of ASCII characters
} shingle_plan;

// Whether the shingler is one; fills the plan then.
bool shingle_plan_make(const farro_shingler *shingler, shingle_plan *plan);

typedef struct text_kernels {
  void (*shingle)(const shingle_plan *plan, const uint8_t *text, size_t length, shingle_sink *sink, void *context);
} text_kernels;

#endif
