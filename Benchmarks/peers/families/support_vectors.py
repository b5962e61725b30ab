"""Rows of support vector machines, with a kernel and linear."""
from families.learning import (
    INTELEX,
    SCIKIT_LEARN,
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


def sklearn_alone(name: str, **arguments):
    return {SCIKIT_LEARN: sklearn_and_intelex("svm", name, **arguments)[SCIKIT_LEARN]}


OPERATORS = {
    "fit_svc": model(classification, misses, sklearn_and_intelex("svm", "SVC"), fits=True),
    "predict_svc": model(classification, misses, sklearn_and_intelex("svm", "SVC"), fits=False),
    "fit_svr": model(regression, squared_error, sklearn_and_intelex("svm", "SVR"), fits=True),
    "fit_linear_svc": model(classification, misses, sklearn_alone("LinearSVC"), fits=True),
    "fit_linear_svc_hinge": model(classification, misses, sklearn_alone("LinearSVC", loss="hinge"), fits=True),
    "fit_linear_svr": model(regression, squared_error, sklearn_alone("LinearSVR", C=0.1), fits=True),
}


def rows() -> list[Row]:
    small = {"rows": 5000, "columns": 50, "classes": 5, "held": 1000}
    large = {"rows": 20_000, "columns": 50, "classes": 5, "held": 2000}
    overlapping = [
        {"rows": rows, "columns": 50, "classes": classes, "held": rows // 10, "overlapping": 1}
        for rows in (5000, 20_000)
        for classes in (2, 5)
    ]
    numbers = {"rows": 5000, "columns": 50, "held": 1000}
    kernel, linear = Goal({SCIKIT_LEARN: 4.0, INTELEX: 1.0}), Goal({SCIKIT_LEARN: 5.0})
    result = []
    for type in ("f32", "f64"):
        result.append(model_row("support_vectors", "fit_svc", small, kernel, type))
        result.append(model_row("support_vectors", "fit_svc", large, kernel, type))
        for parameters in overlapping:
            result.append(model_row("support_vectors", "fit_svc", parameters, kernel, type, "overlapping"))
        result.append(model_row("support_vectors", "predict_svc", small, kernel, type))
        result.append(model_row("support_vectors", "fit_linear_svc", large, linear, type))
    result.append(model_row("support_vectors", "fit_svr", numbers, kernel))
    result.append(model_row("support_vectors", "fit_linear_svc_hinge", small, linear))
    result.append(model_row("support_vectors", "fit_linear_svr", numbers, linear))
    return result


family = family_of_models("support_vectors", OPERATORS, rows)
