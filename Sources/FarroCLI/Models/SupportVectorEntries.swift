import Farro
import FarroModels

extension ModelEntry {
  static let supportVectorClasses = [
    ModelEntry(
      name: "svc",
      summary: "support vectors, with a kernel",
      specs: [
        tables(
          "svc",
          SVC<Double>(),
          .scaled,
          [
            .number("c", \.c, "what mistakes cost"), .choice("kernel", \.kernel, "how rows are compared", kernels),
            .whole("degree", \.degree, "of the polynomial"), gamma(\.gamma),
            .number("coef0", \.coef0, "of the polynomial and the sigmoid"), .classWeight(\.classWeight),
            .flag("probability", \.probability, "whether probabilities are fitted"),
            .flag("shrinking", \.shrinking, "whether rows at their bounds are set aside"),
            .number("tol", \.tolerance, "where it ends"), .whole("max_iter", \.maxIterations, "the most steps"),
            .number("cache_size", \.cacheSize, "of kernel rows, in MB"),
            .choice("strategy", \.strategy, "of several classes", [("ovo", .oneVsOne), ("ovr", .oneVsRest)]),
            .choice("decision_function_shape", \.decisionFunctionShape, "of scores", [("ovr", .ovr), ("ovo", .ovo)]),
            .flag("break_ties", \.breakTies, "whether scores decide between classes of as many votes"), .seed(\.seed),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "linear-svc",
      summary: "support vectors, linear",
      specs: [
        tables("linear-svc", LinearSVC<Dense>(), .scaled, linear()),
        sparse("linear-svc", LinearSVC<Sparse>(), linear()),
      ]
    ),
  ]

  static let supportVectorNumbers = [
    ModelEntry(
      name: "svr",
      summary: "support vectors, with a kernel",
      specs: [
        tables(
          "svr",
          SVR<Double>(),
          .scaled,
          [
            .number("c", \.c, "what mistakes cost"), .number("epsilon", \.epsilon, "mistakes that cost nothing"),
            .choice("kernel", \.kernel, "how rows are compared", kernels),
            .whole("degree", \.degree, "of the polynomial"), gamma(\.gamma),
            .number("coef0", \.coef0, "of the polynomial and the sigmoid"),
            .flag("shrinking", \.shrinking, "whether rows at their bounds are set aside"),
            .number("tol", \.tolerance, "where it ends"), .whole("max_iter", \.maxIterations, "the most steps"),
            .number("cache_size", \.cacheSize, "of kernel rows, in MB"),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "linear-svr",
      summary: "support vectors, linear",
      specs: [
        tables("linear-svr", LinearSVR<Dense>(), .scaled, linearVectors()),
        sparse("linear-svr", LinearSVR<Sparse>(), linearVectors()),
      ]
    ),
  ]

  private static let kernels: [(String, SVMKernel<Double>)] = [
    ("linear", .linear), ("poly", .polynomial), ("rbf", .rbf), ("sigmoid", .sigmoid),
  ]

  private static func gamma<Estimator>(
    _ path: any WritableKeyPath<Estimator, SVMGamma> & Sendable
  ) -> ModelParameter<Estimator> {
    .numberOr(
      "gamma",
      path,
      "how fast likeness fades",
      [("scale", .scale), ("auto", .auto)],
      number: { .value($0) },
      asNumber: { if case .value(let value) = $0 { value } else { nil } }
    )
  }

  private static func linear<Input>() -> [ModelParameter<LinearSVC<Input>>] {
    [
      .number("c", \.c, "what mistakes cost"),
      .choice("penalty", \.penalty, "what coefficients cost", [("l1", .l1), ("l2", .l2)]),
      .choice("loss", \.loss, "what a mistake costs", [("hinge", .hinge), ("squared_hinge", .squaredHinge)]),
      .classWeight(\.classWeight),
      .automaticFlag("dual", \.dual, "whether the dual problem is solved"),
      .number("tol", \.tolerance, "where it ends"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .number("intercept_scaling", \.interceptScaling, "how little the constant costs"),
      .whole("max_iter", \.maxIterations, "the most passes"), .seed(\.seed),
    ]
  }

  private static func linearVectors<Input>() -> [ModelParameter<LinearSVR<Input>>] {
    [
      .number("c", \.c, "what mistakes cost"), .number("epsilon", \.epsilon, "mistakes that cost nothing"),
      .choice(
        "loss",
        \.loss,
        "what a mistake costs",
        [
          ("epsilon_insensitive", .epsilonInsensitive), ("squared_epsilon_insensitive", .squaredEpsilonInsensitive),
        ]
      ),
      .automaticFlag("dual", \.dual, "whether the dual problem is solved"),
      .number("tol", \.tolerance, "where it ends"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .number("intercept_scaling", \.interceptScaling, "how little the constant costs"),
      .whole("max_iter", \.maxIterations, "the most passes"), .seed(\.seed),
    ]
  }
}
