"""What ONNX Runtime is asked for in an operator's place: one node of ONNX."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

OPSET = 24  # the first with Swish
MICROSOFT = "com.microsoft"  # ONNX Runtime's own operators


@dataclass(frozen=True)
class Node:
    """A node, and how its operands and results are those of a row.

    `operands` are in the node's order: the number of the row's operand, an array that the model holds, or None for one
    that is left out. The model also holds the row's operands in `held`: parameters, as a trained model holds them, so
    that the library may lay them out anew once. `results` are in the node's order too: the number of the row's result,
    shape and type of one that the row does not have, or None. `shapes` are those that the node takes, by number of the
    operand, where the row has others; `result_shapes` by number of the result.
    """

    operator: str
    operands: Sequence[int | np.ndarray | None] = (0,)
    attributes: Mapping[str, object] = field(default_factory=dict)
    held: Sequence[int] = ()
    results: Sequence[int | tuple[tuple[int, ...], str] | None] = (0,)
    shapes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    result_shapes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    domain: str = ""


def along(axis: int) -> np.ndarray:
    """The operand by which reductions are told their axis."""
    return np.array([axis], dtype=np.int64)
