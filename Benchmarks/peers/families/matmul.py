"""Rows of the matrix products: squares, batches, thin ones, fused, low precision, and the cost of a call."""
import math
import zlib
from dataclasses import replace

import numpy as np

from sidebyside.rows import Family, Goal, Row

DTYPES = {"f32": "float32", "f64": "float64", "bf16": "uint16", "u8s8": "uint8"}
ROUNDOFF = {"f32": 2.0**-24, "f64": 2.0**-53, "bf16": 2.0**-24, "u8s8": 2.0**-24}


def product(type: str, m: int, n: int, k: int, goal: Goal = Goal(), batch: int = 1, **others: object) -> Row:
    """C (batch, m, n) = A (batch, m, k) B (batch, k, n), all row-major and dense."""
    width = np.dtype(DTYPES[type]).itemsize
    out_width = width if type in ("f32", "f64") else 4
    row = Row(
        family="matmul",
        operation="matmul",
        type=type,
        shape=(f"{batch} x " if batch > 1 else "") + f"{m}x{n}x{k}",
        parameters={"batch": batch, "m": m, "n": n, "k": k},
        flops=2.0 * batch * m * n * k,
        bytes=float(batch) * ((m * k + k * n) * width + m * n * out_width),
        goal=goal,
        limit=f"fma_{type}" if type in ("f32", "f64") else None,
    )
    return replace(row, **others)


def rows() -> list[Row]:
    result = []
    for type in ("f32", "f64"):
        for size in (16, 32, 64, 128):
            result.append(product(type, size, size, size, Goal({"*": 1.2})))
        result.append(product(type, 127, 129, 131, Goal({"*": 1.2})))
        for size in (256, 512, 1024, 2048, 4096):
            result.append(product(type, size, size, size, Goal({"*": 1.0}, fraction=0.95)))

        for batch, m, n, k, times in ((10000, 4, 4, 4, 4.0), (10000, 8, 8, 8, 4.0), (4000, 16, 16, 16, 2.0)):
            result.append(product(type, m, n, k, Goal({"*": times}), batch))
        result.append(product(type, 13, 27, 19, Goal({"*": 2.0}), 3000))
        for batch, m, n, k in ((2000, 32, 32, 32), (500, 64, 64, 64), (96, 128, 128, 64)):
            result.append(product(type, m, n, k, Goal({"numpy": 1.5, "mkl": 1.2}, fraction=0.85), batch))

        for m in (1, 8):
            result.append(product(type, m, 4096, 4096, Goal(fraction=0.85), limit="read"))
        for m, n, k in ((1000, 10, 784), (3, 5000, 300)):
            result.append(product(type, m, n, k, Goal({"*": 1.2})))

        for size in (64, 512):
            result.append(product(type, size, size, size, cold=True))

    for m, n, k in ((512, 3072, 768), (128, 128, 128)):
        peers = ("torch", "torch-fused", "numpy")
        result.append(product("f32", m, n, k, Goal({"torch": 1.3}), operation="matmul_bias_gelu", peers=peers))

    own = product("f32", 1024, 1024, 1024)
    for type, times in (("bf16", 1.6), ("u8s8", 2.5)):
        result.append(product(type, 1024, 1024, 1024, Goal({"farro f32": times}), peers=("mkl", "torch"), own=own))

    tiny = product("f32", 4, 4, 4, Goal(nanoseconds=60), limit=None)
    result.append(tiny)
    for row, goal in ((tiny, Goal(nanoseconds=120)), (product("f32", 512, 512, 512), Goal())):
        result.append(replace(row, subject="farro-swift", peers=("farro",), goal=goal))
    return result


# ---- operands ----


def operands(row: Row) -> list[np.ndarray]:
    """A, B and, where it is fused, the bias; uniform in [-1, 1), or integers."""
    batch, m, n, k = (row.parameters[name] for name in ("batch", "m", "n", "k"))
    generator = np.random.default_rng(zlib.crc32(f"{row.type} {row.shape}".encode()))
    if row.type == "u8s8":
        # torch multiplies s8 by s8 only: below 128, a byte is the same number signed and unsigned.
        a = generator.integers(0, 128, (batch, m, k), dtype=np.uint8)
        b = generator.integers(-128, 128, (batch, k, n), dtype=np.int8)
        return [a, b]
    shapes = [(batch, m, k), (batch, k, n)] + ([(n,)] if row.operation == "matmul_bias_gelu" else [])
    dtype = np.float64 if row.type == "f64" else np.float32
    values = [generator.random(shape, dtype=dtype) * 2 - 1 for shape in shapes]
    if row.type == "bf16":
        return [(value.view(np.uint32) >> 16).astype(np.uint16) for value in values]
    return values


def output(row: Row) -> tuple[tuple[int, ...], str]:
    batch, m, n = (row.parameters[name] for name in ("batch", "m", "n"))
    return (batch, m, n), {"f32": "float32", "f64": "float64", "bf16": "float32", "u8s8": "int32"}[row.type]


# ---- accuracy ----


def sample(count: int, most: int) -> np.ndarray:
    """At most `most` indices of 0..<count, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def exact_values(row: Row, values: np.ndarray) -> np.ndarray:
    if row.type == "bf16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.longdouble if row.type == "f64" else np.float64)


def error(row: Row, inputs: list[np.ndarray], result: np.ndarray) -> float:
    """The largest |error| / (k u |A||B|), over some rows and columns of some products of the batch.

    Against float64 (long double for f64). u is the unit roundoff of f32, or f64 there. A fused row's error has its
    activation's in it.
    """
    batch, m, n, k = (row.parameters[name] for name in ("batch", "m", "n", "k"))
    lines, columns, worst = sample(m, 16), sample(n, 64), 0.0
    for item in sample(batch, 5):
        a = exact_values(row, inputs[0][item][lines])
        b = exact_values(row, inputs[1][item][:, columns])
        exact, scale = a @ b, np.abs(a) @ np.abs(b)
        if row.operation == "matmul_bias_gelu":
            exact = exact + inputs[2][columns]
            exact = exact * (1 + np.vectorize(math.erf)(exact * math.sqrt(0.5))) / 2
        off = np.abs(result[item][np.ix_(lines, columns)] - exact) / (k * ROUNDOFF[row.type] * scale)
        worst = max(worst, float("inf") if np.isnan(off).any() else float(off.max()))
    return worst


family = Family(rows, operands, output, error, error_unit="k u |A||B|")
