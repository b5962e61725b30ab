"""Rows of reductions and scans: along rows and down columns, out of cache against the read or copy bound."""
import numpy as np

from families.nodes import Node, along
from families.operators import Operator, family_of, matrix, row_of, values
from sidebyside.rows import Goal, Row


def reduction(
    axis: int,
    exact,
    call,
    how: str,
    units: float,
    onnx: str = "",
    is_scan: bool = False,
    operand=lambda p, g: values(g, matrix(p))[0],
    results: str | None = None,
) -> Operator:
    def prepare(torch, p, inputs, outputs):
        return (lambda: call(torch, inputs[0], axis, outputs[0])), how

    def node(p):
        if is_scan:
            return Node(onnx, (0, np.array(axis)))
        if onnx == "ArgMax":
            return Node(onnx, attributes={"axis": axis, "keepdims": 0})
        return Node(onnx, (0, along(axis)), {"keepdims": 0}) if onnx else None

    return Operator(
        inputs=lambda p, g: [operand(p, g)],
        shapes=lambda p: [matrix(p) if is_scan else (p["columns"] if axis == 0 else p["rows"],)],
        exact=lambda p, x: [exact(x[0], axis)],
        torch=prepare,
        units=units,
        onnx=node,
        results=results,
    )


def seldom(p, generator: np.random.Generator) -> np.ndarray:
    """Bytes of 0, but for a 1 at the ends of some rows and of some columns: all of them must be read."""
    x = np.zeros(matrix(p), np.uint8)
    x[generator.random(p["rows"]) < 0.5, -1] = 1
    x[-1, generator.random(p["columns"]) < 0.5] = 1
    return x


def both_axes(name: str, *arguments: object, **others: object) -> dict[str, Operator]:
    return {f"{name}_{word}": reduction(axis, *arguments, **others) for word, axis in (("rows", 1), ("columns", 0))}


OPERATORS = {
    **both_axes("sum", np.sum, lambda torch, x, axis, y: torch.sum(x, axis, out=y), "sum(out=)", 300, "ReduceSum"),
    **both_axes("mean", np.mean, lambda torch, x, axis, y: torch.mean(x, axis, out=y), "mean(out=)", 300, "ReduceMean"),
    **both_axes(
        "product",
        np.prod,
        lambda torch, x, axis, y: torch.prod(x, axis, out=y),
        "prod(out=)",
        300,
        "ReduceProd",
        operand=lambda p, g: np.exp(0.02 * g.standard_normal(matrix(p))),  # so that products stay near 1
    ),
    **both_axes("max", np.max, lambda torch, x, axis, y: torch.amax(x, axis, out=y), "amax(out=)", 1, "ReduceMax"),
    **both_axes(
        "variance",
        lambda x, axis: x.var(axis, ddof=1),
        lambda torch, x, axis, y: torch.var(x, axis, correction=1, out=y),
        "var(out=)",
        300,
    ),
    **both_axes(
        "argmax",
        np.argmax,
        lambda torch, x, axis, y: torch.argmax(x, axis, out=y),
        "argmax(out=)",
        1,
        "ArgMax",
        results="int64",
    ),
    **both_axes(
        "any",
        lambda x, axis: x.any(axis).astype(float),
        lambda torch, x, axis, y: torch.any(x.view(torch.bool), axis, out=y.view(torch.bool)),
        "any(out=)",
        1,
        operand=lambda p, g: seldom(p, g),
        results="uint8",
    ),
    **both_axes(
        "cumsum",
        np.cumsum,
        lambda torch, x, axis, y: torch.cumsum(x, axis, out=y),
        "cumsum(out=)",
        300,
        "CumSum",
        is_scan=True,
    ),
}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        for m, n in ((512, 768), (32768, 1024)):
            width, matrices = 1.0 if operation.startswith("any") else 4.0, 2 if operation.startswith("cumsum") else 1
            is_far = width * m * n > 64 << 20
            fraction = 0.9 if is_far else None
            result.append(
                row_of(
                    "reduction",
                    operation,
                    f"{m}x{n}",
                    {"rows": m, "columns": n},
                    flops=float(m) * n,
                    bytes=width * matrices * m * n,
                    goal=Goal({"torch": 1.0}, fraction=fraction),
                    limit=("copy" if matrices == 2 else "read") if is_far else None,
                )
            )
    return result


family = family_of("reduction", OPERATORS, rows)
