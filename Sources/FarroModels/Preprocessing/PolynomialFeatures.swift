import Farro
import FarroData

/// Makes columns of the products of columns: of a and b also 1, a², a b and b².
///
/// ```swift
/// let pairs = PolynomialFeatures<CSRMatrix<Float>>(interactionOnly: true, includeBias: false)
/// ```
///
/// Products stand in the order of their degrees, those of one degree in the order of their columns. Dense rows become dense ones,
/// sparse rows sparse ones. Names and defaults are those of scikit-learn's `PolynomialFeatures`, except that there is a least
/// degree of its own.
public struct PolynomialFeatures<Input: ScalableRows>: Estimator, Hashable {
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

  /// Which products there are of so many columns.
  ///
  /// - Throws: ``ModelError`` for no rows, for what is no number, for degrees that do not fit, and for more than 2²⁴ products, or
  ///   2³¹ of sparse rows.
  /// - Complexity: O(elements).
  public func fit(_ x: Input) throws -> PolynomialFeaturesModel<Input> {
    try checkRange(leastDegree, "leastDegree", atLeast: 1)
    try checkRange(degree, "degree", atLeast: 1)
    guard degree <= PolynomialProducts.greatestDegree else {
      throw ModelError.parameter(
        name: "degree",
        reason: "must be at most \(PolynomialProducts.greatestDegree), not \(degree)"
      )
    }
    guard leastDegree <= degree else {
      throw ModelError.parameter(name: "leastDegree", reason: "\(leastDegree) is more than degree, \(degree)")
    }
    try x.checkFinite()
    guard x.rowCount > 0 else { throw ModelError.rows(0, needed: 1) }
    let products = PolynomialProducts(
      columnCount: x.columnCount,
      degrees: leastDegree...degree,
      interactionOnly: interactionOnly,
      includeBias: includeBias
    )
    let most = PolynomialFeaturesModel<Input>.mostColumns
    guard products.isWithin(most) else {
      throw ModelError.parameter(
        name: "degree",
        reason: "\(x.columnCount) columns have more than \(most) products of \(degree)"
      )
    }
    return PolynomialFeaturesModel(products: products)
  }
}

/// Which products ``PolynomialFeatures`` makes.
public struct PolynomialFeaturesModel<Input: ScalableRows>: Transformer, FeatureNaming, Equatable, Codable {
  private let products: PolynomialProducts

  init(products: PolynomialProducts) { self.products = products }

  /// The most columns that are made.
  static var mostColumns: Int { Input.isSparse ? Int(Int32.max) - 1 : 1 << 24 }

  /// How often each column occurs in each product. Shape (products, columns), in scikit-learn `powers_`.
  public var powers: Tensor<Int32> {
    var powers = Tensor<Int32>(zeros: [products.count, products.columnCount])
    products.forEach(of: Array(0..<products.columnCount)) { place, factors in
      for column in factors { powers[place, column] += 1 }
    }
    return powers
  }

  /// The products of each row. Shape (rows, products).
  ///
  /// - Throws: ``ModelError`` for other columns, and for what is no number.
  /// - Complexity: O(rows products), of sparse rows the products of their elements alone.
  public func transform(_ x: Input) throws -> Input {
    try x.check(columns: products.columnCount)
    return x.productsOfColumns(products)
  }

  /// Names such as `1`, `a`, `a b` and `a^2`.
  public func featureNames(in columns: [String]?) -> [String] {
    let names = columnNames(columns, products.columnCount)
    var made: [String] = []
    products.forEach(of: Array(names.indices)) { _, factors in
      var parts: [String] = []
      var rest = factors[...]
      while let column = rest.first {
        let power = rest.prefix { $0 == column }.count
        parts.append(power > 1 ? "\(names[column])^\(power)" : names[column])
        rest = rest.dropFirst(power)
      }
      made.append(parts.isEmpty ? "1" : parts.joined(separator: " "))
    }
    return made
  }
}

extension PolynomialFeaturesModel: StorableModel {
  public static var fileKind: String { "polynomial features of \(Input.Scalar.dtype.rawValue)" }
  public static var fileVersion: Int { 1 }

  public var flaw: String? {
    guard 0...Int(Int32.max) ~= products.columnCount, products.degrees.lowerBound >= 1,
      products.degrees.upperBound <= PolynomialProducts.greatestDegree
    else { return "products do not fit" }
    return products.isWithin(Self.mostColumns) ? nil : "there are too many products"
  }
}
