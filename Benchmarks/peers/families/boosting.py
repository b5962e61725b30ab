"""Rows of histogram boosting: the same rounds, leaves and learning rate for all."""
from families.learning import (
    SCIKIT_LEARN,
    classification,
    family_of_models,
    log_loss,
    misses,
    model,
    model_row,
    regression,
    squared_error,
)
from families.operators import Parameters
from sidebyside.rows import Goal, Row


def _peers(kind: str) -> dict:
    def of_scikit_learn(p: Parameters, threads: int):
        from sklearn import ensemble

        return getattr(ensemble, f"HistGradientBoosting{kind}")(max_iter=p["rounds"], early_stopping=False)

    def of_lightgbm(p: Parameters, threads: int):
        import lightgbm

        return getattr(lightgbm, f"LGBM{kind}")(n_estimators=p["rounds"], n_jobs=threads, verbose=-1)

    def of_xgboost(p: Parameters, threads: int):
        import xgboost

        return getattr(xgboost, f"XGB{kind}")(
            n_estimators=p["rounds"],
            n_jobs=threads,
            tree_method="hist",
            grow_policy="lossguide",
            max_leaves=31,
            max_depth=0,
            learning_rate=0.1,
        )

    return {SCIKIT_LEARN: of_scikit_learn, "lightgbm": of_lightgbm, "xgboost": of_xgboost}


OPERATORS = {
    "fit_boosting_classifier": model(
        classification,
        log_loss,
        _peers("Classifier"),
        fits=True,
        shapes=lambda p: [(p["held"], p["classes"])],
        results=lambda fitted, x: (fitted.predict_proba(x),),
    ),
    "predict_boosting_classifier": model(classification, misses, _peers("Classifier"), fits=False),
    "fit_boosting_regressor": model(regression, squared_error, _peers("Regressor"), fits=True),
}


def rows() -> list[Row]:
    goal = Goal({SCIKIT_LEARN: 2.0, "lightgbm": 1.0, "xgboost": 1.0})
    small = {"rows": 20_000, "columns": 50, "held": 5000, "classes": 5, "rounds": 20}
    large = {"rows": 200_000, "columns": 50, "held": 20_000, "classes": 2, "rounds": 50}
    numbers = {"rows": 100_000, "columns": 30, "held": 10_000, "rounds": 50}
    return [
        model_row("boosting", "fit_boosting_classifier", small, goal),
        model_row("boosting", "fit_boosting_classifier", large, goal),
        model_row("boosting", "fit_boosting_regressor", numbers, goal, type="f64"),
        model_row("boosting", "predict_boosting_classifier", small, goal),
    ]


family = family_of_models("boosting", OPERATORS, rows)
