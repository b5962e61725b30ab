import Farro
import FarroData
import Foundation

/// Signatures by random hyperplanes: approximate search by cosine, with an index that is built as fast as it is filled.
///
/// A bit of a vector's signature tells on which side of a plane through the origin the vector lies. Two vectors differ in a
/// share of their bits that is, in the mean, the angle between them by pi: the signatures that differ least from a query's
/// lead to ``candidates`` vectors, and these are measured in full. Distances are exact, and only a neighbour can be missed.
///
/// ```swift
/// var index = try HyperplaneLSH(dimension: 128, bits: 512)
/// try index.add(vectors)
/// index.candidates = 400
/// let found = try index.search(queries, k: 10)
/// ```
///
/// A query passes over all signatures, a few of them in a nanosecond, and measures as many vectors as it has candidates,
/// however many there are. Tables that lead straight to like signatures were measured and are no match for that: of 100,000
/// vectors of 128 elements (1000 Gaussians), 256 bits and 200 candidates find 99.8% of 10 neighbours, 18 times in a
/// millisecond on two cores; 32 tables of 14 bits, each looked up in 32 places, have 7% of all vectors to compare and find 96%.
///
/// Directions are what is compared: vectors that all point the same way, such as pixels or
/// counts, have nearly the same signatures; subtract their mean first, if that suits what they mean.
///
/// The planes are drawn from the seed, in groups at right angles to each other, which makes the share of bits vary less. The
/// results depend on the vectors, ids and the seed, not on threads.
///
/// Source: M. Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002; planes at right angles as J. Ji
/// et al., "Super-bit locality-sensitive hashing", NIPS 2012.
public struct HyperplaneLSH: VectorIndex {
  /// The bits of a signature.
  public let bits: Int
  /// What the planes are drawn from.
  public let seed: UInt64
  /// How many vectors a query measures: more find more, and take longer. A search for `k` measures at least `k`.
  ///
  /// - Precondition: it is from 1 to 1024.
  public var candidates: Int {
    didSet {
      require(HyperplaneLSH.breadths ~= candidates, "HyperplaneLSH: candidates is \(candidates), not from 1 to 1024")
    }
  }

  /// Of length 1, or zero.
  private var rows: NamedRows<Float>
  /// Of each row, bits packed eight to a byte.
  private(set) var signatures = Column<UInt8>()
  /// Shape (`bits`, `dimension`).
  private let planes: Tensor<Float>

  static let kind = "hyperplane lsh"
  private static let dimensions = 1...1 << 24
  private static let widths = 1...1 << 16
  private static let breadths = 1...1024

  /// An index without vectors.
  ///
  /// - Parameters:
  ///   - dimension: The elements of a vector.
  ///   - bits: Of a signature, up to 65536. More tell nearer vectors apart, and take as much more time and memory.
  ///   - candidates: May be changed at any time.
  ///   - seed: What the planes are drawn from.
  /// - Throws: ``IndexError`` when one is out of its range.
  /// - Complexity: O(`dimension` `bits` min(`dimension`, `bits`)).
  public init(dimension: Int, bits: Int = 256, candidates: Int = 200, seed: UInt64 = 0) throws(IndexError) {
    for (name, value, range) in [
      ("dimension", dimension, HyperplaneLSH.dimensions), ("bits", bits, HyperplaneLSH.widths),
      ("candidates", candidates, HyperplaneLSH.breadths),
    ] where !range.contains(value) {
      throw IndexError(.outOfRange(parameter: name, found: value, supported: range), in: "HyperplaneLSH")
    }
    (self.bits, self.candidates, self.seed) = (bits, candidates, seed)
    rows = NamedRows(dimension: dimension)
    planes = hyperplanes(bits, dimension, seed)
  }

  public var metric: DistanceMetric { .cosine }

  public var dimension: Int { rows.dimension }

  public var count: Int { rows.count }

  public var memoryBytes: Int { rows.bytes + signatures.bytes + planes.count * MemoryLayout<Float>.stride }

  /// Whether there is a vector of that id.
  ///
  /// - Complexity: O(log `count`).
  public func contains(_ id: Int) -> Bool { rows.contains(id) }

  private var signatureBytes: Int { (bits + 7) / 8 }

  // MARK: Changes

  /// Adds the rows of `vectors`.
  ///
  /// - Throws: ``IndexError``, or `CancellationError` where the task was cancelled; the index is then as it was.
  /// - Complexity: O(n d `bits`) for n vectors of d elements; O(`count` d) more where ids are not beyond all others.
  public mutating func add(_ vectors: Tensor<Float>, ids: [Int]?) throws {
    try checkRows(vectors, dimension, "add")
    let vectors = unitRows(vectors)
    let hashes = try signatures(of: vectors) { try Task.checkCancellation() }
    let order = try rows.add(vectors, ids: ids)
    signatures.append(hashes)
    if let order { signatures = signatures.reordered(order, signatureBytes) }
  }

  /// Removes vectors, and answers how many of them there were.
  ///
  /// - Complexity: O(r log `count`) for r ids, and O(`count` d) when there are any of them.
  @discardableResult
  public mutating func remove(_ ids: some Sequence<Int>) -> Int {
    let places = rows.remove(ids)
    if !places.isEmpty { signatures.remove(places, width: signatureBytes) }
    return places.count
  }

  /// A bit is 1 where the product with a plane is above 0.
  ///
  /// - Parameter proceed: Called before some rows at a time.
  private func signatures(of vectors: Tensor<Float>, proceed: () throws -> Void) rethrows -> Tensor<UInt8> {
    let (n, bytes) = (vectors.shape[0], signatureBytes)
    var packed = [UInt8](repeating: 0, count: n * bytes)
    for first in stride(from: 0, to: n, by: 4096) {
      try proceed()
      let some = vectors[first..<min(first + 4096, n)]
      matmul(some, planes, transposeB: true).withUnsafeBufferPointer { products in
        packed.withUnsafeMutableBufferPointer { packed in
          for row in 0..<some.shape[0] {
            for byte in 0..<bytes {
              var value: UInt8 = 0
              // Without a branch: signs are as good as random.
              for bit in 0..<min(8, bits - 8 * byte) {
                value |= (products[row * bits + 8 * byte + bit] > 0 ? 1 : 0) << UInt8(bit)
              }
              packed[(first + row) * bytes + byte] = value
            }
          }
        }
      }
    }
    return Tensor(packed, shape: [n, bytes])
  }

  // MARK: Search

  /// The `k` nearest of the vectors whose signatures are nearest to each query's.
  ///
  /// There are always min(`k`, vectors that may be found) results. Where a filter leaves few vectors, or `k` is beyond 1024, they
  /// are all measured.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m (d `bits` + `count` `bits` / 32 + `candidates` d)) for m queries.
  public func search(_ queries: Tensor<Float>, k: Int, filter: SearchFilter?) throws -> SearchResults {
    try checkRows(queries, dimension, "search")
    require(k >= 0, "HyperplaneLSH.search: k is \(k)")
    let (queries, places) = (unitRows(queries), rows.places(filter))
    let found = nearest(queries, k, places)
    return SearchResults(
      distances: found.distances,
      ids: Tensor(rows.ids(of: found.indices.scalars, nil), shape: found.indices.shape)
    )
  }

  /// The `k` nearest vectors of each query among all.
  func measured(_ queries: Tensor<Float>, _ k: Int) -> SearchResults {
    let found = rows.withRows(nil) {
      nearestNeighbors(of: unitRows(queries), inRows: $0, k: k, metric: .cosine, where: nil)
    }
    return SearchResults(
      distances: found.distances,
      ids: Tensor(rows.ids(of: found.indices.scalars, nil), shape: found.indices.shape)
    )
  }

  /// Indices are places, whether or not some are chosen.
  private func nearest(
    _ queries: Tensor<Float>,
    _ k: Int,
    _ places: [Int]?
  ) -> (distances: Tensor<Float>, indices: Tensor<Int>) {
    let (breadth, accepted) = (max(candidates, k), places?.count ?? count)
    // Copying and measuring a few takes less than looking for fewer.
    if breadth >= accepted || breadth > HyperplaneLSH.breadths.upperBound || places != nil && accepted <= 4 * breadth {
      let found = rows.withRows(places) {
        nearestNeighbors(of: queries, inRows: $0, k: k, metric: .cosine, where: nil)
      }
      return (found.distances, chosen(found.indices, places))
    }
    let hashes = signatures(of: queries) {}
    let near = withSignatures(places) { bitNeighbors(of: hashes, inRows: $0, k: breadth, metric: .hamming).indices }
    let among = chosen(near, places)
    return rows.withRows(nil) {
      nearestNeighbors(of: queries, inRows: $0, among: among, k: k, metric: .cosine)
    }
  }

  private func withSignatures<Result>(_ places: [Int]?, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    guard let places else { return signatures.withUnsafeBufferPointer(body) }
    return signatures.rows(places, signatureBytes).withUnsafeBufferPointer(body)
  }

  private func chosen(_ indices: Tensor<Int>, _ places: [Int]?) -> Tensor<Int> {
    guard let places else { return indices }
    return Tensor(indices.scalars.map { $0 < 0 ? -1 : places[$0] }, shape: indices.shape)
  }

  /// The vectors within a radius of each query, of those whose signatures differ in no more bits than 99.9% of vectors just
  /// within the radius do; more of those that are nearer. Where that is nearly half of the bits, all vectors are measured.
  ///
  /// - Throws: ``IndexError``.
  /// - Complexity: O(m (d `bits` + `count` `bits` / 32)) for m queries, and O(d) for each vector whose signature is near enough.
  public func search(_ queries: Tensor<Float>, radius: Float, filter: SearchFilter?) throws -> RangeResults {
    try checkRows(queries, dimension, "search")
    require(!radius.isNaN, "HyperplaneLSH.search: no vector lies within a radius of NaN")
    let (queries, places) = (unitRows(queries), rows.places(filter))
    let share = acos(1 - Double(min(max(radius, 0), 2))) / .pi
    // Three standard deviations of the number of bits, if planes were independent; at right angles, it varies less.
    let most = Double(bits) * share + 3.1 * (Double(bits) * share * (1 - share)).squareRoot() + 1
    if !(most < 0.45 * Double(bits)) {
      let found = rows.withRows(places) {
        radiusNeighbors(of: queries, inRows: $0, radius: Double(radius), metric: .cosine, where: nil)
      }
      return RangeResults(
        offsets: found.offsets,
        distances: found.distances.scalars,
        ids: rows.ids(of: found.indices.scalars, places)
      )
    }
    let hashes = signatures(of: queries) {}
    let near = withSignatures(places) { bitNeighbors(of: hashes, inRows: $0, radius: most, metric: .hamming) }
    let indices = chosen(near.indices, places).scalars
    var results = RangeResults(offsets: [0], distances: [], ids: [])
    // Lists of several queries are made as long as the longest of them, and measured on several threads.
    for first in stride(from: 0, to: queries.shape[0], by: 64) {
      let lists = (first..<min(first + 64, queries.shape[0])).map { near.offsets[$0]..<near.offsets[$0 + 1] }
      let longest = lists.map(\.count).max() ?? 0
      let among = lists.flatMap { indices[$0] + [Int](repeating: -1, count: longest - $0.count) }
      let found = rows.withRows(nil) {
        nearestNeighbors(
          of: queries[first..<first + lists.count],
          inRows: $0,
          among: Tensor(among, shape: [lists.count, longest]),
          k: longest,
          metric: .cosine
        )
      }
      for row in 0..<lists.count {
        let within = found.distances[row: row].scalars.prefix { $0 <= radius }
        results.distances += within
        results.ids += rows.ids(of: found.indices[row: row].scalars.prefix(within.count), nil)
        results.offsets.append(results.ids.count)
      }
    }
    return results
  }

  // MARK: Files

  /// Writes the index to a file, which is there whole or not at all.
  ///
  /// - Throws: `FileError`.
  public func save(to path: String) throws {
    var header = IndexHeader()
    rows.describe(in: &header)
    header["bits"] = "\(bits)"
    header["candidates"] = "\(candidates)"
    header["seed"] = "\(seed)"
    // With the planes: another machine may round them otherwise.
    let sections = rows.sections + [signatures.section("signatures"), Column(planes.scalars).section("planes")]
    try IndexFile.write(HyperplaneLSH.kind, header, sections, to: path)
  }

  /// An index from a file, mapped but for the planes.
  ///
  /// - Throws: `ArrayFileError`, `FileError`.
  public init(contentsOf path: String) throws {
    let file = try IndexFile(path, kind: HyperplaneLSH.kind)
    rows = try NamedRows(file, dimensions: HyperplaneLSH.dimensions)
    bits = try file.integer("bits", in: HyperplaneLSH.widths)
    candidates = try file.integer("candidates", in: HyperplaneLSH.breadths)
    seed = try file.value("seed", "a seed") { UInt64($0) }
    signatures = try file.column("signatures", count: product(rows.count, (bits + 7) / 8))
    let planes: Column<Float> = try file.column("planes", count: product(bits, rows.dimension))
    self.planes = planes.rows(0..<bits, rows.dimension)
  }
}

/// Directions, shape (`count`, `d`), in groups of up to `d` at right angles to each other: Gram and Schmidt's way, some rows at a
/// time, so that nearly all of it is products of matrices.
private func hyperplanes(_ count: Int, _ d: Int, _ seed: UInt64) -> Tensor<Float> {
  let drawn = Tensor<Float>(randomNormal: [count, d], seed: seed)
  var groups: [Tensor<Float>] = []
  for first in stride(from: 0, to: count, by: d) {
    let last = min(first + d, count)
    var group = Tensor<Float>(zeros: [0, d])
    for some in stride(from: first, to: last, by: 64) {
      let rows = across(group, drawn[some..<min(some + 64, last)])
      var block = Tensor<Float>(zeros: [0, d])
      for row in 0..<rows.shape[0] {
        block = concatenate([block, l2Normalize(across(block, rows[row..<row + 1]))], axis: 0)
      }
      group = concatenate([group, block], axis: 0)
    }
    groups.append(group)
  }
  return concatenate(groups, axis: 0)
}

/// What is left of `rows` without their parts along some directions.
private func across(_ directions: Tensor<Float>, _ rows: Tensor<Float>) -> Tensor<Float> {
  directions.shape[0] == 0 ? rows : rows - matmul(matmul(rows, directions, transposeB: true), directions)
}
