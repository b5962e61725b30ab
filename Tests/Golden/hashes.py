"""Writes Tests/FarroTests/HashGolden.swift: hashes of random bytes of every length from 0 to 1100, each with a seed of its
own and from a start of its own, by the packages xxhash and mmh3 and by zlib; CRC-32C by the definition of RFC 3720. Of
each hash one number is kept: XXH3 of all its digests behind one another, the lowest byte first.

Run it with a Python that has them: python3 Tests/Golden/hashes.py
"""

import importlib.metadata
import pathlib
import struct
import zlib

import mmh3
import xxhash

MOST = 1100
MASK = 2**64 - 1


def random_bytes(count: int) -> bytes:
    """The bytes of SplitMix64's words from the seed 1 on, the lowest first."""
    state, words = 1, []
    for _ in range((count + 7) // 8):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        words.append(z ^ z >> 31)
    return struct.pack(f"<{len(words)}Q", *words)[:count]


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


# By the names of their types in Swift: the bytes of a digest, and the digest of some bytes with a seed.
HASHES = {
    "XXH32": (4, lambda data, seed: xxhash.xxh32_intdigest(data, seed & 0xFFFFFFFF)),
    "XXH64": (8, lambda data, seed: xxhash.xxh64_intdigest(data, seed)),
    "XXH3": (8, lambda data, seed: xxhash.xxh3_64_intdigest(data, seed)),
    "XXH128": (16, lambda data, seed: xxhash.xxh3_128_intdigest(data, seed)),
    "Murmur32": (4, lambda data, seed: mmh3.hash(data, seed & 0xFFFFFFFF, signed=False)),
    "Murmur128": (16, lambda data, seed: mmh3.hash128(data, seed & 0xFFFFFFFF, x64arch=True, signed=False)),
    "CRC32": (4, lambda data, seed: zlib.crc32(data)),
    "CRC32C": (4, lambda data, seed: crc32c(data)),
}


def golden(count: int, hash) -> int:
    bytes_of_all, digests = random_bytes(MOST + 16), b""
    for length in range(MOST + 1):
        start, seed = length * 7 % 16, length * 0x9E3779B97F4A7C15 & MASK
        digests += hash(bytes_of_all[start : start + length], seed).to_bytes(count, "little")
    return xxhash.xxh3_64_intdigest(digests)


def main() -> None:
    versions = " and ".join(f"{name} {importlib.metadata.version(name)}" for name in ("xxhash", "mmh3"))
    lines = [f"// Written by Tests/Golden/hashes.py with {versions}.", "", "enum HashGolden {"]
    for name, (count, hash) in HASHES.items():
        digits = f"{golden(count, hash):016x}"
        grouped = "_".join(digits[i : i + 4] for i in range(0, 16, 4))
        lines.append(f"  static let {name.lower()}: UInt64 = 0x{grouped}")
    path = pathlib.Path(__file__).parent.parent / "FarroTests" / "HashGolden.swift"
    path.write_text("\n".join(lines + ["}", ""]))


if __name__ == "__main__":
    main()
