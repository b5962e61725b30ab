"""Writes Tests/FarroModelsTests/SVMGolden.swift: what scikit-learn's support vector machines make of small data sets.

Run it with a Python that has scikit-learn: python3 Tests/Golden/svm.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel, sigmoid_kernel
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR


def scaled(load):
    x, y = load(return_X_y=True)
    return StandardScaler().fit_transform(x), y


DATA = {
    "iris": load_iris(return_X_y=True),
    "wine": scaled(load_wine),
    "breastCancer": scaled(load_breast_cancer),
    "digits": tuple(part[:600] for part in load_digits(return_X_y=True)),
    "diabetes": scaled(load_diabetes),
}
WEIGHTS = {name: np.array([0.5 + i % 3 for i in range(len(y))]) for name, (_, y) in DATA.items()}
TOLERANCE = 1e-6

# name in Swift: data, parameters, whether rows are weighted
CLASSIFIERS = {
    "iris": ("iris", {}, False),
    "irisPolynomial": ("iris", {"kernel": "poly", "coef0": 1.0}, False),
    "wine": ("wine", {"C": 10.0, "gamma": "auto"}, False),
    "wineSigmoid": ("wine", {"kernel": "sigmoid", "C": 0.5, "coef0": -0.5}, False),
    "breastCancer": ("breastCancer", {}, False),
    "breastCancerLinear": ("breastCancer", {"kernel": "linear", "C": 0.1}, False),
    "weighted": ("wine", {"C": 0.2, "class_weight": "balanced"}, True),
    "digits": ("digits", {"gamma": 0.001, "C": 2.0}, False),
}
REGRESSORS = {
    "diabetes": ("diabetes", {"C": 100.0, "epsilon": 5.0}, False),
    "diabetesLinear": ("diabetes", {"kernel": "linear", "C": 1.0, "epsilon": 10.0}, True),
    "diabetesPolynomial": ("diabetes", {"kernel": "poly", "degree": 2, "coef0": 1.0, "C": 5.0, "epsilon": 20.0}, False),
}
LINEAR = {
    "wineSquared": (LinearSVC, "wine", {"dual": False}, False),
    "wineHinge": (LinearSVC, "wine", {"loss": "hinge", "dual": True, "C": 0.05}, False),
    "cancerWeighted": (LinearSVC, "breastCancer", {"C": 0.5, "class_weight": "balanced", "intercept_scaling": 2.0, "dual": False}, True),
    "wineAbsolute": (LinearSVC, "wine", {"penalty": "l1", "dual": False, "C": 0.25}, False),
    "cancerAbsolute": (LinearSVC, "breastCancer", {"penalty": "l1", "dual": False, "class_weight": "balanced"}, True),
    "diabetesInsensitive": (LinearSVR, "diabetes", {"epsilon": 3.0, "C": 0.5, "dual": True}, False),
    "diabetesSquared": (LinearSVR, "diabetes", {"epsilon": 3.0, "loss": "squared_epsilon_insensitive", "dual": True}, True),
}


def gram(model, a, b):
    options = {"gamma": model._gamma}
    if model.kernel == "linear":
        return linear_kernel(a, b)
    if model.kernel == "rbf":
        return rbf_kernel(a, b, **options)
    options["coef0"] = model.coef0
    if model.kernel == "sigmoid":
        return sigmoid_kernel(a, b, **options)
    return polynomial_kernel(a, b, degree=model.degree, **options)


def objectives(model) -> list:
    """The dual objective of each pair of classes."""
    starts = np.concatenate([[0], np.cumsum(model.n_support_)])
    values = []
    for i in range(len(model.classes_)):
        for j in range(i + 1, len(model.classes_)):
            rows = np.r_[starts[i] : starts[i + 1], starts[j] : starts[j + 1]]
            first = model.dual_coef_[j - 1, starts[i] : starts[i + 1]]
            b = np.concatenate([first, model.dual_coef_[i, starts[j] : starts[j + 1]]])
            k = gram(model, model.support_vectors_[rows], model.support_vectors_[rows])
            values.append(float(b @ k @ b / 2 - np.abs(b).sum()))
    return values


def numbers(values) -> str:
    return "[" + ", ".join(repr(value) for value in np.asarray(values).ravel().tolist()) + "]"


def main() -> None:
    text = f"// Written by Tests/Golden/svm.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "struct SVCGolden: Sendable {\n  let nSupport: [Int]\n  let objective, intercept: [Double]\n"
    text += "  let decisions: [Double]  // of the pairs, for every 20th row\n"
    for name, (data, parameters, is_weighted) in CLASSIFIERS.items():
        x, y = DATA[data]
        model = SVC(tol=TOLERANCE, decision_function_shape="ovo", **parameters)
        model.fit(x, y, sample_weight=WEIGHTS[data] if is_weighted else None)
        text += f"\n  static let {name} = SVCGolden(\n    nSupport: {numbers(model.n_support_)},\n"
        text += f"    objective: {numbers(objectives(model))},\n    intercept: {numbers(model.intercept_)},\n"
        text += f"    decisions: {numbers(model.decision_function(x[::20]))}\n  )\n"
    text += "}\n\nstruct SVRGolden: Sendable {\n  let nSupport: Int\n  let objective, intercept: Double\n"
    text += "  let predictions: [Double]  // for every 20th row\n"
    for name, (data, parameters, is_weighted) in REGRESSORS.items():
        x, y = DATA[data]
        model = SVR(tol=TOLERANCE, **parameters).fit(x, y, sample_weight=WEIGHTS[data] if is_weighted else None)
        b = model.dual_coef_[0]
        k = gram(model, model.support_vectors_, model.support_vectors_)
        objective = b @ k @ b / 2 - y[model.support_] @ b + model.epsilon * np.abs(b).sum()
        text += f"\n  static let {name} = SVRGolden(\n    nSupport: {len(b)},\n    objective: {float(objective)!r},\n"
        text += f"    intercept: {float(model.intercept_[0])!r},\n    predictions: {numbers(model.predict(x[::20]))}\n  )\n"
    text += "}\n\nstruct LinearSVMGolden: Sendable {\n  let coefficients, intercept: [Double]\n"
    for name, (estimator, data, parameters, is_weighted) in LINEAR.items():
        x, y = DATA[data]
        model = estimator(tol=1e-10, max_iter=1_000_000, random_state=0, **parameters)
        model.fit(x, y, sample_weight=WEIGHTS[data] if is_weighted else None)
        text += f"\n  static let {name} = LinearSVMGolden(\n    coefficients: {numbers(model.coef_)},\n"
        text += f"    intercept: {numbers(model.intercept_)}\n  )\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "SVMGolden.swift").write_text(text + "}\n")


main()
