// Farro's operators on arrays, by the names of families/: one small function each, for the row's sizes.
#include "operators.h"

#include <stdlib.h>

extern const farro_operator normalization_operators[], image_norm_operators[], scaling_operators[], softmax_operators[],
    elementwise_operators[], attention_operators[], optimizer_operators[], reduction_operators[], sorting_operators[],
    embedding_operators[], convolution_operators[], pooling_operators[], distance_operators[], bit_operators[],
    box_operators[], sparse_distance_operators[], neighbor_operators[], set_operators[], hashing_operators[],
    ranking_operators[], gram_operators[];

static const farro_operator *const families[] = {
    normalization_operators, image_norm_operators, scaling_operators,     softmax_operators,
    elementwise_operators,   attention_operators,  optimizer_operators,   reduction_operators,
    sorting_operators,       embedding_operators,  convolution_operators, pooling_operators,
    distance_operators,      bit_operators,        box_operators,         sparse_distance_operators,
    neighbor_operators,      set_operators,        hashing_operators,     ranking_operators,
    gram_operators,
};

struct row_sizes sizes;
void *operator_function, *space;

bool is_first_call(size_t bytes) {
  if (space) return false;
  space = calloc(1, bytes);
  return true;
}

static void read_sizes(void) {
#define SIZE(name) sizes.name = size_parameter(#name)
  SIZE(rows), SIZE(columns), SIZE(count), SIZE(k);
  SIZE(batch), SIZE(heads), SIZE(length), SIZE(size), SIZE(causal), SIZE(ragged);
  SIZE(channels), SIZE(spatial), SIZE(groups), SIZE(filters), SIZE(height), SIZE(width);
  SIZE(window_height), SIZE(window_width), SIZE(stride), SIZE(pad_height), SIZE(pad_width);
  SIZE(table_rows);
#undef SIZE
}

worker_call load_operator(const char *operation, const char *type, const char **why) {
  free(space);
  space = NULL;
  read_sizes();
  *why = "libfarro has no such operator of this type";
  if (strcmp(type, "f32") != 0) return NULL;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    for (const farro_operator *o = families[i]; o->operation; o++)
      if (strcmp(o->operation, operation) == 0) {
        operator_function = symbol(o->symbol);
        return operator_function ? o->call : NULL;
      }
  return NULL;
}
