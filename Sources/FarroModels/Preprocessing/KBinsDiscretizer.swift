import Farro
import FarroData

/// How the borders of bins are found.
public enum BinStrategy: String, Codable, Sendable, CaseIterable {
  /// Bins of equal width.
  case uniform
  /// Bins of as many rows each.
  case quantile
  /// Bins around the centres that k-means finds.
  case kmeans
}

/// What becomes of the number of a bin.
public enum BinEncoding: String, Codable, Sendable, CaseIterable {
  /// A column of zeros and ones for each bin.
  case oneHot = "onehot"
  /// The number itself, from 0.
  case ordinal
}

/// How a quantile is found between elements, as numpy names it.
public enum QuantileMethod: String, Codable, Sendable, CaseIterable {
  /// An element; the mean of two where it falls between them.
  case averagedInvertedCDF = "averaged_inverted_cdf"
  /// On a straight line between elements.
  case linear
}

/// How many bins columns have.
public enum BinCounts: Hashable, Codable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// As many each.
  case same(Int)
  /// So many of each column.
  case each([Int])

  public init(integerLiteral count: Int) { self = .same(count) }
  public init(arrayLiteral counts: Int...) { self = .each(counts) }
}

/// Parts the numbers of each column into bins, and makes the bins' numbers of them, or a column of zeros and ones for each.
///
/// A column of equal elements has one bin. Bins narrower than 1e-8 are joined with their neighbours, but for
/// ``BinStrategy/uniform``. The result is sparse, or dense when a tensor is asked for:
/// `KBinsDiscretizer(output: Tensor<Float>.self)`. Names and defaults are those of scikit-learn's `KBinsDiscretizer`, but all rows are
/// read and not 200,000 drawn from more: it is quick enough.
public struct KBinsDiscretizer<Scalar: KernelScalar, Output: MatrixRows>: Estimator, Hashable {
  /// How many bins.
  public var nBins: BinCounts
  /// What becomes of the number of a bin.
  public var encode: BinEncoding
  /// How borders are found.
  public var strategy: BinStrategy
  /// How a quantile is found between elements.
  public var quantileMethod: QuantileMethod

  public init(
    nBins: BinCounts = 5,
    encode: BinEncoding = .oneHot,
    strategy: BinStrategy = .quantile,
    quantileMethod: QuantileMethod = .averagedInvertedCDF,
    output: Output.Type = CSRMatrix<Double>.self
  ) {
    (self.nBins, self.encode, self.strategy) = (nBins, encode, strategy)
    self.quantileMethod = quantileMethod
  }

  /// The borders of the columns' bins.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, and for fewer than 2 bins.
  /// - Complexity: O(elements) for uniform bins, O(elements log rows) for others.
  public func fit(_ x: Tensor<Scalar>) throws -> KBinsDiscretizerModel<Scalar, Output> {
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let counts: [Int]
    switch nBins {
    case .same(let count): counts = [Int](repeating: count, count: x.columnCount)
    case .each(let each):
      guard each.count == x.columnCount else {
        throw ModelError.parameter(name: "nBins", reason: "\(each.count) numbers for \(x.columnCount) columns")
      }
      counts = each
    }
    for count in counts { try checkRange(count, "nBins", atLeast: 2) }
    let edges = try (0..<x.columnCount).map { column in
      try Task.checkCancellation()
      return try borders(sort(Tensor(x.doubles(ofColumn: column))).scalars, counts[column])
    }
    return KBinsDiscretizerModel(binEdges: edges, encode: encode)
  }

  /// The borders of numbers in ascending order.
  private func borders(_ values: [Double], _ count: Int) throws -> [Double] {
    let (low, high) = (values[0], values[values.count - 1])
    if low == high { return [-.infinity, .infinity] }
    var edges: [Double]
    switch strategy {
    case .uniform: return spaced(low, high, count)
    case .quantile: edges = spaced(0, 100, count).map { quantile(values, $0 / 100) }
    case .kmeans:
      let even = spaced(low, high, count)
      let centers = zip(even, even.dropFirst()).map { ($0 + $1) * 0.5 }
      guard values.count >= count else { throw ModelError.rows(values.count, needed: count) }
      let model = try KMeans<Double>(
        nClusters: count,
        initialization: .centers(Tensor(centers, shape: [count, 1]))
      ).fit(Tensor(values, shape: [values.count, 1]))
      let found = model.centers.scalars.sorted()
      edges = [low] + zip(found, found.dropFirst()).map { ($0 + $1) * 0.5 } + [high]
    }
    let before = [-Double.infinity] + edges.dropLast()
    edges = zip(edges, before).filter { $0 - $1 > 1e-8 }.map(\.0)
    return edges.count > 1 ? edges : [-.infinity, .infinity]
  }

  /// As numpy's `linspace`: the last one exactly.
  private func spaced(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
    let step = (high - low) / Double(count)
    return (0..<count).map { Double($0) * step + low } + [high]
  }

  private func quantile(_ values: [Double], _ probability: Double) -> Double {
    let last = values.count - 1
    switch quantileMethod {
    case .linear:
      let place = probability * Double(last)
      let below = min(Int(place), last)
      let (a, b, part) = (values[below], values[min(below + 1, last)], place - Double(below))
      // As numpy does it, so that the ends are met from both sides.
      return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part)
    case .averagedInvertedCDF:
      let place = Double(values.count) * probability - 1
      if place < 0 { return values[0] }
      if place >= Double(last) { return values[last] }
      let below = Int(place)
      let (a, b) = (values[below], values[below + 1])
      return place == Double(below) ? a + (b - a) * 0.5 : b
    }
  }
}

/// The bins that ``KBinsDiscretizer`` found.
public struct KBinsDiscretizerModel<Scalar: KernelScalar, Output: MatrixRows>: Transformer, FeatureNaming, Equatable,
  Codable
{
  /// The borders of each column's bins in ascending order, from the least to the greatest element; of equal elements, minus and plus
  /// infinity.
  public let binEdges: [[Double]]
  private let encode: BinEncoding

  init(binEdges: [[Double]], encode: BinEncoding) { (self.binEdges, self.encode) = (binEdges, encode) }

  /// How many bins each column has.
  public var nBins: [Int] { binEdges.map { $0.count - 1 } }

  /// The number of each element's bin, or zeros and a one for it. Elements beyond the borders belong to the first and last bin.
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(elements log bins).
  public func transform(_ x: Tensor<Scalar>) throws -> Output {
    try x.check(columns: binEdges.count)
    let (rows, columns) = (x.rowCount, binEdges.count)
    let inner = binEdges.map { Array($0.dropFirst().dropLast()) }
    var bins = [Int32](repeating: 0, count: rows * columns)
    for column in 0..<columns {
      let borders = inner[column]
      for (row, number) in x.doubles(ofColumn: column).enumerated() {
        bins[row * columns + column] = Int32(countUpTo(number, in: borders))
      }
    }
    if encode == .ordinal {
      return Output(
        joining: [Tensor<Output.Scalar>(bins.map { Output.Scalar($0) }, shape: [rows, columns])],
        rowCount: rows
      )
    }
    let starts = nBins.reduce(into: [Int32(0)]) { $0.append($0[$0.count - 1] + Int32($1)) }
    for place in bins.indices { bins[place] += starts[place % columns] }
    let ones = [Output.Scalar](repeating: 1, count: bins.count)
    let offsets = (0...rows).map { Int64($0 * columns) }
    return Output(csr: CSRMatrix(unchecked: rows, Int(starts[columns]), offsets, bins, ones))
  }

  /// How many of the borders are no greater than the number.
  private func countUpTo(_ number: Double, in borders: [Double]) -> Int {
    var (low, high) = (0, borders.count)
    while low < high {
      let middle = (low + high) / 2
      if borders[middle] <= number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The middle of each element's bin; NaN for the only bin of equal elements.
  ///
  /// - Throws: ``ModelError`` for other columns than it makes, or numbers of no bin.
  /// - Complexity: O(elements).
  public func inverseTransform(_ x: Output) throws -> Tensor<Scalar> {
    try x.check(columns: encode == .ordinal ? binEdges.count : nBins.reduce(0, +))
    let x = x.sparseRows(as: Double.self)
    let columns = binEdges.count
    let starts = nBins.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    let columnOfBin = nBins.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    var bins = [Int](repeating: 0, count: x.rows * columns)
    for row in 0..<x.rows {
      for place in x.elementsOfRow(row) where x.values[place] != 0 {
        let index = Int(x.indices[place])
        if encode == .ordinal {
          bins[row * columns + index] = Int(exactly: x.values[place]) ?? -1
        } else {
          bins[row * columns + columnOfBin[index]] = index - starts[columnOfBin[index]]
        }
      }
    }
    let middles = binEdges.map { edges in zip(edges, edges.dropFirst()).map { Scalar(($0 + $1) * 0.5) } }
    let elements = try bins.enumerated().map { place, bin throws(ModelError) in
      let column = place % columns
      guard middles[column].indices.contains(bin) else {
        throw .unknownCategory("bin \(bin)", row: place / columns, column: column)
      }
      return middles[column][bin]
    }
    return Tensor(elements, shape: [x.rows, columns])
  }

  /// The names of the columns, and with a column for each bin, `a_0.0`, `a_1.0` and so on, as scikit-learn has it.
  public func featureNames(in columns: [String]?) -> [String] {
    let names = columnNames(columns, binEdges.count)
    if encode == .ordinal { return names }
    return zip(names, nBins).flatMap { name, count in (0..<count).map { "\(name)_\($0).0" } }
  }
}

extension KBinsDiscretizerModel: StorableModel {
  public static var fileKind: String { "bins of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    for edges in binEdges {
      guard edges.count > 1, zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
        return "the borders of bins do not ascend"
      }
    }
    return nil
  }
}
