/// A number, a boolean or nested rows of them in a literal: `let a: Tensor<Float> = [[1, 2], [3, 4]]`.
///
/// Only a step between such a literal and a ``Tensor``; for elements that are not literals, use an array:
/// `Tensor([[x, y], [z, 1]])`.
public struct TensorLiteral<Scalar: TensorScalar>: Sendable {
  let shape: [Int]
  let scalars: [Scalar]

  init(_ scalar: Scalar) {
    shape = []
    scalars = [scalar]
  }

  init(rows: [TensorLiteral]) {
    let rowShape = rows.first?.shape ?? []
    for (i, row) in rows.enumerated() {
      require(
        row.shape == rowShape,
        "Tensor: rows 0 and \(i) of a literal have different shapes: \(rowShape) and \(row.shape)"
      )
    }
    shape = [rows.count] + rowShape
    scalars = rows.flatMap(\.scalars)
  }
}

extension TensorLiteral: ExpressibleByArrayLiteral {
  /// Rows of one shape, one level of brackets deeper.
  ///
  /// - Precondition: all rows have the same shape.
  public init(arrayLiteral rows: TensorLiteral...) { self.init(rows: rows) }
}

extension TensorLiteral: ExpressibleByIntegerLiteral where Scalar: ExpressibleByIntegerLiteral {
  /// A number without brackets.
  public init(integerLiteral value: Scalar.IntegerLiteralType) { self.init(Scalar(integerLiteral: value)) }
}

extension TensorLiteral: ExpressibleByFloatLiteral where Scalar: ExpressibleByFloatLiteral {
  /// A number without brackets.
  public init(floatLiteral value: Scalar.FloatLiteralType) { self.init(Scalar(floatLiteral: value)) }
}

extension TensorLiteral: ExpressibleByBooleanLiteral where Scalar: ExpressibleByBooleanLiteral {
  /// A boolean without brackets.
  public init(booleanLiteral value: Scalar.BooleanLiteralType) { self.init(Scalar(booleanLiteral: value)) }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// A tensor with one axis per level of brackets: `[1, 2, 3]` has the shape [3], `[[1, 2], [3, 4]]` [2, 2].
  ///
  /// - Precondition: rows of one level have the same shape.
  /// - Complexity: O(`count` times `rank`).
  public init(arrayLiteral rows: TensorLiteral<Scalar>...) {
    let literal = TensorLiteral(rows: rows)
    self.init(literal.scalars, shape: literal.shape)
  }
}
