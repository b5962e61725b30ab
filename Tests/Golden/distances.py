"""Writes Tests/FarroTests/DistanceGolden.swift: distances by SciPy's cdist, and scikit-learn's for what SciPy lacks.

Run it with a Python that has scipy and scikit-learn: python3 Tests/Golden/distances.py
"""

import pathlib

import numpy as np
import scipy
import sklearn
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances, haversine_distances

# The same formulas as in the test: fractions of powers of two, so that both are exact. The last row of x is the first
# one of y.
X = np.array([[((i * 7 + k * 5) % 13 - 6) / 4 for k in range(5)] for i in range(3)])
Y = np.array([[((i * 3 + k * 11) % 17 - 8) / 4 for k in range(5)] for i in range(4)])
X[2] = Y[0]
ANGLES_X = np.array([[0.5, -1.25], [-1.5, 3.0], [0.0, 0.0]])
ANGLES_Y = np.array([[0.5, -1.25], [0.75, -3.0], [-0.25, 0.125], [1.5, 0.5]])
INVERSE = np.array([[(2.0 if i == j else 0.0) + ((i + j) % 3) / 8 for j in range(5)] for i in range(5)])


def amounts(rows: np.ndarray) -> np.ndarray:
    """With zeros, some of them in both rows."""
    return np.maximum(rows, 0)


CASES = {  # name in Swift: the distances
    "euclidean": cdist(X, Y, "euclidean"),
    "squaredEuclidean": cdist(X, Y, "sqeuclidean"),
    "manhattan": cdist(X, Y, "cityblock"),
    "cosine": cosine_distances(X, Y),
    "innerProduct": X @ Y.T,
    "chebyshev": cdist(X, Y, "chebyshev"),
    "minkowskiHalf": cdist(X, Y, "minkowski", p=0.5),
    "minkowski3": cdist(X, Y, "minkowski", p=3),
    "minkowski3And1Half": cdist(X, Y, "minkowski", p=3.5),
    "correlation": cdist(X, Y, "correlation"),
    "canberra": cdist(X, Y, "canberra"),
    "brayCurtis": cdist(X, Y, "braycurtis"),
    "hellinger": cdist(np.sqrt(amounts(X)), np.sqrt(amounts(Y))) / np.sqrt(2),
    "jensenShannon": cdist(amounts(X), amounts(Y), "jensenshannon"),
    "haversine": haversine_distances(ANGLES_X, ANGLES_Y),
    "mahalanobis": cdist(X, Y, "mahalanobis", VI=INVERSE),
}


def literal(name: str, values: np.ndarray) -> str:
    numbers = "".join(f"    {float(value)!r},\n" for value in values.ravel())
    return f"  static let {name}: [Double] = [\n{numbers}  ]\n"


def main() -> None:
    text = f"// Written by Tests/Golden/distances.py with SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}.\n\n"
    text += "enum DistanceGolden {\n" + "".join(literal(name, values) for name, values in CASES.items()) + "}\n"
    (pathlib.Path(__file__).parents[1] / "FarroTests" / "DistanceGolden.swift").write_text(text)


main()
