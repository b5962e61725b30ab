"""Rows of activations, forward and backward: in cache, and out of it against the copy bound."""
import math

import numpy as np

from families.nodes import Node
from families.operators import (
    Arrays,
    Operator,
    Parameters,
    family_of,
    into_new,
    matrix,
    new_row,
    row_of,
    rows_of_matrices,
    values,
)
from sidebyside.rows import Goal, Row


def erf(x: np.ndarray) -> np.ndarray:
    try:
        from scipy.special import erf
    except ModuleNotFoundError:
        erf = np.vectorize(math.erf)  # the same for small arrays, such as selftest.py's
    return erf(x.astype(np.float64))


def gelu_backward(grad: np.ndarray, x: np.ndarray) -> np.ndarray:
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return grad * ((1 + erf(x / np.sqrt(2))) / 2 + x * density)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def hard_sigmoid(x: np.ndarray) -> np.ndarray:
    return np.clip(x / 6 + 0.5, 0, 1)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def elu(x: np.ndarray, scale: float = 1, slope: float = 1) -> np.ndarray:
    return scale * np.where(x > 0, x, slope * np.expm1(x))


# Of self-normalizing networks.
SELU_SCALE, SELU_SLOPE = 1.0507009873554805, 1.6732632423543772


def forward(exact, aten: str, onnx: Node, units: float = 16, spread=lambda x: x, **arguments: object) -> Operator:
    """A function of each element; `spread` puts the operand where the function is of interest."""

    def torch_call(torch, p: Parameters, inputs, outputs):
        call = getattr(torch.ops.aten, aten).out
        return lambda: call(inputs[0], **arguments, out=outputs[0]), f"{aten}(out=)"

    return Operator(
        inputs=lambda p, g: [spread(x) for x in values(g, matrix(p))],
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [exact(x[0])],
        torch=torch_call,
        units=units,
        onnx=lambda p: onnx,
    )


def torch_gelu_backward(torch, p, inputs, outputs):
    call = torch.ops.aten.gelu_backward.grad_input
    return lambda: call(inputs[0], inputs[1], approximate="none", grad_input=outputs[0]), "gelu_backward(out=)"


def torch_prelu(torch, p, inputs, outputs):
    return lambda: (torch.prelu(*inputs),), "prelu, which allocates its result"


def torch_dropout(torch, p, inputs, outputs):
    call, mask = torch.ops.aten.native_dropout.out, torch.empty(matrix(p), dtype=torch.bool)
    return lambda: call(inputs[0], DROPPED, True, out0=outputs[0], out1=mask), "native_dropout(out=)"


DROPPED = 0.1


def dropout_error(p: Parameters, x: Arrays, y: Arrays) -> float:
    """What is kept is x / (1 - p) within 4 roundings, and about as much is kept as was asked, within 6 deviations."""
    kept = y[0] != 0
    off = np.abs(y[0] - kept * x[0] / (1 - DROPPED)).max() / (4 * 2.0**-24 * np.abs(x[0]).max())
    deviation = np.sqrt(DROPPED * (1 - DROPPED) / kept.size)
    return float(max(off, abs(kept.mean() - (1 - DROPPED)) / (6 * deviation)))


# Each with the matrices that a call reads or writes and its operations per element, as the profile counts them.
OPERATORS = {
    "relu": forward(lambda x: np.maximum(x, 0), "relu", Node("Relu")),
    "gelu": forward(lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, "gelu", Node("Gelu"), approximate="none"),
    "silu": forward(lambda x: x * sigmoid(x), "silu", Node("Swish")),
    "sigmoid": forward(sigmoid, "sigmoid", Node("Sigmoid")),
    "tanh": forward(np.tanh, "tanh", Node("Tanh")),
    "exp": forward(np.exp, "exp", Node("Exp")),
    "gelu_tanh": forward(gelu_tanh, "gelu", Node("Gelu", attributes={"approximate": "tanh"}), approximate="tanh"),
    "log": forward(np.log, "log", Node("Log"), spread=np.exp),
    "sin": forward(np.sin, "sin", Node("Sin"), spread=lambda x: 10 * x),
    "cos": forward(np.cos, "cos", Node("Cos"), spread=lambda x: 10 * x),
    "erf": forward(erf, "erf", Node("Erf")),
    "leaky_relu": forward(
        lambda x: np.where(x > 0, x, 0.01 * x),
        "leaky_relu",
        Node("LeakyRelu", attributes={"alpha": 0.01}),
        negative_slope=0.01,
    ),
    "elu": forward(elu, "elu", Node("Elu")),
    "selu": forward(
        lambda x: elu(x, SELU_SCALE, SELU_SLOPE), "elu", Node("Selu"), alpha=SELU_SLOPE, scale=SELU_SCALE
    ),
    "softplus": forward(lambda x: np.log1p(np.exp(x)), "softplus", Node("Softplus")),
    "hard_sigmoid": forward(
        hard_sigmoid, "hardsigmoid", Node("HardSigmoid", attributes={"alpha": 1 / 6, "beta": 0.5})
    ),
    "hard_swish": forward(lambda x: x * hard_sigmoid(x), "hardswish", Node("HardSwish")),
    "prelu": Operator(  # channels last
        inputs=lambda p, g: values(g, matrix(p), (p["columns"],)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [np.where(x[0] > 0, x[0], x[1] * x[0])],
        torch=torch_prelu,
        units=16,
        onnx=lambda p: Node("PRelu", (0, 1), held=(1,)),
    ),
    "dropout": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [],
        torch=torch_dropout,
        units=1,
        onnx=lambda p: Node("Dropout", (0, np.array(DROPPED, np.float32), np.array(True))),
        error=dropout_error,
    ),
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

# Of the others one moderate size tells enough. Operations per element, as above.
MODERATE = {
    "gelu_tanh": 45,
    "log": 25,
    "sin": 32,
    "cos": 32,
    "erf": 65,
    "leaky_relu": 1,
    "elu": 22,
    "selu": 23,
    "softplus": 48,
    "hard_sigmoid": 4,
    "hard_swish": 3,
    "prelu": 1,
    "dropout": 1,
}


def moderate_row(operation: str, flops: float) -> Row:
    m, n = 4096, 768
    p, elements = {"rows": m, "columns": n}, float(m * n)
    return row_of("elementwise", operation, f"{m}x{n}", p, flops * elements, 8 * elements, Goal({"torch": 1.0}))


def rows() -> list[Row]:
    result = [row for name, cost in COST.items() for row in rows_of_matrices("elementwise", name, *cost)]
    result += [moderate_row(*cost) for cost in MODERATE.items()]
    return result + [new_row("elementwise", "gelu_new", COST["gelu"][1])]


family = family_of("elementwise", OPERATORS, rows)
