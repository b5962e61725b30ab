import Farro
import FarroModels
import Foundation
import Testing

/// The nearest of the classes' means: small enough to be seen through, as pipelines and labels are what is tested.
private struct NearestMean<Input: NumericRows>: ClassifierEstimator {
  func fit(
    _ x: Input,
    classes: [Int32],
    classCount: Int,
    weights: Tensor<Double>?
  ) throws -> NearestMeanModel<Input> {
    try x.checkFinite()
    return NearestMeanModel(
      means: (0..<classCount).map { number in
        let rows = x[rows: classes.indices.filter { classes[$0] == number }].doubles
        return (0..<x.columnCount).map { column in rows.reduce(0) { $0 + $1[column] } / Double(rows.count) }
      }
    )
  }
}

private struct NearestMeanModel<Input: NumericRows>: ProbabilisticClassModel, Equatable, Codable {
  typealias Scalar = Input.Scalar

  let means: [[Double]]
  var classCount: Int { means.count }

  private func squares(_ row: [Double]) -> [Double] {
    means.map { zip($0, row).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
  }

  func predictClasses(_ x: Input) throws -> [Int32] {
    x.doubles.map { row in
      let squares = squares(row)
      return Int32(squares.firstIndex(of: squares.min()!)!)
    }
  }

  func predictProbabilities(_ x: Input) throws -> Tensor<Scalar> {
    let probabilities = x.doubles.flatMap { row in
      let closeness = squares(row).map { 1 / (1 + $0) }
      return closeness.map { Scalar($0 / closeness.reduce(0, +)) }
    }
    return Tensor(probabilities, shape: [x.rowCount, classCount])
  }
}

extension NumericRows {
  fileprivate var doubles: [[Double]] {
    let dense = (self as? CSRMatrix<Scalar>)?.dense() ?? self as! Tensor<Scalar>
    return (0..<rowCount).map { row in dense[row: row].scalars.map { Double($0) } }
  }
}

/// The sum along rows, as numbers to learn.
private struct RowSum: RegressorEstimator {
  struct Model: Regressor {
    let factor: Double
    func predict(_ x: Tensor<Double>) throws -> Tensor<Double> { x.sum(axis: 1) * factor }
  }

  func fit(_ x: Tensor<Double>, _ y: Tensor<Double>, weights: Tensor<Double>?) throws -> Model {
    Model(factor: (y * x.sum(axis: 1)).sum() / (x.sum(axis: 1) * x.sum(axis: 1)).sum())
  }
}

@Suite struct PipelineTests {
  /// Of two columns of very different scales the small one tells the classes apart.
  static let x = Tensor<Double>([[1000, 0.1], [3000, 0.2], [2000, 0.9], [4000, 1.0]])
  static let names = ["near", "near", "far", "far"]

  @Test("a classifier answers with the labels that it was fitted with, whatever their type")
  func labels() throws {
    let scaled = try StandardScaler().fit(Self.x).transform(Self.x)
    let named = try NearestMean().fit(scaled, Self.names)
    #expect(named.classes == ["far", "near"])
    #expect(try named.predict(scaled) == Self.names)
    #expect(named.means.count == 2)
    let numbered = try NearestMean().fit(scaled, [7, 7, -2, -2])
    #expect(try numbered.predict(scaled) == [7, 7, -2, -2])
    #expect(try numbered.predictProbabilities(scaled) == named.predictProbabilities(scaled))
  }

  @Test("each step learns from what the one before it makes")
  func steps() throws {
    let pipeline = StandardScaler<Tensor<Double>>().then(StandardScaler(withStd: false)).then(NearestMean())
    let classifier = try pipeline.fit(Self.x, Self.names)
    #expect(try classifier.predict(Self.x) == Self.names)
    let scaler = try StandardScaler().fit(Self.x)
    #expect(classifier.first.first == scaler)
    let alone = try NearestMean().fit(scaler.transform(Self.x), Self.names)
    #expect(zip(classifier.last.means, alone.means).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) < 1e-12 } })
    // Without the first step the large column decides.
    #expect(try NearestMean().fit(Self.x, Self.names).predict(Self.x) != Self.names)
  }

  @Test("a pipeline is what its last step is")
  func kinds() throws {
    let clusters = try StandardScaler().then(KMeans(nClusters: 2, seed: 1)).fit(Self.x)
    #expect(clusters.nClusters == 2)
    #expect(try clusters.predict(Self.x) == clusters.last.labels)
    #expect(try clusters.transform(Self.x).shape == [4, 2])
    let sums = try StandardScaler<Tensor<Double>>(withMean: false, withStd: false).then(RowSum()).fit(
      Self.x,
      Self.x.sum(axis: 1) * 3
    )
    #expect(try sums.predict(Tensor([[1, 2]])).scalars.allSatisfy { abs($0 - 9) < 1e-9 })
  }

  @Test("sparse rows are learned from as dense ones are")
  func sparse() throws {
    let sparse = CSRMatrix(Self.x)
    let classifier = try NearestMean().fit(sparse, Self.names)
    #expect(try classifier.predict(sparse) == NearestMean().fit(Self.x, Self.names).predict(Self.x))
    #expect(sparse[rows: [3, 0, 3]] == CSRMatrix(Self.x[rows: [3, 0, 3]]))
    #expect(sparse[rows: []].shape == [0, 2])
  }

  @Test("rows are taken by their numbers from tensors of any number of axes, and of no columns")
  func rows() {
    let x = Tensor<Float>((0..<12).map(Float.init), shape: [3, 2, 2])
    #expect(x[rows: [2, 0, 2]] == Tensor([8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11], shape: [3, 2, 2]))
    #expect(x[rows: []].shape == [0, 2, 2])
    #expect(Tensor<Double>([5, 6, 7])[rows: [1, 1]] == Tensor([6, 6]))
    #expect(Tensor<Float>(zeros: [3, 0])[rows: [2, 1]].shape == [2, 0])
    #expect(Tensor<Float>(zeros: [0, 3])[rows: []].shape == [0, 3])
    #expect(["a", "b", "c"][rows: [2, 0]] == ["c", "a"])
  }

  @Test("a classifier and its pipeline survive being written")
  func codable() throws {
    let pipeline = StandardScaler<Tensor<Double>>(withStd: false).then(NearestMean())
    let again = try JSONDecoder().decode(type(of: pipeline), from: JSONEncoder().encode(pipeline))
    #expect(again.first == pipeline.first)
    let classifier = try pipeline.fit(Self.x, Self.names)
    let loaded = try JSONDecoder().decode(type(of: classifier), from: JSONEncoder().encode(classifier))
    #expect(loaded == classifier)
  }

  @Test("rows that cannot be are told of")
  func badInput() throws {
    #expect(throws: ModelError.labels(3, rows: 4)) { try NearestMean().fit(Self.x, ["a", "b", "c"]) }
    #expect(throws: ModelError.notRows(shape: [4])) { try StandardScaler().fit(Tensor<Double>(zeros: [4])) }
    #expect(throws: ModelError.rows(0, needed: 1)) { try StandardScaler().fit(Tensor<Float>(zeros: [0, 3])) }
    var broken = Self.x
    broken[2, 1] = .nan
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try StandardScaler().fit(broken) }
    #expect(throws: ModelError.notFinite(row: 2, column: 1)) { try NearestMean().fit(CSRMatrix(broken), Self.names) }
    let scaler = try StandardScaler().fit(Self.x)
    #expect(throws: ModelError.columns(3, expected: 2)) { try scaler.transform(Tensor(zeros: [1, 3])) }
  }
}

@Suite struct StandardScalerTests {
  @Test("columns get mean 0 and deviation 1, and come back")
  func scaling() throws {
    let x = Tensor<Double>([[1, 5, 1e6], [2, 5, 1e6 + 1], [6, 5, 1e6 + 5]])
    let model = try StandardScaler().fit(x)
    #expect(model.moments.mean == [3, 5, 1e6 + 2])
    let scaled = try model.transform(x)
    let moments = columnMoments(scaled)
    #expect(moments.mean.allSatisfy { abs($0) < 1e-15 })
    #expect(scaled[1, 1] == 0)
    #expect(abs(moments.deviation[0] - 1) < 1e-15 && abs(moments.deviation[2] - 1) < 1e-15)
    let back = try model.inverseTransform(scaled)
    #expect(zip(back.scalars, x.scalars).allSatisfy { abs($0 - $1) <= 1e-9 })
    let centred = try StandardScaler(withStd: false).fit(x).transform(x)
    #expect(centred == Tensor([[-2, 0, -2], [-1, 0, -1], [3, 0, 3]]))
    let divided = try StandardScaler(withMean: false).fit(x).transform(x)
    #expect(divided[0, 1] == 5)
  }
}
