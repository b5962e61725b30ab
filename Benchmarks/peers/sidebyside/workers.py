"""A worker process: requests as lines, answers with a time limit, and what it wrote on standard error if it fails."""
import contextlib
import os
import pathlib
import select
import subprocess
import tempfile
import time


class WorkerFailure(Exception):
    """A worker died, answered nonsense, or did not answer in time."""


class Missing(Exception):
    """A worker's library is not there, or cannot run the row."""


def environment(threads: int, libraries: str | None) -> dict[str, str]:
    """The variables that set the number of threads, and make idle ones sleep soon.

    The libraries differ in how long a thread waits for more work before it sleeps:
      - libomp and libiomp5 (MKL): 200 ms, KMP_BLOCKTIME in ms. Farro sets 1 ms for itself.
      - OpenBLAS on pthreads: 2^26 or 2^28 ticks of the time-stamp counter; OPENBLAS_THREAD_TIMEOUT is their logarithm.
      - libgomp (BLIS, torch, libxsmm): 300,000 turns of a loop (GOMP_SPINCOUNT), about a millisecond; left alone.
    All get about a millisecond, longer than any pause between the calls of a repetition. `Worker.settle` then looks
    whether the threads do sleep. Other variables (OPENBLAS_CORETYPE, BLIS_ARCH_TYPE, FARRO_ISA) pass through.
    """
    variables = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
        variables[name] = str(threads)
    variables["KMP_BLOCKTIME"] = "1"
    variables["OPENBLAS_THREAD_TIMEOUT"] = "21"
    if libraries:
        variables["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [libraries, variables.get("LD_LIBRARY_PATH")]))
    return variables


class Worker:
    """One process. `ask` sends a request and returns the fields of its answer after "ok"."""

    def __init__(self, name: str, command: list[str], variables: dict[str, str], timeout: float) -> None:
        self.name, self.timeout = name, timeout
        self.complaints = tempfile.TemporaryFile()
        self.unread = b""
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints, env=variables, bufsize=0
        )

    def ask(self, *fields: object) -> list[str]:
        request = "\t".join(str(field) for field in fields)
        try:
            self.process.stdin.write(request.encode() + b"\n")
        except BrokenPipeError:
            raise self.failure(f"ended before '{fields[0]}'") from None
        answer = self.read_line(str(fields[0])).split("\t")
        if answer[0] == "missing":
            raise Missing(" ".join(answer[1:]))
        if answer[0] != "ok":
            raise self.failure(f"answered '{' '.join(answer)}' to '{fields[0]}'")
        return answer[1:]

    def read_line(self, request: str) -> str:
        until = time.monotonic() + self.timeout
        while b"\n" not in self.unread:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise self.failure(f"no answer to '{request}' within {self.timeout:g} s")
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise self.failure(f"ended during '{request}'")
            self.unread += chunk
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def failure(self, what: str) -> WorkerFailure:
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that ends by itself has a status of its own
            self.process.wait(0.1)
        status = "still running" if self.process.poll() is None else f"exit status {self.process.returncode}"
        self.complaints.seek(0)
        said = self.complaints.read()[-4000:].decode(errors="replace").strip() or "(nothing)"
        self.close()
        return WorkerFailure(f"{self.name} {what} ({status}); its standard error:\n{said}")

    def settle(self, most: float = 2.0) -> bool:
        """Waits until no thread of the process runs; False when one still does after `most` seconds."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        if not tasks.exists():
            time.sleep(0.25)  # longer than any library's wait, where threads cannot be looked at
            return True
        until = time.monotonic() + most
        while any(state_of(task) == "R" for task in tasks.iterdir()):
            if time.monotonic() > until:
                return False
            time.sleep(0.0005)
        return True

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.complaints):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def state_of(task: pathlib.Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "gone"
