#!/usr/bin/env python3
"""The operator tests that the onnx package publishes, against libfarro.

    make -C CKernels && python3 Benchmarks/peers/onnx_cases.py

Prints how many ran, passed and were skipped, and why. The exit status is 1 if one fails. Needs numpy and onnx.
"""
import argparse
import pathlib
import re
import sys

from conformance import library
from conformance.cases import cases, run
from conformance.outcome import Outcome, summary

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ISAS = ("baseline", "avx2", "avx512", "avx512_bf16", "neon")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, default=ROOT / "CKernels" / "build" / "libfarro.so.0")
    parser.add_argument("--headers", type=pathlib.Path, default=ROOT / "CKernels" / "include", help="of the library")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only cases whose name it is found in")
    parser.add_argument("--isa", choices=("all", *ISAS), help="or all of this CPU (default: the best)")
    parser.add_argument("--verbose", action="store_true", help="print each case")
    options = parser.parse_args()
    try:
        options.filter = re.compile(options.filter)
    except re.error as reason:
        parser.error(f"--filter: {reason}")
    if not options.library.exists():
        parser.error(f"there is no libfarro at {options.library}: run make -C CKernels")
    return options


def supported(name: str) -> bool:
    return library.evaluate("isa_supported", library.evaluate("isa_named", name.encode()))


def chosen(wanted: str | None) -> list[str]:
    """Instruction sets to run on."""
    if wanted is None:
        current = library.evaluate("current_isa")
        if current == library.constant("ISA_NONE"):
            sys.exit(library.evaluate("status_message", library.constant("ERROR_ISA")).decode())
        return [library.evaluate("isa_name", current).decode()]
    return [name for name in ISAS if supported(name)] if wanted == "all" else [wanted]


def run_on(isa: str, found: list, verbose: bool) -> list[Outcome]:
    library.call("set_local_isa", None, library.evaluate("isa_named", isa.encode()), None)
    outcomes = []
    for case in found:
        outcome = run(case)
        outcomes.append(outcome)
        if outcome.failure:
            print(f"FAILED {outcome.name}: {outcome.failure}")
        elif verbose:
            print(f"skipped {outcome.name}: {outcome.skipped}" if outcome.skipped else f"passed {outcome.name}")
    print(f"{isa}: " + "\n".join(summary(outcomes)))
    return outcomes


def main() -> int:
    options = arguments()
    library.load(options.library, options.headers)
    isas = chosen(options.isa)
    if missing := [isa for isa in isas if not supported(isa)]:
        sys.exit(f"this CPU or build of Farro lacks {', '.join(missing)}")
    found = cases(options.filter)
    if not found:
        sys.exit(f"no case has a name with {options.filter.pattern}")
    outcomes = [outcome for isa in isas for outcome in run_on(isa, found, options.verbose)]
    return 1 if any(outcome.failure for outcome in outcomes) or not any(outcome.passed for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
