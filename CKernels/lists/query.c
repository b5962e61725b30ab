// Queries as codes see them: signed bytes, or tables of products with the codewords.
#include <string.h>

#include "include/codes.h"
#include "lists/search.h"
#include "runtime/sizes.h"

size_t farro_query_code_bytes(const farro_lists *l) {
  switch (l->codes) {
  case FARRO_LIST_BYTES:
    return round_up(l->d, 64);
  case FARRO_LIST_PRODUCT:
    return list_pair_count(l->subspaces) * list_table_bytes;
  default:
    return 0;
  }
}

void farro_query_encode(const farro_lists *l, const lists_kernels *kernels, const float *query, float *space,
                        coded_query *coded) {
  const bool is_product = l->metric == FARRO_METRIC_INNER_PRODUCT;
  const float factor = is_product ? -1 : -2;
  if (l->codes == FARRO_LIST_BYTES) {
    const size_t padded = round_up(l->d, 64);
    int8_t *code = (int8_t *)coded->code;
    const float scale = l->scale * farro_query_codes_f32(l->d, padded, query, is_product ? NULL : l->mean, code);
    int32_t sum = 0;
    for (size_t k = 0; k < l->d; k++) sum += code[k];
    coded->factor = factor * scale, coded->bias = -coded->factor * 128 * (float)sum;
    return;
  }
  uint8_t plain[(FARRO_LIST_MOST_SUBSPACES + 2 * list_pairs) * list_codewords];
  float step, minima, *products = space + l->d;
  for (size_t k = 0; k < l->d; k++) space[k] = is_product ? query[k] : query[k] - l->mean[k];
  kernels->codeword_products(l->subspaces, l->d / l->subspaces, space, l->codebooks, products);
  memset(plain, 0, list_pair_count(l->subspaces) * 2 * list_codewords);
  kernels->quantize_tables(l->subspaces, products, plain, &step, &minima);
  kernels->arrange_tables(list_pair_count(l->subspaces), plain, coded->code);
  coded->factor = factor * step, coded->bias = factor * minima;
}
