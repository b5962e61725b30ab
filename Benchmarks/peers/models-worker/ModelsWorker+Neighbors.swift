import Farro
import FarroModels

extension ModelsWorker {
  static func neighbors<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "predict_brute_neighbors": { try $0.predicting(KNeighborsClassifier<Tensor<Scalar>>(algorithm: .brute)) },
      "fit_neighbor_tree": { try $0.fitting(KNeighborsClassifier<Tensor<Scalar>>(algorithm: .kdTree)) },
      "predict_neighbor_tree": { try $0.predicting(KNeighborsClassifier<Tensor<Scalar>>(algorithm: .kdTree)) },
    ]
  }
}
