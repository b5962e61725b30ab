import Farro
import FarroModels

extension ModelEntry {
  static let treesOfClasses = [
    ModelEntry(
      name: "tree",
      summary: "a decision tree",
      specs: [
        tables(
          "tree",
          DecisionTreeClassifier<Double>(),
          .codes,
          [
            .choice("criterion", \.criterion, "how impure a node is", [("gini", .gini), ("entropy", .entropy)]),
            .classWeight(\.classWeight),
            .choice("splitter", \.splitter, "where nodes are split", [("best", .best), ("random", .random)]),
            .whole("max_depth", \.maxDepth, "the most levels"),
            minSamples(
              "min_samples_split",
              \.minSamplesSplit,
              "the least rows of a node that is split; below 1, a part of all"
            ),
            minSamples("min_samples_leaf", \.minSamplesLeaf, "the least rows of a leaf; below 1, a part of all"),
            .number("min_weight_fraction_leaf", \.minWeightFractionLeaf, "the least part of all weight in a leaf"),
            maxFeatures(\.maxFeatures), .whole("max_leaf_nodes", \.maxLeafNodes, "the most leaves"),
            .number("min_impurity_decrease", \.minImpurityDecrease, "what a split must gain"),
            .number("ccp_alpha", \.ccpAlpha, "how much a leaf costs when the tree is pruned"), .seed(\.seed),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "random-forest",
      summary: "decision trees of drawn rows, each node splitting some columns",
      specs: [
        tables(
          "random-forest",
          RandomForestClassifier<Double>(),
          .codes,
          classForests()
        )
      ]
    ),
    ModelEntry(
      name: "extra-trees",
      summary: "decision trees that split at random thresholds",
      specs: [
        tables(
          "extra-trees",
          ExtraTreesClassifier<Double>(),
          .codes,
          classForests()
        )
      ]
    ),
    ModelEntry(
      name: "adaboost",
      summary: "small decision trees, each on the rows that those before it get wrong",
      specs: [
        tables(
          "adaboost",
          AdaBoostClassifier(DecisionTreeClassifier<Double>(maxDepth: 1)),
          .codes,
          [
            .whole("n_estimators", \.nEstimators, "the most trees"),
            .number("learning_rate", \.learningRate, "how much of each tree counts"),
            .whole("max_depth", \.estimator.maxDepth, "the most levels of a tree"), .seed(\.estimator.seed),
          ]
        )
      ]
    ),
  ]

  static let treesOfNumbers = [
    ModelEntry(
      name: "tree-regressor",
      summary: "a decision tree",
      specs: [
        tables(
          "tree-regressor",
          DecisionTreeRegressor<Double>(),
          .codes,
          [
            .choice("splitter", \.splitter, "where nodes are split", [("best", .best), ("random", .random)]),
            .whole("max_depth", \.maxDepth, "the most levels"),
            minSamples(
              "min_samples_split",
              \.minSamplesSplit,
              "the least rows of a node that is split; below 1, a part of all"
            ),
            minSamples("min_samples_leaf", \.minSamplesLeaf, "the least rows of a leaf; below 1, a part of all"),
            .number("min_weight_fraction_leaf", \.minWeightFractionLeaf, "the least part of all weight in a leaf"),
            maxFeatures(\.maxFeatures), .whole("max_leaf_nodes", \.maxLeafNodes, "the most leaves"),
            .number("min_impurity_decrease", \.minImpurityDecrease, "what a split must gain"),
            .number("ccp_alpha", \.ccpAlpha, "how much a leaf costs when the tree is pruned"), .seed(\.seed),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "random-forest-regressor",
      summary: "decision trees of drawn rows",
      specs: [
        tables(
          "random-forest-regressor",
          RandomForestRegressor<Double>(),
          .codes,
          forests.map { $0.of(\.options) }
        )
      ]
    ),
    ModelEntry(
      name: "extra-trees-regressor",
      summary: "decision trees that split at random thresholds",
      specs: [
        tables(
          "extra-trees-regressor",
          ExtraTreesRegressor<Double>(),
          .codes,
          forests.map { $0.of(\.options) }
        )
      ]
    ),
    ModelEntry(
      name: "adaboost-regressor",
      summary: "small decision trees, each on the rows that those before it miss most",
      specs: [
        tables(
          "adaboost-regressor",
          AdaBoostRegressor(DecisionTreeRegressor<Double>(maxDepth: 3)),
          .codes,
          [
            .whole("n_estimators", \.nEstimators, "the most trees"),
            .number("learning_rate", \.learningRate, "how much of each tree counts"),
            .choice("loss", \.loss, "how mistakes count", AdaBoostLoss.allCases.map { ($0.rawValue, $0) }),
            .whole("max_depth", \.estimator.maxDepth, "the most levels of a tree"), .seed(\.seed),
          ]
        )
      ]
    ),
  ]
}

/// What forests of classes have.
private func classForests<Forest: ForestClassifierEstimator>() -> [ModelParameter<Forest>] {
  [
    .choice("criterion", \.criterion, "how impure a node is", [("gini", .gini), ("entropy", .entropy)]),
    .classWeight(\.classWeight),
    .flag("balanced_subsample", \.balancedSubsample, "whether classes weigh alike among the rows of each tree"),
  ] + forests.map { $0.of(\.options) }
}

/// What forests of all kinds have.
private let forests: [ModelParameter<ForestOptions>] = [
  .whole("n_estimators", \.nEstimators, "how many trees"), .whole("max_depth", \.maxDepth, "the most levels"),
  minSamples("min_samples_split", \.minSamplesSplit, "the least rows of a node that is split; below 1, a part of all"),
  minSamples("min_samples_leaf", \.minSamplesLeaf, "the least rows of a leaf; below 1, a part of all"),
  .number("min_weight_fraction_leaf", \.minWeightFractionLeaf, "the least part of all weight in a leaf"),
  maxFeatures(\.maxFeatures), .whole("max_leaf_nodes", \.maxLeafNodes, "the most leaves"),
  .number("min_impurity_decrease", \.minImpurityDecrease, "what a split must gain"),
  .flag("bootstrap", \.bootstrap, "whether rows are drawn for each tree"),
  .numberOr(
    "max_samples",
    \.maxSamples,
    "how many rows are drawn; up to 1, a part of all",
    [("none", nil)],
    number: { $0 > 1 ? .count(nearestWhole($0)) : .fraction($0) },
    asNumber: { value in
      switch value {
      case .count(let count): Double(count)
      case .fraction(let part): part
      case nil: nil
      }
    }
  ),
  .number("ccp_alpha", \.ccpAlpha, "how much a leaf costs when trees are pruned"), .seed(\.seed),
]

/// A number of rows; below 1, a part of them.
private func minSamples<Estimator>(
  _ name: String,
  _ path: any WritableKeyPath<Estimator, MinSamples> & Sendable,
  _ help: String
) -> ModelParameter<Estimator> {
  .numberOr(
    name,
    path,
    help,
    [],
    number: { $0 >= 1 ? .count(nearestWhole($0)) : .fraction($0) },
    asNumber: { value in
      switch value {
      case .count(let count): Double(count)
      case .fraction(let part): part
      }
    }
  )
}

/// How many columns a node tries: a number with a point is a part of them, one without is their number.
private func maxFeatures<Estimator>(_ path: any WritableKeyPath<Estimator, MaxFeatures> & Sendable) -> ModelParameter<
  Estimator
> {
  .numberOr(
    "max_features",
    path,
    "how many columns a node tries; up to 1, a part of them",
    [("all", .all), ("sqrt", .sqrt), ("log2", .log2)],
    number: { $0 > 1 ? .count(nearestWhole($0)) : .fraction($0) },
    asNumber: { value in
      switch value {
      case .count(let count): Double(count)
      case .fraction(let part): part
      default: nil
      }
    }
  )
}

private func nearestWhole(_ number: Double) -> Int { Int(exactly: number.rounded()) ?? .max }
