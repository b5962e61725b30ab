"""Writes Tests/FarroModelsTests/LogisticGolden.swift: coefficients of scikit-learn's LogisticRegression, run to 1e-10.

Run it with a Python that has scikit-learn: python3 Tests/Golden/logistic.py
"""

import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore")


def scaled(load, columns=None):
    x, y = load(return_X_y=True)
    return StandardScaler().fit_transform(x[:, :columns]), y


IRIS = load_iris(return_X_y=True)
WEIGHTS = np.array([0.5 + i % 3 for i in range(150)])
CANCER = scaled(load_breast_cancer)

CASES = {  # name in Swift: data, parameters, weights of rows
    "iris": (IRIS, {}, None),
    "weighted": (IRIS, {"C": 0.3, "class_weight": "balanced"}, WEIGHTS),
    "cancer": (CANCER, {}, None),
    "plain": (scaled(load_breast_cancer, 4), {"C": np.inf}, None),
    "origin": (scaled(load_wine), {"fit_intercept": False, "C": 10.0}, None),
    "digits": ((load_digits().data[:600] / 16, load_digits().target[:600]), {"C": 0.1}, None),
    "unscaled": (load_breast_cancer(return_X_y=True), {}, None),
    "sparse": (CANCER, {"l1_ratio": 1.0, "C": 0.2}, None),
    "elastic": (scaled(load_wine), {"l1_ratio": 0.5, "C": 0.5}, None),
    "sparseClasses": (scaled(load_iris), {"l1_ratio": 1.0, "C": 0.5}, WEIGHTS),
}


def fit(x, y, parameters, weights):
    if parameters.get("l1_ratio", 0) > 0:
        return LogisticRegression(solver="saga", tol=1e-12, max_iter=1_000_000, **parameters).fit(x, y, weights)
    if len(set(y)) == 2:
        return LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000, **parameters).fit(x, y, weights)
    model = LogisticRegression(solver="lbfgs", tol=1e-10, max_iter=100_000, warm_start=True, **parameters).fit(x, y, weights)
    return model.set_params(solver="newton-cg", tol=1e-11).fit(x, y, weights)


def numbers(values: np.ndarray) -> str:
    return '"' + " ".join(repr(value) for value in np.ravel(values).tolist()) + '"'


def main() -> None:
    text = f"// Written by Tests/Golden/logistic.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "struct LogisticGolden: Sendable {\n  let coefficients, intercepts, probabilities: String  // probabilities of the first row\n"
    for name, ((x, y), parameters, weights) in CASES.items():
        model = fit(x, y, parameters, weights)
        text += f"\n  static let {name} = LogisticGolden(\n    coefficients: {numbers(model.coef_)},\n"
        text += f"    intercepts: {numbers(model.intercept_)},\n    probabilities: {numbers(model.predict_proba(x[:1]))}\n  )\n"
        print(name, model.n_iter_)
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "LogisticGolden.swift").write_text(text + "}\n")


main()
