// Content-defined chunks: a file is cut where a rolling hash of its last 48 bytes is small, so that equal content is
// cut alike wherever it lies, and a change moves only the cuts near it.
//
// The hash is buzhash with 64 bits, h = rotate(h, 1) ^ table[byte that comes] ^ rotate(table[byte that leaves], 48),
// its table drawn from the seed. A window as long as the word would make any run of one byte hash to 0 or ~0; 48 does
// not. A chunk has at least `least` bytes and at most `most`; between them, cuts are a quarter as frequent as 1 in
// `average` until least + 3/4 (average - least) bytes, and 4 times as frequent from there on (normalized chunking):
// sizes keep closer to the average than a constant frequency would, and fewer chunks are cut by force. Chunks of random
// bytes have `average` bytes within 2% where least is a quarter of it and most at least four times as much.
//
// Cuts depend on the bytes, the sizes and the seed alone: not on the pieces in which the bytes come, nor on the
// machine. O(length) time, no memory. Sources: R. Uzgalis, "Hashing concepts and the Java programming language", 1996
// (buzhash); W. Xia et al., "FastCDC: a fast and efficient content-defined chunking approach for data deduplication",
// ATC 2016.
#ifndef FARRO_CHUNKING_H
#define FARRO_CHUNKING_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { farro_chunk_window = 48, farro_least_chunk = 64 };

// A plain value, as the states of hashing.h are. Its fields are not part of the contract.
typedef struct farro_chunker {
  uint64_t coming[256], leaving[256];
  uint64_t least, normal, most; // sizes
  uint64_t rarely, often;       // a hash below it cuts: before the normal size, and from it on
  uint64_t hash, length;        // of the chunk that is open
  uint8_t window[48];           // byte i of the chunk at i % 48
} farro_chunker;

// FARRO_ERROR_ARGUMENT unless farro_least_chunk <= least <= average <= most.
FARRO_API farro_status farro_chunker_init(farro_chunker *chunker, uint64_t least, uint64_t average, uint64_t most,
                                          uint64_t seed);

// Takes the next bytes of a stream, up to where the chunk that is open ends, or all: returns how many it took, and
// *is_end tells whether a chunk ends behind them. Call it again with what is left. What is open at the end of the
// stream is its last chunk.
FARRO_API size_t farro_chunker_next(farro_chunker *chunker, const void *data, size_t length, bool *is_end);

// Where the chunks of a whole message end, the last end being `length`: *count of them, in `ends`, which has room for
// length / least + 1. None when length is 0. Errors as those of farro_chunker_init.
FARRO_API farro_status farro_chunk_ends(const void *data, size_t length, uint64_t least, uint64_t average,
                                        uint64_t most, uint64_t seed, uint64_t *ends, size_t *count);

// The rolling hash itself: hashes[i] is that of the window that ends with byte i, of all bytes before where there are
// fewer than 48.
FARRO_API void farro_rolling_hashes(const farro_chunker *chunker, const void *data, size_t length, uint64_t *hashes);

// Each window hashed anew: the oracle of the tests.
FARRO_API farro_status farro_chunk_ends_reference(const void *data, size_t length, uint64_t least, uint64_t average,
                                                  uint64_t most, uint64_t seed, uint64_t *ends, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
