import Farro

/// Rosenblatt's perceptron: coefficients change by the rows that are on the wrong side.
///
/// ```swift
/// let classifier = try Perceptron(seed: 1).fit(x, species)
/// ```
///
/// It is ``SGDClassifier`` with the loss `perceptron`, steps of the length `eta0` = 1 and no penalty. Names and defaults are those
/// of scikit-learn's `Perceptron`; those that the initializer lacks are properties, as ``SGDParameters`` has them.
///
/// Source: F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain", 1958.
@dynamicMemberLookup
public struct Perceptron<Input: NumericRows>: ClassifierEstimator, Equatable {
  private var descent: SGDClassifier<Input>

  public init(
    penalty: SGDPenalty = .none,
    alpha: Double = 1e-4,
    maxIterations: Int = 1000,
    tolerance: Double? = 1e-3,
    classWeight: ClassWeight? = nil,
    seed: UInt64 = 0
  ) {
    descent = SGDClassifier(
      loss: .perceptron,
      penalty: penalty,
      alpha: alpha,
      maxIterations: maxIterations,
      tolerance: tolerance,
      classWeight: classWeight,
      seed: seed
    )
    (descent.learningRate, descent.eta0) = (.constant, 1)
  }

  /// How much classes count; when nil, all the same.
  public var classWeight: ClassWeight? {
    get { descent.classWeight }
    set { descent.classWeight = newValue }
  }

  /// The other parameters.
  public subscript<Value>(dynamicMember path: WritableKeyPath<SGDParameters, Value>) -> Value {
    get { descent.parameters[keyPath: path] }
    set { descent.parameters[keyPath: path] = newValue }
  }

  /// A model of rows and the numbers of their classes.
  ///
  /// - Throws: ``ModelError`` for fewer than two classes, and for data and parameters that no model can come of.
  /// - Complexity: O(elements times classes) for each pass.
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>? = nil
  ) throws -> SGDClassModel<Input> {
    try descent.fit(x, classes: classes, classCount: classCount, weights: weights)
  }
}
