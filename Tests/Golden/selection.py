"""Writes Tests/FarroModelsTests/SelectionGolden.swift: how scikit-learn divides rows where it draws nothing at random, and what
cross-validation, searches and curves say of simple models.

Run it with a Python that has scikit-learn: python3 Tests/Golden/selection.py
"""

import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import datasets
from sklearn import model_selection as selection
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import Ridge

warnings.simplefilter("ignore")

# The same formulas as in the tests.
ROWS = 61
I = range(ROWS)
CLASSES = [(i * i * 7 + i * 3) % 23 % 4 for i in I]
# Names whose order is another one than that of first occurrences.
NAMES = [["dog", "ape", "cow", "bee"][c] for c in CLASSES]
GROUPS = [(i * i + 5 * i) % 29 % 11 for i in I]
RARE = ["rare" if i in (7, 50) else "often" for i in I]
FOLDS = [i * 3 % 5 - 1 for i in I]

splits: dict[str, list[str]] = {}


def record(name: str, splitter, y=None, groups=None) -> None:
    splits[name] = []
    for train, test in splitter.split([[0]] * ROWS, y, groups):
        marks = ["."] * ROWS
        for row in train:
            marks[row] = "l"
        for row in test:
            marks[row] = "T"
        splits[name].append("".join(marks))


for n in (2, 5, 7, 61):
    record(f"k-fold {n}", selection.KFold(n))
for n in (2, 3, 5, 8):
    record(f"stratified {n}", selection.StratifiedKFold(n), NAMES)
    record(f"stratified rare {n}", selection.StratifiedKFold(n), RARE)
for n in (2, 3, 5, 10):
    record(f"group {n}", selection.GroupKFold(n), groups=GROUPS)
for n in (2, 3, 4):
    record(f"stratified group {n}", selection.StratifiedGroupKFold(n), NAMES, GROUPS)
record("leave one group out", selection.LeaveOneGroupOut(), groups=GROUPS)
record("leave one out", selection.LeaveOneOut())
record("time 5", selection.TimeSeriesSplit())
record("time 3 gap", selection.TimeSeriesSplit(3, gap=4, test_size=7))
record("time 4 most", selection.TimeSeriesSplit(4, max_train_size=10, gap=1))
record("predefined", selection.PredefinedSplit(FOLDS))



class ShrunkenMean(ClassifierMixin, BaseEstimator):
    """The model of the tests."""

    def __init__(self, shrinkage=0.0, metric="euclidean"):
        self.shrinkage, self.metric = shrinkage, metric

    def fit(self, x, y, sample_weight=None):
        self.classes_ = np.unique(y)
        weights = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight)
        means = np.array([np.average(x[y == c], axis=0, weights=weights[y == c]) for c in self.classes_])
        self.means_ = means + self.shrinkage * (x.mean(axis=0) - means)
        return self

    def _distances(self, x):
        difference = x[:, None, :] - self.means_[None]
        return (difference**2 if self.metric == "euclidean" else abs(difference)).sum(axis=2)

    def predict(self, x):
        return self.classes_[self._distances(x).argmin(axis=1)]

    def predict_proba(self, x):
        near = 1 / (1 + self._distances(x))
        return near / near.sum(axis=1, keepdims=True)


numbers: dict[str, np.ndarray] = {}
BINARY = ["accuracy", "balanced_accuracy", "matthews_corrcoef", "precision", "recall", "f1", "roc_auc", "average_precision",
          "neg_log_loss", "neg_brier_score"]
SEVERAL = ["accuracy", "balanced_accuracy", "matthews_corrcoef", "roc_auc_ovr", "neg_log_loss", "neg_brier_score"]
SEVERAL += [f"{name}_{average}" for name in ("precision", "recall", "f1") for average in ("macro", "micro", "weighted")]
REGRESSION = ["r2", "explained_variance", "neg_mean_squared_error", "neg_root_mean_squared_error", "neg_mean_absolute_error",
              "neg_median_absolute_error", "neg_max_error"]


def scores(name: str, estimator, x, y, scorers: list[str], cv, **more) -> None:
    found = selection.cross_validate(estimator, x, y, cv=cv, scoring=scorers, return_train_score=True, **more)
    for scorer in scorers:
        known = scorer.removesuffix("_ovr")
        numbers[f"{name} {known}"] = np.concatenate([found[f"test_{scorer}"], found[f"train_{scorer}"]])


wine, cancer, diabetes = (load(return_X_y=True) for load in (datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes))
scores("wine", ShrunkenMean(), *wine, SEVERAL, selection.StratifiedKFold(4))
scores("cancer", ShrunkenMean(), *cancer, BINARY, selection.StratifiedKFold(5))
weights = np.array([i % 4 for i in range(len(wine[1]))]) / 2
scores("wine weighted", ShrunkenMean(), *wine, ["accuracy"], selection.StratifiedKFold(3), params={"sample_weight": weights})
column = diabetes[0][:, [2]]
ridge = Ridge(fit_intercept=False)
scores("diabetes", ridge, column, diabetes[1], REGRESSION, selection.KFold(5))
numbers["wine predictions"] = selection.cross_val_predict(ShrunkenMean(), *wine, cv=selection.StratifiedKFold(4))
numbers["wine probabilities"] = selection.cross_val_predict(
    ShrunkenMean(), *wine, cv=selection.StratifiedKFold(4), method="predict_proba"
).ravel()
numbers["diabetes predictions"] = selection.cross_val_predict(ridge, column, diabetes[1], cv=3)
grid = selection.GridSearchCV(
    ShrunkenMean(), [{"metric": ["euclidean", "manhattan"], "shrinkage": [0, 0.3, 0.9]}, {"shrinkage": [0.3, 1]}],
    cv=selection.StratifiedKFold(4),
).fit(*wine)
for key in ("mean_test_score", "std_test_score", "rank_test_score"):
    numbers[f"grid {key}"] = grid.cv_results_[key]
numbers["grid best"] = [grid.best_index_, grid.best_score_]
sizes, train, test = selection.learning_curve(
    ShrunkenMean(), *wine, train_sizes=[0.5, 0.75, 1.0], cv=selection.StratifiedKFold(4)
)
numbers["learning sizes"], numbers["learning train"], numbers["learning test"] = sizes, train.ravel(), test.ravel()
train, test = selection.validation_curve(
    ridge, column, diabetes[1], param_name="alpha", param_range=[0.01, 0.1, 1, 10], cv=selection.KFold(3)
)
numbers["validation train"], numbers["validation test"] = train.ravel(), test.ravel()

path = pathlib.Path(__file__).parent.parent / "FarroModelsTests" / "SelectionGolden.swift"
lines = [
    f"// Written by Tests/Golden/selection.py with scikit-learn {sklearn.__version__}.",
    "// swift-format-ignore-file",
    "",
    "enum SelectionGolden {",
    "  /// Of each row of each division: whether it is learned from (l), tested (T), or neither.",
    "  static let splits: [String: String] = [",
]
lines += [f'    "{name}": "{" ".join(marks)}",' for name, marks in splits.items()]
lines += ["  ]", "", "  static let numbers: [String: String] = ["]
lines += [f'    "{name}": "{" ".join(f"{float(v):.12g}" for v in values)}",' for name, values in numbers.items()]
path.write_text("\n".join(lines + ["  ]", "}", ""]))
