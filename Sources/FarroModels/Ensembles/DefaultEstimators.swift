import Farro

// What ensembles are made of where nothing is named: decision trees, as in scikit-learn.

extension AdaBoostClassifier {
  /// Decision trees of one split.
  public init<Scalar>(nEstimators: Int = 50, learningRate: Double = 1, seed: UInt64 = 0)
  where Base == DecisionTreeClassifier<Scalar> {
    self.init(DecisionTreeClassifier(maxDepth: 1, seed: seed), nEstimators: nEstimators, learningRate: learningRate)
  }
}

extension AdaBoostRegressor {
  /// Decision trees of three levels.
  public init<Scalar>(
    nEstimators: Int = 50,
    learningRate: Double = 1,
    loss: AdaBoostLoss = .linear,
    seed: UInt64 = 0
  ) where Base == DecisionTreeRegressor<Scalar> {
    self.init(
      DecisionTreeRegressor(maxDepth: 3, seed: seed),
      nEstimators: nEstimators,
      learningRate: learningRate,
      loss: loss,
      seed: seed
    )
  }
}

extension BaggingClassifier {
  /// Decision trees that are grown fully; all else is a property.
  public init<Scalar>(nEstimators: Int = 10, seed: UInt64 = 0) where Base == DecisionTreeClassifier<Scalar> {
    self.init(DecisionTreeClassifier(seed: seed), nEstimators: nEstimators, seed: seed)
  }
}

extension BaggingRegressor {
  /// Decision trees that are grown fully; all else is a property.
  public init<Scalar>(nEstimators: Int = 10, seed: UInt64 = 0) where Base == DecisionTreeRegressor<Scalar> {
    self.init(DecisionTreeRegressor(seed: seed), nEstimators: nEstimators, seed: seed)
  }
}

extension StackingClassifier where Final == LogisticRegression<Tensor<Double>> {
  /// Logistic regression learns from what the members tell, as in scikit-learn.
  public init(cv: Int = 5, passthrough: Bool = false, @ClassifierGroupBuilder members: () -> Members) {
    self.init(finalEstimator: LogisticRegression(), cv: cv, passthrough: passthrough, members: members)
  }
}

extension StackingRegressor where Final == Ridge<Tensor<Double>> {
  /// Ridge regression learns from what the members tell. (scikit-learn chooses its `alpha` among 0.1, 1 and 10; here it is 1.)
  public init(cv: Int = 5, passthrough: Bool = false, @RegressorGroupBuilder members: () -> Members) {
    self.init(finalEstimator: Ridge(), cv: cv, passthrough: passthrough, members: members)
  }
}
