"""Rows of distances between rows of bits, eight to a byte, and of the nearest among many.

SciPy takes a byte for each bit, on one thread: it is given them so. faiss's flat index makes its result anew. NumKong holds
Python's lock, so that it runs on one thread.
"""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row


def codes(p: Parameters, generator: np.random.Generator) -> Arrays:
    return [generator.integers(0, 256, (n, p["columns"]), dtype=np.uint8) for n in (p["rows"], p["count"])]


def pairs(p: Parameters) -> list[tuple[int, int]]:
    return [(p["rows"], p["count"])]


def jaccard(p: Parameters, x: Arrays) -> Arrays:
    either = [np.bitwise_count(row | x[1]).sum(-1) for row in x[0]]
    return [np.stack([np.bitwise_count(row ^ x[1]).sum(-1) for row in x[0]]) / np.stack(either)]


def nearest(p: Parameters, x: Arrays) -> Arrays:
    """Distances alone: libraries differ in which of equally near rows they name."""
    rows = np.stack([np.sort(np.bitwise_count(row ^ x[1]).sum(-1, dtype=np.int32))[: p["k"]] for row in x[0]])
    missing = max(p["k"] - p["count"], 0)
    return [np.pad(rows, ((0, 0), (0, missing)), constant_values=np.iinfo(np.int32).max)]


def scipy_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        from scipy.spatial.distance import cdist

        x, y = (np.unpackbits(a, axis=1).astype(bool) for a in inputs)
        out = np.zeros((len(x), len(y)))

        how = f'cdist("{name}", out=) of bytes that hold one bit each, on one thread'
        if name == "hamming":  # a part of the bits
            return lambda: np.multiply(cdist(x, y, name, out=out), x.shape[1], out=out).round(), how
        return lambda: cdist(x, y, name, out=out), how

    return prepare


def numkong_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        import numkong

        (x, y), measure = inputs, getattr(numkong, name + "s_packed")

        def call():
            return measure(x, numkong.hammings_pack(y))

        call.result = lambda: np.asarray(call())
        return call, f"hammings_pack, then {name}s_packed, a new array each time, on one thread"

    return prepare


def simsimd_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        import simsimd

        x, y = inputs

        def call():
            return simsimd.cdist(x, y, name, dtype="bin8", threads=threads)

        call.result = lambda: np.asarray(call())
        return call, f'cdist("{name}", "bin8", threads=), in double, a new array each time'

    return prepare


def faiss_search(threads, p, inputs, outputs):
    import faiss

    index = faiss.IndexBinaryFlat(8 * p["columns"])
    index.add(inputs[1])
    return lambda: index.search(inputs[0], p["k"])[0], "IndexBinaryFlat.search, new arrays each time"


OPERATORS = {
    "bit_hamming": Operator(
        inputs=codes,
        shapes=pairs,
        exact=lambda p, x: [np.stack([np.bitwise_count(row ^ x[1]).sum(-1, dtype=np.int32) for row in x[0]])],
        torch=None,
        units=1,
        results="int32",
        others={
            "scipy": scipy_distances("hamming"),
            "numkong": numkong_distances("hamming"),
            "simsimd": simsimd_distances("hamming"),
        },
    ),
    "bit_jaccard": Operator(
        inputs=codes,
        shapes=pairs,
        exact=jaccard,
        torch=None,
        units=1,
        others={
            "scipy": scipy_distances("jaccard"),
            "numkong": numkong_distances("jaccard"),
            "simsimd": simsimd_distances("jaccard"),
        },
    ),
    "bit_neighbors": Operator(
        inputs=codes,
        shapes=lambda p: [(p["rows"], p["k"])],
        exact=nearest,
        torch=None,
        units=1,
        results="int32",
        others={"faiss": faiss_search},
    ),
}


def rows() -> list[Row]:
    result = []
    for operation in ("bit_hamming", "bit_jaccard"):
        m, n, bytes = 1000, 2000, 32
        parameters = {"rows": m, "count": n, "columns": bytes}
        result.append(
            row_of("bits", operation, f"{m}x{n}x{8 * bytes}", parameters, 0.0, 4.0 * m * n, Goal({"scipy": 10.0}))
        )
    for m, n, bytes, k in ((1000, 100_000, 32, 10), (1000, 100_000, 128, 10), (1000, 100_000, 32, 100), (1, 1_000_000, 32, 10)):
        parameters = {"rows": m, "count": n, "columns": bytes, "k": k}
        shape = f"{k} of {n}x{8 * bytes}, {m} queries"
        result.append(row_of("bits", "bit_neighbors", shape, parameters, 0.0, float(n * bytes), Goal({"faiss": 1.2})))
    return result


family = family_of("bits", OPERATORS, rows)
