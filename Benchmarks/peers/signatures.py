#!/usr/bin/env python3
"""From documents to MinHash signatures: Farro, rensa and datasketch over the same texts, on one thread, splitting included.

    make -C CKernels && Benchmarks/peers/build/venv/bin/python Benchmarks/peers/signatures.py

Documents are files, by default the copyright files of a Debian system. All make signatures of word 5-grams, words being
what stands between white space, in lower case; the peers have them split by Python's str.split, as their documentation
does, and once more split already. Each runs in turn, forwards and backwards; the median is printed, with the root mean
square error of the estimates against the exact Jaccard similarity, over pairs whose similarity is above 0.05, and what
theory gives for permutations.
"""
import argparse
import ctypes
import glob
import itertools
import pathlib
import random
import statistics
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = HERE.parents[1] / "CKernels" / "build" / "libfarro.so.0"
WORDS = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", default="/usr/share/doc/*/copyright", help="a pattern of paths")
    parser.add_argument("--slots", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=40, help="that each document is compared in")
    parser.add_argument("--datasketch", type=int, default=60, help="documents for datasketch, which takes seconds")
    parser.add_argument("--library", type=pathlib.Path, default=LIBRARY)
    return parser.parse_args()


class Shingler(ctypes.Structure):
    """farro_shingler of include/text.h."""

    _fields_ = [("unit", ctypes.c_int), ("words", ctypes.c_int), ("size", ctypes.c_uint32), ("seed", ctypes.c_uint64)]


class MinHash(ctypes.Structure):
    """farro_minhash of include/sketch.h."""

    _fields_ = [
        ("engine", ctypes.c_int),
        ("slots", ctypes.c_size_t),
        ("multipliers", ctypes.c_void_p),
        ("addends", ctypes.c_void_p),
    ]


PERMUTATIONS, BINS = 0, 1


class Farro:
    def __init__(self, options, documents: list[bytes]):
        self.library = ctypes.CDLL(str(options.library))
        self.library.farro_set_threads(1)
        self.bytes = b"".join(documents)
        self.offsets = numpy.cumsum([0] + [len(x) for x in documents]).astype(numpy.uint64)
        self.seed, self.slots, self.count = options.seed, options.slots, len(documents)
        self.parameters = numpy.empty((2, options.slots), numpy.uint32)
        self.library.farro_minhash_parameters(
            ctypes.c_uint64(options.seed), ctypes.c_size_t(options.slots), *map(self.pointer, self.parameters)
        )

    @staticmethod
    def pointer(array: numpy.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(array.ctypes.data)

    def signatures(self, engine: int) -> numpy.ndarray:
        result = numpy.empty((self.count, self.slots), numpy.uint32)
        minhash = MinHash(engine, self.slots, *(row.ctypes.data for row in self.parameters))
        shingler = Shingler(0, 1, WORDS, self.seed)
        count, slots = ctypes.c_size_t(self.count), ctypes.c_size_t(self.slots)
        status = self.library.farro_minhash_texts(
            ctypes.byref(minhash), ctypes.byref(shingler), self.bytes, self.pointer(self.offsets), count, self.pointer(result)
        )
        if engine == BINS:
            status |= self.library.farro_minhash_densify(
                self.pointer(result), count, slots, ctypes.c_uint64(self.seed), self.pointer(result)
            )
        assert status == 0, status
        return result


def shingles(text: str) -> list[str]:
    words = text.lower().split()
    return [" ".join(words[i : i + WORDS]) for i in range(max(1, len(words) - WORDS + 1))] if words else []


def rensa_ways(options, texts: list[str], split: list[list[str]]) -> dict:
    import rensa

    # Its own matrix of digests; the rho sketch takes some of the tokens only.
    ways = {
        "rensa RMinHash": rensa.RMinHash.digest_matrix_from_token_sets,
        "rensa RMinHash rho": rensa.RMinHash.digest_matrix_from_token_sets_rho,
        "rensa CMinHash": rensa.CMinHash.digests_from_token_sets,
    }

    def rows(way, sets):
        result = way(sets, options.slots, options.seed)
        return lambda: numpy.array(result.to_rows() if hasattr(result, "to_rows") else result)

    result = {}
    for name, way in ways.items():
        result[name] = lambda way=way: rows(way, [shingles(text) for text in texts])
        result[name + ", split already"] = lambda way=way: rows(way, split)
    return result


def datasketch_way(options, texts: list[str]):
    import datasketch

    def run():
        result = []
        for text in texts:
            minhash = datasketch.MinHash(options.slots, options.seed)
            minhash.update_batch([shingle.encode() for shingle in shingles(text)])
            result.append(minhash.hashvalues)
        return lambda: numpy.array(result)

    return run


def sampled_pairs(options, split: list[list[str]]) -> list[tuple[int, int, float]]:
    chosen, sets, pairs = random.Random(1), [set(x) for x in split], []
    for i in range(len(sets)):
        for j in chosen.sample(range(len(sets)), min(options.pairs, len(sets))):
            common = len(sets[i] & sets[j])
            either = len(sets[i]) + len(sets[j]) - common
            if i != j and common > 0.05 * either:
                pairs.append((i, j, common / either))
    return pairs


def main() -> None:
    options = arguments()
    documents = [pathlib.Path(path).read_bytes() for path in sorted(glob.glob(options.documents))]
    texts = [document.decode("utf-8", "replace") for document in documents]
    split = [shingles(text) for text in texts]
    farro = Farro(options, documents)
    ways = {
        "Farro bins": lambda: (lambda x: lambda: x)(farro.signatures(BINS)),
        "Farro permutations": lambda: (lambda x: lambda: x)(farro.signatures(PERMUTATIONS)),
        **rensa_ways(options, texts, split),
        "datasketch": datasketch_way(options, texts[: options.datasketch]),
    }
    seconds, results = {name: [] for name in ways}, {}
    for turn in range(options.repetitions):
        for name in list(ways)[:: 1 if turn % 2 == 0 else -1]:
            begin = time.perf_counter()
            results[name] = ways[name]()
            seconds[name].append(time.perf_counter() - begin)

    pairs = sampled_pairs(options, split)
    i, j, exact = (numpy.array(column) for column in zip(*pairs))
    print(f"{len(documents)} documents, {sum(map(len, documents)) / 1e6:.1f} MB, {sum(map(len, split))} shingles")
    print(f"{'':36} {'MB/s':>8} {'error':>8}   of {len(pairs)} pairs")
    for name in ways:
        some = options.datasketch if name == "datasketch" else len(documents)
        size = sum(len(document) for document in itertools.islice(documents, some))
        rows = results[name]()
        error = ""
        if len(rows) == len(documents):
            error = f"{numpy.sqrt((((rows[i] == rows[j]).mean(1) - exact) ** 2).mean()):8.4f}"
        print(f"{name:36} {size / statistics.median(seconds[name]) / 1e6:8.1f} {error}")
    print(f"{'theory, of permutations':45} {numpy.sqrt((exact * (1 - exact)).mean() / options.slots):8.4f}")


if __name__ == "__main__":
    main()
