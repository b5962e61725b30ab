"""Rows of linear models, discriminants and naive Bayes."""
from families.learning import (
    SCIKIT_LEARN, classification, family_of_models, misses, model, model_row, regression, sklearn_and_intelex,
    squared_error,
)
from sidebyside.rows import Goal, Row


def both(name: str, inputs, error, module: str, estimator: str, **arguments) -> dict:
    """Fit and prediction of one estimator. Intel's build has no other than least squares and ridge."""
    peers = sklearn_and_intelex(module, estimator, **arguments)
    if estimator not in ("LinearRegression", "Ridge"):
        peers = {SCIKIT_LEARN: peers[SCIKIT_LEARN]}
    return {f"{verb}_{name}": model(inputs, error, peers, fits=verb == "fit") for verb in ("fit", "predict")}


OPERATORS = (
    both("least_squares", regression, squared_error, "linear_model", "LinearRegression")
    | both("ridge", regression, squared_error, "linear_model", "Ridge", alpha=1.0)
    | both("lasso", regression, squared_error, "linear_model", "Lasso", alpha=0.01)
    | both("linear_discriminants", classification, misses, "discriminant_analysis", "LinearDiscriminantAnalysis")
    | both("quadratic_discriminants", classification, misses, "discriminant_analysis", "QuadraticDiscriminantAnalysis",
           reg_param=0.1)
    | both("gaussian_bayes", classification, misses, "naive_bayes", "GaussianNB")
    | both("bernoulli_bayes", classification, misses, "naive_bayes", "BernoulliNB")
)


def rows() -> list[Row]:
    goal = Goal({"scikit-learn": 1.5, "scikit-learn-intelex": 1.0})
    sizes = ((100_000, 64), (1_000_000, 16), (20_000, 500))
    found = []
    for type in ("f32", "f64"):
        for n, d in sizes:
            parameters = {"rows": n, "columns": d, "held": 1000}
            found += [model_row("linear", f"fit_{name}", parameters, goal, type) for name in ("least_squares", "ridge")]
    small = {"rows": 20_000, "columns": 100, "held": 1000}
    others = Goal({"scikit-learn": 1.0})
    found.append(model_row("linear", "fit_lasso", small, others))
    classes = {"rows": 200_000, "columns": 64, "held": 200_000, "classes": 5}
    names = ("linear_discriminants", "quadratic_discriminants", "gaussian_bayes", "bernoulli_bayes")
    for name in names:
        found += [model_row("linear", f"{verb}_{name}", classes, others) for verb in ("fit", "predict")]
    return found


family = family_of_models("linear", OPERATORS, rows)
