import Farro
import FarroData
import FarroModels

// Members of ensembles, which the command line knows by name: each is fitted with the parameters that it has by itself.

// MARK: - Classes

/// A classifier of tables by its name.
struct NamedClassifier: ClassifierEstimator, Equatable {
  var name: String

  func fit(_ x: Table, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> NamedClassModel {
    let member = try ModelEntry.named(name).specs[0] as! any ClassMember
    let model = try member.fitMember(x, classes: classes, classCount: classCount, weights: weights)
    return NamedClassModel(name: name, model: model)
  }
}

typealias TableClassModel = ClassModel<Table> & StorableModel

/// What a ``NamedClassifier`` has learned.
struct NamedClassModel: ProbabilisticClassModel, StorableModel {
  let name: String
  let model: any TableClassModel

  static var fileKind: String { "classifier by name" }
  static var fileVersion: Int { 1 }
  var flaw: String? { model.flaw }
  var classCount: Int { model.classCount }

  init(name: String, model: any TableClassModel) { (self.name, self.model) = (name, model) }

  func predictClasses(_ x: Table) throws -> [Int32] { try model.predictClasses(x) }

  /// Certainty where the model tells no probabilities.
  func predictProbabilities(_ x: Table) throws -> Tensor<Double> {
    if let told = try asMember.memberProbabilities(x)[0] { return told }
    var votes = Tensor<Double>(zeros: [x.rowCount, classCount])
    for (row, number) in try predictClasses(x).enumerated() { votes[row, Int(number)] = 1 }
    return votes
  }

  fileprivate var asMember: any ClassModelGroup<Table> {
    func member(_ model: some TableClassModel) -> any ClassModelGroup<Table> { EnsembleMemberModel(model) }
    return member(model)
  }

  enum CodingKeys: String, CodingKey { case name, model }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    let member = (try? ModelEntry.named(name))?.specs[0] as? any ClassMember
    guard let model = try member?.decodeMember(from: container, .model) else {
      throw DecodingError.dataCorruptedError(forKey: .name, in: container, debugDescription: "no classifier \(name)")
    }
    self.model = model
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(model, forKey: .model)
  }
}

/// Classifiers of tables by their names.
struct NamedClassifiers: ClassifierGroup, Equatable {
  var names: [String]

  var classifierCount: Int { names.count }

  func fitMembers(_ x: Table, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> NamedClassModels {
    NamedClassModels(
      models: try names.map { name in
        try Task.checkCancellation()
        return try NamedClassifier(name: name).fit(x, classes: classes, classCount: classCount, weights: weights)
      }
    )
  }
}

/// What ``NamedClassifiers`` have learned.
struct NamedClassModels: ClassModelGroup, Codable {
  let models: [NamedClassModel]

  var classifierCount: Int { models.count }
  var classCounts: [Int] { models.map(\.classCount) }
  var classFlaw: String? { models.isEmpty ? "there are no members" : models.lazy.compactMap(\.flaw).first }

  func memberClasses(_ x: Table) throws -> [[Int32]] { try models.map { try $0.predictClasses(x) } }
  func memberProbabilities(_ x: Table) throws -> [Tensor<Double>?] {
    try models.flatMap { try $0.asMember.memberProbabilities(x) }
  }
  func memberFeatures(_ x: Table) throws -> [Tensor<Double>] {
    try models.flatMap { try $0.asMember.memberFeatures(x) }
  }
}

/// A model of the command line as a member, whatever its type.
private protocol ClassMember {
  func fitMember(_ x: Table, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> any TableClassModel
  func decodeMember<Key>(from container: KeyedDecodingContainer<Key>, _ key: Key) throws -> any TableClassModel
}

private protocol ClassMemberTask: LearningTask
where Estimator: ClassifierEstimator<Table>, Estimator.Model: StorableModel {}
extension ClassTask: ClassMemberTask where Estimator.Input == Table {}

extension Spec: ClassMember where Task: ClassMemberTask {
  func fitMember(_ x: Table, classes: [Int32], classCount: Int, weights: Tensor<Double>?) throws -> any TableClassModel
  {
    try estimator.fit(x, classes: classes, classCount: classCount, weights: weights)
  }
  func decodeMember<Key>(from container: KeyedDecodingContainer<Key>, _ key: Key) throws -> any TableClassModel {
    try container.decode(Task.Estimator.Model.self, forKey: key)
  }
}

// MARK: - Numbers

/// A regressor of tables by its name.
struct NamedRegressor: RegressorEstimator, Equatable {
  var name: String

  func fit(_ x: Table, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> NamedNumberModel {
    let member = try ModelEntry.named(name).specs[0] as! any NumberMember
    return NamedNumberModel(name: name, model: try member.fitMember(x, y, weights: weights))
  }
}

typealias TableNumberModel = Regressor<Table> & StorableModel

/// What a ``NamedRegressor`` has learned.
struct NamedNumberModel: Regressor, StorableModel {
  let name: String
  let model: any TableNumberModel

  static var fileKind: String { "regressor by name" }
  static var fileVersion: Int { 1 }
  var flaw: String? { model.flaw }

  init(name: String, model: any TableNumberModel) { (self.name, self.model) = (name, model) }

  func predict(_ x: Table) throws -> Tensor<Double> {
    func told(_ model: some TableNumberModel) throws -> Tensor<Double> {
      try EnsembleMemberModel(model).memberPredictions(x)[0]
    }
    return try told(model)
  }

  enum CodingKeys: String, CodingKey { case name, model }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(String.self, forKey: .name)
    let member = (try? ModelEntry.named(name))?.specs[0] as? any NumberMember
    guard let model = try member?.decodeMember(from: container, .model) else {
      throw DecodingError.dataCorruptedError(forKey: .name, in: container, debugDescription: "no regressor \(name)")
    }
    self.model = model
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(model, forKey: .model)
  }
}

/// Regressors of tables by their names.
struct NamedRegressors: RegressorGroup, Equatable {
  var names: [String]

  var regressorCount: Int { names.count }

  func fitMembers(_ x: Table, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> NamedNumberModels {
    NamedNumberModels(
      models: try names.map { name in
        try Task.checkCancellation()
        return try NamedRegressor(name: name).fit(x, y, weights: weights)
      }
    )
  }
}

/// What ``NamedRegressors`` have learned.
struct NamedNumberModels: NumberModelGroup, Codable {
  let models: [NamedNumberModel]

  var regressorCount: Int { models.count }
  var numberFlaw: String? { models.isEmpty ? "there are no members" : models.lazy.compactMap(\.flaw).first }

  func memberPredictions(_ x: Table) throws -> [Tensor<Double>] { try models.map { try $0.predict(x) } }
}

private protocol NumberMember {
  func fitMember(_ x: Table, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> any TableNumberModel
  func decodeMember<Key>(from container: KeyedDecodingContainer<Key>, _ key: Key) throws -> any TableNumberModel
}

private protocol NumberMemberTask: LearningTask
where Estimator: RegressorEstimator<Table>, Estimator.Model: StorableModel, Estimator.Model.Scalar == Double {}
extension NumberTask: NumberMemberTask where Estimator.Input == Table {}

extension Spec: NumberMember where Task: NumberMemberTask {
  func fitMember(_ x: Table, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> any TableNumberModel {
    try estimator.fit(x, y, weights: weights)
  }
  func decodeMember<Key>(from container: KeyedDecodingContainer<Key>, _ key: Key) throws -> any TableNumberModel {
    try container.decode(Task.Estimator.Model.self, forKey: key)
  }
}

// MARK: - What columns become

extension NamedClassModel: HasTableFeatures {
  var tableFeatures: TableFeaturesModel? { (model as? any HasTableFeatures)?.tableFeatures }
}
extension NamedNumberModel: HasTableFeatures {
  var tableFeatures: TableFeaturesModel? { (model as? any HasTableFeatures)?.tableFeatures }
}
extension VotingClassifierModel: HasTableFeatures where Models == NamedClassModels {
  var tableFeatures: TableFeaturesModel? { models.models.first?.tableFeatures }
}
extension VotingRegressorModel: HasTableFeatures where Models == NamedNumberModels {
  var tableFeatures: TableFeaturesModel? { models.models.first?.tableFeatures }
}
extension StackingClassifierModel: HasTableFeatures where Models == NamedClassModels {
  var tableFeatures: TableFeaturesModel? { models.models.first?.tableFeatures }
}
extension StackingRegressorModel: HasTableFeatures where Models == NamedNumberModels {
  var tableFeatures: TableFeaturesModel? { models.models.first?.tableFeatures }
}
extension BaggingClassifierModel: HasTableFeatures where Base == NamedClassModel {
  var tableFeatures: TableFeaturesModel? { estimators.first?.tableFeatures }
}
extension BaggingRegressorModel: HasTableFeatures where Base == NamedNumberModel {
  var tableFeatures: TableFeaturesModel? { estimators.first?.tableFeatures }
}
