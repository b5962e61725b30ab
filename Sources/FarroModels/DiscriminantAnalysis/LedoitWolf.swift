import Farro

/// How covariances are drawn towards a multiple of the identity.
public enum Shrinkage: Sendable, Codable, Hashable {
  /// By the part that Ledoit and Wolf's lemma finds for standardized columns.
  case automatic
  /// By a part, from 0 to 1.
  case fixed(Double)

  func check() throws(ModelError) {
    guard case .fixed(let part) = self, !(0...1 ~= part) else { return }
    throw .parameter(name: "shrinkage", reason: "must be between 0 and 1, not \(part)")
  }
}

/// The covariance of rows, of the shape (d, d), shrunk as asked for.
///
/// Source: O. Ledoit, M. Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices", Journal of Multivariate
/// Analysis 88, 2004.
func covariance<Scalar: KernelScalar>(of x: Tensor<Scalar>, mean: [Double], _ shrinkage: Shrinkage?) -> Tensor<Double> {
  let (n, d) = (Double(x.shape[0]), x.shape[1])
  let groups = [Int32](repeating: 0, count: x.shape[0])
  let empirical = centeredProducts(x, weights: nil, groups: groups, centers: mean) * (1 / n)
  switch shrinkage {
  case nil: return empirical
  case .fixed(let part): return shrunk(empirical, by: part)
  case .automatic:
    let deviation = (0..<d).map { empirical[$0, $0] > 0 ? empirical[$0, $0].squareRoot() : 1 }
    let scaling = ColumnScaling(center: mean, factor: deviation.map { 1 / $0 }, shift: mean.map { _ in 0 })
    let unit = outer(deviation.map { 1 / $0 })
    let correlation = empirical * unit
    // The sum over rows of their fourth powers of lengths.
    var fourths = 0.0
    for first in stride(from: 0, to: x.shape[0], by: 4096) {
      let rows = scaleColumns(Tensor<Double>(casting: x[first..<min(first + 4096, x.shape[0])]), by: scaling)
      let lengths = (rows * rows).sum(axis: 1)
      fourths += (lengths * lengths).sum()
    }
    let trace = (0..<d).reduce(0) { $0 + correlation[$1, $1] }
    let (mean, square) = (trace / Double(d), (correlation * correlation).sum())
    let spread = square / Double(d) - mean * mean
    let noise = min((fourths / n - square) / (Double(d) * n), spread)
    let part = noise > 0 && spread > 0 ? noise / spread : 0
    return shrunk(correlation, by: part) * outer(deviation)
  }
}

func shrunk(_ covariance: Tensor<Double>, by part: Double) -> Tensor<Double> {
  let d = covariance.shape[0]
  let mean = (0..<d).reduce(0) { $0 + covariance[$1, $1] } / Double(max(d, 1))
  var result = covariance * (1 - part)
  for j in 0..<d { result[j, j] += part * mean }
  return result
}

private func outer(_ a: [Double]) -> Tensor<Double> {
  Tensor(a, shape: [a.count, 1]) * Tensor(a, shape: [1, a.count])
}
