import Farro
import FarroModels

/// Dense and sparse rows, as models of the command line take them.
typealias Dense = Tensor<Double>
typealias Sparse = CSRMatrix<Double>

extension ModelEntry {
  /// The models of classes.
  static let classes: [ModelEntry] =
    dummies + bayesAndDiscriminants + gradientClasses + supportVectorClasses + treesOfClasses + boostedClasses
    + ensemblesOfClasses

  /// The models of numbers.
  static let numbers: [ModelEntry] =
    dummyNumbers + linearNumbers + gradientNumbers + supportVectorNumbers + treesOfNumbers + boostedNumbers
    + ensemblesOfNumbers

  private static let dummies = [
    ModelEntry(
      name: "dummy",
      summary: "the most frequent class: what any model must do better than",
      specs: [tables("dummy", DummyClassifier<Dense>(), .plain), sparse("dummy", DummyClassifier<Sparse>())]
    )
  ]

  private static let dummyNumbers = [
    ModelEntry(
      name: "dummy-regressor",
      summary: "the mean: what any model must do better than",
      specs: [
        tables("dummy-regressor", DummyRegressor<Dense>(), .plain), sparse("dummy-regressor", DummyRegressor<Sparse>()),
      ]
    )
  ]
}
