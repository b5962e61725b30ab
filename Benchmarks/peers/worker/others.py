"""SciPy, scikit-learn, faiss and mmh3 in the worker: a family says how each runs its operators."""
import importlib
import importlib.metadata

import numpy as np

from families import OPERATORS
from families.operators import numbers, split
from worker.loaded import Loaded, Missing


class OtherLibrary:
    MODULES = {"scipy": "scipy", "scikit-learn": "sklearn", "faiss": "faiss", "mmh3": "mmh3"}

    def __init__(self, name: str, threads: int) -> None:
        self.name, self.threads = name, threads
        self.library = importlib.import_module(self.MODULES[name])
        if name == "faiss":
            self.library.omp_set_num_threads(threads)

    def facts(self) -> str:
        code = self.library.get_compile_options().strip() if self.name == "faiss" else ""
        package = "faiss-cpu" if self.name == "faiss" else self.name
        return f"{self.name} {importlib.metadata.version(package)}\t{code}"

    def load(self, parameters: dict[str, str], inputs: list[np.ndarray], output: np.ndarray) -> Loaded:
        operation = parameters["operation"]
        call_of = OPERATORS[operation].others.get(self.name) if operation in OPERATORS else None
        if call_of is None:
            raise Missing(f"no {operation}")
        sizes = numbers(parameters)
        outputs = split(output, OPERATORS[operation].shapes(sizes))
        call, how = call_of(self.threads, sizes, inputs, outputs)

        def result() -> np.ndarray:
            made = call.result() if hasattr(call, "result") else call()
            if made is not None:
                outputs[0][...] = made
            return output

        return call, result, how
