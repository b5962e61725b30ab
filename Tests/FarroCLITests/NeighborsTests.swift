import Farro
import FarroData
import FarroSearch
import Foundation
import Testing

/// Five points of a plane, and a query near the second.
private let points = "x,y\n0,0\n3,4\n6,8\n-3,4\n100,100\n"
private let query = "3,5\n"

@Suite struct NeighborsTests {
  @Test func `the nearest rows are printed as CSV, in a table and as JSON`() async throws {
    try await withPoints { directory in
      let csv = try await farro("neighbors", "points.csv", "query.csv", "-k", "3", "--format", "csv", in: directory)
      #expect(csv.status == 0 && csv.error.isEmpty)
      #expect(csv.output == "query,rank,index,distance\n0,1,1,1.0\n0,2,2,4.2426405\n0,3,0,5.8309517\n")
      let table = try await farro("neighbors", "points.csv", "query.csv", "-k", "3", in: directory)
      #expect(
        table.output.hasPrefix(
          """
          query  1       2      3
              0  1       2      0
                 1  4.2426  5.831

          1 queries, 3 nearest of 5 by euclidean, exact:
          """
        ),
        "\(table.output)"
      )
      let json = try await farro("neighbors", "points.csv", "query.csv", "-k", "2", "--format", "json", in: directory)
      let object = try object(json.output)
      #expect(object["metric"] as? String == "euclidean" && object["k"] as? Int == 2 && object["rows"] as? Int == 5)
      let neighbors = try #require((object["neighbors"] as? [[String: Any]])?.first)
      #expect(neighbors["index"] as? [Int] == [1, 2] && neighbors["query"] as? Int == 0)
    }
  }

  @Test func `all within a radius are found, the last of them at it`() async throws {
    try await withPoints { directory in
      let arguments = ["neighbors", "points.csv", "points.csv", "--radius", "5", "--exclude-self", "--format", "csv"]
      let near = try await runFarro(arguments, in: directory)
      #expect(
        near.output
          == "query,rank,index,distance\n0,1,1,5.0\n0,2,3,5.0\n1,1,0,5.0\n1,2,2,5.0\n2,1,1,5.0\n3,1,0,5.0\n"
      )
      let files = ["--output", "i.npy", "--distances", "d.npy", "--offsets", "o.npy"]
      let written = try await runFarro(Array(arguments.dropLast(2)) + files, in: directory)
      #expect(written.status == 0)
      #expect(try NPY.read("\(directory)/o.npy", as: Int.self).scalars == [0, 2, 4, 5, 6, 6])
      #expect(try NPY.read("\(directory)/i.npy", as: Int.self).scalars == [1, 3, 0, 2, 1, 0])
      #expect(try NPY.read("\(directory)/d.npy", as: Float.self).scalars == [5, 5, 5, 5, 5, 5])
    }
  }

  @Test(arguments: ["f32", "f64", "i8", "i64", "fortran"])
  func `every type of base gives the neighbours that the library finds`(type: String) async throws {
    try await withTemporaryDirectory { directory in
      let base = Tensor<Int8>((0..<600).map { Int8(truncatingIfNeeded: $0 &* 37 % 101) }, shape: [200, 3])
      let (path, queries) = (directory + "/base.npy", directory + "/queries.npy")
      switch type {
      case "f32": try NPY.write(base.map { Float($0) }, to: path)
      case "f64": try NPY.write(base.map { Double($0) }, to: path)
      case "i64": try NPY.write(base.map { Int($0) }, to: path)
      case "i8": try NPY.write(base, to: path)
      default:
        let columns = (0..<600).map { Float(base[$0 % 200, $0 / 200]) }
        let head = "{'descr': '<f4', 'fortran_order': True, 'shape': (200, 3), }"
        let padded = head.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(padded.utf8)
        try AtomicFile.write(bytes + columns.withUnsafeBytes(Array.init), to: path)
      }
      try NPY.write(base[0..<20].map { Float($0) + 0.25 }, to: queries)
      let expected = nearestNeighbors(of: base[0..<20].map { Float($0) + 0.25 }, in: base.map { Float($0) }, k: 4)
      let found = try await farro("neighbors", path, queries, "-k", "4", "--output", directory + "/found.npy")
      #expect(found.status == 0, "\(found.error)")
      #expect(try NPY.read(directory + "/found.npy", as: Int.self) == expected.indices)
    }
  }

  @Test func `a row is left out of its own neighbours, and its duplicates are not`() async throws {
    try await withTemporaryDirectory { directory in
      try AtomicFile.write("1,1\n1,1\n1,1\n5,5\n", to: directory + "/same.csv")
      let found = try await farro(
        "neighbors",
        "same.csv",
        "same.csv",
        "-k",
        "1",
        "--exclude-self",
        "--format",
        "csv",
        in: directory
      )
      #expect(found.output == "query,rank,index,distance\n0,1,1,0.0\n1,1,0,0.0\n2,1,0,0.0\n3,1,0,5.656854\n")
    }
  }

  @Test func `a graph finds nearly all, and says how many`() async throws {
    try await withTemporaryDirectory { directory in
      try NPY.write(Tensor<Float>(randomNormal: [2000, 8], seed: 1), to: directory + "/base.npy")
      try NPY.write(Tensor<Float>(randomNormal: [30, 8], seed: 2), to: directory + "/queries.npy")
      let found = try await farro(
        "neighbors",
        "base.npy",
        "queries.npy",
        "--index",
        "hnsw",
        "--ef",
        "200",
        "--recall",
        "--metric",
        "cosine",
        "--format",
        "json",
        in: directory
      )
      let object = try object(found.output)
      #expect(try #require(object["recall"] as? Double) > 0.95)
      #expect(object["kind"] as? String == "hnsw" && (object["build_s"] as? Double ?? 0) > 0)
    }
  }

  @Test func `a radius of inner products may be negative`() async throws {
    try await withPoints { directory in
      let query = ["neighbors", "points.csv", "query.csv", "--metric", "inner_product", "--format", "csv"]
      let all = try await runFarro(query + ["--radius", "-1000"], in: directory)
      #expect(all.output.split(separator: "\n").count == 1 + 5)
    }
  }

  // MARK: Mistakes

  @Test(arguments: [
    (["-k", "0"], "-k must be at least 1"), (["--metric", "nope"], "there are: euclidean"),
    (["--index", "hnsw", "--metric", "manhattan"], "The index hnsw measures euclidean"),
    (["--m", "8"], "--m is no option"),
    (["--metric", "minkowski"], "needs -p"), (["-p", "3"], "is for --metric minkowski"),
    (["--radius", "1", "-k", "1"], "not both"), (["--radius", "nan"], "must be a number"),
    (["--radius", "1", "--output", "x.npy"], "needs --offsets"), (["--index", "nope"], "nope"),
    (["--ef", "10"], "no option"), (["--delimiter", "xy"], "xy"),
    (["--output", "x", "--distances", "x"], "of its own"),
    (["--format", "csv", "--output", "x"], "--format csv"), (["--double", "--index", "hnsw"], "--double"),
  ])
  func `options that cannot be are told of with 64`(options: [String], message: String) async throws {
    let outcome = try await runFarro(["neighbors", "none.npy", "none.npy"] + options)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(outcome.error.contains(message), "\(outcome.error)")
  }

  @Test func `files that do not suit are told of with 1, by name`() async throws {
    try await withPoints { directory in
      func write(_ text: String, _ name: String) throws { try AtomicFile.write(text, to: "\(directory)/\(name)") }
      try write("1,2,3\n", "wide.csv")
      try write("1,2\nnan,4\n", "nan.csv")
      try write("x,y\n", "none.csv")
      try write("1,2\n3,oops\n", "text.csv")
      try NPY.write(Tensor<Float>(zeros: [4]), to: directory + "/flat.npy")
      try NPY.write(Tensor<Float>(repeating: .infinity, shape: [4, 2]), to: directory + "/inf.npy")
      try write("not an array", "bad.npy")
      for (files, options, message) in [
        (["missing.csv", "query.csv"], [], "missing.csv: cannot open: No such file or directory"),
        (["missing.npy", "query.csv"], [], "missing.npy: cannot open: No such file or directory"),
        (["bad.npy", "query.csv"], [], "bad.npy: at byte 0: this is not an NPY file"),
        (["points.csv", "wide.csv"], [], "wide.csv: rows have 3 elements, and those of points.csv have 2"),
        (["points.csv", "nan.csv"], [], "nan.csv: the element at row 1, column 0 is nan"),
        (["nan.csv", "query.csv"], ["-k", "1"], "nan.csv: the element at row 1, column 0 is nan"),
        (["inf.npy", "query.csv"], ["-k", "1"], "inf.npy: the element at row 0, column 0 is inf"),
        (["inf.npy", "query.csv"], ["-k", "1", "--index", "hnsw"], "inf.npy: the element at row 0, column 0 is inf"),
        (["none.csv", "query.csv"], [], "none.csv: there are no rows"),
        (["text.csv", "query.csv"], [], "text.csv: line 2, column 2: \"oops\" is not a number"),
        (["flat.npy", "query.csv"], [], "flat.npy: the shape [4] is not one of (rows, columns)"),
        (
          ["points.csv", "query.csv"], ["-k", "6"], "points.csv: there are 5 rows, not 6 neighbours; say -k 5 or less"
        ),
        (["points.csv", "query.csv"], ["-k", "1", "--exclude-self"], "needs a query for each of 5 rows, not 1"),
        (["wide.csv", "wide.csv"], ["-k", "1", "--metric", "haversine"], "wide.csv: \"haversine\" is not among"),
        (["points.csv", "query.csv"], ["-k", "1", "--output", "no/x.npy"], "no/x.npy: cannot open"),
        (
          ["points.csv", "points.csv"], ["-k", "\(Int.max)", "--exclude-self"],
          "not \(Int.max) neighbours without the query itself; say -k 4 or less"
        ),
        (
          ["points.csv", "query.csv"], ["-k", "1", "--output", "./points.csv"],
          "./points.csv: this would replace points.csv, which is read"
        ),
        (
          ["points.csv", "query.csv"], ["-k", "1", "--output", "x.npy", "--distances", "./x.npy"],
          "./x.npy: each result needs a file of its own"
        ),
      ] {
        let outcome = try await runFarro(["neighbors"] + files + options, in: directory)
        let status = message.contains("cannot open") ? 74 : 65
        #expect(outcome.status == status && outcome.output.isEmpty, "\(files) \(options): \(outcome)")
        #expect(outcome.error.contains(message), "\(outcome.error)")
      }
    }
  }

  private func withPoints(_ body: (String) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      try AtomicFile.write(points, to: directory + "/points.csv")
      try AtomicFile.write(query, to: directory + "/query.csv")
      try await body(directory)
    }
  }

  private func object(_ json: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
  }
}
