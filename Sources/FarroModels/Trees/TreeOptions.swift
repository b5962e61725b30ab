/// How impure the classes of a node are.
public enum ClassCriterion: String, Codable, Sendable {
  /// 1 - Σ p², with the parts p of the classes.
  case gini
  /// -Σ p log₂ p; scikit-learn's `log_loss` is the same.
  case entropy
}

/// How a regression tree's nodes are measured.
public enum RegressionCriterion: String, Codable, Sendable {
  /// The variance, with several outputs their mean one.
  case squaredError
}

/// Where a node is split.
public enum TreeSplitter: String, Codable, Sendable {
  /// At the best threshold of each column tried.
  case best
  /// At the best of one random threshold for each column tried.
  case random
}

/// How many columns a node of a tree tries.
public enum MaxFeatures: Codable, Sendable, Equatable {
  /// All of them.
  case all
  /// The square root of their number, rounded down.
  case sqrt
  /// The logarithm of their number to base 2, rounded down.
  case log2
  /// So many.
  case count(Int)
  /// This part of them, above 0 and at most 1.
  case fraction(Double)

  /// Of `columns`: at least 1.
  func resolved(_ columns: Int) throws(ModelError) -> Int {
    switch self {
    case .all: return columns
    case .sqrt: return max(1, Int(Double(columns).squareRoot()))
    case .log2: return max(1, Int.bitWidth - 1 - columns.leadingZeroBitCount)
    case .count(let count):
      guard (1...columns).contains(count) else {
        throw .parameter(name: "maxFeatures", reason: "must be from 1 to the \(columns) columns, not \(count)")
      }
      return count
    case .fraction(let part):
      guard part > 0 && part <= 1 else {
        throw .parameter(name: "maxFeatures", reason: "must be above 0 and at most 1, not \(part)")
      }
      return max(1, Int(part * Double(columns)))
    }
  }
}

/// How many rows a node has at least.
public enum MinSamples: Codable, Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// So many.
  case count(Int)
  /// This part of all rows, above 0 and at most 1, rounded up.
  case fraction(Double)

  public init(integerLiteral count: Int) { self = .count(count) }

  func resolved(_ rows: Int, _ name: String, atLeast least: Int) throws(ModelError) -> Int {
    switch self {
    case .count(let count):
      try checkRange(count, name, atLeast: least)
      return count
    case .fraction(let part):
      guard part > 0 && part <= 1 else {
        throw .parameter(name: name, reason: "must be above 0 and at most 1, not \(part)")
      }
      return max(least, Int((part * Double(rows)).rounded(.up)))
    }
  }
}

/// How many rows are drawn for a tree.
public enum MaxSamples: Codable, Sendable, Equatable {
  /// So many.
  case count(Int)
  /// This part of all rows, above 0 and at most 1.
  case fraction(Double)

  func resolved(_ rows: Int) throws(ModelError) -> Int {
    switch self {
    case .count(let count):
      guard (1...rows).contains(count) else {
        throw .parameter(name: "maxSamples", reason: "must be from 1 to the \(rows) rows, not \(count)")
      }
      return count
    case .fraction(let part):
      guard part > 0 && part <= 1 else {
        throw .parameter(name: "maxSamples", reason: "must be above 0 and at most 1, not \(part)")
      }
      return max(1, Int((part * Double(rows)).rounded()))
    }
  }
}
