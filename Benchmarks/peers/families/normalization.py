"""Rows of the norms, forward and backward: in cache, and out of it against the copy bound."""
import numpy as np

from families.nodes import MICROSOFT, Node
from families.operators import Arrays, Operator, family_of, into_new, matrix, new_row, rows_of_matrices, values
from sidebyside.rows import Row

EPSILON = 1e-5
LEAST_LENGTH = 1e-12


# ---- definitions ----


def normalized(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """x - mean over the deviation, and 1 over the deviation."""
    rest = x - x.mean(axis, keepdims=True)
    inverse = 1 / np.sqrt((rest * rest).mean(axis, keepdims=True) + EPSILON)
    return rest * inverse, inverse


def norm_backward(grad: np.ndarray, x: np.ndarray, scale: np.ndarray, axis: int) -> Arrays:
    """Of layer norm (axis 1: along rows) and batch norm (axis 0: down columns); parameters are per column in both."""
    z, inverse = normalized(x, axis)
    g = grad * scale
    grad_x = (g - g.mean(axis, keepdims=True) - z * (g * z).mean(axis, keepdims=True)) * inverse
    return [grad_x, (grad * z).sum(0), grad.sum(0)]


def rms(x: np.ndarray) -> np.ndarray:
    return 1 / np.sqrt((x * x).mean(1, keepdims=True) + EPSILON)


def rms_backward(grad: np.ndarray, x: np.ndarray, scale: np.ndarray) -> Arrays:
    z, g = x * rms(x), grad * scale
    return [(g - z * (g * z).mean(1, keepdims=True)) * rms(x), (grad * z).sum(0)]


# ---- torch ----


def torch_layer_norm(torch, p, inputs, outputs):
    (x, scale, offset), (y,) = inputs, outputs
    mean, inverse = torch.empty(p["rows"], 1), torch.empty(p["rows"], 1)
    call = torch.ops.aten.native_layer_norm.out
    return (
        lambda: call(x, [p["columns"]], scale, offset, EPSILON, out0=y, out1=mean, out2=inverse),
        "native_layer_norm(out=)",
    )


def torch_layer_norm_backward(torch, p, inputs, outputs):
    grad, x, scale, offset = inputs
    _, mean, inverse = torch.native_layer_norm(x, [p["columns"]], scale, offset, EPSILON)
    call, mask = torch.ops.aten.native_layer_norm_backward, [True, True, True]
    return (
        lambda: call(grad, x, [p["columns"]], mean, inverse, scale, offset, mask),
        "native_layer_norm_backward, which allocates its results",
    )


def torch_rms_norm(torch, p, inputs, outputs):
    x, scale = inputs
    return lambda: (torch.rms_norm(x, [p["columns"]], scale, EPSILON),), "rms_norm, which allocates its result"


def torch_rms_norm_backward(torch, p, inputs, outputs):
    grad, x, scale = inputs
    x, scale = x.requires_grad_(), scale.requires_grad_()
    with torch.enable_grad():
        y = torch.rms_norm(x, [p["columns"]], scale, EPSILON)
    return lambda: torch.autograd.grad(y, (x, scale), grad, retain_graph=True), "autograd, which allocates its results"


def torch_add_layer_norm(torch, p, inputs, outputs):
    x, residual, scale, offset = inputs
    y, sum = outputs
    norm, how = torch_layer_norm(torch, p, [sum, scale, offset], [y])

    def run():
        torch.add(x, residual, out=sum)
        norm()

    return run, "add(out=), then " + how


def torch_add_rms_norm(torch, p, inputs, outputs):
    x, residual, scale = inputs
    sum = outputs[1]

    def run():
        torch.add(x, residual, out=sum)
        return torch.rms_norm(sum, [p["columns"]], scale, EPSILON), sum

    return run, "add(out=), then rms_norm, which allocates its result"


def torch_l2_normalize(torch, p, inputs, outputs):
    call = torch.nn.functional.normalize
    return lambda: call(inputs[0], dim=1, eps=LEAST_LENGTH, out=outputs[0]), "normalize(out=)"


def torch_batch_norm(torch, p, inputs, outputs):
    (x, scale, offset), (y,) = inputs, outputs
    mean, variance = torch.zeros(p["columns"]), torch.ones(p["columns"])
    saved = torch.empty(p["columns"]), torch.empty(p["columns"])
    call = torch.ops.aten.native_batch_norm.out

    def run():
        call(x, scale, offset, mean, variance, True, 0.1, EPSILON, out=y, save_mean=saved[0], save_invstd=saved[1])

    return run, "native_batch_norm(out=), training"


def torch_batch_norm_backward(torch, p, inputs, outputs):
    grad, x, scale, offset = inputs
    running = torch.zeros(p["columns"]), torch.ones(p["columns"])
    _, mean, inverse = torch.native_batch_norm(x, scale, offset, *running, True, 0.1, EPSILON)
    call, mask = torch.ops.aten.native_batch_norm_backward, [True, True, True]
    return (
        lambda: call(grad, x, scale, *running, mean, inverse, True, EPSILON, mask),
        "native_batch_norm_backward, which allocates its results",
    )


# ---- ONNX ----


def onnx_add_norm(name: str, operands: int):
    """ONNX Runtime's own, which gives the sum as its last result."""
    held = range(2, operands)
    attributes = {"epsilon": EPSILON}
    return lambda p: Node(name, range(operands), attributes, held, (0, None, None, 1), domain=MICROSOFT)


def onnx_batch_norm(p):
    """Training. Its momentum is what remains of the running statistics."""
    running = np.zeros(p["columns"], np.float32), np.ones(p["columns"], np.float32)
    new = (p["columns"],), "float32"
    attributes = {"epsilon": EPSILON, "momentum": 0.9, "training_mode": 1}
    return Node("BatchNormalization", (0, 1, 2, *running), attributes, results=(0, new, new))


# ---- the operators ----

OPERATORS = {
    "layer_norm": Operator(
        inputs=lambda p, g: values(g, matrix(p), (p["columns"],), (p["columns"],)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [normalized(x[0], 1)[0] * x[1] + x[2]],
        torch=torch_layer_norm,
        units=32,
        onnx=lambda p: Node("LayerNormalization", (0, 1, 2), {"epsilon": EPSILON}, held=(1, 2)),
    ),
    "layer_norm_backward": Operator(
        inputs=lambda p, g: values(g, matrix(p), matrix(p), (p["columns"],), (p["columns"],)),
        shapes=lambda p: [matrix(p), (p["columns"],), (p["columns"],)],
        exact=lambda p, x: norm_backward(x[0], x[1], x[2], 1),
        torch=torch_layer_norm_backward,
        units=128,
    ),
    "rms_norm": Operator(
        inputs=lambda p, g: values(g, matrix(p), (p["columns"],)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [x[0] * rms(x[0]) * x[1]],
        torch=torch_rms_norm,
        units=32,
        onnx=lambda p: Node("RMSNormalization", (0, 1), {"epsilon": EPSILON}, held=(1,)),
    ),
    "rms_norm_backward": Operator(
        inputs=lambda p, g: values(g, matrix(p), matrix(p), (p["columns"],)),
        shapes=lambda p: [matrix(p), (p["columns"],)],
        exact=lambda p, x: rms_backward(*x),
        torch=torch_rms_norm_backward,
        units=128,
    ),
    "add_layer_norm": Operator(  # of a residual's sum, which is a result too
        inputs=lambda p, g: values(g, matrix(p), matrix(p), (p["columns"],), (p["columns"],)),
        shapes=lambda p: [matrix(p), matrix(p)],
        exact=lambda p, x: [normalized(x[0] + x[1], 1)[0] * x[2] + x[3], x[0] + x[1]],
        torch=torch_add_layer_norm,
        units=32,
        onnx=onnx_add_norm("SkipLayerNormalization", 4),
    ),
    "add_rms_norm": Operator(
        inputs=lambda p, g: values(g, matrix(p), matrix(p), (p["columns"],)),
        shapes=lambda p: [matrix(p), matrix(p)],
        exact=lambda p, x: [(x[0] + x[1]) * rms(x[0] + x[1]) * x[2], x[0] + x[1]],
        torch=torch_add_rms_norm,
        units=32,
        onnx=onnx_add_norm("SkipSimplifiedLayerNormalization", 3),
    ),
    "l2_normalize": Operator(
        inputs=lambda p, g: values(g, matrix(p)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [x[0] / np.sqrt((x[0] * x[0]).sum(1, keepdims=True))],
        torch=torch_l2_normalize,
        units=32,
        onnx=lambda p: Node("LpNormalization", attributes={"axis": 1, "p": 2}),
    ),
    "batch_norm": Operator(  # training: the statistics of the batch, running ones moved
        inputs=lambda p, g: values(g, matrix(p), (p["columns"],), (p["columns"],)),
        shapes=lambda p: [matrix(p)],
        exact=lambda p, x: [normalized(x[0], 0)[0] * x[1] + x[2]],
        torch=torch_batch_norm,
        units=64,
        onnx=onnx_batch_norm,
    ),
    "batch_norm_backward": Operator(
        inputs=lambda p, g: values(g, matrix(p), matrix(p), (p["columns"],), (p["columns"],)),
        shapes=lambda p: [matrix(p), (p["columns"],), (p["columns"],)],
        exact=lambda p, x: norm_backward(x[0], x[1], x[2], 0),
        torch=torch_batch_norm_backward,
        units=128,
    ),
}

NEW = {
    "layer_norm_new": (
        "layer_norm",
        lambda torch, p, x, scale, offset: torch.layer_norm(x, [p["columns"]], scale, offset, EPSILON),
    ),
    "rms_norm_new": ("rms_norm", lambda torch, p, x, scale: torch.rms_norm(x, [p["columns"]], scale, EPSILON)),
    "batch_norm_new": (
        "batch_norm",
        lambda torch, p, x, scale, offset: torch.batch_norm(
            x, scale, offset, None, None, True, 0.1, EPSILON, False
        ),
    ),
}
OPERATORS |= {name: into_new(OPERATORS[of], call, of) for name, (of, call) in NEW.items()}

# Matrices read or written, and operations per element. Down columns, statistics need a pass of their own: out of cache
# each operand is read twice.
TRAFFIC = {
    "layer_norm": (2, 7),
    "layer_norm_backward": (3, 14),
    "rms_norm": (2, 4),
    "rms_norm_backward": (3, 10),
    "add_layer_norm": (4, 8),
    "add_rms_norm": (4, 5),
    "l2_normalize": (2, 3),
    "batch_norm": (3, 7),
    "batch_norm_backward": (5, 14),
}


def rows() -> list[Row]:
    return [
        row
        for operation, (matrices, flops) in TRAFFIC.items()
        for row in rows_of_matrices("normalization", operation, matrices, flops)
    ] + [new_row("normalization", name, TRAFFIC[of][1]) for name, (of, _) in NEW.items()]


family = family_of("normalization", OPERATORS, rows)
