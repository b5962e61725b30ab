"""Writes Tests/FarroModelsTests/EnsembleGolden.swift: what scikit-learn's ensembles predict, with histogram boosting as members.

Run it with a Python that has scikit-learn: python3 Tests/Golden/ensembles.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.metrics import log_loss, r2_score


def classifier(**parameters: object) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(early_stopping=False, **parameters)


def regressor(**parameters: object) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(early_stopping=False, **parameters)


def shown(predictions: np.ndarray) -> str:
    return " ".join(f"{value:.12g}" for value in predictions[:160:4].ravel())


def losses() -> dict[str, list[float]]:
    """Of seeds 0 to 9, on the rows of fold seed % 5, learned from the others: log loss, and 1 - R2."""
    (x, y), (u, v) = load_wine(return_X_y=True), load_diabetes(return_X_y=True)
    found = {"bagging": [], "baggingRegressor": [], "adaBoostRegressor": []}
    for seed in range(10):
        test, held = np.arange(len(x)) % 5 == seed % 5, np.arange(len(u)) % 5 == seed % 5
        bag = BaggingClassifier(classifier(max_iter=8), max_features=0.7, random_state=seed).fit(x[~test], y[~test])
        found["bagging"].append(log_loss(y[test], bag.predict_proba(x[test])))
        bag = BaggingRegressor(regressor(max_iter=20), max_samples=0.8, random_state=seed).fit(u[~held], v[~held])
        found["baggingRegressor"].append(1 - r2_score(v[held], bag.predict(u[held])))
        base = regressor(max_iter=5, max_depth=2)
        boosted = AdaBoostRegressor(base, n_estimators=10, random_state=seed).fit(u[~held], v[~held])
        found["adaBoostRegressor"].append(1 - r2_score(v[held], boosted.predict(u[held])))
    return found


def main() -> None:
    (wine, kinds), (cancer, growths) = load_wine(return_X_y=True), load_breast_cancer(return_X_y=True)
    x, y = load_diabetes(return_X_y=True)
    members = [("a", classifier(max_iter=5)), ("b", classifier(max_iter=3, max_depth=1))]
    numbers = [("a", regressor(max_iter=5)), ("b", regressor(max_iter=10, max_depth=2))]
    stump = classifier(max_iter=1, max_depth=1, learning_rate=1.0, min_samples_leaf=5)
    texts = {
        "hardVotes": VotingClassifier(members, weights=[1, 2]).fit(wine, kinds).predict(wine),
        "softVotes": VotingClassifier(members, voting="soft", weights=[1, 2]).fit(wine, kinds).predict_proba(wine),
        "means": VotingRegressor(numbers, weights=[3, 1]).fit(x, y).predict(x),
        "stacked": StackingClassifier(members, classifier(max_iter=6)).fit(wine, kinds).predict_proba(wine),
        "stackedBinary": StackingClassifier(members, classifier(max_iter=6), passthrough=True)
        .fit(cancer, growths)
        .predict_proba(cancer),
        "stackedNumbers": StackingRegressor(numbers, regressor(max_iter=6)).fit(x, y).predict(x),
        "adaBoost": AdaBoostClassifier(stump, n_estimators=6).fit(wine, kinds).decision_function(wine),
        "adaBoostBinary": AdaBoostClassifier(stump, n_estimators=8, learning_rate=0.5)
        .fit(cancer, growths)
        .predict_proba(cancer),
    }
    text = f"// Written by Tests/Golden/ensembles.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "/// Predictions of every 4th row, row by row.\nenum EnsembleGolden {\n"
    for name, predictions in texts.items():
        text += f'  static let {name} = "{shown(predictions)}"\n'
    for name, values in losses().items():
        text += f"  /// Losses of seeds 0 to 9.\n  static let {name} = [{', '.join(f'{value:.10g}' for value in values)}]\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "EnsembleGolden.swift").write_text(text + "}\n")


main()
