"""Rows of rankings: how well scores tell two classes apart. scikit-learn runs on one thread."""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row


def labelled(p: Parameters, generator: np.random.Generator) -> Arrays:
    positive = (generator.random(p["rows"]) < 0.3).astype(np.uint8)
    return [generator.standard_normal(p["rows"]) + positive, positive]


def curve(x: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Positive rows and all rows from the highest score down to each score that occurs."""
    order = np.argsort(-x[0], kind="stable")
    scores = x[0][order]
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    return np.cumsum(x[1][order], dtype=np.int64)[last], last + 1


def area(p: Parameters, x: Arrays) -> Arrays:
    right, all = (np.insert(a, 0, 0) for a in curve(x))
    wrong = all - right
    twice = int((np.diff(wrong) * (right[1:] + right[:-1])).sum())
    return [np.array([twice / (2 * int(right[-1]) * int(wrong[-1]))])]


def average_precision(p: Parameters, x: Arrays) -> Arrays:
    right, all = curve(x)
    return [np.array([float((np.diff(right, prepend=0) * (right / all).astype(np.longdouble)).sum() / right[-1])])]


def sklearn_metric(name: str):
    def prepare(threads, p, inputs, outputs):
        from sklearn import metrics

        scores, positive = inputs
        metric = getattr(metrics, name)
        return lambda: metric(positive, scores), f"{name}, on one thread"

    return prepare


def operator(exact, peer: str) -> Operator:
    return Operator(
        inputs=labelled,
        shapes=lambda p: [(1,)],
        exact=exact,
        torch=None,
        units=2,  # the result is rounded to the scores' type on both sides
        others={"scikit-learn": sklearn_metric(peer)},
    )


OPERATORS = {
    "roc_area": operator(area, "roc_auc_score"),
    "average_precision": operator(average_precision, "average_precision_score"),
}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        for n in (100_000, 10_000_000):
            goal = Goal({"scikit-learn": 5.0})
            result.append(row_of("ranking", operation, f"{n}", {"rows": n}, float(n), 5.0 * n, goal))
    return result


family = family_of("ranking", OPERATORS, rows)
