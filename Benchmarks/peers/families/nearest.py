"""Rows of models of nearest neighbours: by all rows, and by a tree."""
import numpy as np

from families.learning import classification, family_of_models, misses, model, model_row, sklearn_and_intelex
from families.operators import Arrays, Parameters
from sidebyside.rows import Family, Goal, Row


def scattered(p: Parameters, generator: np.random.Generator) -> Arrays:
    """Rows spread evenly, in classes that are slices."""
    x = generator.uniform(0, 1, (p["rows"] + p["held"], p["columns"]))
    y = (x[:, 0] * p["classes"]).astype(np.int32)
    return [x[: p["rows"]], y[: p["rows"]], x[p["rows"] :], y[p["rows"] :]]


def threads(p: Parameters, n: int) -> int:
    return n


BRUTE = sklearn_and_intelex("neighbors", "KNeighborsClassifier", algorithm="brute", n_jobs=threads)
TREE = sklearn_and_intelex("neighbors", "KNeighborsClassifier", algorithm="kd_tree", n_jobs=threads)

OPERATORS = {
    "predict_brute_neighbors": model(classification, misses, BRUTE, fits=False),
    "fit_neighbor_tree": model(scattered, misses, TREE, fits=True),
    "predict_neighbor_tree": model(scattered, misses, TREE, fits=False),
}


def rows() -> list[Row]:
    goal = Goal({"scikit-learn": 1.0})
    many = {"rows": 1_000_000, "columns": 3, "held": 20_000, "classes": 5}
    return [
        model_row("nearest", "predict_brute_neighbors", {"rows": 20_000, "columns": 50, "held": 5000, "classes": 5}, goal),
        model_row("nearest", "fit_neighbor_tree", many, goal),
        model_row("nearest", "predict_neighbor_tree", many, goal),
    ]


family: Family = family_of_models("nearest", OPERATORS, rows)
