#!/usr/bin/env python3
"""Checks compare.py's machinery with workers that behave and workers that do not. Needs NumPy, no built library; what is
of ONNX Runtime is skipped where it is not installed.

    python3 Benchmarks/peers/selftest.py
"""
import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import io
import json
import math
import os
import pathlib
import re
import sys
import tempfile
import time
import unittest
import unittest.mock

import numpy as np

from conformance.headers import declarations
from conformance.node import Node
from conformance.outcome import Outcome, compare, summary
from families import FAMILIES, MODEL_OPERATORS, OPERATORS
from families.matmul import product
from families.operators import narrowed, widened
from sidebyside import report
from sidebyside.libraries import HERE, ROOT, Programs
from sidebyside.measure import Comparison, Plan, RowResult
from sidebyside.rows import Goal, Row
from sidebyside.workers import Missing, Worker, environment
from worker.onnx_runtime import OnnxRuntime

ROW = product("f32", 24, 8, 16, Goal({"*": 1e-6}), limit=None)
BEHAVED = [sys.executable, str(HERE / "worker" / "worker.py"), "numpy", "1"]


class FakePrograms:
    """NumPy in Farro's place; each peer is a command, or the reason why it is missing."""

    def __init__(self, peers: dict[str, list[str] | str]) -> None:
        self.peers = {"farro": BEHAVED, **peers}
        self.absent: dict[str, str] = {}

    def start(self, name: str, threads: int) -> Worker:
        command = self.peers[name]
        if isinstance(command, str):
            raise Missing(command)
        return Worker(name, command, environment(threads, None), timeout=2 if name == "slow" else 60)


def small_rows() -> list[Row]:
    """The operators' rows, cut down; of those that are then the same, one."""
    most = {"rows": 7, "columns": 24, "count": 50, "batch": 2, "heads": 2, "table_rows": 20, "length": 16}
    rows = {}
    for row in [row for family in FAMILIES.values() for row in family.rows() if row.operation in OPERATORS]:
        cut = {name: min(size, most.get(name, size)) for name, size in row.parameters.items()}
        rows[row.operation, *cut.values()] = dataclasses.replace(row, parameters=cut, shape=f"{row.shape} cut down")
    return list(rows.values())


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


def compared(peers: dict[str, list[str] | str], row=ROW) -> tuple[RowResult, Comparison]:
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(FakePrograms(peers), Plan(4, 1e-3, 1), pathlib.Path(folder), 1 << 20)
        with contextlib.closing(comparison):
            return comparison.run(row, FAMILIES["matmul"], 1, list(peers)), comparison


class Comparing(unittest.TestCase):
    def test_a_peer_is_measured_in_pairs(self) -> None:
        result, _ = compared({"numpy": BEHAVED})
        peer = result.peers[0]
        self.assertEqual((result.failures, peer.missing, peer.restless), ([], "", 0))
        self.assertEqual((len(peer.pairs), peer.ratio.count, peer.met), (4, 4, True))
        self.assertTrue(0 <= peer.side.error < 1)

    def test_cold_rows_rotate(self) -> None:
        result, _ = compared({"numpy": BEHAVED}, product("f32", 24, 8, 16, limit=None, cold=True))
        self.assertEqual(result.failures, [])
        self.assertIsNotNone(result.peers[0].ratio)

    def test_a_dead_worker_is_told_with_what_it_said_and_the_next_peer_runs(self) -> None:
        result, _ = compared({"dead": shell("echo out of luck >&2; exit 3"), "numpy": BEHAVED})
        self.assertIn("out of luck", result.failures[0])
        self.assertIn("exit status 3", result.failures[0])
        self.assertIsNotNone(result.peers[1].ratio)

    def test_a_worker_that_does_not_answer_is_ended(self) -> None:
        begin = time.monotonic()
        result, _ = compared({"slow": shell("echo waiting >&2; exec sleep 60")})
        self.assertLess(time.monotonic() - begin, 30)
        self.assertIn("within 2 s", result.failures[0])
        self.assertIn("waiting", result.failures[0])

    def test_nonsense_is_a_failure(self) -> None:
        result, _ = compared({"odd": shell("echo hello; cat")})
        self.assertIn("answered 'hello'", result.failures[0])

    def test_a_missing_peer_is_printed(self) -> None:
        result, _ = compared({"absent": "it is not installed"})
        self.assertIn("absent (it is not installed)", "\n".join(report.lines(result)))
        self.assertIsNotNone(result.seconds)

    def test_a_missing_subject_is_printed(self) -> None:
        result, _ = compared({"farro": "no library"})
        self.assertIn("skipped: no library", "\n".join(report.lines(result)))

    def test_workers_end_with_the_comparison(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            comparison = Comparison(FakePrograms({}), Plan(4, 1e-3, 1), pathlib.Path(folder), 1 << 20)
            process = comparison.worker("farro", 1).process
            comparison.close()
        self.assertIsNotNone(process.returncode)


class Accuracy(unittest.TestCase):
    def test_an_exact_product_has_a_small_error_and_zero_a_large_one(self) -> None:
        matmul = FAMILIES["matmul"]
        for row in matmul.rows():
            if row.flops > 1e7:
                continue
            inputs = matmul.operands(row)
            shape, dtype = matmul.output(row)
            right = (inputs[0].astype(np.longdouble) @ inputs[1].astype(np.longdouble)).astype(dtype)
            if row.operation == "matmul":
                self.assertLess(matmul.error(row, inputs, right), 1, row.name)
            self.assertGreater(matmul.error(row, inputs, np.zeros(shape, dtype)), 2, row.name)
            right[0, 0, 0] = math.nan
            self.assertEqual(matmul.error(row, inputs, right), math.inf, row.name)

    def test_an_operator_s_exact_results_have_a_small_error_and_wrong_ones_a_large_one(self) -> None:
        for row in small_rows():
            operator, family = OPERATORS[row.operation], FAMILIES[row.family]
            # What models are compared with is scikit-learn's own result.
            if operator.error is not None or row.operation in MODEL_OPERATORS and not importlib.util.find_spec("sklearn"):
                continue
            inputs = family.operands(row)
            exact = operator.exact(row.parameters, [widened(x, row.type) for x in inputs])
            flat = np.concatenate([narrowed(np.asarray(x), row.type).reshape(-1) for x in exact])
            shape, dtype = family.output(row)
            self.assertEqual(shape, flat.shape, row.name)
            self.assertLessEqual(family.error(row, inputs, flat.astype(dtype)), 1, row.name)
            self.assertGreater(family.error(row, inputs, np.zeros(shape, dtype)), 2, row.name)
            if dtype == "float32":
                flat[-1] = math.nan
                self.assertEqual(family.error(row, inputs, flat), math.inf, row.name)

    def test_dropout_keeps_scaled_elements_and_as_many_as_asked(self) -> None:
        row = next(row for row in FAMILIES["elementwise"].rows() if row.operation == "dropout")
        x = FAMILIES["elementwise"].operands(row)
        kept = np.random.default_rng(1).random(x[0].shape) < 0.9
        for keeps, scale, is_right in ((kept, 1 / 0.9, True), (kept, 1, False), (kept[::-1, :1], 1 / 0.9, False)):
            error = FAMILIES["elementwise"].error(row, x, (keeps * x[0] * np.float32(scale)).reshape(-1))
            self.assertEqual(error <= 1, is_right, error)

    def test_row_names_are_unique(self) -> None:
        for name, family in FAMILIES.items():
            names = [row.name for row in family.rows()]
            self.assertEqual(len(names), len(set(names)), name)


class Operators(unittest.TestCase):
    def test_each_has_its_call_of_libfarro(self) -> None:
        known = declarations(ROOT / "CKernels" / "include").functions
        calls = {}
        for file in (HERE / "worker" / "operators").glob("*.c"):
            calls |= dict(re.findall(r'\{"(\w+)", "(\w+)", \w+\}', file.read_text()))
        in_c = {name for name in OPERATORS.keys() - MODEL_OPERATORS if not name.endswith("_new")}
        self.assertEqual(in_c, set(calls))
        self.assertEqual(set(calls.values()) - set(known), set())

    def test_a_peer_whose_package_is_not_installed_is_missing(self) -> None:
        programs = Programs(ROOT, ROOT, timeout=1)
        absent = importlib.metadata.PackageNotFoundError
        with unittest.mock.patch("importlib.metadata.distribution", side_effect=absent):
            with self.assertRaises(Missing):
                programs.start("onnxruntime", 1)
        self.assertEqual(programs.absent, {"onnxruntime": "the Python package onnxruntime is not installed"})

    @unittest.skipUnless(importlib.util.find_spec("onnxruntime"), "ONNX Runtime is not installed")
    def test_each_node_gives_what_its_operator_is_defined_as(self) -> None:
        library = OnnxRuntime(1)
        for row in small_rows():
            if "onnxruntime" not in row.peers:
                continue
            family = FAMILIES[row.family]
            inputs, (shape, dtype) = family.operands(row), family.output(row)
            parameters = {"operation": row.operation, "type": row.type}
            parameters |= {name: str(value) for name, value in row.parameters.items()}
            call, result, _ = library.load(parameters, inputs, np.zeros(shape, dtype))
            call()
            self.assertLess(family.error(row, inputs, result()), 2, row.name)


class Writing(unittest.TestCase):
    def test_json_is_whole_and_has_no_nan(self) -> None:
        result, _ = compared({"absent": "it is not installed"})
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "peers.json"
            report.write_json(path, {"rows": [report.as_json(result)]})
            self.assertEqual(os.listdir(folder), ["peers.json"])
            row = json.loads(path.read_text())["rows"][0]
        self.assertEqual(row["peers"][0]["missing"], "it is not installed")
        self.assertIsNone(row["peers"][0]["side"]["error"])

    def test_a_missed_goal_and_a_slower_row_are_findings(self) -> None:
        result, comparison = compared({"numpy": BEHAVED}, product("f32", 24, 8, 16, Goal({"*": 1e9}), limit=None))
        result.peers[0].ratio.median = 0.5
        text = report.findings([result], comparison.facts, {})
        self.assertIn("Goals not met:\n  matmul f32 24x8x16, threads 1: 0.500 of numpy", text)
        self.assertIn("Slower than a peer:", text)


class Conformance(unittest.TestCase):
    """What onnx_cases.py is made of, but for its cases."""

    def test_headers_tell_functions_structs_and_constants(self) -> None:
        known = declarations(ROOT / "CKernels" / "include")
        result, parameters = known.functions["farro_softmax_f32"]
        self.assertEqual((result, len(parameters)), (known.types["farro_status"], 6))
        shape = known.types["farro_binary_shape"]
        self.assertEqual([name for name, _ in shape._fields_][:4], ["rows", "columns", "a_row", "a_step"])
        layouts = [kind for _, kind in known.types["farro_attention_shape"]._fields_]
        self.assertEqual(layouts.count(known.types["farro_attention_layout"]), 4)
        self.assertEqual(known.constants["FARRO_CAUSAL_END"], 2)

    def test_a_result_that_differs_is_told(self) -> None:
        right, node = np.array([1, math.inf, math.nan], np.float32), Node("Exp", [], {}, ["y", ""])
        compare([right], node, [right], 1e-3, 1e-7)
        compare([right * np.float32(1.0005)], node, [right], 1e-3, 1e-7)
        wrong = (right * np.float32(1.01), right * 0, np.abs(right, dtype=np.float64), right.reshape(1, 3), right[::-1])
        for got in wrong:
            with self.assertRaises(AssertionError):
                compare([got], node, [right], 1e-3, 1e-7)
        with self.assertRaises(AssertionError):
            compare([], node, [right], 1e-3, 1e-7)

    def test_the_summary_counts_reasons(self) -> None:
        skipped = [Outcome("a", "If", skipped="why"), Outcome("b", "Or", skipped="why")]
        lines = summary([Outcome("c", "Exp", passed=True), Outcome("d", "Add", failure="off"), *skipped])
        self.assertEqual(lines[0], "2 ran, 1 passed, 1 failed; 2 skipped")
        self.assertIn("2: why (If, Or)", lines[-1])


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        unittest.main(verbosity=1)
