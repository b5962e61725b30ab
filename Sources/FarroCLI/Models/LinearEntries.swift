import Farro
import FarroModels

extension ModelEntry {
  static let linearNumbers = [
    ModelEntry(
      name: "linear",
      summary: "least squares",
      specs: [
        tables("linear", LinearRegression<Dense>(), .scaled, linear()),
        sparse("linear", LinearRegression<Sparse>(), linear()),
      ]
    ),
    ModelEntry(
      name: "ridge",
      summary: "least squares with small coefficients",
      specs: [tables("ridge", Ridge<Dense>(), .scaled, ridge()), sparse("ridge", Ridge<Sparse>(), ridge())]
    ),
    ModelEntry(
      name: "lasso",
      summary: "least squares with few coefficients",
      specs: [tables("lasso", Lasso<Dense>(), .scaled, lasso()), sparse("lasso", Lasso<Sparse>(), lasso())]
    ),
    ModelEntry(
      name: "elastic-net",
      summary: "least squares with few and small coefficients",
      specs: [
        tables("elastic-net", ElasticNet<Dense>(), .scaled, elasticNet()),
        sparse("elastic-net", ElasticNet<Sparse>(), elasticNet()),
      ]
    ),
  ]

  static let bayesAndDiscriminants = [
    ModelEntry(
      name: "gaussian-nb",
      summary: "naive Bayes of numbers",
      specs: [
        tables(
          "gaussian-nb",
          GaussianNB<Double>(),
          .plain,
          [.number("var_smoothing", \.varSmoothing, "the part of the largest variance that is added to all")]
        )
      ]
    ),
    ModelEntry(
      name: "multinomial-nb",
      summary: "naive Bayes of counts, which are not negative",
      specs: [
        tables("multinomial-nb", MultinomialNB<Dense>(), .plain, multinomial()),
        sparse("multinomial-nb", MultinomialNB<Sparse>(), multinomial()),
      ]
    ),
    ModelEntry(
      name: "bernoulli-nb",
      summary: "naive Bayes of what is there or not",
      specs: [
        tables("bernoulli-nb", BernoulliNB<Dense>(), .scaled, bernoulli()),
        sparse("bernoulli-nb", BernoulliNB<Sparse>(), bernoulli()),
      ]
    ),
    ModelEntry(
      name: "complement-nb",
      summary: "naive Bayes of counts, for classes of very different sizes",
      specs: [
        tables("complement-nb", ComplementNB<Dense>(), .plain, complement()),
        sparse("complement-nb", ComplementNB<Sparse>(), complement()),
      ]
    ),
    ModelEntry(
      name: "lda",
      summary: "linear discriminant analysis",
      specs: [
        tables(
          "lda",
          LinearDiscriminantAnalysis<Double>(),
          .plain,
          [
            .choice(
              "solver",
              \.solver,
              "how",
              LinearDiscriminantAnalysis<Double>.Solver.allCases.map { ($0.rawValue, $0) }
            ),
            shrinkage(\.shrinkage), .number("tol", \.tolerance, "singular values below count as 0"),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "qda",
      summary: "quadratic discriminant analysis",
      specs: [
        tables(
          "qda",
          QuadraticDiscriminantAnalysis<Double>(),
          .plain,
          [
            .number("reg_param", \.regParam, "how far covariances are drawn towards the identity"),
            shrinkage(\.shrinkage),
            .number("tol", \.tolerance, "singular values below count as 0"),
          ]
        )
      ]
    ),
  ]

  private static func shrinkage<Estimator>(
    _ path: any WritableKeyPath<Estimator, Shrinkage?> & Sendable
  ) -> ModelParameter<Estimator> {
    .numberOr(
      "shrinkage",
      path,
      "how far covariances are drawn towards a multiple of the identity",
      [("none", nil), ("auto", .automatic)],
      number: { .fixed($0) },
      asNumber: { if case .fixed(let part) = $0 { part } else { nil } }
    )
  }

  private static func linear<Input>() -> [ModelParameter<LinearRegression<Input>>] {
    [
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .number(
        "tol",
        \.tolerance,
        "singular values of less than this part of the largest are 0; of sparse rows, where it ends"
      ),
      .flag("positive", \.positive, "whether coefficients are at least 0"),
    ]
  }

  private static func ridge<Input>() -> [ModelParameter<Ridge<Input>>] {
    [
      .number("alpha", \Ridge<Input>.onlyAlpha, "how much coefficients cost"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most iterations, of sparse rows"),
      .number("tol", \.tolerance, "where it ends, of sparse rows"),
      .flag("positive", \.positive, "whether coefficients are at least 0"),
    ]
  }

  private static func lasso<Input>() -> [ModelParameter<Lasso<Input>>] {
    [
      .number("alpha", \.alpha, "how much coefficients cost"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most passes"), .number("tol", \.tolerance, "where it ends"),
      .flag("positive", \.positive, "whether coefficients are at least 0"),
      .choice("selection", \.selection, "which one is next", CoordinateSelection.allCases.map { ($0.rawValue, $0) }),
      .seed(\.seed),
    ]
  }

  private static func elasticNet<Input>() -> [ModelParameter<ElasticNet<Input>>] {
    [
      .number("alpha", \.alpha, "how much coefficients cost"),
      .number("l1_ratio", \.l1Ratio, "the part of the L1 norm in that"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most passes"), .number("tol", \.tolerance, "where it ends"),
      .flag("positive", \.positive, "whether coefficients are at least 0"),
      .choice("selection", \.selection, "which one is next", CoordinateSelection.allCases.map { ($0.rawValue, $0) }),
      .seed(\.seed),
    ]
  }

  private static func multinomial<Input>() -> [ModelParameter<MultinomialNB<Input>>] {
    [
      .number("alpha", \.options.alpha, "what is added to counts"),
      .flag("force_alpha", \.options.forceAlpha, "whether it may be below 1e-10"),
      .flag("fit_prior", \.options.fitPrior, "whether classes are as frequent as they occur"),
    ]
  }

  private static func bernoulli<Input>() -> [ModelParameter<BernoulliNB<Input>>] {
    [
      .number("alpha", \.options.alpha, "what is added to counts"),
      .flag("force_alpha", \.options.forceAlpha, "whether it may be below 1e-10"),
      .number("binarize", \.binarize, "what is above is there"),
      .flag("fit_prior", \.options.fitPrior, "whether classes are as frequent as they occur"),
    ]
  }

  private static func complement<Input>() -> [ModelParameter<ComplementNB<Input>>] {
    [
      .number("alpha", \.options.alpha, "what is added to counts"),
      .flag("force_alpha", \.options.forceAlpha, "whether it may be below 1e-10"),
      .flag("fit_prior", \.options.fitPrior, "whether a single class is as frequent as it occurs"),
      .flag("norm", \.norm, "whether weights are normalized"),
    ]
  }
}

extension Ridge {
  /// One alpha for all targets.
  fileprivate var onlyAlpha: Double {
    get { alphas[0] }
    set { alphas = [newValue] }
  }
}
