import Farro
import FarroModels

extension ModelsWorker {
  static func boosting<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    func classifier(_ problem: Problem<Scalar>) -> HistGradientBoostingClassifier<Scalar> {
      HistGradientBoostingClassifier(maxIterations: problem.parameters.number("rounds"), earlyStopping: .never)
    }
    return [
      "fit_boosting_classifier": { problem in
        try problem.fitting({ try $0.fit(classifier($0)) }, { [try $0.predictProbabilities($1)] })
      },
      "predict_boosting_classifier": { try $0.predicting(classifier($0)) },
      "fit_boosting_regressor": { problem in
        try problem.fitting(
          HistGradientBoostingRegressor<Scalar>(
            maxIterations: problem.parameters.number("rounds"),
            earlyStopping: .never
          )
        )
      },
    ]
  }
}
