"""Rows of exact nearest neighbours, and of k-means, which assigns rows to the nearest of some centres.

Only distances are compared: libraries differ in which of equally near rows they name. faiss's flat index holds the base
already, scikit-learn's brute force is fitted before.
"""
import importlib
from dataclasses import replace

import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row

ITERATIONS = 20


def queries_and_base(p: Parameters, generator: np.random.Generator) -> Arrays:
    return values(generator, (p["rows"], p["columns"]), (p["count"], p["columns"]))


def squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.maximum((x * x).sum(1)[:, None] + (y * y).sum(1) - 2 * x @ y.T, 0)


def smallest(distances, p: Parameters, x: Arrays) -> Arrays:
    """Some queries at a time: all distances would take gigabytes."""
    found = [
        np.sort(np.partition(distances(x[0][i : i + 50], x[1]), p["k"] - 1, axis=1)[:, : p["k"]], axis=1)
        for i in range(0, len(x[0]), 50)
    ]
    return [np.concatenate(found)]


def squared(p: Parameters, x: Arrays) -> Arrays:
    return smallest(squares, p, x)


def products(p: Parameters, x: Arrays) -> Arrays:
    return [-smallest(lambda a, b: -(a @ b.T), p, x)[0]]


def cosines(p: Parameters, x: Arrays) -> Arrays:
    unit = [a / np.sqrt((a * a).sum(1))[:, None] for a in x]
    return smallest(lambda a, b: 1 - a @ b.T, p, unit)


def faiss_search(name: str):
    def prepare(threads, p, inputs, outputs):
        import faiss

        index = getattr(faiss, name)(p["columns"])
        index.add(inputs[1])
        return lambda: index.search(inputs[0], p["k"])[0], f"{name}.search, new arrays each time"

    return prepare


def sklearn_search(metric: str, package: str = "sklearn"):
    def prepare(threads, p, inputs, outputs):
        import sklearn

        NearestNeighbors = importlib.import_module(package + ".neighbors").NearestNeighbors
        sklearn.set_config(assume_finite=True)
        model = NearestNeighbors(n_neighbors=p["k"], algorithm="brute", metric=metric).fit(inputs[1])
        return lambda: model.kneighbors(inputs[0])[0], f'NearestNeighbors(algorithm="brute", metric="{metric}")'

    return prepare


def search(exact, faiss: str | None, sklearn: str | None) -> Operator:
    others = {"faiss": faiss_search(faiss)} if faiss else {}
    if sklearn:
        others["scikit-learn"] = sklearn_search(sklearn)
        others["scikit-learn-intelex"] = sklearn_search(sklearn, "sklearnex")
    return Operator(
        inputs=queries_and_base,
        shapes=lambda p: [(p["rows"], p["k"])],
        exact=exact,
        torch=None,
        units=1024,
        others=others,
    )


# ---- k-means ----


def points_and_centers(p: Parameters, generator: np.random.Generator) -> Arrays:
    points = values(generator, (p["rows"], p["columns"]))[0]
    return [points, points[: p["k"]].copy()]


def inertia(p: Parameters, x: Arrays) -> Arrays:
    points, centers = x
    for _ in range(ITERATIONS):
        labels = squares(points, centers).argmin(1)
        centers = np.stack([points[labels == i].mean(0) if (labels == i).any() else c for i, c in enumerate(centers)])
    return [np.array([squares(points, centers).min(1).sum()])]


def sklearn_kmeans(package: str):
    def prepare(threads, p, inputs, outputs):
        KMeans = importlib.import_module(package + ".cluster").KMeans
        model = KMeans(p["k"], init=inputs[1], n_init=1, max_iter=ITERATIONS, tol=0, copy_x=False)
        return lambda: np.array([model.fit(inputs[0]).inertia_]), "KMeans(n_init=1, tol=0).fit from the same centres"

    return prepare


def faiss_kmeans(threads, p, inputs, outputs):
    import faiss

    model = faiss.Kmeans(p["columns"], p["k"], niter=ITERATIONS, max_points_per_centroid=p["rows"])

    def call():
        model.train(inputs[0], init_centroids=inputs[1])
        return model.centroids

    def result():
        found, _ = faiss.knn(inputs[0], call(), 1)
        return np.array([found.sum(dtype=np.float64)])

    call.result = result
    return call, "Kmeans.train from the same centres"


def points(p: Parameters, generator: np.random.Generator) -> Arrays:
    """Of a mixture of 100 Gaussians that overlap."""
    means = 1.5 * generator.standard_normal((100, p["columns"]))
    return [means[generator.integers(0, 100, p["rows"])] + generator.standard_normal((p["rows"], p["columns"]))]


def potential(x: np.ndarray, centers: np.ndarray) -> np.ndarray:
    return np.array([sum(squares(x[i : i + 10_000], centers).min(1).sum() for i in range(0, len(x), 10_000))])


def start(p: Parameters, x: Arrays) -> np.ndarray:
    """The inertia of first centres by greedy k-means++."""
    generator = np.random.default_rng(0)
    rows, columns = x[0].shape
    centers = x[0][generator.integers(rows)][None]
    closest = squares(x[0], centers)[:, 0]
    while len(centers) < p["k"]:
        candidates = x[0][generator.choice(rows, 2 + int(np.log(p["k"])), p=closest / closest.sum())]
        distances = np.minimum(squares(x[0], candidates), closest[:, None])
        best = distances.sum(0).argmin()
        centers, closest = np.vstack([centers, candidates[best]]), distances[:, best]
    return potential(x[0], centers)


def settled(p: Parameters, x: Arrays) -> np.ndarray:
    """The inertia after iterations over all rows."""
    return inertia(p, [x[0], x[0][: p["k"]].copy()])[0]


def above(reference):
    """How much above the reference an inertia is, of the tenth that random choices may cost."""
    made: list = [None, 0.0]  # the operands, and the reference of them: subject and peers share both

    def error(p: Parameters, x: Arrays, results: Arrays) -> float:
        if made[0] is not x[0]:
            made[:] = x[0], float(reference(p, x)[0])
        found = float(results[0][0])
        return max(found / made[1] - 1, 0) / 0.1 if np.isfinite(found) and found > 0 else np.inf

    return error


def sklearn_start(threads, p, inputs, outputs):
    from sklearn.cluster import kmeans_plusplus

    def call():
        return kmeans_plusplus(inputs[0], p["k"], random_state=0)[0]

    call.result = lambda: potential(inputs[0].astype(np.float64), call().astype(np.float64))
    return call, "kmeans_plusplus"


def sklearn_mini_batch(threads, p, inputs, outputs):
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(p["k"], random_state=0)
    return lambda: np.array([model.fit(inputs[0]).inertia_]), "MiniBatchKMeans.fit"


def random_start(error, sklearn) -> Operator:
    return Operator(
        inputs=points,
        shapes=lambda p: [(1,)],
        exact=lambda p, x: [],
        torch=None,
        units=1,
        error=error,
        others={"scikit-learn": sklearn},
    )


OPERATORS = {
    "neighbors_squared": search(squared, "IndexFlatL2", "sqeuclidean"),
    "neighbors_product": search(products, "IndexFlatIP", None),
    "neighbors_cosine": search(cosines, None, "cosine"),
    "kmeans": Operator(
        inputs=points_and_centers,
        shapes=lambda p: [(1,)],
        exact=inertia,
        torch=None,
        units=2.0**14,  # a row between two centres may go to either: 1e-3
        others={
            "scikit-learn": sklearn_kmeans("sklearn"),
            "scikit-learn-intelex": sklearn_kmeans("sklearnex"),
            "faiss": faiss_kmeans,
        },
    ),
    "kmeans_start_new": random_start(above(start), sklearn_start),
    "mini_batch_kmeans_new": random_start(above(settled), sklearn_mini_batch),
}

# Queries, rows of the base, their length, how many neighbours; and how many times as fast as faiss it should be.
SEARCHES = ((1000, 100_000, 128, 10, 1.3), (500, 20_000, 784, 5, 1.1), (2000, 200_000, 32, 1, 3.0), (1, 100_000, 128, 10, 1.0))


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        if "kmeans" in operation:
            continue
        for m, n, d, k, goal in SEARCHES:
            parameters = {"rows": m, "count": n, "columns": d, "k": k}
            shape = f"{k} of {n}x{d}, {m} queries"
            times = {"faiss": goal} if "faiss" in OPERATORS[operation].others else {"*": 1.0}
            result.append(row_of("neighbors", operation, shape, parameters, 2.0 * m * n * d, 4.0 * n * d, Goal(times)))
    m, d, k = 100_000, 64, 64
    parameters = {"rows": m, "columns": d, "k": k}
    flops = 2.0 * m * d * k * ITERATIONS
    goal = Goal({"scikit-learn": 2.0, "scikit-learn-intelex": 1.0, "faiss": 1.0})
    result.append(row_of("neighbors", "kmeans", f"{k} of {m}x{d}", parameters, flops, 4.0 * m * d * ITERATIONS, goal))
    for m, d, k in ((100_000, 64, 64), (20_000, 16, 256)):
        parameters = {"rows": m, "columns": d, "k": k}
        flops = 3.0 * m * d * k * (2 + int(np.log(k)))
        goal = Goal({"scikit-learn": 2.0})
        start_row = row_of("neighbors", "kmeans_start_new", f"{k} of {m}x{d}", parameters, flops, 4.0 * m * d * k, goal)
        batches = row_of("neighbors", "mini_batch_kmeans_new", f"{k} of {m}x{d}", parameters, 2.0 * m * d * k, 4.0 * m * d, goal)
        result += [replace(start_row, subject="farro-swift"), replace(batches, subject="farro-swift")]
    return result


family = family_of("neighbors", OPERATORS, rows)
