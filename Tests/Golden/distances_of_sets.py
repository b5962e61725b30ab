"""Writes Tests/FarroTests/SetDistanceGolden.swift: distances between bits, sets and sparse rows by SciPy and scikit-learn,
and what non-maximum suppression keeps by the loop of torchvision's CPU kernel.

Run it with a Python that has them: python3 Tests/Golden/distances_of_sets.py
"""

import pathlib

import numpy
import scipy
import sklearn
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances

SCIPY_METRICS = {"euclidean": "euclidean", "squaredEuclidean": "sqeuclidean"}  # by their names in Swift, on dense rows
SKLEARN_METRICS = {"manhattan": "manhattan", "cosine": "cosine"}  # on sparse ones


# The same formulas as in the tests: small integers, so that both are exact.
def bits(rows: int, seed: int) -> numpy.ndarray:
    return numpy.array([[(i * 37 + j * 101 + seed * 53) * (i + j + 3) % 256 for j in range(5)] for i in range(rows)], dtype=numpy.uint8)


def sparse(rows: int, seed: int) -> numpy.ndarray:
    def element(i: int, j: int) -> float:
        number = (i * 7 + j * 5 + seed) * (j + 2) % 11
        return (number - 4) / 4 if number < 4 else 0.0

    return numpy.array([[element(i, j) for j in range(12)] for i in range(rows)])


def boxes(count: int) -> numpy.ndarray:
    def box(i: int) -> list[float]:
        x, y = i * 29 % 41 / 4, i * 17 % 37 / 4
        return [x, y, x + 2 + i * 13 % 7, y + 2 + i * 11 % 5]

    return numpy.array([box(i) for i in range(count)])


def iou(x: numpy.ndarray, y: numpy.ndarray, generalized: bool = False) -> numpy.ndarray:
    """torchvision.ops.box_iou and generalized_box_iou, line by line."""
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (x, y)]
    sides = (numpy.minimum(x[:, None, 2:], y[None, :, 2:]) - numpy.maximum(x[:, None, :2], y[None, :, :2])).clip(0)
    both = sides[..., 0] * sides[..., 1]
    either = areas[0][:, None] + areas[1] - both
    if not generalized:
        return both / either
    sides = (numpy.maximum(x[:, None, 2:], y[None, :, 2:]) - numpy.minimum(x[:, None, :2], y[None, :, :2])).clip(0)
    hull = sides[..., 0] * sides[..., 1]
    return both / either - (hull - either) / hull


def nms(x: numpy.ndarray, scores: numpy.ndarray, threshold: float) -> list[int]:
    """torchvision/csrc/ops/cpu/nms_kernel.cpp: each box that is not suppressed suppresses those behind it."""
    overlaps, kept, suppressed = iou(x, x), [], numpy.zeros(len(x), bool)
    for i in numpy.argsort(-scores, kind="stable"):
        if not suppressed[i]:
            kept.append(int(i))
            suppressed |= overlaps[i] > threshold
    return kept


def literal(name: str, values, type: str = "Double") -> str:
    numbers = "".join(f"    {value!r},\n" for value in numpy.asarray(values).ravel().tolist())
    return f"  static let {name}: [{type}] = [\n{numbers}  ]\n"


def main() -> None:
    text = f"// Written by Tests/Golden/distances_of_sets.py with SciPy {scipy.__version__} and scikit-learn {sklearn.__version__}.\n\n"
    text += "enum SetDistanceGolden {\n"
    x, y = (numpy.unpackbits(bits(rows, seed), axis=1).astype(bool) for rows, seed in ((4, 1), (5, 2)))
    text += literal("hamming", (cdist(x, y, "hamming") * x.shape[1]).round().astype(int), "Int32")
    text += literal("jaccard", cdist(x, y, "jaccard")) + literal("dice", cdist(x, y, "dice"))
    a, b = (scipy.sparse.csr_matrix(sparse(rows, seed)) for rows, seed in ((4, 1), (5, 2)))
    for name, metric in SCIPY_METRICS.items():
        text += literal(name, cdist(a.toarray(), b.toarray(), metric))
    for name, metric in SKLEARN_METRICS.items():
        text += literal(name, pairwise_distances(a, b, metric=metric))
    text += literal("innerProduct", (a @ b.T).toarray())
    corners = boxes(12)
    text += literal("iou", iou(corners[:4], corners[4:9])) + literal("generalizedIoU", iou(corners[:4], corners[4:9], True))
    scores = numpy.array([i * 19 % 23 // 2 for i in range(12)], float)
    text += literal("kept", nms(corners, scores, 0.1), "Int") + "}\n"
    (pathlib.Path(__file__).parents[1] / "FarroTests" / "SetDistanceGolden.swift").write_text(text)


main()
