"""Writes Tests/FarroModelsTests/NeighborsGolden.swift: what scikit-learn's models of nearest neighbours predict.

Run it with a Python that has scikit-learn: python3 Tests/Golden/neighbors.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

CLASSES, NUMBERS = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True)
METRICS = {"euclidean": {}, "manhattan": {"p": 1}, "cubic": {"p": 3}, "chebyshev": {"metric": "chebyshev"}, "cosine": {"metric": "cosine"}}


def numbers(values: np.ndarray) -> str:
    return '"' + " ".join(repr(value) for value in np.ravel(values).tolist()) + '"'


def main() -> None:
    text = f"// Written by Tests/Golden/neighbors.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "enum NeighborsGolden {\n  // Learned from all rows but each seventh, of which the first 20 are predicted.\n"
    for weights in "uniform", "distance":
        for name, metric in METRICS.items():
            found = []
            for make, (x, y) in (KNeighborsClassifier, CLASSES), (KNeighborsRegressor, NUMBERS):
                held = np.arange(len(x)) % 7 == 0
                model = make(7, weights=weights, algorithm="brute", **metric).fit(x[~held], y[~held])
                found.append(model.predict(x[held][:20]) if make is KNeighborsRegressor else model.predict_proba(x[held][:20])[:, 1])
            text += f"  static let {name}{weights.capitalize()} = (\n    {numbers(found[0])},\n    {numbers(found[1])}\n  )\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "NeighborsGolden.swift").write_text(text + "}\n")


main()
