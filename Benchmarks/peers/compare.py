#!/usr/bin/env python3
"""Farro side by side with other libraries, in turn and in processes of their own.

`Benchmarks/peers/run` installs what this needs and passes its options on. How it measures, and how to add rows, is told
in README.md beside it.
"""
import argparse
import contextlib
import dataclasses
import datetime
import glob
import os
import pathlib
import platform
import re
import signal
import sys
import tempfile

from families import FAMILIES
from sidebyside import report
from sidebyside.libraries import PEERS, ROOT, SWIFT_WORKERS, Programs
from sidebyside.measure import Comparison, Plan, RowResult
from sidebyside.rows import OWN, Row


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--family", choices=sorted(FAMILIES), help="only this family (default: all)")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only rows whose name it is found in")
    parser.add_argument("--threads", metavar="LIST", default="", help="numbers of threads (default: 1 and all cores)")
    parser.add_argument("--peers", metavar="LIST", default=",".join(PEERS), help="of " + ", ".join(PEERS))
    parser.add_argument("--repetitions", metavar="N", type=int, default=20, help="pairs of each row and peer (20)")
    parser.add_argument("--quick", action="store_true", help="4 short pairs, nothing large: a look, no measurement")
    parser.add_argument("--verbose", action="store_true", help="tell how each side ran")
    parser.add_argument("--list", action="store_true", help="print the rows and end")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write everything there")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, default=120, help="for each answer of a worker")
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "CKernels" / "build" / "libfarro.so.0")
    parser.add_argument(
        "--swift-workers", type=pathlib.Path, default=ROOT / "Benchmarks" / ".build" / "release"
    )
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        options.threads = [int(n) for n in options.threads.split(",") if n] or sorted({1, cores})
    except ValueError:
        parser.error(f"--threads takes counts such as 1,2: {options.threads}")
    try:
        options.filter = re.compile(options.filter)
    except re.error as reason:
        parser.error(f"--filter: {reason}")
    if not 1 <= min(options.threads) <= max(options.threads) <= cores or options.repetitions < 2:
        parser.error(f"--threads takes counts from 1 to {cores} here, --repetitions at least 2")
    if options.json and not options.json.resolve().parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.resolve().parent}")
    if not options.list and not options.library.exists():
        parser.error(f"there is no libfarro at {options.library}; Benchmarks/peers/run builds one")
    options.peers = [name for name in options.peers.split(",") if name]
    unknown = set(options.peers) - set(PEERS)
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return options


def rows_of(options: argparse.Namespace) -> list[Row]:
    families = [options.family] if options.family else sorted(FAMILIES)
    rows = [row for name in families for row in FAMILIES[name].rows() if options.filter.search(row.name)]
    return [row for row in rows if not options.quick or is_quick(row)]


def is_quick(row: Row) -> bool:
    """Neither a long product, nor a large array where the operator has smaller ones: all but those made anew."""
    return row.flops <= 5e10 and (row.bytes <= 1.2e8 or row.subject in SWIFT_WORKERS)


def last_level_cache() -> int:
    """Bytes; 32 MiB where the machine does not tell."""
    sizes = [pathlib.Path(path).read_text().strip() for path in glob.glob("/sys/devices/system/cpu/cpu0/cache/*/size")]
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return max((int(size[:-1]) * units[size[-1]] for size in sizes if size[-1] in units), default=32 << 20)


def machine() -> dict[str, object]:
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
        name = found.group(1) if found else name
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "last_level_cache": last_level_cache(),
        "load_average": os.getloadavg(),
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def compare(options: argparse.Namespace, rows: list[Row]) -> int:
    plan = Plan(pairs=options.repetitions, repetition=15e-3, most_seconds=20)
    if options.quick:
        plan = Plan(pairs=4, repetition=4e-3, most_seconds=2)
    programs = Programs(options.library, options.swift_workers, options.timeout)
    facts = machine()
    print(f"{facts['cpu']}, {facts['cores']} cores, {facts['system']}")
    print("The ratio is of times, other's over Farro's: above 1, Farro is the faster. Errors are against exact results, in:")
    for name in sorted({row.family for row in rows}):
        print(f"  {name}: {FAMILIES[name].error_unit}")
    if facts["load_average"][0] > 0.5:
        print(f"The machine is busy (load {facts['load_average'][0]:.1f}): these figures are worth little.")
    print("\n" + report.header(), flush=True)

    results: list[RowResult] = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="farro-peers-")))
        comparison = Comparison(programs, plan, folder, last_level_cache())
        stack.callback(comparison.close)
        for threads in options.threads:
            for row in rows:
                peers = [name for name in row.peers if name in options.peers or name in OWN]
                peers += ["farro f32"] if row.own else []
                result = comparison.run(row, FAMILIES[row.family], threads, peers)
                results.append(result)
                print("\n".join(report.lines(result) + (report.ways(result) if options.verbose else [])), flush=True)
                for failure in result.failures:
                    print(f"  {failure}", flush=True)
            comparison.close()  # so that no worker of another number of threads lies beside the next
    print("\n" + report.findings(results, comparison.facts, programs.absent))
    if options.json:
        workers = {f"{name}, threads {n}": fact for (name, n), fact in comparison.facts.items()}
        everything = {
            "machine": facts,
            "plan": dataclasses.asdict(plan),
            "workers": workers,
            "missing": programs.absent,
            "rows": [report.as_json(result) for result in results],
        }
        report.write_json(options.json, everything)
    return 1 if report.wrong(results) or any(result.failures for result in results) else 0


def main() -> int:
    options = arguments()
    rows = rows_of(options)
    if not rows:
        print("no such row; --list prints them", file=sys.stderr)
        return 64
    if options.list:
        for row in rows:
            print(row.name)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the workers are ended
    return compare(options, rows)


if __name__ == "__main__":
    sys.exit(main())
