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
            .whole("degree", \.degree, "of the polynomial"),
            .numberOr(
              "gamma",
              \.gamma,
              "how fast likeness fades",
              [("scale", .scale), ("auto", .auto)],
              number: { .value($0) },
              asNumber: { if case .value(let value) = $0 { value } else { nil } }
            ), .number("coef0", \.coef0, "of the polynomial and the sigmoid"),
            .flag("probability", \.probability, "whether probabilities are fitted"),
            .number("tol", \.tolerance, "where it ends"),
            .number("cache_size", \.cacheSize, "of kernel rows, in MB"), .seed(\.seed),
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
            .whole("degree", \.degree, "of the polynomial"),
            .numberOr(
              "gamma",
              \.gamma,
              "how fast likeness fades",
              [("scale", .scale), ("auto", .auto)],
              number: { .value($0) },
              asNumber: { if case .value(let value) = $0 { value } else { nil } }
            ), .number("coef0", \.coef0, "of the polynomial and the sigmoid"),
            .number("tol", \.tolerance, "where it ends"),
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

  private static func linear<Input>() -> [ModelParameter<LinearSVC<Input>>] {
    [
      .number("c", \.c, "what mistakes cost"),
      .choice("penalty", \.penalty, "what coefficients cost", [("l1", .l1), ("l2", .l2)]),
      .choice("loss", \.loss, "what a mistake costs", [("hinge", .hinge), ("squared_hinge", .squaredHinge)]),
      .number("tol", \.tolerance, "where it ends"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most passes"),
    ]
  }

  private static func linearVectors<Input>() -> [ModelParameter<LinearSVR<Input>>] {
    [
      .number("c", \.c, "what mistakes cost"), .number("epsilon", \.epsilon, "mistakes that cost nothing"),
      .number("tol", \.tolerance, "where it ends"),
      .flag("fit_intercept", \.fitIntercept, "whether there is a constant"),
      .whole("max_iter", \.maxIterations, "the most passes"),
    ]
  }
}
