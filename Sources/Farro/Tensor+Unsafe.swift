// The only ways from a tensor to its memory.

extension Tensor {
  /// Calls `body` with the elements in row-major order. The pointer is valid only during the call.
  ///
  /// - Complexity: O(1) besides `body`.
  @inlinable @inline(__always)
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeBufferPointer(start: storage.base + offset, count: count))
    }
  }

  /// Calls `body` with the elements in row-major order, to be changed. If another tensor shares them, they are copied
  /// first. The pointer is valid only during the call.
  ///
  /// - Complexity: O(1) besides `body`; O(`count`) when another tensor shares the elements.
  @inlinable @inline(__always)
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    return try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeMutableBufferPointer(start: storage.base + offset, count: count))
    }
  }

  /// Makes this tensor the only one that sees its elements.
  @inlinable @inline(__always)
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) || storage.owner != nil { copyStorage() }
  }

  @usableFromInline
  mutating func copyStorage() {
    let copy = TensorStorage<Scalar>(uninitialized: count)
    copy.base.initialize(from: storage.base + offset, count: count)
    storage = copy
    offset = 0
  }

  /// A tensor over elements that `owner` keeps, unchanged, as long as it lives. They are copied when the tensor is changed.
  ///
  /// - Precondition: `elements` holds as many as `shape` says.
  package init(lent elements: UnsafeBufferPointer<Scalar>, by owner: any AnyObject & Sendable, shape: [Int]) {
    guard let base = elements.baseAddress, !elements.isEmpty else {
      self.init(unsafeUninitializedShape: shape) { _ in }
      return
    }
    let storage = TensorStorage(lent: base, count: elements.count, by: owner)
    self.init(storage: storage, offset: 0, shape: shape, count: elements.count)
  }

  /// The element at a position in row-major order, which the caller has checked.
  @inlinable @inline(__always)
  func scalar(at position: Int) -> Scalar {
    withExtendedLifetime(storage) { storage.base[offset + position] }
  }

  @inlinable @inline(__always)
  mutating func setScalar(_ scalar: Scalar, at position: Int) {
    makeUnique()
    withExtendedLifetime(storage) { storage.base[offset + position] = scalar }
  }

  /// Overwrites the elements from `position` on with all those of `other`; the caller has checked that they fit.
  mutating func copyElements(of other: Tensor, to position: Int) {
    makeUnique()
    withExtendedLifetime((storage, other.storage)) {
      (storage.base + offset + position).update(from: other.storage.base + other.offset, count: other.count)
    }
  }

  /// The same elements in another shape, or some of them, which the caller has checked.
  @inlinable
  func view(from position: Int, shape: [Int], count: Int) -> Tensor {
    Tensor(storage: storage, offset: offset + position, shape: shape, count: count)
  }
}

/// Calls `body` with the elements of tensors that may be missing.
///
/// Both at once, and no closure for each: every further one would retain and release its tensor.
@inline(__always)
func withPointers<Scalar, Result>(
  _ a: Tensor<Scalar>?,
  _ b: Tensor<Scalar>?,
  _ body: (UnsafePointer<Scalar>?, UnsafePointer<Scalar>?) -> Result
) -> Result {
  withExtendedLifetime((a, b)) {
    body(a.map { UnsafePointer($0.storage.base + $0.offset) }, b.map { UnsafePointer($0.storage.base + $0.offset) })
  }
}

/// Calls `body` with the elements, to be changed, of a tensor that may be missing.
func withMutablePointer<Scalar, Result>(
  _ tensor: inout Tensor<Scalar>?,
  _ body: (UnsafeMutablePointer<Scalar>?) -> Result
) -> Result {
  tensor?.makeUnique()
  return withExtendedLifetime(tensor) { body(tensor.map { $0.storage.base + $0.offset }) }
}

// C kernels come in pairs, one per element type; these hand a generic pointer or number to the one that a `switch` on
// `dtype` chose.
extension UnsafePointer {
  var f32: UnsafePointer<Float> { `as`(Float.self) }
  var f64: UnsafePointer<Double> { `as`(Double.self) }

  func `as`<Scalar>(_: Scalar.Type) -> UnsafePointer<Scalar> {
    UnsafeRawPointer(self).assumingMemoryBound(to: Scalar.self)
  }
}

extension UnsafeMutablePointer {
  var f32: UnsafeMutablePointer<Float> { `as`(Float.self) }
  var f64: UnsafeMutablePointer<Double> { `as`(Double.self) }

  func `as`<Scalar>(_: Scalar.Type) -> UnsafeMutablePointer<Scalar> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Scalar.self)
  }
}

extension KernelScalar {
  // A conversion `Float(self)` costs 50 ns where the type is not known to the compiler.
  var f32: Float { unsafeBitCast(self, to: Float.self) }
  var f64: Double { unsafeBitCast(self, to: Double.self) }
}
