"""Rows of sorting and selection along rows, and histograms."""
import numpy as np

from families.nodes import Node
from families.operators import Operator, Parameters, family_of, matrix, row_of, values
from sidebyside.rows import Goal, Row

BINS, LEAST, MOST = 64, -4, 4


def torch_sort(torch, p, inputs, outputs):
    places = torch.empty(matrix(p), dtype=torch.int64)
    return lambda: torch.sort(inputs[0], dim=1, out=(outputs[0], places)), "sort(out=), values and places"


def torch_argsort(torch, p, inputs, outputs):
    sorted = torch.empty(matrix(p))

    def run():
        torch.sort(inputs[0], dim=1, stable=True, out=(sorted, outputs[0]))

    return run, "sort(stable=True, out=), values and places"


def torch_top_k(torch, p, inputs, outputs):
    places = torch.empty((p["rows"], p["k"]), dtype=torch.int64)
    return lambda: torch.topk(inputs[0], p["k"], dim=1, out=(outputs[0], places)), "topk(out=)"


def torch_histogram(torch, p, inputs, outputs):
    x = inputs[0].reshape(-1)
    return lambda: torch.histc(x, BINS, LEAST, MOST, out=outputs[0]), "histc(out=)"


OPERATORS = {
    "sort": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [np.sort(x[0], 1)],
        torch=torch_sort,
        units=1,
    ),
    "argsort": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [np.argsort(x[0], 1, kind="stable")],
        torch=torch_argsort,
        units=1,
        results="int64",
    ),
    "top_k": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [(p["rows"], p["k"])],
        exact=lambda p, x: [np.sort(x[0], 1)[:, : -p["k"] - 1 : -1]],
        torch=torch_top_k,
        units=1,
        onnx=lambda p: Node("TopK", (0, np.array([p["k"]])), results=(0, ((p["rows"], p["k"]), "int64"))),
    ),
    "histogram": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [(BINS,)],
        exact=lambda p, x: [np.histogram(x[0], BINS, (LEAST, MOST))[0].astype(float)],
        torch=torch_histogram,
        units=1e4,  # an element that is rounded across an edge
    ),
}


def rows() -> list[Row]:
    result = []
    for operation, shapes in {
        "sort": ((4096, 64), (1024, 1000), (4, 1_000_000)),
        "argsort": ((4096, 64), (1024, 1000)),
        "top_k": ((4096, 1000), (16, 1_000_000)),
        "histogram": ((4096, 1000),),
    }.items():
        for m, n in shapes:
            parameters: Parameters = {"rows": m, "columns": n} | ({"k": 10} if operation == "top_k" else {})
            result.append(
                row_of("sorting", operation, f"{m}x{n}", parameters, float(m) * n, 4.0 * m * n, Goal({"torch": 1.0}))
            )
    return result


family = family_of("sorting", OPERATORS, rows)
