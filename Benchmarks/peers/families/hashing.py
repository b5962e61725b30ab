"""Rows of hashes: one call for many keys beside a loop over the C library's function, and messages one after another.

libxxhash is called from C, on one thread; mmh3 from Python, one call for each key, as it must be. What is exact is
defined here for keys of 16 bytes and for long messages, so that no peer is needed: doc/xxhash_spec.md of
github.com/Cyan4973/xxHash, and MurmurHash3.cpp of github.com/aappleby/smhasher.
"""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row

SECRET = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
    np.uint8,
)
MASK = 2**64 - 1
PRIME64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
PRIME32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)


def keys(p: Parameters, generator: np.random.Generator) -> Arrays:
    bytes = generator.integers(0, 256, (p["count"], p["length"]), dtype=np.uint8)
    return [bytes, np.arange(p["count"] + 1, dtype=np.int64) * p["length"]]


def secret_word(at: int) -> int:
    return int(SECRET[at : at + 8].view(np.uint64)[0])


def fold(a: int, b: int) -> int:
    product = a * b
    return (product & MASK) ^ (product >> 64)


def avalanche(x: int) -> int:
    x = (x ^ x >> 37) * 0x165667919E3779F9 & MASK
    return x ^ x >> 32


def xxh3_of_16(key: np.ndarray) -> int:
    first, last = (int(word) for word in key.view(np.uint64))
    low = first ^ secret_word(24) ^ secret_word(32)
    high = last ^ secret_word(40) ^ secret_word(48)
    swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
    return avalanche(16 + swapped + high + fold(low, high) & MASK)


def stripes(data: np.ndarray, secret_at: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """The eight sums after stripes of 64 bytes, each with the secret from its place on."""
    words = data.reshape(-1, 64).view(np.uint64)
    keyed = words ^ np.stack([SECRET[at : at + 64].copy().view(np.uint64) for at in secret_at])
    products = (keyed & np.uint64(0xFFFFFFFF)) * (keyed >> np.uint64(32))
    return sums + products.sum(0, dtype=np.uint64) + words.sum(0, dtype=np.uint64)[[1, 0, 3, 2, 5, 4, 7, 6]]


def xxh3_of_long(data: np.ndarray) -> int:
    sums = np.array(
        [PRIME32[2], *PRIME64[:4], PRIME32[1], PRIME64[4], PRIME32[0]],
        np.uint64,
    )
    whole = (len(data) - 1) // 1024
    for block in data[: whole * 1024].reshape(-1, 1024):
        sums = stripes(block, 8 * np.arange(16), sums)
        sums = (sums ^ sums >> np.uint64(47) ^ SECRET[128:].copy().view(np.uint64)) * np.uint64(PRIME32[0])
    rest = (len(data) - 1) // 64 - 16 * whole
    if rest:
        sums = stripes(data[whole * 1024 : whole * 1024 + rest * 64], 8 * np.arange(rest), sums)
    sums = stripes(data[-64:].copy(), np.array([121]), sums)
    total = len(data) * PRIME64[0]
    for i in range(0, 8, 2):
        total += fold(int(sums[i]) ^ secret_word(11 + 8 * i), int(sums[i + 1]) ^ secret_word(19 + 8 * i))
    return avalanche(total & MASK)


def xxh3(p: Parameters, x: Arrays) -> Arrays:
    hash = xxh3_of_16 if p["length"] == 16 else xxh3_of_long
    return [np.array([hash(row) for row in x[0]], np.uint64).view(np.int64)]


def rotated(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & MASK


def murmur3_of_16(key: np.ndarray) -> tuple[int, int]:
    first, second = (int(word) for word in key.view(np.uint64))
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    a = rotated(first * c1 & MASK, 31) * c2 & MASK
    a = rotated(a, 27) * 5 + 0x52DCE729 & MASK
    b = rotated(second * c2 & MASK, 33) * c1 & MASK
    b = (rotated(b, 31) + a) * 5 + 0x38495AB5 & MASK
    a, b = a ^ 16, b ^ 16
    a = a + b & MASK
    b = a + b & MASK

    def mixed(x: int) -> int:
        x = (x ^ x >> 33) * 0xFF51AFD7ED558CCD & MASK
        x = (x ^ x >> 33) * 0xC4CEB9FE1A85EC53 & MASK
        return x ^ x >> 33

    a, b = mixed(a), mixed(b)
    a = a + b & MASK
    return a, a + b & MASK


def murmur3(p: Parameters, x: Arrays) -> Arrays:
    return [np.array([murmur3_of_16(row) for row in x[0]], np.uint64).view(np.int64)]


def mmh3_keys(threads, p, inputs, outputs):
    import mmh3

    keys, hashes = [row.tobytes() for row in inputs[0]], outputs[0]

    def run():
        for i, key in enumerate(keys):
            hashes[i] = mmh3.hash64(key)

    return run, "hash64() of each key, from Python"


def hashes(exact, others=None, width=1) -> Operator:
    def shapes(p: Parameters) -> list[tuple[int, ...]]:
        return [(p["count"], width) if width > 1 else (p["count"],)]

    return Operator(
        inputs=keys, shapes=shapes, exact=exact, torch=None, units=0, results="int64", others=others or {"xxhash": None}
    )


OPERATORS = {
    "xxh3_keys": hashes(xxh3),
    "xxh3_rows": hashes(xxh3),
    "xxh3_messages": hashes(xxh3),
    "murmur3_keys": hashes(murmur3, {"mmh3": mmh3_keys}, width=2),
}


def rows() -> list[Row]:
    result = []
    for operation, count, length, goal in (
        ("xxh3_keys", 1_000_000, 16, Goal({"xxhash": 3.0})),
        ("xxh3_rows", 1_000_000, 16, Goal({"xxhash": 3.0})),
        ("xxh3_rows", 1000, 16, Goal({"xxhash": 3.0})),
        ("xxh3_messages", 1000, 16, Goal({"xxhash": 0.97})),
        ("xxh3_messages", 1000, 241, Goal({"xxhash": 0.97})),
        ("xxh3_messages", 16, 4096, Goal({"xxhash": 0.97})),
        ("xxh3_messages", 1, 1 << 20, Goal({"xxhash": 0.97})),
        ("xxh3_messages", 1, 1 << 26, Goal({"xxhash": 0.97})),
        ("murmur3_keys", 100_000, 16, Goal({"mmh3": 3.0})),
    ):
        parameters = {"count": count, "length": length}
        bytes = float(count * (length + 8))
        result.append(row_of("hashing", operation, f"{count}x{length}", parameters, 0.0, bytes, goal))
    return result


family = family_of("hashing", OPERATORS, rows)
