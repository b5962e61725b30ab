"""Rows of the softmax family: in cache, and out of it against the copy bound."""
import numpy as np

from families.nodes import Node, along
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


def hinge(x: np.ndarray, label: np.ndarray) -> Arrays:
    """Of all classes: the mean loss, and its gradient."""
    own = np.arange(len(label)), label
    violation = np.maximum(1 + x - x[own][:, None], 0)
    violation[own] = 0
    grad = (violation > 0).astype(x.dtype)
    grad[own] = -grad.sum(1)
    return [violation.sum(keepdims=True)[0] / x.size, grad / x.size]


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


def torch_masked_softmax(torch, p, inputs, outputs):
    x, mask = inputs[0], inputs[1].view(torch.bool)
    return lambda: (torch._masked_softmax(x, mask, 1, 2),), "_masked_softmax, which allocates its result"


def torch_log_sum_exp(torch, p, inputs, outputs):
    return lambda: torch.logsumexp(inputs[0], 1, out=outputs[0]), "logsumexp(out=)"


def torch_loss(name: str):
    """The loss and its gradient."""

    def prepare(torch, p, inputs, outputs):
        x, label, call = inputs[0].requires_grad_(), inputs[1], getattr(torch.nn.functional, name)

        def run():
            with torch.enable_grad():
                loss = call(x, label)
            return loss.detach().reshape(1), torch.autograd.grad(loss, x)[0]

        return run, f"{name} and autograd, which allocate their results"

    return prepare


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
    "masked_softmax": Operator(  # a quarter of the elements is left out
        inputs=lambda p, g: [*values(g, matrix(p)), (g.random(matrix(p)) < 0.25).astype(np.uint8)],
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [softmax(np.where(x[1] == 0, x[0], -np.inf))],
        torch=torch_masked_softmax,
        units=32,
    ),
    "log_sum_exp": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [(p["rows"],)],
        exact=lambda p, x: [np.log(np.exp(x[0]).sum(1))],
        torch=torch_log_sum_exp,
        units=32,
        onnx=lambda p: Node("ReduceLogSumExp", (0, along(1)), {"keepdims": 0}),
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
        torch=torch_loss("cross_entropy"),
        units=64,
    ),
    "hinge": Operator(  # the same; of elements whose differences are exact, so that all agree where a kink is
        inputs=lambda p, g: [np.round(1024 * x) / 1024 for x in values(g, matrix(p))] + [labels(p, g)],
        shapes=lambda p: [(1,), matrix(p)],
        exact=lambda p, x: hinge(*x),
        torch=torch_loss("multi_margin_loss"),
        units=256,
    ),
}

OPERATORS["softmax_new"] = into_new(OPERATORS["softmax"], lambda torch, p, x: torch.softmax(x, 1), "softmax")


def rows() -> list[Row]:
    result = [new_row("softmax", "softmax_new", 24)]
    result += rows_of_matrices("softmax", "softmax", 2, 24)
    result += rows_of_matrices("softmax", "log_softmax", 2, 24)
    result += rows_of_matrices("softmax", "softmax_backward", 3, 4)
    result += rows_of_matrices("softmax", "masked_softmax", 2.25, 24)
    result += rows_of_matrices("softmax", "log_sum_exp", 1, 22)
    for operation, flops, m, n in (
        ("cross_entropy", 26, 512, 1000),
        ("cross_entropy", 26, 512, 50257),
        ("hinge", 4, 512, 1000),
        ("hinge", 4, 4096, 50),
    ):
        parameters, elements = {"rows": m, "columns": n}, float(m * n)
        goal = Goal({"torch": 1.0})
        result.append(row_of("softmax", operation, f"{m}x{n}", parameters, flops * elements, 8 * elements, goal))
    return result


family = family_of("softmax", OPERATORS, rows)
