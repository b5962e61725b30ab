import Farro
import FarroModels

extension ModelEntry {
  static let gradientClasses = [
    ModelEntry(
      name: "logistic",
      summary: "logistic regression",
      specs: [
        tables("logistic", LogisticRegression<Dense>(), .scaled, logistic()),
        sparse("logistic", LogisticRegression<Sparse>(), logistic()),
      ]
    ),
    ModelEntry(
      name: "sgd",
      summary: "a linear model, by stochastic gradient descent",
      specs: [tables("sgd", SGDClassifier<Dense>(), .scaled, sgd()), sparse("sgd", SGDClassifier<Sparse>(), sgd())]
    ),
    ModelEntry(
      name: "perceptron",
      summary: "a linear model that learns from its mistakes",
      specs: [
        tables("perceptron", Perceptron<Dense>(), .scaled, perceptron()),
        sparse("perceptron", Perceptron<Sparse>(), perceptron()),
      ]
    ),
    ModelEntry(
      name: "knn",
      summary: "the classes of the nearest rows",
      specs: [
        tables("knn", KNeighborsClassifier<Dense>(), .scaled, neighbors()),
        sparse("knn", KNeighborsClassifier<Sparse>(), neighbors()),
      ]
    ),
  ]

  static let gradientNumbers = [
    ModelEntry(
      name: "sgd-regressor",
      summary: "a linear model, by stochastic gradient descent",
      specs: [
        tables("sgd-regressor", SGDRegressor<Dense>(), .scaled, sgdRegressor()),
        sparse("sgd-regressor", SGDRegressor<Sparse>(), sgdRegressor()),
      ]
    ),
    ModelEntry(
      name: "knn-regressor",
      summary: "the mean of the nearest rows",
      specs: [
        tables("knn-regressor", KNeighborsRegressor<Dense>(), .scaled, neighborNumbers()),
        sparse("knn-regressor", KNeighborsRegressor<Sparse>(), neighborNumbers()),
      ]
    ),
  ]

  private static let metrics: [(String, DistanceMetric)] = [
    ("euclidean", .euclidean), ("sqeuclidean", .squaredEuclidean), ("manhattan", .manhattan), ("cosine", .cosine),
    ("chebyshev", .chebyshev),
  ]

  private static func logistic<Input>() -> [ModelParameter<LogisticRegression<Input>>] {
    [
      .number("c", \.c, "how little coefficients cost"),
      .number("l1_ratio", \.l1Ratio, "the part of the L1 norm in that"), .classWeight(\.classWeight),
      .number("tol", \.tolerance, "where it ends"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most iterations"),
    ]
  }

  private static func sgd<Input>() -> [ModelParameter<SGDClassifier<Input>>] {
    [
      .choice("loss", \.loss, "what mistakes cost", SGDClassifierLoss.allCases.map { ($0.rawValue, $0) }),
      .classWeight(\.classWeight),
    ] + descent.map { $0.of(\.parameters) }
  }

  private static func sgdRegressor<Input>() -> [ModelParameter<SGDRegressor<Input>>] {
    [.choice("loss", \.loss, "what mistakes cost", SGDRegressorLoss.allCases.map { ($0.rawValue, $0) })]
      + descent.map { $0.of(\.parameters) }
  }

  private static let descent: [ModelParameter<SGDParameters>] = [
    .choice("penalty", \.penalty, "what coefficients cost", SGDPenalty.allCases.map { ($0.rawValue, $0) }),
    .number("alpha", \.alpha, "how much that is"), .number("l1_ratio", \.l1Ratio, "the part of the L1 norm in that"),
    .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
    .whole("max_iter", \.maxIterations, "the most passes"), .number("tol", \.tolerance, "where it ends"),
    .flag("shuffle", \.shuffle, "whether each pass has another order"),
    .number("epsilon", \.epsilon, "mistakes that cost nothing, or little"),
    .choice("learning_rate", \.learningRate, "how steps shrink", SGDLearningRate.allCases.map { ($0.rawValue, $0) }),
    .number("eta0", \.eta0, "the first step"), .number("power_t", \.powerT, "how fast steps shrink"),
    .flag("early_stopping", \.earlyStopping, "whether it ends when scores of rows set aside stop rising"),
    .number("validation_fraction", \.validationFraction, "the part of the rows that is set aside"),
    .whole("n_iter_no_change", \.nIterationsNoChange, "the passes without gain after which it ends"),
    .whole("average", \.average, "the step from which coefficients are averaged"),
    .whole("batch_size", \.batchSize, "the rows of a step"), .seed(\.seed),
  ]

  private static func perceptron<Input>() -> [ModelParameter<Perceptron<Input>>] {
    [
      .choice("penalty", \.penalty, "what coefficients cost", SGDPenalty.allCases.map { ($0.rawValue, $0) }),
      .number("alpha", \.alpha, "how much that is"), .number("l1_ratio", \.l1Ratio, "the part of the L1 norm in that"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"), .classWeight(\.classWeight),
      .whole("max_iter", \.maxIterations, "the most passes"), .number("tol", \.tolerance, "where it ends"),
      .flag("shuffle", \.shuffle, "whether each pass has another order"), .number("eta0", \.eta0, "the step"),
      .seed(\.seed),
    ]
  }

  private static func neighbors<Input>() -> [ModelParameter<KNeighborsClassifier<Input>>] {
    [
      .whole("n_neighbors", \.nNeighbors, "how many rows"),
      .choice("weights", \.weights, "how much they count", NeighborWeights.allCases.map { ($0.rawValue, $0) }),
      .choice("algorithm", \.algorithm, "how they are found", NeighborAlgorithm.allCases.map { ($0.rawValue, $0) }),
      .choice("metric", \.metric, "how far rows are from one another", metrics),
      .whole("leaf_size", \.leafSize, "the rows of a leaf of a tree"),
    ]
  }

  private static func neighborNumbers<Input>() -> [ModelParameter<KNeighborsRegressor<Input>>] {
    [
      .whole("n_neighbors", \.nNeighbors, "how many rows"),
      .choice("weights", \.weights, "how much they count", NeighborWeights.allCases.map { ($0.rawValue, $0) }),
      .choice("algorithm", \.algorithm, "how they are found", NeighborAlgorithm.allCases.map { ($0.rawValue, $0) }),
      .choice("metric", \.metric, "how far rows are from one another", metrics),
      .whole("leaf_size", \.leafSize, "the rows of a leaf of a tree"),
    ]
  }
}
