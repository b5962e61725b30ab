import Farro

/// What a model said of rows whose classes are known, for a ``ClassificationScorer`` to judge.
public struct ClassPredictions: Sendable {
  /// How many classes there are.
  public let classCount: Int
  /// The number of each row's class, as it is.
  public let actual: [Int32]
  /// The number of each row's class, as the model has it.
  public let predicted: [Int32]
  /// The probability of each class, shape (rows, classes), for scorers that ask for it.
  public let probabilities: Tensor<Double>?
  /// The score of each class, shape (rows, classes), or of two classes that of the second, shape (rows), for scorers that ask
  /// for it: what the model's decision function says, and of models that have none the probabilities.
  public let scores: Tensor<Double>?
}

/// A number for how good a model of classes is: the more, the better.
///
/// ```swift
/// let scores = try await crossValScore(GaussianNB(), x, species, scorer: .f1(.macro))
/// let custom = ClassificationScorer("errors") { -Double(zip($0.actual, $0.predicted).count { $0 != $1 }) }
/// ```
///
/// The names are those of scikit-learn; losses are negative.
public struct ClassificationScorer: Sendable, Hashable, CustomStringConvertible {
  /// What a scorer reads, beside the predicted classes.
  public enum Need: Sendable, Hashable, CaseIterable {
    /// The probability of each class.
    case probabilities
    /// The decision function, or the probabilities.
    case scores
  }

  /// What it is called in results.
  public let name: String
  /// What it reads, beside the predicted classes.
  public let needs: Set<Need>
  /// Gives the score: the more, the better.
  public let score: @Sendable (ClassPredictions) throws -> Double

  /// - Parameters:
  ///   - name: What it is called in results.
  ///   - needs: What it reads, beside the predicted classes.
  ///   - score: The more, the better.
  public init(_ name: String, needs: Set<Need> = [], _ score: @escaping @Sendable (ClassPredictions) throws -> Double) {
    (self.name, self.needs, self.score) = (name, needs, score)
  }

  /// Scorers of one name are taken for the same.
  public static func == (a: Self, b: Self) -> Bool { a.name == b.name }
  public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  public var description: String { name }
}

extension ClassificationScorer {
  /// The part of the rows that is right.
  public static let accuracy = ClassificationScorer("accuracy") {
    try FarroModels.accuracy($0.actual, predicted: $0.predicted)
  }
  /// The mean of the classes' recalls.
  public static let balancedAccuracy = ClassificationScorer("balanced_accuracy") {
    try FarroModels.balancedAccuracy($0.actual, predicted: $0.predicted)
  }
  /// Matthews's correlation.
  public static let matthewsCorrelation = ClassificationScorer("matthews_corrcoef") {
    try FarroModels.matthewsCorrelation($0.actual, predicted: $0.predicted)
  }
  /// Of two classes, that of the second one.
  public static let precision = ClassificationScorer("precision") {
    try FarroModels.precision($0.actual, predicted: $0.predicted, positive: second($0))
  }
  /// Of two classes, that of the second one.
  public static let recall = ClassificationScorer("recall") {
    try FarroModels.recall($0.actual, predicted: $0.predicted, positive: second($0))
  }
  /// Of two classes, that of the second one.
  public static let f1 = ClassificationScorer("f1") {
    try FarroModels.fScore($0.actual, predicted: $0.predicted, positive: second($0))
  }
  /// The classes' precisions, averaged.
  public static func precision(_ average: ClassAverage) -> ClassificationScorer {
    ClassificationScorer("precision_\(average.rawValue)") {
      try FarroModels.precision($0.actual, predicted: $0.predicted, average: average)
    }
  }
  /// The classes' recalls, averaged.
  public static func recall(_ average: ClassAverage) -> ClassificationScorer {
    ClassificationScorer("recall_\(average.rawValue)") {
      try FarroModels.recall($0.actual, predicted: $0.predicted, average: average)
    }
  }
  /// The classes' F1 scores, averaged.
  public static func f1(_ average: ClassAverage) -> ClassificationScorer {
    ClassificationScorer("f1_\(average.rawValue)") {
      try FarroModels.fScore($0.actual, predicted: $0.predicted, average: average)
    }
  }
  /// The area under the ROC curve; of more than two classes, the mean of each against all others.
  public static let rocAUC = ClassificationScorer("roc_auc", needs: [.scores]) {
    let scores = try required($0.scores, "roc_auc")
    if let column = secondColumn(scores, $0) {
      return try FarroModels.rocAUC($0.actual, scores: column, positive: 1)
    }
    return try FarroModels.rocAUC($0.actual, scores: scores, average: .macro, labels: labels($0))
  }
  /// The average precision; of more than two classes, the mean of each against all others.
  public static let averagePrecision = ClassificationScorer("average_precision", needs: [.scores]) {
    let scores = try required($0.scores, "average_precision")
    if let column = secondColumn(scores, $0) {
      return try FarroModels.averagePrecision($0.actual, scores: column, positive: 1)
    }
    return try FarroModels.averagePrecision($0.actual, scores: scores, average: .macro, labels: labels($0))
  }
  /// The negative of the mean logarithmic loss.
  public static let negLogLoss = ClassificationScorer("neg_log_loss", needs: [.probabilities]) {
    -(try logLoss($0.actual, probabilities: required($0.probabilities, "neg_log_loss"), labels: labels($0)))
  }
  /// The negative of the Brier score.
  public static let negBrierScore = ClassificationScorer("neg_brier_score", needs: [.probabilities]) {
    -(try brierScore($0.actual, probabilities: required($0.probabilities, "neg_brier_score"), labels: labels($0)))
  }

  /// All that have a name.
  public static let all: [ClassificationScorer] =
    [
      accuracy, balancedAccuracy, matthewsCorrelation, precision, recall, f1, rocAUC, averagePrecision, negLogLoss,
      negBrierScore,
    ]
    + [.macro, .micro, .weighted].flatMap { [precision($0), recall($0), f1($0)] }

  /// The scorer of scikit-learn's name; nil when there is none.
  public init?(named name: String) {
    guard let scorer = Self.all.first(where: { $0.name == name }) else { return nil }
    self = scorer
  }

  private static func labels(_ of: ClassPredictions) -> [Int32] { [Int32](0..<Int32(of.classCount)) }

  private static func second(_ of: ClassPredictions) throws -> Int32 {
    guard of.classCount == 2 else {
      throw ModelError.parameter(
        name: "scorer",
        reason: "of \(of.classCount) classes, none is the positive one: take an average, as f1_macro"
      )
    }
    return 1
  }

  private static func secondColumn(_ scores: Tensor<Double>, _ of: ClassPredictions) -> Tensor<Double>? {
    guard of.classCount == 2 else { return nil }
    return scores.rank == 1 ? scores : Tensor((0..<scores.shape[0]).map { scores[$0, 1] })
  }

  private static func required(_ values: Tensor<Double>?, _ name: String) throws -> Tensor<Double> {
    guard let values else {
      throw ModelError.parameter(
        name: "scorer",
        reason: "\(name) needs a model that tells more than classes, as probabilities"
      )
    }
    return values
  }
}
