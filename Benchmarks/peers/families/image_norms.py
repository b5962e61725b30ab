"""Rows of the norms of images, channels first: batch norm at inference, group norm and instance norm."""
import numpy as np

from families.nodes import Node
from families.normalization import EPSILON, normalized
from families.operators import Arrays, Operator, Parameters, family_of, row_of, values
from sidebyside.rows import Goal, Row


def image(p: Parameters) -> tuple[int, int, int]:
    return p["batch"], p["channels"], p["spatial"]


def per_channel(x: np.ndarray) -> np.ndarray:
    return x[None, :, None]


# ---- definitions ----


def batch_norm_inference(p: Parameters, x: Arrays) -> Arrays:
    scale, offset, mean, variance = (per_channel(parameter) for parameter in x[1:])
    return [(x[0] - mean) / np.sqrt(variance + EPSILON) * scale + offset]


def group_norm(p: Parameters, x: Arrays) -> Arrays:
    z, _ = normalized(x[0].reshape(p["batch"] * p["groups"], -1), 1)
    return [z.reshape(image(p)) * per_channel(x[1]) + per_channel(x[2])]


def group_norm_backward(p: Parameters, x: Arrays) -> Arrays:
    grad, x, scale = x
    z, inverse = normalized(x.reshape(p["batch"] * p["groups"], -1), 1)
    g = (grad * per_channel(scale)).reshape(z.shape)
    grad_x = (g - g.mean(1, keepdims=True) - z * (g * z).mean(1, keepdims=True)) * inverse
    return [grad_x.reshape(image(p)), (grad * z.reshape(image(p))).sum((0, 2)), grad.sum((0, 2))]


# ---- torch ----


def torch_batch_norm_inference(torch, p, inputs, outputs):
    x, scale, offset, mean, variance = inputs
    call, nothing = torch.ops.aten.native_batch_norm.out, torch.empty(0)

    def run():
        call(
            x, scale, offset, mean, variance, False, 0, EPSILON, out=outputs[0], save_mean=nothing, save_invstd=nothing
        )

    return run, "native_batch_norm(out=), inference"


def torch_group_norm(torch, p, inputs, outputs):
    return (
        lambda: (torch.group_norm(inputs[0], p["groups"], inputs[1], inputs[2], EPSILON),),
        "group_norm, which allocates its result",
    )


def torch_instance_norm(torch, p, inputs, outputs):
    return (
        lambda: (torch.instance_norm(*inputs, None, None, True, 0, EPSILON, False),),
        "instance_norm, which allocates its result",
    )


def torch_group_norm_backward(torch, p, inputs, outputs):
    grad, x, scale = inputs
    sizes = (*image(p), p["groups"])
    _, mean, inverse = torch.native_group_norm(x, scale, None, *sizes, EPSILON)
    call, mask = torch.ops.aten.native_group_norm_backward, [True, True, True]
    return (
        lambda: call(grad, x, mean, inverse, scale, *sizes, mask),
        "native_group_norm_backward, which allocates its results",
    )


# ---- the operators ----


def with_parameters(p: Parameters, generator: np.random.Generator, count: int) -> Arrays:
    return values(generator, image(p), *[(p["channels"],)] * count)


OPERATORS = {
    "batch_norm_inference": Operator(
        inputs=lambda p, g: [*with_parameters(p, g, 3), g.random(p["channels"]) + 0.5],
        shapes=lambda p: [image(p)],
        exact=batch_norm_inference,
        torch=torch_batch_norm_inference,
        units=16,
        onnx=lambda p: Node("BatchNormalization", range(5), {"epsilon": EPSILON}, held=range(1, 5)),
    ),
    "group_norm": Operator(
        inputs=lambda p, g: with_parameters(p, g, 2),
        shapes=lambda p: [image(p)],
        exact=group_norm,
        torch=torch_group_norm,
        units=64,
        onnx=lambda p: Node(
            "GroupNormalization", range(3), {"epsilon": EPSILON, "num_groups": p["groups"]}, held=(1, 2)
        ),
    ),
    "instance_norm": Operator(
        inputs=lambda p, g: with_parameters(p, g, 2),
        shapes=lambda p: [image(p)],
        exact=group_norm,
        torch=torch_instance_norm,
        units=64,
        onnx=lambda p: Node("InstanceNormalization", range(3), {"epsilon": EPSILON}, held=(1, 2)),
    ),
    "group_norm_backward": Operator(
        inputs=lambda p, g: [*values(g, image(p)), *with_parameters(p, g, 1)],
        shapes=lambda p: [image(p), (p["channels"],), (p["channels"],)],
        exact=group_norm_backward,
        torch=torch_group_norm_backward,
        units=128,
    ),
}

# Arrays read or written, and operations per element.
TRAFFIC = {
    "batch_norm_inference": (2, 3),
    "group_norm": (2, 7),
    "instance_norm": (2, 7),
    "group_norm_backward": (3, 14),
}


def rows() -> list[Row]:
    result = []
    for operation, (arrays, flops) in TRAFFIC.items():
        for batch, channels, side in ((2, 64, 14), (8, 64, 56), (128, 64, 56)):
            elements, is_far = float(batch * channels * side * side), batch > 8
            groups = channels if operation == "instance_norm" else 32
            result.append(
                row_of(
                    "image_norms",
                    operation,
                    f"{batch}x{channels}x{side}x{side}",
                    {"batch": batch, "channels": channels, "spatial": side * side, "groups": groups},
                    flops=flops * elements,
                    bytes=4.0 * arrays * elements,
                    goal=Goal(fraction=0.9 if arrays == 2 else None) if is_far else Goal({"torch": 1.5}),
                    limit="copy" if is_far else None,
                )
            )
    return result


family = family_of("image_norms", OPERATORS, rows)
