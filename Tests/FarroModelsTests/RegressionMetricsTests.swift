import Farro
import FarroModels
import Testing

@Suite struct RegressionMetricsTests {
  typealias Data = MetricsData

  private static let one = (
    Tensor(Data.rows.map { Data.targets[$0, 0] }), Tensor(Data.rows.map { Data.predictions[$0, 0] })
  )

  @Test(arguments: Data.ways)
  func `errors are those of scikit-learn`(name: String, weights w: Tensor<Double>?) throws {
    let (x, y, (one, guess)) = (Data.targets, Data.predictions, Self.one)
    let outputs = [1, 2, 0.5]
    expect("mse of one \(name)", try meanSquaredError(one, predicted: guess, weights: w))
    expect("mse \(name)", try meanSquaredError(x, predicted: y, weights: w))
    expect("mse by output \(name)", try meanSquaredError(x, predicted: y, weights: w, outputWeights: outputs))
    expect("mse \(name)", list: try meanSquaredErrors(x, predicted: y, weights: w))
    expect("rmse of one \(name)", try rootMeanSquaredError(one, predicted: guess, weights: w))
    expect("rmse \(name)", try rootMeanSquaredError(x, predicted: y, weights: w))
    expect("rmse by output \(name)", try rootMeanSquaredError(x, predicted: y, weights: w, outputWeights: outputs))
    expect("rmse \(name)", list: try rootMeanSquaredErrors(x, predicted: y, weights: w))
    expect("mae of one \(name)", try meanAbsoluteError(one, predicted: guess, weights: w))
    expect("mae \(name)", try meanAbsoluteError(x, predicted: y, weights: w))
    expect("mae by output \(name)", try meanAbsoluteError(x, predicted: y, weights: w, outputWeights: outputs))
    expect("mae \(name)", list: try meanAbsoluteErrors(x, predicted: y, weights: w))
    expect("median of one \(name)", try medianAbsoluteError(one, predicted: guess, weights: w))
    expect("median \(name)", try medianAbsoluteError(x, predicted: y, weights: w))
    expect("median by output \(name)", try medianAbsoluteError(x, predicted: y, weights: w, outputWeights: outputs))
    expect("median \(name)", list: try medianAbsoluteErrors(x, predicted: y, weights: w))
    expect("max error", try maxError(one, predicted: guess))
  }

  @Test(arguments: Data.ways)
  func `explained parts of the variance are those of scikit-learn`(name: String, weights w: Tensor<Double>?) throws {
    let (x, y, (one, guess)) = (Data.targets, Data.predictions, Self.one)
    let outputs = OutputAverage.weighted([1, 2, 0.5])
    expect("r2 of one \(name)", try r2Score(one, predicted: guess, weights: w))
    expect("r2 \(name)", try r2Score(x, predicted: y, weights: w))
    expect("r2 by output \(name)", try r2Score(x, predicted: y, weights: w, outputs: outputs))
    expect("r2 by variance \(name)", try r2Score(x, predicted: y, weights: w, outputs: .varianceWeighted))
    expect("r2 \(name)", list: try r2Scores(x, predicted: y, weights: w))
    expect("r2 of any size \(name)", list: try r2Scores(x, predicted: y, weights: w, forceFinite: false))
    expect("variance of one \(name)", try explainedVariance(one, predicted: guess, weights: w))
    expect("variance \(name)", try explainedVariance(x, predicted: y, weights: w))
    expect("variance by output \(name)", try explainedVariance(x, predicted: y, weights: w, outputs: outputs))
    let weighted = try explainedVariance(x, predicted: y, weights: w, outputs: .varianceWeighted)
    expect("variance by variance \(name)", weighted)
    expect("variance \(name)", list: try explainedVariances(x, predicted: y, weights: w))
    let any = try explainedVariances(x, predicted: y, weights: w, forceFinite: false)
    expect("variance of any size \(name)", list: any)
  }

  @Test func `constant targets, medians between two, single precision`() throws {
    let same = Tensor<Double>([2, 2, 2])
    #expect(try r2Score(same, predicted: same) == 1 && explainedVariance(same, predicted: same) == 1)
    #expect(try r2Score(same, predicted: Tensor([2, 2, 3])) == 0)
    #expect(try r2Score(same, predicted: same, outputs: .varianceWeighted) == 1)
    #expect(try r2Score(same, predicted: Tensor([2, 2, 3]), forceFinite: false) == -.infinity)
    let (zeros, errors) = (Tensor<Float>(zeros: [4]), Tensor<Float>([1, -2, 4, 8]))
    #expect(try medianAbsoluteError(zeros, predicted: errors) == 3)
    #expect(try medianAbsoluteError(zeros, predicted: errors, weights: [1, 1, 0, 2]) == 5)
    #expect(try medianAbsoluteError(zeros, predicted: errors, weights: [1, 1, 1, 0]) == 2)
    #expect(try meanSquaredError(zeros, predicted: errors) == 21.25)
    #expect(try maxError(zeros.reshaped([4, 1]), predicted: errors.reshaped([4, 1])) == 8)
    // Squares that a single number cannot hold.
    #expect(try rootMeanSquaredError(zeros, predicted: Tensor(repeating: 1e30, shape: [4])) == Double(Float(1e30)))
  }

  @Test func `errors of numbers say what is wrong and where`() throws {
    let x = Tensor<Double>([[1, 2], [3, 4]])
    var broken = x
    broken[1, 0] = .infinity
    #expect(throws: MetricError.notFinite(row: 1, column: 0)) { try meanSquaredError(x, predicted: broken) }
    #expect(throws: MetricError.notFinite(row: 1, column: 0)) { try medianAbsoluteErrors(broken, predicted: x) }
    #expect(throws: MetricError.rows(1, expected: 2)) { try r2Score(x, predicted: x[0..<1]) }
    #expect(throws: MetricError.empty) { try meanAbsoluteError(x[0..<0], predicted: x[0..<0]) }
    #expect(throws: MetricError.shape([2], reason: "targets have the shape [2, 2]")) {
      try meanSquaredError(x, predicted: Tensor([1, 2]))
    }
    #expect(throws: MetricError.self) { try maxError(x, predicted: x) }
    #expect(throws: MetricError.self) { try r2Score(x[0..<1], predicted: x[0..<1]) }
    #expect(throws: MetricError.self) { try meanSquaredError(x, predicted: x, outputWeights: [1]) }
    #expect(throws: MetricError.self) { try r2Score(x, predicted: x, outputs: .weighted([0, 0])) }
    #expect(throws: MetricError.weights("all are 0")) {
      try explainedVariance(x, predicted: x, weights: Tensor(zeros: [2]))
    }
  }
}
