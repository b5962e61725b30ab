import Farro
import FarroSearch
import Foundation

/// Vectors of a mixture of Gaussians, and queries of the same: near neighbours belong to one of them as a rule.
func mixture(_ count: Int, _ d: Int, centres: Int = 30, spread: Float = 1, seed: UInt64, from: UInt64 = 9) -> Tensor<
  Float
> {
  let middles = Tensor<Float>(randomNormal: [centres, d], seed: from)
  var generator = Xoshiro256(seed: seed)
  let chosen = (0..<count).map { _ in Int(generator.next() % UInt64(centres)) }
  let noise = Tensor<Float>(randomNormal: [count, d], seed: seed &+ 1)
  return middles.gather(rows: chosen) + noise * spread
}

func elements<Scalar>(_ tensor: Tensor<Scalar>) -> [Scalar] { tensor.withUnsafeBufferPointer(Array.init) }

/// The share of `expected` that was found.
func recall(_ found: SearchResults, _ expected: SearchResults) -> Double {
  let k = expected.ids.shape[1]
  var hits = 0
  for row in 0..<expected.ids.shape[0] {
    hits += Set(elements(expected.ids[row: row])).intersection(elements(found.ids[row: row])).count
  }
  return Double(hits) / Double(expected.ids.shape[0] * k)
}

/// As the definition reads, in double.
func distance(_ metric: DistanceMetric, _ x: [Float], _ y: [Float]) -> Double {
  let pairs = zip(x, y).map { (Double($0), Double($1)) }
  let squares = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
  switch metric {
  case .euclidean: return squares.squareRoot()
  case .squaredEuclidean: return squares
  case .manhattan: return pairs.reduce(0) { $0 + abs($1.0 - $1.1) }
  case .innerProduct: return dot
  case .cosine:
    let sizes = pairs.reduce(0) { $0 + $1.0 * $1.0 } * pairs.reduce(0) { $0 + $1.1 * $1.1 }
    return sizes == 0 ? 1 : 1 - dot / sizes.squareRoot()
  default: fatalError("\(metric) has no definition here")
  }
}

/// Calls `body` with the path of a file in an empty directory, which is then removed.
func withTemporaryFile<Result>(_ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("farro-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path + "/index")
}
