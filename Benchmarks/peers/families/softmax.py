"""Rows of the softmax family: in cache, and out of it against the copy bound."""
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


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def log_softmax(x: np.ndarray) -> np.ndarray:
    x = x - x.max(1, keepdims=True)
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def labels(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    return generator.integers(0, p["columns"], p["rows"])


def cross_entropy(x: np.ndarray, label: np.ndarray) -> Arrays:
    """The mean loss, and its gradient."""
    count = len(label)
    grad = softmax(x)
    grad[np.arange(count), label] -= 1
    return [-log_softmax(x)[np.arange(count), label].mean(keepdims=True), grad / count]


def torch_softmax(torch, p, inputs, outputs):
    call = torch.ops.aten._softmax.out
    return lambda: call(inputs[0], 1, False, out=outputs[0]), "_softmax(out=)"


def torch_log_softmax(torch, p, inputs, outputs):
    call = torch.ops.aten._log_softmax.out
    return lambda: call(inputs[0], 1, False, out=outputs[0]), "_log_softmax(out=)"


def torch_softmax_backward(torch, p, inputs, outputs):
    grad, y = inputs
    call = torch.ops.aten._softmax_backward_data.out
    return lambda: call(grad, y, 1, y.dtype, grad_input=outputs[0]), "_softmax_backward_data(out=)"


def torch_cross_entropy(torch, p, inputs, outputs):
    x, label = inputs[0].requires_grad_(), inputs[1]

    def run():
        with torch.enable_grad():
            loss = torch.nn.functional.cross_entropy(x, label)
        return loss.detach().reshape(1), torch.autograd.grad(loss, x)[0]

    return run, "cross_entropy and autograd, which allocate their results"


OPERATORS = {
    "softmax": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [softmax(x[0])],
        torch=torch_softmax,
        units=32,
        onnx=lambda p: Node("Softmax", attributes={"axis": 1}),
    ),
    "log_softmax": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [log_softmax(x[0])],
        torch=torch_log_softmax,
        units=16,
        onnx=lambda p: Node("LogSoftmax", attributes={"axis": 1}),
    ),
    "softmax_backward": Operator(  # from the gradient and the softmax
        inputs=lambda p, g: [*values(g, matrix(p)), softmax(g.standard_normal(matrix(p)))],
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [x[1] * (x[0] - (x[0] * x[1]).sum(1, keepdims=True))],
        torch=torch_softmax_backward,
        units=64,
    ),
    "cross_entropy": Operator(  # the mean loss and its gradient
        inputs=lambda p, g: [*values(g, matrix(p)), labels(p, g)],
        shapes=lambda p: [(1,), matrix(p)],
        exact=lambda p, x: cross_entropy(*x),
        torch=torch_cross_entropy,
        units=64,
    ),
}

OPERATORS["softmax_new"] = into_new(OPERATORS["softmax"], lambda torch, p, x: torch.softmax(x, 1), "softmax")


def rows() -> list[Row]:
    result = [new_row("softmax", "softmax_new", 24)]
    result += rows_of_matrices("softmax", "softmax", 2, 24)
    result += rows_of_matrices("softmax", "log_softmax", 2, 24)
    result += rows_of_matrices("softmax", "softmax_backward", 3, 4)
    for m, n in ((512, 1000), (512, 50257)):
        parameters = {"rows": m, "columns": n}
        goal = Goal({"torch": 1.0})
        result.append(row_of("softmax", "cross_entropy", f"{m}x{n}", parameters, 26.0 * m * n, 8.0 * m * n, goal))
    return result


family = family_of("softmax", OPERATORS, rows)
