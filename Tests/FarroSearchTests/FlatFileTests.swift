import Farro
import FarroData
import FarroSearch
import Foundation
import Testing

/// Files of the indexes that are rows under ids: damaged, and made to deceive.
@Suite struct FlatFileTests {
  @Test func `of a flat index`() throws {
    var index = try FlatIndex(dimension: 3, metric: .minkowski(p: 1.5))
    try index.add(mixture(30, 3, seed: 1), ids: (0..<30).map { 3 * $0 })
    try check(index, queries: mixture(5, 3, seed: 2))
  }

  @Test func `of a binary flat index`() throws {
    var index = try BinaryFlatIndex(dimension: 3, metric: .dice)
    let rows = Tensor<UInt8>((0..<90).map { UInt8($0 * 91 % 256) }, shape: [30, 3])
    try index.add(rows, ids: (0..<30).map { 3 * $0 })
    try check(index, queries: rows[0..<5])
  }

  @Test func `of an index of signatures`() throws {
    var index = try HyperplaneLSH(dimension: 3, bits: 20, candidates: 6, seed: 4)
    try index.add(mixture(30, 3, seed: 1), ids: (0..<30).map { 3 * $0 })
    try check(index, queries: mixture(5, 3, seed: 2))
  }

  private func check<Index: NeighborIndex>(_ index: Index, queries: Tensor<Index.Element>) throws {
    try withTemporaryFile { path in
      try index.save(to: path)
      let whole = try #require(FileManager.default.contents(atPath: path)).map { $0 }
      #expect(try Index(contentsOf: path).search(queries, k: 4) == index.search(queries, k: 4))
      for place in whole.indices {
        var changed = whole
        changed[place] ^= 1 << UInt8(place % 8)
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try Index(contentsOf: path) }
      }
      for length in stride(from: 0, to: whole.count, by: 7) {
        try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try Index(contentsOf: path) }
      }
      try index.save(to: path)
      try deceive(path, cases: 400) {
        var index = try Index(contentsOf: path)
        if index.dimension == 3 {
          _ = try index.search(queries, k: 4)
          _ = try index.search(queries, radius: 0.5)
          try? index.add(queries)
          index.remove(0..<60)
        }
      }
    }
  }
}
