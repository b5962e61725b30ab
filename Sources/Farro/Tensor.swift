/// A dense array of any rank: a value, row-major, copied on write.
///
/// Elements lie contiguously, the last axis fastest. A slice along the leading axis (`a[2..<5]`, `a[row: 2]`) shares the
/// elements of the tensor that it comes from until one of the two is changed.
///
/// ```swift
/// var a: Tensor<Float> = [[1, 2, 3], [4, 5, 6]]
/// a[0, 1] = 5
/// print(a.shape, a[0, 1], a[row: 1])  // [2, 3] 5.0 [4.0, 5.0, 6.0]
/// ```
public struct Tensor<Scalar: TensorScalar>: Sendable {
  @usableFromInline var storage: TensorStorage<Scalar>
  @usableFromInline var offset: Int

  /// The length of each axis; empty for a scalar.
  public let shape: [Int]

  /// The number of elements: the product of ``shape``.
  public let count: Int

  @inlinable
  init(storage: TensorStorage<Scalar>, offset: Int, shape: [Int], count: Int) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.count = count
  }
}

// MARK: - Creation

extension Tensor {
  /// A tensor whose elements `body` writes, all of them, in row-major order.
  ///
  /// - Precondition: no axis has a negative length, and the elements fit in memory.
  /// - Complexity: O(1) besides `body`; the memory is not cleared.
  @inlinable
  public init(
    unsafeUninitializedShape shape: [Int],
    initializingWith body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void
  ) rethrows {
    self.init(uninitialized: shape, count: Tensor.checkedCount(shape))
    try body(UnsafeMutableBufferPointer(start: storage.base, count: count))
  }

  /// A tensor whose elements have yet to be written; `count` is the product of `shape`.
  @inlinable
  init(uninitialized shape: [Int], count: Int) {
    self.init(storage: TensorStorage(uninitialized: count), offset: 0, shape: shape, count: count)
  }

  /// A tensor filled with one value.
  ///
  /// - Precondition: no axis has a negative length, and the elements fit in memory.
  /// - Complexity: O(`count`).
  @inlinable
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(unsafeUninitializedShape: shape) { $0.initialize(repeating: value) }
  }

  /// A tensor with the elements of `scalars` in row-major order.
  ///
  /// - Precondition: `scalars.count` is the product of `shape`.
  /// - Complexity: O(`count`).
  @inlinable
  public init(_ scalars: some Collection<Scalar>, shape: [Int]) {
    let count = scalars.count
    require(
      count == Tensor.checkedCount(shape),
      "Tensor: \(count) elements cannot have the shape \(shape)"
    )
    self.init(unsafeUninitializedShape: shape) { elements in
      let (_, end) = elements.initialize(from: scalars)
      require(end == count, "Tensor: a collection said that it had \(count) elements, and has \(end)")
    }
  }

  /// The product of `shape`, which must fit in memory.
  @usableFromInline
  static func checkedCount(_ shape: [Int]) -> Int {
    var count = 1
    var overflow = false
    // Also of a tensor without elements the other lengths must have a product, for strides are made of it.
    for length in shape where length != 0 {
      require(length > 0, "Tensor: an axis cannot have a negative length: \(shape)")
      let product = count.multipliedReportingOverflow(by: length)
      count = product.partialValue
      overflow = overflow || product.overflow
    }
    let bytes = count.multipliedReportingOverflow(by: MemoryLayout<Scalar>.stride)
    require(!(overflow || bytes.overflow), "Tensor: the shape \(shape) exceeds memory")
    return shape.contains(0) ? 0 : count
  }
}

extension Tensor where Scalar: ExpressibleByIntegerLiteral {
  /// A tensor of zeros.
  ///
  /// - Precondition: no axis has a negative length, and the elements fit in memory.
  /// - Complexity: O(`count`).
  @inlinable
  public init(zeros shape: [Int]) { self.init(repeating: 0, shape: shape) }

  /// A tensor of ones.
  ///
  /// - Precondition: no axis has a negative length, and the elements fit in memory.
  /// - Complexity: O(`count`).
  @inlinable
  public init(ones shape: [Int]) { self.init(repeating: 1, shape: shape) }
}

// MARK: - Facts

extension Tensor {
  /// The number of axes.
  public var rank: Int { shape.count }
}
