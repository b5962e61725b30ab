/// A dense array of any rank: a value, row-major, copied on write.
///
/// Elements lie contiguously, the last axis fastest. A slice along the leading axis (``subscript(_:)-(Range<Int>)``)
/// shares the elements of the tensor that it comes from until one of the two is changed.
///
/// ```swift
/// var a = Tensor<Float>(zeros: [2, 3])
/// a[0, 1] = 5
/// print(a.shape, a[0, 1])  // [2, 3] 5.0
/// ```
public struct Tensor<Scalar: TensorScalar>: Sendable {
  var storage: TensorStorage<Scalar>
  var offset: Int

  /// The length of each axis; empty for a scalar.
  public internal(set) var shape: [Int]

  /// The number of elements: the product of ``shape``.
  public let count: Int
}

// MARK: - Creation

extension Tensor {
  /// A tensor whose elements `body` writes, all of them, in row-major order.
  ///
  /// - Complexity: O(1) besides `body`; the memory is not cleared.
  public init(
    unsafeUninitializedShape shape: [Int],
    initializingWith body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows {
    let count = Tensor.checkedCount(shape)
    let storage = TensorStorage<Scalar>(uninitialized: count)
    try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
    self.init(storage: storage, offset: 0, shape: shape, count: count)
  }

  /// A tensor filled with one value.
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { $0.initialize(repeating: value) }
  }

  /// A tensor with the elements of `scalars` in row-major order.
  ///
  /// - Precondition: `scalars.count` is the product of `shape`.
  public init(_ scalars: some Collection<Scalar>, shape: [Int]) {
    precondition(
      scalars.count == Tensor.checkedCount(shape),
      "Tensor: \(scalars.count) elements cannot have the shape \(shape)"
    )
    self.init(unsafeUninitializedShape: shape) { _ = $0.initialize(from: scalars) }
  }

  /// The product of `shape`, which must fit in memory.
  static func checkedCount(_ shape: [Int]) -> Int {
    var count = 1
    var overflow = false
    for length in shape {
      precondition(length >= 0, "Tensor: an axis cannot have a negative length: \(shape)")
      let product = count.multipliedReportingOverflow(by: length)
      count = product.partialValue
      overflow = overflow || product.overflow
    }
    let bytes = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.stride)
    precondition(shape.contains(0) || !(overflow || bytes.overflow), "Tensor: the shape \(shape) exceeds memory")
    return shape.contains(0) ? 0 : count
  }
}

extension Tensor where Scalar: ExpressibleByIntegerLiteral {
  /// A tensor of zeros.
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }
}

// MARK: - Facts

extension Tensor {
  /// The number of axes.
  public var rank: Int { shape.count }
}
