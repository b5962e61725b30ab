"""The table, line by line while rows are measured; the findings at its end; and the JSON file."""
import dataclasses
import json
import math
import os
import pathlib
import tempfile
from collections.abc import Iterable

from sidebyside.measure import RowResult, Spread
from sidebyside.rows import BANDWIDTHS, OWN

COLUMNS = (
    ("row", 34), ("threads", 7), ("against", 14), ("Farro", 14), ("other", 14), ("ratio", 6), ("quartiles", 14),
    ("goal", 16), ("error", 8), ("other's", 8),
)  # fmt: skip
LIMITS = {"fma_f32": "FMA peak", "fma_f64": "FMA peak", "read": "read bandwidth", "copy": "copy bandwidth"}


def line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell).ljust(width) for cell, (_, width) in zip(cells, COLUMNS)) + " |"


def header() -> str:
    return line(name for name, _ in COLUMNS) + "\n|" + "|".join("-" * (width + 2) for _, width in COLUMNS) + "|"


def rate(result: RowResult, seconds: float) -> str:
    if result.row.goal.nanoseconds is not None:
        return f"{1e9 * seconds:.1f} ns"
    if result.row.flops == 0 and result.row.limit is None:
        return f"{1e3 * seconds:.4g} ms"
    if result.row.limit in BANDWIDTHS:
        return f"{1e-9 * result.row.bytes / seconds:.1f} GB/s"
    return f"{1e-9 * result.row.flops / seconds:.4g} G{'FLOP' if result.row.type != 'u8s8' else 'OP'}/s"


def quartiles(spread: Spread) -> str:
    return f"{spread.low:.3f}..{spread.high:.3f}"


def verdict(asked: str, met: bool) -> str:
    return f"{asked} {'met' if met else 'NOT MET'}"


def number(error: float) -> str:
    return "" if math.isnan(error) else f"{error:.2g}"


# ---- lines ----


def lines(result: RowResult) -> list[str]:
    """A row's lines: one per peer, one for the limit, one for the time of a call where that is the goal."""
    row, name, threads = result.row, result.row.name, result.threads
    if result.missing:
        return [line([name, threads, row.subject, f"skipped: {result.missing}"])]
    made, absent = [], []
    for peer in result.peers:
        if peer.ratio is None:
            absent.append(f"{peer.name} ({peer.missing})")
            continue
        goal = "" if peer.goal is None else verdict(f">= {peer.goal:g}", peer.met)
        ours, theirs = rate(result, peer.subject_seconds.median), rate(result, peer.seconds.median)
        made.append(
            line([name, threads, peer.name, ours, theirs, f"{peer.ratio.median:.3f}", quartiles(peer.ratio), goal,
                  number(result.side.error), number(peer.side.error)])
        )  # fmt: skip
    if result.fraction is not None:
        asked = row.goal.fraction
        goal = "" if asked is None else verdict(f">= {asked:g}", result.fraction.median >= asked)
        unit = "GB/s" if row.limit in BANDWIDTHS else "GFLOP/s"
        limit = f"{1e-9 * result.limit.median:.4g} {unit}"
        made.append(
            line([name, threads, LIMITS[row.limit], rate(result, result.seconds.median), limit,
                  f"{result.fraction.median:.3f}", quartiles(result.fraction), goal, number(result.side.error), ""])
        )  # fmt: skip
    most = row.goal.nanoseconds
    if most is not None and result.seconds is not None:
        goal = verdict(f"< {most:g} ns", 1e9 * result.seconds.median < most)
        made.append(
            line([name, threads, "", rate(result, result.seconds.median), "", "", "", goal,
                  number(result.side.error), ""])
        )  # fmt: skip
    if absent:
        made.append(f"  {name}, not run: {'; '.join(absent)}")
    return made


def ways(result: RowResult) -> list[str]:
    """How each side ran: what it says of its way, its calls per repetition, and what the first call took."""
    sides = [(result.row.subject, result.side)] + [(peer.name, peer.side) for peer in result.peers]
    return [
        f"  {name}: {side.how or 'as named'}; {side.calls} calls in a repetition, the first took {side.first_call:.3g} s"
        for name, side in sides
        if side.calls
    ]


# ---- findings ----


@dataclasses.dataclass
class Goals:
    met: int = 0
    missed: list[str] = dataclasses.field(default_factory=list)

    def count(self, what: str, met: bool) -> None:
        if met:
            self.met += 1
        else:
            self.missed.append(what)


def goals(results: list[RowResult]) -> Goals:
    counted = Goals()
    for result in results:
        name, asked = f"{result.row.name}, threads {result.threads}", result.row.goal
        for peer in result.peers:
            if peer.met is not None:
                counted.count(f"{name}: {peer.ratio.median:.3f} of {peer.name}, wanted {peer.goal:g}", peer.met)
        if asked.fraction is not None and result.fraction is not None:
            share = result.fraction.median
            counted.count(f"{name}: {share:.3f} of the limit, wanted {asked.fraction:g}", share >= asked.fraction)
        if asked.nanoseconds is not None and result.seconds is not None:
            taken = 1e9 * result.seconds.median
            counted.count(f"{name}: {taken:.1f} ns, wanted {asked.nanoseconds:g}", taken < asked.nanoseconds)
    return counted


def slower(results: list[RowResult]) -> list[str]:
    return [
        f"{result.row.name}, threads {result.threads}: {peer.ratio.median:.3f} of {peer.name}"
        for result in results
        for peer in result.peers
        if peer.ratio is not None and peer.ratio.median < 1 and peer.name not in OWN
    ]


def wrong(results: list[RowResult]) -> list[str]:
    """Results further from exact than rounding explains. A result that is itself rounded to bf16 is no such thing."""
    found = []
    for result in results:
        sides = [(result.row.subject, result.side)] + [(peer.name, peer.side) for peer in result.peers]
        for name, side in sides:
            if (side.error > 2 or math.isinf(side.error)) and "rounded to bf16" not in side.how:
                found.append(f"{result.row.name}, threads {result.threads}: {name} is off by {side.error:.3g}")
    return found


def findings(results: list[RowResult], facts: dict[tuple[str, int], tuple[str, str]], absent: dict[str, str]) -> str:
    counted = goals(results)
    restless = sorted({peer.name for result in results for peer in result.peers if peer.restless})
    sections = [
        ("Goals not met", counted.missed),
        ("Slower than a peer", slower(results)),
        ("Wrong results", wrong(results)),
        ("Skipped", [f"{r.row.name}, threads {r.threads}: {r.missing}" for r in results if r.missing]),
        ("Failed workers", [failure for result in results for failure in result.failures]),
        ("Threads that were awake at the start of another's turn", restless),
        ("Missing peers", [f"{name}: {reason}" for name, reason in absent.items()]),
        ("Who ran", sorted({f"{name}: {version}; {isa}" for (name, _), (version, isa) in facts.items()})),
    ]
    text = [f"Goals met: {counted.met} of {counted.met + len(counted.missed)}"]
    for title, items in sections:
        if items:
            text += ["", f"{title}:"] + [f"  {item}" for item in items]
    return "\n".join(text)


# ---- JSON ----


def finite(value: object) -> object:
    """JSON has no NaN and no infinity."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(result: RowResult) -> dict[str, object]:
    fields = dataclasses.asdict(result)
    fields["row"]["name"] = result.row.name
    for peer, values in zip(result.peers, fields["peers"]):
        values["met"] = peer.met
    return finite(fields)


def write_json(path: pathlib.Path, content: dict[str, object]) -> None:
    """Whole, then renamed: nobody reads half a file."""
    with tempfile.NamedTemporaryFile("w", dir=path.resolve().parent, prefix=path.name, delete=False) as file:
        try:
            json.dump(content, file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
