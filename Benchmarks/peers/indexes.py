#!/usr/bin/env python3
"""Indexes side by side over the same vectors, with the same parameters and threads: graphs of Farro, hnswlib and usearch,
or inverted lists of Farro and faiss.

    swift build --package-path Benchmarks -c release --product IndexWorker
    Benchmarks/peers/build/venv/bin/python Benchmarks/peers/indexes.py
    Benchmarks/peers/build/venv/bin/python Benchmarks/peers/indexes.py --kind ivf --codes product --rerank 4

Each library runs in a process of its own. They build one after the other; then, for each breadth of the search (the
paper's ef; of lists, faiss's nprobe), they search in turn, forwards and backwards, and the median of each is printed with
its recall@k. Vectors and
queries are drawn from a mixture of Gaussians that overlap: neighbours of a query belong to one of them as a rule, and which
they are is not trivial.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

import numpy

from sidebyside.workers import Missing, Worker, environment

HERE = pathlib.Path(__file__).resolve().parent
SWIFT_WORKER = HERE.parent / ".build" / "release" / "IndexWorker"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=["hnsw", "ivf"], default="hnsw")
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--gaussians", type=int, default=1000)
    parser.add_argument("--spread", type=float, default=1.0, help="of a Gaussian; their centres are normal deviates")
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--construction", type=int, default=200, help="efConstruction")
    parser.add_argument("--lists", type=int, default=1024, help="of inverted lists: nlist")
    parser.add_argument("--codes", choices=["none", "int8", "product"], default="none", help="of inverted lists")
    parser.add_argument("--rerank", type=int, default=4, help="times k codes that are measured exactly; 0: codes alone")
    parser.add_argument("--breadths", help="efSearch or nprobe, one after the other")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--peers", help="default: all of the kind; faiss8 has product codes of 8 bits")
    parser.add_argument("--swift-worker", type=pathlib.Path, default=SWIFT_WORKER)
    parser.add_argument("--timeout", type=float, default=1800)
    options = parser.parse_args()
    is_graph = options.kind == "hnsw"
    options.peers = options.peers or ("farro,hnswlib,usearch" if is_graph else "farro,faiss")
    options.breadths = options.breadths or ("10,16,24,32,48,64,96,128,200" if is_graph else "1,2,4,8,16,32")
    return options


def build_request(options):
    """What a worker is asked, but for the files."""
    if options.kind == "hnsw":
        return "build", options.m, options.construction
    return "lists", options.lists, options.codes, options.rerank


def mixture(options):
    """Vectors and queries."""
    random = numpy.random.default_rng(options.seed)
    centres = random.standard_normal((options.gaussians, options.dimension), dtype=numpy.float32)

    def draw(count):
        noise = random.standard_normal((count, options.dimension), dtype=numpy.float32)
        return centres[random.integers(0, options.gaussians, count)] + numpy.float32(options.spread) * noise

    return draw(options.vectors), draw(options.queries)


def nearest(vectors, queries, k):
    """The ids of the k nearest, measured in double where products in single precision cannot tell."""
    squares = numpy.einsum("ij,ij->i", vectors, vectors)
    result = numpy.empty((len(queries), k), numpy.int64)
    for i, query in enumerate(queries):
        near = numpy.argpartition(squares - 2 * (vectors @ query), 2 * k)[: 2 * k]
        exact = ((vectors[near].astype(numpy.float64) - query) ** 2).sum(axis=1)
        result[i] = near[numpy.argsort(exact, kind="stable")[:k]]
    return result


def recall(found, expected):
    hits = sum(len(numpy.intersect1d(a, b)) for a, b in zip(found, expected))
    return hits / expected.size


def start(options, folder):
    """The workers that are there, by name."""
    workers = {}
    for name in options.peers.split(","):
        command = [sys.executable, str(HERE / "worker" / "indexes.py"), name, str(options.threads)]
        if name == "farro":
            if not options.swift_worker.exists():
                print(f"farro: missing: there is no worker at {options.swift_worker}")
                continue
            command = [str(options.swift_worker), str(options.threads)]
        worker = Worker(name, command, environment(options.threads, None), options.timeout)
        try:
            print(f"{name}: {', '.join(worker.ask('facts'))}", flush=True)
            workers[name] = worker
        except Missing as reason:
            print(f"{name}: missing: {reason}")
            worker.close()
    return workers


def compare(options, workers, folder) -> bool:
    vectors, queries = mixture(options)
    expected = nearest(vectors, queries, options.k)
    paths = [str(folder / "vectors.npy"), str(folder / "queries.npy")]
    for path, rows in zip(paths, (vectors, queries)):
        numpy.save(path, rows)
    print(f"{len(vectors)} x {options.dimension}, {len(queries)} queries, k {options.k}, {options.threads} threads")
    for name, worker in workers.items():
        request, *parameters = build_request(options)
        seconds = float(worker.ask(request, *paths, *parameters)[0])
        print(f"build  {name:8} {seconds:8.2f} s  {len(vectors) / seconds:9.0f} vectors/s", flush=True)
    rates = {name: [] for name in workers}
    for breadth in options.breadths.split(","):
        times = {name: [] for name in workers}
        shares = {}
        for repetition in range(options.repetitions):
            turn = list(workers)[:: 1 if repetition % 2 == 0 else -1]
            for name in turn:
                out = str(folder / f"{name}.npy")
                workers[name].settle()
                times[name].append(float(workers[name].ask("search", breadth, options.k, out)[0]))
                shares[name] = recall(numpy.load(out), expected)
        for name in workers:
            rate = len(queries) / statistics.median(times[name])
            rates[name].append((shares[name], rate))
            print(f"{'ef' if options.kind == 'hnsw' else 'probes'} {breadth:>4}  {name:8} recall@{options.k} {shares[name]:.4f}  {rate:9.0f} queries/s", flush=True)
    best = {name: max((rate for share, rate in found if share >= 0.95), default=0) for name, found in rates.items()}
    print("fastest with recall of 0.95 or more:")
    for name, rate in best.items():
        ratio = f", Farro is {best['farro'] / rate:.2f} times as fast" if name != "farro" and rate and "farro" in best else ""
        print(f"  {name:8} {rate:9.0f} queries/s{ratio}")
    # Codes alone find less, and that is no mistake.
    return options.rerank == 0 or all(found[-1][0] > 0.9 for found in rates.values())


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        workers = start(options, pathlib.Path(folder))
        if not workers:
            sys.exit("no library is there")
        try:
            return 0 if compare(options, workers, pathlib.Path(folder)) else 1
        finally:
            for worker in workers.values():
                worker.close()


if __name__ == "__main__":
    sys.exit(main())
