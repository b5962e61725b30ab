"""Operators on arrays: what a family of them says once, for the driver and for the workers.

An operator is checked against its definition in float64 (long double for f64), and timed against torch's own and ONNX
Runtime's. Several results lie behind one another in the row's one output.
"""
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from families.nodes import Node
from sidebyside.rows import Family, Goal, Row

Arrays = list[np.ndarray]
Parameters = Mapping[str, int]

DTYPES = {"f32": np.float32, "f64": np.float64, "bf16": np.uint16}
ROUNDOFF = {"f32": 2.0**-24, "f64": 2.0**-53, "bf16": 2.0**-9}


@dataclass(frozen=True)
class Operator:
    """`torch` makes a call from (torch, parameters, inputs, outputs) and says how it runs. The call writes to the
    outputs, or returns its results where torch has no form that does so. `onnx` is its node, where ONNX Runtime has one."""

    inputs: Callable[[Parameters, np.random.Generator], Arrays]
    shapes: Callable[[Parameters], Sequence[tuple[int, ...]]]  # of the results
    exact: Callable[[Parameters, Arrays], Arrays]
    torch: Callable[..., tuple[Callable[[], object], str]] | None
    units: float  # roundoffs of the largest element of a result that its error may be
    onnx: Callable[[Parameters], Node | None] | None = None
    results: str | None = None  # NumPy's name of the results' type, where it is not the row's
    # Of a random result: how wrong it is, in units, from the operands and the results.
    error: Callable[[Parameters, Arrays, Arrays], float] | None = None
    # By a peer's name, the same as `torch` of another Python library: from (threads, parameters, inputs, outputs).
    others: Mapping[str, Callable[..., tuple[Callable[[], object], str]]] = field(default_factory=dict)


def size_of(shapes: Sequence[tuple[int, ...]]) -> int:
    return sum(math.prod(shape) for shape in shapes)


def split(flat: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list:
    """Views of the results that lie behind one another; of an array or a tensor."""
    views, start = [], 0
    for shape in shapes:
        views.append(flat[start : start + math.prod(shape)].reshape(shape))
        start += math.prod(shape)
    return views


def widened(values: np.ndarray, type: str) -> np.ndarray:
    if values.dtype == np.uint16:
        values = (values.astype(np.uint32) << 16).view(np.float32)
    if values.dtype.kind != "f":
        return values
    return values.astype(np.longdouble if type == "f64" else np.float64)


def narrowed(values: np.ndarray, type: str) -> np.ndarray:
    if values.dtype.kind != "f":
        return values
    if type == "bf16":
        return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(DTYPES[type])


def numbers(parameters: Mapping[str, str]) -> dict[str, int]:
    """The row's parameters, of all that a worker is told."""
    return {name: int(value) for name, value in parameters.items() if value.isdigit()}


def family_of(name: str, operators: Mapping[str, Operator], rows: Callable[[], list[Row]]) -> Family:
    def operands(row: Row) -> Arrays:
        generator = np.random.default_rng(zlib.crc32(f"{row.operation} {row.shape}".encode()))
        return [narrowed(x, row.type) for x in operators[row.operation].inputs(row.parameters, generator)]

    def output(row: Row) -> tuple[tuple[int, ...], str]:
        operator = operators[row.operation]
        return (size_of(operator.shapes(row.parameters)),), operator.results or np.dtype(DTYPES[row.type]).name

    exact_of: list = [None, None]  # the operands, and what is exact of them: subject and peers share both

    def error(row: Row, inputs: Arrays, result: np.ndarray) -> float:
        operator = operators[row.operation]
        results = split(widened(result, row.type), operator.shapes(row.parameters))
        if operator.error is not None:
            return operator.error(row.parameters, [widened(x, row.type) for x in inputs], results)
        if exact_of[0] is not inputs:
            exact_of[:] = inputs, operator.exact(row.parameters, [widened(x, row.type) for x in inputs])
        worst = 0.0
        for found, wanted in zip(results, exact_of[1]):
            off = float(np.abs(found - wanted).max(initial=0))
            allowed = operator.units * ROUNDOFF[row.type] * float(np.abs(wanted).max(initial=0))
            if off != 0:  # NaN too
                worst = max(worst, off / allowed if math.isfinite(off) and allowed > 0 else math.inf)
        return worst

    def all_rows() -> list[Row]:
        return [replace(row, peers=peers_of(operators[row.operation], row.parameters)) for row in rows()]

    return Family(all_rows, operands, output, error, error_unit="the operator's own bound, of the largest element")


def peers_of(operator: Operator, p: Parameters) -> tuple[str, ...]:
    has_node = operator.onnx is not None and operator.onnx(p) is not None
    torch = ("torch",) if operator.torch is not None or not operator.others else ()
    return torch + (("onnxruntime",) if has_node else ()) + tuple(operator.others)


def row_of(
    family: str,
    operation: str,
    shape: str,
    parameters: Parameters,
    flops: float,
    bytes: float,
    goal: Goal = Goal(),
    type: str = "f32",
    **others: object,
) -> Row:
    return Row(
        family=family,
        operation=operation,
        type=type,
        shape=shape,
        parameters=parameters,
        flops=flops,
        bytes=bytes,
        goal=goal,
        **others,
    )


def into_new(operator: Operator, torch: Callable[..., object], how: str) -> Operator:
    """The operator with a result that each call makes: the peer's memory is the system's, Farro's comes from its pool."""

    def prepare(library, p, inputs, outputs):
        return (lambda: (torch(library, p, *inputs),)), f"{how}, a new tensor each time"

    return replace(operator, torch=prepare, onnx=None)


# ---- operators on matrices ----


def matrix(p: Parameters) -> tuple[int, int]:
    return p["rows"], p["columns"]


def values(generator: np.random.Generator, *shapes: tuple[int, ...]) -> Arrays:
    return [generator.standard_normal(shape) for shape in shapes]


def new_row(family: str, operation: str, flops: float) -> Row:
    """Out of place and out of cache, by Farro's Swift interface."""
    m, n = 32768, 1024
    return row_of(
        family,
        operation,
        f"{m}x{n}",
        {"rows": m, "columns": n},
        flops=float(flops) * m * n,
        bytes=8.0 * m * n,
        goal=Goal({"torch": 3.0}),
        subject="farro-swift",
        limit="copy",
    )


def rows_of_matrices(family: str, operation: str, matrices: float, flops: float) -> list[Row]:
    """In cache, where torch's best must be beaten by half; and out of it, beside the copy bound.

    `matrices` are those that a call reads or writes, at least.
    """
    result = []
    for m, n in ((64, 384), (4096, 768), (32768, 1024)):
        is_far = m * n * 4 > 64 << 20
        goal = Goal({"torch": 1.5})
        if is_far:
            goal = Goal(fraction=0.9 if matrices < 3 else None)
        result.append(
            row_of(
                family,
                operation,
                f"{m}x{n}",
                {"rows": m, "columns": n},
                flops=float(flops) * m * n,
                bytes=4.0 * matrices * m * n,
                goal=goal,
                limit=("copy" if matrices > 1 else "read") if is_far else None,
            )
        )
    return result
