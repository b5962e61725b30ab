"""Rows of sums of products of columns: what least squares, discriminants and principal components are made of."""
import numpy as np

from families.operators import Operator, Parameters, family_of, matrix, row_of, values
from sidebyside.rows import Goal, Row


def sklearn_covariance(threads, p, inputs, outputs):
    from sklearn.covariance import empirical_covariance

    def call():
        return empirical_covariance(inputs[0])

    call.result = call
    return call, "covariance.empirical_covariance, NumPy's product of the centered rows, a new array each time"


OPERATORS = {
    "covariance": Operator(
        inputs=lambda p, g: [1 + x for x in values(g, matrix(p))],
        shapes=lambda p: [(p["columns"], p["columns"])],
        exact=lambda p, x: [np.cov(x[0], rowvar=False, bias=True)],
        torch=None,
        units=256,  # products are added in their type over so many rows
        others={"scikit-learn": sklearn_covariance},
    ),
}


def rows() -> list[Row]:
    result = []
    for n, d in ((100_000, 64), (1_000_000, 16), (20_000, 500)):
        parameters: Parameters = {"rows": n, "columns": d}
        flops, bytes = float(n) * d * (d + 1), 4.0 * n * d  # of one triangle
        result.append(row_of("gram", "covariance", f"{n}x{d}", parameters, flops, bytes, Goal({"*": 1.5})))
    return result


family = family_of("gram", OPERATORS, rows)
