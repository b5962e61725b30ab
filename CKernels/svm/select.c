#include "select.h"

#include <stdlib.h>

static bool is_less(svm_candidate a, svm_candidate b) {
  return a.key < b.key || (a.key == b.key && a.unknown < b.unknown);
}

static int compare(const void *a, const void *b) {
  const svm_candidate *x = a, *y = b;
  return is_less(*x, *y) ? -1 : is_less(*y, *x);
}

static void swap(svm_candidate *a, svm_candidate *b) {
  const svm_candidate c = *a;
  *a = *b, *b = c;
}

// Hoare's partition about the median of three, on the side where the border lies.
static void part(svm_candidate *c, size_t n, size_t count) {
  size_t low = 0, high = n;
  while (high - low > 16) {
    svm_candidate *first = &c[low], *middle = &c[low + (high - low) / 2], *last = &c[high - 1];
    if (is_less(*middle, *first)) swap(middle, first);
    if (is_less(*last, *middle)) swap(last, middle);
    if (is_less(*middle, *first)) swap(middle, first);
    const svm_candidate pivot = *middle;
    size_t i = low, j = high - 1;
    for (;;) {
      while (is_less(c[i], pivot)) i++;
      while (is_less(pivot, c[j])) j--;
      if (i >= j) break;
      swap(&c[i++], &c[j--]);
    }
    if (count <= i)
      high = i;
    else
      low = i;
  }
  qsort(c + low, high - low, sizeof *c, compare);
}

void svm_select(svm_candidate *c, size_t n, size_t count) {
  if (count < n) part(c, n, count);
  qsort(c, count, sizeof *c, compare);
}
