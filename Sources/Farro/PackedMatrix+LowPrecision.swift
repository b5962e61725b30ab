import CKernels

// MARK: - 16 bits

extension PackedMatrix where Scalar: HalfScalar {
  /// Packs `op(b)`; `b` itself is not needed any more.
  ///
  /// - Parameters:
  ///   - b: Shape (k, n), or (n, k) when `transposed`.
  ///   - transposed: Whether `b` is given with its axes exchanged.
  /// - Precondition: `b` has two axes.
  /// - Complexity: O(k n).
  public convenience init(_ b: Tensor<Scalar>, transposed: Bool = false) {
    self.init(b, transposed: transposed) { k, n, b, stored, result in
      (Scalar.dtype == .bf16 ? farro_pack_bf16 : farro_pack_f16)(k, n, transposed, b.as(UInt16.self), stored, &result)
    }
  }
}

/// The product `op(a) b` of 16-bit numbers with a packed factor, accumulated in `Float` and rounded once at the end.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Of the shape (k, n).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - epilogue: What becomes of the product, in `Float`, before it is rounded; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: `a` has at least two axes, and the shapes agree as above.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: PackedMatrix<Half>,
  transposeA: Bool = false,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Half> {
  let product = matrixProduct(a.shape, b.shape, transposeA, false)
  return product.result(a.shape, b.shape, epilogue) { c, epilogue in
    let kernel = Half.dtype == .bf16 ? farro_matmul_packed_bf16 : farro_matmul_packed_f16
    product.forEachCall(a, b, c, epilogue) { kernel($0, 1, $1.as(UInt16.self), b.packed, 0, $2.as(UInt16.self), $3) }
  }
}

/// The product of 16-bit numbers with a packed factor in `Float`, as it was accumulated.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Of the shape (k, n).
///   - type: `Float.self`.
///   - transposeA: Whether `a` is given with its last two axes exchanged.
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: `a` has at least two axes, and the shapes agree as above.
/// - Complexity: O(batch m n k).
public func matmul<Half: HalfScalar>(
  _ a: Tensor<Half>,
  _ b: PackedMatrix<Half>,
  as type: Float.Type,
  transposeA: Bool = false,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.shape, transposeA, false)
  return product.result(a.shape, b.shape, epilogue) { c, epilogue in
    let kernel = Half.dtype == .bf16 ? farro_matmul_packed_bf16_f32 : farro_matmul_packed_f16_f32
    product.forEachCall(a, b, c, epilogue) { kernel($0, 1, $1.as(UInt16.self), b.packed, 0, $2, $3) }
  }
}

extension MatrixProduct {
  /// Calls a kernel once for each index of the outer axes; B is packed, one for all.
  fileprivate func forEachCall<A, B, C>(
    _ a: Tensor<A>,
    _ b: PackedMatrix<B>,
    _ c: UnsafeMutableBufferPointer<C>,
    _ epilogue: farro_epilogue?,
    _ kernel: (
      UnsafePointer<farro_matmul_shape>, UnsafePointer<A>, UnsafeMutablePointer<C>, UnsafePointer<farro_epilogue>?
    ) -> farro_status
  ) {
    withExtendedLifetime(b) {
      withUnsafePointer(to: shape) { shape in
        a.withUnsafeBufferPointer { a in
          forEachCall(epilogue) { kernel(shape, a.baseAddress! + $0, c.baseAddress! + $2, $3) }
        }
      }
    }
  }
}

// MARK: - 8 bits

extension PackedMatrix where Scalar == Int8 {
  /// Packs `op(b)`, with the sums of its columns; `b` itself is not needed any more.
  ///
  /// - Parameters:
  ///   - b: Shape (k, n), or (n, k) when `transposed`.
  ///   - transposed: Whether `b` is given with its axes exchanged.
  /// - Precondition: `b` has two axes.
  /// - Complexity: O(k n).
  public convenience init(_ b: Tensor<Int8>, transposed: Bool = false) {
    self.init(b, transposed: transposed) { farro_pack_s8($0, $1, transposed, $2, $3, &$4) }
  }
}

/// The exact product of 8-bit integers with a packed factor.
///
/// - Parameters:
///   - a: Shape (..., m, k), or (..., k, m) when `transposeA`.
///   - b: Of the shape (k, n).
///   - transposeA: Whether `a` is given with its last two axes exchanged.
/// - Returns: Shape (..., m, n).
/// - Precondition: `a` has at least two axes, the shapes agree, and k is at most 65,793, beyond which 32 bits do not hold
///   every sum.
/// - Complexity: O(batch m n k).
public func matmul(_ a: Tensor<UInt8>, _ b: PackedMatrix<Int8>, transposeA: Bool = false) -> Tensor<Int32> {
  let product = matrixProduct(a.shape, b.shape, transposeA, false)
  let k = product.shape.k
  require(k <= 65_793, "matmul: sums of \(k) products of 8-bit integers do not fit 32 bits")
  return product.result(a.shape, b.shape, nil) { c, _ in
    product.forEachCall(a, b, c, nil) { shape, a, c, _ in
      farro_matmul_packed_u8s8_s32(shape, nil, nil, a, b.packed, c)
    }
  }
}

/// A quantized matrix, packed to be the right factor of many products.
///
/// ```swift
/// let weights = PackedQuantizedMatrix(quantize(layer.weights, to: Int8.self, axis: .row), transposed: true)
/// let hidden = matmul(quantize(x, to: UInt8.self, axis: .row), weights, epilogue: Epilogue(bias: layer.bias))
/// ```
public struct PackedQuantizedMatrix: Sendable {
  /// The integers.
  public let matrix: PackedMatrix<Int8>
  /// One positive number for the matrix, or one for each of its columns.
  public let scales: Tensor<Float>
  /// As many, each a value of `Int8`.
  public let zeroPoints: Tensor<Int32>

  /// Packs `op(b)`; `b` itself is not needed any more.
  ///
  /// - Parameters:
  ///   - b: Shape (k, n), quantized by tensor or by column; when `transposed`, shape (n, k), by tensor or by row.
  ///   - transposed: Whether `b` is given with its axes exchanged.
  /// - Precondition: `b` is of such a shape and axis, and k is at most 33,025, beyond which 32 bits do not hold every sum.
  /// - Complexity: O(k n).
  public init(_ b: QuantizedTensor<Int8>, transposed: Bool = false) {
    matrix = PackedMatrix(b.elements, transposed: transposed)
    requireQuantizedProduct(matrix.shape[0], .tensor, b.axis, alongK: transposed ? .column : .row)
    (scales, zeroPoints) = (b.scales, b.zeroPoints)
  }
}

/// The matrix product of what quantized tensors stand for, with a packed factor: exact sums of integers, then scaled.
///
/// Each element is within 3.01 u of the exact product of ``QuantizedTensor/dequantized()`` tensors, u = 2⁻²⁴.
///
/// - Parameters:
///   - a: Shape (..., m, k), quantized by tensor or by row.
///   - b: Of the shape (k, n).
///   - epilogue: What becomes of the product before it is written; `nil` leaves it as it is.
/// - Returns: Shape (..., m, n).
/// - Precondition: `a` has at least two axes, and shapes and axis of quantization are as above.
/// - Complexity: O(batch m n k).
public func matmul(
  _ a: QuantizedTensor<UInt8>,
  _ b: PackedQuantizedMatrix,
  epilogue: Epilogue<Float>? = nil
) -> Tensor<Float> {
  let product = matrixProduct(a.shape, b.matrix.shape, false, false)
  let shape = product.shape
  requireQuantizedProduct(shape.k, a.axis, .tensor, alongK: .row)
  return product.result(a.shape, b.matrix.shape, epilogue) { c, epilogue in
    b.withColumns { columns in
      withUnsafePointer(to: shape) { call in
        product.forEachCall(epilogue) { aOffset, _, cOffset, epilogue in
          a.withOperand(at: aOffset, rowLength: shape.lda, stride: shape.stride_a) { rows, a in
            let (a, c) = (a.as(UInt8.self), c.baseAddress! + cOffset)
            return farro_matmul_packed_u8s8_f32(call, rows, columns, a, b.matrix.packed, c, epilogue)
          }
        }
      }
    }
  }
}

extension PackedQuantizedMatrix {
  fileprivate func withColumns(_ body: (UnsafePointer<farro_quantized_operand>) -> Void) {
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        var columns = farro_quantized_operand(
          scale: scales.baseAddress,
          zero_point: zeroPoints.baseAddress,
          step: scales.count == 1 ? 0 : 1,
          stride: 0
        )
        body(&columns)
      }
    }
  }
}
