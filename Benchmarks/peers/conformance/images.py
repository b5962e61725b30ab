"""Convolution and pooling of sequences and images, batch norm."""
import math

import numpy as np

from conformance.library import call, constant, evaluate, struct
from conformance.node import Node, Skip, dense, size, take, unwritten
from conformance.reductions import along

# ---- windows: a sequence is an image of height 1 ----


def plane(x: np.ndarray) -> tuple[int, ...]:
    """Height and width."""
    lengths = x.shape[2:]
    if len(lengths) > 2:
        raise Skip("images of three dimensions")
    return (1,) * (2 - len(lengths)) + lengths


def windows(node: Node, lengths: tuple[int, ...], sizes: tuple[int, ...]) -> list:
    """farro_window of rows and columns."""
    rank = len(sizes)
    strides, dilations = (on_plane(node.get(name, [1] * rank), 1) for name in ("strides", "dilations"))
    sizes = on_plane(sizes, 1)
    pads = padding(node, rank, lengths, sizes, strides, dilations)
    return [window(*of_axis) for of_axis in zip(lengths, sizes, strides, dilations, pads)]


def window(length: int, width: int, stride: int, dilation: int, pads: tuple[int, int]):
    return struct(
        "window", length=length, size=width, stride=stride, dilation=dilation, pad_before=pads[0], pad_after=pads[1]
    )


def on_plane(of_axes, neutral) -> list:
    return [neutral] * (2 - len(of_axes)) + list(of_axes)


def padding(node: Node, rank: int, lengths, sizes, strides, dilations) -> list[tuple[int, int]]:
    """Before and behind each axis. SAME: as many outputs as strides begin in the length."""
    automatic = node.get("auto_pad", "NOTSET")
    if automatic in ("NOTSET", "VALID"):
        pads = node.get("pads", [0] * (2 * rank)) if automatic == "NOTSET" else [0] * (2 * rank)
        return on_plane(list(zip(pads[:rank], pads[rank:])), (0, 0))
    return [
        halves(max(0, (math.ceil(length / stride) - 1) * stride + (width - 1) * dilation + 1 - length), automatic)
        for length, width, stride, dilation in zip(lengths, sizes, strides, dilations)
    ]


def halves(total: int, automatic: str) -> tuple[int, int]:
    """The odd element is before for SAME_LOWER, behind otherwise."""
    less, more = total // 2, total - total // 2
    return (more, less) if automatic == "SAME_LOWER" else (less, more)


def counts(along_axes: list, rank: int, ceiling: bool = False) -> tuple[int, ...]:
    """Positions of the windows along the axes that x has."""
    return tuple(evaluate("window_outputs", each, ceiling) for each in along_axes)[2 - rank :]


# ---- convolution ----


def convolution(node: Node) -> list[np.ndarray]:
    x, weight = take(node.operand(0)), take(node.operand(1))
    bias = None if node.operand(2) is None else take(node.operand(2))
    return [convolved(x, weight, bias, windows(node, plane(x), weight.shape[2:]), node.get("group", 1))]


def convolved(x, weight, bias, along_axes: list, groups: int, activation: str = "NONE") -> np.ndarray:
    y = unwritten((x.shape[0], weight.shape[0], *counts(along_axes, x.ndim - 2)), x.dtype)
    shape = shape_of(x.shape[0], x.shape[1], weight.shape[0], groups, along_axes)
    call("convolution", x.dtype, shape, x, weight, bias, constant(f"ACTIVATION_{activation}"), y)
    return y


def shape_of(batch: int, channels: int, filters: int, groups: int, along_axes: list):
    rows, columns = along_axes
    return struct(
        "convolution_shape", batch=batch, channels=channels, filters=filters, groups=groups, rows=rows, columns=columns
    )


def transposed_convolution(node: Node) -> list[np.ndarray]:
    """The gradient that a convolution from the result to x has for its image."""
    x, weight, groups = take(node.operand(0)), take(node.operand(1)), node.get("group", 1)
    if node.operand(2) is not None:
        raise Skip("transposed convolution with a bias")
    lengths, rank = plane(x), x.ndim - 2
    strides, dilations = (on_plane(node.get(name, [1] * rank), 1) for name in ("strides", "dilations"))
    sizes, more = on_plane(weight.shape[2:], 1), on_plane(node.get("output_padding", [0] * rank), 0)
    whole = [
        (length - 1) * stride + added + (width - 1) * dilation + 1
        for length, stride, added, width, dilation in zip(lengths, strides, more, sizes, dilations)
    ]
    automatic, wanted = node.get("auto_pad", "NOTSET"), node.get("output_shape")
    if automatic.startswith("SAME"):
        wanted = [length * stride for length, stride in zip(lengths, strides)]
    if wanted is None:
        pads = padding(node, rank, lengths, sizes, strides, dilations)
        results = [length - sum(pad) for length, pad in zip(whole, pads)]
    else:
        results = on_plane(wanted[-2:], 1)
        pads = [halves(max(0, length - result), automatic) for length, result in zip(whole, results)]
    along_axes = [window(*of_axis) for of_axis in zip(results, sizes, strides, dilations, pads)]
    channels = weight.shape[1] * groups
    y = unwritten((x.shape[0], channels, *results[2 - rank :]), x.dtype)
    shape = shape_of(x.shape[0], channels, x.shape[1], groups, along_axes)
    call("convolution_backward_x", x.dtype, shape, x, weight, y)
    return [y]


def causal_convolution(node: Node) -> list[np.ndarray]:
    """A channel for each filter, of the past state and x behind each other; their end is the state."""
    x, weight = take(node.operand(0)), take(node.operand(1))
    bias = None if node.operand(2) is None else take(node.operand(2))
    kept, channels = weight.shape[2] - 1, x.shape[1]
    past = np.zeros((x.shape[0], channels, kept), x.dtype) if node.operand(3) is None else take(node.operand(3))
    x = np.concatenate([past, x], axis=2)
    activation = {"none": "NONE", "silu": "SILU", "swish": "SILU"}[node.get("activation", "none")]
    along_axes = [window(1, 1, 1, 1, (0, 0)), window(x.shape[2], kept + 1, 1, 1, (0, 0))]
    return [convolved(x, weight, bias, along_axes, channels, activation), x[:, :, x.shape[2] - kept :]]


# ---- pooling ----


def pooling(node: Node, x: np.ndarray):
    """farro_pooling_shape, and the lengths of the result."""
    along_axes = windows(node, plane(x), tuple(node.get("kernel_shape")))
    return pooled(x, along_axes, bool(node.get("ceil_mode", 0)))


def pooled(x: np.ndarray, along_axes: list, ceiling: bool = False):
    rows, columns = along_axes
    shape = struct("pooling_shape", planes=size(x.shape[:2]), rows=rows, columns=columns, ceiling=ceiling)
    return shape, x.shape[:2] + counts(along_axes, x.ndim - 2, ceiling)


def max_pool(node: Node) -> list[np.ndarray]:
    """ONNX counts the positions over all planes. In columns first (storage_order 1), they are those of the image
    transposed."""
    if node.get("storage_order", 0) and node.operand(0).ndim == 4:
        return [result.swapaxes(2, 3) for result in max_pool(transposed(node))]
    x = take(node.operand(0))
    shape, lengths = pooling(node, x)
    y, indices = unwritten(lengths, x.dtype), unwritten(lengths, np.int64)
    call("max_pool", x.dtype, shape, x, y, indices)
    return [y, indices + first_of_planes(x)]


def transposed(node: Node) -> Node:
    if any(node.get("pads", ())) or node.get("auto_pad", "NOTSET") != "NOTSET":
        raise Skip("positions in columns of a padded image")
    swapped = {name: node.get(name)[::-1] for name in ("kernel_shape", "strides", "dilations") if node.get(name)}
    attributes = node.attributes | swapped | {"storage_order": 0}
    return Node(node.operator, [node.operand(0).swapaxes(2, 3)], attributes, node.results)


def first_of_planes(x: np.ndarray) -> np.ndarray:
    planes = np.arange(size(x.shape[:2])).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
    return planes * size(x.shape[2:])


def average_pool(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0))
    shape, lengths = pooling(node, x)
    y = unwritten(lengths, x.dtype)
    call("average_pool", x.dtype, shape, bool(node.get("count_include_pad", 0)), x, y)
    return [y]


def global_pool(name: str, option):
    """A window as large as the image. `option` is what the kernel takes besides x and y."""

    def run(node: Node) -> list[np.ndarray]:
        x = take(node.operand(0))
        shape, lengths = pooled(x, [window(length, length, 1, 1, (0, 0)) for length in plane(x)])
        y = unwritten(lengths, x.dtype)
        call(name, x.dtype, shape, *((x, y, None) if option is None else (option, x, y)))
        return [y]

    return run


def max_unpool(node: Node) -> list[np.ndarray]:
    """The gradient of max pooling: each element goes where it was."""
    x, indices = take(node.operand(0)), node.operand(1)
    if node.operand(2) is not None:
        raise Skip("unpooling to a given shape")
    if any(node.get("pads", ())):
        raise Skip("unpooling of a padded image")
    strides, widths = node.get("strides", [1] * (x.ndim - 2)), node.get("kernel_shape")
    lengths = tuple((n - 1) * stride + width for n, stride, width in zip(x.shape[2:], strides, widths))
    y = unwritten(x.shape[:2] + lengths, x.dtype)
    shape, _ = pooled(y, windows(node, plane(y), tuple(widths)))
    call("max_pool_backward", x.dtype, shape, x, dense(indices - first_of_planes(y)), y)
    return [y]


# ---- batch norm ----


def batch_norm(node: Node) -> list[np.ndarray]:
    x, scale, offset, mean, variance = map(take, node.operands)
    batch, channels, spatial, epsilon = x.shape[0], x.shape[1], size(x.shape[2:]), node.get("epsilon", 1e-5)
    y = unwritten(x.shape, x.dtype)
    if not node.get("training_mode", 0):
        call("batch_norm_inference", x.dtype, batch, channels, spatial, x, scale, offset, mean, variance, epsilon, y)
        return [y]
    share = 1 - node.get("momentum", 0.9)
    running_mean, ignored = mean.copy(), variance.copy()
    call(
        "batch_norm", x.dtype, batch, channels, spatial, x, scale, offset, epsilon, share, running_mean, ignored, y,
        None, None,
    )  # fmt: skip
    return [y, running_mean, population_variance(x, variance, share)]


def population_variance(x: np.ndarray, before: np.ndarray, share: float) -> np.ndarray:
    """The running variance as ONNX has it. Farro's batch norm has torch's, of the estimate without bias."""
    of_channels = dense(np.moveaxis(x, 1, 0)).reshape(x.shape[1], -1)
    now = along("variance", of_channels, 1, None, 0.0)
    out = unwritten(before.shape, before.dtype)
    row = {"rows": 1, "columns": before.size, "a_row": 0, "a_step": 1, "b_row": 0, "b_step": 0, "out_row": before.size}
    call("multiply", x.dtype, struct("binary_shape", **row), now, np.full(1, share, x.dtype), out)
    call(
        "multiply_add", x.dtype, struct("multiply_add_shape", **row, c_row=0, c_step=1), before,
        np.full(1, 1 - share, x.dtype), out, now,
    )  # fmt: skip
    return now


OPERATORS = {
    "Conv": convolution,
    "ConvTranspose": transposed_convolution,
    "CausalConvWithState": causal_convolution,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalMaxPool": global_pool("max_pool", None),
    "GlobalAveragePool": global_pool("average_pool", False),
    "MaxUnpool": max_unpool,
    "BatchNormalization": batch_norm,
}
