import Farro

/// Dense or sparse rows whose columns can be scaled and multiplied and whose rows can be normalized: `Tensor` and `CSRMatrix`.
public protocol ScalableRows: MatrixRows {
  /// Whether elements that are not stored are 0, and stay so: such rows are scaled, but not shifted.
  static var isSparse: Bool { get }

  /// The columns shifted and scaled; sparse ones only scaled.
  ///
  /// - Precondition: `scaling` has as many columns.
  /// - Complexity: O(elements).
  func scaled(by scaling: ColumnScaling) -> Self

  /// The least and the greatest element of each column, zeros included.
  ///
  /// - Complexity: O(elements).
  func rangesOfColumns() -> ColumnRanges

  /// Quantiles of each column, zeros included, as numpy's `quantile` gives them.
  ///
  /// - Complexity: O(elements); of sparse rows O(rows columns).
  func quantilesOfColumns(_ probabilities: [Double]) -> [[Double]]

  /// The mean and the standard deviation of each column, zeros included.
  ///
  /// - Parameter weights: How much each row counts; 1 when nil.
  /// - Complexity: O(elements).
  func momentsOfColumns(weights: Tensor<Double>?) -> ColumnMoments

  /// Elements beyond a range become its bounds, which 0 lies between for sparse rows.
  ///
  /// - Complexity: O(elements).
  func clipped(to range: ClosedRange<Scalar>) -> Self

  /// Each row divided by its length; rows of zeros stay.
  ///
  /// - Complexity: O(elements).
  func normalizedRows(_ norm: VectorNorm) -> Self

  /// 1 for each element that is greater than the threshold, and 0 for all others.
  ///
  /// - Complexity: O(elements).
  func binarized(threshold: Scalar) -> Self

  /// The products of each row's elements.
  ///
  /// - Precondition: they are of as many columns.
  /// - Complexity: O(products); of sparse rows those of elements that are stored.
  func productsOfColumns(_ products: PolynomialProducts) -> Self
}

/// What the length of a row is.
public enum VectorNorm: String, Codable, Sendable, CaseIterable {
  /// The sum of the magnitudes.
  case l1
  /// The root of the sum of the squares.
  case l2
  /// The largest magnitude.
  case max

  /// What a row's elements are to be divided by; 1 for zeros. Squares neither overflow nor vanish.
  func divisor<Scalar: KernelScalar>(_ row: UnsafeBufferPointer<Scalar>) -> Double {
    var (largest, sum, squares) = (0.0, 0.0, 0.0)
    for element in row {
      let magnitude = abs(Double(element))
      largest = Swift.max(largest, magnitude)
      sum += magnitude
      squares += magnitude * magnitude
    }
    if largest == 0 { return 1 }
    switch self {
    case .l1: return sum
    case .max: return largest
    case .l2:
      if 1e-100...1e100 ~= largest { return squares.squareRoot() }
      squares = row.reduce(0) { $0 + (Double($1) / largest) * (Double($1) / largest) }
      return squares.squareRoot() * largest
    }
  }
}

extension Tensor: ScalableRows where Scalar: KernelScalar {
  public static var isSparse: Bool { false }
  public func scaled(by scaling: ColumnScaling) -> Tensor { scaleColumns(self, by: scaling) }
  public func rangesOfColumns() -> ColumnRanges { Farro.columnRanges(self) }
  public func quantilesOfColumns(_ probabilities: [Double]) -> [[Double]] { Farro.columnQuantiles(self, probabilities) }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func momentsOfColumns(weights: Tensor<Double>?) -> ColumnMoments {
    guard let weights else { return Farro.columnMoments(self) }
    let columns = shape[1]
    let weight = weights.scalars
    let all = weight.reduce(0, +)
    var (mean, squares) = ([Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns))
    var drift = squares
    withUnsafeBufferPointer { x in
      for (row, weight) in weight.enumerated() where weight > 0 {
        for column in 0..<columns { mean[column] += weight * Double(x[row * columns + column]) }
      }
      for column in 0..<columns { mean[column] /= all }
      for (row, weight) in weight.enumerated() where weight > 0 {
        for column in 0..<columns {
          let difference = Double(x[row * columns + column]) - mean[column]
          squares[column] += weight * difference * difference
          drift[column] += weight * difference
        }
      }
    }
    return moments(mean, zip(squares, drift).map { ($0 - $1 * $1 / all) / all })
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func clipped(to range: ClosedRange<Scalar>) -> Tensor {
    map { Swift.min(Swift.max($0, range.lowerBound), range.upperBound) }
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func normalizedRows(_ norm: VectorNorm) -> Tensor {
    var result = self
    let (rows, columns) = (shape[0], shape[1])
    result.withUnsafeMutableBufferPointer { elements in
      for row in 0..<rows {
        divide(UnsafeMutableBufferPointer(rebasing: elements[row * columns..<(row + 1) * columns]), norm)
      }
    }
    return result
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func binarized(threshold: Scalar) -> Tensor { map { $0 > threshold ? 1 : 0 } }
}

extension CSRMatrix: ScalableRows {
  public static var isSparse: Bool { true }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func scaled(by scaling: ColumnScaling) -> CSRMatrix {
    let factors = scaling.factor
    var values = values
    for place in values.indices { values[place] = Scalar(Double(values[place]) * factors[Int(indices[place])]) }
    return CSRMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func rangesOfColumns() -> ColumnRanges {
    let counts = countsOfColumns
    // Where an element is not stored, 0 is one of them.
    var minimum = counts.map { $0 < rows ? 0 : Double.infinity }
    var maximum = counts.map { $0 < rows ? 0 : -Double.infinity }
    for (place, column) in indices.enumerated() {
      minimum[Int(column)] = min(minimum[Int(column)], Double(values[place]))
      maximum[Int(column)] = max(maximum[Int(column)], Double(values[place]))
    }
    return ColumnRanges(minimum: minimum, maximum: maximum)
  }

  private var countsOfColumns: [Int] {
    var counts = [Int](repeating: 0, count: columns)
    for column in indices { counts[Int(column)] += 1 }
    return counts
  }

  public func quantilesOfColumns(_ probabilities: [Double]) -> [[Double]] {
    let turned = transposed()
    var quantiles = probabilities.map { _ in [Double](repeating: 0, count: columns) }
    for column in 0..<columns {
      let stored = turned.values[turned.elementsOfRow(column)]
      let all = Tensor(stored + repeatElement(0, count: rows - stored.count), shape: [rows, 1])
      for (place, quantile) in Farro.columnQuantiles(all, probabilities).enumerated() {
        quantiles[place][column] = quantile[0]
      }
    }
    return quantiles
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func momentsOfColumns(weights: Tensor<Double>?) -> ColumnMoments {
    let weight = weights?.scalars ?? [Double](repeating: 1, count: rows)
    let all = weight.reduce(0, +)
    var (mean, squares) = ([Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns))
    var (drift, stored) = (squares, squares)
    for row in 0..<rows {
      for place in elementsOfRow(row) { mean[Int(indices[place])] += weight[row] * Double(values[place]) }
    }
    for column in 0..<columns { mean[column] /= all }
    for row in 0..<rows {
      for place in elementsOfRow(row) {
        let column = Int(indices[place])
        let difference = Double(values[place]) - mean[column]
        squares[column] += weight[row] * difference * difference
        drift[column] += weight[row] * difference
        stored[column] += weight[row]
      }
    }
    for column in 0..<columns {
      let rest = all - stored[column]
      squares[column] += rest * mean[column] * mean[column]
      drift[column] -= rest * mean[column]
    }
    return moments(mean, zip(squares, drift).map { max(0, $0 - $1 * $1 / all) / all })
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func clipped(to range: ClosedRange<Scalar>) -> CSRMatrix {
    let values = values.map { Swift.min(Swift.max($0, range.lowerBound), range.upperBound) }
    return CSRMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func normalizedRows(_ norm: VectorNorm) -> CSRMatrix {
    var values = values
    values.withUnsafeMutableBufferPointer { values in
      for row in 0..<rows { divide(UnsafeMutableBufferPointer(rebasing: values[elementsOfRow(row)]), norm) }
    }
    return CSRMatrix(unchecked: rows, columns, offsets, indices, values)
  }

  @_specialize(where Scalar == Float)
  @_specialize(where Scalar == Double)
  public func binarized(threshold: Scalar) -> CSRMatrix {
    var (offsets, indices): ([Int64], [Int32]) = ([0], [])
    for row in 0..<rows {
      for place in elementsOfRow(row) where values[place] > threshold { indices.append(self.indices[place]) }
      offsets.append(Int64(indices.count))
    }
    return CSRMatrix(unchecked: rows, columns, offsets, indices, [Scalar](repeating: 1, count: indices.count))
  }
}

private func divide<Scalar: KernelScalar>(_ row: UnsafeMutableBufferPointer<Scalar>, _ norm: VectorNorm) {
  let divisor = norm.divisor(UnsafeBufferPointer(row))
  for place in row.indices { row[place] = Scalar(Double(row[place]) / divisor) }
}

/// Deviations of variances: 1 where rounding is all that there is of one.
private func moments(_ mean: [Double], _ variance: [Double]) -> ColumnMoments {
  ColumnMoments(
    mean: mean,
    deviation: zip(mean, variance).map { mean, variance in
      let rounding = 8 * abs(mean) * Double.ulpOfOne
      return variance <= rounding * rounding ? 1 : variance.squareRoot()
    }
  )
}
