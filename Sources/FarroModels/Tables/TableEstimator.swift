import Farro
import FarroData

/// An estimator whose trees can split categories by their numbers: it is told which columns hold them.
public protocol CategoricalEstimator {
  /// The columns that hold numbers of categories.
  var categoricalFeatures: [Int] { get set }
}

extension HistGradientBoostingClassifier: CategoricalEstimator {}
extension HistGradientBoostingRegressor: CategoricalEstimator {}
extension DecisionTreeClassifier: CategoricalEstimator {}
extension DecisionTreeRegressor: CategoricalEstimator {}
extension RandomForestClassifier: CategoricalEstimator {}
extension RandomForestRegressor: CategoricalEstimator {}
extension ExtraTreesClassifier: CategoricalEstimator {}
extension ExtraTreesRegressor: CategoricalEstimator {}

extension AdaBoostClassifier: CategoricalEstimator where Base: CategoricalEstimator {
  public var categoricalFeatures: [Int] {
    get { estimator.categoricalFeatures }
    set { estimator.categoricalFeatures = newValue }
  }
}

extension AdaBoostRegressor: CategoricalEstimator where Base: CategoricalEstimator {
  public var categoricalFeatures: [Int] {
    get { estimator.categoricalFeatures }
    set { estimator.categoricalFeatures = newValue }
  }
}

/// An estimator of matrices that learns from tables: ``TableFeatures`` first, then the estimator.
///
/// ```swift
/// let model = try TableEstimator(GaussianNB(), .plain).fit(table.dropping(["species"]), species)
/// let scores = try await crossValScore(TableEstimator(GaussianNB()), table.dropping(["species"]), species)
/// ```
public struct TableEstimator<Base: Codable & Sendable>: Codable, Sendable {
  /// What learns.
  public var base: Base
  /// What columns become for it.
  public var encoding: TableEncoding

  public init(_ base: Base, _ encoding: TableEncoding = .scaled) {
    (self.base, self.encoding) = (base, encoding)
  }

  private func prepared(_ x: Table) throws -> (TableFeaturesModel, Tensor<Double>, Base) {
    let features = try TableFeatures(encoding).fit(x)
    var base = base
    if encoding == .codes, var categorical = base as? any CategoricalEstimator {
      categorical.categoricalFeatures = features.categoricalColumns
      base = categorical as! Base
    }
    return (features, try features.transform(x), base)
  }
}

extension TableEstimator: Equatable where Base: Equatable {}

extension TableEstimator: ClassifierEstimator where Base: ClassifierEstimator<Tensor<Double>> {
  public func fit(
    _ x: Table,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> TableModel<Base.Model> {
    let (features, matrix, base) = try prepared(x)
    let model = try base.fit(matrix, classes: classes, classCount: classCount, weights: weights)
    return TableModel(features: features, base: model)
  }
}

extension TableEstimator: RegressorEstimator where Base: RegressorEstimator<Tensor<Double>> {
  public func fit(
    _ x: Table,
    _ y: Tensor<Base.Model.Scalar>,
    weights: Tensor<Double>?
  ) throws -> TableModel<Base.Model> {
    let (features, matrix, base) = try prepared(x)
    return TableModel(features: features, base: try base.fit(matrix, y, weights: weights))
  }
}

/// What a ``TableEstimator`` has learned.
public struct TableModel<Base: Sendable>: Sendable {
  /// What columns become.
  public let features: TableFeaturesModel
  /// What was learned from that.
  public let base: Base
}

extension TableModel: Encodable where Base: Encodable {}
extension TableModel: Decodable where Base: Decodable {}

extension TableModel: ClassModel where Base: ClassModel, Base.Input == Tensor<Double> {
  public typealias Input = Table
  public var classCount: Int { base.classCount }
  public func predictClasses(_ x: Table) throws -> [Int32] { try base.predictClasses(features.transform(x)) }
}

extension TableModel: ProbabilisticClassModel where Base: ProbabilisticClassModel, Base.Input == Tensor<Double> {
  public func predictProbabilities(_ x: Table) throws -> Tensor<Base.Scalar> {
    try base.predictProbabilities(features.transform(x))
  }
}

extension TableModel: DecisionModel where Base: DecisionModel, Base.Input == Tensor<Double> {
  public func decisionFunction(_ x: Table) throws -> Tensor<Base.Scalar> {
    try base.decisionFunction(features.transform(x))
  }
}

extension TableModel: Regressor where Base: Regressor, Base.Input == Tensor<Double> {
  public func predict(_ x: Table) throws -> Tensor<Base.Scalar> { try base.predict(features.transform(x)) }
}

extension TableModel: StorableModel where Base: StorableModel {
  public static var fileKind: String { "\(Base.fileKind), of tables" }
  public static var fileVersion: Int { Base.fileVersion }
  public var flaw: String? { features.flaw ?? base.flaw }
}
