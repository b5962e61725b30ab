// The only ways from a tensor to its memory.

extension Tensor {
  /// Calls `body` with the elements in row-major order. The pointer is valid only during the call.
  @inline(__always)
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeBufferPointer(start: storage.base + offset, count: count))
    }
  }

  /// Calls `body` with the elements in row-major order, to be changed. If another tensor shares them, they are copied
  /// first. The pointer is valid only during the call.
  @inline(__always)
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    return try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeMutableBufferPointer(start: storage.base + offset, count: count))
    }
  }

  /// Makes this tensor the only one that sees its elements.
  @inline(__always)
  mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { copyStorage() }
  }

  private mutating func copyStorage() {
    let copy = TensorStorage<Scalar>(uninitialized: count)
    copy.base.initialize(from: storage.base + offset, count: count)
    storage = copy
    offset = 0
  }
}

// C kernels come in pairs, one per element type; these hand a generic pointer to the one that a `switch` on `dtype` chose.
extension UnsafePointer {
  var f32: UnsafePointer<Float> { UnsafeRawPointer(self).assumingMemoryBound(to: Float.self) }
  var f64: UnsafePointer<Double> { UnsafeRawPointer(self).assumingMemoryBound(to: Double.self) }
}

extension UnsafeMutablePointer {
  var f32: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self) }
  var f64: UnsafeMutablePointer<Double> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Double.self) }
}
