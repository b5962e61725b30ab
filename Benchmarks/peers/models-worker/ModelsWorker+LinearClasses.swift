import Farro
import FarroModels

extension ModelsWorker {
  static func linearClasses<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    let logistic: Maker<Scalar> = { problem in
      let estimator = LogisticRegression<Tensor<Scalar>>()
      return try problem.fitting({ try $0.fit(estimator) }, { model, _ in [model.coefficients, model.intercepts] })
    }
    return [
      "fit_logistic": logistic,
      "fit_logistic_newton": logistic,
      "predict_logistic": { try $0.predicting(LogisticRegression<Tensor<Scalar>>()) },
      "fit_sgd": { try $0.fitting(SGDClassifier<Tensor<Scalar>>(loss: .log, maxIterations: 5, tolerance: nil)) },
    ]
  }
}
