import ArgumentParser
import Farro
import FarroData
import FarroModels

/// A model that the command line knows by name.
struct ModelEntry: Sendable {
  let name: String
  let summary: String
  /// For tables, and perhaps for sparse rows.
  let specs: [any ModelSpec]

  var task: ModelTask { specs[0].task }
  var takesSparse: Bool { specs.count > 1 }

  /// - Throws: `ValidationError` for a model that takes no sparse rows.
  func spec(sparse: Bool) throws -> any ModelSpec {
    guard sparse else { return specs[0] }
    guard takesSparse else {
      let names = ModelEntry.all.filter(\.takesSparse).map(\.name).joined(separator: ", ")
      throw ValidationError("\(name) takes no sparse rows of svmlight files; these do: \(names).")
    }
    return specs[1]
  }

  /// All models, those of classes first.
  static let all: [ModelEntry] = classes + numbers

  /// - Throws: `ValidationError` when there is none.
  static func named(_ name: String) throws -> ModelEntry {
    guard let entry = all.first(where: { plainName($0.name) == plainName(name) }) else {
      throw ValidationError("There is no model \(name), but \(all.map(\.name).joined(separator: ", ")).")
    }
    return entry
  }
}

// MARK: - How an entry is made

/// A classifier for tables.
func tables<Base: ClassifierEstimator<Tensor<Double>>>(
  _ name: String,
  _ base: Base,
  _ encoding: TableEncoding,
  _ parameters: [ModelParameter<Base>] = []
) -> any ModelSpec where Base.Model: StorableModel {
  Spec<ClassTask<TableEstimator<Base>>>(name, TableEstimator(base, encoding), parameters.map { $0.of(\.base) })
}

/// A classifier for sparse rows.
func sparse<Base: ClassifierEstimator<CSRMatrix<Double>>>(
  _ name: String,
  _ base: Base,
  _ parameters: [ModelParameter<Base>] = []
) -> any ModelSpec where Base.Model: StorableModel {
  Spec<ClassTask<Base>>(name, base, parameters)
}

/// A regressor for tables.
func tables<Base: RegressorEstimator<Tensor<Double>>>(
  _ name: String,
  _ base: Base,
  _ encoding: TableEncoding,
  _ parameters: [ModelParameter<Base>] = []
) -> any ModelSpec where Base.Model: StorableModel, Base.Model.Scalar == Double {
  Spec<NumberTask<TableEstimator<Base>>>(name, TableEstimator(base, encoding), parameters.map { $0.of(\.base) })
}

/// A regressor for sparse rows.
func sparse<Base: RegressorEstimator<CSRMatrix<Double>>>(
  _ name: String,
  _ base: Base,
  _ parameters: [ModelParameter<Base>] = []
) -> any ModelSpec where Base.Model: StorableModel, Base.Model.Scalar == Double {
  Spec<NumberTask<Base>>(name, base, parameters)
}
