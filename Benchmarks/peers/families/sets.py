"""Rows of Jaccard distances between sets that are sorted lists of numbers.

Operands are offsets and elements of both. No library has all pairs of lists: SciPy multiplies sparse matrices of ones, and
NumKong counts what two lists share, once for each pair, with Python's cost of a call.
"""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row


def lists(p: Parameters, generator: np.random.Generator) -> Arrays:
    """Sets of the same size, of numbers below `columns`, times `spread`."""
    result = []
    for sets in (p["rows"], p["count"]):
        held = min(p["k"], p["columns"] // 2)
        elements = generator.random((sets, p["columns"])).argsort(1)[:, :held]
        elements.sort(1)
        result += [np.arange(sets + 1, dtype=np.int64) * held, (elements * p["spread"]).astype(np.uint32).ravel()]
    return result


def members(p: Parameters, x: Arrays) -> list[np.ndarray]:
    result = []
    for offsets, elements in (x[:2], x[2:]):
        matrix = np.zeros((len(offsets) - 1, p["columns"]))
        matrix[np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), elements // p["spread"]] = 1
        result.append(matrix)
    return result


def jaccard(p: Parameters, x: Arrays) -> Arrays:
    a, b = members(p, x)
    both = a @ b.T
    return [1 - both / (a.sum(1)[:, None] + b.sum(1) - both)]


def scipy_distances(threads, p, inputs, outputs):
    from scipy.sparse import csr_matrix

    def ones(offsets: np.ndarray, elements: np.ndarray):
        held, columns = np.ones(len(elements), np.float32), elements // p["spread"]
        return csr_matrix((held, columns.astype(np.int32), offsets), shape=(len(offsets) - 1, p["columns"]))

    x, y = ones(*inputs[:2]), ones(*inputs[2:]).T.tocsr()
    sizes = np.add.outer(np.diff(inputs[0]), np.diff(inputs[2])).astype(np.float32)

    def call():
        both = (x @ y).toarray()
        return 1 - both / (sizes - both)

    return call, "x @ y.T of ones, made dense, on one thread"


def numkong_distances(threads, p, inputs, outputs):
    import numkong

    x, y = (np.split(elements, offsets[1:-1]) for offsets, elements in (inputs[:2], inputs[2:]))
    sizes = np.add.outer(np.diff(inputs[0]), np.diff(inputs[2])).astype(np.float32)

    def call():
        both = np.array([[numkong.intersect(a, b) for b in y] for a in x], np.float32)
        return 1 - both / (sizes - both)

    return call, "intersect of each pair, on one thread"


OPERATORS = {
    "set_jaccard": Operator(
        inputs=lists,
        shapes=lambda p: [(p["rows"], p["count"])],
        exact=jaccard,
        torch=None,
        units=4,
        others={"scipy": scipy_distances, "numkong": numkong_distances},
    ),
}


def rows() -> list[Row]:
    result = []
    for m, n, held, d, spread in ((300, 300, 200, 10_000, 1), (300, 300, 2000, 100_000, 1), (300, 300, 2000, 100_000, 40_000)):
        parameters = {"rows": m, "count": n, "columns": d, "k": held, "spread": spread}
        shape = f"{m}x{n}, {held} of {d}" + (" spread" if spread > 1 else "")
        result.append(row_of("sets", "set_jaccard", shape, parameters, 0.0, 4.0 * (m * n + (m + n) * held), Goal({"*": 1.0})))
    return result


family = family_of("sets", OPERATORS, rows)
