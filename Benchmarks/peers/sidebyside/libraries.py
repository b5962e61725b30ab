"""Where the libraries are, and the worker programs that run them."""
import glob
import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass

from sidebyside.workers import Missing, Worker, environment

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
BUILD = HERE / "build"

PEERS = (
    *("numpy", "mkl", "torch", "torch-fused", "onnxruntime", "openblas", "blis", "xsmm"),
    *("scipy", "scikit-learn", "scikit-learn-intelex", "faiss", "numkong", "simsimd", "xxhash", "mmh3"),
    *("lightgbm", "xgboost"),
)

# What Python's worker runs by a family's `others`.
IN_PYTHON = (
    *("scipy", "scikit-learn", "scikit-learn-intelex", "faiss", "numkong", "simsimd", "mmh3"),
    *("lightgbm", "xgboost"),
)

SWIFT_WORKERS = {"farro-swift": "PeersWorker", "farro-models": "ModelsWorker"}

# Of peers whose package has another name.
DISTRIBUTIONS = {"faiss": "faiss-cpu"}


@dataclass
class Programs:
    """Starts workers. A library that is not there is found missing when it is first asked for, and once only."""

    library: pathlib.Path  # libfarro
    swift_workers: pathlib.Path  # the folder of PeersWorker and ModelsWorker
    timeout: float

    def __post_init__(self) -> None:
        self.absent: dict[str, str] = {}

    def start(self, name: str, threads: int) -> Worker:
        if name in self.absent:
            raise Missing(self.absent[name])
        try:
            command, libraries = self.command(name, threads)
        except Missing as reason:
            self.absent[name] = str(reason)
            raise
        return Worker(name, command, environment(threads, libraries), self.timeout)

    def command(self, name: str, threads: int) -> tuple[list[str], str | None]:
        count = str(threads)
        if name in ("farro", "farro f32"):
            if not self.library.exists():
                raise Missing(f"{self.library} is not there: run make -C CKernels")
            return [compiled_worker(), "farro", str(self.library), count], None
        if name in SWIFT_WORKERS:
            program = self.swift_workers / SWIFT_WORKERS[name]
            if not program.exists():
                build = f"swift build --package-path Benchmarks -c release --product {program.name}"
                raise Missing(f"{program} is not there: {build}")
            return [str(program), count], None
        if name in ("numpy", "torch", "torch-fused"):
            distribution(name.split("-")[0])
            return [sys.executable, str(HERE / "worker" / "worker.py"), name, count], None
        if name == "onnxruntime":
            for package in ("onnxruntime", "onnx"):
                distribution(package)
            return [sys.executable, str(HERE / "worker" / "worker.py"), name, count], None
        if name in IN_PYTHON:
            distribution(DISTRIBUTIONS.get(name, name))
            return [sys.executable, str(HERE / "worker" / "worker.py"), name, count], None
        if name == "mkl":
            mkl = mkl_library()
            return [compiled_worker(), "cblas", str(mkl), count], str(mkl.parent)
        if name == "openblas":
            path = first("openblas-*/libopenblas.so.0", "libopenblas0-pthread")
            return [compiled_worker(), "cblas", path, count], None
        if name == "blis":
            path = first("blis-*/libblis.so.*", "libblis4-openmp")
            return [compiled_worker(), "cblas", path, count], None
        if name == "xxhash":
            path = first("libxxhash.so.0", "libxxhash0")
            return [compiled_worker(), "xxhash", path, count], None
        if name == "xsmm":
            return [compiled_xsmm_worker(), "xsmm", "-", count], None
        raise Missing("no such peer")


def distribution(name: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise Missing(f"the Python package {name} is not installed") from None


def mkl_library() -> pathlib.Path:
    package = distribution("mkl")
    for file in package.files or []:
        if file.name.startswith("libmkl_rt.so"):
            return pathlib.Path(package.locate_file(file)).resolve()
    raise Missing("the Python package mkl holds no libmkl_rt.so")


def first(pattern: str, package: str) -> str:
    """A library among Debian's alternatives, by its own folder: the common link may point to another BLAS."""
    found = sorted(glob.glob(f"/usr/lib/*/{pattern}"))
    if not found:
        raise Missing(f"Debian's {package} is not installed")
    return found[-1]


# ---- the C workers ----


def compile(program: str, sources: list[str], options: list[str]) -> str:
    path = BUILD / program
    files = [HERE / "worker" / source for source in sources]
    depends = files + list((HERE / "worker").rglob("*.h")) + list((ROOT / "CKernels" / "include").glob("*.h"))
    if path.exists() and all(path.stat().st_mtime > file.stat().st_mtime for file in depends):
        return str(path)
    compiler = shutil.which("cc") or shutil.which("clang")
    if compiler is None:
        raise Missing("no C compiler (cc)")
    BUILD.mkdir(exist_ok=True)
    include = f"-I{ROOT / 'CKernels' / 'include'}"
    fresh = f"{path}.{os.getpid()}"  # renamed when whole, as another comparison may run the old one
    command = [compiler, "-O2", "-std=gnu17", "-Wall", "-Wextra", include, *map(str, files), *options, "-o", fresh]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise Missing(f"{program} does not compile: {run.stderr.strip()[:2000]}")
    os.replace(fresh, path)
    return str(path)


def compiled_worker() -> str:
    operators = sorted(str(path.relative_to(HERE / "worker")) for path in (HERE / "worker" / "operators").glob("*.c"))
    return compile("worker", ["worker.c", "farro.c", "cblas.c", "xxhash.c", "backends.c", *operators], ["-ldl", "-lm"])


def compiled_xsmm_worker() -> str:
    if not pathlib.Path("/usr/include/libxsmm.h").exists():
        raise Missing("Debian's libxsmm-dev is not installed")
    options = ["-fopenmp", "-lxsmm", "-lxsmmnoblas", "-lm", "-ldl", "-lpthread"]
    return compile("worker-xsmm", ["worker.c", "xsmm.c"], options)
