import CKernels

/// Memory of one or several tensors: 64-byte aligned, from Farro's pool and back to it; or lent by an owner, and then never
/// written.
///
/// `@unchecked Sendable`: the elements are written only by a tensor that holds the sole reference to them.
@usableFromInline
final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Scalar>
  @usableFromInline let count: Int
  /// Who keeps the memory, when it is not the pool's.
  @usableFromInline let owner: (any AnyObject & Sendable)?

  /// Memory with undefined contents.
  @inlinable
  init(uninitialized count: Int) {
    base = allocateMemory(count * MemoryLayout<Scalar>.stride).bindMemory(to: Scalar.self, capacity: count)
    self.count = count
    owner = nil
  }

  init(lent base: UnsafePointer<Scalar>, count: Int, by owner: any AnyObject & Sendable) {
    self.base = UnsafeMutablePointer(mutating: base)
    self.count = count
    self.owner = owner
  }

  deinit { if owner == nil { farro_release(base, count * MemoryLayout<Scalar>.stride) } }
}

@usableFromInline
func allocateMemory(_ bytes: Int) -> UnsafeMutableRawPointer {
  guard let memory = farro_allocate(bytes) else { stop("Tensor: no memory for \(bytes) bytes") }
  return memory
}
