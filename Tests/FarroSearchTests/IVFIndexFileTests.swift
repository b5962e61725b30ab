import Farro
import FarroData
import FarroSearch
import Foundation
import Testing

@Suite struct IVFIndexFileTests {
  private static let codes: [IVFIndex.Codes] = [.none, .int8, .product(subspaces: 3)]

  private func smallIndex(_ codes: IVFIndex.Codes, keepsVectors: Bool = true) throws -> IVFIndex {
    var index = try IVFIndex(dimension: 3, lists: 4, codes: codes, keepsVectors: keepsVectors, probes: 2, seed: 5)
    try index.add(mixture(40, 3, seed: 1), ids: (0..<40).map { 3 * $0 })
    index.remove([6, 9])
    return index
  }

  @Test(arguments: codes, [true, false])
  func `saved lists are the same, and go on as the first would`(codes: IVFIndex.Codes, keepsVectors: Bool) throws {
    try withTemporaryFile { path in
      var index = try IVFIndex(
        dimension: 9,
        metric: .cosine,
        lists: 12,
        codes: codes,
        keepsVectors: keepsVectors,
        probes: 5,
        rerank: 7,
        seed: 7
      )
      try index.add(mixture(900, 9, seed: 1), ids: (0..<900).map { 900 - $0 })
      index.remove([5, 7, 100])
      try index.save(to: path)
      var again = try IVFIndex(contentsOf: path)
      #expect(again.count == 897 && again.probes == 5 && again.rerank == 7 && again.seed == 7 && again.lists == 12)
      #expect(again.codes == codes && again.keepsVectors == index.keepsVectors && again.isTrained)
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
      #expect(try IVFIndex(contentsOf: path).search(queries, k: 7) == index.search(queries, k: 7))
      #expect(throws: ArrayFileError.self) { try HNSWIndex(contentsOf: path) }
    }
  }

  @Test func `an index without vectors can be saved, trained or not`() throws {
    try withTemporaryFile { path in
      var index = try IVFIndex(dimension: 4, lists: 3, codes: .int8)
      try index.save(to: path)
      #expect(try !IVFIndex(contentsOf: path).isTrained)
      try index.train(mixture(50, 4, seed: 1))
      try index.save(to: path)
      index = try IVFIndex(contentsOf: path)
      #expect(index.isEmpty && index.isTrained)
      try index.add(mixture(50, 4, seed: 1))
      #expect(try index.search(mixture(50, 4, seed: 1), k: 1).ids[49, 0] == 49)
    }
  }

  @Test func `a change of any byte, and a cut anywhere, is found`() throws {
    try withTemporaryFile { path in
      try smallIndex(.int8).save(to: path)
      let whole = try #require(FileManager.default.contents(atPath: path)).map { $0 }
      for place in stride(from: 0, to: whole.count, by: 5) {
        var changed = whole
        changed[place] ^= 1 << UInt8(place % 8)
        try Data(changed).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try IVFIndex(contentsOf: path) }
      }
      for length in stride(from: 0, to: whole.count, by: 61) {
        try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
        #expect(throws: ArrayFileError.self) { try IVFIndex(contentsOf: path) }
      }
    }
  }

  @Test(arguments: codes, [true, false])
  func `a file that is made to deceive is read or refused, and nothing else`(
    codes: IVFIndex.Codes,
    keepsVectors: Bool
  ) throws {
    try withTemporaryFile { path in
      try smallIndex(codes, keepsVectors: keepsVectors).save(to: path)
      let queries = mixture(5, 3, seed: 2)
      try deceive(path) {
        var index = try IVFIndex(contentsOf: path)
        if index.dimension == 3 {
          _ = try index.search(queries, k: 4)
          try? index.add(queries)
          index.remove(0..<60)
          try? index.train(queries)
          _ = try index.search(queries, k: 4)
        }
      }
    }
  }
}
