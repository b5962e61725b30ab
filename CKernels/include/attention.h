// Attention: softmax(scale Q K^T + mask) V over a batch of heads, its gradients, rotary position embedding, and the
// cache of keys and values that a decoder grows.
//
// Queries are (batch, heads, queries, d), keys (batch, kv_heads, keys, d), values (batch, kv_heads, keys, dv) and
// results (batch, heads, queries, dv), each at its own strides, so that (batch, time, heads, d) needs no copy. The last
// axis is contiguous. heads is a multiple of kv_heads: query head h reads key head h / (heads / kv_heads) (J. Ainslie
// et al., "GQA: training generalized multi-query transformer models from multi-head checkpoints", 2023).
//
// Keys are met in blocks, whose scores stay in cache; the sums over earlier blocks are scaled when a later one has a
// greater score (M. Milakov, N. Gimelshein, "Online normalizer calculation for softmax", 2018; T. Dao et al.,
// "FlashAttention: fast and memory-efficient exact attention with IO-awareness", 2022). All scores of a head are never
// in memory together. Sums run in the element type, in an order that depends on the shape and the instruction set
// alone: the result does not depend on the number of threads.
//
// Which keys a query may see is narrowed by lengths, by causality and by a mask, all of which must let it pass. A query
// that sees no key has the result 0, the log-sum-exp -infinity and gradients of 0. Scores of keys that are not seen
// take no part, but their k and v meet products with 0 and must be finite, unless they lie at or beyond the length of
// their batch item: those are never read.
#ifndef FARRO_ATTENTION_H
#define FARRO_ATTENTION_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// Elements from one batch item, head and row to the next. `batch` is not used where sequences are concatenated.
typedef struct farro_attention_layout {
  size_t batch, head, row;
} farro_attention_layout;

// Query i of a batch item sees its keys up to and including...
typedef enum farro_causal {
  FARRO_CAUSAL_NONE = 0,  // the last
  FARRO_CAUSAL_START = 1, // i + causal_offset: the first query stands at the first key (torch's is_causal)
  FARRO_CAUSAL_END = 2,   // i + keys - queries + causal_offset, of the item's own lengths: the last query stands at the
                          // last key, as with a cache of keys
} farro_causal;

// One element for each batch item, head, query and key. A stride of 0 repeats along its axis.
typedef struct farro_attention_mask {
  const uint8_t *seen;  // not 0 where the query may see the key; or NULL
  const void *additive; // of the element type, added to the scaled score, -infinity where it is not seen; or NULL
  size_t batch, head, query, key;
} farro_attention_mask;

typedef struct farro_attention_shape {
  size_t batch, heads, kv_heads, queries, keys, d, dv;
  farro_attention_layout q, k, v, out;
  farro_causal causal;
  ptrdiff_t causal_offset;

  // Padding: item b has the keys 0..<key_lengths[b], each 0...keys. NULL: all of them.
  const size_t *key_lengths;

  // Concatenated sequences: item b is the rows query_offsets[b]..<query_offsets[b + 1] of q and out, and
  // key_offsets[b]..<key_offsets[b + 1] of k and v; batch + 1 numbers each that never fall. Then `queries` and `keys`
  // are the rows there are, at least the last offset. Both or neither; not together with key_lengths.
  const size_t *query_offsets, *key_offsets;

  farro_attention_mask mask; // at most one of its pointers
} farro_attention_shape;

// out = softmax(scale q k^T + mask) v.
//
// log_sums, unless NULL, takes the logarithm of each query's sum of exponentials, which the gradients need:
// (batch, heads, queries), or (heads, queries) where sequences are concatenated.
//
// FARRO_ERROR_ARGUMENT: heads that are no multiple of kv_heads, strides of out that let its rows overlap, lengths or
// offsets out of range. out and log_sums must not overlap inputs; rows that belong to no item are not written. NaN,
// and a score of +infinity, in a query's row make its result NaN. O(batch heads queries keys (d + dv)) time; a thread's
// work space is 64 (d + 323) elements at most.
//
// Error bound, to first order in u = 2^-24 (f32) or 2^-53 (f64): with p the exact weights, and M the greatest
// |scale| sum_c |q_c k_jc| + |additive_j| over the keys j that a query sees,
//   |out - exact| <= (2 (d + 8) M + 2 keys + 16) u sum_j p_j |v_j|,
//   |log_sums - exact| <= ((d + 8) M + keys + 8 + |log_sums|) u.
FARRO_API farro_status farro_attention_f32(const farro_attention_shape *shape, float scale, const float *q,
                                           const float *k, const float *v, float *out, float *log_sums);
FARRO_API farro_status farro_attention_f64(const farro_attention_shape *shape, double scale, const double *q,
                                           const double *k, const double *v, double *out, double *log_sums);

// The gradients of a loss by q, k and v, which lie as q, k and v do, from grad_out, its gradient by out.
//
// out and log_sums are what farro_attention gave; scores are computed anew. Heads that share keys add up their
// gradients. Every row that belongs to a batch item is written, those of grad_k and grad_v at and beyond its length as
// 0. Gradients must not overlap one another or the inputs. FARRO_ERROR_ARGUMENT as above, and where
// rows of a gradient would overlap (keys that a batch shares at a stride of 0 have no place of their own).
//
// Parallel over batch items and kv_heads. O(batch heads queries keys (3 d + 2 dv)) time. Error bound, to first order:
// with M the greatest of all queries, E = 4 (d + 8) M + 6 (keys + rows) + 4 dv + 64, rows = queries heads / kv_heads,
// and A_ij = sum_c |grad_out_ic|
// (|v_jc| + sum_l p_il |v_lc|),
//   |grad_v_j - exact| <= E u sum_i p_ij |grad_out_i|,
//   |grad_q_i - exact| <= E u |scale| sum_j p_ij A_ij |k_j|,
//   |grad_k_j - exact| <= E u |scale| sum_i p_ij A_ij |q_i|.
FARRO_API farro_status farro_attention_backward_f32(const farro_attention_shape *shape, float scale, const float *q,
                                                    const float *k, const float *v, const float *out,
                                                    const float *log_sums, const float *grad_out, float *grad_q,
                                                    float *grad_k, float *grad_v);
FARRO_API farro_status farro_attention_backward_f64(const farro_attention_shape *shape, double scale, const double *q,
                                                    const double *k, const double *v, const double *out,
                                                    const double *log_sums, const double *grad_out, double *grad_q,
                                                    double *grad_k, double *grad_v);

// ---- rotary position embedding ---------------------------------------------------------------------------------

// cosines and sines, (positions, pairs): of the angle (first + i) base^(-j / pairs) for position i and pair j. Computed
// in double: they are within u + 2^-51 angle, u = 2^-24 (f32) or 2^-53 (f64). base must be positive.
FARRO_API farro_status farro_rotary_table_f32(size_t first, size_t positions, size_t pairs, double base, float *cosines,
                                              float *sines);
FARRO_API farro_status farro_rotary_table_f64(size_t first, size_t positions, size_t pairs, double base,
                                              double *cosines, double *sines);

typedef struct farro_rotary_shape {
  size_t batch, heads, rows, d;
  size_t pairs;     // the first 2 pairs elements of a row are turned, the rest is copied
  bool interleaved; // a pair is elements 2 j and 2 j + 1; otherwise j and j + pairs
  bool inverse;     // turns back: also the gradient
  farro_attention_layout x, y;
  size_t table_rows;      // rows of the table
  size_t first;           // row i of every item stands at the table's row first + i
  const size_t *position; // (batch, rows): or, unless NULL, at this row
} farro_rotary_shape;

// Turns each pair of a row by the angle of its position and pair: (a, b) to (a cos - b sin, a sin + b cos).
//
// J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021. y may be x with the same layout;
// otherwise they must not overlap. A position at or beyond table_rows, or 2 pairs > d, is FARRO_ERROR_ARGUMENT.
// |y - exact| <= 2 u (|a| + |b|) for the table's numbers. One pass over memory.
FARRO_API farro_status farro_rotary_f32(const farro_rotary_shape *shape, const float *cosines, const float *sines,
                                        const float *x, float *y);
FARRO_API farro_status farro_rotary_f64(const farro_rotary_shape *shape, const double *cosines, const double *sines,
                                        const double *x, double *y);

// ---- cache of keys or values -----------------------------------------------------------------------------------

typedef struct farro_cache_shape {
  size_t batch, heads, rows, d; // rows to append to each head
  size_t capacity;              // rows that each head of the cache has room for
  size_t length;                // rows that it holds
  const size_t *lengths;        // (batch): or, unless NULL, that each item holds
  farro_attention_layout x, cache;
} farro_cache_shape;

// Copies row i of x to row length + i of the cache. FARRO_ERROR_ARGUMENT where the capacity is exceeded: then nothing
// is written. x must not overlap the cache. O(batch heads rows d).
FARRO_API farro_status farro_cache_append_f32(const farro_cache_shape *shape, const float *x, float *cache);
FARRO_API farro_status farro_cache_append_f64(const farro_cache_shape *shape, const double *x, double *cache);

// ---- references ------------------------------------------------------------------------------------------------

// The same by plain loops, accumulated in double (long double for f64): the oracle of the tests. The gradients take
// out and log_sums from their own computation.
FARRO_API farro_status farro_attention_reference_f32(const farro_attention_shape *shape, float scale, const float *q,
                                                     const float *k, const float *v, float *out, float *log_sums);
FARRO_API farro_status farro_attention_reference_f64(const farro_attention_shape *shape, double scale, const double *q,
                                                     const double *k, const double *v, double *out, double *log_sums);
FARRO_API farro_status farro_attention_backward_reference_f32(const farro_attention_shape *shape, float scale,
                                                              const float *q, const float *k, const float *v,
                                                              const float *grad_out, float *grad_q, float *grad_k,
                                                              float *grad_v);
FARRO_API farro_status farro_attention_backward_reference_f64(const farro_attention_shape *shape, double scale,
                                                              const double *q, const double *k, const double *v,
                                                              const double *grad_out, double *grad_q, double *grad_k,
                                                              double *grad_v);
FARRO_API farro_status farro_rotary_reference_f32(const farro_rotary_shape *shape, const float *cosines,
                                                  const float *sines, const float *x, float *y);
FARRO_API farro_status farro_rotary_reference_f64(const farro_rotary_shape *shape, const double *cosines,
                                                  const double *sines, const double *x, double *y);

#ifdef __cplusplus
}
#endif
#endif
