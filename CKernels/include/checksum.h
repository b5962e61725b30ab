// CRC-32 (zlib, PNG, Ethernet: polynomial 0x04c11db7) and CRC-32C (iSCSI, ext4, Castagnoli's: 0x1edc6f41), both with
// reversed bits, from ~0, and inverted at the end, as zlib's crc32 and RFC 3720 have them.
//
// `data` may have any alignment, and be NULL when `length` is 0. A message in pieces: `start` is 0 for the first piece,
// then what the piece before gave; there is no other state. O(length) time, no memory. The results are the same on
// every instruction set: long messages are folded by carry-less multiplications where the machine has them, short ones
// of CRC-32C go through its own instruction, and elsewhere tables take 16 bytes at once.
//
// Sources: V. Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ instruction", Intel, 2009;
// M. Kounavis, F. Berry, "A systematic approach to building high performance software-based CRC generators", ISCC 2005;
// the combination: M. Adler, crc32_combine of zlib.
#ifndef FARRO_CHECKSUM_H
#define FARRO_CHECKSUM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

FARRO_API farro_status farro_crc32(const void *data, size_t length, uint32_t start, uint32_t *checksum);
FARRO_API farro_status farro_crc32c(const void *data, size_t length, uint32_t start, uint32_t *checksum);

// Many keys in one call, with the contract of farro_xxh3_64_keys (hashing.h).
FARRO_API farro_status farro_crc32_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t start,
                                        uint32_t *checksums);
FARRO_API farro_status farro_crc32c_keys(const void *bytes, const uint64_t *offsets, size_t count, uint32_t start,
                                         uint32_t *checksums);

// The checksum of a message of two parts, from those of the parts and the second one's length. O(log second_length).
FARRO_API uint32_t farro_crc32_combine(uint32_t first, uint32_t second, uint64_t second_length);
FARRO_API uint32_t farro_crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length);

// Bit by bit: the oracles of the tests.
FARRO_API uint32_t farro_crc32_reference(const void *data, size_t length, uint32_t start);
FARRO_API uint32_t farro_crc32c_reference(const void *data, size_t length, uint32_t start);

#ifdef __cplusplus
}
#endif
#endif
