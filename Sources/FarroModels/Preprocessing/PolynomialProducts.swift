import Farro

/// The products of columns whose numbers of factors are within a range, in the order of these numbers and of the columns.
///
/// Nothing is listed: combinatorics tell where a product stands. Of those with k factors that begin alike, the ones stand before
/// whose next column is lower, and how many these are is a difference of two binomial coefficients.
public struct PolynomialProducts: Hashable, Codable, Sendable {
  let columnCount: Int
  let degrees: ClosedRange<Int>
  let interactionOnly: Bool
  let includeBias: Bool

  /// The greatest degree: a power of more is hardly ever a number.
  static var greatestDegree: Int { 1 << 10 }

  init(columnCount: Int, degrees: ClosedRange<Int>, interactionOnly: Bool, includeBias: Bool) {
    (self.columnCount, self.degrees) = (columnCount, degrees)
    (self.interactionOnly, self.includeBias) = (interactionOnly, includeBias)
  }

  /// How many columns a factor stands behind the one before it, at least.
  private var step: Int { interactionOnly ? 1 : 0 }

  /// How many products of a degree have no column below `first`; no less than `most` where there are that many.
  private func number(from first: Int, degree: Int, most: Int = .max) -> Int {
    let all = columnCount - first + (interactionOnly ? 0 : degree - 1)
    guard columnCount > first, degree <= all else { return degree == 0 ? 1 : 0 }
    // Each factor makes it larger, so that no intermediate result is above the last.
    var result = 1
    for factor in 0..<min(degree, all - degree) where result < most { result = result * (all - factor) / (factor + 1) }
    return result
  }

  /// Whether all products up to the greatest degree, and the 1, are at most so many.
  ///
  /// - Precondition: `most` and ``columnCount`` are below 2³².
  func isWithin(_ most: Int) -> Bool {
    var all = includeBias ? 1 : 0
    for degree in 1...degrees.upperBound where all <= most { all += number(from: 0, degree: degree, most: most + 1) }
    return all <= most
  }

  /// How many products there are.
  var count: Int { degrees.reduce(includeBias ? 1 : 0) { $0 + number(from: 0, degree: $1) } }

  /// Calls `body` for each product of some columns.
  ///
  /// - Parameters:
  ///   - columns: They ascend.
  ///   - body: Its arguments are the place of the product among all, which ascends, and which of `columns` its factors are.
  /// - Complexity: O(products of `columns`).
  @inline(__always)
  func forEach(of columns: [Int], _ body: (_ place: Int, _ factors: [Int]) -> Void) {
    if includeBias { body(0, []) }
    var first = includeBias ? 1 : 0
    for degree in degrees {
      // The places of the products that begin as this one, by how many factors are looked at.
      var places = [Int](repeating: first, count: degree + 1)
      var factors = [Int](repeating: -1, count: degree)
      var depth = 0
      while depth >= 0 {
        factors[depth] += 1
        // As many columns must follow as factors do.
        guard factors[depth] < columns.count - step * (degree - depth - 1) else {
          depth -= 1
          continue
        }
        let least = depth == 0 ? 0 : columns[factors[depth - 1]] + step
        places[depth + 1] =
          places[depth] + number(from: least, degree: degree - depth)
          - number(from: columns[factors[depth]], degree: degree - depth)
        if depth == degree - 1 {
          body(places[degree], factors)
        } else {
          depth += 1
          factors[depth] = factors[depth - 1] + step - 1
        }
      }
      first += number(from: 0, degree: degree)
    }
  }

  /// Of each product up to the greatest degree, the 1 being the first: the one of a degree less that it is made of, and its last
  /// column.
  var table: (factors: [Int], columns: [Int]) {
    var (factors, columns) = ([-1], [-step])
    var first = 0
    for _ in 1...degrees.upperBound {
      let last = factors.count
      for factor in first..<last {
        let least = columns[factor] + step
        for column in least..<max(least, columnCount) {
          factors.append(factor)
          columns.append(column)
        }
      }
      first = last
    }
    return (factors, columns)
  }
}

extension Tensor where Scalar: KernelScalar {
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func productsOfColumns(_ products: PolynomialProducts) -> Tensor {
    let (width, rows, columnCount) = (products.count, shape[0], shape[1])
    var result = Tensor(zeros: [rows, width])
    let (factors, columns) = products.table
    let bias = products.includeBias ? 1 : 0
    let firstMade = factors.count - (width - bias)
    var row = [Scalar](repeating: 1, count: factors.count)
    result.withUnsafeMutableBufferPointer { result in
      withUnsafeBufferPointer { x in
        for number in 0..<rows {
          for product in 1..<Swift.max(1, factors.count) {
            row[product] = row[factors[product]] * x[number * columnCount + columns[product]]
          }
          if bias > 0 { result[number * width] = 1 }
          for place in bias..<width { result[number * width + place] = row[firstMade + place - bias] }
        }
      }
    }
    return result
  }
}

extension CSRMatrix {
  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func productsOfColumns(_ products: PolynomialProducts) -> CSRMatrix {
    var (offsets, indices, values): ([Int64], [Int32], [Scalar]) = ([0], [], [])
    offsets.reserveCapacity(rows + 1)
    for row in 0..<rows {
      let places = elementsOfRow(row)
      products.forEach(of: places.map { Int(self.indices[$0]) }) { place, factors in
        indices.append(Int32(place))
        values.append(factors.reduce(1) { $0 * self.values[places.lowerBound + $1] })
      }
      offsets.append(Int64(indices.count))
    }
    return CSRMatrix(unchecked: rows, products.count, offsets, indices, values)
  }
}
