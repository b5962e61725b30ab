"""ONNX Runtime behind the worker: a model of one node for each row, its operands and results bound once.

A call is `run_with_iobinding` alone: operands are read and results written where they lie. Threads spin for about a
millisecond after a run, as those of the other libraries (see environment in sidebyside/workers.py): long enough for the
next call of a repetition, and asleep soon after, when it is the other side's turn. ONNX Runtime's own default counts
turns of a loop, 150 ms on a Zen 5 core; without any spinning, every call of a repetition would wake threads anew.
"""
import numpy as np

from families import OPERATORS
from families.nodes import MICROSOFT, OPSET, Node
from families.operators import numbers, split
from worker.loaded import Loaded, Missing


class OnnxRuntime:
    def __init__(self, threads: int) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        self.onnxruntime, self.threads = onnxruntime, threads

    def facts(self) -> str:
        return f"ONNX Runtime {self.onnxruntime.__version__}, CPU provider\tnot told"

    def session(self, model: bytes):
        options = self.onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
        try:
            return self.onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as reason:  # each of its failures has a class of its own, without a common base
            raise Missing(f"ONNX Runtime refuses the model: {' '.join(str(reason).split())[:300]}") from None

    def load(self, parameters: dict[str, str], inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        operator = OPERATORS.get(parameters["operation"])
        sizes = numbers(parameters)
        node = operator.onnx(sizes) if operator is not None and operator.onnx is not None else None
        if node is None or parameters["type"] != "f32":
            raise Missing(f"no {parameters['operation']} of {parameters['type']}")
        inputs = [x.reshape(node.shapes.get(i, x.shape)) for i, x in enumerate(inputs)]
        results = split(output, operator.shapes(sizes))
        results = [x.reshape(node.result_shapes.get(i, x.shape)) for i, x in enumerate(results)]
        session = self.session(model(node, inputs))
        binding = session.io_binding()
        for i, x in enumerate(inputs):
            if i not in node.held and any(operand is i for operand in node.operands):
                binding.bind_input(f"in{i}", "cpu", 0, x.dtype, x.shape, x.ctypes.data)
        for place, wanted in enumerate(node.results):
            if isinstance(wanted, tuple):
                results.append(np.zeros(*wanted))
                wanted = len(results) - 1
            if wanted is not None:
                y = results[wanted]
                binding.bind_output(f"out{place}", "cpu", 0, y.dtype, y.shape, y.ctypes.data)
        kept = (inputs, results)  # the binding knows their addresses only

        def call(run=session.run_with_iobinding, binding=binding, kept=kept) -> None:
            run(binding)

        how = f"{node.domain or 'ai.onnx'} {node.operator}, into existing arrays"
        return call, lambda: output, how + (", parameters held by the model" if node.held else "")


def model(node: Node, inputs: list[np.ndarray]) -> bytes:
    """The model of one node: its operands are in0, in1 ... by the row's numbers, its results out0, out1 ... by place."""
    from onnx import ValueInfoProto, helper, numpy_helper

    names, fed, held = [], [], []
    for place, operand in enumerate(node.operands):
        if operand is None:
            names.append("")
            continue
        is_array = isinstance(operand, np.ndarray)
        name, x = (f"held{place}", operand) if is_array else (f"in{operand}", inputs[operand])
        names.append(name)
        if is_array or operand in node.held:
            held.append(numpy_helper.from_array(x, name))
        else:
            fed.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape))
    results = ["" if wanted is None else f"out{place}" for place, wanted in enumerate(node.results)]
    made = helper.make_node(node.operator, names, results, domain=node.domain, **node.attributes)
    graph = helper.make_graph([made], "row", fed, [ValueInfoProto(name=name) for name in results if name], held)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
