import Farro

/// What became of one division of the rows: a model of some, and its scores on the others.
struct FoldResult<Model: Sendable>: Sendable {
  let model: Model
  let fitSeconds, scoreSeconds: Double
  /// A number for each scorer.
  let testScores: [Double]
  let trainScores: [Double]?
  /// What the first scorer has thrown that has no number; nil where each has one.
  let failure: String?
}

/// What is done when a scorer cannot judge rows, as those of one class by the area under a ROC curve.
public enum ErrorScore: String, Codable, Sendable, CaseIterable {
  /// What it throws is thrown.
  case raise
  /// The score is NaN.
  case nan

  /// The scores of each scorer, and what the first one has thrown that has none.
  func scores<Scorer>(_ scorers: [Scorer], _ body: (Scorer) throws -> Double) throws -> (
    scores: [Double], failure: String?
  ) {
    var failure: String?
    let scores = try scorers.map { scorer in
      do { return try body(scorer) } catch {
        guard self == .nan, !(error is CancellationError) else { throw error }
        failure = failure ?? "\(error)"
        return .nan
      }
    }
    return (scores, failure)
  }
}

/// Rows and their classes, of which models are made and scored.
struct ClassValidation<Input: Rows, Label: Hashable & Codable & Sendable>: Sendable {
  let x: Input
  let labels: [Label]
  let codes: [Int32]
  let weights: Tensor<Double>?

  init(_ x: Input, _ y: [Label], weights: Tensor<Double>?) throws {
    guard y.count == x.rowCount else { throw ModelError.labels(y.count, rows: x.rowCount) }
    try checkWeights(weights, rows: x.rowCount)
    let classes = try Classes(of: y)
    (self.x, labels, codes, self.weights) = (x, classes.labels, classes.codes[0], weights)
  }

  /// A model of some rows. It knows the classes that occur among them.
  func fit<E: ClassifierEstimator<Input>>(_ estimator: E, _ rows: [Int]) throws -> FittedClasses<E.Model, Label> {
    let codes = rows.map { self.codes[$0] }
    let present = Set(codes).sorted()
    var place = [Int32](repeating: -1, count: labels.count)
    for (number, code) in present.enumerated() { place[Int(code)] = Int32(number) }
    let model = try estimator.fit(
      x[rows: rows],
      classes: codes.map { place[Int($0)] },
      classCount: present.count,
      weights: weights.map { $0[rows: rows] }
    )
    return FittedClasses(
      classifier: Classifier(classes: present.map { labels[Int($0)] }, model: model),
      codes: present,
      classCount: labels.count
    )
  }

  func scores<Model: ClassModel<Input>>(
    _ fitted: FittedClasses<Model, Label>,
    _ rows: [Int],
    _ scorers: [ClassificationScorer],
    _ errorScore: ErrorScore
  ) throws -> (scores: [Double], failure: String?) {
    let predictions = try fitted.predictions(
      x[rows: rows],
      actual: rows.map { codes[$0] },
      needs: scorers.reduce(into: []) { $0.formUnion($1.needs) }
    )
    return try errorScore.scores(scorers) { try $0.score(predictions) }
  }

  func fold<E: ClassifierEstimator<Input>>(
    _ estimator: E,
    _ split: Split,
    _ scorers: [ClassificationScorer],
    trainScores: Bool,
    errorScore: ErrorScore = .raise
  ) throws -> FoldResult<Classifier<E.Model, Label>> {
    let (fitSeconds, fitted) = try timed { try fit(estimator, split.train) }
    let (scoreSeconds, test) = try timed { try scores(fitted, split.test, scorers, errorScore) }
    let train = trainScores ? try scores(fitted, split.train, scorers, errorScore) : nil
    return FoldResult(
      model: fitted.classifier,
      fitSeconds: fitSeconds,
      scoreSeconds: scoreSeconds,
      testScores: test.scores,
      trainScores: train?.scores,
      failure: test.failure ?? train?.failure
    )
  }
}

/// A model of the classes that occurred where it learned, and where these stand among all.
struct FittedClasses<Model: ClassModel, Label: Hashable & Codable & Sendable>: Sendable {
  let classifier: Classifier<Model, Label>
  /// The number among all classes of each that the model knows.
  let codes: [Int32]
  /// How many classes there are in all.
  let classCount: Int

  func predictClasses(_ x: Model.Input) throws -> [Int32] {
    try classifier.model.predictClasses(x).map { codes[Int($0)] }
  }

  /// The probability of every class, shape (rows, classes), 0 of those that did not occur; nil when the model tells none.
  func probabilities(_ x: Model.Input) throws -> Tensor<Double>? {
    guard let model = classifier.model as? any ProbabilisticClassModel<Model.Input> else { return nil }
    func predict(_ model: some ProbabilisticClassModel<Model.Input>) throws -> Tensor<Double> {
      try model.predictProbabilities(x).inDouble
    }
    return amongAll(try predict(model), missing: 0)
  }

  /// What rows are ranked by, shape (rows, classes), or (rows) where there are two classes in all; nil when the model has none.
  func scores(_ x: Model.Input) throws -> Tensor<Double>? {
    guard let scores = try classifier.model.rankingScores(x) else { return nil }
    guard scores.rank == 1, classCount > 2 else { return amongAll(scores, missing: -.infinity) }
    let columns = scores.scalars.flatMap { [-$0, $0] }
    return amongAll(Tensor(columns, shape: [scores.shape[0], 2]), missing: -.infinity)
  }

  private func amongAll(_ columns: Tensor<Double>, missing: Double) -> Tensor<Double> {
    guard codes.count < classCount, columns.rank == 2 else { return columns }
    var all = Tensor<Double>(repeating: missing, shape: [columns.shape[0], classCount])
    for row in 0..<columns.shape[0] {
      for (place, code) in codes.enumerated() { all[row, Int(code)] = columns[row, place] }
    }
    return all
  }

  func predictions(
    _ x: Model.Input,
    actual: [Int32],
    needs: Set<ClassificationScorer.Need>
  ) throws -> ClassPredictions {
    ClassPredictions(
      classCount: classCount,
      actual: actual,
      predicted: try predictClasses(x),
      probabilities: needs.contains(.probabilities) ? try probabilities(x) : nil,
      scores: needs.contains(.scores) ? try scores(x) : nil
    )
  }
}

/// Rows and their numbers, of which models are made and scored.
struct NumberValidation<Input: Rows, Scalar: KernelScalar>: Sendable {
  let x: Input
  let y: Tensor<Scalar>
  let weights: Tensor<Double>?

  init(_ x: Input, _ y: Tensor<Scalar>, weights: Tensor<Double>?) throws {
    guard y.rowCount == x.rowCount else { throw ModelError.labels(y.rowCount, rows: x.rowCount) }
    try checkWeights(weights, rows: x.rowCount)
    (self.x, self.y, self.weights) = (x, y, weights)
  }

  func fit<E: RegressorEstimator<Input>>(_ estimator: E, _ rows: [Int]) throws -> E.Model
  where E.Model.Scalar == Scalar {
    try estimator.fit(x[rows: rows], y[rows: rows], weights: weights.map { $0[rows: rows] })
  }

  func scores(
    _ model: some Regressor<Input>,
    _ rows: [Int],
    _ scorers: [RegressionScorer],
    _ errorScore: ErrorScore
  ) throws -> (scores: [Double], failure: String?) {
    let (actual, predicted) = (y[rows: rows].inDouble, try model.predict(x[rows: rows]).inDouble)
    return try errorScore.scores(scorers) { try $0.score(actual, predicted) }
  }

  func fold<E: RegressorEstimator<Input>>(
    _ estimator: E,
    _ split: Split,
    _ scorers: [RegressionScorer],
    trainScores: Bool,
    errorScore: ErrorScore = .raise
  ) throws -> FoldResult<E.Model> where E.Model.Scalar == Scalar {
    let (fitSeconds, model) = try timed { try fit(estimator, split.train) }
    let (scoreSeconds, test) = try timed { try scores(model, split.test, scorers, errorScore) }
    let train = trainScores ? try scores(model, split.train, scorers, errorScore) : nil
    return FoldResult(
      model: model,
      fitSeconds: fitSeconds,
      scoreSeconds: scoreSeconds,
      testScores: test.scores,
      trainScores: train?.scores,
      failure: test.failure ?? train?.failure
    )
  }
}
