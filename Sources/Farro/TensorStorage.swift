import CKernels

/// Memory of one or several tensors, 64-byte aligned, from Farro's pool and back to it.
///
/// `@unchecked Sendable`: the elements are written only by a tensor that holds the sole reference to them.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int

  /// Memory with undefined contents.
  @inlinable
  init(uninitialized count: Int) {
    base = allocateMemory(count * MemoryLayout<Scalar>.stride).bindMemory(to: Scalar.self, capacity: count)
    self.count = count
  }

  deinit { farro_release(base, count * MemoryLayout<Scalar>.stride) }
}

@usableFromInline
func allocateMemory(_ bytes: Int) -> UnsafeMutableRawPointer {
  guard let memory = farro_allocate(bytes) else { stop("Tensor: no memory for \(bytes) bytes") }
  return memory
}
