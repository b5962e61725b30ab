import CKernels

/// An 8-bit integer that quantization maps to: `UInt8` (quint8 of other libraries) or `Int8` (qint8). No
/// other type may conform.
public protocol QuantizedScalar: TensorScalar, FixedWidthInteger {}

extension UInt8: QuantizedScalar {}
extension Int8: QuantizedScalar {}

/// What shares a scale and a zero point. Rows run along the last axis; all leading axes count rows.
public enum QuantizationAxis: Sendable {
  /// Everything: one scale, one zero point.
  case tensor
  /// Each row has its own.
  case row
  /// Each column has its own.
  case column

  var code: farro_quantization_axis {
    switch self {
    case .tensor: FARRO_QUANTIZATION_TENSOR
    case .row: FARRO_QUANTIZATION_ROW
    case .column: FARRO_QUANTIZATION_COLUMN
    }
  }
}

/// Numbers stored as 8-bit integers: an integer q stands for (q - zero point) * scale.
public struct QuantizedTensor<Scalar: QuantizedScalar>: Sendable {
  /// The integers.
  public let elements: Tensor<Scalar>
  /// What shares a scale and a zero point.
  public let axis: QuantizationAxis
  /// One positive number for the tensor, for each row, or for each column.
  public let scales: Tensor<Float>
  /// As many, each a value of `Scalar`.
  public let zeroPoints: Tensor<Int32>

  /// Integers with what they stand for.
  ///
  /// - Precondition: there are as many scales and zero points as `axis` asks for, scales are positive and finite, and
  ///   zero points are values of `Scalar`.
  /// - Complexity: O(`scales.count`).
  public init(_ elements: Tensor<Scalar>, axis: QuantizationAxis, scales: Tensor<Float>, zeroPoints: Tensor<Int32>) {
    Self.requireParameters(of: elements.shape, axis, scales, zeroPoints)
    (self.elements, self.axis, self.scales, self.zeroPoints) = (elements, axis, scales, zeroPoints)
  }

  /// The length of each axis.
  public var shape: [Int] { elements.shape }

  /// The numbers that the integers stand for, each rounded once.
  ///
  /// - Complexity: O(count).
  public func dequantized() -> Tensor<Float> {
    Tensor(unsafeUninitializedShape: shape) { out in
      elements.withUnsafeBufferPointer { elements in
        withParameters(shape, axis, scales, zeroPoints) { shape, by in
          let (from, to) = (elements.baseAddress!, out.baseAddress!)
          if Scalar.isSigned {
            check(farro_dequantize_s8_to_f32(shape, by, from.as(Int8.self), to), "QuantizedTensor.dequantized")
          } else {
            check(farro_dequantize_u8_to_f32(shape, by, from.as(UInt8.self), to), "QuantizedTensor.dequantized")
          }
        }
      }
    }
  }

  fileprivate static func requireParameters(
    of shape: [Int],
    _ axis: QuantizationAxis,
    _ scales: Tensor<Float>,
    _ zeroPoints: Tensor<Int32>
  ) {
    let count = count(of: axis, in: shape)
    require(
      scales.shape == [count] && zeroPoints.shape == [count],
      "QuantizedTensor: \(shape) by \(axis) takes \(count) scales and zero points, "
        + "not \(scales.shape) and \(zeroPoints.shape)"
    )
    require(
      scales.withUnsafeBufferPointer { $0.allSatisfy { $0 > 0 && $0.isFinite } },
      "QuantizedTensor: a scale is not positive and finite"
    )
    require(
      zeroPoints.withUnsafeBufferPointer { $0.allSatisfy { Scalar(exactly: $0) != nil } },
      "QuantizedTensor: a zero point is not a value of \(Scalar.self)"
    )
  }

  static func count(of axis: QuantizationAxis, in shape: [Int]) -> Int {
    let shape = quantizationShape(of: shape)
    return axis == .tensor ? 1 : axis == .row ? shape.rows : shape.columns
  }
}

/// Stores numbers as 8-bit integers, with scales and zero points chosen from their range.
///
/// The range always holds 0, which is then exact. An element is off by at most half a scale, at the two ends of an
/// asymmetric range by at most one. NaN becomes 0. An infinity widens the range to
/// the largest finite number, which leaves nothing of ordinary ones.
///
/// - Parameters:
///   - x: Rows along the last axis.
///   - type: `UInt8` or `Int8`.
///   - axis: What shares a scale: everything, each row, or each column.
///   - isSymmetric: Whether the range is as wide on both sides of 0; the zero point is then 0, for `UInt8` 128.
/// - Complexity: O(`x.count`).
public func quantize<Scalar: QuantizedScalar>(
  _ x: Tensor<Float>,
  to type: Scalar.Type = Scalar.self,
  axis: QuantizationAxis = .tensor,
  isSymmetric: Bool = false
) -> QuantizedTensor<Scalar> {
  let count = QuantizedTensor<Scalar>.count(of: axis, in: x.shape)
  var (scales, zeroPoints) = (Tensor<Float>(zeros: [count]), Tensor<Int32>(zeros: [count]))
  var shape = quantizationShape(of: x.shape)
  x.withUnsafeBufferPointer { x in
    scales.withUnsafeMutableBufferPointer { scales in
      zeroPoints.withUnsafeMutableBufferPointer { zeroPoints in
        let choose = Scalar.isSigned ? farro_choose_quantization_s8 : farro_choose_quantization_u8
        check(
          choose(&shape, axis.code, isSymmetric, x.baseAddress, scales.baseAddress, zeroPoints.baseAddress),
          "quantize"
        )
      }
    }
  }
  return quantize(x, to: type, axis: axis, scales: scales, zeroPoints: zeroPoints)
}

/// Stores numbers as 8-bit integers with scales and zero points that the caller knows:
/// q = x / scale + zero point, rounded to nearest even, saturated. NaN gives the zero point.
///
/// - Precondition: as of ``QuantizedTensor/init(_:axis:scales:zeroPoints:)``.
/// - Complexity: O(`x.count`).
public func quantize<Scalar: QuantizedScalar>(
  _ x: Tensor<Float>,
  to type: Scalar.Type = Scalar.self,
  axis: QuantizationAxis = .tensor,
  scales: Tensor<Float>,
  zeroPoints: Tensor<Int32>
) -> QuantizedTensor<Scalar> {
  QuantizedTensor<Scalar>.requireParameters(of: x.shape, axis, scales, zeroPoints)
  let shape = x.shape
  let elements = Tensor<Scalar>(unsafeUninitializedShape: shape) { out in
    x.withUnsafeBufferPointer { x in
      withParameters(shape, axis, scales, zeroPoints) { shape, by in
        let (from, to) = (x.baseAddress!, out.baseAddress!)
        if Scalar.isSigned {
          check(farro_quantize_f32_to_s8(shape, by, from, to.as(Int8.self)), "quantize")
        } else {
          check(farro_quantize_f32_to_u8(shape, by, from, to.as(UInt8.self)), "quantize")
        }
      }
    }
  }
  return QuantizedTensor(elements, axis: axis, scales: scales, zeroPoints: zeroPoints)
}

private func quantizationShape(of shape: [Int]) -> farro_quantization_shape {
  let (rows, columns) = (shape.dropLast().reduce(1, *), shape.last ?? 1)
  return farro_quantization_shape(rows: rows, columns: columns, x_row: columns, out_row: columns)
}

private func withParameters(
  _ shape: [Int],
  _ axis: QuantizationAxis,
  _ scales: Tensor<Float>,
  _ zeroPoints: Tensor<Int32>,
  _ body: (UnsafePointer<farro_quantization_shape>, UnsafePointer<farro_quantization>) -> Void
) {
  scales.withUnsafeBufferPointer { scales in
    zeroPoints.withUnsafeBufferPointer { zeroPoints in
      var by = farro_quantization(axis: axis.code, scale: scales.baseAddress, zero_point: zeroPoints.baseAddress)
      var shape = quantizationShape(of: shape)
      body(&shape, &by)
    }
  }
}
