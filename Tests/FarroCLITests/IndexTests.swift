import Farro
import FarroData
import FarroSearch
import Foundation
import Testing

@Suite struct IndexTests {
  @Test(arguments: ["flat", "ivf", "hnsw", "lsh"])
  func `an index is built, described and searched`(kind: String) async throws {
    try await withVectors { directory in
      let built = try await farro(
        "index",
        "build",
        "vectors.npy",
        "--output",
        "v.index",
        "--kind",
        kind,
        "--metric",
        "cosine",
        "--format",
        "json",
        in: directory
      )
      #expect(built.status == 0, "\(built.error)")
      let info = try await farro("index", "info", "v.index", "--format", "json", in: directory)
      let facts = try object(info.output)
      #expect(facts["kind"] as? String == kind && facts["metric"] as? String == "cosine")
      #expect(
        facts["count"] as? Int == 1000 && facts["dimension"] as? Int == 8
          && facts["checksums"] as? String == "all match"
      )
      let parameters = [
        "ivf": ["lists": 63, "probes": 8, "rerank": 4, "seed": 0], "lsh": ["bits": 256, "candidates": 200, "seed": 0],
        "hnsw": ["m": 16, "ef_construction": 200, "ef": 64, "seed": 0],
      ]
      #expect(facts["parameters"] as? [String: Int] == parameters[kind] ?? [:])
      #expect(facts["codes"] as? String == (kind == "ivf" ? "none" : nil))
      let table = try await farro("index", "info", "v.index", in: directory)
      #expect(table.output.contains("vectors           1000\n"), "\(table.output)")

      let found = try await farro(
        "index",
        "search",
        "v.index",
        "queries.csv",
        "-k",
        "3",
        "--recall",
        "--output",
        "ids.npy",
        "--distances",
        "far.npy",
        "--format",
        "json",
        in: directory
      )
      #expect(try #require(try object(found.output)["recall"] as? Double) > 0.9)
      let index = try openIndex(directory + "/v.index")
      let expected = try index.search(CSV.read(directory + "/queries.csv"), k: 3)
      #expect(try NPY.read(directory + "/ids.npy", as: Int.self) == expected.ids)
      #expect(try NPY.read(directory + "/far.npy", as: Float.self) == expected.distances)
      let csv = try await farro(
        "index",
        "search",
        "v.index",
        "queries.csv",
        "--radius",
        "0.1",
        "--format",
        "csv",
        in: directory
      )
      #expect(csv.status == 0 && csv.output.hasPrefix("query,rank,id,distance\n"))
    }
  }

  @Test func `codes and any seed are told of`() async throws {
    try await withVectors { directory in
      let build = ["index", "build", "vectors.npy", "--output", "v.index", "--kind", "ivf", "--format", "json"]
      for (codes, told) in [("int8", "int8"), ("product", "product, 4 subspaces")] {
        let built = try await runFarro(build + ["--codes", codes, "--seed", "\(UInt64.max)"], in: directory)
        #expect(built.output.contains("\"codes\" : \"\(told)\""), "\(built)")
        #expect(built.output.contains("\"seed\" : \(UInt64.max)"), "\(built)")
      }
    }
  }

  @Test func `vectors have the ids that they are given`() async throws {
    try await withVectors { directory in
      try CSV.write(Tensor((0..<1000).map { 5000 - 5 * $0 }, shape: [1000]), header: ["id"], to: directory + "/ids.csv")
      try NPY.write(Tensor((0..<1000).map { 5000 - 5 * $0 }, shape: [1000]), to: directory + "/ids.npy")
      for ids in ["ids.csv", "ids.npy"] {
        let built = try await farro(
          "index",
          "build",
          "vectors.npy",
          "--output",
          "v.index",
          "--ids",
          ids,
          "--kind",
          "flat",
          in: directory
        )
        #expect(built.status == 0, "\(built.error)")
        let index = try openIndex(directory + "/v.index")
        #expect(index.contains(5) && index.contains(5000) && !index.contains(1))
      }
    }
  }

  @Test(arguments: [
    (["build", "x.npy"], "--output"), (["build", "x.npy", "--output", "o", "--kind", "nope"], "nope"),
    (["build", "x.npy", "--output", "o", "--m", "1"], "--m must be 2 to 256"),
    (["build", "x.npy", "--output", "o", "--metric", "minkowski", "-p", "3"], "minkowski"),
    (["build", "x.npy", "--output", "o", "--metric", "manhattan"], "The index hnsw measures euclidean, sqeuclidean"),
    (["build", "x.npy", "--output", "o", "--kind", "lsh"], "The index lsh measures cosine, not euclidean"),
    (["build", "x.npy", "--output", "o", "--kind", "ivf", "--m", "4"], "--m is no option of building an ivf index"),
    (["build", "x.npy", "--output", "o", "--kind", "ivf", "--codes", "few"], "few"),
    (["build", "x.npy", "--output", "o", "--kind", "ivf", "--lists", "0"], "--lists must be"),
    (["search", "x", "y", "--ef", "0"], "--ef must be"), (["search", "x", "y", "--m", "4"], "--m"),
    (["info"], "<index>"), (["nope"], "nope"),
  ])
  func `options that cannot be are told of with 64`(arguments: [String], message: String) async throws {
    let outcome = try await runFarro(["index"] + arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(outcome.error.contains(message), "\(outcome.error)")
  }

  @Test func `what does not suit is told of with 1, and loses no file`() async throws {
    try await withVectors { directory in
      #expect(
        try await farro("index", "build", "vectors.npy", "--output", "v.index", "--kind", "flat", in: directory).status
          == 0
      )
      let whole = try Data(contentsOf: URL(fileURLWithPath: directory + "/v.index"))
      try AtomicFile.write("7\n7\n", to: directory + "/ids.csv")
      try AtomicFile.write("1,2\n", to: directory + "/narrow.csv")
      var damaged = whole
      damaged[damaged.count / 2] ^= 1
      try damaged.write(to: URL(fileURLWithPath: directory + "/damaged.index"))
      for (arguments, message) in [
        (["build", "missing.npy", "--output", "v.index"], "missing.npy: cannot open"),
        (["build", "vectors.npy", "--output", "no/v.index"], "no/v.index: cannot open"),
        (["build", "vectors.npy", "--output", "./vectors.npy"], "would replace vectors.npy, which is read"),
        (["search", "v.index", "queries.csv", "--output", "./v.index"], "would replace v.index, which is read"),
        (
          ["build", "vectors.npy", "--output", "v.index", "--ids", "ids.csv"],
          "ids.csv: there are 2 ids for 1000 vectors"
        ),
        (["build", "vectors.npy", "--output", "v.index", "--ids", "vectors.npy"], "vectors.npy: the shape [1000, 8]"),
        (["info", "damaged.index"], "damaged.index: at byte"), (["info", "vectors.npy"], "not an array file of Farro"),
        (["search", "damaged.index", "queries.csv"], "its checksum differs"),
        (["search", "v.index", "narrow.csv"], "narrow.csv: rows have 2 elements, and vectors of v.index have 8"),
        (["search", "v.index", "queries.csv", "-k", "1001"], "v.index: there are 1000 vectors, not 1001 neighbours"),
      ] {
        let outcome = try await runFarro(["index"] + arguments, in: directory)
        let status = message.contains("cannot open") ? 74 : 65
        #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments): \(outcome)")
        #expect(outcome.error.contains(message), "\(outcome.error)")
      }
      let unsuited = try await farro("index", "search", "v.index", "queries.csv", "--ef", "9", in: directory)
      #expect(unsuited.status == 64 && unsuited.error.contains("--ef is no option of searching a flat index"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: directory + "/v.index")) == whole)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).allSatisfy { !$0.hasSuffix(".tmp") })
    }
  }

  #if os(Linux)
    @Test func `an interrupt ends a long build, and leaves the old file`() async throws {
      try await withTemporaryDirectory { directory in
        try NPY.write(Tensor<Float>(randomNormal: [60_000, 64], seed: 1), to: directory + "/vectors.npy")
        try AtomicFile.write("old", to: directory + "/v.index")
        // A shell lets its background jobs ignore SIGINT.
        let build =
          "env --default-signal=INT \"$0\" index build vectors.npy --output v.index & sleep 1; kill -INT $!; wait $!"
        let outcome = try await runProgram("/bin/bash", ["-c", build, executable().path], in: directory)
        #expect(outcome.status == 130, "\(outcome)")
        #expect(try String(contentsOfFile: directory + "/v.index", encoding: .utf8) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["v.index", "vectors.npy"])
      }
    }
  #endif

  private func withVectors(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      try NPY.write(Tensor<Float>(randomNormal: [1000, 8], seed: 1), to: directory + "/vectors.npy")
      try CSV.write(Tensor<Float>(randomNormal: [20, 8], seed: 2), to: directory + "/queries.csv")
      try await body(directory)
    }
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }
}
