"""Arithmetic with broadcasting, functions of one operand, activations."""
import math

import numpy as np

from conformance.library import call, constant, struct
from conformance.node import Node, dense, take, unwritten

SELU = {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}


def binary(name: str):
    def run(node: Node) -> list[np.ndarray]:
        return [arithmetic(name, take(node.operand(0)), take(node.operand(1)))]

    return run


def arithmetic(name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = unwritten(np.broadcast_shapes(a.shape, b.shape), a.dtype)
    columns = out.shape[-1] if out.ndim else 1
    (a, a_row, a_step), (b, b_row, b_step) = laid_out(a, out.shape), laid_out(b, out.shape)
    shape = struct(
        "binary_shape", rows=out.size // max(columns, 1), columns=columns, out_row=columns,
        a_row=a_row, a_step=a_step, b_row=b_row, b_step=b_step,
    )  # fmt: skip
    call(name, out.dtype, shape, a, b, out)
    return out


def laid_out(x: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, int, int]:
    """An operand with its strides from row to row and along one: a scalar and a row are not copied."""
    columns = shape[-1] if shape else 1
    if x.size == 1:
        return x, 0, 0
    if x.shape[-1] == x.size == columns:
        return x, 0, 1
    return dense(np.broadcast_to(x, shape)), columns, 1


def unary(name: str):
    def run(node: Node) -> list[np.ndarray]:
        return [function(name, take(node.operand(0)))]

    return run


def function(name: str, x: np.ndarray) -> np.ndarray:
    out = unwritten(x.shape, x.dtype)
    call(name, x.dtype, x.size, x, out)
    return out


def reciprocal(node: Node) -> list[np.ndarray]:
    x = take(node.operand(0))
    return [arithmetic("divide", np.ones(1, x.dtype), x)]


def activate(x: np.ndarray, function: str, a: float = 0, b: float = 0) -> np.ndarray:
    y = unwritten(x.shape, x.dtype)
    call("activate", x.dtype, constant(f"ACTIVATION_{function}"), a, b, x.size, x, y)
    return y


def activation(function: str, a: tuple[str, float] = ("", 0), b: tuple[str, float] = ("", 0)):
    """With the attributes, and their defaults, that its parameters come from."""

    def run(node: Node) -> list[np.ndarray]:
        return [activate(take(node.operand(0)), function, node.get(*a), node.get(*b))]

    return run


def gelu(node: Node) -> list[np.ndarray]:
    function = "GELU_TANH" if node.get("approximate", "none") == "tanh" else "GELU"
    return [activate(take(node.operand(0)), function)]


def selu(node: Node) -> list[np.ndarray]:
    """Other constants than SELU's own: an ELU, and a linear step behind it."""
    x = take(node.operand(0))
    alpha, gamma = (node.get(name, value) for name, value in SELU.items())
    if all(math.isclose(node.get(name, value), value, rel_tol=1e-6) for name, value in SELU.items()):
        return [activate(x, "SELU")]
    return [activate(activate(x, "ELU", alpha), "LINEAR", gamma)]


def celu(node: Node) -> list[np.ndarray]:
    """alpha ELU(x / alpha)."""
    alpha = node.get("alpha", 1.0)
    scaled = activate(take(node.operand(0)), "LINEAR", 1 / alpha)
    return [activate(activate(scaled, "ELU", 1), "LINEAR", alpha)]


def swish(node: Node) -> list[np.ndarray]:
    return [swished(take(node.operand(0)), node.get("alpha", 1.0))]


def swished(x: np.ndarray, alpha: float) -> np.ndarray:
    """x sigmoid(alpha x)."""
    if alpha == 1:
        return activate(x, "SILU")
    return arithmetic("multiply", x, activate(activate(x, "LINEAR", alpha), "SIGMOID"))


def swiglu(node: Node) -> list[np.ndarray]:
    a, b = take(node.operand(0)), take(node.operand(1))
    return [arithmetic("multiply", swished(a, node.get("alpha", 1.0)), b)]


def mish(node: Node) -> list[np.ndarray]:
    """x tanh(softplus(x))."""
    x = take(node.operand(0))
    return [arithmetic("multiply", x, activate(activate(x, "SOFTPLUS", 1, 20), "TANH"))]


def prelu(node: Node) -> list[np.ndarray]:
    """Slopes of the last axes: a channel for each slope."""
    x, slope = take(node.operand(0)), take(node.operand(1))
    if x.shape[x.ndim - slope.ndim :] != slope.shape:
        slope = dense(np.broadcast_to(slope, x.shape))
    y = unwritten(x.shape, x.dtype)
    channels = struct("channels_shape", outer=x.size // max(slope.size, 1), channels=slope.size, inner=1)
    call("prelu", x.dtype, channels, x, slope, y)
    return [y]


OPERATORS = {
    "Add": binary("add"),
    "Sub": binary("subtract"),
    "Mul": binary("multiply"),
    "Div": binary("divide"),
    "Exp": unary("exp"),
    "Log": unary("log"),
    "Sin": unary("sin"),
    "Cos": unary("cos"),
    "Erf": unary("erf"),
    "Tanh": unary("tanh"),
    "Sigmoid": unary("sigmoid"),
    "Relu": unary("relu"),
    "Gelu": gelu,
    "Swish": swish,
    "SwiGLU": swiglu,
    "Mish": mish,
    "Reciprocal": reciprocal,
    "Selu": selu,
    "Celu": celu,
    "PRelu": prelu,
    "LeakyRelu": activation("LEAKY_RELU", ("alpha", 0.01)),
    "Elu": activation("ELU", ("alpha", 1.0)),
    "Softplus": activation("SOFTPLUS", ("", 1.0), ("", 20.0)),
    "HardSigmoid": activation("HARD_SIGMOID", ("alpha", 0.2), ("beta", 0.5)),
    "HardSwish": activation("HARD_SWISH"),
}
