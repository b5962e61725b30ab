"""Rows of the optimizers' steps, against the bandwidth over the bytes that they must touch.

A step changes its own operands, and nobody knows how many steps a measurement takes. So the learning rate is 0 and the
moments stand where the gradient would move them: every step reads and writes all, and leaves them where they are.
AdaGrad's sum of squares only grows: it stands at 1, and gradients are so small that their squares round away.
"""
import numpy as np

from families.operators import Operator, family_of, row_of
from sidebyside.rows import Goal, Row


def torch_step(make):
    """A step of torch's fused optimizer, whose state is that of the row."""

    def prepare(torch, p, inputs, outputs):
        parameter = torch.nn.Parameter(inputs[0].clone())
        parameter.grad = inputs[1].clone()
        optimizer, states, how = make(torch, [parameter])
        with torch.enable_grad():
            optimizer.step()
        state = optimizer.state[parameter]
        for name, power in states.items():
            state[name].copy_(parameter.grad**power)
        run = lambda: optimizer.step()
        run.result = lambda: [parameter.detach(), *(state[name] for name in states)]
        return run, how

    return prepare


def adam(torch, parameters):
    states = {"exp_avg": 1, "exp_avg_sq": 2}
    return torch.optim.AdamW(parameters, lr=0.0, weight_decay=0.0, fused=True), states, "optim.AdamW(fused=True)"


def plain_adam(torch, parameters):
    return torch.optim.Adam(parameters, lr=0.0, fused=True), {"exp_avg": 1, "exp_avg_sq": 2}, "optim.Adam(fused=True)"


def adagrad(torch, parameters):
    return torch.optim.Adagrad(parameters, lr=0.0, fused=True), {"sum": 0}, "optim.Adagrad(fused=True)"


def rmsprop(torch, parameters):
    optimizer = torch.optim.RMSprop(parameters, lr=0.0, foreach=True)
    return optimizer, {"square_avg": 2}, "optim.RMSprop(foreach=True), of which there is no fused form"


def sgd(torch, parameters):
    optimizer = torch.optim.SGD(parameters, lr=0.0, momentum=0.9, dampening=0.9, fused=True)
    return optimizer, {"momentum_buffer": 1}, "optim.SGD(momentum=0.9, fused=True)"


def operator(make, powers: tuple[int, ...], gradients: float = 1) -> Operator:
    return Operator(
        inputs=lambda p, g: [size * g.standard_normal(p["count"]) for size in (1, gradients)],
        shapes=lambda p: [(p["count"],)] * (1 + len(powers)),
        exact=lambda p, x: [x[0], *(x[1] ** power for power in powers)],
        torch=torch_step(make),
        units=2000,  # thousands of steps, each of which rounds the moments
    )


OPERATORS = {
    "adamw": operator(adam, (1, 2)),
    "adam": operator(plain_adam, (1, 2)),
    "sgd_momentum": operator(sgd, (1,)),
    "adagrad": operator(adagrad, (0,), gradients=1e-5),
    "rmsprop": operator(rmsprop, (2,)),
}

# Arrays read and written by a step.
TRAFFIC = {"adamw": (7, 14), "adam": (7, 14), "sgd_momentum": (5, 4), "adagrad": (5, 7), "rmsprop": (5, 9)}


def rows() -> list[Row]:
    result = []
    for operation, (arrays, flops) in TRAFFIC.items():
        for count in (1 << 16, 1 << 25):
            is_far = count > 1 << 20
            result.append(
                row_of(
                    "optimizer",
                    operation,
                    f"{count}",
                    {"count": count},
                    flops=float(flops) * count,
                    bytes=4.0 * arrays * count,
                    goal=Goal({"torch": 1.0}, fraction=0.85) if is_far else Goal({"torch": 1.0}),
                    limit="copy" if is_far else None,
                )
            )
    return result


family = family_of("optimizer", OPERATORS, rows)
