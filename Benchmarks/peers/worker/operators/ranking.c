// How well scores rank two classes.
#include "operators.h"

static int roc_area(const void *const *in, void *out) {
  farro_ranking ranking;
  const int status = CALL(farro_roc_area_f32)(sizes.rows, in[0], in[1], NULL, &ranking);
  *(float *)out = (float)ranking.value;
  return status;
}

static int average_precision(const void *const *in, void *out) {
  farro_ranking ranking;
  const int status = CALL(farro_average_precision_f32)(sizes.rows, in[0], in[1], NULL, &ranking);
  *(float *)out = (float)ranking.value;
  return status;
}

const farro_operator ranking_operators[] = {
    {"roc_area", "farro_roc_area_f32", roc_area},
    {"average_precision", "farro_average_precision_f32", average_precision},
    {NULL, NULL, NULL},
};
