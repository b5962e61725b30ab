import Farro
import FarroModels
import Foundation
import Testing

@Suite struct RankingMetricsTests {
  typealias Data = MetricsData

  @Test(arguments: Data.ways)
  func `scores of two classes rank as in scikit-learn`(name: String, weights: Tensor<Double>?) throws {
    let kinds = [("scores", Data.scores), ("constant", Data.constant), ("chances", Data.chances)]
    for isa in InstructionSet.supported {
      try withInstructionSet(isa) {
        for (what, scores) in kinds {
          let key = "\(what) \(name)"
          expect("auc \(key)", try rocAUC(Data.truth, scores: scores, weights: weights))
          expect("auc \(key)", try rocAUC(Data.actual, scores: scores, positive: "bee", weights: weights))
          expect("auc \(key)", try rocCurve(Data.truth, scores: scores, weights: weights).area)
          expect("average precision \(key)", try averagePrecision(Data.truth, scores: scores, weights: weights))
          for limit in [0.1, 0.25, 0.9] {
            let area = try rocAUC(Data.truth, scores: scores, weights: weights, maxFPR: limit)
            expect("auc to \(limit) \(key)", area)
          }
        }
      }
    }
    for (what, scores) in kinds {
      for drop in [false, true] {
        let key = "\(drop) \(what) \(name)"
        let roc = try rocCurve(Data.truth, scores: scores, weights: weights, dropIntermediate: drop)
        expect("roc fpr \(key)", list: roc.falsePositiveRates)
        expect("roc tpr \(key)", list: roc.truePositiveRates)
        expect("roc thresholds \(key)", list: roc.thresholds)
        let pr = try precisionRecallCurve(Data.truth, scores: scores, weights: weights, dropIntermediate: drop)
        expect("pr precision \(key)", list: pr.precisions)
        expect("pr recall \(key)", list: pr.recalls)
        expect("pr thresholds \(key)", list: pr.thresholds)
        if !drop { expect("average precision \(what) \(name)", pr.averagePrecision) }
      }
    }
  }

  @Test(arguments: Data.ways)
  func `classes against the rest`(name: String, weights: Tensor<Double>?) throws {
    let (actual, parts, order) = (Data.actual, Data.parts, ["ape", "bee", "cow"])
    let areas = try rocAUCs(actual, scores: parts, weights: weights)
    let precisions = try averagePrecisions(actual, scores: parts, weights: weights)
    expect("aucs \(name)", list: order.map { areas[$0]! })
    expect("average precisions \(name)", list: order.map { precisions[$0]! })
    for average in ClassAverage.allCases {
      let area = try rocAUC(actual, scores: parts, average: average, labels: order, weights: weights)
      expect("auc \(average) \(name)", area)
      let precision = try averagePrecision(actual, scores: parts, average: average, weights: weights)
      expect("average precision \(average) \(name)", precision)
    }
  }

  @Test(arguments: Data.ways)
  func `probabilities score as in scikit-learn`(name: String, weights: Tensor<Double>?) throws {
    expect("log loss \(name)", try logLoss(Data.actual, probabilities: Data.parts, weights: weights))
    expect("log loss of two \(name)", try logLoss(Data.truth, probabilities: Data.chances, weights: weights))
    let both = Tensor<Double>(Data.chances.scalars.map { [1 - $0, $0] })
    expect("log loss of two \(name)", try logLoss(Data.truth, probabilities: both, labels: [0, 1], weights: weights))
    let sure = Tensor<Double>(Data.rows.map { $0 % 4 == 0 ? 1 : 0 })
    expect("log loss of the sure \(name)", try logLoss(Data.truth, probabilities: sure, weights: weights))
    expect("brier \(name)", try brierScore(Data.truth, probabilities: Data.chances, weights: weights))
    expect("brier \(name)", try brierScore(Data.truth, probabilities: both, weights: weights))
    let others = try brierScore(Data.truth, probabilities: Data.chances, positive: 0, weights: weights)
    expect("brier of the others \(name)", others)
    expect("brier of three \(name)", try brierScore(Data.actual, probabilities: Data.parts, weights: weights))
    let halved = try brierScore(Data.actual, probabilities: Data.parts, weights: weights, halved: true)
    expect("brier of three halved \(name)", halved)
  }

  @Test func `single precision and other labels tell the same`() throws {
    let single = Tensor<Float>(Data.scores.scalars.map(Float.init))
    let weights = Tensor<Float>(Data.weights.scalars.map(Float.init))
    expect("auc scores plain", try rocAUC(Data.truth.map { $0 == 1 }, scores: single))
    expect("auc scores by weight", try rocAUC(Data.truth.map { UInt8($0) }, scores: single, weights: weights))
    expect("average precision scores plain", try averagePrecision(Data.truth.map { Int32($0 * 2 - 1) }, scores: single))
    let loss = try logLoss(Data.truth, probabilities: Tensor<Float>(Data.chances.scalars.map(Float.init)))
    #expect(abs(loss - MetricsGolden.numbers["log loss of two plain"]!) <= 1e-6)
  }

  @Test func `many rows, infinite scores and both zeros`() throws {
    let n = 100_000
    let scores = Tensor<Double>(randomNormal: [n], seed: 3)
    let labels = (0..<n).map { $0 % 3 == 0 }
    let area = try rocAUC(labels, scores: scores)
    let curve = try rocCurve(labels, scores: scores)
    #expect(abs(area - curve.area) <= 1e-12 && abs(area - 0.5) < 0.01)
    let reversed = try rocAUC(labels, scores: scores * -1)
    #expect(abs(area + reversed - 1) <= 1e-15)
    #expect(try rocAUC([true, false, true, false], scores: Tensor([.infinity, 0.0, -0.0, -.infinity])) == 0.875)
  }

  @Test func `errors of scores say what is wrong and where`() throws {
    let scores = Tensor<Double>([0.5, 0.25, 0.75])
    #expect(throws: MetricError.scoreIsNaN(row: 1, column: 0)) {
      try rocAUC([0, 1, 0], scores: Tensor([0.5, .nan, 1]))
    }
    #expect(throws: MetricError.scoreIsNaN(row: 1, column: 2)) {
      try rocAUC([0, 1, 2], scores: Tensor([[1, 2, 3], [1, 2, .nan], [1, 2, 3.0]]), average: .micro)
    }
    #expect(throws: MetricError.scoreIsNaN(row: 2, column: 1)) {
      try averagePrecisions([0, 1, 2], scores: Tensor([[1, 2, 3], [1, 2, 3], [1, .nan, 3.0]]))
    }
    #expect(throws: MetricError.rows(3, expected: 2)) { try rocAUC([0, 1], scores: scores) }
    #expect(throws: MetricError.empty) { try rocCurve([Int](), scores: Tensor<Float>(zeros: [0])) }
    #expect(throws: MetricError.self) { try rocAUC([1, 1, 1], scores: scores) }
    #expect(throws: MetricError.self) { try rocAUC([true, true, true], scores: scores) }
    #expect(throws: MetricError.self) { try averagePrecision([false, false, false], scores: scores) }
    #expect(try averagePrecision([true, true, true], scores: scores) == 1)
    #expect(throws: MetricError.self) { try rocAUC([0, 1, 2], scores: scores) }
    #expect(throws: MetricError.self) { try rocAUC([0, 1, 3], scores: scores) }
    #expect(throws: MetricError.self) { try rocAUC([2, 2, 2], scores: scores) }
    #expect(throws: MetricError.self) { try rocAUC([0, 0, 0], scores: scores) }
    #expect(try rocAUC([-3, 7, 7], scores: scores) == 0.5 && rocAUC([-3, 7, 7] as [Int32], scores: scores) == 0.5)
    #expect(throws: MetricError.parameter(name: "maxFPR", reason: "must be above 0 and at most 1, not 0.0")) {
      try rocAUC([0, 1, 1], scores: scores, maxFPR: 0)
    }
    let two = Tensor<Double>([[0.5, 0.5], [0.25, 0.75], [0, 1]])
    #expect(throws: MetricError.self) { try rocAUC([0, 1, 2], scores: two, average: .macro) }
    #expect(throws: MetricError.unknownLabel("2", row: 2)) {
      try logLoss([0, 1, 2], probabilities: two, labels: [0, 1])
    }
    #expect(throws: MetricError.probability(1.5, row: 1, column: 0)) {
      try brierScore([0, 1], probabilities: Tensor([0.5, 1.5]))
    }
    #expect(throws: MetricError.probability(-0.5, row: 0, column: 1)) {
      try logLoss([0, 1], probabilities: Tensor([[1, -0.5], [0, 1]]))
    }
    #expect(throws: MetricError.self) { try logLoss([0, 1], probabilities: Tensor<Float>([.nan, 1])) }
    #expect(throws: MetricError.self) { try logLoss([1, 1, 1], probabilities: two) }
    #expect(throws: MetricError.self) { try logLoss([0, 1, 2], probabilities: two) }
    #expect(try logLoss([true, true, true], probabilities: two) > 0)
    let three = Tensor<Double>([[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]])
    #expect(throws: MetricError.self) { try rocAUC([0, 1, 1], scores: three, average: .macro, labels: [0, 1, 2]) }
    let known = try rocAUCs([0, 1, 1], scores: three, labels: [0, 1, 2])
    #expect(known[0] == 1 && known[1] == 1 && known[2]!.isNaN)
    #expect(try rocAUC([0, 1, 1], scores: three, average: .weighted, labels: [0, 1, 2]) == 1)
  }
}
