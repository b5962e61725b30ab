import Farro
import FarroModels
import Foundation
import WorkerProtocol

extension ModelsWorker {
  static func neighbors<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "predict_brute_neighbors": besideSearch,
      "fit_neighbor_tree": { try $0.fitting(KNeighborsClassifier<Tensor<Scalar>>(algorithm: .kdTree)) },
      "predict_neighbor_tree": { try $0.predicting(KNeighborsClassifier<Tensor<Scalar>>(algorithm: .kdTree)) },
    ]
  }

  /// A row that tells, in how it runs, how many times as long the model takes as the search that it is made of.
  private static func besideSearch<Scalar: KernelScalar>(_ problem: Problem<Scalar>) throws -> Work {
    let classifier = KNeighborsClassifier<Tensor<Scalar>>(algorithm: .brute)
    let model = try problem.fit(classifier)
    var (search, prediction) = (Double.infinity, Double.infinity)
    for _ in 0..<9 {
      search = min(search, seconds { _ = nearestNeighbors(of: problem.held, in: problem.x, k: model.nNeighbors) })
      prediction = min(prediction, try seconds { _ = try model.predictClasses(problem.held) })
    }
    let ratio = String(format: "%.3f times the search alone", prediction / search)
    return try problem.predicting(classifier).telling(ratio)
  }
}

private func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let (seconds, attoseconds) = (ContinuousClock.now - start).components
  return Double(seconds) + Double(attoseconds) * 1e-18
}
