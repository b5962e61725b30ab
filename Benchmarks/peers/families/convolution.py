"""Rows of convolution, forward and both gradients: images, and sequences, which are images of height 1."""
import numpy as np

from families.nodes import Node
from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row


def outputs(p: Parameters) -> tuple[int, int]:
    return tuple(
        (p[axis] + 2 * p[f"pad_{axis}"] - p[f"window_{axis}"]) // p["stride"] + 1 for axis in ("height", "width")
    )


def images(p: Parameters) -> tuple[int, int, int, int]:
    return p["batch"], p["channels"], p["height"], p["width"]


def results(p: Parameters) -> tuple[int, int, int, int]:
    return p["batch"], p["filters"], *outputs(p)


def weights(p: Parameters) -> tuple[int, int, int, int]:
    return p["filters"], p["channels"] // p["groups"], p["window_height"], p["window_width"]


# ---- definitions: one product for each element of the window ----


def padded(p: Parameters, x: np.ndarray, value: float = 0) -> np.ndarray:
    high, wide = p["pad_height"], p["pad_width"]
    return np.pad(x, ((0, 0), (0, 0), (high, high), (wide, wide)), constant_values=value)


def taps(p: Parameters, x: np.ndarray):
    """The window's elements, (row, column), each with the view of padded images that it meets."""
    (high, wide), stride = outputs(p), p["stride"]
    for i in range(p["window_height"]):
        for j in range(p["window_width"]):
            yield i, j, x[:, :, i : i + stride * (high - 1) + 1 : stride, j : j + stride * (wide - 1) + 1 : stride]


def by_group(p: Parameters, x: np.ndarray) -> np.ndarray:
    """(batch, groups, channels of a group, outputs)"""
    return x.reshape(p["batch"], p["groups"], x.shape[1] // p["groups"], -1)


def weights_by_group(p: Parameters, weight: np.ndarray) -> np.ndarray:
    return weight.reshape(p["groups"], -1, *weight.shape[1:])


def forward(p: Parameters, x: Arrays) -> Arrays:
    images, weight, bias = padded(p, x[0]), weights_by_group(p, x[1]), x[2]
    y = sum(weight[None, ..., i, j] @ by_group(p, view) for i, j, view in taps(p, images))
    return [y.reshape(results(p)) + bias[:, None, None]]


def backward_x(p: Parameters, x: Arrays) -> Arrays:
    grad, weight = by_group(p, x[0]), weights_by_group(p, x[1])
    grad_x = padded(p, np.zeros(images(p), grad.dtype))
    for i, j, view in taps(p, grad_x):
        view += (weight[..., i, j].swapaxes(1, 2)[None] @ grad).reshape(view.shape)
    high, wide = p["pad_height"], p["pad_width"]
    return [grad_x[:, :, high : high + p["height"], wide : wide + p["width"]]]


def backward_weight(p: Parameters, x: Arrays) -> Arrays:
    grad, images = by_group(p, x[0]), padded(p, x[1])
    grad_weight = np.zeros(weights(p), grad.dtype)
    for i, j, view in taps(p, images):
        products = (grad @ by_group(p, view).swapaxes(2, 3)).sum(0)
        grad_weight[..., i, j] = products.reshape(grad_weight.shape[:2])
    return [grad_weight]


# ---- torch and ONNX ----


def pads(p: Parameters) -> list[int]:
    return [p["pad_height"], p["pad_width"]]


def is_sequence(p: Parameters) -> bool:
    return p["height"] == 1


def torch_forward(torch, p, inputs, outputs):
    x, weight, bias = inputs
    if is_sequence(p):
        x, weight = x.squeeze(2), weight.squeeze(2)
        call, how = torch.nn.functional.conv1d, "conv1d, which allocates its result"
        return lambda: (call(x, weight, bias, p["stride"], p["pad_width"], 1, p["groups"]),), how
    call, how = torch.nn.functional.conv2d, "conv2d, which allocates its result"
    return lambda: (call(x, weight, bias, p["stride"], pads(p), 1, p["groups"]),), how


def torch_backward(torch, p, grad, x, weight, mask):
    one, strides, padding = [1, 1], [p["stride"]] * 2, pads(p)
    if is_sequence(p):
        grad, x, weight = grad.squeeze(2), x.squeeze(2), weight.squeeze(2)
        one, strides, padding = one[1:], strides[1:], padding[1:]
    nothing = [0] * len(one)
    call, groups = torch.ops.aten.convolution_backward, p["groups"]
    which = mask.index(True)

    def run():
        return (call(grad, x, weight, None, strides, padding, one, False, nothing, groups, mask)[which],)

    return run, "convolution_backward, which allocates its result"


def torch_backward_x(torch, p, inputs, outputs):
    return torch_backward(torch, p, inputs[0], torch.empty(images(p)), inputs[1], [True, False, False])


def torch_backward_weight(torch, p, inputs, outputs):
    return torch_backward(torch, p, inputs[0], inputs[1], torch.empty(weights(p)), [False, True, False])


def attributes(p: Parameters) -> dict[str, object]:
    return {
        "kernel_shape": [p["window_height"], p["window_width"]],
        "strides": [p["stride"]] * 2,
        "pads": 2 * pads(p),
        "group": p["groups"],
    }


def onnx_transposed(p: Parameters) -> Node:
    """Also known as transposed convolution; `output_padding` are the last elements, which no window reached."""
    beyond = [
        (p[axis] + 2 * p[f"pad_{axis}"] - p[f"window_{axis}"]) % p["stride"] for axis in ("height", "width")
    ]
    return Node("ConvTranspose", (0, 1), attributes(p) | {"output_padding": beyond}, held=(1,))


OPERATORS = {
    "convolution": Operator(
        inputs=lambda p, g: values(g, images(p), weights(p), (p["filters"],)),
        shapes=lambda p: [results(p)],
        exact=forward,
        torch=torch_forward,
        units=64,
        onnx=lambda p: Node("Conv", (0, 1, 2), attributes(p), held=(1, 2)),
    ),
    "convolution_backward_x": Operator(
        inputs=lambda p, g: values(g, results(p), weights(p)),
        shapes=lambda p: [images(p)],
        exact=backward_x,
        torch=torch_backward_x,
        units=64,
        onnx=onnx_transposed,
    ),
    "convolution_backward_weight": Operator(
        inputs=lambda p, g: values(g, results(p), images(p)),
        shapes=lambda p: [weights(p)],
        exact=backward_weight,
        torch=torch_backward_weight,
        units=300,
    ),
}


def image_of(side: int, window: int, stride: int = 1) -> Parameters:
    p = {"height": side, "width": side, "window_height": window, "window_width": window, "stride": stride}
    return p | {"pad_height": window // 2, "pad_width": window // 2}


def sequence_of(length: int, window: int) -> Parameters:
    p = {"height": 1, "width": length, "window_height": 1, "window_width": window, "stride": 1}
    return p | {"pad_height": 0, "pad_width": window // 2}


# Name, batch, channels, filters, groups, and how windows move.
SHAPES = (
    ("3x3 8x64x56x56 to 64", 8, 64, 64, 1, image_of(56, 3)),
    ("1x1 8x64x56x56 to 64", 8, 64, 64, 1, image_of(56, 1)),
    ("depthwise 3x3 8x64x56x56", 8, 64, 64, 64, image_of(56, 3)),
    ("3x3 by 2 8x64x56x56 to 128", 8, 64, 128, 1, image_of(56, 3, stride=2)),
    ("5 8x128x1024 to 128", 8, 128, 128, 1, sequence_of(1024, 5)),
)


def rows() -> list[Row]:
    result = []
    for operation in OPERATORS:
        for name, batch, channels, filters, groups, window in SHAPES:
            p = {"batch": batch, "channels": channels, "filters": filters, "groups": groups, **window}
            elements = [float(np.prod(shape)) for shape in (images(p), weights(p), results(p))]
            flops = 2 * elements[2] * np.prod(weights(p)[1:])
            goal, limit = Goal({"torch": 1.0}), None if groups > 1 else "fma_f32"
            result.append(
                row_of("convolution", operation, name, p, float(flops), 4 * sum(elements), goal, limit=limit)
            )
    return result


family = family_of("convolution", OPERATORS, rows)
