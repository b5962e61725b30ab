"""Writes Tests/FarroModelsTests/TreesGolden.swift: decision trees that scikit-learn grows, and scores of its forests.

Which of several equally good splits scikit-learn takes depends on the order of rows and columns. Each tree is therefore grown
from many orders of rows, columns and classes; a split counts where all agree on it, and a prediction where all agree on that.

Run it with a Python that has scikit-learn: python3 Tests/Golden/trees.py
"""

import pathlib

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ORDERS = 40
NAMES = ["iris", "wine", "breast_cancer", "digits", "diabetes"]
DATA = {name: getattr(datasets, "load_" + name)(return_X_y=True) for name in NAMES}


def with_gaps(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    rows, columns = np.indices(x.shape)
    x[(rows * 7 + columns * 3) % 11 == 0] = np.nan
    return x


# Name in Swift: data set, criterion, depth, other parameters, weights of rows, whether values are missing
CASES = {}
for name in NAMES:
    for criterion in ["squared_error"] if name == "diabetes" else ["gini", "entropy"]:
        CASES[f"{name} {criterion}"] = (name, criterion, 8, {}, None, False)
CASES |= {
    "wine whole weights": ("wine", "gini", 8, {}, "whole", False),
    "wine whole weights entropy": ("wine", "entropy", 8, {}, "whole", False),
    "breast_cancer weights": ("breast_cancer", "gini", 4, {}, "broken", False),
    "breast_cancer weights entropy": ("breast_cancer", "entropy", 4, {}, "broken", False),
    "diabetes weights": ("diabetes", "squared_error", 5, {}, "broken", False),
    "iris gaps": ("iris", "gini", 8, {}, None, True),
    "digits gaps": ("digits", "gini", 6, {}, None, True),
    "diabetes gaps": ("diabetes", "squared_error", 6, {}, None, True),
    "digits leaves": ("digits", "gini", None, {"max_leaf_nodes": 20}, None, False),
    "diabetes leaves": ("diabetes", "squared_error", None, {"max_leaf_nodes": 12}, None, False),
    "breast_cancer limits": ("breast_cancer", "gini", None, {"min_samples_leaf": 7, "min_samples_split": 30}, None, False),
    "diabetes fraction": ("diabetes", "squared_error", None, {"min_weight_fraction_leaf": 0.04}, "broken", False),
    "digits decrease": ("digits", "gini", None, {"min_impurity_decrease": 0.01}, None, False),
    "diabetes pruned": ("diabetes", "squared_error", 6, {"ccp_alpha": 60.0}, None, False),
}


def weights_of(kind: str | None, count: int) -> np.ndarray | None:
    rows = np.arange(count)
    return None if kind is None else (rows % 4) * 1.0 if kind == "whole" else 0.25 + rows % 7 * 0.375 + rows % 5 * 0.125


def encode(trees: list, paths: list[np.ndarray], nodes: list[int]) -> str:
    """A tree in preorder: column:threshold:missing left, L for a leaf, ? where orders differ.

    Splits that part the rows alike are as good as one another: up to four are listed, with | between them.
    """
    kinds = sorted({(int(t.feature[n]), float(t.threshold[n]), int(t.missing_go_to_left[n])) for t, n in zip(trees, nodes)})
    if len(kinds) == 1 and kinds[0][0] < 0:
        return "L "
    left = [t.children_left[n] for t, n in zip(trees, nodes)]
    if len(kinds) > 4 or min(left) < 0 or len({path[:, n].tobytes() for path, n in zip(paths, left)}) > 1:
        return "? "
    here = "|".join(f"{feature}:{threshold:.10g}:{missing_left}" for feature, threshold, missing_left in kinds) + " "
    right = [t.children_right[n] for t, n in zip(trees, nodes)]
    return here + encode(trees, paths, left) + encode(trees, paths, right)


def case_text(name: str) -> tuple[str, str, str]:
    data, criterion, depth, parameters, kind, has_gaps = CASES[name]
    x, y = DATA[data]
    x = with_gaps(x) if has_gaps else x
    held = np.arange(len(y)) % 3 == 0
    weights = weights_of(kind, len(y))
    kind_of_tree = DecisionTreeRegressor if criterion == "squared_error" else DecisionTreeClassifier
    trees, paths, answers, importances = [], [], [], []
    for order in range(ORDERS):
        rows = np.random.RandomState(order).permutation(np.flatnonzero(~held))
        tree = kind_of_tree(criterion=criterion, max_depth=depth, random_state=order, **parameters)
        # Other numbers of the classes, as sums over them are rounded in their order.
        names = np.random.RandomState(order).permutation(int(y.max()) + 1) if criterion != "squared_error" else None
        target = y if names is None else names[y]
        tree.fit(x[rows], target[rows], sample_weight=None if weights is None else weights[rows])
        trees.append(tree.tree_)
        paths.append(tree.decision_path(x[~held]).toarray())
        answer = tree.predict(x[held])
        answers.append(answer if names is None else np.argsort(names)[answer])
        importances.append(tree.feature_importances_)
    agreed = [len({f"{a[i]:.9g}" for a in answers}) == 1 for i in range(held.sum())]
    predictions = " ".join(f"{answers[0][i]:.9g}" if same else "?" for i, same in enumerate(agreed))
    importances = np.array(importances)
    same = np.ptp(importances, axis=0).max() < 1e-12
    return encode(trees, paths, [0] * ORDERS).strip(), predictions, " ".join(f"{v:.12g}" for v in importances[0]) if same else ""


def path_text(data: str) -> str:
    x, y = DATA[data]
    tree = DecisionTreeRegressor(max_depth=6) if data == "diabetes" else DecisionTreeClassifier()
    path = tree.cost_complexity_pruning_path(x, y)
    return " ".join(f"{a:.12g}:{i:.12g}" for a, i in zip(path.ccp_alphas, path.impurities))


def forest_scores(kind: str, name: str) -> str:
    """Of ten seeds, each with one of five folds: rows whose number leaves the fold's when divided by 5 are held out."""
    x, y = DATA[name]
    is_regression = name == "diabetes"
    models = {"forest": (RandomForestClassifier, RandomForestRegressor), "extra": (ExtraTreesClassifier, ExtraTreesRegressor)}
    scores = []
    for seed in range(10):
        held = np.arange(len(y)) % 5 == seed % 5
        model = models[kind][is_regression](n_estimators=50, random_state=seed)
        scores.append(model.fit(x[~held], y[~held]).score(x[held], y[held]))
    return " ".join(f"{score:.6f}" for score in scores)


def main() -> None:
    text = f"// Written by Tests/Golden/trees.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "/// Trees grown from the rows whose number 3 does not divide, and what they say of the others.\nenum TreesGolden {\n"
    cases = {name: case_text(name) for name in CASES}
    for part, title in enumerate(["splits", "predictions", "importances"]):
        text += f"  static let {title}: [String: String] = [\n"
        text += "".join(f'    "{name}": "{case[part]}",\n' for name, case in cases.items() if case[part])
        text += "  ]\n\n"
    text += "  static let paths: [String: String] = [\n"
    for name in ("iris", "wine", "diabetes"):
        text += f'    "{name}": "{path_text(name)}",\n'
    text += "  ]\n\n  static let scores: [String: String] = [\n"
    for kind in ("forest", "extra"):
        for name in NAMES:
            text += f'    "{kind} {name}": "{forest_scores(kind, name)}",\n'
    text += "  ]\n}\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "TreesGolden.swift").write_text(text)


main()
