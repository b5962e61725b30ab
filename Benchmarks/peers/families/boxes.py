"""Rows of boxes: their overlaps beside torchvision's formulas in torch, and formats."""
import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row


def boxes(p: Parameters, generator: np.random.Generator) -> Arrays:
    def some(count: int) -> np.ndarray:
        corners = generator.uniform(0, 1000, (count, 2))
        return np.concatenate([corners, corners + generator.uniform(1, 200, (count, 2))], 1)

    return [some(p["rows"]), some(p["count"])]


def sides(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    extent = np.maximum(high - low, 0)
    return extent[..., 0] * extent[..., 1]


def overlaps(x: np.ndarray, y: np.ndarray, generalized: bool) -> np.ndarray:
    both = sides(np.maximum(x[:, None, :2], y[None, :, :2]), np.minimum(x[:, None, 2:], y[None, :, 2:]))
    either = sides(x[:, :2], x[:, 2:])[:, None] + sides(y[:, :2], y[:, 2:]) - both
    if not generalized:
        return both / either
    hull = sides(np.minimum(x[:, None, :2], y[None, :, :2]), np.maximum(x[:, None, 2:], y[None, :, 2:]))
    return both / either - (hull - either) / hull


def torch_iou(torch, p, inputs, outputs):
    x, y = inputs

    def run():
        """torchvision.ops.box_iou: its Python, line by line."""
        areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (x, y)]
        low, high = torch.max(x[:, None, :2], y[:, :2]), torch.min(x[:, None, 2:], y[:, 2:])
        extent = (high - low).clamp(min=0)
        both = extent[:, :, 0] * extent[:, :, 1]
        return (both / (areas[0][:, None] + areas[1] - both),)

    return run, "torchvision's box_iou, new tensors each time"


def operator(generalized: bool) -> Operator:
    return Operator(
        inputs=boxes,
        shapes=lambda p: [(p["rows"], p["count"])],
        exact=lambda p, x: [overlaps(x[0], x[1], generalized)],
        torch=None if generalized else torch_iou,
        units=40 if generalized else 16,
    )


OPERATORS = {"box_iou": operator(False), "box_generalized_iou": operator(True)}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        for m, n in ((300, 400), (5000, 5000)):
            is_far = m == 5000
            goal = Goal({"torch": 3.0} if operation == "box_iou" else {})
            result.append(
                row_of(
                    "boxes",
                    operation,
                    f"{m}x{n}",
                    {"rows": m, "count": n},
                    flops=(22.0 if operation == "box_generalized_iou" else 12.0) * m * n,
                    bytes=4.0 * m * n,
                    goal=goal,
                    limit="copy" if is_far else None,
                )
            )
    return result


family = family_of("boxes", OPERATORS, rows)
