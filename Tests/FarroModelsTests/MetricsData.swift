import Farro
import TestSupport
import Testing

/// The rows of Tests/Golden/metrics.py.
enum MetricsData {
  static let rows = 0..<203
  private static let names = ["ape", "bee", "cow"]
  static let actual = rows.map { names[($0 * $0 * 7 + $0 * 3) % 23 % 3] }
  static let guessed = rows.map { $0 * 37 % 10 < 6 ? actual[$0] : names[($0 * 5 + 1) % 3] }
  static let sparse = rows.map { $0 % 50 == 3 ? "yak" : actual[$0] }
  static let sparseGuessed = rows.map { $0 % 60 == 7 ? "owl" : guessed[$0] }
  static let weights = Tensor<Double>(rows.map { Double($0 * 13 % 7) / 4 })
  static let truth = actual.map { $0 == "bee" ? 1 : 0 }
  static let scores = Tensor<Double>(
    rows.map { row in
      let (part, step) = ((row * 67 + row * row * 13) % 41, truth[row] * (row % 3))
      return Double(part) / 32 + Double(step) / 4 - 0.5
    }
  )
  static let constant = Tensor<Double>(repeating: 0.25, shape: [rows.count])
  static let chances = Tensor<Double>(rows.map { Double(1 + $0 * 29 % 97 + 60 * truth[$0]) / 160 })
  static let parts = Tensor<Double>(
    rows.map { row in
      let parts = [1 + row * 31 % 17, 1 + row * 47 % 13, 1 + row * 59 % 11].map(Double.init)
      return parts.map { $0 / (parts[0] + parts[1] + parts[2]) }
    }
  )
  static let targets = Tensor<Double>(rows.map { [Double($0 * 29 % 83) / 8, Double($0 * $0 % 57) / 16 - 1, 3.5] })
  static let predictions = Tensor<Double>(
    rows.map { row in
      let (first, second) = (targets[row, 0] + Double(row * 11 % 23 - 11) / 16, targets[row, 1] * 3 / 4)
      return [first, second + Double(row % 5) / 8, 3.5 + Double(row % 2) / 4]
    }
  )
  /// Once without weights and once with them.
  static let ways: [(name: String, weights: Tensor<Double>?)] = [("plain", nil), ("by weight", weights)]
}

func expect(_ key: String, _ value: Double, _ location: SourceLocation = #_sourceLocation) {
  expect(key, list: [value], MetricsGolden.numbers[key].map { [$0] }, location)
}

func expect(_ key: String, list: [Double], _ location: SourceLocation = #_sourceLocation) {
  expect(key, list: list, MetricsGolden.lists[key], location)
}

private func expect(_ key: String, list: [Double], _ golden: [Double]?, _ location: SourceLocation) {
  guard let golden, golden.count == list.count else {
    Issue.record("\(key): \(list.count) numbers, not \(golden?.count ?? 0)", sourceLocation: location)
    return
  }
  let error = worstError(list, golden) { 1e-13 * max(abs(golden[$0]), 1) }
  #expect(error <= 1, "\(key): \(list.prefix(8)), not \(golden.prefix(8))", sourceLocation: location)
}
