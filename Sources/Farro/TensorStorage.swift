import CKernels

/// Memory of one or several tensors, 64-byte aligned, from Farro's pool and back to it.
///
/// `@unchecked Sendable`: the elements are written only by a tensor that holds the sole reference to them.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  let count: Int

  /// Memory with undefined contents.
  @usableFromInline
  init(uninitialized count: Int) {
    let bytes = count * MemoryLayout<Scalar>.stride
    guard let memory = farro_allocate(bytes) else {
      stop("Tensor: no memory for \(bytes) bytes")
    }
    base = memory.bindMemory(to: Scalar.self, capacity: count)
    self.count = count
  }

  deinit { farro_release(base, count * MemoryLayout<Scalar>.stride) }
}
