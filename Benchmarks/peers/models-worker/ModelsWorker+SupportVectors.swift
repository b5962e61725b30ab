import Farro
import FarroModels

extension ModelsWorker {
  static func supportVectors<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    [
      "fit_svc": { try $0.fitting(SVC<Scalar>()) },
      "predict_svc": { try $0.predicting(SVC<Scalar>()) },
      "fit_svr": { try $0.fitting(SVR<Scalar>()) },
      "fit_linear_svc": { try $0.fitting(LinearSVC<Tensor<Scalar>>()) },
      "fit_linear_svc_hinge": { try $0.fitting(LinearSVC<Tensor<Scalar>>(loss: .hinge)) },
      "fit_linear_svr": { try $0.fitting(LinearSVR<Tensor<Scalar>>(c: 0.1)) },
    ]
  }
}
