import Farro
import FarroData

/// What naive Bayes of counts have in common: smoothing and priors.
public struct DiscreteNBOptions: Sendable, Codable, Equatable {
  /// Added to all counts, at least 0.
  public var alpha: Double
  /// What is added to the counts of each column, at least 0, in place of that: scikit-learn's `alpha` of several numbers.
  public var columnAlphas: [Double]?
  /// Whether `alpha` counts as it is; otherwise as 1e-10 at least, so that no probability is 0.
  public var forceAlpha: Bool
  /// Whether classes are as probable as they occur; otherwise all alike.
  public var fitPrior: Bool
  /// How probable classes are, in their order, in place of that.
  public var classPrior: [Double]?

  init(_ alpha: Double, _ columnAlphas: [Double]?, _ forceAlpha: Bool, _ fitPrior: Bool, _ classPrior: [Double]?) {
    (self.alpha, self.columnAlphas, self.forceAlpha) = (alpha, columnAlphas, forceAlpha)
    (self.fitPrior, self.classPrior) = (fitPrior, classPrior)
  }

  /// What is added to the counts of each column, shape (`columns`).
  func smoothing(_ columns: Int) -> Tensor<Double> {
    let alphas = columnAlphas ?? Array(repeating: alpha, count: columns)
    return Tensor(forceAlpha ? alphas : alphas.map { max($0, 1e-10) })
  }

  func check(_ classCount: Int, _ columns: Int) throws(ModelError) {
    guard alpha >= 0 && alpha.isFinite else {
      throw .parameter(name: "alpha", reason: "must be finite and at least 0, not \(alpha)")
    }
    if let columnAlphas {
      guard columnAlphas.count == columns, columnAlphas.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw .parameter(name: "columnAlphas", reason: "\(columns) finite numbers of at least 0 are needed")
      }
    }
    guard let classPrior else { return }
    guard classPrior.count == classCount, classPrior.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      throw .parameter(name: "classPrior", reason: "\(classCount) numbers of at least 0 are needed, not \(classPrior)")
    }
  }
}

/// How probabilities come of counts.
enum CountRule: Sendable, Codable, Equatable {
  case multinomial
  case bernoulli(threshold: Double?)
  case complement(norm: Bool)

  var threshold: Double? {
    guard case .bernoulli(let threshold) = self else { return nil }
    return threshold
  }

  /// Whether elements must not be negative.
  var isOfCounts: Bool {
    guard case .bernoulli = self else { return true }
    return false
  }
}

/// Naive Bayes of counts, as words in texts: rows of a class draw columns with probabilities of that class.
///
/// ```swift
/// let classifier = try MultinomialNB().fit(counts, topics)
/// ```
///
/// Names and defaults are those of scikit-learn's `MultinomialNB`, whose `alpha` of several numbers is `columnAlphas`. Rows are dense or sparse, and
/// never negative; fitting and predicting read them once.
///
/// Source: C. Manning, P. Raghavan, H. Schütze, "Introduction to Information Retrieval", 2008, section 13.2.
public struct MultinomialNB<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// Smoothing and priors.
  public var options: DiscreteNBOptions

  public init(
    alpha: Double = 1,
    forceAlpha: Bool = true,
    fitPrior: Bool = true,
    classPrior: [Double]? = nil,
    columnAlphas: [Double]? = nil
  ) {
    options = DiscreteNBOptions(alpha, columnAlphas, forceAlpha, fitPrior, classPrior)
  }

  /// - Throws: ``ModelError`` for no rows or columns, what is not finite or negative, and parameters that do not fit.
  /// - Complexity: O(elements + classes d).
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> DiscreteNBModel<Input> {
    try DiscreteNBModel(x, classes, classCount, weights, options, .multinomial)
  }
}

/// Naive Bayes of what is there or is not: columns are above a threshold with probabilities of a row's class.
///
/// ```swift
/// let classifier = try BernoulliNB(binarize: 0.5).fit(x, labels)
/// ```
///
/// Names and defaults are those of scikit-learn's `BernoulliNB`, whose `alpha` of several numbers (which it cannot use) is `columnAlphas`. Rows are dense or sparse.
///
/// Source: C. Manning, P. Raghavan, H. Schütze, "Introduction to Information Retrieval", 2008, section 13.3.
public struct BernoulliNB<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// Smoothing and priors.
  public var options: DiscreteNBOptions
  /// Elements above it are there; at least 0. When nil, elements are counts of 0 and 1 already.
  public var binarize: Double?

  public init(
    alpha: Double = 1,
    forceAlpha: Bool = true,
    binarize: Double? = 0,
    fitPrior: Bool = true,
    classPrior: [Double]? = nil,
    columnAlphas: [Double]? = nil
  ) {
    options = DiscreteNBOptions(alpha, columnAlphas, forceAlpha, fitPrior, classPrior)
    self.binarize = binarize
  }

  /// - Throws: ``ModelError`` for no rows or columns, what is not finite, and parameters that do not fit.
  /// - Complexity: O(elements + classes d).
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> DiscreteNBModel<Input> {
    try checkRange(binarize, "binarize", atLeast: 0)
    return try DiscreteNBModel(x, classes, classCount, weights, options, .bernoulli(threshold: binarize))
  }
}

/// Naive Bayes of counts where classes are of different sizes: a class is what the columns of all other classes are not.
///
/// ```swift
/// let classifier = try ComplementNB().fit(counts, topics)
/// ```
///
/// Names and defaults are those of scikit-learn's `ComplementNB`, whose `alpha` of several numbers is `columnAlphas`. Rows are dense or sparse, and
/// never negative.
///
/// Source: J. Rennie, L. Shih, J. Teevan, D. Karger, "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", ICML 2003.
public struct ComplementNB<Input: NumericRows>: ClassifierEstimator, Equatable {
  /// Smoothing and priors.
  public var options: DiscreteNBOptions
  /// Whether the weights of a class are divided by their sum.
  public var norm: Bool

  public init(
    alpha: Double = 1,
    forceAlpha: Bool = true,
    fitPrior: Bool = true,
    classPrior: [Double]? = nil,
    norm: Bool = false,
    columnAlphas: [Double]? = nil
  ) {
    options = DiscreteNBOptions(alpha, columnAlphas, forceAlpha, fitPrior, classPrior)
    self.norm = norm
  }

  /// - Throws: ``ModelError`` for no rows or columns, what is not finite or negative, and parameters that do not fit.
  /// - Complexity: O(elements + classes d).
  public func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> DiscreteNBModel<Input> {
    try DiscreteNBModel(x, classes, classCount, weights, options, .complement(norm: norm))
  }
}
