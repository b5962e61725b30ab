import Farro
import FarroData

/// Two steps that are fitted one after the other: one that makes other columns of rows, and one that learns from these.
///
/// ```swift
/// let pipeline = StandardScaler().then(GaussianNB())
/// let classifier = try pipeline.fit(x, labels)
/// ```
///
/// What the second step is, an estimator of clusters, classes or numbers, or another step on the way, the pipeline is. A second
/// step that does not take what the first gives does not compile.
public struct Pipeline<First: Estimator, Last: Codable & Sendable>: Codable, Sendable
where First.Model: Transformer, First.Model.Input == First.Input {
  /// The step that makes other columns.
  public var first: First
  /// The step that learns from them.
  public var last: Last

  public init(_ first: First, _ last: Last) {
    (self.first, self.last) = (first, last)
  }

  private func fitFirst<Model>(
    _ x: First.Input,
    then fitLast: (First.Model.Output) throws -> Model
  ) throws -> PipelineModel<First.Model, Model> {
    let transformer = try first.fit(x)
    return PipelineModel(first: transformer, last: try fitLast(transformer.transform(x)))
  }
}

extension Pipeline: Equatable where First: Equatable, Last: Equatable {}

extension Estimator where Model: Transformer, Model.Input == Input {
  /// This step, and one that learns from the columns that it makes.
  public func then<Last: Estimator>(_ last: Last) -> Pipeline<Self, Last> where Last.Input == Model.Output {
    Pipeline(self, last)
  }

  /// This step, and one that learns classes from the columns that it makes.
  public func then<Last: ClassifierEstimator>(_ last: Last) -> Pipeline<Self, Last> where Last.Input == Model.Output {
    Pipeline(self, last)
  }

  /// This step, and one that learns numbers from the columns that it makes.
  public func then<Last: RegressorEstimator>(_ last: Last) -> Pipeline<Self, Last> where Last.Input == Model.Output {
    Pipeline(self, last)
  }
}

extension Pipeline: Estimator where Last: Estimator, Last.Input == First.Model.Output {
  public func fit(_ x: First.Input) throws -> PipelineModel<First.Model, Last.Model> {
    try fitFirst(x) { try last.fit($0) }
  }
}

extension Pipeline: ClassifierEstimator where Last: ClassifierEstimator, Last.Input == First.Model.Output {
  public func fit(
    _ x: First.Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> PipelineModel<First.Model, Last.Model> {
    try fitFirst(x) { try last.fit($0, classes: classes, classCount: classCount, weights: weights) }
  }
}

extension Pipeline: RegressorEstimator where Last: RegressorEstimator, Last.Input == First.Model.Output {
  public func fit(
    _ x: First.Input,
    _ y: Tensor<Last.Model.Scalar>,
    weights: Tensor<Double>?
  ) throws -> PipelineModel<First.Model, Last.Model> {
    try fitFirst(x) { try last.fit($0, y, weights: weights) }
  }
}

/// What the steps of a ``Pipeline`` have learned.
public struct PipelineModel<First: Transformer, Last: Sendable>: Sendable {
  /// Makes the columns.
  public let first: First
  /// Has learned from them.
  public let last: Last
}

extension PipelineModel: Encodable where First: Encodable, Last: Encodable {}
extension PipelineModel: Decodable where First: Decodable, Last: Decodable {}
extension PipelineModel: Equatable where First: Equatable, Last: Equatable {}

extension PipelineModel: Transformer where Last: Transformer, Last.Input == First.Output {
  public func transform(_ x: First.Input) throws -> Last.Output { try last.transform(first.transform(x)) }
}

extension PipelineModel: Clusterer where Last: Clusterer, Last.Input == First.Output {
  public var nClusters: Int { last.nClusters }
  public func predict(_ x: First.Input) throws -> [Int32] { try last.predict(first.transform(x)) }
}

extension PipelineModel: ClassModel where Last: ClassModel, Last.Input == First.Output {
  public var classCount: Int { last.classCount }
  public func predictClasses(_ x: First.Input) throws -> [Int32] { try last.predictClasses(first.transform(x)) }
}

extension PipelineModel: ProbabilisticClassModel where Last: ProbabilisticClassModel, Last.Input == First.Output {
  public func predictProbabilities(_ x: First.Input) throws -> Tensor<Last.Scalar> {
    try last.predictProbabilities(first.transform(x))
  }
}

extension PipelineModel: DecisionModel where Last: DecisionModel, Last.Input == First.Output {
  public func decisionFunction(_ x: First.Input) throws -> Tensor<Last.Scalar> {
    try last.decisionFunction(first.transform(x))
  }
}

extension PipelineModel: Regressor where Last: Regressor, Last.Input == First.Output {
  public func predict(_ x: First.Input) throws -> Tensor<Last.Scalar> { try last.predict(first.transform(x)) }
}

extension PipelineModel: StorableModel where First: StorableModel, Last: StorableModel {
  public static var fileKind: String { "\(First.fileKind), then \(Last.fileKind)" }
  public static var fileVersion: Int { First.fileVersion + Last.fileVersion - 1 }
  public var flaw: String? { first.flaw ?? last.flaw }
}
