"""Rows of linear classifiers: logistic regression by its objective, stochastic descent by its answers."""
import numpy as np

from families.learning import classification, family_of_models, misses, model, model_row, sklearn_and_intelex
from families.operators import Arrays, Parameters
from sidebyside.rows import Family, Goal, Row


def objective(p: Parameters, x: Arrays, results: Arrays) -> float:
    """Logistic regression's objective at the coefficients, of that at 0."""
    w, b = (result.astype(np.float64) for result in results)
    z = x[0].astype(np.float64) @ w.T + b
    top = z.max(1)
    losses = np.log(np.exp(z - top[:, None]).sum(1)) + top - z[np.arange(len(z)), x[1]]
    return float((losses.mean() + (w * w).sum() / 2 / len(z)) / np.log(p["classes"]))


LOGISTIC = sklearn_and_intelex("linear_model", "LogisticRegression")


def logistic(**arguments):
    return model(
        classification,
        objective,
        sklearn_and_intelex("linear_model", "LogisticRegression", **arguments),
        fits=True,
        shapes=lambda p: [(p["classes"], p["columns"]), (p["classes"],)],
        results=lambda fitted, x: (fitted.coef_, fitted.intercept_),
    )


OPERATORS = {
    "fit_logistic": logistic(),
    "fit_logistic_newton": logistic(solver="newton-cholesky"),  # the peers' other solver that is fast
    "predict_logistic": model(classification, misses, LOGISTIC, fits=False),
    "fit_sgd": model(
        classification,
        misses,
        sklearn_and_intelex(
            "linear_model", "SGDClassifier", loss="log_loss", tol=None, max_iter=5, random_state=0, n_jobs=lambda p, n: n
        ),
        fits=True,
    ),
}


def rows() -> list[Row]:
    parameters = {"rows": 20_000, "columns": 50, "held": 5000, "classes": 5}
    goal = Goal({"scikit-learn": 3.0, "scikit-learn-intelex": 1.0})
    fits = ("fit_logistic", "fit_logistic_newton")
    found = [model_row("linear_classes", fit, parameters, goal, type) for fit in fits for type in ("f32", "f64")]
    equal = Goal({"scikit-learn": 1.0})
    return found + [model_row("linear_classes", name, parameters, equal) for name in ("predict_logistic", "fit_sgd")]


family: Family = family_of_models("linear_classes", OPERATORS, rows)
