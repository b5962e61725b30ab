"""Writes Tests/FarroModelsTests/MetricsGolden.swift: what scikit-learn's metrics say of some rows.

Run it with a Python that has scikit-learn: python3 Tests/Golden/metrics.py
"""

import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics

warnings.simplefilter("ignore")

# The same formulas as in the tests: quotients of small integers, so that both round alike.
ROWS = 203
NAMES = ["ape", "bee", "cow"]
I = range(ROWS)

ACTUAL = [NAMES[(i * i * 7 + i * 3) % 23 % 3] for i in I]
GUESSED = [ACTUAL[i] if i * 37 % 10 < 6 else NAMES[(i * 5 + 1) % 3] for i in I]
# A class that is only there, and one that is only predicted.
SPARSE = ["yak" if i % 50 == 3 else ACTUAL[i] for i in I]
SPARSE_GUESSED = ["owl" if i % 60 == 7 else GUESSED[i] for i in I]
WEIGHTS = [i * 13 % 7 / 4 for i in I]
TRUTH = [int(name == "bee") for name in ACTUAL]
SCORES = [(i * 67 + i * i * 13) % 41 / 32 + TRUTH[i] * (i % 3) / 4 - 1 / 2 for i in I]
CHANCES = [(1 + i * 29 % 97 + 60 * TRUTH[i]) / 160 for i in I]
PARTS = np.array([[1 + i * 31 % 17, 1 + i * 47 % 13, 1 + i * 59 % 11] for i in I]) / 1.0
PARTS = PARTS / PARTS.sum(axis=1, keepdims=True)
TARGETS = np.array([[(i * 29 % 83) / 8, (i * i % 57) / 16 - 1, 3.5] for i in I])
PREDICTED = np.array([[TARGETS[i, 0] + (i * 11 % 23 - 11) / 16, TARGETS[i, 1] * 3 / 4 + (i % 5) / 8, 3.5 + (i % 2) / 4] for i in I])

numbers: dict[str, float] = {}
lists: dict[str, list[float]] = {}
texts: dict[str, str] = {}


def labels(name: str, actual: list, guessed: list, weights: list | None) -> None:
    numbers[f"accuracy {name}"] = metrics.accuracy_score(actual, guessed, sample_weight=weights)
    for adjusted in (False, True):
        score = metrics.balanced_accuracy_score(actual, guessed, sample_weight=weights, adjusted=adjusted)
        numbers[f"balanced accuracy {adjusted} {name}".lower()] = score
    numbers[f"matthews {name}"] = metrics.matthews_corrcoef(actual, guessed, sample_weight=weights)
    for zero in (0, 1, np.nan):
        for average in ("micro", "macro", "weighted", None):
            for beta in (1, 0.5, 0, np.inf):
                precision, recall, f, support = metrics.precision_recall_fscore_support(
                    actual, guessed, beta=beta, average=average, sample_weight=weights, zero_division=zero
                )
                key = f"{average} {zero} {name}"
                to = numbers if average else lists
                to[f"precision {key}"], to[f"recall {key}"], to[f"f {beta} {key}"] = precision, recall, f
    for total in ("true", "pred", "all", None):
        lists[f"confusion {total} {name}"] = metrics.confusion_matrix(actual, guessed, sample_weight=weights, normalize=total)
    texts[f"report {name}"] = metrics.classification_report(actual, guessed, sample_weight=weights)
    texts[f"report of 4 digits {name}"] = metrics.classification_report(
        actual, guessed, sample_weight=weights, digits=4, zero_division=np.nan, target_names=[f"the class of {n}s" for n in sorted({*actual, *guessed})]
    )


def scores(name: str, weights: list | None) -> None:
    for what, values in (("scores", SCORES), ("constant", [0.25] * ROWS), ("chances", CHANCES)):
        key = f"{what} {name}"
        numbers[f"auc {key}"] = metrics.roc_auc_score(TRUTH, values, sample_weight=weights)
        for limit in (0.1, 0.25, 0.9):
            numbers[f"auc to {limit} {key}"] = metrics.roc_auc_score(TRUTH, values, sample_weight=weights, max_fpr=limit)
        numbers[f"average precision {key}"] = metrics.average_precision_score(TRUTH, values, sample_weight=weights)
        for drop in (False, True):
            curve = metrics.roc_curve(TRUTH, values, sample_weight=weights, drop_intermediate=drop)
            for part, column in zip(("fpr", "tpr", "thresholds"), curve):
                lists[f"roc {part} {drop} {key}".lower()] = column
            curve = metrics.precision_recall_curve(TRUTH, values, sample_weight=weights, drop_intermediate=drop)
            for part, column in zip(("precision", "recall", "thresholds"), curve):
                lists[f"pr {part} {drop} {key}".lower()] = column
    lists[f"aucs {name}"] = metrics.roc_auc_score(ACTUAL, PARTS, multi_class="ovr", average=None, sample_weight=weights)
    lists[f"average precisions {name}"] = metrics.average_precision_score(ACTUAL, PARTS, average=None, sample_weight=weights)
    for average in ("micro", "macro", "weighted"):
        numbers[f"auc {average} {name}"] = metrics.roc_auc_score(
            ACTUAL, PARTS, multi_class="ovr", average=average, sample_weight=weights
        )
        numbers[f"average precision {average} {name}"] = metrics.average_precision_score(
            ACTUAL, PARTS, average=average, sample_weight=weights
        )
    numbers[f"log loss {name}"] = metrics.log_loss(ACTUAL, PARTS, sample_weight=weights)
    numbers[f"log loss of two {name}"] = metrics.log_loss(TRUTH, CHANCES, sample_weight=weights)
    sure = [float(i % 4 == 0) for i in I]
    numbers[f"log loss of the sure {name}"] = metrics.log_loss(TRUTH, sure, sample_weight=weights)
    numbers[f"brier {name}"] = metrics.brier_score_loss(TRUTH, CHANCES, sample_weight=weights)
    numbers[f"brier of the others {name}"] = metrics.brier_score_loss(TRUTH, CHANCES, sample_weight=weights, pos_label=0)
    numbers[f"brier of three {name}"] = metrics.brier_score_loss(ACTUAL, PARTS, sample_weight=weights, labels=NAMES)
    numbers[f"brier of three halved {name}"] = metrics.brier_score_loss(
        ACTUAL, PARTS, sample_weight=weights, labels=NAMES, scale_by_half=True
    )


def regression(name: str, weights: list | None) -> None:
    one, guess = TARGETS[:, 0], PREDICTED[:, 0]
    outputs = [1, 2, 0.5]
    for key, metric in {
        "mse": metrics.mean_squared_error,
        "rmse": metrics.root_mean_squared_error,
        "mae": metrics.mean_absolute_error,
        "median": metrics.median_absolute_error,
        "r2": metrics.r2_score,
        "variance": metrics.explained_variance_score,
    }.items():
        numbers[f"{key} of one {name}"] = metric(one, guess, sample_weight=weights)
        numbers[f"{key} {name}"] = metric(TARGETS, PREDICTED, sample_weight=weights)
        numbers[f"{key} by output {name}"] = metric(TARGETS, PREDICTED, sample_weight=weights, multioutput=outputs)
        lists[f"{key} {name}"] = metric(TARGETS, PREDICTED, sample_weight=weights, multioutput="raw_values")
        if key in ("r2", "variance"):
            numbers[f"{key} by variance {name}"] = metric(
                TARGETS, PREDICTED, sample_weight=weights, multioutput="variance_weighted"
            )
            lists[f"{key} of any size {name}"] = metric(
                TARGETS, PREDICTED, sample_weight=weights, multioutput="raw_values", force_finite=False
            )


def swift(value: float) -> str:
    value = float(value)
    return ".nan" if np.isnan(value) else f"{'-' * (value < 0)}.infinity" if np.isinf(value) else repr(value)


def main() -> None:
    for name, weights in (("plain", None), ("by weight", WEIGHTS)):
        labels(name, ACTUAL, GUESSED, weights)
        labels(f"sparse {name}", SPARSE, SPARSE_GUESSED, weights)
        scores(name, weights)
        regression(name, weights)
        numbers[f"precision of bee {name}"] = metrics.precision_score(TRUTH, [g == "bee" for g in GUESSED], sample_weight=weights)
        numbers[f"recall of bee {name}"] = metrics.recall_score(TRUTH, [g == "bee" for g in GUESSED], sample_weight=weights)
        numbers[f"f of bee {name}"] = metrics.fbeta_score(TRUTH, [g == "bee" for g in GUESSED], beta=2, sample_weight=weights)
    numbers["max error"] = metrics.max_error(TARGETS[:, 0], PREDICTED[:, 0])
    text = f"// Written by Tests/Golden/metrics.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "enum MetricsGolden {\n  static let numbers: [String: Double] = [\n"
    text += "".join(f"    \"{key}\": {swift(value)},\n" for key, value in numbers.items())
    text += "  ]\n\n  static let lists: [String: [Double]] = [\n"
    for key, values in lists.items():
        text += f"    \"{key}\": [{', '.join(swift(value) for value in np.ravel(values))}],\n"
    text += "  ]\n\n  static let texts: [String: String] = [\n"
    for key, value in texts.items():
        lines = "\n".join(f"      {line}" if line else "" for line in value.split("\n"))
        text += f"    \"{key}\": \"\"\"\n{lines}\n      \"\"\",\n"
    text += "  ]\n}\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "MetricsGolden.swift").write_text(text)


main()
