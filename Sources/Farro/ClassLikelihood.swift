import CKernels

/// How likely a row is in each class, as a constant and a sum over columns, of which naive Bayes is made.
package struct ClassLikelihood<Scalar: KernelScalar> {
  package enum Terms {
    /// Minus half of `((x - mean) factor)²`, of means of shape (classes, d).
    case normal(means: Tensor<Scalar>)
    /// `factor` where x exceeds the threshold.
    case flags(threshold: Double)
    /// `x factor`
    case products
  }

  /// What rows tell on the way.
  package struct Finding {
    /// Whether no likelihood is NaN and every row has one that is finite: false wherever an element is NaN or infinite.
    package var isFinite = true
    /// The least of 0 and, of products, all elements.
    package var least = 0.0
  }

  let terms: Terms
  let factors: Tensor<Scalar>
  let constants: [Double]

  /// - Parameters:
  ///   - terms: What is added for each column.
  ///   - factors: Shape (classes, d).
  ///   - constants: One for each class.
  package init(_ terms: Terms, factors: Tensor<Scalar>, constants: [Double]) {
    require(factors.shape.count == 2 && factors.shape[0] == constants.count, "ClassLikelihood: \(factors.shape)")
    (self.terms, self.factors, self.constants) = (terms, factors, constants)
  }

  /// The likelihoods of n rows of d columns, shape (n, classes), in one pass over them.
  package func values(of x: Tensor<Scalar>) -> (Tensor<Scalar>, Finding) {
    var finding = Finding()
    let values = Tensor<Scalar>(unsafeUninitializedShape: [x.shape[0], constants.count]) {
      finding = run(x, $0.baseAddress!, nil)
    }
    return (values, finding)
  }

  /// The class of the highest likelihood of each row, the first of equal ones, in one pass over the rows; NaN is never highest.
  package func best(of x: Tensor<Scalar>) -> ([Int32], Finding) {
    var finding = Finding()
    let best = [Int32](unsafeUninitializedCapacity: x.shape[0]) { best, count in
      count = x.shape[0]
      if count > 0 { finding = run(x, nil, best.baseAddress!) }
    }
    return (best, finding)
  }

  private func run(
    _ x: Tensor<Scalar>,
    _ values: UnsafeMutablePointer<Scalar>?,
    _ best: UnsafeMutablePointer<Int32>?
  ) -> Finding {
    let (columns, c) = (x.shape[1], constants)
    require(columns == factors.shape[1], "ClassLikelihood: \(x.shape) and \(factors.shape)")
    var shape = farro_class_shape(rows: x.shape[0], columns: columns, x_row: columns, class_count: c.count)
    var found = Finding()
    let status = x.withUnsafeBufferPointer { x in
      factors.withUnsafeBufferPointer { factors in
        let (x, f) = (x.baseAddress!, factors.baseAddress!)
        switch (terms, Scalar.dtype) {
        case (.normal(let means), .f32):
          return means.withUnsafeBufferPointer {
            farro_normal_likelihood_f32(
              &shape,
              x.f32,
              $0.baseAddress!.f32,
              f.f32,
              c,
              values?.f32,
              best,
              &found.isFinite
            )
          }
        case (.normal(let means), _):
          return means.withUnsafeBufferPointer {
            farro_normal_likelihood_f64(
              &shape,
              x.f64,
              $0.baseAddress!.f64,
              f.f64,
              c,
              values?.f64,
              best,
              &found.isFinite
            )
          }
        case (.flags(let t), .f32):
          return farro_flag_likelihood_f32(&shape, x.f32, t, f.f32, c, values?.f32, best, &found.isFinite)
        case (.flags(let t), _):
          return farro_flag_likelihood_f64(&shape, x.f64, t, f.f64, c, values?.f64, best, &found.isFinite)
        case (.products, .f32):
          return farro_product_likelihood_f32(
            &shape,
            x.f32,
            f.f32,
            c,
            values?.f32,
            best,
            &found.isFinite,
            &found.least
          )
        case (.products, _):
          return farro_product_likelihood_f64(
            &shape,
            x.f64,
            f.f64,
            c,
            values?.f64,
            best,
            &found.isFinite,
            &found.least
          )
        }
      }
    }
    check(status, "ClassLikelihood")
    return found
  }
}
