"""SciPy, scikit-learn, faiss and others in the worker: a family says how each runs its operators."""
import importlib
import importlib.metadata

import numpy as np

from families import OPERATORS
from families.operators import numbers, split
from sidebyside.libraries import DISTRIBUTIONS
from worker.loaded import Loaded, Missing


class OtherLibrary:
    MODULES = {
        "scipy": "scipy",
        "scikit-learn": "sklearn",
        "scikit-learn-intelex": "sklearnex",
        "faiss": "faiss",
        "numkong": "numkong",
        "simsimd": "simsimd",
        "mmh3": "mmh3",
        "lightgbm": "lightgbm",
        "xgboost": "xgboost",
    }

    def __init__(self, name: str, threads: int) -> None:
        self.name, self.threads = name, threads
        self.library = importlib.import_module(self.MODULES[name])
        if name == "faiss":
            self.library.omp_set_num_threads(threads)
        if name == "scikit-learn-intelex":
            importlib.import_module("daal4py").daalinit(threads)

    def facts(self) -> str:
        code = ""
        if self.name == "faiss":
            code = self.library.get_compile_options().strip()
        elif self.name in ("numkong", "simsimd"):
            code = " ".join(name for name, has in self.library.get_capabilities().items() if has)
        return f"{self.name} {importlib.metadata.version(DISTRIBUTIONS.get(self.name, self.name))}\t{code}"

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
