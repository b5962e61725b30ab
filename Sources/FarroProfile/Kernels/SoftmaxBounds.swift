import Farro

/// The bounds of CKernels/include/softmax.h and loss.h for elements in -4 to 4, so that d and D are at most 8. Each has one
/// more rounding, that of the reference.
struct SoftmaxBounds<Scalar: KernelScalar> {
  static var spread: Double { 8 }

  let u = unitRoundoff(Scalar.self)
  /// h of the header: the most roundings that a term of a sum meets.
  let h: Double
  /// 6 V of the header.
  private let options: Double
  private let axis, inner: Int

  /// - Parameters:
  ///   - shape: (rows, columns), or (outer, axis, inner).
  ///   - isMasked: Whether elements are masked, without a temperature.
  init(_ shape: [Int], isMasked: Bool = false) {
    (axis, inner) = (shape[1], shape.count == 2 ? 1 : shape[2])
    let n = Double(axis)
    let within = shape.count == 2 ? min(n, 4096) / 8 + 8 : min(n, 64) + 4
    h = within + (Scalar.dtype == .f64 ? n / 64 : 0)
    options = isMasked ? 24 : 0
  }

  func softmax(_ y: Double) -> Double {
    (2 * Self.spread + options + h + 9) * u * y + Double(Scalar.leastNormalMagnitude)
  }

  func logSoftmax(_ y: Double) -> Double { (Self.spread + h + 12 + 4 * abs(y)) * u }

  func logSumExp(_ y: Double) -> Double { (Self.spread + h + 12 + 3 * abs(y)) * u }

  func softmaxBackward(
    _ gradY: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    _ gradX: Tensor<Scalar>
  ) -> (_ element: Int) -> Double {
    let (y, g, results) = (doubles(y), doubles(gradY), doubles(gradX))
    let sums = sums(g.indices.map { abs(y[$0] * g[$0]) })
    return { i in
      let all = (h + 4) * sums[sum(of: i)] + 4 * abs(g[i])
      return (all * y[i] + abs(results[i])) * u + Double(Scalar.leastNormalMagnitude)
    }
  }

  func logSoftmaxBackward(
    _ gradY: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    _ gradX: Tensor<Scalar>
  ) -> (_ element: Int) -> Double {
    let (shares, g) = (doubles(exp(y)), doubles(gradY))
    let sums = sums(g.map(abs))
    return { i in ((h + 6) * shares[i] * sums[sum(of: i)] + 5 * abs(g[i])) * u }
  }

  /// The sum along the axis that element i is a term of.
  private func sum(of i: Int) -> Int { i / (axis * inner) * inner + i % inner }

  private func sums(_ terms: [Double]) -> [Double] {
    terms.indices.reduce(into: [Double](repeating: 0, count: terms.count / axis)) { $0[sum(of: $1)] += terms[$1] }
  }
}
