import Farro

extension ClassModel {
  /// Scores by which rows can be ranked, as ``ROCCurve`` and the like need them.
  ///
  /// Of two classes, shape (n): how much speaks for the second, by the decision function, or by its probability. Of more, shape
  /// (n, ``classCount``): the probabilities, since a row's decision functions tell its class only by comparison with one another;
  /// or the decision functions, where the model has no probabilities.
  ///
  /// - Throws: As ``predictClasses(_:)``.
  /// - Returns: Nil when the model tells classes alone.
  public func rankingScores(_ x: Input) throws -> Tensor<Double>? {
    func predict(_ model: some ProbabilisticClassModel<Input>) throws -> Tensor<Double> {
      try model.predictProbabilities(x).inDouble
    }
    func decide(_ model: some DecisionModel<Input>) throws -> Tensor<Double> {
      try model.decisionFunction(x).inDouble
    }
    let (probable, deciding) = (self as? any ProbabilisticClassModel<Input>, self as? any DecisionModel<Input>)
    // A model may refuse to tell probabilities that it was not fitted for.
    if classCount > 2 || deciding == nil, let probable {
      guard let deciding else { return second(try predict(probable)) }
      return try (try? predict(probable)) ?? decide(deciding)
    }
    return try deciding.map { try second(decide($0)) }
  }

  private func second(_ scores: Tensor<Double>) -> Tensor<Double> {
    guard classCount == 2, scores.rank == 2 else { return scores }
    return Tensor((0..<scores.shape[0]).map { scores[$0, 1] })
  }
}
