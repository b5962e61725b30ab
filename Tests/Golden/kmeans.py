"""Writes Tests/FarroModelsTests/KMeansGolden.swift: what scikit-learn's KMeans makes of given first centres.

Run it with a Python that has scikit-learn: python3 Tests/Golden/kmeans.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.cluster import KMeans

# The same formulas as in the test: fractions of powers of two, so that both are exact.
COLUMNS = 4


def rows(count: int) -> np.ndarray:
    return np.array(
        [
            [((i * 37 + k * 101 + i * i * (k + 3)) % 1021 - 510) / 256 + (i % 7 * 13 + k * 29) % 17 / 4 for k in range(COLUMNS)]
            for i in range(count)
        ]
    )


FEW, MANY = rows(150), rows(4000)
WEIGHTS = np.array([0.5 + i % 3 for i in range(len(FEW))])

CASES = {  # name in Swift: rows, clusters, parameters, weights
    "settled": (FEW, 6, {"tol": 0}, None),
    "weighted": (FEW, 6, {"tol": 0}, WEIGHTS),
    "stopped": (FEW, 6, {"tol": 0, "max_iter": 3}, None),
    "tolerant": (FEW, 6, {"tol": 0.02}, None),
    "many": (MANY, 40, {"tol": 0}, None),
}


def numbers(values: np.ndarray) -> str:
    return "[" + ", ".join(repr(value) for value in values.ravel().tolist()) + "]"


def main() -> None:
    text = f"// Written by Tests/Golden/kmeans.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "struct KMeansGolden: Sendable {\n  let centers: [Double]\n  let labels: [Int32]  // of the first 150 rows\n"
    text += "  let sizes: [Int]\n  let inertia: Double\n  let iterations: Int\n"
    for name, (x, clusters, parameters, weights) in CASES.items():
        model = KMeans(clusters, init=x[:clusters].copy(), n_init=1, algorithm="lloyd", **parameters)
        model.fit(x, sample_weight=weights)
        text += f"\n  static let {name} = KMeansGolden(\n    centers: {numbers(model.cluster_centers_)},\n"
        text += f"    labels: {numbers(model.labels_[:150])},\n    sizes: {numbers(np.bincount(model.labels_))},\n"
        text += f"    inertia: {float(model.inertia_)!r},\n    iterations: {model.n_iter_}\n  )\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "KMeansGolden.swift").write_text(text + "}\n")


main()
