import CKernels

/// The angles of rotary position embedding: pair j at position p is turned by p · base^(-j / pairs).
///
/// Made once, and used for every layer.
public struct RotaryTable<Scalar: KernelScalar>: Sendable {
  /// Cosines of the angles, (positions, pairs).
  public let cosines: Tensor<Scalar>
  /// Sines of the angles, (positions, pairs).
  public let sines: Tensor<Scalar>

  /// The positions 0..<`positions`.
  public var positions: Int { cosines.shape[0] }
  /// Pairs of elements that are turned.
  public var pairs: Int { cosines.shape[1] }

  /// The usual angles.
  ///
  /// - Parameters:
  ///   - positions: How many positions, from 0 on.
  ///   - dimensions: The elements of a row that are turned; even.
  ///   - base: What the slowest turn takes, about, in units of the fastest.
  /// - Precondition: no number is negative, `dimensions` is even and `base` positive.
  /// - Complexity: O(positions dimensions).
  public init(positions: Int, dimensions: Int, base: Double = 10_000) {
    require(
      positions >= 0 && dimensions >= 0 && dimensions % 2 == 0 && base > 0,
      "RotaryTable: \(positions) positions, \(dimensions) dimensions and the base \(base)"
    )
    let pairs = dimensions / 2
    var sines = Tensor<Scalar>(unsafeUninitializedShape: [positions, pairs]) { _ in }
    cosines = Tensor(unsafeUninitializedShape: [positions, pairs]) { cosines in
      sines.withUnsafeMutableBufferPointer { sines in
        let (c, s) = (cosines.baseAddress!, sines.baseAddress!)
        let status =
          switch Scalar.dtype {
          case .f32: farro_rotary_table_f32(0, positions, pairs, base, c.f32, s.f32)
          default: farro_rotary_table_f64(0, positions, pairs, base, c.f64, s.f64)
          }
        check(status, "RotaryTable")
      }
    }
    self.sines = sines
  }

  /// Angles of another kind, as scaled variants of the embedding use.
  ///
  /// - Precondition: both have the shape (positions, pairs).
  public init(cosines: Tensor<Scalar>, sines: Tensor<Scalar>) {
    require(
      cosines.rank == 2 && cosines.shape == sines.shape,
      "RotaryTable: cosines \(cosines.shape) and sines \(sines.shape) must both be (positions, pairs)"
    )
    (self.cosines, self.sines) = (cosines, sines)
  }
}

/// Which elements of a row are turned together.
public enum RotaryPairing: Sendable {
  /// Element j and element j + pairs.
  case halves
  /// Elements 2 j and 2 j + 1.
  case neighbours
}

/// Turns the pairs of each row by the angles of its position, so that products of queries and keys depend on how far apart
/// they stand.
///
/// Source: J. Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021.
///
/// - Parameters:
///   - x: Shape (batch, heads, time, d), or as `layout` says; leading axes may be missing. Elements behind the table's
///     pairs are copied.
///   - table: The angles.
///   - position: The position of each item's first row.
///   - positions: Instead, the position of every row, (batch, time) in row-major order.
///   - pairing: Which elements form a pair.
///   - inverse: Whether to turn back, which is also the gradient.
///   - layout: The order of the axes.
/// - Returns: The shape of `x`.
/// - Precondition: the positions are in the table, and its pairs fit a row.
/// - Complexity: O(`x.count`).
public func rotaryEmbedding<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ table: RotaryTable<Scalar>,
  position: Int = 0,
  positions: [Int]? = nil,
  pairing: RotaryPairing = .halves,
  inverse: Bool = false,
  layout: AttentionLayout = .headsFirst
) -> Tensor<Scalar> {
  let plan = RotaryPlan(x.shape, table, position, positions, pairing, inverse, layout)
  return Tensor(unsafeUninitializedShape: x.shape) { y in
    x.withUnsafeBufferPointer { plan.rotate(table, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``rotaryEmbedding(_:_:position:positions:pairing:inverse:layout:)`` into a tensor that exists.
///
/// - Precondition: `y` has the shape of `x`.
/// - Complexity: O(`x.count`).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rotaryEmbedding<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ table: RotaryTable<Scalar>,
  position: Int = 0,
  positions: [Int]? = nil,
  pairing: RotaryPairing = .halves,
  inverse: Bool = false,
  layout: AttentionLayout = .headsFirst,
  into y: inout Tensor<Scalar>
) {
  let plan = RotaryPlan(x.shape, table, position, positions, pairing, inverse, layout)
  requireSameShape(x, y, "rotaryEmbedding")
  y.withUnsafeMutableBufferPointer { y in
    x.withUnsafeBufferPointer { plan.rotate(table, $0.baseAddress!, y.baseAddress!) }
  }
}

/// ``rotaryEmbedding(_:_:position:positions:pairing:inverse:layout:)`` in place.
///
/// - Complexity: O(`x.count`), and a copy when another tensor shares the elements.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func rotaryEmbedding<Scalar: KernelScalar>(
  inPlace x: inout Tensor<Scalar>,
  _ table: RotaryTable<Scalar>,
  position: Int = 0,
  positions: [Int]? = nil,
  pairing: RotaryPairing = .halves,
  inverse: Bool = false,
  layout: AttentionLayout = .headsFirst
) {
  let plan = RotaryPlan(x.shape, table, position, positions, pairing, inverse, layout)
  x.withUnsafeMutableBufferPointer { plan.rotate(table, $0.baseAddress!, $0.baseAddress!) }
}

/// A checked call of rotary embedding.
struct RotaryPlan {
  private var shape = farro_rotary_shape()
  private let positions: [Int]?

  init<Scalar>(
    _ x: [Int],
    _ table: RotaryTable<Scalar>,
    _ position: Int,
    _ positions: [Int]?,
    _ pairing: RotaryPairing,
    _ inverse: Bool,
    _ layout: AttentionLayout
  ) {
    require((2...4).contains(x.count), "rotaryEmbedding: \(x) must have two to four axes")
    let axes = AttentionAxes(x, layout)
    require(
      2 * table.pairs <= axes.d,
      "rotaryEmbedding: the \(table.pairs) pairs of the table do not fit the rows of \(x)"
    )
    if let positions {
      require(
        positions.count == axes.batch * axes.time && positions.allSatisfy { (0..<table.positions).contains($0) },
        "rotaryEmbedding: \(positions) are not positions of the rows of \(x) in a table of \(table.positions)"
      )
    } else {
      require(
        position >= 0 && position + axes.time <= table.positions,
        "rotaryEmbedding: \(x) from position \(position) on goes beyond the table's \(table.positions)"
      )
    }
    (shape.batch, shape.heads, shape.rows, shape.d) = (axes.batch, axes.heads, axes.time, axes.d)
    (shape.pairs, shape.interleaved, shape.inverse) = (table.pairs, pairing == .neighbours, inverse)
    (shape.x, shape.y, shape.table_rows, shape.first) = (axes.strides, axes.strides, table.positions, position)
    self.positions = positions
  }

  func rotate<Scalar: KernelScalar>(
    _ table: RotaryTable<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    withCall(table) { shape, cosines, sines in
      switch Scalar.dtype {
      case .f32: farro_rotary_f32(shape, cosines.f32, sines.f32, x.f32, y.f32)
      default: farro_rotary_f64(shape, cosines.f64, sines.f64, x.f64, y.f64)
      }
    }
  }

  func rotateByReference<Scalar: KernelScalar>(
    _ table: RotaryTable<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    withCall(table) { shape, cosines, sines in
      switch Scalar.dtype {
      case .f32: farro_rotary_reference_f32(shape, cosines.f32, sines.f32, x.f32, y.f32)
      default: farro_rotary_reference_f64(shape, cosines.f64, sines.f64, x.f64, y.f64)
      }
    }
  }

  private func withCall<Scalar: KernelScalar>(
    _ table: RotaryTable<Scalar>,
    _ body: (UnsafePointer<farro_rotary_shape>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> farro_status
  ) {
    var shape = shape
    let status = withOptionalPointer(positions) { positions in
      shape.position = positions
      return table.cosines.withUnsafeBufferPointer { cosines in
        table.sines.withUnsafeBufferPointer { sines in body(&shape, cosines.baseAddress!, sines.baseAddress!) }
      }
    }
    check(status, "rotaryEmbedding")
  }
}
