"""Writes Tests/FarroTests/OptimizerGolden.swift: parameters after some steps of PyTorch's optimizers, in double precision.

Run it with a Python that has torch: python3 Tests/Golden/optimizers.py
"""

import pathlib

import torch

STEPS = 5
CASES = {  # name in Swift: optimizer, its options
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgdDecay": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "sgdMomentum": (torch.optim.SGD, dict(lr=0.1, momentum=0.9, dampening=0.2, weight_decay=0.01)),
    "sgdNesterov": (torch.optim.SGD, dict(lr=0.1, momentum=0.8, nesterov=True)),
    "adaGrad": (torch.optim.Adagrad, dict()),
    "adaGradDecay": (torch.optim.Adagrad, dict(lr=0.05, lr_decay=0.1, weight_decay=0.01, initial_accumulator_value=0.5, eps=1e-3)),
    "rmsProp": (torch.optim.RMSprop, dict()),
    "rmsPropMomentum": (torch.optim.RMSprop, dict(lr=0.02, alpha=0.9, momentum=0.7, weight_decay=0.1)),
    "rmsPropCentered": (torch.optim.RMSprop, dict(lr=0.02, alpha=0.9, momentum=0.5, centered=True, eps=1e-2)),
    "adam": (torch.optim.Adam, dict()),
    "adamDecay": (torch.optim.Adam, dict(lr=0.01, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "adamAMSGrad": (torch.optim.Adam, dict(lr=0.01, betas=(0.8, 0.5), amsgrad=True)),
    "adamW": (torch.optim.AdamW, dict()),
    "adamWAMSGrad": (torch.optim.AdamW, dict(lr=0.01, betas=(0.8, 0.5), weight_decay=0.2, amsgrad=True)),
}


def start() -> torch.Tensor:
    return torch.tensor([0.5, -1.25, 2.0, 0.0, -0.125, 3.5, -2.75], dtype=torch.float64)


def gradient(step: int) -> torch.Tensor:
    """The same formula as in the test: fractions of powers of two, so that both are exact."""
    return torch.tensor([((step * 5 + i * 3) % 11 - 5) / 4 for i in range(7)], dtype=torch.float64)


def run(optimizer, options) -> list[float]:
    parameters = torch.nn.Parameter(start())
    stepper = optimizer([parameters], **options)
    for step in range(STEPS):
        parameters.grad = gradient(step)
        stepper.step()
    return parameters.detach().tolist()


def clip() -> tuple[float, list[float]]:
    a, b = (torch.nn.Parameter(start()) for _ in range(2))
    a.grad, b.grad = gradient(0), gradient(1)
    norm = torch.nn.utils.clip_grad_norm_([a, b], 1.5)
    return norm.item(), a.grad.tolist() + b.grad.tolist()


def literal(name: str, values: list[float]) -> str:
    numbers = "".join(f"    {value!r},\n" for value in values)
    return f"  static let {name}: [Double] = [\n{numbers}  ]\n"


def main() -> None:
    norm, clipped = clip()
    text = f"// Written by Tests/Golden/optimizers.py with torch {torch.__version__.split('+')[0]}.\n\nenum OptimizerGolden {{\n"
    text += "".join(literal(name, run(*case)) for name, case in CASES.items())
    text += f"  static let norm = {norm!r}\n" + literal("clipped", clipped) + "}\n"
    (pathlib.Path(__file__).parents[1] / "FarroTests" / "OptimizerGolden.swift").write_text(text)


main()
