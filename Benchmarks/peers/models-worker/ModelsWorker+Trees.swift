import Farro
import FarroModels

extension ModelsWorker {
  static func trees<Scalar: KernelScalar>() -> [String: Maker<Scalar>] {
    func forest(_ problem: Problem<Scalar>) -> RandomForestClassifier<Scalar> {
      RandomForestClassifier(nEstimators: problem.parameters.number("trees"))
    }
    return [
      "fit_decision_tree": { try $0.fitting(DecisionTreeClassifier()) },
      "fit_regression_tree": { try $0.fitting(DecisionTreeRegressor()) },
      "fit_random_forest": { try $0.fitting(forest($0)) },
      "predict_random_forest": { try $0.predicting(forest($0)) },
      "fit_extra_trees": {
        try $0.fitting(ExtraTreesClassifier(nEstimators: $0.parameters.number("trees")))
      },
    ]
  }
}
