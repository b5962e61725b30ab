import Farro

/// Rows times coefficients of the shape (outputs, columns), plus the intercepts: shape (n, outputs).
func linearScores<Input: NumericRows>(
  _ x: Input,
  _ coefficients: Tensor<Input.Scalar>,
  _ intercepts: Tensor<Input.Scalar>
) -> Tensor<Input.Scalar> {
  x.denseOrSparse(
    { x in
      guard intercepts.count == 1 else {
        return matmul(x, coefficients, transposeB: true, epilogue: Epilogue(bias: intercepts))
      }
      return (matmul(x, coefficients.reshaped([x.shape[1]])) + intercepts[0]).reshaped([x.shape[0], 1])
    },
    { x in
      let factors = Tensor<Double>(casting: coefficients.transposed())
      return sparseProduct(x, factors, constants: intercepts.scalars.map { Double($0) })
    }
  )
}

/// The class of the highest score in each row; of one score, the second class where it is positive.
func classesOfScores<Scalar: KernelScalar>(_ scores: Tensor<Scalar>) -> [Int32] {
  if scores.rank == 1 || scores.shape[1] == 1 { return scores.scalars.map { $0 > 0 ? 1 : 0 } }
  return scores.argmax(axis: 1).scalars.map { Int32($0) }
}

/// What is wrong with a linear model's numbers, if anything.
func linearFlaw<Scalar: KernelScalar>(
  _ coefficients: Tensor<Scalar>,
  _ intercepts: Tensor<Scalar>,
  outputs: Int
) -> String? {
  guard coefficients.rank == 2, coefficients.shape[0] == outputs, intercepts.shape == [outputs] else {
    return "coefficients of \(coefficients.shape) and intercepts of \(intercepts.shape) are not of \(outputs) outputs"
  }
  let areFinite = coefficients.scalars.allSatisfy(\.isFinite) && intercepts.scalars.allSatisfy(\.isFinite)
  return areFinite ? nil : "a coefficient is NaN or infinite"
}
