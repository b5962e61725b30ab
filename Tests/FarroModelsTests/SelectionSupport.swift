import Farro
import FarroModels

/// The nearest of the classes' means, drawn towards the mean of all rows by `shrinkage`; probabilities fall with the distance.
struct ShrunkenMean: ClassifierEstimator, Equatable {
  var shrinkage = 0.0
  var metric: Metric = .euclidean
  var refusesTwoClasses = false

  enum Metric: String, Codable, Sendable { case euclidean, manhattan }

  func fit(_ x: Tensor<Double>, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> Model {
    try x.checkFinite()
    guard classCount > 1, !(refusesTwoClasses && classCount == 2) else {
      throw ModelError.parameter(name: "classes", reason: "\(classCount) are too few")
    }
    guard shrinkage >= 0 else { throw ModelError.parameter(name: "shrinkage", reason: "must be at least 0") }
    let weights = weights?.scalars ?? x.mean(axis: 1).scalars.map { _ in 1 }
    let all = x.mean(axis: 0)
    let means = (0..<classCount).map { number -> [Double] in
      let rows = classes.indices.filter { classes[$0] == number }
      let total = rows.reduce(0) { $0 + weights[$1] }
      return (0..<x.columnCount).map { column in
        let mean = rows.reduce(0) { $0 + weights[$1] * x[$1, column] } / total
        return mean + shrinkage * (all[column] - mean)
      }
    }
    return Model(means: means, metric: metric)
  }

  struct Model: ProbabilisticClassModel, Equatable {
    let means: [[Double]]
    let metric: Metric
    var classCount: Int { means.count }

    private func distances(_ x: Tensor<Double>) -> [[Double]] {
      (0..<x.rowCount).map { row in
        means.map { mean in
          (0..<x.columnCount).reduce(0) { sum, column in
            let difference = x[row, column] - mean[column]
            return sum + (metric == .euclidean ? difference * difference : abs(difference))
          }
        }
      }
    }

    func predictClasses(_ x: Tensor<Double>) throws -> [Int32] {
      distances(x).map { Int32($0.firstIndex(of: $0.min()!)!) }
    }

    func predictProbabilities(_ x: Tensor<Double>) throws -> Tensor<Double> {
      let rows = distances(x).map { row in row.map { 1 / (1 + $0) } }
      return Tensor(rows.flatMap { row in row.map { $0 / row.reduce(0, +) } }, shape: [x.rowCount, classCount])
    }
  }
}

/// A multiple of one column: ridge regression without an intercept.
struct OneColumn: RegressorEstimator, Equatable {
  var column = 2
  var alpha: Double? = 1

  struct Model: Regressor, Equatable {
    let column: Int
    let slope: Double
    func predict(_ x: Tensor<Double>) throws -> Tensor<Double> {
      Tensor((0..<x.rowCount).map { x[$0, column] * slope })
    }
  }

  func fit(_ x: Tensor<Double>, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> Model {
    var (xy, xx) = (0.0, alpha ?? 0)
    for row in 0..<x.rowCount {
      let weight = weights?[row] ?? 1
      xy += weight * x[row, column] * y[row]
      xx += weight * x[row, column] * x[row, column]
    }
    return Model(column: column, slope: xy / xx)
  }
}
