import Farro
import FarroModels

/// The numbers of a case in LinearGolden.
func linearGolden(_ name: String) -> [Double] { linearCases[name] ?? [] }

private let linearCases: [String: [Double]] = Dictionary(
  uniqueKeysWithValues: LinearGolden.text.split(separator: "\n").map { line in
    let words = line.split(separator: " ")
    return (String(words[0]), words.dropFirst().map { Double($0)! })
  }
)

/// The largest difference, in parts of the largest number of `golden`; infinite for another number of numbers.
func relativeError(_ actual: [Double], _ golden: some Collection<Double>) -> Double {
  guard actual.count == golden.count else { return .infinity }
  let scale = golden.reduce(0) { max($0, abs($1)) }
  let worst = zip(actual, golden).reduce(0.0) { abs($1.0 - $1.1) <= $0 ? $0 : abs($1.0 - $1.1) }
  return worst == 0 ? 0 : worst / max(scale, .leastNormalMagnitude)
}

extension Tensor where Scalar: KernelScalar {
  var doubles: [Double] { Tensor<Double>(casting: self).scalars }
}

/// Weights of 0, 1/2 and 1, as in Tests/Golden/linear.py.
func goldenWeights(_ count: Int) -> Tensor<Double> { Tensor((0..<count).map { Double($0 % 3) / 2 }) }

/// The rows 0, step, 2 step and so on.
func everyRow<Scalar: KernelScalar>(_ x: Tensor<Scalar>, _ step: Int) -> Tensor<Scalar> {
  x[rows: Array(stride(from: 0, to: x.shape[0], by: step))]
}
