import Farro
import FarroModels

extension ModelEntry {
  static let ensemblesOfClasses = [
    ModelEntry(
      name: "voting",
      summary: "models of other kinds that decide together",
      specs: [
        Spec<ClassTask<VotingClassifier<NamedClassifiers>>>(
          "voting",
          VotingClassifier { return NamedClassifiers(names: ["logistic", "random-forest", "gaussian-nb"]) },
          [
            .members(\.members.names, .classes),
            .choice("voting", \.voting, "by classes or by probabilities", [("hard", .hard), ("soft", .soft)]),
          ]
        )
      ]
    ),
    ModelEntry(
      name: "stacking",
      summary: "logistic regression on what models of other kinds tell",
      specs: [
        Spec<ClassTask<StackingClassifier<NamedClassifiers, LogisticRegression<Dense>>>>(
          "stacking",
          StackingClassifier { return NamedClassifiers(names: ["random-forest", "gaussian-nb"]) },
          [.members(\.members.names, .classes), .whole("cv", \.cv, "the parts of which each is told by the others")]
        )
      ]
    ),
    ModelEntry(
      name: "bagging",
      summary: "models of one kind, each of drawn rows",
      specs: [
        Spec<ClassTask<BaggingClassifier<NamedClassifier>>>(
          "bagging",
          BaggingClassifier(NamedClassifier(name: "tree")),
          [
            .member(\.estimator.name, .classes), .whole("n_estimators", \.nEstimators, "how many models"),
            .number("max_samples", \.maxSamples, "the part of the rows that each learns from"),
            .flag("bootstrap", \.bootstrap, "whether a row may be drawn again"), .seed(\.seed),
          ]
        )
      ]
    ),
  ]

  static let ensemblesOfNumbers = [
    ModelEntry(
      name: "voting-regressor",
      summary: "the mean of models of other kinds",
      specs: [
        Spec<NumberTask<VotingRegressor<NamedRegressors>>>(
          "voting-regressor",
          VotingRegressor { return NamedRegressors(names: ["ridge", "random-forest-regressor"]) },
          [.members(\.members.names, .numbers)]
        )
      ]
    ),
    ModelEntry(
      name: "stacking-regressor",
      summary: "ridge regression on what models of other kinds tell",
      specs: [
        Spec<NumberTask<StackingRegressor<NamedRegressors, Ridge<Dense>>>>(
          "stacking-regressor",
          StackingRegressor { return NamedRegressors(names: ["ridge", "random-forest-regressor"]) },
          [.members(\.members.names, .numbers), .whole("cv", \.cv, "the parts of which each is told by the others")]
        )
      ]
    ),
    ModelEntry(
      name: "bagging-regressor",
      summary: "models of one kind, each of drawn rows",
      specs: [
        Spec<NumberTask<BaggingRegressor<NamedRegressor>>>(
          "bagging-regressor",
          BaggingRegressor(NamedRegressor(name: "tree-regressor")),
          [
            .member(\.estimator.name, .numbers), .whole("n_estimators", \.nEstimators, "how many models"),
            .number("max_samples", \.maxSamples, "the part of the rows that each learns from"),
            .flag("bootstrap", \.bootstrap, "whether a row may be drawn again"), .seed(\.seed),
          ]
        )
      ]
    ),
  ]
}

extension ModelParameter {
  /// The names of models.
  fileprivate static func members(_ path: Path<[String]>, _ task: ModelTask) -> ModelParameter {
    of(
      "estimators",
      path,
      "which models",
      "models of \(task.rawValue), with commas between them",
      { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { knownMember($0, task) }
        return names.contains(nil) ? nil : names.compactMap { $0 }
      },
      { $0.joined(separator: ",") }
    )
  }

  /// The name of a model.
  fileprivate static func member(_ path: Path<String>, _ task: ModelTask) -> ModelParameter {
    of("estimator", path, "which model", "a model of \(task.rawValue)", { knownMember($0[...], task) }, { $0 })
  }
}

/// The name that a model has, nil if there is none of the task.
private func knownMember(_ name: Substring, _ task: ModelTask) -> String? {
  guard let entry = try? ModelEntry.named(String(name)), entry.task == task else { return nil }
  return entry.name
}
