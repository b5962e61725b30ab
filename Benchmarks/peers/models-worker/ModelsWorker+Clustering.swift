import Farro
import FarroModels

extension ModelsWorker {
  static func clustering<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "fit_kmeans": { problem in
        let estimator = KMeans<Scalar>(
          nClusters: problem.parameters.number("k"),
          nInit: 1,
          maxIterations: 20,
          tolerance: 0
        )
        return try problem.fitting({ try estimator.fit($0.x) }, { model, _ in [model.centers] })
      }
    ]
  }
}
