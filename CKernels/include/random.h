// Random numbers by counting: word number w of a stream is a function of (seed, stream, w) alone. So any part of a
// stream can be made anywhere at any time, on several threads at once, and made again: dropout's backward pass remakes
// its mask instead of keeping it.
//
// The function is Philox 4x32-10. It turns a counter of 128 bits, whose low half is `offset` (then offset + 1, ...,
// modulo 2^64) and whose high half is `stream`, under the key `seed` into a block of 4 words of 32 bits. A call that
// takes n words uses the blocks offset, ..., offset + ceil(n / 4) - 1 in order; the next call is to go on with
// offset + ceil(n / 4) or with another stream. All values are the same, bit for bit, on every instruction set and
// number of threads. Not for cryptography.
//
// Arrays need only their element's alignment. n = 0 is legal. O(n).
//
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the words are
// those of the authors' library Random123.
#ifndef FARRO_RANDOM_H
#define FARRO_RANDOM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct farro_philox {
  uint64_t seed, stream, offset;
} farro_philox;

// The words themselves.
FARRO_API farro_status farro_random_bits(const farro_philox *from, size_t n, uint32_t *words);

// low + (high - low) k / 2^24 with the upper 24 bits k of a word; f64: k / 2^53 with the upper 53 bits of two words,
// the first of which is the lower half. Product and sum are rounded to the element type, and a sum that reaches `high`
// becomes the number before it. FARRO_ERROR_ARGUMENT unless low < high and high - low is finite.
FARRO_API farro_status farro_random_uniform_f32(const farro_philox *from, float low, float high, size_t n, float *out);
FARRO_API farro_status farro_random_uniform_f64(const farro_philox *from, double low, double high, size_t n,
                                                double *out);

// Dropout: each element of x becomes 0 with the probability p, whatever it is, and x / (1 - p) otherwise.
//
// Element i takes half a word: of word i / 2 the lower half where i is even, the upper half where it is odd. It is
// dropped where these 16 bits are below p 2^16, rounded to nearest: p holds to 2^-17. A call on n elements uses
// ceil(n / 8) blocks. 1 / (1 - p) and the product are rounded to the element type; with p = 1 everything is 0. `out`
// may be x; otherwise they must not overlap. FARRO_ERROR_ARGUMENT unless 0 <= p <= 1.
//
// The gradient of x is the same function of the gradient of `out`, with the same `from` and p.
//
// Source: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014.
FARRO_API farro_status farro_dropout_f32(const farro_philox *from, double p, size_t n, const float *x, float *out);
FARRO_API farro_status farro_dropout_f64(const farro_philox *from, double p, size_t n, const double *x, double *out);

// The same, a word at a time.
FARRO_API farro_status farro_random_bits_reference(const farro_philox *from, size_t n, uint32_t *words);
FARRO_API farro_status farro_random_uniform_reference_f32(const farro_philox *from, float low, float high, size_t n,
                                                          float *out);
FARRO_API farro_status farro_random_uniform_reference_f64(const farro_philox *from, double low, double high, size_t n,
                                                          double *out);
FARRO_API farro_status farro_dropout_reference_f32(const farro_philox *from, double p, size_t n, const float *x,
                                                   float *out);
FARRO_API farro_status farro_dropout_reference_f64(const farro_philox *from, double p, size_t n, const double *x,
                                                   double *out);

#ifdef __cplusplus
}
#endif
#endif
