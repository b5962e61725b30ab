import CKernels

/// A matrix laid out once for the kernels of this machine, to be the right factor of many products.
///
/// ```swift
/// let weights = PackedMatrix(layer.weights, transposed: true)   // stored as (outputs, inputs)
/// let hidden = matmul(x, weights, epilogue: Epilogue(bias: layer.bias, activation: .gelu))
/// ```
///
/// It never changes, and any number of threads may use it at once. It keeps to the instruction set that was current when it
/// was made (see ``withInstructionSet(_:_:)``).
///
/// `@unchecked Sendable`: C only reads what the pointer leads to, and it is released when nobody holds the object.
public final class PackedMatrix<Scalar: TensorScalar>: @unchecked Sendable {
  /// The rows k and columns n of the factor.
  public let shape: [Int]

  let packed: OpaquePointer

  /// Packs `op(b)` by a function of C.
  init(
    _ b: Tensor<Scalar>,
    transposed: Bool,
    by pack: (_ k: Int, _ n: Int, UnsafePointer<Scalar>, _ stored: Int, inout OpaquePointer?) -> farro_status
  ) {
    require(b.rank == 2, "PackedMatrix: \(b.shape) is not the shape of a matrix")
    let shape = transposed ? [b.shape[1], b.shape[0]] : b.shape
    self.shape = shape
    packed = b.withUnsafeBufferPointer {
      var result: OpaquePointer?
      check(pack(shape[0], shape[1], $0.baseAddress!, b.shape[1], &result), "PackedMatrix")
      return result!
    }
  }

  deinit { farro_packed_release(packed) }

  /// The bytes that it holds.
  public var bytes: Int { farro_packed_bytes(packed) }
}

extension PackedMatrix where Scalar: KernelScalar {
  /// Packs `op(b)`; `b` itself is not needed any more.
  ///
  /// - Parameters:
  ///   - b: Shape (k, n), or (n, k) when `transposed`.
  ///   - transposed: Whether `b` is given with its axes exchanged.
  /// - Precondition: `b` has two axes.
  /// - Complexity: O(k n).
  public convenience init(_ b: Tensor<Scalar>, transposed: Bool = false) {
    self.init(b, transposed: transposed) { k, n, b, stored, result in
      switch Scalar.dtype {
      case .f32: farro_pack_f32(k, n, transposed, b.f32, stored, &result)
      default: farro_pack_f64(k, n, transposed, b.f64, stored, &result)
      }
    }
  }
}

/// The product `op(a) b` with a packed factor, batched over leading axes of `a`.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`; or (k).
///   - b: Of the shape (k, n).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n); (n) when `a` is a vector.
/// - Precondition: the shapes agree as above.
/// - Complexity: O(batch m n k).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: PackedMatrix<Scalar>,
  transposeA: Bool = false,
  epilogue: Epilogue<Scalar>? = nil
) -> Tensor<Scalar> {
  let product = MatrixProduct(a.shape, b.shape, transposeA, false)
  let shape = product.resultShape(a.shape, b.shape)
  epilogue?.checkShapes(forResult: shape)
  return Tensor(unsafeUninitializedShape: shape) { product.multiply(1, a, b, 0, $0.baseAddress!, epilogue) }
}

/// `c = alpha op(a) b + beta c`, as ``matmul(_:_:transposeA:epilogue:)->Tensor<Scalar>`` into a tensor that exists.
///
/// With `beta` 0 (the default), `c` is overwritten without being read.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`; or (k).
///   - b: Of the shape (k, n).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - alpha: What the product is multiplied by.
///   - beta: What the old `c` is multiplied by.
///   - epilogue: What becomes of that sum before it is written; `nil` leaves it as it is.
///   - c: Shape (..., m, n); (n) when `a` is a vector.
/// - Precondition: `c` has the shape of the product.
/// - Complexity: O(batch m n k).
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
public func matmul<Scalar: KernelScalar>(
  _ a: Tensor<Scalar>,
  _ b: PackedMatrix<Scalar>,
  transposeA: Bool = false,
  alpha: Scalar = 1,
  beta: Scalar = 0,
  epilogue: Epilogue<Scalar>? = nil,
  into c: inout Tensor<Scalar>
) {
  let product = MatrixProduct(a.shape, b.shape, transposeA, false)
  if !product.hasResultShape(c.shape, a.shape, b.shape) { failResult(product, a.shape, b.shape, c.shape) }
  epilogue?.checkShapes(forResult: c.shape)
  c.withUnsafeMutableBufferPointer { product.multiply(alpha, a, b, beta, $0.baseAddress!, epilogue) }
}

extension MatrixProduct {
  /// With a packed matrix: B is one matrix, so that there is one call.
  fileprivate func multiply<Scalar: KernelScalar>(
    _ alpha: Scalar,
    _ a: Tensor<Scalar>,
    _ b: PackedMatrix<Scalar>,
    _ beta: Scalar,
    _ c: UnsafeMutablePointer<Scalar>,
    _ epilogue: Epilogue<Scalar>?
  ) {
    a.withUnsafeBufferPointer { a in
      withExtendedLifetime(b) {
        let (a, packed) = (a.baseAddress!, RightOperand<Scalar>.packed(b.packed))
        if let epilogue {
          epilogue.withUnsafeEpilogue(of: self) { fuse(alpha, a, packed, beta, c, $0) }
        } else {
          fuse(alpha, a, packed, beta, c, farro_epilogue())
        }
      }
    }
  }
}
