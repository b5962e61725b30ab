"""Rows of activations, forward and backward: in cache, and out of it against the copy bound."""
import numpy as np

from families.nodes import Node
from families.operators import Operator, Parameters, family_of, into_new, matrix, new_row, rows_of_matrices, values
from sidebyside.rows import Row


def erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return erf(x.astype(np.float64))


def gelu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return grad * ((1 + erf(x / np.sqrt(2))) / 2 + x * density)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def forward(exact, aten: str, onnx: Node, units: float = 16, **arguments: object) -> Operator:
    def torch_call(torch, p: Parameters, inputs, outputs):
        call = getattr(torch.ops.aten, aten).out
        return lambda: call(inputs[0], **arguments, out=outputs[0]), f"{aten}(out=)"

    return Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [exact(x[0])],
        torch=torch_call,
        units=units,
        onnx=lambda p: onnx,
    )


def torch_gelu_backward(torch, p, inputs, outputs):
    call = torch.ops.aten.gelu_backward.grad_input
    return lambda: call(inputs[0], inputs[1], approximate="none", grad_input=outputs[0]), "gelu_backward(out=)"


# Each with the matrices that a call reads or writes and its operations per element, as the profile counts them.
OPERATORS = {
    "relu": forward(lambda x: np.maximum(x, 0), "relu", Node("Relu")),
    "gelu": forward(lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, "gelu", Node("Gelu"), approximate="none"),
    "silu": forward(lambda x: x * sigmoid(x), "silu", Node("Swish")),
    "sigmoid": forward(sigmoid, "sigmoid", Node("Sigmoid")),
    "tanh": forward(np.tanh, "tanh", Node("Tanh")),
    "exp": forward(np.exp, "exp", Node("Exp")),
    "gelu_backward": Operator(
        inputs=lambda p, g: values(g, matrix(p), matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [gelu_backward(*x)],
        torch=torch_gelu_backward,
        units=16,
    ),
}

OPERATORS["gelu_new"] = into_new(OPERATORS["gelu"], lambda torch, p, x: torch.nn.functional.gelu(x), "gelu")

COST = {
    "relu": (2, 1),
    "gelu": (2, 30),
    "silu": (2, 24),
    "sigmoid": (2, 22),
    "tanh": (2, 26),
    "exp": (2, 20),
    "gelu_backward": (3, 50),
}


def rows() -> list[Row]:
    result = [row for name, cost in COST.items() for row in rows_of_matrices("elementwise", name, *cost)]
    return result + [new_row("elementwise", "gelu_new", COST["gelu"][1])]


family = family_of("elementwise", OPERATORS, rows)
