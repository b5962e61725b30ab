"""Writes Tests/FarroModelsTests/BoostingGolden.swift: what scikit-learn's histogram boosting predicts, and its scores.

Run it with a Python that has scikit-learn: python3 Tests/Golden/boosting.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss

SHOWN = 40  # predictions of a case: of every 4th row


def with_missing(x: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(x.shape)
    return np.where((rows * 7 + columns * 13) % 11 == 0, np.nan, x)


def with_categories(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = np.arange(len(x))
    category = ((rows * rows + 3 * rows) % 29 % 12 + (y > 140) * (rows % 3)).astype(float)
    category[rows % 23 == 0] = np.nan
    return np.column_stack([x[:, :4], category])


DIABETES_X, DIABETES_Y = load_diabetes(return_X_y=True)
WEIGHTS = (np.arange(len(DIABETES_X)) * 5 % 4).astype(float)
MONOTONIC = [0, 0, 1, 1, -1, 0, -1, 0, 1, 0]
COMMON = {"early_stopping": False, "max_iter": 30}


def regression(name: str, x: np.ndarray, weights: np.ndarray | None = None, **parameters: object) -> tuple[str, np.ndarray]:
    model = HistGradientBoostingRegressor(**(COMMON | parameters)).fit(x, DIABETES_Y, weights)
    return name, model.predict(x)


def classification(name: str, data: tuple[np.ndarray, np.ndarray], **parameters: object) -> tuple[str, np.ndarray]:
    model = HistGradientBoostingClassifier(**(COMMON | parameters)).fit(*data)
    return name, model.decision_function(data[0])


def scores() -> list[float]:
    """The log loss of seed s on the rows of fold s % 5, learned from the others."""
    x, y = load_breast_cancer(return_X_y=True)
    found = []
    for seed in range(10):
        test = np.arange(len(x)) % 5 == seed % 5
        model = HistGradientBoostingClassifier(max_iter=60, max_features=0.4, random_state=seed)
        found.append(log_loss(y[test], model.fit(x[~test], y[~test]).predict_proba(x[test])))
    return found


def main() -> None:
    cancer, wine = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)
    digits = load_digits(return_X_y=True)
    x = DIABETES_X
    cases = [
        regression("squaredError", x),
        regression("absoluteError", x, loss="absolute_error"),
        regression("gamma", x, loss="gamma"),
        regression("poisson", x, loss="poisson"),
        regression("quantile", x, loss="quantile", quantile=0.8),
        regression("weighted", x, WEIGHTS),
        regression("weightedAbsoluteError", x, WEIGHTS, loss="absolute_error"),
        regression("missing", with_missing(x)),
        regression("missingFewBins", with_missing(x), max_bins=9, l2_regularization=2.5),
        regression("small", x, max_leaf_nodes=5, max_depth=3, min_samples_leaf=2, learning_rate=0.3),
        regression("unlimited", x, max_leaf_nodes=None, min_samples_leaf=1, max_iter=5),
        regression("monotonic", x, monotonic_cst=MONOTONIC, max_depth=2),
        regression("categories", with_categories(x, DIABETES_Y), categorical_features=[4], min_samples_leaf=5),
        regression("interactions", x, interaction_cst=[{0, 1, 2, 3}, {2, 3, 8}], min_samples_leaf=5),
        classification("binary", cancer),
        classification("multinomial", wine),
        classification("missingDigits", (with_missing(digits[0][:600]), digits[1][:600]), max_iter=6),
        classification("balanced", wine, class_weight="balanced"),
    ]
    text = f"// Written by Tests/Golden/boosting.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "/// Predictions of every 4th row, row by row; of classes the decision function.\nenum BoostingGolden {\n"
    for name, predictions in cases:
        shown = predictions[: 4 * SHOWN : 4].ravel()
        text += f'  static let {name} = "{" ".join(f"{value:.12g}" for value in shown)}"\n'
    text += f'  /// Of seeds 0 to 9.\n  static let logLosses = "{" ".join(f"{value:.12g}" for value in scores())}"\n'
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "BoostingGolden.swift").write_text(text + "}\n")


main()
