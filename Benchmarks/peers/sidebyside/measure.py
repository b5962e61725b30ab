"""Subject and peer in turn: A B B A ..., a ratio per pair, the limit measured beside each pair."""
import contextlib
import math
import pathlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sidebyside.libraries import Programs
from sidebyside.rows import BANDWIDTHS, Family, Row
from sidebyside.workers import Missing, Worker, WorkerFailure


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    pairs: int  # wanted; fewer of long calls
    repetition: float  # seconds
    most_seconds: float  # for the pairs of one row and peer
    least_pairs: int = 4
    rest: float = 10e-3  # seconds, after a probe

    def pairs_of(self, pair_seconds: float) -> int:
        count = min(self.pairs, max(self.least_pairs, int(self.most_seconds / pair_seconds)))
        return count + count % 2  # as many A B as B A


@dataclass
class Spread:
    """The median and quartiles of some values."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
        return cls(float(median), float(low), float(high), len(values))


@dataclass
class Side:
    """What a worker said of itself, and what it did with a row."""

    version: str = ""
    instruction_set: str = ""
    how: str = ""
    calls: int = 0  # of a repetition
    first_call: float = 0  # seconds
    error: float = math.nan


@dataclass
class PeerResult:
    name: str
    missing: str = ""  # why it did not run
    side: Side = field(default_factory=Side)
    seconds: Spread | None = None  # of the peer's call
    subject_seconds: Spread | None = None  # of the subject's, in the same pairs
    ratio: Spread | None = None  # peer's seconds over subject's: above 1, the subject is the faster
    pairs: list[tuple[float, float]] = field(default_factory=list)
    restless: int = 0  # turns before which some thread would not sleep
    goal: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.goal is None or self.ratio is None else self.ratio.median >= self.goal


@dataclass
class RowResult:
    row: Row
    threads: int
    missing: str = ""
    failures: list[str] = field(default_factory=list)
    side: Side = field(default_factory=Side)
    seconds: Spread | None = None  # of the subject's call, over all pairs
    limit: Spread | None = None  # units per second
    fraction: Spread | None = None
    peers: list[PeerResult] = field(default_factory=list)


class Comparison:
    """Keeps the workers alive from row to row, and ends them with itself."""

    def __init__(self, programs: Programs, plan: Plan, folder: pathlib.Path, cache_bytes: int) -> None:
        self.programs, self.plan, self.folder, self.cache_bytes = programs, plan, folder, cache_bytes
        self.workers: dict[tuple[str, int], Worker] = {}
        self.facts: dict[tuple[str, int], tuple[str, str]] = {}
        self.rounds: dict[tuple[str, int], int] = {}  # of a probe, to last a few milliseconds

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()
        self.workers.clear()

    def worker(self, name: str, threads: int) -> Worker:
        key = (name, threads)
        if key not in self.workers:
            worker = self.programs.start(name, threads)
            self.workers[key] = worker
            with self.forgetting(key):
                version, _, instruction_set = "\t".join(worker.ask("facts")).partition("\t")
            self.facts[key] = (version, instruction_set)
        return self.workers[key]

    @contextlib.contextmanager
    def forgetting(self, key: tuple[str, int]) -> Iterator[None]:
        """A worker that failed is not asked again: the next row starts another."""
        try:
            yield
        except WorkerFailure:
            self.workers.pop(key, None)
            raise

    # ---- one row ----

    def run(self, row: Row, family: Family, threads: int, peers: list[str]) -> RowResult:
        result = RowResult(row, threads)
        subject_key = (row.subject, threads)
        try:
            with self.forgetting(subject_key):
                subject = self.worker(*subject_key)
                inputs = family.operands(row)
                result.side = self.load(subject, row, family, inputs, subject_key)
        except Missing as reason:
            result.missing = str(reason)
            return result
        except WorkerFailure as failure:
            result.failures.append(str(failure))
            return result
        limits: list[tuple[float, float]] = []  # limit, and the subject's seconds beside it
        for name in peers:
            if subject_key not in self.workers:
                break  # it failed, which is told already
            peer = PeerResult(name, goal=row.goal.over_peer(name))
            result.peers.append(peer)
            try:
                self.against(peer, row, family, inputs, subject_key, limits)
            except Missing as reason:
                peer.missing = str(reason)
            except WorkerFailure as failure:
                peer.missing = "failed"
                result.failures.append(str(failure))
        if not limits and subject_key in self.workers:  # no peer ran: the row stands alone
            try:
                with self.forgetting(subject_key):
                    for _ in range(self.plan.least_pairs):
                        seconds = self.turn(subject_key)[0]
                        limits.append((self.probe(row, threads), seconds))
            except WorkerFailure as failure:
                result.failures.append(str(failure))
        self.summarize(result, limits)
        if subject_key in self.workers:
            try:
                with self.forgetting(subject_key):
                    self.workers[subject_key].ask("unload")
            except WorkerFailure as failure:
                result.failures.append(str(failure))
        return result

    def summarize(self, result: RowResult, limits: list[tuple[float, float]]) -> None:
        if not limits:
            return
        work = result.row.bytes if result.row.limit in BANDWIDTHS else result.row.flops
        result.seconds = Spread.of([seconds for _, seconds in limits])
        probed = [(limit, seconds) for limit, seconds in limits if limit > 0]
        if probed:
            result.limit = Spread.of([limit for limit, _ in probed])
            result.fraction = Spread.of([work / seconds / limit for limit, seconds in probed])

    def load(self, worker: Worker, row: Row, family: Family, inputs: list[np.ndarray], key: tuple[str, int]) -> Side:
        """Hands the operands over in files, checks the result of one call, and fixes the calls of a repetition."""
        shape, dtype = family.output(row)
        output_bytes = math.prod(shape) * np.dtype(dtype).itemsize
        one_set = sum(value.nbytes for value in inputs) + output_bytes
        sets = 2 + 4 * self.cache_bytes // one_set if row.cold else 1
        fields = {"operation": row.operation, "type": row.type, **row.parameters, "sets": sets, "output": output_bytes}
        fields |= {"output_dtype": dtype, "output_shape": ",".join(map(str, shape))}
        files = [self.folder / f"in{i}" for i in range(len(inputs))]
        for i, (file, value) in enumerate(zip(files, inputs)):
            value.tofile(file)
            fields |= {f"in{i}": file, f"dtype{i}": value.dtype.name, f"shape{i}": ",".join(map(str, value.shape))}
        answer = self.folder / "result"
        try:
            side = Side(*self.facts[key], " ".join(worker.ask("load", *(f"{k}={v}" for k, v in fields.items()))))
            calls, first = worker.ask("calibrate", self.plan.repetition)
            side.calls, side.first_call = int(calls), float(first)
            worker.ask("result", answer)
            side.error = family.error(row, inputs, np.fromfile(answer, dtype=dtype).reshape(shape))
        finally:
            for file in [*files, answer]:
                file.unlink(missing_ok=True)
        return side

    def against(
        self,
        peer: PeerResult,
        row: Row,
        family: Family,
        inputs: list[np.ndarray],
        subject_key: tuple[str, int],
        limits: list[tuple[float, float]],
    ) -> None:
        peer_key, (peer_row, peer_inputs) = (peer.name, subject_key[1]), (row, inputs)
        if peer.name == "farro f32":
            peer_row, peer_inputs = row.own, family.operands(row.own)
        with self.forgetting(peer_key):
            peer.side = self.load(self.worker(*peer_key), peer_row, family, peer_inputs, peer_key)
        sides = {"subject": subject_key, "peer": peer_key}
        seconds: dict[str, float] = {}
        begin, done, wanted = time.monotonic(), 0, self.plan.pairs
        while done < wanted:
            order = ("subject", "peer") if done % 2 == 0 else ("peer", "subject")
            for side in order:
                seconds[side], slept = self.turn(sides[side])
                peer.restless += not slept
                if side == "subject":
                    limit = self.probe(row, subject_key[1])
            peer.pairs.append((seconds["subject"], seconds["peer"]))
            limits.append((limit, seconds["subject"]))
            done += 1
            if done == 2:
                wanted = self.plan.pairs_of((time.monotonic() - begin) / 2)
        peer.subject_seconds = Spread.of([a for a, _ in peer.pairs])
        peer.seconds = Spread.of([b for _, b in peer.pairs])
        peer.ratio = Spread.of([b / a for a, b in peer.pairs])
        with self.forgetting(peer_key):
            self.workers[peer_key].ask("unload")

    # ---- one turn ----

    def settle(self) -> bool:
        return all([worker.settle() for worker in self.workers.values()])

    def turn(self, key: tuple[str, int]) -> tuple[float, bool]:
        """Seconds of a call in one repetition, and whether all threads slept before it."""
        slept = self.settle()
        with self.forgetting(key):
            return float(self.workers[key].ask("run")[0]), slept

    def probe(self, row: Row, threads: int) -> float:
        """The row's limit now, by Farro's probe; 0 where there is none.

        It is asked of the subject, or of a Farro worker beside it where the subject is not the C library. The first of
        two wakes the threads. It follows the subject's turn, and a rest follows it: a scheduler holds it against a
        process that it has just worked, and on a busy machine the subject would pay for the probe.
        """
        if row.limit is None:
            return 0.0
        key = ("farro", threads)
        with self.forgetting(key):
            worker = self.worker(*key)
            self.settle()
            amount = int(row.bytes) if row.limit in BANDWIDTHS else self.rounds_of(worker, row.limit, threads)
            rate = max(float(worker.ask("probe", row.limit, amount)[0]) for _ in range(2))
        time.sleep(self.plan.rest)
        return rate

    def rounds_of(self, worker: Worker, limit: str, threads: int) -> int:
        key = (limit, threads)
        if key not in self.rounds:
            rounds, seconds = 10_000, 0.0
            while seconds < 2e-3:
                rounds *= 2
                begin = time.monotonic()
                worker.ask("probe", limit, rounds)
                seconds = time.monotonic() - begin
            self.rounds[key] = rounds
        return self.rounds[key]

