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
    if classCount > 2 || deciding == nil, let probable {
      do { return second(try predict(probable)) } catch let error as ModelError {
        // Support vectors may be fitted without probabilities.
        guard case .parameter = error, let deciding else { throw error }
        return try decide(deciding)
      }
    }
    return try deciding.map { try second(decide($0)) }
  }

  private func second(_ scores: Tensor<Double>) -> Tensor<Double> {
    guard classCount == 2, scores.rank == 2 else { return scores }
    return Tensor((0..<scores.shape[0]).map { scores[$0, 1] })
  }
}
