import CKernels

/// The sum of each column over the rows of each class, shape (`classCount`, d), the sum of the weights of each class's rows, and the
/// least of 0 and all elements.
///
/// - Parameters:
///   - x: Shape (n, d).
///   - classes: The class of each row, from 0 to below `classCount`.
///   - weights: Shape (n); 1 when nil.
///   - threshold: If there is one, elements count as 1 where they exceed it and as 0 elsewhere, and none is the least.
package func classSums<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  classes: [Int32],
  classCount: Int,
  weights: Tensor<Double>?,
  threshold: Double?
) -> (sums: Tensor<Double>, total: [Double], least: Double) {
  let columns = x.shape[1]
  var shape = farro_class_shape(rows: x.shape[0], columns: columns, x_row: columns, class_count: classCount)
  var (sums, total, least) = (Tensor<Double>(zeros: [classCount, columns]), zeros(classCount), 0.0)
  let status = sums.withUnsafeMutableBufferPointer { sums in
    withPointers(weights, nil) { weights, _ in
      x.withUnsafeBufferPointer { x in
        withOptional(threshold.map { [$0] }) { threshold in
          let (x, sums) = (x.baseAddress!, sums.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_class_sums_f32(&shape, x.f32, classes, weights, threshold, sums, &total, &least)
          default: farro_class_sums_f64(&shape, x.f64, classes, weights, threshold, sums, &total, &least)
          }
        }
      }
    }
  }
  check(status, "classSums")
  return (sums, total, least)
}

/// The same of sparse rows.
package func classSums<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  classes: [Int32],
  classCount: Int,
  weights: Tensor<Double>?,
  threshold: Double?
) -> (sums: Tensor<Double>, total: [Double], least: Double) {
  var shape = farro_class_shape(rows: x.rows, columns: x.columns, x_row: x.columns, class_count: classCount)
  var (sums, total, least) = (Tensor<Double>(zeros: [classCount, x.columns]), zeros(classCount), 0.0)
  let status = sums.withUnsafeMutableBufferPointer { sums in
    withPointers(weights, nil) { weights, _ in
      x.values.withUnsafeBufferPointer { values in
        withOptional(threshold.map { [$0] }) { threshold in
          let (values, sums, w) = (values.baseAddress, sums.baseAddress!, weights)
          return switch Scalar.dtype {
          case .f32:
            farro_class_sums_csr_f32(
              &shape,
              x.offsets,
              x.indices,
              values?.f32,
              classes,
              w,
              threshold,
              sums,
              &total,
              &least
            )
          default:
            farro_class_sums_csr_f64(
              &shape,
              x.offsets,
              x.indices,
              values?.f64,
              classes,
              w,
              threshold,
              sums,
              &total,
              &least
            )
          }
        }
      }
    }
  }
  check(status, "classSums")
  return (sums, total, least)
}

private func zeros(_ count: Int) -> [Double] { Array(repeating: 0, count: count) }

/// The means and the variances of each column for each class, of shape (`classCount`, d), and the sums of the classes' weights.
package func classMoments<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  classes: [Int32],
  classCount: Int,
  weights: Tensor<Double>?
) -> (mean: Tensor<Double>, variance: Tensor<Double>, total: [Double]) {
  classMoments(x, classes, classCount, weights, f32: farro_class_moments_f32, f64: farro_class_moments_f64)
}

extension Reference {
  /// As ``classMoments(_:classes:classCount:weights:)``.
  package static func classMoments<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) -> (mean: Tensor<Double>, variance: Tensor<Double>, total: [Double]) {
    Farro.classMoments(
      x,
      classes,
      classCount,
      weights,
      f32: farro_class_moments_reference_f32,
      f64: farro_class_moments_reference_f64
    )
  }
}

private typealias ClassMoments<Scalar> = (
  UnsafePointer<farro_class_shape>?, UnsafePointer<Scalar>?, UnsafePointer<Int32>?, UnsafePointer<Double>?,
  UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?, UnsafeMutablePointer<Double>?
) -> farro_status

private func classMoments<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ classes: [Int32],
  _ classCount: Int,
  _ weights: Tensor<Double>?,
  f32: ClassMoments<Float>,
  f64: ClassMoments<Double>
) -> (mean: Tensor<Double>, variance: Tensor<Double>, total: [Double]) {
  let columns = x.shape[1]
  var shape = farro_class_shape(rows: x.shape[0], columns: columns, x_row: columns, class_count: classCount)
  var (mean, variance) = (Tensor<Double>(zeros: [classCount, columns]), Tensor<Double>(zeros: [classCount, columns]))
  var total = zeros(classCount)
  let status = mean.withUnsafeMutableBufferPointer { mean in
    variance.withUnsafeMutableBufferPointer { variance in
      withPointers(weights, nil) { weights, _ in
        x.withUnsafeBufferPointer { x in
          let (x, mean, variance) = (x.baseAddress!, mean.baseAddress!, variance.baseAddress!)
          return switch Scalar.dtype {
          case .f32: f32(&shape, x.f32, classes, weights, mean, variance, &total)
          default: f64(&shape, x.f64, classes, weights, mean, variance, &total)
          }
        }
      }
    }
  }
  check(status, "classMoments")
  return (mean, variance, total)
}

/// `x b + constants` of sparse rows, summed in double: shape (n, outputs).
///
/// - Parameters:
///   - x: Shape (n, d).
///   - b: Shape (d, outputs).
///   - constants: One for each output.
///   - threshold: If there is one, elements count as 1 where they exceed it and as 0 elsewhere, and none is the least.
package func sparseProduct<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ b: Tensor<Double>,
  constants: [Double],
  threshold: Double? = nil
) -> Tensor<Scalar> {
  require(b.shape == [x.columns, constants.count], "sparseProduct: \(x.shape) and \(b.shape)")
  return Tensor(unsafeUninitializedShape: [x.rows, constants.count]) { y in
    x.values.withUnsafeBufferPointer { values in
      b.withUnsafeBufferPointer { b in
        withOptional(threshold.map { [$0] }) { threshold in
          let (values, b, y) = (values.baseAddress, b.baseAddress!, y.baseAddress!)
          let outputs = constants.count
          let status =
            switch Scalar.dtype {
            case .f32:
              farro_csr_product_f32(
                x.rows,
                x.columns,
                x.offsets,
                x.indices,
                values?.f32,
                threshold,
                outputs,
                b,
                constants,
                y.f32
              )
            default:
              farro_csr_product_f64(
                x.rows,
                x.columns,
                x.offsets,
                x.indices,
                values?.f64,
                threshold,
                outputs,
                b,
                constants,
                y.f64
              )
            }
          check(status, "sparseProduct")
        }
      }
    }
  }
}
