#!/usr/bin/env python3
"""Near-duplicates of JSON Lines from the file to the groups: `farro dedup` beside pipelines of datasketch and rensa.

    swift build -c release --product farro
    Benchmarks/peers/documents.py --bytes 1000000000 > documents.jsonl
    Benchmarks/peers/build/venv/bin/python Benchmarks/peers/dedup.py documents.jsonl

All read the file, take the field, make the sets of 5 words, 128 hashes for each document, the bands that datasketch's LSH
chooses for the threshold, and groups. The pipelines of Python run in as many processes as there are threads for Farro, each
with a part of the lines; the index is made by one. They get the first --lines lines only, since they take minutes for what
takes Farro seconds: rates are compared, and the groups of those lines.
"""
import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent
FARRO = HERE.parent.parent / ".build" / "release" / "farro"
WORD = re.compile(r"\w+")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=pathlib.Path, help="JSON Lines with a field text, or a folder")
    parser.add_argument("--include", default="copyright", help="of a folder, the files of this name")
    parser.add_argument("--farro", type=pathlib.Path, default=FARRO)
    parser.add_argument("--lines", type=int, default=20_000, help="that the peers get")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--permutations", type=int, default=128)
    parser.add_argument("--peers", default="datasketch,rensa")
    parser.add_argument("--repetitions", type=int, default=3, help="of farro on all lines; the median counts")
    return parser.parse_args()


def shingles(text):
    words = WORD.findall(text.casefold())
    if len(words) < 5:
        return {" ".join(words)} if words else set()
    return {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}


# ---- pipelines of Python: a process signs lines first, first + step, ...; the parent makes the index and groups ----


def sign_datasketch(task):
    path, first, step, lines, permutations = task
    from datasketch import MinHash

    result = []
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            if number >= lines:
                break
            if number % step == first:
                minhash = MinHash(num_perm=permutations)
                minhash.update_batch([shingle.encode() for shingle in shingles(json.loads(line)["text"])])
                result.append((number, minhash.hashvalues, minhash.scheme))
    return result


def group_datasketch(signatures, options):
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=options.threshold, num_perm=options.permutations)
    pairs = []
    for number, values, scheme in signatures:
        minhash = MinHash(num_perm=options.permutations, hashvalues=values, scheme=scheme)
        pairs += [(other, number) for other in index.query(minhash)]
        index.insert(number, minhash, check_duplication=False)
    return pairs


def sign_rensa(task):
    path, first, step, lines, permutations = task
    from rensa import RMinHash

    result = []
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            if number >= lines:
                break
            if number % step == first:
                minhash = RMinHash(num_perm=permutations, seed=1)
                minhash.update(list(shingles(json.loads(line)["text"])))
                result.append((number, minhash.digest()))
    return result


def group_rensa(signatures, options):
    """Bands of the digests: rensa's own index takes objects of the process that made them."""
    from datasketch.lsh import _optimal_param

    bands, rows = _optimal_param(options.threshold, options.permutations, 0.5, 0.5)
    pairs = []
    for band in range(bands):
        buckets = collections.defaultdict(list)
        for number, digest in signatures:
            buckets[tuple(digest[band * rows : (band + 1) * rows])].append(number)
        for members in buckets.values():
            pairs += [(members[0], other) for other in members[1:]]
    return pairs


def components(pairs):
    parents = {}

    def root(x):
        parents.setdefault(x, x)
        while parents[x] != x:
            parents[x] = parents[parents[x]]
            x = parents[x]
        return x

    for a, b in pairs:
        a, b = root(a), root(b)
        parents[max(a, b)] = min(a, b)
    groups = collections.defaultdict(set)
    for x in list(parents):
        groups[root(x)].add(x)
    return [group for group in groups.values() if len(group) > 1]


def run_peer(name, path, options):
    sign, group = {"datasketch": (sign_datasketch, group_datasketch), "rensa": (sign_rensa, group_rensa)}[name]
    begin = time.perf_counter()
    tasks = [(path, first, options.threads, options.lines, options.permutations) for first in range(options.threads)]
    with multiprocessing.Pool(options.threads) as pool:
        parts = pool.map(sign, tasks, chunksize=1)
    groups = components(group(sorted((item for part in parts for item in part), key=lambda item: item[0]), options))
    return time.perf_counter() - begin, groups


def run_farro(path, options):
    command = [str(options.farro), "dedup", str(path), "--field", "text", "--format", "jsonl"]
    command += ["--threads", str(options.threads), "--threshold", str(options.threshold)]
    command += ["--permutations", str(options.permutations)]
    with tempfile.TemporaryFile() as out:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)
        report = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = status
        if status:
            sys.exit(f"farro dedup failed: {report}")
        out.seek(0)
        groups = [{document["line"] - 1 for document in json.loads(line)["documents"]} for line in out]
    return seconds, groups, report, usage.ru_maxrss * 1024


def gather(folder, name, path):
    """The files of a folder as JSON Lines, so that all read the same."""
    with open(path, "w", encoding="utf-8") as out:
        for file in sorted(folder.rglob(name)):
            if file.is_file():
                json.dump({"text": file.read_text(encoding="utf-8", errors="replace")}, out, ensure_ascii=False)
                out.write("\n")
    return path


def print_bounds(path, options):
    """What this machine could do of each stage, measured or counted."""
    memory = bytearray(4 << 20)
    size = path.stat().st_size
    begin = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while file.readinto(memory):
            pass
    seconds = time.perf_counter() - begin
    print(f"bound of read: {seconds * 1e3:.0f} ms, a copy by one thread from the system's cache: {size / seconds / 1e6:.0f} MB/s")
    block = numpy.ones(1 << 19, numpy.uint64)
    begin = time.perf_counter()
    for _ in range(200):
        block.sum()
    rate = 200 * block.nbytes / (time.perf_counter() - begin) * options.threads
    print(f"bound of parse: {size / rate * 1e3:.0f} ms, reading 4 MiB that lie in a cache: {rate / 1e6:.0f} MB/s")
    with open(path, "rb") as file:
        lines = [line for _, line in zip(range(1000), file)]
    words = sum(len(WORD.findall(json.loads(line)["text"])) for line in lines) / sum(map(len, lines)) * size
    each = 3.0 + 0.0125 * options.permutations
    seconds = words * each / options.threads / 1e9
    print(
        f"bound of shingle and sign: {seconds * 1e3:.0f} ms, {each:.1f} ns for each of {words / 1e6:.0f} million words,"
        f" which the kernels' comments say of Zen 5 with AVX-512: {size / seconds / 1e6:.0f} MB/s"
    )


def agreement(groups, expected):
    """The fractions of pairs within groups that both have."""

    def pairs(groups):
        return {(a, b) for group in groups for a in group for b in group if a < b and len(group) < 2000}

    ours, theirs = pairs(groups), pairs(expected)
    both = len(ours & theirs)
    return both / max(1, len(ours)), both / max(1, len(theirs))


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        if options.documents.is_dir():
            options.documents = gather(options.documents, options.include, pathlib.Path(folder) / "files.jsonl")
        return compare(options)


def compare(options) -> int:
    runs = sorted((run_farro(options.documents, options) for _ in range(options.repetitions)), key=lambda run: run[0])
    seconds, groups, report, memory = runs[len(runs) // 2]
    size = options.documents.stat().st_size
    print(report, end="")
    print_bounds(options.documents, options)
    rate = size / seconds / 1e6
    spread = " ".join(f"{run[0]:.2f}" for run in runs)
    print(f"farro       {rate:8.1f} MB/s  {seconds:.2f} s ({spread})  {memory / 1e6:.0f} MB at most, {len(groups)} groups")
    with tempfile.TemporaryDirectory() as folder:
        part = pathlib.Path(folder) / "part.jsonl"
        with open(options.documents, "rb") as file, open(part, "wb") as out:
            for _, line in zip(range(options.lines), file):
                out.write(line)
        _, ours, _, _ = run_farro(part, options)
        for name in options.peers.split(","):
            taken, found = run_peer(name, str(part), options)
            peer = part.stat().st_size / taken / 1e6
            precision, recall = agreement(ours, found)
            print(f"{name:10}  {peer:8.1f} MB/s  {taken:.2f} s for {options.lines} lines: farro is {rate / peer:.1f} times as fast;"
                  f" {precision:.3f} of farro's pairs are among its, {recall:.3f} of its among farro's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
