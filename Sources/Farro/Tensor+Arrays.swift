extension Tensor {
  /// A tensor of one axis with the elements of `scalars`.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public init(_ scalars: some Collection<Scalar>) { self.init(scalars, shape: [scalars.count]) }

  /// A matrix of shape (`rows.count`, `rows[0].count`); (0, 0) without rows.
  ///
  /// - Precondition: all rows have the same length.
  /// - Complexity: O(`count`).
  @inlinable
  public init(_ rows: [[Scalar]]) {
    let columns = rows.first?.count ?? 0
    for (i, row) in rows.enumerated() {
      require(
        row.count == columns,
        "Tensor: rows 0 and \(i) have different lengths: \(columns) and \(row.count)"
      )
    }
    self.init(unsafeUninitializedShape: [rows.count, columns]) { elements in
      for (i, row) in rows.enumerated() {
        _ = UnsafeMutableBufferPointer(rebasing: elements[(i * columns)..<((i + 1) * columns)]).initialize(from: row)
      }
    }
  }

  /// The elements in row-major order.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public var scalars: [Scalar] { withUnsafeBufferPointer { Array($0) } }
}

extension Array where Element: TensorScalar {
  /// The elements of a tensor in row-major order.
  ///
  /// - Complexity: O(`tensor.count`).
  @inlinable
  public init(_ tensor: Tensor<Element>) { self = tensor.scalars }
}

extension Tensor: Equatable {
  /// Whether both have the same shape and equal elements; as with numbers, NaN equals nothing.
  ///
  /// - Complexity: O(`count`).
  @inlinable
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape && a.hasEqualElements(b)
  }
}
