"""How cases went: the comparison of results, and the summary."""
import collections
from dataclasses import dataclass

import numpy as np

from conformance.node import Node


@dataclass
class Outcome:
    name: str
    operator: str
    passed: bool = False
    passed_converted: bool = False  # with f32 operands and results in f64, or f64 in f32, as well
    skipped: str = ""  # the reason
    failure: str = ""


def compare(results: list[np.ndarray | None], node: Node, expected: list[np.ndarray], rtol: float, atol: float) -> None:
    """All results that the node names: types and shapes are equal, and no element further off than the case allows."""
    wanted = [index for index, name in enumerate(node.results) if name]
    if len(wanted) != len(expected) or len(results) <= wanted[-1]:
        raise AssertionError(f"{len(results)} results for {len(wanted)}, of which {len(expected)} are told")
    for index, right in zip(wanted, expected):
        got, name = results[index], node.results[index]
        if (got.dtype, got.shape) != (right.dtype, right.shape):
            raise AssertionError(f"{name} is {got.dtype}{list(got.shape)}, not {right.dtype}{list(right.shape)}")
        a, b = got.astype(np.float64), right.astype(np.float64)
        near = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        if not near.all():
            with np.errstate(invalid="ignore"):
                most = np.max(np.abs(a - b), where=~near, initial=0)
            raise AssertionError(
                f"{name} is off by up to {most:.3g} in {np.sum(~near)} of {near.size} elements"
                f" (rtol {rtol:g}, atol {atol:g})"
            )


def summary(outcomes: list[Outcome]) -> list[str]:
    """Lines: counts, and the reasons of what was skipped with the operators that they concern."""
    passed, failed = sum(o.passed for o in outcomes), sum(bool(o.failure) for o in outcomes)
    skipped = [o for o in outcomes if o.skipped]
    operators = sorted({o.operator for o in outcomes if o.passed})
    lines = [f"{passed + failed} ran, {passed} passed, {failed} failed; {len(skipped)} skipped"]
    again = sum(o.passed_converted for o in outcomes)
    lines.append(f"  passed again, in f64 instead of f32 or f32 instead of f64: {again}")
    lines.append(f"  passed, of {len(operators)} operators: {', '.join(operators)}")
    for reason, count in collections.Counter(o.skipped for o in skipped).most_common():
        concerned = sorted({o.operator for o in skipped if o.skipped == reason})
        named = ", ".join(concerned) if len(concerned) <= 12 else f"{len(concerned)} operators"
        lines.append(f"  skipped {count:4d}: {reason} ({named})")
    return lines
