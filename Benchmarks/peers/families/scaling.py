"""Rows of the scaling of columns: statistics, and a pass that applies them. torch has expressions for both."""
import numpy as np

from families.nodes import Node
from families.operators import Operator, family_of, matrix, rows_of_matrices, values
from sidebyside.rows import Row


def torch_standardize(torch, p, inputs, outputs):
    (x,), (y,) = inputs, outputs

    def run():
        deviation, mean = torch.std_mean(x, 0, correction=0)
        torch.sub(x, mean, out=y)
        y.div_(deviation)

    return run, "std_mean, then sub(out=) and div_"


def torch_min_max_scale(torch, p, inputs, outputs):
    (x,), (y,) = inputs, outputs

    def run():
        least, most = torch.aminmax(x, dim=0)
        torch.sub(x, least, out=y)
        y.div_(most - least)

    return run, "aminmax, then sub(out=) and div_"


OPERATORS = {
    "standardize": Operator(
        inputs=lambda p, g: [3 * x + 5 for x in values(g, matrix(p))],
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [(x[0] - x[0].mean(0)) / x[0].std(0)],
        torch=torch_standardize,
        units=64,
        onnx=lambda p: Node("MeanVarianceNormalization", attributes={"axes": [0]}),
    ),
    "min_max_scale": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [(x[0] - x[0].min(0)) / np.ptp(x[0], 0)],
        torch=torch_min_max_scale,
        units=16,
    ),
}


def rows() -> list[Row]:
    """x is read for its statistics, and once more to be scaled."""
    return [*rows_of_matrices("scaling", "standardize", 3, 7), *rows_of_matrices("scaling", "min_max_scale", 3, 4)]


family = family_of("scaling", OPERATORS, rows)
