"""Norms."""
import numpy as np

from conformance.library import call
from conformance.node import Node, Skip, axis_of, dense, size, take, unwritten


def rows_from(x: np.ndarray, axis: int) -> tuple[int, int]:
    """The lengths before an axis, and from it on."""
    return size(x.shape[:axis]), size(x.shape[axis:])


def scale_of(node: Node, index: int, columns: int) -> np.ndarray | None:
    scale = node.operand(index)
    if scale is not None and scale.size != columns:
        raise Skip("a scale that is repeated within a row")
    return None if scale is None else take(scale)


def layer_norm(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0))
    axis = axis_of(node.get("axis", -1), x.ndim)
    rows, columns = rows_from(x, axis)
    y, mean, inverse = unwritten(x.shape, x.dtype), unwritten(rows, np.float64), unwritten(rows, np.float64)
    scale, offset = scale_of(node, 1, columns), scale_of(node, 2, columns)
    call(
        "layer_norm_forward", x.dtype, rows, columns, x, columns, None, 0, scale, offset, node.get("epsilon", 1e-5),
        None, 0, y, columns, mean, inverse,
    )  # fmt: skip
    shape = x.shape[:axis] + (1,) * (x.ndim - axis)
    # Farro's statistics are double.
    return [y, mean.astype(x.dtype).reshape(shape), inverse.astype(x.dtype).reshape(shape)]


def rms_norm(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0))
    rows, columns = rows_from(x, axis_of(node.get("axis", -1), x.ndim))
    y = unwritten(x.shape, x.dtype)
    scale = scale_of(node, 1, columns)
    call("rms_norm", x.dtype, rows, columns, x, columns, scale, node.get("epsilon", 1e-5), y, columns)
    return [y]


def group_norm(node: Node) -> list[np.ndarray]:
    """With a group for each channel, instance norm."""
    x = take(node.operand(0))
    channels = x.shape[1]
    y = unwritten(x.shape, x.dtype)
    call(
        "group_norm", x.dtype, x.shape[0], channels, size(x.shape[2:]), node.get("num_groups", channels), x,
        take(node.operand(1)), take(node.operand(2)), node.get("epsilon", 1e-5), y, None, None,
    )  # fmt: skip
    return [y]


def l2_norm(node: Node) -> list[np.ndarray]:
    """Rows of zeros, which ONNX leaves alone, are shorter than any epsilon above 0."""
    if node.get("p", 2) != 2:
        raise Skip("a norm other than the Euclidean")
    x = take(node.operand(0))
    axis = axis_of(node.get("axis", -1), x.ndim)
    rows = dense(np.moveaxis(x, axis, -1))
    y, columns = unwritten(rows.shape, rows.dtype), rows.shape[-1]
    call("l2_normalize", x.dtype, size(rows.shape[:-1]), columns, rows, columns, np.finfo(x.dtype).tiny, y, columns)
    return [np.moveaxis(y, -1, axis)]


def mean_variance_norm(node: Node) -> list[np.ndarray]:
    """Layer norm of the axes, brought to the end."""
    x = take(node.operand(0))
    axes = tuple(axis_of(axis, x.ndim) for axis in node.get("axes", [0, 2, 3]))
    order = tuple(axis for axis in range(x.ndim) if axis not in axes) + axes
    moved = dense(x.transpose(order))
    rows, columns = rows_from(moved, x.ndim - len(axes))
    y = unwritten(moved.shape, moved.dtype)
    call("layer_norm", x.dtype, rows, columns, moved, columns, None, None, 0, y, columns)
    return [y.transpose(np.argsort(order))]


OPERATORS = {
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "InstanceNormalization": group_norm,
    "LpNormalization": l2_norm,
    "MeanVarianceNormalization": mean_variance_norm,
}
