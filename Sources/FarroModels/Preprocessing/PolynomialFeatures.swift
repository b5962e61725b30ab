import Farro
import FarroData

/// Makes columns of the products of columns: of a and b also 1, a², a b and b².
///
/// Products stand in the order of their degrees, those of one degree in the order of their columns. Names and defaults are those of
/// scikit-learn's `PolynomialFeatures`, except that there is a least degree of its own.
public struct PolynomialFeatures<Scalar: KernelScalar>: Estimator, Hashable {
  /// The greatest degree of a product.
  public var degree: Int
  /// The least degree of a product; the 1 has 0 and is told by ``includeBias``.
  public var leastDegree: Int
  /// Whether a column occurs in a product once at most.
  public var interactionOnly: Bool
  /// Whether the first column is 1.
  public var includeBias: Bool

  public init(degree: Int = 2, leastDegree: Int = 1, interactionOnly: Bool = false, includeBias: Bool = true) {
    (self.degree, self.leastDegree) = (degree, leastDegree)
    (self.interactionOnly, self.includeBias) = (interactionOnly, includeBias)
  }

  /// The most columns that are made.
  static var mostColumns: Int { 1 << 24 }

  /// Which products there are of so many columns.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, for degrees that do not fit, and for more than 2²⁴ products.
  /// - Complexity: O(elements + products).
  public func fit(_ x: Tensor<Scalar>) throws -> PolynomialFeaturesModel<Scalar> {
    try checkRange(leastDegree, "leastDegree", atLeast: 1)
    try checkRange(degree, "degree", atLeast: 1)
    guard leastDegree <= degree else {
      throw ModelError.parameter(name: "leastDegree", reason: "\(leastDegree) is more than degree, \(degree)")
    }
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    // A product is one of a lower degree and a column, none before its last one.
    var products: [PolynomialProduct] = [PolynomialProduct(factor: -1, column: -1)]
    var first = 0
    var made = includeBias ? [0] : []
    for power in 1...degree {
      try Task.checkCancellation()
      let last = products.count
      for factor in first..<last {
        let start = Int(products[factor].column) + (interactionOnly ? 1 : 0)
        for column in max(0, start)..<max(max(0, start), x.columnCount) {
          guard products.count < Self.mostColumns else {
            throw ModelError.parameter(
              name: "degree",
              reason: "\(x.columnCount) columns have more than \(Self.mostColumns) products of \(degree)"
            )
          }
          products.append(PolynomialProduct(factor: Int32(factor), column: Int32(column)))
        }
      }
      first = last
      if power >= leastDegree { made += first..<products.count }
    }
    return PolynomialFeaturesModel(
      columnCount: x.columnCount,
      factors: products.map(\.factor),
      columns: products.map(\.column),
      made: made.map { Int32($0) }
    )
  }
}

/// One product by another, of a degree less.
private struct PolynomialProduct {
  let factor, column: Int32
}

/// Which products ``PolynomialFeatures`` makes.
public struct PolynomialFeaturesModel<Scalar: KernelScalar>: Transformer, FeatureNaming, Equatable, Codable {
  private let columnCount: Int
  /// Of each product, the one that it is made of and the column that it is multiplied by; the first product is 1, of none.
  private let factors, columns: [Int32]
  /// The products that are columns of the result.
  private let made: [Int32]

  init(columnCount: Int, factors: [Int32], columns: [Int32], made: [Int32]) {
    (self.columnCount, self.factors, self.columns, self.made) = (columnCount, factors, columns, made)
  }

  /// How often each column occurs in each product. Shape (products, columns), in scikit-learn `powers_`.
  public var powers: Tensor<Int32> {
    var powers = Tensor<Int32>(zeros: [made.count, columnCount])
    for (row, product) in made.enumerated() {
      var product = Int(product)
      while factors[product] >= 0 {
        powers[row, Int(columns[product])] += 1
        product = Int(factors[product])
      }
    }
    return powers
  }

  /// The products of each row. Shape (rows, products).
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(rows products).
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func transform(_ x: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try x.check(columns: columnCount)
    let (width, rows, columnCount) = (made.count, x.rowCount, columnCount)
    var result = Tensor<Scalar>(zeros: [rows, width])
    let (factors, columns, made) = (factors.map { Int($0) }, columns.map { Int($0) }, made.map { Int($0) })
    var products = [Scalar](repeating: 1, count: factors.count)
    result.withUnsafeMutableBufferPointer { result in
      x.withUnsafeBufferPointer { x in
        for row in 0..<rows {
          for product in 1..<max(1, factors.count) {
            products[product] = products[factors[product]] * x[row * columnCount + columns[product]]
          }
          for (place, product) in made.enumerated() { result[row * width + place] = products[product] }
        }
      }
    }
    return result
  }

  /// Names such as `1`, `a`, `a b` and `a^2`.
  public func featureNames(in columns: [String]?) -> [String] {
    let names = columnNames(columns, columnCount)
    let powers = powers
    return made.indices.map { row in
      let factors = names.indices.filter { powers[row, $0] > 0 }.map { column in
        powers[row, column] > 1 ? "\(names[column])^\(powers[row, column])" : names[column]
      }
      return factors.isEmpty ? "1" : factors.joined(separator: " ")
    }
  }
}

extension PolynomialFeaturesModel: StorableModel {
  public static var fileKind: String { "polynomial features of \(Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard columnCount >= 0, factors.count == columns.count, factors.first == -1 else { return "products do not fit" }
    for product in factors.indices.dropFirst() {
      guard 0..<product ~= Int(factors[product]), 0..<columnCount ~= Int(columns[product]) else {
        return "a product has no such factor"
      }
    }
    return made.allSatisfy { 0..<factors.count ~= Int($0) } ? nil : "there is no such product"
  }
}
