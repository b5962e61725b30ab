"""Rows of distances between the rows of sparse matrices, beside scikit-learn's.

Operands are offsets, columns and values of both. Every row holds as many elements.
"""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row


def matrices(p: Parameters, generator: np.random.Generator) -> Arrays:
    def parts(rows: int) -> Arrays:
        held = min(p["k"], p["columns"])
        places = generator.random((rows, p["columns"])).argsort(1)[:, :held]
        places.sort(1)
        offsets = np.arange(rows + 1, dtype=np.int64) * held
        return [offsets, places.astype(np.int32).ravel(), generator.standard_normal(rows * held)]

    return parts(p["rows"]) + parts(p["count"])


def csr(p: Parameters, parts: Arrays):
    from scipy.sparse import csr_matrix

    return csr_matrix((parts[2], parts[1], parts[0]), shape=(len(parts[0]) - 1, p["columns"]))


def dense(p: Parameters, x: Arrays) -> list[np.ndarray]:
    """Without SciPy, so that the definitions need no peer."""
    result = []
    for offsets, columns, held in (x[:3], x[3:]):
        matrix = np.zeros((len(offsets) - 1, p["columns"]))
        matrix[np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)), columns] = held
        result.append(matrix)
    return result


def euclidean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * (x @ y.T)
    return np.sqrt(np.maximum(squares, 0))


def cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 1 - x @ y.T / np.sqrt((x * x).sum(1)[:, None] * (y * y).sum(1))


def manhattan(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.abs(row - y).sum(1) for row in x])


def sklearn_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        import sklearn
        from sklearn.metrics import pairwise_distances

        sklearn.set_config(assume_finite=True)
        x, y = csr(p, inputs[:3]), csr(p, inputs[3:])
        return lambda: pairwise_distances(x, y, name), f'pairwise_distances("{name}"), a new array each time'

    return prepare


def scipy_product(threads, p, inputs, outputs):
    x, y = csr(p, inputs[:3]), csr(p, inputs[3:]).T.tocsr()
    return lambda: (x @ y).toarray(), "x @ y.T, made dense, on one thread"


def operator(exact, units: float, **others) -> Operator:
    return Operator(
        inputs=matrices,
        shapes=lambda p: [(p["rows"], p["count"])],
        exact=lambda p, x: [exact(*dense(p, x))],
        torch=None,
        units=units,
        others={name.replace("_", "-"): call for name, call in others.items()},
    )


OPERATORS = {
    "sparse_euclidean": operator(euclidean, 256, scikit_learn=sklearn_distances("euclidean")),
    "sparse_cosine": operator(cosine, 256, scikit_learn=sklearn_distances("cosine")),
    "sparse_manhattan": operator(manhattan, 256, scikit_learn=sklearn_distances("manhattan")),
    "sparse_inner_product": operator(lambda x, y: x @ y.T, 256, scipy=scipy_product),
}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        m, n, d, k = 1000, 1000, 10_000, 100
        parameters = {"rows": m, "count": n, "columns": d, "k": k}
        shape = f"{m}x{n}, {k} of {d}"
        result.append(
            row_of("sparse_distance", operation, shape, parameters, 2.0 * m * n * k, 4.0 * m * n, Goal({"*": 1.0}))
        )
    return result


family = family_of("sparse_distance", OPERATORS, rows)
