import Farro

/// The largest |actual - expected| / bound over all elements; a test asks that it be at most 1.
public func worstError<Scalar: KernelScalar>(
  _ actual: [Scalar],
  _ expected: [Scalar],
  bound: (Int) -> Double
) -> Double {
  precondition(actual.count == expected.count, "worstError: \(actual.count) against \(expected.count) elements")
  var worst = 0.0
  for i in actual.indices {
    let error = abs(Double(actual[i]) - Double(expected[i]))
    if error == 0 || (actual[i].isNaN && expected[i].isNaN) || actual[i] == expected[i] { continue }
    let ratio = error / bound(i)
    if ratio.isNaN { return .infinity }
    worst = max(worst, ratio)
  }
  return worst
}
