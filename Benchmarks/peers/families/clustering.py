"""Rows of clusters by the models' interface: what a fit costs with all that surrounds the kernels."""
import numpy as np

from families.learning import family_of_models, model, model_row, regression, sklearn_and_intelex
from families.operators import Arrays, Parameters
from sidebyside.rows import Goal, Row


def spread(p: Parameters, x: Arrays, results: Arrays) -> float:
    """The squared distances of held-out rows to their nearest centres, of those to their mean."""
    centers = results[0]
    squares = (x[2] * x[2]).sum(1)[:, None] + (centers * centers).sum(1) - 2 * x[2] @ centers.T
    return float(squares.min(1).sum() / ((x[2] - x[2].mean(0)) ** 2).sum())


OPERATORS = {
    "fit_kmeans": model(
        regression,
        spread,
        sklearn_and_intelex(
            "cluster", "KMeans", n_clusters=lambda p, threads: p["k"], n_init=1, max_iter=20, tol=0, random_state=0
        ),
        fits=True,
        shapes=lambda p: [(p["k"], p["columns"])],
        results=lambda fitted, x: (fitted.cluster_centers_,),
    ),
}


def rows() -> list[Row]:
    parameters = {"rows": 100_000, "columns": 64, "held": 1000, "k": 64}
    goal = Goal({"scikit-learn": 2.0, "scikit-learn-intelex": 1.0})
    return [model_row("clustering", "fit_kmeans", parameters, goal)]


family = family_of_models("clustering", OPERATORS, rows)
