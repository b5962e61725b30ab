"""Rows of decision trees and forests."""
from families.learning import (
    classification,
    family_of_models,
    misses,
    model,
    model_row,
    regression,
    sklearn_and_intelex,
    squared_error,
)
from sidebyside.rows import Goal, Row

_TREE = {"scikit-learn": sklearn_and_intelex("tree", "DecisionTreeClassifier", random_state=0)["scikit-learn"]}
_REGRESSION_TREE = {"scikit-learn": sklearn_and_intelex("tree", "DecisionTreeRegressor", random_state=0)["scikit-learn"]}


def _forest(name: str) -> dict:
    return sklearn_and_intelex(
        "ensemble", name, n_estimators=lambda p, threads: p["trees"], n_jobs=lambda p, threads: threads, random_state=0
    )


OPERATORS = {
    "fit_decision_tree": model(classification, misses, _TREE, fits=True),
    "fit_regression_tree": model(regression, squared_error, _REGRESSION_TREE, fits=True),
    "fit_random_forest": model(classification, misses, _forest("RandomForestClassifier"), fits=True),
    "predict_random_forest": model(classification, misses, _forest("RandomForestClassifier"), fits=False),
    "fit_extra_trees": model(classification, misses, _forest("ExtraTreesClassifier"), fits=True),
}


def rows() -> list[Row]:
    parameters = {"rows": 20_000, "columns": 50, "held": 5000, "classes": 5}
    numbers = {"rows": 20_000, "columns": 50, "held": 5000}
    forest = parameters | {"trees": 100}
    tree_goal, forest_goal = Goal({"scikit-learn": 3.0}), Goal({"scikit-learn": 4.0, "scikit-learn-intelex": 1.0})
    goal = Goal({"scikit-learn": 1.0, "scikit-learn-intelex": 1.0})
    return [
        *(model_row("trees", "fit_decision_tree", parameters, tree_goal, type) for type in ("f32", "f64")),
        model_row("trees", "fit_regression_tree", numbers, tree_goal),
        model_row("trees", "fit_random_forest", forest, forest_goal, name="100 trees"),
        model_row("trees", "predict_random_forest", forest, goal, name="100 trees"),
        model_row("trees", "fit_extra_trees", forest, goal, name="100 trees"),
    ]


family = family_of_models("trees", OPERATORS, rows)
