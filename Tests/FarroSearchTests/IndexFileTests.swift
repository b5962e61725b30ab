import Farro
import FarroData
import Foundation
import Testing

@testable import FarroSearch

@Suite struct IndexFileTests {
  private func smallIndex(_ metric: DistanceMetric = .euclidean) throws -> HNSWIndex {
    var index = try HNSWIndex(dimension: 3, metric: metric, m: 2, efConstruction: 10, seed: 5)
    try index.add(mixture(40, 3, seed: 1), ids: (0..<40).map { 3 * $0 })
    index.remove([6, 9])
    return index
  }

  @Test(arguments: HNSWIndex.metrics)
  func `a saved graph is the same, and goes on as the first would`(metric: DistanceMetric) throws {
    try withTemporaryFile { path in
      var index = try HNSWIndex(dimension: 9, metric: metric, m: 6, efConstruction: 50, efSearch: 30, seed: 7)
      try index.add(mixture(900, 9, seed: 1), ids: (0..<900).map { 900 - $0 })
      index.remove([5, 7, 100])
      try index.save(to: path)
      var again = try HNSWIndex(contentsOf: path)
      #expect(again.count == 897 && again.places == 900 && again.efSearch == 30 && again.seed == 7)
      #expect(again.memoryBytes == index.memoryBytes)
      let queries = mixture(20, 9, seed: 2)
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(!again.contains(7) && again.contains(8))
      // What is mapped is copied before it changes: the file does not.
      let bytes = FileManager.default.contents(atPath: path)
      try again.add(mixture(300, 9, seed: 3))
      try index.add(mixture(300, 9, seed: 3))
      #expect(again.contains(901) && again.remove(8..<400) == index.remove(8..<400))
      #expect(try again.search(queries, k: 7) == index.search(queries, k: 7))
      #expect(FileManager.default.contents(atPath: path) == bytes)
      try again.save(to: path)
      #expect(try HNSWIndex(contentsOf: path).search(queries, k: 7) == index.search(queries, k: 7))
    }
  }

  @Test func `an empty index can be saved`() throws {
    try withTemporaryFile { path in
      try HNSWIndex(dimension: 4).save(to: path)
      var index = try HNSWIndex(contentsOf: path)
      #expect(index.isEmpty)
      try index.add(mixture(50, 4, seed: 1))
      #expect(try index.search(mixture(50, 4, seed: 1), k: 1).ids[49, 0] == 49)
      #expect(index.remove(0..<50) == 50)
      try index.save(to: path)
      index = try HNSWIndex(contentsOf: path)
      #expect(index.isEmpty)
      try index.add(mixture(50, 4, seed: 1))
      #expect(try index.search(mixture(50, 4, seed: 1), k: 1).ids[49, 0] == 99)
    }
  }

  @Test func `a change of any byte, and a cut anywhere, is found`() throws {
    try withTemporaryFile { path in
      try smallIndex().save(to: path)
      let whole = try #require(FileManager.default.contents(atPath: path)).map { $0 }
      for place in whole.indices {
        var changed = whole
        changed[place] ^= 1 << UInt8(place % 8)
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try HNSWIndex(contentsOf: path) }
      }
      for length in stride(from: 0, to: whole.count, by: 7) {
        try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try HNSWIndex(contentsOf: path) }
      }
    }
  }

  @Test func `vectors that share a list of the upper levels are refused`() throws {
    try withTemporaryFile { path in
      try smallIndex().save(to: path)
      let file = try ArrayFile(path, kind: "hnsw index", newestVersion: 1)
      let sections = try file.sectionNames.map { name in
        let bytes = try file.section(name).withUnsafeBytes(Array.init)
        return ArrayFileSection(name, bytes: name == "starts" ? bytes.map { _ in 0 } : bytes)
      }
      try ArrayFile.write(kind: "hnsw index", version: 1, sections: sections, to: path)
      #expect(throws: ArrayFileError.self) { try HNSWIndex(contentsOf: path) }
    }
  }

  @Test func `a file that is made to deceive is read or refused, and nothing else`() throws {
    try withTemporaryFile { path in
      try smallIndex().save(to: path)
      let queries = mixture(5, 3, seed: 2)
      try deceive(path) {
        var index = try HNSWIndex(contentsOf: path)
        if index.dimension == 3 {
          _ = try index.search(queries, k: 4)
          try? index.add(queries)
          index.remove(0..<60)
        }
      }
    }
  }
}
