import Farro
import FarroModels
import Foundation
import Testing

@Suite struct ClassificationMetricsTests {
  typealias Data = MetricsData

  private static let cases = Data.ways.flatMap { name, weights in
    [
      (name, Data.actual, Data.guessed, weights),
      ("sparse \(name)", Data.sparse, Data.sparseGuessed, weights),
    ]
  }

  @Test(arguments: cases)
  func `labels score as in scikit-learn`(
    name: String,
    actual: [String],
    guessed: [String],
    weights: Tensor<Double>?
  ) throws {
    expect("accuracy \(name)", try accuracy(actual, predicted: guessed, weights: weights))
    for adjusted in [false, true] {
      let score = try balancedAccuracy(actual, predicted: guessed, weights: weights, adjusted: adjusted)
      expect("balanced accuracy \(adjusted) \(name)", score)
    }
    expect("matthews \(name)", try matthewsCorrelation(actual, predicted: guessed, weights: weights))
    let order = Set(actual + guessed).sorted()
    for (text, zero) in [("0", 0), ("1", 1), ("nan", Double.nan)] {
      func one(_ name: String, _ average: String) -> String { "\(name) \(average) \(text)" }
      let betas = [("1", 1.0), ("0.5", 0.5), ("0", 0), ("inf", .infinity)]
      for average in ClassAverage.allCases {
        let (p, r, key) = (
          try precision(actual, predicted: guessed, average: average, weights: weights, zeroDivision: zero),
          try recall(actual, predicted: guessed, average: average, weights: weights, zeroDivision: zero),
          average.rawValue
        )
        expect("precision \(key) \(text) \(name)", p)
        expect("recall \(key) \(text) \(name)", r)
        for (beta, value) in betas {
          let f = try fScore(
            actual,
            predicted: guessed,
            beta: value,
            average: average,
            weights: weights,
            zeroDivision: zero
          )
          expect("f \(beta) \(key) \(text) \(name)", f)
        }
      }
      let p = try precisions(actual, predicted: guessed, weights: weights, zeroDivision: zero)
      let r = try recalls(actual, predicted: guessed, weights: weights, zeroDivision: zero)
      expect("precision None \(text) \(name)", list: order.map { p[$0]! })
      expect("recall None \(text) \(name)", list: order.map { r[$0]! })
      for (beta, value) in betas {
        let f = try fScores(actual, predicted: guessed, beta: value, weights: weights, zeroDivision: zero)
        expect("f \(beta) None \(text) \(name)", list: order.map { f[$0]! })
      }
    }
  }

  @Test(arguments: cases)
  func `confusion matrices and reports are those of scikit-learn`(
    name: String,
    actual: [String],
    guessed: [String],
    weights: Tensor<Double>?
  ) throws {
    let matrix = try confusionMatrix(actual, predicted: guessed, weights: weights)
    #expect(matrix.labels == Set(actual + guessed).sorted())
    expect("confusion None \(name)", list: matrix.counts.scalars)
    expect("confusion true \(name)", list: matrix.normalized(by: .actual).counts.scalars)
    expect("confusion pred \(name)", list: matrix.normalized(by: .predicted).counts.scalars)
    expect("confusion all \(name)", list: matrix.normalized(by: .all).counts.scalars)
    expect("accuracy \(name)", matrix.accuracy)
    #expect(matrix["bee", predicted: "cow"] == matrix.counts[1, 2] && matrix["bee", predicted: "gnu"] == 0)
    #expect(try roundTrip(matrix) == matrix)
    let report = try classificationReport(actual, predicted: guessed, weights: weights)
    #expect("\(report)" == MetricsGolden.texts["report \(name)"])
    #expect(try roundTrip(report) == report)
    #expect(report["bee"]?.recall == (try recalls(actual, predicted: guessed, weights: weights)["bee"]))
    let unknown = try classificationReport(actual, predicted: guessed, weights: weights, zeroDivision: .nan)
    let names = unknown.labels.map { "the class of \($0)s" }
    #expect(unknown.table(digits: 4, names: names) == MetricsGolden.texts["report of 4 digits \(name)"])
  }

  private func roundTrip<Value: Codable>(_ value: Value) throws -> Value {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
  }

  @Test(arguments: Data.ways)
  func `one class of two`(name: String, weights: Tensor<Double>?) throws {
    let (actual, guessed) = (Data.truth, Data.guessed.map { $0 == "bee" ? 1 : 0 })
    expect("precision of bee \(name)", try precision(actual, predicted: guessed, weights: weights))
    expect("recall of bee \(name)", try recall(actual, predicted: guessed, weights: weights))
    expect("f of bee \(name)", try fScore(actual, predicted: guessed, beta: 2, weights: weights))
    let flags = (actual.map { $0 == 1 }, guessed.map { $0 == 1 })
    expect("precision of bee \(name)", try precision(flags.0, predicted: flags.1, weights: weights))
    expect("recall of bee \(name)", try recall(Data.actual, predicted: Data.guessed, positive: "bee", weights: weights))
    #expect(try precision([true, true], predicted: [true, true]) == 1)
    #expect(try precision([false, false], predicted: [false, false], zeroDivision: 1) == 1)
    #expect(try recall([1, 1], predicted: [1, -1]) == 0.5)
    #expect(try recall(["no", "yes"], predicted: ["yes", "yes"]) == 1)
  }

  private enum Animal: String, Codable { case yak, emu }

  @Test func `classes are in the order that is documented`() throws {
    func order<Label: Hashable & Sendable>(_ labels: [Label]) throws -> [Label] {
      let matrix = try confusionMatrix(labels, predicted: labels)
      let counts = Dictionary(labels.map { ($0, 1.0) }, uniquingKeysWith: +)
      for (place, label) in matrix.labels.enumerated() { #expect(matrix.counts[place, place] == counts[label]) }
      return matrix.labels
    }
    #expect(try order([3, -1, 3, 2]) == [-1, 2, 3])
    #expect(try order([Int.max, Int.min, 0, Int.max]) == [Int.min, 0, Int.max])
    #expect(try order([1 << 40, 5, 1 << 40, -7]) == [-7, 5, 1 << 40])
    #expect(try order([200, 7, 200] as [UInt8]) == [7, 200])
    #expect(try order([7, -128, 127] as [Int8]) == [-128, 7, 127])
    #expect(try order([.max, 3] as [UInt64]) == [3, .max])
    #expect(try order([0.5, -2, 0.5]) == [-2, 0.5])
    #expect(try order([true, false, true]) == [false, true])
    #expect(try order([Animal.yak, .emu, .yak]) == [.yak, .emu])
    // Equal text in other scalars, and in other memory.
    let cafe = ["cafe\u{301}", "caf\u{e9}"]
    #expect(try order(["b", cafe[0], "a", cafe[1]]) == ["a", "b", cafe[0]])
    let long = (0..<4000).map { "a name that is longer than fifteen bytes: \($0 % 7)" }
    #expect(try order(long) == long[..<7].sorted())
    let many = (0..<9000).map { "\($0 * 7919 % 3001)" }
    #expect(try order(many) == Set(many).sorted())
    let chosen = try confusionMatrix(["a", "b"], predicted: ["b", "b"], labels: ["c", "b", "a"])
    #expect(chosen.labels == ["c", "b", "a"] && chosen.counts == [[0, 0, 0], [0, 1, 0], [0, 1, 0]])
  }

  @Test func `impurities`() throws {
    #expect(try entropy(of: ["a", "a"]) == 0 && giniImpurity(of: ["a", "a"]) == 0)
    #expect(abs(try entropy(counts: [5, 5, 0]) - log(2.0)) <= 1e-15)
    #expect(try giniImpurity(counts: [1, 1, 2]) == 0.625)
    #expect(try giniImpurity(of: [1, 2, 3, 3]) == 0.625)
    #expect(try giniImpurity(of: [1, 2, 3], weights: [1, 1, 2]) == 0.625)
    // -(1/4) ln(1/4) 2 - (1/2) ln(1/2)
    #expect(abs(try entropy(of: [1, 2, 3], weights: [0.5, 0.5, 1]) - 1.5 * log(2.0)) <= 1e-15)
    for counts in [[], [0, 0], [-1, 2], [.nan, 1]] as [[Double]] {
      #expect(throws: MetricError.self) { try entropy(counts: counts) }
      #expect(throws: MetricError.self) { try giniImpurity(counts: counts) }
    }
    #expect(throws: MetricError.empty) { try entropy(of: [Int]()) }
  }

  @Test func `errors of labels say what is wrong and where`() throws {
    let none: [String] = []
    #expect(throws: MetricError.empty) { try accuracy(none, predicted: none) }
    #expect(throws: MetricError.empty) { try classificationReport(none, predicted: none) }
    #expect(throws: MetricError.rows(1, expected: 2)) { try accuracy(["a", "b"], predicted: ["a"]) }
    #expect(throws: MetricError.rows(3, expected: 2)) { try confusionMatrix([1, 2], predicted: [1, 2, 3]) }
    #expect(throws: MetricError.unknownLabel("c", row: 2)) {
      try confusionMatrix(["a", "b", "a", "a"], predicted: ["a", "b", "c", "c"], labels: ["a", "b"])
    }
    #expect(throws: MetricError.parameter(name: "labels", reason: "a is there twice")) {
      try confusionMatrix(["a"], predicted: ["a"], labels: ["a", "a"])
    }
    #expect(throws: MetricError.weights("all are 0")) {
      try accuracy([1, 2], predicted: [1, 2], weights: Tensor(zeros: [2]))
    }
    #expect(throws: MetricError.weights("one is negative or no number")) {
      try fScore([1, 2], predicted: [1, 2], average: .macro, weights: [1, -1])
    }
    #expect(throws: MetricError.self) { try recalls([1, 2], predicted: [1, 2], weights: Tensor(ones: [3])) }
    #expect(throws: MetricError.parameter(name: "zeroDivision", reason: "must be 0, 1 or NaN, not 0.5")) {
      try precision([0, 1], predicted: [0, 1], zeroDivision: 0.5)
    }
    #expect(throws: MetricError.parameter(name: "beta", reason: "must be at least 0, not -1.0")) {
      try fScores([0, 1], predicted: [0, 1], beta: -1)
    }
    #expect(throws: MetricError.self) { try precision(["a", "b", "c"], predicted: ["a", "b", "c"]) }
    #expect(throws: MetricError.self) { try precision([2, 2], predicted: [2, 2]) }
    #expect(throws: MetricError.self) { try confusionMatrix([1, .nan], predicted: [1, 2.5]) }
    #expect(try matthewsCorrelation([1, 1], predicted: [1, 1]) == 0)
    #expect(try balancedAccuracy([1, 1], predicted: [1, 2]) == 0.5)
  }
}
