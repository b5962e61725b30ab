"""What a family says of itself: its rows, their operands, and how wrong a result is."""
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Goal:
    """What a row must reach. A part that is not given is not asked."""

    over: Mapping[str, float] = field(default_factory=dict)  # least median ratio over a peer; "*" means each peer
    fraction: float | None = None  # least fraction of the measured limit
    nanoseconds: float | None = None  # most per call

    def over_peer(self, peer: str) -> float | None:
        return self.over.get(peer, self.over.get("*") if peer not in OWN else None)


# Peers that are Farro itself, run for information or because a goal names them.
OWN = ("farro", "farro f32")

# Limits that are counted in bytes per second.
BANDWIDTHS = ("read", "copy")


@dataclass(frozen=True)
class Row:
    """One line of the comparison, before the number of threads is chosen.

    `parameters` reach the workers as they are; worker/farro.c and its likes read them. `limit` is what bounds the row:
    "fma_f32", "fma_f64", or one of BANDWIDTHS. `own` is another row that Farro runs as a peer of this one ("farro f32").
    """

    family: str
    operation: str
    type: str
    shape: str
    parameters: Mapping[str, int]
    flops: float
    bytes: float
    goal: Goal = Goal()
    limit: str | None = None
    subject: str = "farro"
    peers: tuple[str, ...] = ("numpy", "mkl", "torch", "openblas", "blis", "xsmm")
    cold: bool = False
    own: "Row | None" = None

    @property
    def name(self) -> str:
        words = [self.operation, self.type, self.shape]
        words += ["cold"] if self.cold else []
        words += ["swift"] if self.subject == "farro-swift" else []
        return " ".join(words)


@dataclass(frozen=True)
class Family:
    """A family of rows. `error` is 0 for the exact result, and at most about 1 for one within its bound."""

    rows: Callable[[], list[Row]]
    operands: Callable[[Row], list[np.ndarray]]  # the same for every worker
    output: Callable[[Row], tuple[tuple[int, ...], str]]  # shape and dtype of the result
    error: Callable[[Row, list[np.ndarray], np.ndarray], float]
    error_unit: str
