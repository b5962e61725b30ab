import CKernels

/// What least squares found, in double for every element type.
package struct LeastSquaresSolution {
  /// Coefficients of one output after another.
  package var coefficients: [Double]
  /// One for each output.
  package var intercepts: [Double]
  /// Descending; empty if they were not asked for.
  package var singularValues: [Double]
  /// How many singular values exceed the tolerance.
  package var rank: Int
  /// Whether all elements, and their sums, are finite; if not, nothing else was computed.
  package var isFinite: Bool
}

/// Least squares, with a penalty of the squared coefficients for each output if `penalties` are given.
///
/// - Parameters:
///   - x: Shape (n, d).
///   - y: Shape (n, outputs).
///   - positive: Whether coefficients are at least 0; there are no singular values then.
///   - tolerance: Singular values of at most this part of the largest count as 0.
package func solveLeastSquares<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ y: Tensor<Scalar>,
  weights: Tensor<Double>?,
  penalties: [Double]?,
  intercept: Bool,
  positive: Bool = false,
  tolerance: Double,
  singularValues: Bool
) -> LeastSquaresSolution {
  let (rows, columns, outputs) = (x.shape[0], x.shape[1], y.shape[1])
  var shape = farro_least_squares_shape(
    rows: rows,
    columns: columns,
    outputs: outputs,
    x_row: columns,
    y_row: outputs,
    intercept: intercept,
    positive: positive,
    tolerance: tolerance
  )
  var result = farro_least_squares_result()
  var coefficients = [Double](repeating: 0, count: outputs * columns)
  var intercepts = [Double](repeating: 0, count: outputs)
  var singular = [Double](repeating: 0, count: min(rows, columns))
  let status = withPointers(weights, nil) { weights, _ in
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        withOptional(penalties) { penalties in
          singular.withUnsafeMutableBufferPointer { singular in
            let (x, y, singular) = (x.baseAddress!, y.baseAddress!, singularValues ? singular.baseAddress : nil)
            return switch Scalar.dtype {
            case .f32:
              farro_least_squares_f32(
                &shape,
                x.f32,
                y.f32,
                weights,
                penalties,
                &coefficients,
                &intercepts,
                singular,
                &result
              )
            default:
              farro_least_squares_f64(
                &shape,
                x.f64,
                y.f64,
                weights,
                penalties,
                &coefficients,
                &intercepts,
                singular,
                &result
              )
            }
          }
        }
      }
    }
  }
  check(status, "solveLeastSquares")
  return LeastSquaresSolution(
    coefficients: coefficients,
    intercepts: intercepts,
    singularValues: singularValues ? singular : [],
    rank: Int(result.rank),
    isFinite: result.finite
  )
}

/// The same of sparse rows, by conjugate gradients.
package func solveLeastSquares<Scalar: KernelScalar>(
  _ x: CSRMatrix<Scalar>,
  _ y: Tensor<Scalar>,
  weights: Tensor<Double>?,
  penalties: [Double]?,
  intercept: Bool,
  tolerance: Double,
  maximumIterations: Int
) -> LeastSquaresSolution {
  let outputs = y.shape[1]
  var shape = farro_least_squares_shape(
    rows: x.rows,
    columns: x.columns,
    outputs: outputs,
    x_row: x.columns,
    y_row: outputs,
    intercept: intercept,
    positive: false,
    tolerance: tolerance
  )
  var result = farro_least_squares_result()
  var coefficients = [Double](repeating: 0, count: outputs * x.columns)
  var intercepts = [Double](repeating: 0, count: outputs)
  let status = withPointers(weights, nil) { weights, _ in
    x.values.withUnsafeBufferPointer { values in
      y.withUnsafeBufferPointer { y in
        withOptional(penalties) { penalties in
          let (values, y) = (values.baseAddress, y.baseAddress!)
          return switch Scalar.dtype {
          case .f32:
            farro_sparse_least_squares_f32(
              &shape,
              x.offsets,
              x.indices,
              values?.f32,
              y.f32,
              weights,
              penalties,
              maximumIterations,
              &coefficients,
              &intercepts,
              &result
            )
          default:
            farro_sparse_least_squares_f64(
              &shape,
              x.offsets,
              x.indices,
              values?.f64,
              y.f64,
              weights,
              penalties,
              maximumIterations,
              &coefficients,
              &intercepts,
              &result
            )
          }
        }
      }
    }
  }
  check(status, "solveLeastSquares")
  return LeastSquaresSolution(
    coefficients: coefficients,
    intercepts: intercepts,
    singularValues: [],
    rank: Int(result.rank),
    isFinite: result.finite
  )
}

func withOptional<Element, Result>(_ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Result) -> Result {
  guard let array else { return body(nil) }
  return array.withUnsafeBufferPointer { body($0.baseAddress) }
}

// MARK: - Products and eigenvalues

/// The sum over rows of the products of centred columns: shape (d, d).
///
/// - Parameters:
///   - x: Shape (n, d).
///   - weights: Shape (n).
///   - groups: Which of the centers each row has.
///   - centers: For each group, as many as columns.
package func centeredProducts<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Double>?,
  groups: [Int32],
  centers: [Double]
) -> Tensor<Double> {
  centeredProducts(x, weights, groups, centers, f32: farro_cross_products_f32, f64: farro_cross_products_f64)
}

extension Reference {
  /// As ``centeredProducts(_:weights:groups:centers:)``.
  package static func centeredProducts<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    weights: Tensor<Double>?,
    groups: [Int32],
    centers: [Double]
  ) -> Tensor<Double> {
    Farro.centeredProducts(
      x,
      weights,
      groups,
      centers,
      f32: farro_cross_products_reference_f32,
      f64: farro_cross_products_reference_f64
    )
  }
}

private typealias CrossProducts<Scalar> = (
  UnsafePointer<farro_cross_shape>?, UnsafePointer<Scalar>?, UnsafePointer<Scalar>?, UnsafePointer<Double>?,
  UnsafePointer<Int32>?, UnsafePointer<Double>?, UnsafePointer<Double>?, UnsafeMutablePointer<Double>?
) -> farro_status

private func centeredProducts<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  _ weights: Tensor<Double>?,
  _ groups: [Int32],
  _ centers: [Double],
  f32: CrossProducts<Float>,
  f64: CrossProducts<Double>
) -> Tensor<Double> {
  let (rows, columns) = (x.shape[0], x.shape[1])
  var shape = farro_cross_shape(
    rows: rows,
    columns: columns,
    outputs: 0,
    x_row: columns,
    y_row: 0,
    groups: columns == 0 ? 1 : centers.count / columns,
    wide: true
  )
  var products = Tensor<Double>(zeros: [columns + 1, columns + 1])
  let factors = [Double](repeating: 1, count: columns)
  let status = products.withUnsafeMutableBufferPointer { products in
    withPointers(weights, nil) { weights, _ in
      x.withUnsafeBufferPointer { x in
        let (x, products) = (x.baseAddress!, products.baseAddress!)
        return switch Scalar.dtype {
        case .f32: f32(&shape, x.f32, nil, weights, groups, centers, factors, products)
        default: f64(&shape, x.f64, nil, weights, groups, centers, factors, products)
        }
      }
    }
  }
  check(status, "centeredProducts")
  return Tensor((0..<columns).flatMap { products[row: $0].scalars[..<columns] }, shape: [columns, columns])
}

/// The eigenvalues of a symmetric matrix, ascending, and the eigenvectors as rows in their order, each with its largest element
/// positive.
///
/// - Precondition: `a` is square, and finite.
package func symmetricEigen(_ a: Tensor<Double>) -> (values: [Double], vectors: Tensor<Double>) {
  let n = a.shape[0]
  var vectors = a
  var values = [Double](repeating: 0, count: n)
  let status = vectors.withUnsafeMutableBufferPointer {
    farro_symmetric_eigen_f64(n, $0.baseAddress!, n, true, &values)
  }
  check(status, "symmetricEigen")
  return (values, vectors)
}
