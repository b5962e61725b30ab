"""Losses, optimizers, dropout, embedding."""
import math

import numpy as np

from conformance.library import call, constant, struct
from conformance.node import Node, Skip, axis_of, dense, size, take, unwritten

NO_LABEL = -(2**63)
NO_CORRECTION = 2**40  # a step at which Adam's beta^t is 0


def cross_entropy(node: Node) -> list[np.ndarray]:
    """Classes are brought to the end: a row for each element of the labels."""
    x, labels, weights = take(node.operand(0)), node.operand(1), node.operand(2)
    rows = dense(np.moveaxis(x, 1, -1))
    columns, reduction = rows.shape[-1], node.get("reduction", "mean")
    options = struct(
        "cross_entropy_options", ignored_label=node.get("ignore_index", NO_LABEL),
        reduction=constant(f"LOSS_{reduction.upper()}"),
    )  # fmt: skip
    loss = unwritten(labels.shape if reduction == "none" else (), x.dtype)
    call(
        "cross_entropy", x.dtype, size(rows.shape[:-1]), columns, rows, columns, dense(labels.astype(np.int64)),
        None if weights is None else take(weights), options, loss, None, 0,
    )  # fmt: skip
    if not node.wants(1):
        return [loss]
    logarithms = unwritten(x.shape, x.dtype)
    shape = struct("reduction_shape", outer=x.shape[0], axis=x.shape[1], inner=size(x.shape[2:]))
    call("log_softmax", x.dtype, shape, None, x, logarithms)
    return [loss, logarithms]


# ---- optimizers: R, T, then all parameters, all gradients, and each kind of state ----


def stepper(states: int):
    """A handler of an operator's step on one tensor: step(node, rate, count, x, gradient, *states) works in place."""

    def handler(step):
        def run(node: Node) -> list[np.ndarray]:
            rate, count = float(node.operand(0)), int(node.operand(1))
            kinds = states + 2
            tensors = [take(x).copy() for x in node.operands[2:]]
            each = len(tensors) // kinds
            for first in range(each):
                x, gradient, *state = tensors[first::each]
                step(node, rate, count, x, gradient, *state)
            return tensors[:each] + tensors[2 * each :]

        return run

    return handler


@stepper(states=1)
def adagrad(node: Node, rate: float, count: int, x, gradient, squares) -> None:
    options = struct(
        "adagrad_options", learning_rate=rate, learning_rate_decay=node.get("decay_factor", 0.0),
        epsilon=node.get("epsilon", 1e-6), weight_decay=node.get("norm_coefficient", 0.0), gradient_scale=1.0,
    )  # fmt: skip
    call("adagrad_step", x.dtype, options, count + 1, x.size, gradient, squares, x)


@stepper(states=2)
def adam(node: Node, rate: float, count: int, x, gradient, mean, squares) -> None:
    """ONNX does not correct the first step, and adds epsilon before the correction of the others."""
    if node.get("norm_coefficient_post", 0.0):
        raise Skip("Adam with a decay behind its step")
    beta1, beta2, epsilon = node.get("alpha", 0.9), node.get("beta", 0.999), node.get("epsilon", 1e-6)
    if count > 0:
        epsilon /= math.sqrt(1 - beta2**count)
    options = struct(
        "adam_options", learning_rate=rate, beta1=beta1, beta2=beta2, epsilon=epsilon,
        weight_decay=node.get("norm_coefficient", 0.0), gradient_scale=1.0,
    )  # fmt: skip
    call("adam_step", x.dtype, options, count or NO_CORRECTION, x.size, gradient, mean, squares, None, x)


@stepper(states=1)
def momentum(node: Node, rate: float, count: int, x, gradient, velocity) -> None:
    options = struct(
        "sgd_options", learning_rate=rate, momentum=node.get("alpha"), dampening=1 - node.get("beta") if count else 0.0,
        weight_decay=node.get("norm_coefficient", 0.0), gradient_scale=1.0, nesterov=node.get("mode") == "nesterov",
    )  # fmt: skip
    call("sgd_step", x.dtype, options, count + 1, x.size, gradient, velocity, x)


def dropout(node: Node) -> list[np.ndarray]:
    """What is dropped is a matter of the generator: only cases that drop nothing can be compared."""
    x, ratio, training = take(node.operand(0)), node.operand(1), node.operand(2)
    if training is not None and bool(training) and (ratio is None or float(ratio) != 0):
        raise Skip("random numbers of a generator of its own")
    out = unwritten(x.shape, x.dtype)
    call("dropout", x.dtype, struct("philox"), 0.0, x.size, x, out)
    return [out, np.ones(x.shape, np.bool_)]


def counted(indices: np.ndarray, rows: int) -> np.ndarray:
    """From the start, as Farro counts; ONNX also counts from the end, below 0."""
    return np.where(indices < 0, indices + rows, indices)


def gather(node: Node) -> list[np.ndarray]:
    """Rows of a table: the axis is brought to the front."""
    x, indices = take(node.operand(0)), node.operand(1).astype(np.int64)
    axis = axis_of(node.get("axis", 0), x.ndim)
    table = dense(np.moveaxis(x, axis, 0))
    rows, columns = table.shape[0], size(table.shape[1:])
    indices = dense(counted(indices, rows))
    y = unwritten((*indices.shape, *table.shape[1:]), x.dtype)
    shape = struct("embedding_shape", table_rows=rows, columns=columns, table_row=columns, count=indices.size)
    call("embedding", x.dtype, shape, table, indices, y, columns, None)
    chosen = tuple(range(indices.ndim))
    return [np.moveaxis(y, chosen, tuple(axis + place for place in chosen))]


def scatter_add(node: Node) -> list[np.ndarray]:
    """Rows that are added to those of a table: the gradient of gather."""
    x, indices, updates = take(node.operand(0)), node.operand(1), take(node.operand(2))
    if node.get("reduction", "none") != "add":
        raise Skip("scattering that does not add")
    if node.operator == "ScatterElements":
        if x.shape != (1, x.size) or axis_of(node.get("axis", 0), x.ndim) != 1:
            raise Skip("scattering of single elements of several rows")
        rows, columns = x.size, 1
    else:
        rows, columns = x.shape[0], size(x.shape[1:])
        if indices.shape[-1] != 1:
            raise Skip("scattering of single elements of several rows")
    table = x.copy()
    indices = dense(counted(indices.astype(np.int64), rows))
    shape = struct("embedding_shape", table_rows=rows, columns=columns, table_row=columns, count=indices.size)
    call("embedding_backward", x.dtype, shape, indices, -1, updates, columns, table, None)
    return [table]


OPERATORS = {
    "SoftmaxCrossEntropyLoss": cross_entropy,
    "Adagrad": adagrad,
    "Adam": adam,
    "Momentum": momentum,
    "Dropout": dropout,
    "Gather": gather,
    "ScatterND": scatter_add,
    "ScatterElements": scatter_add,
}
