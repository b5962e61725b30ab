"""Softmax, reductions, scans, sorting."""
import numpy as np

from conformance.elementwise import arithmetic, function
from conformance.library import call, struct
from conformance.node import Node, Skip, around, axis_of, dense, size, take, unwritten


def softmax(name: str):
    def run(node: Node) -> list[np.ndarray]:
        x = take(node.operand(0))
        y = unwritten(x.shape, x.dtype)
        call(name, x.dtype, struct("reduction_shape", **around(x, node.get("axis", -1))), None, x, y)
        return [y]

    return run


def hardmax(node: Node) -> list[np.ndarray]:
    """A one where argmax is."""
    x = take(node.operand(0))
    axis = axis_of(node.get("axis", -1), x.ndim)
    y = np.zeros_like(x)
    np.put_along_axis(y, np.expand_dims(along("argmax", x, axis, np.int64), axis), 1, axis)
    return [y]


def along(name: str, x: np.ndarray, axis: int, result: type | None = None, *options) -> np.ndarray:
    """A reduction of one axis."""
    out = unwritten(x.shape[:axis] + x.shape[axis + 1 :], result or x.dtype)
    call(name, x.dtype, struct("reduction_shape", **around(x, axis)), *options, x, out)
    return out


def reduction(name: str, of_truths: str | None = None, of_nothing: bool = True, *options):
    """Over any axes: several are brought to the end and taken for one. `of_truths` is the kernel for truth values."""

    def run(node: Node) -> list[np.ndarray]:
        x, kernel = node.operand(0), name
        if x.dtype == np.bool_ and of_truths:
            kernel = of_truths
        else:
            x = take(x)
        axes = reduced_axes(node, x.ndim)
        if axes is None:
            return [x]
        kept = tuple(axis for axis in range(x.ndim) if axis not in axes)
        if not of_nothing and kernel == name and not size(tuple(x.shape[axis] for axis in axes)):
            raise Skip("the greatest and the smallest of nothing: Farro refuses")
        shape = tuple(1 if axis in axes else length for axis, length in enumerate(x.shape))
        if len(axes) != 1:
            x, axes = dense(x.transpose(kept + axes)).reshape(*(x.shape[axis] for axis in kept), -1), (len(kept),)
        out = truths(kernel, x, axes[0]) if kernel == of_truths else along(kernel, x, axes[0], None, *options)
        return [out.reshape(shape) if node.get("keepdims", 1) else out]

    return run


def of_squares(handler):
    def run(node: Node) -> list[np.ndarray]:
        x = take(node.operand(0))
        squares = arithmetic("multiply", x, x)
        return handler(Node(node.operator, [squares, *node.operands[1:]], node.attributes, node.results))

    return run


def logarithm(handler):
    def run(node: Node) -> list[np.ndarray]:
        return [function("log", x) for x in handler(node)]

    return run


def reduced_axes(node: Node, rank: int) -> tuple[int, ...] | None:
    """None: nothing is reduced."""
    axes = node.operand(1) if node.operand(1) is not None else node.get("axes", ())
    if len(axes):
        return tuple(sorted(axis_of(int(axis), rank) for axis in axes))
    return None if node.get("noop_with_empty_axes", 0) else tuple(range(rank))


def truths(name: str, x: np.ndarray, axis: int) -> np.ndarray:
    out = unwritten(x.shape[:axis] + x.shape[axis + 1 :], np.bool_)
    call(name + "_u8", None, struct("reduction_shape", **around(x, axis)), dense(x), out)
    return out


def position(name: str):
    def run(node: Node) -> list[np.ndarray]:
        if node.get("select_last_index", 0):
            raise Skip("the last of equal elements: Farro finds the first")
        x = take(node.operand(0))
        axis = axis_of(node.get("axis", 0), x.ndim)
        out = along(name, x, axis, np.int64)
        return [np.expand_dims(out, axis) if node.get("keepdims", 1) else out]

    return run


def across(name: str):
    """A reduction of several tensors to one: they are stacked."""

    def run(node: Node) -> list[np.ndarray]:
        return [along(name, np.stack(np.broadcast_arrays(*map(take, node.operands))), 0)]

    return run


def scan(name: str):
    def run(node: Node) -> list[np.ndarray]:
        x = take(node.operand(0))
        out = unwritten(x.shape, x.dtype)
        options = struct(
            "scan_options", reverse=bool(node.get("reverse", 0)), exclusive=bool(node.get("exclusive", 0))
        )
        call(name, x.dtype, struct("reduction_shape", **around(x, int(node.operand(1)))), options, x, out)
        return [out]

    return run


def top_k(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0))
    k, axis = int(node.operand(1)[0]), axis_of(node.get("axis", -1), x.ndim)
    rows = dense(np.moveaxis(x, axis, -1))
    values = unwritten((*rows.shape[:-1], k), x.dtype)
    indices = unwritten(values.shape, np.int64)
    options = struct("top_k_options", smallest=not node.get("largest", 1), unsorted=not node.get("sorted", 1))
    columns = rows.shape[-1]
    call("top_k", x.dtype, size(rows.shape[:-1]), columns, k, options, rows, columns, values, k, indices, k)
    return [np.moveaxis(values, -1, axis), np.moveaxis(indices, -1, axis)]


OPERATORS = {
    "Softmax": softmax("softmax_axis"),
    "LogSoftmax": softmax("log_softmax"),
    "Hardmax": hardmax,
    "ReduceSum": reduction("sum"),
    "ReduceSumSquare": of_squares(reduction("sum")),
    "ReduceLogSum": logarithm(reduction("sum")),
    "ReduceMean": reduction("mean"),
    "ReduceProd": reduction("product"),
    "ReduceMax": reduction("max", "any", False),
    "ReduceMin": reduction("min", "all", False),
    "ReduceLogSumExp": reduction("log_sum_exp", None, True, None),
    "ArgMax": position("argmax"),
    "ArgMin": position("argmin"),
    "Sum": across("sum"),
    "Mean": across("mean"),
    "Max": across("max"),
    "Min": across("min"),
    "CumSum": scan("cumulative_sum"),
    "CumProd": scan("cumulative_product"),
    "TopK": top_k,
}
