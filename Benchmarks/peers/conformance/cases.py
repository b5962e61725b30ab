"""The cases of the onnx package, and how one of them is run."""
import re
import warnings

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from conformance import attention, elementwise, images, normalization, products, reductions, training
from conformance.library import Refused
from conformance.node import Node, Skip
from conformance.outcome import Outcome, compare

FAMILIES = (attention, elementwise, images, normalization, products, reductions, training)
OPERATORS = {name: handler for family in FAMILIES for name, handler in family.OPERATORS.items()}
IN_SWIFT = ("Einsum",)
OTHER = {np.dtype(np.float32): np.dtype(np.float64), np.dtype(np.float64): np.dtype(np.float32)}  # of Farro's types


def cases(pattern: re.Pattern) -> list:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy, from the cases' own definitions
        return [case for case in collect_testcases(None) if pattern.search(case.name)]


def run(case) -> Outcome:
    nodes = case.model.graph.node
    operator = nodes[0].op_type if nodes else ""
    outcome = Outcome(case.name, operator)
    if "_expanded" in case.name:
        outcome.skipped = "the body of a function, of operators that have cases of their own"
    elif operator in IN_SWIFT:
        outcome.skipped = f"{operator}: in Farro's Swift, not in libfarro"
    elif len(nodes) != 1 or operator not in OPERATORS:
        outcome.skipped = "no such operator in Farro"
    else:
        attempt(case, outcome)
    return outcome


def attempt(case, outcome: Outcome) -> None:
    try:
        pairs = [(list(map(array, inputs)), list(map(array, expected))) for inputs, expected in case.data_sets]
        for inputs, expected in pairs:
            check(case, inputs, expected)
        outcome.passed = True
        others = [pair for pair in pairs if any(x.dtype in OTHER for x in pair[0])]
        for inputs, expected in others:
            check(case, list(map(converted, inputs)), list(map(converted, expected)))
        outcome.passed_converted = bool(others)
    except Skip as reason:
        if not outcome.passed:
            outcome.skipped = str(reason)
    except AssertionError as reason:
        outcome.failure = ("in the other type: " if outcome.passed else "") + str(reason)
        outcome.passed = False


def check(case, inputs: list[np.ndarray], expected: list[np.ndarray]) -> None:
    """AssertionError, with the operands, unless the handler gives what is expected."""
    node = node_of(case.model.graph, inputs, expected[0].dtype)
    try:
        compare(OPERATORS[node.operator](node), node, expected, case.rtol, case.atol)
    except Skip:
        raise
    except Exception as reason:  # a handler that fails is a case that fails
        shapes = ", ".join("-" if x is None else f"{x.dtype}{list(x.shape)}" for x in node.operands)
        kind = "" if isinstance(reason, (AssertionError, Refused)) else f"{type(reason).__name__}: "
        raise AssertionError(f"{kind}{reason}; operands {shapes}") from reason


def node_of(graph: onnx.GraphProto, inputs: list[np.ndarray], result_type: np.dtype) -> Node:
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values |= {declared.name: value for declared, value in zip(graph.input, inputs)}
    node = graph.node[0]
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    attributes["result_type"] = result_type
    return Node(node.op_type, [values.get(name) for name in node.input], attributes, list(node.output))


def converted(x: np.ndarray) -> np.ndarray:
    return x.astype(OTHER.get(x.dtype, x.dtype))


def array(value) -> np.ndarray:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    raise Skip("operands that are no tensors")
