"""Rows of pooling, forward and backward: the largest element of windows that overlap, the mean of others."""
import numpy as np

from families.convolution import images, outputs, padded, taps
from families.nodes import Node
from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row


def pooled(p: Parameters) -> tuple[int, int, int, int]:
    return p["batch"], p["channels"], *outputs(p)


# ---- definitions ----


def max_pool(p: Parameters, x: Arrays) -> Arrays:
    return [np.max([view for _, _, view in taps(p, padded(p, x[0], -np.inf))], axis=0)]


def unpadded(p: Parameters, x: np.ndarray) -> np.ndarray:
    high, wide = p["pad_height"], p["pad_width"]
    return x[:, :, high : high + p["height"], wide : wide + p["width"]]


def max_pool_backward(p: Parameters, x: Arrays) -> Arrays:
    grad, x = x[0], padded(p, x[1], -np.inf)
    chosen = np.argmax([view for _, _, view in taps(p, x)], axis=0)
    grad_x = np.zeros_like(x)
    for place, (_, _, view) in enumerate(taps(p, grad_x)):
        view += grad * (chosen == place)
    return [unpadded(p, grad_x)]


def average_pool(p: Parameters, x: Arrays) -> Arrays:
    return [sum(view for _, _, view in taps(p, padded(p, x[0]))) / (p["window_height"] * p["window_width"])]


def average_pool_backward(p: Parameters, x: Arrays) -> Arrays:
    grad_x = padded(p, np.zeros(images(p)))
    for _, _, view in taps(p, grad_x):
        view += x[0] / (p["window_height"] * p["window_width"])
    return [unpadded(p, grad_x)]


# ---- torch and ONNX ----


def windows(p: Parameters) -> tuple[list[int], list[int], list[int]]:
    return [p["window_height"], p["window_width"]], [p["stride"]] * 2, [p["pad_height"], p["pad_width"]]


def torch_max_pool(torch, p, inputs, outputs):
    places, call = torch.empty(pooled(p), dtype=torch.int64), torch.ops.aten.max_pool2d_with_indices.out
    return (
        lambda: call(inputs[0], *windows(p), out=outputs[0], indices=places),
        "max_pool2d_with_indices(out=), values and places",
    )


def torch_max_pool_backward(torch, p, inputs, outputs):
    grad, x = inputs
    _, places = torch.ops.aten.max_pool2d_with_indices(x, *windows(p))
    call = torch.ops.aten.max_pool2d_with_indices_backward.grad_input
    return (
        lambda: call(grad, x, *windows(p), [1, 1], False, places, grad_input=outputs[0]),
        "max_pool2d_with_indices_backward(out=)",
    )


def torch_average_pool(torch, p, inputs, outputs):
    call = torch.ops.aten.avg_pool2d.out
    return lambda: call(inputs[0], *windows(p), out=outputs[0]), "avg_pool2d(out=)"


def torch_average_pool_backward(torch, p, inputs, outputs):
    call, x = torch.ops.aten.avg_pool2d_backward.grad_input, torch.empty(images(p))
    return (
        lambda: call(inputs[0], x, *windows(p), False, True, None, grad_input=outputs[0]),
        "avg_pool2d_backward(out=)",
    )


def attributes(p: Parameters) -> dict[str, object]:
    size, strides, pads = windows(p)
    return {"kernel_shape": size, "strides": strides, "pads": 2 * pads}


OPERATORS = {
    "max_pool": Operator(  # the values; their places go beside the row's result
        inputs=lambda p, g: values(g, images(p)),
        shapes=lambda p: [pooled(p)],
        exact=max_pool,
        torch=torch_max_pool,
        units=1,
        onnx=lambda p: Node("MaxPool", attributes=attributes(p), results=(0, (pooled(p), "int64"))),
    ),
    "max_pool_backward": Operator(
        inputs=lambda p, g: values(g, pooled(p), images(p)),
        shapes=lambda p: [images(p)],
        exact=max_pool_backward,
        torch=torch_max_pool_backward,
        units=16,
    ),
    "average_pool": Operator(
        inputs=lambda p, g: values(g, images(p)),
        shapes=lambda p: [pooled(p)],
        exact=average_pool,
        torch=torch_average_pool,
        units=16,
        onnx=lambda p: Node("AveragePool", attributes=attributes(p) | {"count_include_pad": 1}),
    ),
    "average_pool_backward": Operator(
        inputs=lambda p, g: values(g, pooled(p)),
        shapes=lambda p: [images(p)],
        exact=average_pool_backward,
        torch=torch_average_pool_backward,
        units=16,
    ),
}


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        size, pad = (3, 1) if operation.startswith("max") else (2, 0)
        for batch, side in ((8, 56), (32, 112)):
            p = {"batch": batch, "channels": 64, "height": side, "width": side, "stride": 2}
            p |= {"window_height": size, "window_width": size, "pad_height": pad, "pad_width": pad}
            large, small = float(np.prod(images(p))), float(np.prod(pooled(p)))
            bytes = 4 * (large + small) + (8 * small if operation.startswith("max") else 0)
            result.append(
                row_of(
                    "pooling",
                    operation,
                    f"{size}x{size} {batch}x64x{side}x{side}",
                    p,
                    flops=small * size * size,
                    bytes=bytes,
                    goal=Goal({"torch": 1.0}),
                    limit="copy" if batch > 8 else None,
                )
            )
    return result


family = family_of("pooling", OPERATORS, rows)
