#!/usr/bin/env python3
"""The worker of Python's libraries: the same requests and answers as worker.c, for NumPy, torch, ONNX Runtime and others.

    worker.py numpy|torch|torch-fused|onnxruntime|scipy|scikit-learn|scikit-learn-intelex|faiss|numkong|simsimd|mmh3|
              lightgbm|xgboost THREADS

A call carries the library's own cost in Python, a microsecond or two, which its users pay; this worker adds a lambda, some
50 ns. On tiny products only the C libraries tell what a kernel takes. Results go into arrays that exist, wherever the
library allows.
"""
import os
import sys
import time

import numpy as np

sys.path[0] = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
from families import OPERATORS  # noqa: E402
from families.operators import numbers, split  # noqa: E402
from worker.loaded import Loaded, Missing  # noqa: E402
from worker.onnx_runtime import OnnxRuntime  # noqa: E402
from worker.others import OtherLibrary  # noqa: E402

def allocated(values: np.ndarray) -> np.ndarray:
    """A copy whose pages exist."""
    return np.array(values, order="C")


class NumPy:
    def __init__(self, threads: int) -> None:
        self.threads = threads  # OPENBLAS_NUM_THREADS decides

    def facts(self) -> str:
        import ctypes
        import glob

        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        core = "unknown"
        folder = os.path.join(os.path.dirname(np.__file__), os.pardir, "numpy.libs")
        for path in glob.glob(os.path.join(folder, "libscipy_openblas*")):
            corename = getattr(ctypes.CDLL(path), "scipy_openblas_get_corename64_", None)
            if corename is not None:
                corename.restype = ctypes.c_char_p
                core = corename().decode()
        return f"NumPy {np.__version__}, {blas['name']} {blas['version']}\t{core}"

    def load(self, parameters: dict[str, str], inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        operation, kind = parameters["operation"], parameters["type"]
        if kind not in ("f32", "f64"):
            raise Missing(f"NumPy has no fast product of {kind}")
        a, b = inputs[0], inputs[1]
        if a.shape[0] == 1:
            a, b, c = a[0], b[0], output[0]
        else:
            c = output
        if operation == "matmul":
            return lambda: np.matmul(a, b, out=c), lambda: output, "matmul(out=)"
        if operation == "matmul_bias_gelu":
            from scipy.special import erf

            bias, work = inputs[2], np.empty_like(c)
            half, root = a.dtype.type(0.5), a.dtype.type(np.sqrt(0.5))

            def fused() -> None:
                np.matmul(a, b, out=c)
                np.add(c, bias, out=c)
                np.multiply(c, root, out=work)
                erf(work, out=work)
                np.add(work, 1, out=work)
                np.multiply(work, half, out=work)
                np.multiply(c, work, out=c)

            return fused, lambda: output, "matmul, then SciPy's erf, all into existing arrays"
        raise Missing(f"no {operation}")


class Torch:
    def __init__(self, threads: int, fused: bool) -> None:
        import torch

        self.torch, self.fused = torch, fused
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)

    def facts(self) -> str:
        torch = self.torch
        onednn = next((word for word in torch.__config__.show().splitlines() if "MKL-DNN" in word), "")
        version = onednn.split("MKL-DNN")[-1].split("(Git")[0].strip()
        return f"torch {torch.__version__}, oneDNN {version}\t{torch.backends.cpu.get_cpu_capability()}"

    def tensor(self, values: np.ndarray, kind: str):
        tensor = self.torch.from_numpy(values)
        return tensor.view(self.torch.bfloat16) if kind == "bf16" else tensor

    def load(self, parameters: dict[str, str], inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        torch, operation, kind = self.torch, parameters["operation"], parameters["type"]
        if operation in OPERATORS:
            return self.load_operator(parameters, inputs, output)
        if operation == "matmul_bias_gelu" and kind == "f32":
            return self.load_fused(inputs, output)
        if operation != "matmul" or self.fused:
            raise Missing(f"no {operation}")
        if kind == "u8s8":
            # torch._int_mm multiplies s8 by s8: the operands of this row fit in 7 bits.
            a, b = (torch.from_numpy(x[0].view(np.int8)) for x in inputs[:2])
            c = torch.from_numpy(output[0])
            return lambda: torch._int_mm(a, b, out=c), lambda: output, "torch._int_mm, s8 by s8"
        a, b = (self.tensor(x, kind) for x in inputs[:2])
        if kind == "bf16":
            c = torch.empty((a.shape[0], a.shape[1], b.shape[2]), dtype=torch.bfloat16)
        else:
            c = torch.from_numpy(output)
        result = (lambda: c.float().numpy()) if kind == "bf16" else (lambda: output)
        if a.shape[0] > 1:
            return lambda: torch.bmm(a, b, out=c), result, "bmm(out=)"
        a, b, product = a[0], b[0], c[0]
        how = "mm(out=), the result rounded to bf16" if kind == "bf16" else "mm(out=)"
        return lambda: torch.mm(a, b, out=product), result, how

    def load_operator(self, parameters: dict[str, str], inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        torch, operator = self.torch, OPERATORS[parameters["operation"]]
        if self.fused or parameters["type"] != "f32" or operator.torch is None:
            raise Missing(f"no {parameters['operation']} of {parameters['type']}")
        sizes = numbers(parameters)
        outputs = split(torch.from_numpy(output), operator.shapes(sizes))
        call, how = operator.torch(torch, sizes, [torch.from_numpy(x) for x in inputs], outputs)

        def result() -> np.ndarray:
            made = call.result() if hasattr(call, "result") else call()
            for to, x in zip(outputs, made if isinstance(made, (tuple, list)) else ()):
                to.copy_(x.detach().reshape(to.shape))
            return output

        return call, result, how

    def load_fused(self, inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        torch = self.torch
        x, bias, c = torch.from_numpy(inputs[0][0]), torch.from_numpy(inputs[2]), torch.from_numpy(output[0])
        weight = torch.from_numpy(inputs[1][0]).t().contiguous()  # (n, k), as a linear layer keeps it
        if not self.fused:
            transposed, gelu = weight.t(), torch.ops.aten.gelu.out

            def layer() -> None:
                torch.addmm(bias, x, transposed, out=c)
                gelu(c, approximate="none", out=c)

            return layer, lambda: output, "addmm(out=), then gelu in place"
        # What torch.compile makes of a linear layer and GELU: one oneDNN primitive.
        pointwise = torch.ops.mkldnn._linear_pointwise.default
        last = [pointwise(x, weight, bias, "gelu", [], "none")]

        def fused() -> None:
            last[0] = pointwise(x, weight, bias, "gelu", [], "none")

        return fused, lambda: last[0].numpy(), "mkldnn._linear_pointwise, which allocates its result"


Library = NumPy | Torch | OnnxRuntime | OtherLibrary


def library_named(name: str, threads: int) -> Library:
    if name == "numpy":
        return NumPy(threads)
    if name in OtherLibrary.MODULES:
        return OtherLibrary(name, threads)
    return OnnxRuntime(threads) if name == "onnxruntime" else Torch(threads, fused=name == "torch-fused")


class Row:
    """A loaded row: one call per set of operands."""

    def __init__(self, library: Library, parameters: dict[str, str]) -> None:
        inputs = []
        while f"in{len(inputs)}" in parameters:
            i = len(inputs)
            shape = [int(n) for n in parameters[f"shape{i}"].split(",")]
            inputs.append(np.fromfile(parameters[f"in{i}"], dtype=parameters[f"dtype{i}"]).reshape(shape))
        shape = [int(n) for n in parameters["output_shape"].split(",")]
        self.loaded: list[Loaded] = []
        for _ in range(int(parameters["sets"])):
            output = np.zeros(shape, dtype=parameters["output_dtype"])
            output.fill(0)  # so that every page exists
            self.loaded.append(library.load(parameters, [allocated(x) for x in inputs], output))
        self.calls, self.next_set = 1, 0

    def seconds_of(self, calls: int) -> float:
        if len(self.loaded) == 1:
            call = self.loaded[0][0]
            begin = time.perf_counter()
            for _ in range(calls):
                call()
            return time.perf_counter() - begin
        todo = [self.loaded[(self.next_set + i) % len(self.loaded)][0] for i in range(calls)]
        self.next_set = (self.next_set + calls) % len(self.loaded)
        begin = time.perf_counter()
        for call in todo:
            call()
        return time.perf_counter() - begin

    def least_seconds_of(self, calls: int) -> float:
        """The least of three; long calls are let off with one, as in worker.c."""
        least = self.seconds_of(calls)
        for _ in range(2):
            if least < 0.1:
                least = min(least, self.seconds_of(calls))
        return least

    def calibrate(self, wanted: float) -> str:
        first = self.seconds_of(1)
        self.calls = 1
        while (seconds := self.least_seconds_of(self.calls)) < wanted / 4:
            self.calls *= 2
        self.calls = max(1, int(wanted * self.calls / seconds))
        return f"ok\t{self.calls}\t{first:.9g}"

    def run(self) -> str:
        if self.calls > 1:  # as in worker.c
            warm_until = time.perf_counter() + 1e-3
            while True:
                self.seconds_of(1)
                if time.perf_counter() >= warm_until:
                    break
        return f"ok\t{self.seconds_of(self.calls) / self.calls:.9g}"

    def result(self, path: str) -> str:
        call, result, _ = self.loaded[0]
        call()
        np.ascontiguousarray(result()).tofile(path)
        return "ok"


def main() -> None:
    name, threads = sys.argv[1], int(sys.argv[2])
    # Libraries print to standard output; answers go past them.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    library = library_named(name, threads)
    row: Row | None = None
    for line in sys.stdin:
        request, *arguments = line.rstrip("\n").split("\t")
        if request == "facts":
            answer = "ok\t" + library.facts()
        elif request == "load":
            row = None
            try:
                row = Row(library, dict(argument.split("=", 1) for argument in arguments))
                answer = "ok\t" + row.loaded[0][2]
            except Missing as reason:
                answer = f"missing\t{reason}"
        elif request == "unload":
            row, answer = None, "ok"
        elif row is None:
            answer = f"error\t'{request}' before a row was loaded"
        elif request == "calibrate":
            answer = row.calibrate(float(arguments[0]))
        elif request == "run":
            answer = row.run()
        elif request == "result":
            answer = row.result(arguments[0])
        else:
            answer = f"error\tunknown request '{request}'"
        print(answer, file=answers, flush=True)


if __name__ == "__main__":
    main()
