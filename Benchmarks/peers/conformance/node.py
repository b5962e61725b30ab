"""A node of a model and its operands, and what handlers of operators need to read them.

A handler takes a Node and gives its results. It computes with libfarro alone: NumPy brings operands into the layout
that a kernel takes (reshaping, transposing, repeating, joining; masks made of positions), and never does arithmetic on
them. The little that it converts is said where it is done.
"""
from dataclasses import dataclass

import numpy as np


class Skip(Exception):
    """A case that Farro has no kernel for: why. Equal reasons are counted together."""


@dataclass
class Node:
    operator: str
    operands: list[np.ndarray | None]
    attributes: dict
    results: list[str]  # names; "" where a result is not wanted

    def operand(self, index: int) -> np.ndarray | None:
        return self.operands[index] if index < len(self.operands) else None

    def get(self, name: str, default=None):
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def wants(self, index: int) -> bool:
        return index < len(self.results) and self.results[index] != ""


FLOATS = ("float32", "float64")


def take(x: np.ndarray, types: tuple[str, ...] = FLOATS) -> np.ndarray:
    """x, contiguous, if Farro computes in its type."""
    if x.dtype.name in types:
        return dense(x)
    if x.dtype.kind in "iub":
        raise Skip("integers and truth values: the kernel takes floating-point numbers")
    raise Skip(f"{x.dtype.name}: the kernel takes {' and '.join(types)}")


def unwritten(shape: int | tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """A result, of what no kernel would write: memory just released may hold the right answer already."""
    return np.full(shape, np.nan if np.dtype(dtype).kind not in "iub" else 113, dtype)


def dense(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x).reshape(x.shape)  # the former makes scalars vectors


def axis_of(axis: int, rank: int) -> int:
    return axis + rank if axis < 0 else axis


def size(lengths: tuple[int, ...]) -> int:
    return int(np.prod(lengths, dtype=np.int64))


def around(x: np.ndarray, axis: int) -> dict[str, int]:
    """Of farro_reduction_shape: the lengths before, of and behind an axis."""
    axis = axis_of(axis, x.ndim)
    return {"outer": size(x.shape[:axis]), "axis": x.shape[axis], "inner": size(x.shape[axis + 1 :])}
