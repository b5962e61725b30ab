// The least of many.
#ifndef FARRO_SVM_SELECT_H
#define FARRO_SVM_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct svm_candidate {
  double key;
  int32_t unknown;
} svm_candidate;

// Moves the `count` least of n to the front, in ascending order; of equal keys the lower number is less. The result
// does not depend on the order in which they came. O(n + count log count) on average.
void svm_select(svm_candidate *candidates, size_t n, size_t count);

#endif
