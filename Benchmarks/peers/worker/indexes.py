"""hnswlib's, usearch's or faiss's side of indexes.py: requests and answers are those of index-worker/IndexWorker.swift."""
import sys
import time

import numpy


class Hnswlib:
    def __init__(self, threads):
        import hnswlib

        self.library, self.threads = hnswlib, threads

    def facts(self):
        return getattr(self.library, "__version__", "unknown"), "as it was compiled"

    def build(self, vectors, m, breadth):
        self.index = self.library.Index("l2", vectors.shape[1])
        self.index.init_index(len(vectors), M=m, ef_construction=breadth, random_seed=1)
        self.index.set_num_threads(self.threads)
        self.index.add_items(vectors)

    def search(self, queries, k, breadth):
        self.index.set_ef(breadth)
        return self.index.knn_query(queries, k)[0]


class Usearch:
    def __init__(self, threads, dtype="f32"):
        import usearch
        import usearch.index

        self.library, self.threads, self.dtype = usearch, threads, dtype

    def facts(self):
        return self.library.__version__, self.dtype

    def build(self, vectors, m, breadth):
        self.index = self.library.index.Index(
            ndim=vectors.shape[1], metric="l2sq", dtype=self.dtype, connectivity=m, expansion_add=breadth
        )
        self.index.add(numpy.arange(len(vectors)), vectors, threads=self.threads)

    def search(self, queries, k, breadth):
        self.index.expansion_search = breadth
        return self.index.search(queries, k, threads=self.threads).keys


class Faiss:
    """Inverted lists. Product codes have 4 bits and as many subspaces as half the dimension, or, as `faiss8`, 8 bits and
    half as many: as many bytes."""

    def __init__(self, threads, bits=4):
        import faiss

        self.library, self.bits = faiss, bits
        faiss.omp_set_num_threads(threads)

    def facts(self):
        return self.library.__version__, self.library.get_compile_options().strip()

    def build_lists(self, vectors, lists, codes, rerank):
        faiss, d = self.library, vectors.shape[1]
        self.coarse = faiss.IndexFlatL2(d)
        if codes == "none":
            self.lists = faiss.IndexIVFFlat(self.coarse, d, lists)
        elif codes == "int8":
            self.lists = faiss.IndexIVFScalarQuantizer(self.coarse, d, lists, faiss.ScalarQuantizer.QT_8bit)
        elif self.bits == 8:
            self.lists = faiss.IndexIVFPQ(self.coarse, d, lists, d // 4, 8)
        else:
            self.lists = faiss.IndexIVFPQFastScan(self.coarse, d, lists, d // 2, 4)
        self.index = self.lists
        if codes != "none" and rerank > 0:
            self.index = faiss.IndexRefineFlat(self.lists)
            self.index.k_factor = rerank
        self.index.train(vectors)
        self.index.add(vectors)

    def search(self, queries, k, probes):
        self.lists.nprobe = probes
        return self.index.search(queries, k)[1]


PEERS = {"hnswlib": Hnswlib, "usearch": Usearch, "faiss": Faiss, "faiss8": lambda threads: Faiss(threads, bits=8)}


def answer(*fields):
    print("\t".join(str(field) for field in fields), flush=True)


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main():
    try:
        index = PEERS[sys.argv[1]](int(sys.argv[2]))
    except ImportError as reason:
        index = None
        missing = str(reason)
    for line in sys.stdin:
        fields = line.rstrip("\n").split("\t")
        if index is None:
            answer("missing", missing)
        elif fields[0] == "facts":
            answer("ok", *index.facts())
        elif fields[0] == "build":
            vectors, queries = numpy.load(fields[1]), numpy.load(fields[2])
            answer("ok", timed(index.build, vectors, int(fields[3]), int(fields[4]))[0])
        elif fields[0] == "lists":
            vectors, queries = numpy.load(fields[1]), numpy.load(fields[2])
            answer("ok", timed(index.build_lists, vectors, int(fields[3]), fields[4], int(fields[5]))[0])
        elif fields[0] == "search":
            seconds, ids = timed(index.search, queries, int(fields[2]), int(fields[1]))
            numpy.save(fields[3], ids.astype(numpy.int64))
            answer("ok", seconds)
        else:
            answer("error", f"'{line}' is unknown")


if __name__ == "__main__":
    main()
