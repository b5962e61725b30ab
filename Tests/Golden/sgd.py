"""Writes Tests/FarroModelsTests/SGDGolden.swift: scores that scikit-learn's models by stochastic gradient descent reach.

Run it with a Python that has scikit-learn: python3 Tests/Golden/sgd.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import Perceptron, SGDClassifier, SGDRegressor
from sklearn.preprocessing import StandardScaler


def scaled(load):
    x, y = load(return_X_y=True)
    return StandardScaler().fit_transform(x), y


CANCER, IRIS, DIABETES = scaled(load_breast_cancer), scaled(load_iris), scaled(load_diabetes)


def scores(make, x, y) -> list[float]:
    """Mean and standard deviation of 40 seeds' scores on the rows themselves."""
    found = [make(seed).fit(x, y).score(x, y) for seed in range(40)]
    return [round(float(np.mean(found)), 6), round(float(np.std(found, ddof=1)), 6)]


def main() -> None:
    text = f"// Written by Tests/Golden/sgd.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "enum SGDGolden {\n  // Means and standard deviations of 40 seeds; of classifiers by the breast cancer's rows, then by iris's.\n"
    text += "  static let scores: [String: [Double]] = [\n"
    for loss in "hinge", "squared_hinge", "log_loss", "modified_huber", "perceptron":
        found = [scores(lambda seed: SGDClassifier(loss=loss, random_state=seed), *data) for data in (CANCER, IRIS)]
        text += f'    "{loss}": {found[0] + found[1]},\n'
    for loss in "squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive":
        text += f'    "{loss}": {scores(lambda seed: SGDRegressor(loss=loss, random_state=seed), *DIABETES)},\n'
    text += f'    "Perceptron": {scores(lambda seed: Perceptron(random_state=seed), *CANCER)},\n  ]\n'
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "SGDGolden.swift").write_text(text + "}\n")


main()
