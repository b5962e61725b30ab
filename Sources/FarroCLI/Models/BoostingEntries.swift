import Farro
import FarroModels

extension ModelEntry {
  static let boostedClasses = [
    ModelEntry(
      name: "hist-gradient-boosting",
      summary: "trees that each mend what those before them miss, on histograms",
      specs: [
        tables(
          "hist-gradient-boosting",
          HistGradientBoostingClassifier<Double>(),
          .codes,
          [
            .classWeight(\.classWeight), .number("learning_rate", \.learningRate, "how much of each tree counts"),
            .whole("max_iter", \.maxIterations, "how many trees of each class"),
            .whole("max_leaf_nodes", \.maxLeafNodes, "the most leaves"),
            .whole("max_depth", \.maxDepth, "the most levels"),
            .whole("min_samples_leaf", \.minSamplesLeaf, "the least rows of a leaf"),
            .number("l2_regularization", \.l2Regularization, "how much leaves cost"),
            .number("max_features", \.maxFeatures, "the part of the columns that a node tries"),
            .whole("max_bins", \.maxBins, "the bins of a column"),
            .choice("early_stopping", \.earlyStopping, "whether it ends when scores stop rising", stopping),
            .number("validation_fraction", \.validationFraction, "the part of the rows that is set aside for that"),
            .whole("n_iter_no_change", \.nIterationsNoChange, "the trees without gain after which it ends"),
            .number("tol", \.tolerance, "what counts as gain"),
            .seed(\.seed),
          ]
        )
      ]
    )
  ]

  static let boostedNumbers = [
    ModelEntry(
      name: "hist-gradient-boosting-regressor",
      summary: "trees that each mend what those before them miss, on histograms",
      specs: [
        tables(
          "hist-gradient-boosting-regressor",
          HistGradientBoostingRegressor<Double>(),
          .codes,
          [
            .choice("loss", \.loss, "what mistakes cost", BoostingRegressionLoss.allCases.map { ($0.rawValue, $0) }),
            .number("quantile", \.quantile, "of the loss of that name"),
            .number("learning_rate", \.learningRate, "how much of each tree counts"),
            .whole("max_iter", \.maxIterations, "how many trees"),
            .whole("max_leaf_nodes", \.maxLeafNodes, "the most leaves"),
            .whole("max_depth", \.maxDepth, "the most levels"),
            .whole("min_samples_leaf", \.minSamplesLeaf, "the least rows of a leaf"),
            .number("l2_regularization", \.l2Regularization, "how much leaves cost"),
            .number("max_features", \.maxFeatures, "the part of the columns that a node tries"),
            .whole("max_bins", \.maxBins, "the bins of a column"),
            .choice("early_stopping", \.earlyStopping, "whether it ends when scores stop rising", stopping),
            .number("validation_fraction", \.validationFraction, "the part of the rows that is set aside for that"),
            .whole("n_iter_no_change", \.nIterationsNoChange, "the trees without gain after which it ends"),
            .number("tol", \.tolerance, "what counts as gain"),
            .seed(\.seed),
          ]
        )
      ]
    )
  ]

  private static let stopping: [(String, BoostingEarlyStopping)] = [
    ("auto", .automatic), ("true", .always), ("false", .never),
  ]
}
