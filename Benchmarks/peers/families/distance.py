"""Rows of distances: between all rows of two matrices, and between rows of the same number.

SciPy computes in double only, on one thread; its operands are made double before. scikit-learn takes SciPy's for most
metrics. faiss takes f32 and makes its result anew. NumKong and SimSIMD answer in double; NumKong holds Python's lock, so that
it runs on one thread.
"""
from collections.abc import Callable

import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row

Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]


def each(metric: Metric) -> Callable[[Parameters, Arrays], Arrays]:
    """Row by row of x, of the results' definition for one row against all of y."""
    return lambda p, x: [np.stack([metric(row, x[1]) for row in x[0]])]


def paired(metric: Metric) -> Callable[[Parameters, Arrays], Arrays]:
    return lambda p, x: [metric(x[0], x[1])]


def canberra(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.abs(x - y) / (np.abs(x) + np.abs(y))).sum(-1)


def bray_curtis(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(x - y).sum(-1) / np.abs(x + y).sum(-1)


def cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 1 - (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return cosine(x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True))


def minkowski(p: float) -> Metric:
    return lambda x, y: (np.abs(x - y) ** p).sum(-1) ** (1 / p)


def jensen_shannon(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    p, q = x / x.sum(-1, keepdims=True), y / y.sum(-1, keepdims=True)
    m = (p + q) / 2
    return np.sqrt((p * np.log(p / m) + q * np.log(q / m)).sum(-1) / 2)


def haversine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    a, b = np.sin((x - y)[..., 0] / 2), np.sin((x - y)[..., 1] / 2)
    return 2 * np.arcsin(np.sqrt(a * a + np.cos(x[..., 0]) * np.cos(y[..., 0]) * b * b))


# ---- the peers ----


def scipy_distances(name: str, **options: float):
    def prepare(threads, p, inputs, outputs):
        from scipy.spatial.distance import cdist

        x, y = (a.astype(np.float64) for a in inputs)
        out = np.zeros((len(x), len(y)))
        return lambda: cdist(x, y, name, out=out, **options), f'cdist("{name}", out=), in double, on one thread'

    return prepare


def sklearn_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        import sklearn
        from sklearn.metrics import pairwise_distances

        sklearn.set_config(assume_finite=True)
        x, y = inputs
        jobs = threads if name in ("manhattan", "haversine") else None
        return lambda: pairwise_distances(x, y, name, n_jobs=jobs), f'pairwise_distances("{name}"), a new array each time'

    return prepare


def sklearn_pairs(name: str):
    def prepare(threads, p, inputs, outputs):
        from sklearn.metrics.pairwise import paired_distances

        x, y = inputs
        return lambda: paired_distances(x, y, metric=name), f'paired_distances("{name}"), a new array each time'

    return prepare


def faiss_distances(name: str, argument: float = 0):
    def prepare(threads, p, inputs, outputs):
        import faiss

        metric, (x, y) = getattr(faiss, "METRIC_" + name), inputs

        def call():
            return faiss.pairwise_distances(x, y, metric, argument)

        if name == "Lp":  # it leaves the root out
            call.result = lambda: call() ** (1 / argument)
        return call, f"pairwise_distances(METRIC_{name}), a new array each time"

    return prepare


def numkong_distances(name: str):
    """Of the products of packed rows, which is its fastest way, or of pairs."""

    def prepare(threads, p, inputs, outputs):
        import numkong

        x, y = inputs
        if name in ("euclideans", "angulars"):
            measure, out = getattr(numkong, name + "_packed"), numkong.zeros((len(x), len(y)), dtype="float64")

            def call():
                return measure(x, numkong.dots_pack(y), out=out)

            how = f"dots_pack, then {name}_packed(out=), in double, on one thread"
        else:

            def call():
                return numkong.cdist(x, y, name)

            how = f'cdist("{name}"), in double, a new array each time, on one thread'
        call.result = lambda: np.asarray(call())
        return call, how

    return prepare


def simsimd_distances(name: str):
    def prepare(threads, p, inputs, outputs):
        import simsimd

        x, y = inputs

        def call():
            return simsimd.cdist(x, y, name, threads=threads)

        call.result = lambda: np.asarray(call())
        return call, f'cdist("{name}", threads=), in double, a new array each time'

    return prepare


def operator(
    exact: Metric,
    units: float,
    scipy: tuple | None = None,
    sklearn: str | None = None,
    faiss: tuple | None = None,
    numkong: str | None = None,
    simsimd: str | None = None,
    least: float | None = None,
    by_pairs: bool = False,
) -> Operator:
    """Operands are normal deviates, or uniform from `least` to `least` + 1."""

    def inputs(p: Parameters, generator: np.random.Generator) -> Arrays:
        shapes = (p["rows"], p["columns"]), (p["rows" if by_pairs else "count"], p["columns"])
        if least is None:
            return values(generator, *shapes)
        return [generator.uniform(least, least + 1, shape) for shape in shapes]

    others = {}
    if scipy:
        others["scipy"] = scipy_distances(scipy[0], **dict(scipy[1:]))
    if sklearn:
        others["scikit-learn"] = sklearn_pairs(sklearn) if by_pairs else sklearn_distances(sklearn)
    if faiss:
        others["faiss"] = faiss_distances(*faiss)
    if numkong:
        others["numkong"] = numkong_distances(numkong)
    if simsimd:
        others["simsimd"] = simsimd_distances(simsimd)
    return Operator(
        inputs=inputs,
        shapes=lambda p: [(p["rows"],) if by_pairs else (p["rows"], p["count"])],
        exact=paired(exact) if by_pairs else each(exact),
        torch=None,
        units=units,
        others=others,
    )


def euclidean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(((x - y) ** 2).sum(-1))


def manhattan(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.abs(x - y).sum(-1)


OPERATORS = {
    "distance_euclidean": operator(
        euclidean, 256, ("euclidean",), "euclidean", numkong="euclideans", simsimd="euclidean"
    ),
    "distance_squared": operator(
        lambda x, y: euclidean(x, y) ** 2,
        256,
        ("sqeuclidean",),
        "sqeuclidean",
        ("L2",),
        numkong="sqeuclidean",
        simsimd="sqeuclidean",
    ),
    "distance_cosine": operator(cosine, 256, ("cosine",), "cosine", numkong="angulars", simsimd="cosine"),
    "distance_manhattan": operator(manhattan, 128, ("cityblock",), "manhattan", ("L1",)),
    "distance_chebyshev": operator(lambda x, y: np.abs(x - y).max(-1), 4, ("chebyshev",), None, ("Linf",)),
    "distance_minkowski3": operator(minkowski(3), 128, ("minkowski", ("p", 3)), None, ("Lp", 3)),
    "distance_minkowski_2_5": operator(minkowski(2.5), 128, ("minkowski", ("p", 2.5)), None, ("Lp", 2.5)),
    "distance_correlation": operator(correlation, 512, ("correlation",)),
    "distance_canberra": operator(canberra, 128, ("canberra",), None, ("Canberra",)),
    "distance_bray_curtis": operator(bray_curtis, 256, ("braycurtis",), None, ("BrayCurtis",)),
    "distance_jensen_shannon": operator(jensen_shannon, 256, ("jensenshannon",), least=0),
    "distance_haversine": operator(haversine, 64, None, "haversine", least=-0.5),
    "paired_euclidean": operator(euclidean, 256, None, "euclidean", by_pairs=True),
    "paired_manhattan": operator(manhattan, 128, None, "manhattan", by_pairs=True),
    "paired_cosine": operator(cosine, 256, None, "cosine", by_pairs=True),
}

# SciPy runs on one thread: rows on one tell what a core does.
GOALS = {"distance_manhattan": Goal({"faiss": 3.0, "scipy": 10.0})}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        by_pairs = operation.startswith("paired")
        m, n, d = (100_000, 1, 64) if by_pairs else (1000, 2000, 2 if operation == "distance_haversine" else 128)
        parameters = {"rows": m, "columns": d} | ({} if by_pairs else {"count": n})
        shape = f"{m}x{d}" if by_pairs else f"{m}x{n}x{d}"
        moved = 8.0 * m * d if by_pairs else 4.0 * (m * d + n * d + m * n)
        goal = GOALS.get(operation, Goal({"*": 1.0}))
        result.append(row_of("distance", operation, shape, parameters, 2.0 * m * n * d, moved, goal))
    return result


family = family_of("distance", OPERATORS, rows)
